"""Vehicles of a train: couplings by dynamic programming over a strip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.train_cues import smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.settings.trains import TrainSettings


@dataclass(frozen=True)
class Consist:
    """Vehicles between the first and the last body of a train."""

    couplings_m: tuple[float, ...]
    """Middles of the couplings, metres from the start of the first body."""
    count: int
    low: int
    """Bounds of the 90 % interval of the count."""
    high: int
    certainty: tuple[float, ...]
    """Probability of each coupling, in order."""


def coupling_score(
    colours: NDArray[np.floating], beside: NDArray[np.floating], step_m: float, settings: TrainSettings
) -> NDArray[np.float64]:
    """Return how much each position along a train looks like a coupling, in noise units.

    A coupling is a narrow transverse line, unlike the bodies on both sides, across the whole body
    and often a break in the shadow beside it; or a step of colour.

    Parameters
    ----------
    colours : (rows, bands, n) array
        Stripes across the body (e.g. left, middle, right), whitened.
    beside : (n,) array
        Brightness beside the body on its shadow side, whitened.
    step_m : float
    settings : TrainSettings

    Returns
    -------
    (n,) float
    """
    gap = max(round(settings.coupling_mean_m / step_m), 1)
    side = max(round(2.5 / step_m), 1)
    line = _line_response(colours, gap, side)
    # The weakest stripe counts: a load's pattern seldom spans the body's width.
    strength = np.sort(np.sqrt((line**2).mean(axis=1)), axis=0)
    across = np.sqrt((line.mean(axis=0) ** 2).mean(axis=0))
    line_z = _unit(0.5 * strength[0] + 0.5 * across)
    slit = _unit(np.abs(_line_response(beside[None, None], gap, side)[0, 0]))
    left = _shifted(smooth(colours, side), -(gap + side) // 2)
    right = _shifted(smooth(colours, side), (gap + side) // 2)
    jump = _unit(np.sqrt(((left - right).mean(axis=0) ** 2).mean(axis=0)))
    return np.clip(line_z, -1, 8) + 0.5 * np.clip(slit, -1, 6) + 0.5 * np.clip(jump, -1, 6)


def _line_response(values: NDArray[np.floating], gap: int, side: int) -> NDArray[np.floating]:
    """Return the mean over ``gap`` samples minus the mean of the ``side`` samples on both sides."""
    core = smooth(values, gap)
    flank = smooth(values, side)
    shift = (gap + side) // 2 + 1
    return core - (_shifted(flank, -shift) + _shifted(flank, shift)) / 2


def _shifted(values: NDArray[np.floating], by: int) -> NDArray[np.floating]:
    """Return ``values[i + by]`` along the last axis, the ends repeated."""
    index = np.clip(np.arange(values.shape[-1]) + by, 0, values.shape[-1] - 1)
    return values[..., index]


def _unit(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return robust z-scores along a train."""
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return (values - middle) / max(float(spread), 0.15 * float(np.std(values)), 1e-6)


def length_prior(step_m: float, settings: TrainSettings) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return lengths between couplings in steps, and their log prior."""
    steps = np.arange(int(settings.vehicle_min_m / step_m), int(settings.vehicle_max_m / step_m) + 1)
    metres = steps * step_m
    floor = settings.vehicle_floor / (settings.vehicle_max_m - settings.vehicle_min_m)
    modes = np.asarray(settings.vehicle_lengths_m)
    sd = settings.vehicle_length_sd_m
    peaks = np.exp(-0.5 * ((metres[:, None] - modes) / sd) ** 2).mean(axis=1) / (sd * 2.5066)
    density = floor + (1 - settings.vehicle_floor) * peaks
    return steps, np.log(density * step_m)


def divide(gain: NDArray[np.float64], length_m: float, step_m: float, settings: TrainSettings) -> Consist:
    """Divide a train into vehicles: semi-Markov dynamic programming and the count's posterior.

    Parameters
    ----------
    gain : (n,) float
        Log-likelihood ratio of a coupling at each position from the first to the last body.
    length_m : float
        Length of the train over bodies.
    step_m : float
        Step of ``gain``.
    settings : TrainSettings

    Returns
    -------
    Consist
    """
    coarse = max(1, round(0.5 / step_m))
    n = max(gain.size // coarse, 1)
    step = step_m * coarse
    peaks = gain[: n * coarse].reshape(n, coarse).max(axis=1) if n * coarse <= gain.size else gain
    steps, prior = length_prior(step, settings)
    # Couplers reach half a coupling beyond the first and the last body.
    over = max(round((length_m + settings.coupling_mean_m) / step), 1)
    most = max(int(over * step / settings.vehicle_min_m) + 1, 1)
    nodes = over + 1
    at = np.clip((np.arange(nodes) * step - settings.coupling_mean_m / 2) / step, 0, n - 1).astype(int)
    node_gain = peaks[at]
    node_gain[[0, -1]] = 0.0
    slack = max(round(1.0 / step), 1)
    forward = np.full((nodes, most + 1), -np.inf)
    start = np.abs(np.arange(min(slack + 1, nodes)))
    forward[start, 0] = -0.5 * (start * step / 0.7) ** 2
    best, back = np.full((nodes, most + 1), -np.inf), np.zeros((nodes, most + 1), np.int64)
    best[:, 0] = forward[:, 0]
    for i in range(1, nodes):
        ok = steps <= i
        if not ok.any():
            continue
        into = i - steps[ok]
        total = forward[into, :-1] + prior[ok][:, None]
        peak = total.max(axis=0)
        safe = np.where(np.isfinite(peak), peak, 0.0)
        with np.errstate(divide="ignore"):
            summed = np.log(np.exp(total - safe).sum(axis=0)) + safe
        forward[i, 1:] = np.logaddexp(forward[i, 1:], summed + node_gain[i])
        candidates = best[into, :-1] + prior[ok][:, None]
        choice = candidates.argmax(axis=0)
        value = candidates[choice, np.arange(most)] + node_gain[i]
        better = value > best[i, 1:]
        best[i, 1:] = np.where(better, value, best[i, 1:])
        back[i, 1:] = np.where(better, into[choice], back[i, 1:])
    ends = np.arange(max(nodes - 1 - slack, 1), nodes)
    end_cost = -0.5 * ((nodes - 1 - ends) * step / 0.7) ** 2 - node_gain[ends]
    posterior = _normalised(np.logaddexp.reduce(forward[ends] + end_cost[:, None], axis=0))
    final = best[ends] + end_cost[:, None]
    if not np.isfinite(final).any():
        return Consist((), 1, 1, 1, ())
    count = int(posterior.argmax()) if posterior[0] < 0.5 else 1
    if not np.isfinite(final[:, count]).any():
        count = int(np.unravel_index(np.argmax(final), final.shape)[1])
    node = int(ends[final[:, count].argmax()])
    cuts: list[int] = []
    for k in range(count, 1, -1):
        node = int(back[node, k])
        cuts.append(node)
    cuts.reverse()
    low, high = _bounds(posterior, count)
    middles = tuple(_refined(gain, c * step - settings.coupling_mean_m / 2, step_m) for c in cuts)
    certain = tuple(float(1 / (1 + np.exp(-node_gain[c]))) for c in cuts)
    return Consist(middles, count, low, high, certain)


def _refined(score: NDArray[np.float64], at_m: float, step_m: float) -> float:
    """Return the strongest position within 0.6 m of a coupling."""
    centre = round(at_m / step_m)
    reach = max(round(0.6 / step_m), 1)
    low = min(max(centre - reach, 0), score.size - 1)
    high = min(max(centre + reach + 1, low + 1), score.size)
    return (low + int(np.argmax(score[low:high])) + 0.5) * step_m


def _normalised(log_weight: NDArray[np.float64]) -> NDArray[np.float64]:
    peak = log_weight.max()
    if not np.isfinite(peak):
        return np.eye(1, log_weight.size, 1)[0]
    weight = np.exp(log_weight - peak)
    return weight / weight.sum()


def _bounds(posterior: NDArray[np.float64], count: int) -> tuple[int, int]:
    """Return the bounds of the 90 % interval that holds ``count``."""
    total = np.cumsum(posterior)
    low = int(np.searchsorted(total, 0.05))
    high = int(np.searchsorted(total, 0.95))
    return max(min(low, count), 1), max(high, count)
