"""From step-wise log-odds to stretches of track that hold one train each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detect.trains.view import STEP_M
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.track_frame import stretches

END_REACH_M = 20.0
"""How far from a stretch's end the true one is looked for: a vehicle and a half."""
LIMIT = 6.0
"""Log-odds beyond which a step says no more."""


@dataclass(frozen=True, kw_only=True)
class TrainSegment:
    """One train on one track."""

    from_m: float
    to_m: float
    score: float
    """Summed log-odds, one count per `TrainSettings.memory_m` of track."""
    shorter_m: float = 0.0
    """By how much it may be shorter: lower bound of the 90 % interval of its length."""
    longer_m: float = 0.0
    """By how much it may be longer."""


def find_runs(
    log_odds: NDArray[np.float64], seen: NDArray[np.bool_], settings: TrainSettings
) -> list[TrainSegment]:
    """Return the trains of one track in order along it, uncoupled cuts apart.

    Parameters
    ----------
    log_odds : (n,) float
        That a train stands on each step of `STEP_M` along the track.
    seen : (n,) bool
        Steps whose bed was seen; the others do not count.
    """
    odds = np.where(seen, np.clip(log_odds + settings.net_bias, -LIMIT, LIMIT), 0.0)
    runs: list[TrainSegment] = []
    for low, high in _joined(_stretches(odds, settings), settings):
        # A sure train ends where its own log-odds do; the bias is for the doubtful ones.
        level = float(np.clip(np.median(odds[low:high]) - settings.net_bias - 3.0, 0.0, settings.net_bias))
        a, b = (_end(odds - level, at, side) for at, side in ((low, -1), (high, +1)))
        if b - a < settings.train_min_m:
            continue
        inside = odds[low:high]
        score = float(inside.sum() * STEP_M / settings.memory_m)
        ends = [_unsure(odds - level, at, side, settings) for at, side in ((low, -1), (high, +1))]
        inward, outward = (float(np.hypot(*pair)) for pair in zip(*ends, strict=True))
        runs.append(TrainSegment(from_m=a, to_m=b, score=score, shorter_m=inward, longer_m=outward))
    return runs


def _stretches(odds: NDArray[np.float64], settings: TrainSettings) -> list[tuple[int, int]]:
    """Return occupied stretches (start, stop) in steps by a two-state hidden Markov model (Viterbi)."""
    empty = occupied = 0.0
    cost = settings.switch_cost
    came_empty, came_occupied = [], []
    for value in (odds * (STEP_M / settings.memory_m)).tolist():
        came_empty.append(occupied - cost > empty)
        came_occupied.append(empty - cost > occupied)
        empty, occupied = max(empty, occupied - cost), max(occupied, empty - cost) + value
    state = np.zeros(odds.size, bool)
    now = occupied > empty
    for k in range(odds.size - 1, -1, -1):
        state[k] = now
        now = not now if (came_occupied[k] if now else came_empty[k]) else now
    return stretches(state)


def _joined(pieces: list[tuple[int, int]], settings: TrainSettings) -> list[tuple[int, int]]:
    """Join pieces nearer than a coupling and 3 m: they are one train."""
    out: list[tuple[int, int]] = []
    for low, high in pieces:
        if out and (low - out[-1][1]) * STEP_M < settings.cut_gap_m - STEP_M:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out


def _unsure(odds: NDArray[np.float64], at: int, side: int, settings: TrainSettings) -> tuple[float, float]:
    """Return how far inside and outside of a stretch's end the true one may lie (5 and 95 %), metres.

    The posterior of one change from train to empty track near the end, every step counted by its log-odds.
    """
    reach = round(END_REACH_M / STEP_M)
    near = np.arange(max(at - reach, 0), min(at + reach, odds.size))
    gain = odds[near] * (STEP_M / settings.end_memory_m)
    gain = gain if side > 0 else gain[::-1]
    weight = np.concatenate([[0.0], np.cumsum(gain)])
    share = np.cumsum(np.exp(weight - weight.max()))
    low, high = np.searchsorted(share / share[-1], (0.05, 0.95))
    middle = at - near[0] if side > 0 else near[-1] + 1 - at
    return max(middle - low, 0) * STEP_M, max(high - middle, 0) * STEP_M


def _end(odds: NDArray[np.float64], at: int, side: int) -> float:
    """Return where the log-odds cross zero nearest a stretch's end, metres, between steps."""
    smooth = np.convolve(np.pad(odds, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    low, high = max(at - 4, 1), min(at + 4, odds.size - 1)
    best, away = at * STEP_M, np.inf
    for k in range(low, high + 1):
        a, b = smooth[k - 1], smooth[k]
        if a * b <= 0 and (b - a) * side < 0:
            where = (k - 0.5 + a / (a - b)) * STEP_M
            if abs(where - at * STEP_M) < away:
                best, away = where, abs(where - at * STEP_M)
    return float(np.clip(best, 0.0, odds.size * STEP_M))
