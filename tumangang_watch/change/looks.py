"""Whether vehicles in two places look like the same ones, moved: asked of their roofs, straightened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from shapely import LineString

from tumangang_watch.change.profiles import PairScale, brightness_along, lean_m
from tumangang_watch.grid import Float64
from tumangang_watch.model.observation import Observation

STEP_M = 0.5
"""Step along a train: what a roof shows (hatches, ribs, a load's edge) is a metre long and more."""
HALF_WIDTH_M, ACROSS = 1.2, 7
"""Ground read across: inside bodies of 2.8 m and more, in steps of 0.4 m."""
VEHICLE_M, MOST = 13.0, 3.0
"""Length of a vehicle, and of how many of them longer trains count as: the weights rest on one to three."""
CHROMA_UNKNOWN = 0.05
"""Of scenes with one band: where the same vehicles and others are as likely."""
SEEN_MIN = 0.6
"""Least share of both places that must be seen."""


@dataclass(frozen=True)
class Looks:
    """How much alike two straightened places are."""

    pattern: float
    """Correlation (-1..1) of what varies along each line of roof, best within the play of the ends."""
    chroma: float
    """Root mean square over bands of how far their mean colours differ, log units, grey taken out."""
    length_m: float

    def terms(self, odds: float) -> tuple[float, float, float, float, float, float]:
        """What `ChangeSettings.moved_looks` weighs; ``odds`` are those of `profiles.agreement`."""
        vehicles = min(self.length_m / VEHICLE_M, MOST)
        return 1.0, odds, self.pattern, self.pattern * vehicles, vehicles, self.chroma


def roofs(
    observation: Observation, line: LineString, stretch_m: tuple[float, float], scale: PairScale
) -> Float64:
    """Return log brightness of the roofs along a track, (bands, across, steps of `STEP_M`); NaN if unseen."""
    from_m, to_m = stretch_m
    steps = np.arange(max(round((to_m - from_m) / STEP_M), 1), dtype=np.float64)
    along = from_m + (steps + 0.5) * STEP_M
    lean = lean_m(observation, line, (from_m + to_m) / 2)
    across = np.asarray(lean + np.linspace(-HALF_WIDTH_M, HALF_WIDTH_M, ACROSS), np.float64)
    return np.asarray(brightness_along(observation, line, along, across, scale))


def compared(short: Float64, long: Float64) -> Looks | None:
    """Compare roofs (bands, across, steps) with each stretch of longer ones; the likest counts.

    Light and haze drop out of the pattern, as the mean of every line along the train does. None where too
    little of both is seen.
    """
    size = min(short.shape[2], long.shape[2])
    one, two = short[:, :, :size], np.moveaxis(sliding_window_view(long, size, axis=2), 2, 0)
    known = np.asarray(np.isfinite(one).all(axis=0) & np.isfinite(two).all(axis=1), bool)
    usable = np.flatnonzero(known.mean(axis=(1, 2)) >= SEEN_MIN)
    best = None
    for k in usable:
        seen = known[k]
        a, b = (np.where(seen, picture, np.nan) for picture in (one, two[k]))
        pattern = _correlation(a, b)
        if best is None or pattern > best.pattern:
            best = Looks(pattern, _chroma(a, b), size * STEP_M)
    return best


Laid = tuple[float, float, float]
"""Middles on either date of what two trains have in common, and its length, metres."""


def spans_of(where: Laid, play_m: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return what is read of either date, from and to: once the first one's exact, once the second one's.

    Either date may be the one whose end was misjudged: both are moved, so that swapped dates agree.
    """
    half = where[2] / 2
    return [
        (
            (where[0] - half - play[0], where[0] + half + play[0]),
            (where[1] - half - play[1], where[1] + half + play[1]),
        )
        for play in ((0, play_m), (play_m, 0))
    ]


def looks_of(
    dates: tuple[Observation, Observation],
    lines: tuple[LineString, LineString],
    where: Laid,
    scale: PairScale,
    *,
    play_m: float,
    backwards: bool = False,
) -> Looks | None:
    """Return how alike the roofs are of two stretches that may be one train's; None if unseen."""
    step = -1 if backwards else 1
    found = []
    for k, spans in enumerate(spans_of(where, play_m)):
        still, wide = (roofs(dates[j], lines[j], spans[j], scale) for j in (k, 1 - k))
        found.append(compared(still, wide[:, ::step, ::step]))
    return max((looks for looks in found if looks is not None), key=lambda x: x.pattern, default=None)


def _correlation(a: Float64, b: Float64) -> float:
    """Return the correlation of two pictures (bands, across, steps) less the mean of each of their lines."""
    both = [_without_means(picture) for picture in (a, b)]
    spread = np.sqrt((both[0] ** 2).sum() * (both[1] ** 2).sum())
    return float((both[0] * both[1]).sum() / spread) if spread > 0 else 0.0


def _without_means(picture: Float64) -> Float64:
    seen = np.isfinite(picture)
    filled = np.where(seen, picture, 0.0)
    means = filled.sum(axis=2, keepdims=True) / np.maximum(seen.sum(axis=2, keepdims=True), 1)
    return np.asarray(np.where(seen, picture - means, 0.0))


def _chroma(a: Float64, b: Float64) -> float:
    if len(a) < 2:
        return CHROMA_UNKNOWN
    apart = np.nanmean(b - a, axis=(1, 2))
    return float(np.sqrt(((apart - apart.mean()) ** 2).mean()))
