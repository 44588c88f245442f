"""From metre-wise evidence to stretches of track that hold one train each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.train_cues import smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.detect.occupancy import Occupancy
    from tumangang_watch.settings.trains import TrainSettings


@dataclass(frozen=True)
class Run:
    """One train on one track."""

    from_m: float
    to_m: float
    score: float
    """Summed log-odds, one count per independent piece of track."""
    offset_m: float
    """Where its middle lies, metres to the left of the track."""


@dataclass(frozen=True)
class Fine:
    """Distances of the inner body's colour from the bed and from shadow at the strip's step."""

    colour: NDArray[np.float64]
    """(bands, n) whitened colour of the inner 2 m."""
    from_bed: NDArray[np.float64]
    """(n,)"""
    from_shadow: NDArray[np.float64]
    """(n,)"""
    step_m: float


def occupied_runs(log_odds: NDArray[np.float64], settings: TrainSettings) -> list[tuple[int, int]]:
    """Return stretches (start, stop) in metres by a two-state hidden Markov model (Viterbi)."""
    gain = np.clip(log_odds, -6, 6) / settings.memory_m
    n = gain.size
    best = np.zeros(2)
    back = np.zeros((n, 2), np.int8)
    for k in range(n):
        stay, switch = best, best[::-1] - settings.switch_cost
        back[k] = np.where(switch > stay, 1, 0)
        best = np.maximum(stay, switch) + np.array([0.0, gain[k]])
    state = np.zeros(n, bool)
    now = int(best.argmax())
    for k in range(n - 1, -1, -1):
        state[k] = bool(now)
        now = now ^ int(back[k, now])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], state.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def fine_view(occupancy: Occupancy, dark: NDArray[np.float64], offset_m: float) -> Fine:
    """Measure the inner body at the strip's own step, for a body whose middle lies at an offset."""
    metres = occupancy.metres
    strip = metres.strip
    inner = metres.fine[:, strip.rows(offset_m - 1.0, offset_m + 1.0)].mean(axis=1)
    n = inner.shape[1]
    at = np.clip((strip.s_m).astype(int), 0, metres.count - 1)[:n]
    white = occupancy.whiten @ inner
    bed = occupancy.whiten @ occupancy.bed_colour[:, at]
    shade = (occupancy.whiten @ dark)[:, None]
    # Full shadow keeps some sky light: its tone lies a little above the darkest.
    shade = shade + 0.15 * (bed - shade)
    return Fine(white, _rms(white - bed), _rms(white - shade), strip.step_m)


def _rms(difference: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt((difference**2).mean(axis=0))


def find_runs(occupancy: Occupancy, dark: NDArray[np.float64], settings: TrainSettings) -> list[Run]:
    """Return the trains of one track, ends refined, uncoupled cuts told apart."""
    found: list[Run] = []
    for start, stop in occupied_runs(occupancy.log_odds, settings):
        offset = float(np.median(occupancy.offset_m[start:stop]))
        fine = fine_view(occupancy, dark, offset)
        start, stop = _without_end_shadow(fine, start, stop, occupancy.metres.shadow_along_m)
        low = _end(fine, start, -1, settings)
        high = _end(fine, stop, +1, settings)
        for a, b in _cuts(fine, low, high, occupancy.log_odds, settings):
            if b - a < settings.train_min_m:
                continue
            inside = occupancy.log_odds[int(a) : max(int(np.ceil(b)), int(a) + 1)]
            score = float(np.clip(inside, -6, 6).sum() / settings.memory_m)
            found.append(Run(a, b, score, offset))
    return found


def _without_end_shadow(fine: Fine, start: int, stop: int, reach_m: float) -> tuple[int, int]:
    """Take off the shadow that the last wagon casts along the track, away from the sun.

    Only as far as a shadow can reach, and only what resembles shaded bed more than anything else.
    """
    per = max(round(1 / fine.step_m), 1)
    most = min(round(abs(reach_m)) + 2, (stop - start) // 2)
    if abs(reach_m) < 1.5:
        return start, stop
    order = range(stop - 1, stop - 1 - most, -1) if reach_m > 0 else range(start, start + most)
    cut = 0
    for number, metre in enumerate(order, start=1):
        part = slice(metre * per, (metre + 1) * per)
        if part.stop > fine.from_bed.size:
            continue
        if float(np.median(fine.from_shadow[part])) < 0.7 * float(np.median(fine.from_bed[part])):
            cut = number
        elif number - cut > 2:
            break
    return (start, stop - cut) if reach_m > 0 else (start + cut, stop)


def _end(fine: Fine, at_m: float, side: int, settings: TrainSettings) -> float:
    """Return where a train ends near ``at_m``; ``side`` is -1 for its start, +1 for its stop.

    The last body's colour is known from 2 to 7 m inside; the end is where it gives way to the bed or
    to the shadow of the end wall.
    """
    step = fine.step_m
    n = fine.from_bed.size
    centre = int(np.clip(round(at_m / step), 0, n))
    reach = int(4.0 / step)
    inner = np.arange(int(2.5 / step), int(7.0 / step))
    own_at = np.clip(centre - side * inner, 0, n - 1)
    own = np.median(fine.colour[:, own_at], axis=1)
    around = np.arange(max(centre - reach, 0), min(centre + reach, n))
    if around.size < 4:
        return at_m
    off_own = _rms(fine.colour[:, around] - own[:, None])
    other = np.minimum(fine.from_bed[around], fine.from_shadow[around])
    gain = np.clip(other - off_own, -2, 2)
    gain = gain if side > 0 else gain[::-1]
    total = np.concatenate([[0.0], np.cumsum(gain)])
    best = int(total.argmax())
    where = around[0] + best if side > 0 else around[-1] + 1 - best
    return float(where * step)


def _cuts(
    fine: Fine, low_m: float, high_m: float, log_odds: NDArray[np.float64], settings: TrainSettings
) -> list[tuple[float, float]]:
    """Split a stretch where the bed shows for longer than a coupling and 3 m.

    A grey wagon on grey ballast looks like bed too: the other cues must call it empty as well.
    """
    step = fine.step_m
    a, b = round(low_m / step), round(high_m / step)
    inside = fine.from_bed[a:b]
    if inside.size < int(2 * settings.train_min_m / step):
        return [(low_m, high_m)]
    body = float(np.median(inside))
    bare = smooth(inside, int(1.5 / step)) < max(0.4 * body, 1.0)
    at = np.clip(((a + np.arange(inside.size)) * step).astype(int), 0, log_odds.size - 1)
    bare &= log_odds[at] < settings.cut_odds
    edges = np.flatnonzero(np.diff(np.concatenate([[0], bare.astype(np.int8), [0]])))
    pieces, start = [], low_m
    for p, q in zip(edges[::2], edges[1::2], strict=True):
        if (q - p) * step >= settings.cut_gap_m - 0.5 and p > 0 and q < inside.size:
            pieces.append((start, low_m + p * step))
            start = low_m + q * step
    pieces.append((start, high_m))
    return pieces
