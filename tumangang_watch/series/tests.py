"""What a series of dates says: what is unusual, when it changed, how much of the time was seen.

Nothing here takes a missing date for zero. Each test states its rate of false alarms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from math import exp

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.series import ChangePoint, Exposure, SeriesTests

KINDS_COUNTED = 64
"""Of so many different values each is counted on every date; of more, all are kept in order."""
Values = Sequence[float] | NDArray[np.float64]


def unusual(values: Values, alarm_rate: float) -> SeriesTests:
    """Hold each value against those before it.

    Parameters
    ----------
    values : sequence or array of float
        The observed values by time.
    alarm_rate : float
        Largest chance of a false alarm on either side, high and low.

    Returns
    -------
    SeriesTests
        One a value. If dates are exchangeable, the rank of the last among them is uniform; so the p-value
        ``(1 + number of earlier values at least as high) / (n + 1)`` is valid whatever the distribution.
        Counts have ties, which make the test shy; ``false_rate`` is its exact level given the values: the
        share of the n + 1 values that would be called unusual if they were the last.
    """
    array = np.asarray(values, dtype=float)
    number = np.arange(1, len(array) + 1)
    limits = (alarm_rate * number + 1e-9).astype(int)
    few_kinds = len(np.unique(array)) <= KINDS_COUNTED
    at_least, at_most, beyond = (_counted if few_kinds else _ordered)(array, limits)
    return SeriesTests(
        high=at_least <= limits,
        low=at_most <= limits,
        p_high=at_least / number,
        p_low=at_most / number,
        false_rate=beyond / number,
        before=number - 1,
    )


def _ordered(values: NDArray[np.float64], limits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each value how many until then are as high at least, as low at least, and beyond the limits.

    They are kept in order.
    """
    ordered: list[float] = []
    found = np.zeros((3, len(values)), dtype=np.int64)
    for n, (value, few) in enumerate(zip(values.tolist(), limits.tolist(), strict=True)):
        insort(ordered, value)
        found[0, n] = n + 1 - bisect_left(ordered, value)
        found[1, n] = bisect_right(ordered, value)
        if few:
            low, high = ordered[few], ordered[n - few]
            found[2, n] = n + 1 - bisect_right(ordered, high) + bisect_left(ordered, low)
    return found


def _counted(values: NDArray[np.float64], limits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what `_ordered` does, of values of few kinds: each kind is counted."""
    kinds, kind = np.unique(values, return_inverse=True)
    number = np.arange(1, len(values) + 1)
    # How many until then are of a kind or a lower one: (values, kinds).
    until = np.cumsum(np.cumsum(kind[:, None] == np.arange(len(kinds)), axis=0, dtype=np.int32), axis=1)
    below = np.hstack((np.zeros((len(values), 1), dtype=until.dtype), until))
    each = np.arange(len(values))
    low = (until <= limits[:, None]).sum(
        axis=1
    )  # The kind of the value at place ``limits``, from the lowest.
    high = (until <= (number - 1 - limits)[:, None]).sum(axis=1)
    beyond = number - below[each, high + 1] + below[each, low]
    return np.stack((number - below[each, kind], below[each, kind + 1], np.where(limits > 0, beyond, 0)))


def ranks(values: Values) -> NDArray[np.int64]:
    """Return the rank of each value among all, 1 for the highest; equal values share the better rank."""
    array = np.asarray(values, dtype=float)
    return np.asarray(len(array) - np.searchsorted(np.sort(array), array, side="right") + 1)


def change_points(values: Values, p_limit: float, min_dates: int) -> list[ChangePoint]:
    """Find lasting changes of level by Pettitt's rank test, again within each piece.

    The test asks for the split that separates low ranks from high ones best; its p-value is
    ``2 exp(-6 K^2 / (n^3 + n^2))`` (Pettitt, Applied Statistics 28, 1979), whatever the distribution.
    ``p_limit`` is shared out over the tests (Bonferroni by halving at each level).
    """
    array = np.asarray(values, dtype=float)
    cuts: list[tuple[int, float]] = []

    def split(start: int, stop: int, limit: float) -> None:
        n = stop - start
        if n < 2 * min_dates:
            return
        place = np.argsort(np.argsort(array[start:stop], kind="stable"), kind="stable").astype(float)
        _, group, size = np.unique(array[start:stop], return_inverse=True, return_counts=True)
        mean_rank = np.bincount(group, weights=place) / size
        rank_sums = np.cumsum(2.0 * (mean_rank[group] - (n - 1) / 2.0))[min_dates - 1 : n - min_dates]
        best = int(np.argmax(np.abs(rank_sums)))
        p_value = min(1.0, 2.0 * exp(-6.0 * float(rank_sums[best]) ** 2 / (n**3 + n**2)))
        if p_value <= limit:
            cut = start + min_dates + best
            cuts.append((cut, p_value))
            split(start, cut, limit / 2)
            split(cut, stop, limit / 2)

    split(0, len(array), p_limit)
    cuts.sort()
    edges = [0, *[c for c, _ in cuts], len(array)]
    means = [float(array[a:b].mean()) for a, b in pairwise(edges) if b > a]
    return [ChangePoint(c, p, means[k], means[k + 1]) for k, (c, p) in enumerate(cuts)]


def exposure_of(times: NDArray[np.datetime64], stays_days: Sequence[float]) -> Exposure:
    """Return how much of the time between first and last observed date was seen.

    Parameters
    ----------
    times : array of datetime64[s]
        When the place was observed, UTC, by time.
    stays_days : sequence of float
        Lengths of stay. A stay of d days that begins at a random moment is missed with probability
        ``sum(max(0, gap - d)) / sum(gap)`` over the gaps between observed dates.
    """
    if not len(times):
        return Exposure(0, 0, 0.0, dict.fromkeys(stays_days, 1.0))
    gaps = np.diff(times).astype(float) / 86400.0
    days = times.astype("datetime64[D]")
    passed = int((days[-1] - days[0]).astype(int)) + 1
    whole = float(gaps.sum())
    unseen = {d: float(np.maximum(gaps - d, 0.0).sum() / whole) if whole > 0 else 0.0 for d in stays_days}
    return Exposure(passed, len(np.unique(days)), float(gaps.max(initial=0.0)), unseen)
