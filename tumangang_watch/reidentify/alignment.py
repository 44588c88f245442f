"""Two trains aligned as sequences: the likelihood ratio of one train seen twice against two trains.

A pair hidden Markov model (Durbin, Eddy, Krogh and Mitchison 1998, chapter 4) over the vehicles' chain:
the common part starts somewhere in each train, each step matches two vehicles or leaves out one, and a
matched pair is one vehicle, read twice. Every path's ratio has mean 1 over unrelated trains of the same
chain and the paths' prior sums to at most 1, so ``P(ratio >= t) <= 1 / t`` (Markov's inequality).

`quick_bits` aligns locally by Smith and Waterman's recursion (J. Mol. Biol. 147, 1981) over log-odds of one
vehicle against two, under the record's own mixture of appearances. Runs of like vehicles score too high
there, so it only says which pairs are hopeless; the others are scored in full (`same_train`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.reidentify.vehicle_model import Chain, predictive
from tumangang_watch.settings.reidentify import SameTrainSettings

CHUNK = 256
"""Pairs aligned at once."""
OUTSIDE = -1e3
"""Log-odds beyond a train's end."""
FLOOR = 1e-4
"""Share of all appearances taken together that none of the trains may have shown."""


@dataclass(frozen=True)
class Cells:
    """Everything about two sequences that the recursion needs; ratios are to `predictive`."""

    first: NDArray[np.float64]
    """(batch, n, bodies, colours)."""
    second: NDArray[np.float64]
    """(batch, m, bodies, colours)."""
    starts: NDArray[np.float64]
    """(n, m) prior that the common part begins there."""
    ends: NDArray[np.float64]


def cells(
    first: NDArray[np.float64], second: NDArray[np.float64], chain: Chain, settings: SameTrainSettings
) -> Cells:
    """Return two sequences of likelihoods as ratios to what those before predict."""
    n, m = first.shape[1], second.shape[1]
    starts = _ends_prior(n, m, settings)
    return Cells(
        first / predictive(first, chain)[:, :, None, None],
        second / predictive(second, chain)[:, :, None, None],
        starts,
        starts[::-1, ::-1],
    )


def _ends_prior(n: int, m: int, settings: SameTrainSettings) -> NDArray[np.float64]:
    inner = max(1 - settings.ends_whole - settings.ends_one, 0.0)
    prior = np.full((n, m), inner / (n * m))
    prior[0, :] += settings.ends_one / (n + m)
    prior[:, 0] += settings.ends_one / (n + m)
    prior[0, 0] += settings.ends_whole
    return prior


def log2_ratio(cell: Cells, chain: Chain, settings: SameTrainSettings) -> NDArray[np.float64]:
    """Return the log2 likelihood ratio of one train against two, summed over alignments, (batch,).

    Runs over antidiagonals: those of two steps ago are matched onto, those of one step ago skip.
    """
    batch, n = cell.first.shape[:2]
    m = cell.second.shape[1]
    shape = (batch, n, *cell.first.shape[2:])
    blank = np.zeros(shape)
    before: list[tuple[NDArray[np.float64], ...]] = [(blank, blank, blank), (blank, blank, blank)]
    total = np.zeros(batch)
    opening, more = settings.gap_open, settings.gap_more
    for d in range(n + m - 1):
        rows = np.arange(max(0, d - m + 1), min(n, d + 1))
        cols = d - rows
        match, skip_first, skip_second = (np.zeros(shape) for _ in range(3))
        a, b = cell.first[:, rows], cell.second[:, cols]
        old = (1 - 2 * opening) * before[0][0] + (1 - more) * (before[0][1] + before[0][2])
        arrived = chain.step(_moved_on(old)[:, rows])
        begun = cell.starts[rows, cols][None, :, None, None] * chain.mix[:, None]
        match[:, rows] = a * b * (begun + arrived)
        one = _moved_on(opening * before[1][0] + more * before[1][1])
        skip_first[:, rows] = a * chain.step(one[:, rows])
        two = opening * before[1][0] + more * before[1][2]
        skip_second[:, rows] = b * chain.step(two[:, rows])
        total += (match[:, rows].sum(axis=(2, 3)) * cell.ends[rows, cols]).sum(axis=1)
        before = [before[1], (match, skip_first, skip_second)]
    return np.asarray(np.log2(np.maximum(total, 1e-300)))


def _moved_on(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values of row i - 1 at row i."""
    out = np.zeros_like(values)
    out[:, 1:] = values[:, :-1]
    return out


def best_path(cell: Cells, chain: Chain, settings: SameTrainSettings) -> tuple[tuple[int, int], ...]:
    """Return the matched vehicles (index in first, index in second) of the likeliest alignment.

    For a batch of one. The vehicles' appearances are summed over; the path is the best one.
    """
    n, m = cell.first.shape[1], cell.second.shape[1]
    opening, more = settings.gap_open, settings.gap_more
    weight = np.array([[1 - 2 * opening, 1 - more, 1 - more], [opening, more, 0.0], [opening, 0.0, more]])
    """``weight[to][from]`` for match, first alone, second alone."""
    shape = (n, m, 3)
    forward = np.zeros((*shape, *cell.first.shape[2:]))
    came = np.full(shape, -1)
    for i in range(n):
        for j in range(m):
            a, b = cell.first[0, i], cell.second[0, j]
            for to, (di, dj, read) in enumerate(((1, 1, a * b), (1, 0, a), (0, 1, b))):
                options = [cell.starts[i, j] * chain.mix[0]] if to == 0 else [np.zeros_like(a)]
                if i >= di and j >= dj:
                    earlier = forward[i - di, j - dj] * weight[to][:, None, None]
                    options += list(chain.step(earlier[None])[0])
                sums = [float((read * o).sum()) for o in options]
                best = int(np.argmax(sums))
                forward[i, j, to] = read * options[best]
                came[i, j, to] = best - 1
    mass = forward[:, :, 0].sum(axis=(2, 3)) * cell.ends
    i, j = (int(v) for v in np.unravel_index(int(mass.argmax()), mass.shape))
    pairs, kind = [], 0
    while True:
        if kind == 0:
            pairs.append((i, j))
        source = int(came[i, j, kind])
        if source < 0:
            return tuple(reversed(pairs))
        i, j = i - (kind != 2), j - (kind != 1)
        kind = source


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
        tables = [np.log2((expected(first[k]) * mix) @ expected(second[k]).T) for k in part]
        shape = tuple(max(t.shape[axis] for t in tables) for axis in (0, 1))
        odds = np.full((2, len(part), *shape), OUTSIDE)
        for n, table in enumerate(tables):
            rows, cols = table.shape
            odds[0, n, :rows, :cols] = table
            odds[1, n, :rows, :cols] = table[:, ::-1]
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
