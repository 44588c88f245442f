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
"""Farthest that an end may lie inside or outside of the measured one."""
SLIVER_M = 3.0
"""Least that is seen of a vehicle at an end where seeing ends."""
NEVER = 50.0
"""Log-odds against a coupling where none is told."""
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


def divide(
    gain: Float64,
    length_m: float,
    step_m: float,
    settings: TrainSettings,
    cut: tuple[bool, bool] = (False, False),
) -> Consist:
    """Divide a train into vehicles, then once more knowing the lengths that are sure in it (empirical Bayes).

    ``gain`` (n,) is the log-likelihood ratio of a coupling's middle at each step of ``step_m`` from the first
    to the last body, ``length_m`` the train's length over bodies. ``cut`` says whether its start and its end
    are where seeing ends: the vehicle there may go on, and what is seen of it be as short as may be.
    """
    nodes = _nodes_of(gain, length_m, step_m, settings, cut)
    first = _divide(nodes, *length_prior(step_m, settings), step_m, settings)
    own = _sure_lengths(first, length_m, settings, cut)
    return _divide(nodes, *length_prior(step_m, settings, own), step_m, settings) if own else first


def _sure_lengths(
    consist: Consist, length_m: float, settings: TrainSettings, cut: tuple[bool, bool]
) -> tuple[float, ...]:
    """Return the lengths over couplers of the vehicles that are sure and seen whole; none where few are."""
    half = settings.coupling_mean_m / 2
    cuts = np.array([-half, *consist.couplings_m, length_m + half])
    sure = np.asarray(consist.certainty) >= settings.own_length_sure
    whole = np.ones(sure.size, bool)
    whole[: int(cut[0])] = False
    whole[whole.size - int(cut[1]) :] = False
    lengths = np.diff(cuts)[sure & whole]
    return tuple(float(v) for v in lengths) if lengths.size >= settings.own_lengths_least else ()


@dataclass(frozen=True, kw_only=True)
class _Nodes:
    """Places where a train may be divided, one a step, from beyond its start to beyond its end."""

    gain: Float64
    """(n,) log-likelihood ratio of a coupling's middle."""
    start: Float64
    """(n,) log weight that the train begins there; that it ends there likewise."""
    end: Float64
    first_m: float
    """Of the first node, metres from the start of the first body."""
    seen: Float64
    """The gain between the ends of the train as it was given."""


def _nodes_of(
    gain: Float64, length_m: float, step_m: float, settings: TrainSettings, cut: tuple[bool, bool]
) -> _Nodes:
    """Return the places where a train may be divided.

    Couplers reach half a coupling beyond the first and the last body, and these as far as their ends are
    measured wrong. Where seeing ends the last vehicle may end anywhere within its greatest length.
    """
    half = settings.coupling_mean_m / 2
    count = max(round((length_m + 2 * half) / step_m), 1) + 1
    at = np.clip(((np.arange(count) * step_m - half) / step_m).astype(int), 0, max(gain.size - 1, 0))
    shown = gain[at].copy() if gain.size else np.zeros(count)
    slack, beyond = round(SLACK_M / step_m), round(settings.vehicle_max_m / step_m)
    before, after = (beyond if far else slack for far in cut)
    # No vehicle lies wholly beyond an end, and of none is told of which next to nothing is seen.
    sliver = round((SLIVER_M + 2 * half) / step_m)
    none = np.zeros(before + count + after, bool)
    none[: (before + sliver) * cut[0]] = True
    none[none.size - (after + sliver) * cut[1] :] = True
    return _Nodes(
        gain=np.where(none, -NEVER, np.pad(shown, (before, after), mode="edge")),
        start=_end_weights(none.size, before, slack, cut[0]),
        end=_end_weights(none.size, after, slack, cut[1])[::-1],
        first_m=-half - before * step_m,
        seen=gain,
    )


def _end_weights(count: int, measured: int, slack: int, cut: bool) -> Float64:
    """Return the log weights (count,) that a train begins at each node, ``measured`` being where it was.

    It does within the error of measurement; where seeing ends there, anywhere before as well.
    """
    apart = (np.arange(count) - measured) / max(slack, 1)
    weight = np.where(np.abs(apart) <= 1, -0.5 * (apart * SLACK_M / SLACK_SD_M) ** 2, -np.inf)
    return np.where(apart <= 1, 0.0, -np.inf) if cut else weight


def _divide(
    nodes: _Nodes, steps: NDArray[np.int64], prior: Float64, step_m: float, settings: TrainSettings
) -> Consist:
    most = max(int((nodes.gain.size - 1) * step_m / settings.vehicle_min_m) + 1, 1)
    forward, best, back = _passes(nodes.gain, nodes.start, steps, prior, most)
    final = (nodes.end - nodes.gain)[:, None]
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
    sure = _certainty(nodes, steps, prior, cuts, max(round(SAME_M / step_m), 1))
    inner = tuple(float(c * step_m + nodes.first_m) for c in cuts[1:-1])
    return Consist(
        couplings_m=tuple(_refined(nodes.seen, m, step_m) for m in inner),
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
    nodes: _Nodes, steps: NDArray[np.int64], prior: Float64, cuts: list[int], reach: int
) -> tuple[float, ...]:
    """Return for each vehicle the posterior that one spans its cuts, give or take ``reach`` steps.

    Where a vehicle goes on beyond what is seen, so may its end.
    """
    gain = nodes.gain
    ahead = _weights(gain, nodes.start, steps, prior)
    behind = _weights(gain[::-1], nodes.end[::-1], steps, prior)[::-1]
    # Both passes count a node's own gain; the train's end nodes have none.
    total = np.logaddexp.reduce(ahead + nodes.end - gain)
    offset = {int(s): k for k, s in enumerate(steps)}
    sure = []
    for a, b in itertools.pairwise(cuts):
        near = [
            ahead[i] + prior[offset[j - i]] + behind[j]
            for i in _alike(gain, a, reach)
            for j in _alike(gain, b, reach)
            if j - i in offset
        ]
        sure.append(float(np.clip(np.exp(np.logaddexp.reduce(near) - total), 0.0, 1.0)))
    return tuple(sure)


def _alike(gain: Float64, node: int, reach: int) -> range:
    """Return the nodes that are one coupling with a given one; where none is told, all of that end are."""
    if gain[node] > -NEVER:
        return range(max(node - reach, 0), min(node + reach + 1, gain.size))
    known = np.flatnonzero(gain > -NEVER)
    if known.size == 0:
        return range(gain.size)
    return range(known[0]) if node < known[0] else range(known[-1] + 1, gain.size)


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
