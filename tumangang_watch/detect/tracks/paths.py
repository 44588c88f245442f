"""Paths of greatest evidence through a straightened frame, found by dynamic programming.

A path may begin and end anywhere, turns slowly, and gains or loses by the evidence of each step; the
best one is that of greatest sum (Viterbi with restarts, as in local sequence alignment), so a train
that hides the rails for a while is crossed when there are rails enough behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Floats
from tumangang_watch.settings.tracks import TraceSettings

CROSSING = -3.0
"""Reward of a step over a path that was found before: tracks cross, but seldom."""
SIMILAR_SLOPE = 0.035
"""Within this of a path's slope another is a copy of it; a branch has left it at 1:30."""
BRANCH_APART_M = 1.0
"""A branch of another slope may begin this far from the path it leaves."""


@dataclass(frozen=True)
class Lattice:
    """Evidence on (slope, y, step)."""

    evidence: Floats
    """(slopes, y, steps), above 0 where it speaks for a track."""
    slopes: Floats
    y_m: Floats
    s_m: Floats
    """(steps,) distance along the guide."""


@dataclass(frozen=True)
class TrackPath:
    """One path of a lattice."""

    s_m: Floats
    y_m: Floats
    slope: Floats
    reward: Floats
    """(n,) of each step."""

    @property
    def score(self) -> float:
        """Sum of rewards."""
        return float(self.reward.sum())

    @property
    def length_m(self) -> float:
        """Length along the guide."""
        return float(self.s_m[-1] - self.s_m[0])


def find_paths(lattice: Lattice, count_max: int, settings: TraceSettings) -> tuple[TrackPath, ...]:
    """Return paths by falling score, each clear of those before it, until one says too little."""
    reward = np.clip(lattice.evidence, settings.reward_min, settings.reward_max)
    moves = _moves(lattice, settings)
    found: list[TrackPath] = []
    while len(found) < count_max:
        path = _best_path(reward, lattice, moves, settings)
        if path is None or path.score < settings.path_min:
            break
        _take_out(reward, lattice, path, settings)
        if path.length_m >= settings.length_min_m:
            found.append(path)
    return tuple(found)


@dataclass(frozen=True)
class _Moves:
    source: NDArray[np.intp]
    """(moves, slopes * y) flat index a state is reached from."""
    cost: Floats
    """(moves, slopes * y); infinite where there is no such state."""


def _moves(lattice: Lattice, settings: TraceSettings) -> _Moves:
    """Return how each state is reached: the slope turns by at most a step, y follows it."""
    slopes, ys = len(lattice.slopes), len(lattice.y_m)
    step_m, across_m = lattice.s_m[1] - lattice.s_m[0], lattice.y_m[1] - lattice.y_m[0]
    at_slope, at_y = (v.ravel() for v in np.meshgrid(np.arange(slopes), np.arange(ys), indexing="ij"))
    source, cost = [], []
    for turn in (0, -1, 1):
        before = at_slope - turn
        kept = np.clip(before, 0, slopes - 1)
        drift = (lattice.slopes[at_slope] + lattice.slopes[kept]) / 2 * step_m / across_m
        for jitter in (0, -1, 1):
            y = at_y - np.rint(drift).astype(int) - jitter
            off = np.abs(np.rint(drift) + jitter - drift)
            bad = (before != kept) | (y < 0) | (y >= ys) | (off > 1.0)
            source.append(kept * ys + np.clip(y, 0, ys - 1))
            cost.append(
                np.where(bad, np.inf, settings.turn_cost * abs(turn) + 0.2 * np.maximum(off - 0.5, 0))
            )
    return _Moves(np.stack(source), np.stack(cost).astype(np.float32))


def _best_path(reward: Floats, lattice: Lattice, moves: _Moves, settings: TraceSettings) -> TrackPath | None:
    slopes, ys, steps = reward.shape
    total = np.zeros(slopes * ys, dtype=np.float32)
    back = np.empty((steps, slopes * ys), dtype=np.int8)
    best = (0.0, -1, -1)
    for step in range(steps):
        reached = total[moves.source] - moves.cost
        choice = reached.argmax(axis=0)
        value = np.take_along_axis(reached, choice[None], axis=0)[0]
        fresh = value <= 0
        back[step] = np.where(fresh, -1, choice)
        total = np.where(fresh, 0, value) + reward[:, :, step].ravel()
        top = int(total.argmax())
        if total[top] > best[0]:
            best = (float(total[top]), step, top)
    if best[1] < 0:
        return None
    state, step, states = best[2], best[1], []
    while True:
        states.append(state)
        move = back[step, state]
        if move < 0 or step == 0:
            break
        state, step = int(moves.source[move, state]), step - 1
    chosen = np.array(states[::-1])
    k, y = np.divmod(chosen, ys)
    span = np.arange(step, step + len(chosen))
    return TrackPath(
        lattice.s_m[span], lattice.y_m[y], lattice.slopes[k], reward[k, y, span].astype(np.float64)
    )


def _take_out(reward: Floats, lattice: Lattice, path: TrackPath, settings: TraceSettings) -> None:
    """Make the ground of a path dear for the next ones."""
    first = int(np.searchsorted(lattice.s_m, path.s_m[0]))
    for number, (y, slope) in enumerate(zip(path.y_m, path.slope, strict=True)):
        away = np.abs(lattice.y_m - y)
        like = np.abs(lattice.slopes - slope) <= SIMILAR_SLOPE
        taken = np.where(like[:, None], away < settings.apart_m, away < BRANCH_APART_M)
        column = reward[:, :, first + number]
        column[taken] = np.minimum(column[taken], CROSSING)
