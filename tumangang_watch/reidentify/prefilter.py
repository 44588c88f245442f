"""Which consists are hopeless to compare: a quick local alignment of vehicles one by one.

Smith and Waterman's recursion (J. Mol. Biol. 147, 1981) over log-odds of one vehicle against two, under the
record's own mixture of appearances. Runs of like vehicles score too high here, so it only says which pairs
are hopeless; the others are scored in full (`same_train`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CHUNK = 256
"""Pairs aligned at once."""
OUTSIDE = -1e3
"""Log-odds beyond a train's end."""
FLOOR = 1e-4
"""Share of all appearances taken together that none of the trains may have shown."""


def record_mix(trains: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return how often each appearance (bodies * colours,) occurs among trains, each train counted once."""
    flat = [t.reshape(len(t), -1) for t in trains]
    mix = np.mean([(t / t.sum(axis=1, keepdims=True)).mean(axis=0) for t in flat], axis=0)
    mix = mix + FLOOR / mix.size
    return np.asarray(mix / mix.sum())


def quick_bits(
    first: Sequence[NDArray[np.float64]],
    second: Sequence[NDArray[np.float64]],
    mix: NDArray[np.float64],
    gap_bits: float,
) -> NDArray[np.float64]:
    """Return the best local alignment of each pair, either way round, bits.

    Parameters
    ----------
    first, second : sequence of (vehicles, bodies, colours) arrays
        Likelihoods of the vehicles of each pair's trains.
    mix : (bodies * colours,) array
        How often each appearance occurs (`record_mix`).
    gap_bits : float
        Cost of a vehicle left out.
    """
    out = np.empty(len(first))
    ready: dict[int, NDArray[np.float64]] = {}

    def expected(train: NDArray[np.float64]) -> NDArray[np.float64]:
        if id(train) not in ready:
            flat = train.reshape(len(train), -1)
            ready[id(train)] = flat / (flat @ mix)[:, None]
        return ready[id(train)]

    order = sorted(range(len(first)), key=lambda k: (len(first[k]), len(second[k])))
    for start in range(0, len(order), CHUNK):
        part = order[start : start + CHUNK]
        cells = [np.log2((expected(first[k]) * mix) @ expected(second[k]).T) for k in part]
        shape = tuple(max(c.shape[axis] for c in cells) for axis in (0, 1))
        odds = np.full((2, len(part), *shape), OUTSIDE)
        for n, cell in enumerate(cells):
            rows, cols = cell.shape
            odds[0, n, :rows, :cols] = cell
            odds[1, n, :rows, :cols] = cell[:, ::-1]
        best = _local(odds.reshape(-1, *shape), gap_bits).reshape(2, -1)
        out[part] = best.max(axis=0)
    return out


def _local(odds: NDArray[np.float64], gap_bits: float) -> NDArray[np.float64]:
    """Return the best local alignment of each matrix of log-odds (batch, n, m), by antidiagonals."""
    batch, n, m = odds.shape
    before = np.zeros((2, batch, n + 1))
    best = np.zeros(batch)
    for d in range(n + m - 1):
        rows = np.arange(max(0, d - m + 1), min(n, d + 1))
        now = np.zeros((batch, n + 1))
        match = before[0][:, rows] + odds[:, rows, d - rows]
        skip = np.maximum(before[1][:, rows], before[1][:, rows + 1]) - gap_bits
        now[:, rows + 1] = np.maximum(np.maximum(match, skip), 0.0)
        best = np.maximum(best, now.max(axis=1))
        before = np.stack([before[1], now])
    return best
