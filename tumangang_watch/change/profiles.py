"""How a train's bodies look along it, on pixels, and how well two such looks agree."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.change.evidence import BODY_HALF_WIDTH_M, points_beside

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import LineString

    from tumangang_watch.model.observation import Observation
    from tumangang_watch.settings.change import ChangeSettings

STEP_M = 1.0
"""Step of a profile: a coupling's width, a twelfth of a wagon."""


def body_profile(
    observation: Observation, line: LineString, from_m: float, to_m: float, bands: tuple[str, ...]
) -> NDArray[np.float64]:
    """Return the log of the bodies' values along a track, (metres, bands); NaN where not seen.

    Metre ``k`` is centred on ``from_m + k + 0.5``; the median over 1.8 m across and 1 m along is taken.
    """
    count = max(round((to_m - from_m) / STEP_M), 1)
    along = from_m + (np.arange(count * 2) + 0.5) * STEP_M / 2
    x, y = points_beside(line, along, np.linspace(-BODY_HALF_WIDTH_M, BODY_HALF_WIDTH_M, 5))
    values, valid = observation.image.sample(x, y, bands=bands)
    grid, clear = observation.raster.grid, observation.quality.clear
    rows, cols = grid.to_pixel(x, y)
    rows = np.clip(np.round(rows).astype(int), 0, grid.rows - 1)
    cols = np.clip(np.round(cols).astype(int), 0, grid.cols - 1)
    inside = (along >= 0) & (along <= line.length)
    seen = valid & clear[rows, cols] & inside
    masked = np.where(seen, np.log(np.maximum(values, 1e-3)), np.nan)
    by_metre = masked.reshape(len(bands), -1, count, 2).swapaxes(1, 2)
    cells = by_metre.reshape(len(bands), count, -1)
    known = np.isfinite(cells[0]).mean(axis=1) >= 0.5
    out = np.full((count, len(bands)), np.nan)
    if known.any():
        out[known] = np.nanmedian(cells[:, known], axis=2).T
    return out


def agreement(one: NDArray[np.float64], two: NDArray[np.float64], settings: ChangeSettings) -> float | None:
    """Return the log-odds that two aligned profiles (metres, bands) show the same wagons.

    The profiles are cut where either changes its look: a cut of like wagons speaks once, however
    long it is. A light common to the whole train is taken out within `common_light_max`. None
    where too little was seen of both.
    """
    seen = np.isfinite(one).all(axis=1) & np.isfinite(two).all(axis=1)
    if seen.mean() < settings.observed_min:
        return None
    distance, cuts = piece_distances(one, two, settings)
    if not len(distance):
        return None
    odds = (settings.consist_colour_step - distance) / settings.consist_colour_sd
    odds = np.clip(odds, -settings.cut_against_max, settings.cut_for_max)
    return float(sum(odds[cuts == k].mean() for k in range(int(cuts[-1]) + 1)))


def piece_distances(
    one: NDArray[np.float64], two: NDArray[np.float64], settings: ChangeSettings
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return how far two aligned profiles differ, piece by piece, and the number of each piece's cut.

    Distances are root mean squares over bands, in log reflectance; pieces seen on one date only are
    left out.
    """
    a, b = _pieces(one, settings), _pieces(two, settings)
    known = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    a, b = a[known], b[known]
    if not len(a):
        return np.zeros(0), np.zeros(0, np.intp)
    light = np.clip(np.median(b - a, axis=0), -settings.common_light_max, settings.common_light_max)
    distance = np.sqrt(((b - a - light) ** 2).mean(axis=1))
    return distance, np.cumsum(np.concatenate([[0], _changes(a, settings) | _changes(b, settings)]))


def _pieces(profile: NDArray[np.float64], settings: ChangeSettings) -> NDArray[np.float64]:
    """Return medians over pieces of about half a wagon, (pieces, bands): couplings fall out."""
    count = max(round(len(profile) * STEP_M / settings.half_wagon_m), 1)
    out = np.full((count, profile.shape[1]), np.nan)
    edges = np.round(np.linspace(0, len(profile), count + 1)).astype(int)
    for k, (start, stop) in enumerate(pairwise(edges)):
        part = profile[start:stop]
        known = part[np.isfinite(part).all(axis=1)]
        if len(known) * 2 >= len(part):
            out[k] = np.median(known, axis=0)
    return out


def _changes(pieces: NDArray[np.float64], settings: ChangeSettings) -> NDArray[np.bool_]:
    """Return where a piece looks unlike the one before it."""
    return np.sqrt((np.diff(pieces, axis=0) ** 2).mean(axis=1)) > settings.consist_colour_step
