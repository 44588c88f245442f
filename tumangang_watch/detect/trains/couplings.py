"""Vehicles of a train: couplings by a semi-Markov model over a strip.

A train is a row of vehicles whose lengths over couplers follow a prior of rolling stock; a coupling's place
is shown by the reading of the strip. Dynamic programming gives the likeliest division, the forward pass the
posterior of the count, and the forward and backward passes together how sure each coupling is (Rabiner
1989, explicit durations).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Float64
from tumangang_watch.settings.trains import TrainSettings

SLACK_SD_M = 0.7
"""Spread of a train's measured ends about its true ones."""
SLACK_M = 1.0
"""Farthest that an end may lie inside the measured one."""


SAME_M = 1.0
"""Couplings this near each other are the same one."""


@dataclass(frozen=True, kw_only=True)
class Consist:
    """Vehicles between the first and the last body of a train."""

    couplings_m: tuple[float, ...]
    """Middles of the couplings, metres from the start of the first body."""
    count: int
    low: int
    """Bounds of the 90 % interval of the count."""
    high: int
    certainty: tuple[float, ...]
    """Probability of each vehicle, in order: both its couplings are there and none is inside it."""


def length_prior(
    step_m: float, settings: TrainSettings, own_m: tuple[float, ...] = ()
) -> tuple[NDArray[np.int64], Float64]:
    """Return lengths between couplings in steps, and their log prior.

    Vehicles travel in cuts of like ones: lengths ``own_m`` already sure in a train are likelier in it.
    """
    steps = np.arange(int(settings.vehicle_min_m / step_m), int(settings.vehicle_max_m / step_m) + 1)
    metres = steps * step_m
    floor = settings.vehicle_floor / (settings.vehicle_max_m - settings.vehicle_min_m)
    modes = np.asarray(settings.vehicle_lengths_m)
    sd = settings.vehicle_length_sd_m
    weights = np.asarray(settings.vehicle_length_weights) / (sd * np.sqrt(2 * np.pi))
    peaks = np.exp(-0.5 * ((metres[:, None] - modes) / sd) ** 2) @ weights
    density = floor + (1 - settings.vehicle_floor) * peaks
    if own_m:
        sd = settings.own_length_sd_m
        alike = np.exp(-0.5 * ((metres[:, None] - np.asarray(own_m)) / sd) ** 2).mean(axis=1)
        share = settings.own_length_share
        density = (1 - share) * density + share * alike / (sd * np.sqrt(2 * np.pi))
    return steps, np.log(density * step_m)


def divide(gain: Float64, length_m: float, step_m: float, settings: TrainSettings) -> Consist:
    """Divide a train into vehicles, then once more knowing the lengths that are sure in it (empirical Bayes).

    ``gain`` (n,) is the log-likelihood ratio of a coupling's middle at each step of ``step_m`` from the first
    to the last body, ``length_m`` the train's length over bodies.
    """
    first = _divide(gain, length_m, step_m, settings, ())
    own = _sure_lengths(first, length_m, settings)
    return _divide(gain, length_m, step_m, settings, own) if own else first


def _sure_lengths(consist: Consist, length_m: float, settings: TrainSettings) -> tuple[float, ...]:
    """Return the lengths over couplers of the vehicles that are sure; none where they are too few."""
    half = settings.coupling_mean_m / 2
    cuts = np.array([-half, *consist.couplings_m, length_m + half])
    sure = np.asarray(consist.certainty) >= settings.own_length_sure
    lengths = np.diff(cuts)[sure]
    return tuple(float(v) for v in lengths) if lengths.size >= settings.own_lengths_least else ()


def _divide(
    gain: Float64, length_m: float, step_m: float, settings: TrainSettings, own_m: tuple[float, ...]
) -> Consist:
    steps, prior = length_prior(step_m, settings, own_m)
    # Couplers reach half a coupling beyond the first and the last body.
    half = settings.coupling_mean_m / 2
    nodes = max(round((length_m + 2 * half) / step_m), 1) + 1
    at = np.clip(((np.arange(nodes) * step_m - half) / step_m).astype(int), 0, max(gain.size - 1, 0))
    node_gain = gain[at].copy() if gain.size else np.zeros(nodes)
    slack = min(round(SLACK_M / step_m), max(nodes - 2, 0))
    cost = np.full(nodes, -np.inf)
    cost[: slack + 1] = -0.5 * (np.arange(slack + 1) * step_m / SLACK_SD_M) ** 2
    most = max(int((nodes - 1) * step_m / settings.vehicle_min_m) + 1, 1)
    forward, best, back = _passes(node_gain, cost, steps, prior, most)
    final = cost[::-1][:, None] - node_gain[:, None]
    total = np.logaddexp.reduce(forward + final, axis=0)
    if not np.isfinite(total[1:]).any():
        return Consist(couplings_m=(), count=1, low=1, high=1, certainty=(1.0,))
    posterior = np.exp(total - np.logaddexp.reduce(total[1:]))
    posterior[0] = 0.0
    count = int(posterior.argmax())
    node = int((best[:, count] + final[:, 0]).argmax())
    cuts = [node]
    for k in range(count, 0, -1):
        node = int(back[node, k])
        cuts.append(node)
    cuts.reverse()
    low, high = narrowest(posterior, settings.count_share)
    sure = _certainty(node_gain, cost, steps, prior, cuts, max(round(SAME_M / step_m), 1))
    inner = tuple(float(c * step_m - half) for c in cuts[1:-1])
    return Consist(
        couplings_m=tuple(_refined(gain, m, step_m) for m in inner),
        count=count,
        low=low,
        high=high,
        certainty=sure,
    )


def narrowest(posterior: Float64, share: float) -> tuple[int, int]:
    """Return the narrowest counts (low, high) about the likeliest that hold a share of the posterior.

    ``posterior`` (n,) is the probability of each count from 0.
    """
    low = high = int(posterior.argmax())
    held = float(posterior[low])
    while held < share and (low > 1 or high < posterior.size - 1):
        below = float(posterior[low - 1]) if low > 1 else -1.0
        above = float(posterior[high + 1]) if high < posterior.size - 1 else -1.0
        low, high = (low, high + 1) if above >= below else (low - 1, high)
        held += max(above, below)
    return low, high


def _passes(
    gain: Float64, cost: Float64, steps: NDArray[np.int64], prior: Float64, most: int
) -> tuple[Float64, Float64, NDArray[np.int64]]:
    """Return the summed and the best log weights (nodes, count + 1) and the way back of the best."""
    nodes, first = gain.size, int(steps[-1])
    # Nodes before the start, which cannot be reached, keep every step within the arrays.
    forward = np.full((first + nodes, most + 1), -np.inf)
    forward[first:, 0] = cost
    best, back = forward.copy(), np.zeros((first + nodes, most + 1), np.int64)
    for at in _rounds(nodes, steps):
        into = at[:, None] - steps
        forward[at, 1:] = _logsumexp(forward[into, :-1] + prior[:, None], axis=1) + gain[at - first, None]
        candidates = best[into, :-1] + prior[:, None]
        choice = candidates.argmax(axis=1)
        best[at, 1:] = np.take_along_axis(candidates, choice[:, None], axis=1)[:, 0] + gain[at - first, None]
        back[at, 1:] = np.take_along_axis(into, choice, axis=1) - first
    return forward[first:], best[first:], np.maximum(back[first:], 0)


def _rounds(nodes: int, steps: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the nodes after the first, counted from the longest step, that can be weighed at a time.

    None is nearer to another of its round than the shortest step.
    """
    first, shortest = int(steps[-1]), max(int(steps[0]), 1)
    every = np.arange(first + 1, first + nodes)
    return [every[start : start + shortest] for start in range(0, every.size, shortest)]


def _certainty(
    gain: Float64, cost: Float64, steps: NDArray[np.int64], prior: Float64, cuts: list[int], reach: int
) -> tuple[float, ...]:
    """Return for each vehicle the posterior that one spans its cuts, give or take ``reach`` steps."""
    ahead = _weights(gain, cost, steps, prior)
    behind = _weights(gain[::-1], cost, steps, prior)[::-1]
    # Both passes count a node's own gain; the train's end nodes have none.
    total = np.logaddexp.reduce(ahead + cost[::-1] - gain)
    offset = {int(s): k for k, s in enumerate(steps)}
    sure = []
    for a, b in itertools.pairwise(cuts):
        near = [
            ahead[i] + prior[offset[j - i]] + behind[j]
            for i in range(max(a - reach, 0), min(a + reach + 1, gain.size))
            for j in range(max(b - reach, 0), min(b + reach + 1, gain.size))
            if j - i in offset
        ]
        sure.append(float(np.clip(np.exp(np.logaddexp.reduce(near) - total), 0.0, 1.0)))
    return tuple(sure)


def _weights(gain: Float64, cost: Float64, steps: NDArray[np.int64], prior: Float64) -> Float64:
    """Return the summed log weight (nodes,) of all divisions up to each node, its own gain included."""
    first = int(steps[-1])
    out = np.concatenate([np.full(first, -np.inf), cost])
    for at in _rounds(gain.size, steps):
        summed = _logsumexp(out[at[:, None] - steps] + prior, axis=1)
        out[at] = np.logaddexp(out[at], summed + gain[at - first])
    return out[first:]


def _logsumexp(values: Float64, axis: int) -> Float64:
    """Return log(sum(exp)) over an axis; -inf where nothing is possible."""
    peak = values.max(axis=axis, keepdims=True)
    safe = np.where(np.isfinite(peak), peak, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - safe).sum(axis=axis)) + safe.squeeze(axis))


def _refined(gain: Float64, at_m: float, step_m: float) -> float:
    """Return the centre of mass of a coupling's evidence within 0.75 m."""
    centre = int(at_m / step_m)
    reach = max(round(0.75 / step_m), 1)
    near = np.arange(max(centre - reach, 0), min(centre + reach + 1, gain.size))
    if near.size == 0:
        return at_m
    weight = np.exp(np.clip(gain[near] - gain[near].max(), -20, 0))
    return float(((near + 0.5) * weight).sum() / weight.sum() * step_m)
