"""What a series of dates says: what is unusual, when it changed, how much of the time was seen.

Nothing here takes a missing date for zero. Each test states its rate of false alarms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from math import exp, inf

import numpy as np

from tumangang_watch.model.series import ChangePoint, Exposure, Unusual


def unusual(values: Sequence[float], alarm_rate: float) -> list[Unusual]:
    """Hold each value against those before it.

    Parameters
    ----------
    values : sequence of float
        The observed values by time.
    alarm_rate : float
        Largest chance of a false alarm on either side, high and low.

    Returns
    -------
    list of Unusual
        One a value. If dates are exchangeable, the rank of the last among them is uniform; so the p-value
        ``(1 + number of earlier values at least as high) / (n + 1)`` is valid whatever the distribution.
        Counts have ties, which make the test shy; ``false_rate`` is its exact level given the values: the
        share of the n + 1 values that would be called unusual if they were the last.
    """
    ordered: list[float] = []
    found = []
    for n, value in enumerate(values):
        insort(ordered, value)
        number = n + 1
        above = number - bisect_left(ordered, value)
        below = bisect_right(ordered, value)
        at_least, at_most, level = _limits(ordered, alarm_rate)
        found.append(Unusual(value >= at_least, value <= at_most, above / number, below / number, level, n))
    return found


def _limits(ordered: list[float], rate: float) -> tuple[float, float, float]:
    """Return from which value on one is unusually high, up to which low, and the share that is either.

    The share of values at or beyond each limit is at most ``rate``; where even the extreme value has
    more equals than that, nothing is unusual.
    """
    number = len(ordered)
    most = int(rate * number + 1e-9)
    if most == 0:
        return inf, -inf, 0.0
    high = bisect_right(ordered, ordered[number - most - 1])
    low = bisect_left(ordered, ordered[most])
    at_least = ordered[high] if high < number else inf
    at_most = ordered[low - 1] if low > 0 else -inf
    return at_least, at_most, (number - high + low) / number


def ranks(values: Sequence[float]) -> list[int]:
    """Return the rank of each value among all, 1 for the highest; equal values share the better rank."""
    array = np.asarray(values, dtype=float)
    beaten_by = len(array) - np.searchsorted(np.sort(array), array, side="right")
    return [int(k) + 1 for k in beaten_by]


def change_points(values: Sequence[float], p_limit: float, fewest: int) -> list[ChangePoint]:
    """Find lasting changes of level by Pettitt's rank test, again within each piece.

    The test asks for the split that separates low ranks from high ones best; its p-value is
    ``2 exp(-6 K^2 / (n^3 + n^2))`` (Pettitt, Applied Statistics 28, 1979), whatever the distribution.
    ``p_limit`` is shared out over the tests (Bonferroni by halving at each level).
    """
    array = np.asarray(values, dtype=float)
    cuts: list[tuple[int, float]] = []

    def split(start: int, stop: int, limit: float) -> None:
        n = stop - start
        if n < 2 * fewest:
            return
        place = np.argsort(np.argsort(array[start:stop], kind="stable"), kind="stable").astype(float)
        _, group, size = np.unique(array[start:stop], return_inverse=True, return_counts=True)
        mean_rank = np.bincount(group, weights=place) / size
        walk = np.cumsum(2.0 * (mean_rank[group] - (n - 1) / 2.0))[fewest - 1 : n - fewest]
        best = int(np.argmax(np.abs(walk)))
        p_value = min(1.0, 2.0 * exp(-6.0 * float(walk[best]) ** 2 / (n**3 + n**2)))
        if p_value <= limit:
            cut = start + fewest + best
            cuts.append((cut, p_value))
            split(start, cut, limit / 2)
            split(cut, stop, limit / 2)

    split(0, len(array), p_limit)
    cuts.sort()
    edges = [0, *[c for c, _ in cuts], len(array)]
    means = [float(array[a:b].mean()) for a, b in pairwise(edges) if b > a]
    return [ChangePoint(c, p, means[k], means[k + 1]) for k, (c, p) in enumerate(cuts)]


def exposure(acquired: Sequence[str], stays_days: Sequence[float]) -> Exposure:
    """Return how much of the time between first and last observed date was seen.

    Parameters
    ----------
    acquired : sequence of str
        The dates on which the place was observed, ISO 8601, UTC, by time.
    stays_days : sequence of float
        Lengths of stay. A stay of d days that begins at a random moment is missed with probability
        ``sum(max(0, gap - d)) / sum(gap)`` over the gaps between observed dates.
    """
    if not acquired:
        return Exposure(0, 0, 0.0, dict.fromkeys(stays_days, 1.0))
    times = np.array([t.rstrip("Z") for t in acquired], dtype="datetime64[s]")
    gaps = np.diff(times).astype(float) / 86400.0
    days = times.astype("datetime64[D]")
    passed = int((days[-1] - days[0]).astype(int)) + 1
    whole = float(gaps.sum())
    unseen = {d: float(np.maximum(gaps - d, 0.0).sum() / whole) if whole > 0 else 0.0 for d in stays_days}
    return Exposure(passed, len(np.unique(days)), float(gaps.max(initial=0.0)), unseen)
