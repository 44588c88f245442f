"""Do two dates show the same? Answered on pixels: of a place, and along the bodies of a train."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log, pi, radians, tan

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from shapely import LineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from tumangang_watch.grid import Float64, Floats, Mask
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import DatePair, Observation
from tumangang_watch.settings.change import ChangeSettings
from tumangang_watch.track_frame import bearing, frame_along

BODY_HALF_WIDTH_M = 0.9
"""Inside every vehicle whatever its lean at moderate angles: bodies are 2.8-3.25 m wide."""
HEADING_BASE_M = 0.5
"""Half of the base over which a track's heading is taken."""
ROOF_HEIGHT_M = 3.0
"""Height above the ground of what is seen of a vehicle: floors and loads at 1.4-3 m, roofs to 4.6 m
(docs/sources.md, rolling stock)."""
STEP_M = 1.0
"""Step of a profile: a coupling's width, a twelfth of a vehicle."""


def pixel_similarity(earlier: Observation, later: Observation, place: BaseGeometry) -> float | None:
    """Return the correlation (-1..1) of two dates' pixels in a place, or None if unseen.

    Gain and offset between the dates drop out. Both observations must share a grid.
    """
    if earlier.raster.grid != later.raster.grid:
        raise ValueError("observations lie on different grids")
    window = earlier.raster.grid.window(place)
    if window is None:
        return None
    cut, part = window
    seen = part.mask([place]) & earlier.quality.clear[cut] & later.quality.clear[cut]
    if seen.sum() < 12:
        return None
    scores = []
    for band in (b for b in earlier.raster.bands if b in later.raster.bands):
        a = earlier.raster.band(band)[cut][seen].astype(np.float64)
        b = later.raster.band(band)[cut][seen].astype(np.float64)
        spread = a.std() * b.std()
        if spread > 0:
            scores.append(float(((a - a.mean()) * (b - b.mean())).mean() / spread))
    return float(np.mean(scores)) if scores else None


def body_place(line: LineString, from_m: float, to_m: float) -> BaseGeometry:
    """Return the ground a train's bodies cover, 3 m wide, in site metres."""
    return substring(line, from_m, to_m).buffer(1.5, cap_style="flat")


@dataclass(frozen=True)
class PairScale:
    """The darkest and the typical ground of a pair: freed of haze, contrasts of all pairs are alike."""

    bands: tuple[str, ...]
    """Bands that both dates have."""
    dark: tuple[float, ...]
    """Path light of each band."""
    lift: tuple[float, ...]
    """Added before the log is taken: differences far below the typical ground do not count."""

    def log_brightness(self, values: Floats) -> Float64:
        """Return the log of values (bands, ...) above the path light."""
        shape = (-1,) + (1,) * (values.ndim - 1)
        dark, lift = np.reshape(self.dark, shape), np.reshape(self.lift, shape)
        return np.asarray(np.log(np.maximum(values - dark, 0.0) + lift), np.float64)


def pair_scale(earlier: Observation, later: Observation, settings: ChangeSettings) -> PairScale:
    """Return the scale of two dates in one radiometry; the same whichever is first."""
    bands = tuple(b for b in earlier.image.bands if b in later.image.bands)
    dark, typical = np.zeros(len(bands)), np.zeros(len(bands))
    for date in (earlier, later):
        clear = date.quality.clear[::3, ::3]
        bare = clear & ~date.quality.snow[::3, ::3]
        for k, band in enumerate(bands if clear.any() else ()):
            values = date.raster.band(band)[::3, ::3]
            low = float(np.quantile(values[clear], settings.dark_quantile))
            enough = bare.sum() > settings.bare_share_min * clear.sum()
            middle = float(np.median(values[bare])) if enough else float(np.quantile(values[clear], 0.1))
            dark[k] += settings.dark_share * low / 2
            typical[k] += middle / 2
    lift = np.maximum(settings.brightness_lift * (typical - dark), 1e-4)
    return PairScale(bands, tuple(dark.tolist()), tuple(lift.tolist()))


def body_profile(
    observation: Observation, line: LineString, stretch_m: tuple[float, float], scale: PairScale
) -> Float64:
    """Return the log brightness of the bodies along a track, (metres, bands), log units; NaN where not seen.

    Metre ``k`` is centred on ``stretch_m[0] + k + 0.5`` along the line. The median over 1.8 m across and 1 m
    along is taken, where relief lean shows the roofs.
    """
    from_m, to_m = stretch_m
    offset_m = lean_m(observation, line, (from_m + to_m) / 2)
    count, bands = max(round((to_m - from_m) / STEP_M), 1), len(scale.bands)
    along = from_m + (np.arange(count * 2) + 0.5) * STEP_M / 2
    across = offset_m + np.linspace(-BODY_HALF_WIDTH_M, BODY_HALF_WIDTH_M, 5)
    masked = brightness_along(observation, line, along, across, scale)
    cells = masked.reshape(bands, -1, count, 2).swapaxes(1, 2).reshape(bands, count, -1)
    known = np.isfinite(cells[0]).mean(axis=1) >= 0.5
    out = np.full((count, bands), np.nan)
    if known.any():
        out[known] = np.nanmedian(cells[:, known], axis=2).T
    return out


def brightness_along(
    observation: Observation, line: LineString, along: Float64, across: Float64, scale: PairScale
) -> Float64:
    """Return the log brightness (bands, across, along) beside a track, metres; NaN where not seen."""
    x, y = frame_along(line, along, HEADING_BASE_M).mesh(across)
    values, valid = observation.image.sample(x, y, bands=scale.bands)
    grid, clear = observation.raster.grid, observation.quality.clear
    rows, cols = grid.to_pixel(x, y)
    rows = np.clip(np.round(rows).astype(int), 0, grid.rows - 1)
    cols = np.clip(np.round(cols).astype(int), 0, grid.cols - 1)
    inside = (along >= 0) & (along <= line.length)
    return np.where(valid & clear[rows, cols] & inside, scale.log_brightness(values), np.nan)


def lean_m(observation: Observation, line: LineString, at_m: float) -> float:
    """Return how far left of a track a roof is seen: height times tan(off-nadir), away from the satellite."""
    scene = observation.scene
    if scene.off_nadir_deg is None or scene.view_azimuth_deg is None:
        return 0.0
    left = frame_along(line, np.array([at_m]), HEADING_BASE_M).left[:, 0]
    away = ROOF_HEIGHT_M * tan(radians(scene.off_nadir_deg))
    return -away * float(left @ bearing(scene.view_azimuth_deg))


def agreement(short: Float64, long: Float64, settings: ChangeSettings) -> float | None:
    """Return the highest log-odds that a profile (metres, bands) shows the same vehicles as part of another.

    The profiles are cut where either changes: a cut of like vehicles speaks once, however
    long it is. A light common to the whole train is taken out within `common_light_max`. None
    where too little was seen of both.
    """
    size = min(len(short), len(long))
    one, two = short[:size], sliding_window_view(long, size, axis=0).swapaxes(1, 2)
    seen = np.isfinite(one).all(axis=1) & np.isfinite(two).all(axis=2)
    ours, theirs = _pieces(one[None], settings)[0], _pieces(two, settings)
    best = None
    for k in np.flatnonzero(seen.mean(axis=1) >= settings.observed_min):
        distance, cuts = _distances(ours, theirs[k], settings)
        if len(distance):
            odds = (settings.consist_colour_step - distance) / settings.consist_colour_sd
            odds = np.clip(odds, -settings.cut_against_max, settings.cut_for_max)
            total = float((np.bincount(cuts, odds) / np.bincount(cuts)).sum())
            best = total if best is None else max(best, total)
    return best


def piece_distances(one: Float64, two: Float64, settings: ChangeSettings) -> tuple[Float64, NDArray[np.intp]]:
    """Return how far two aligned profiles differ, piece by piece, and the number of each piece's cut.

    Distances are root mean squares over bands, in log reflectance; pieces seen on one date only are
    left out.
    """
    a, b = _pieces(np.stack([one, two]), settings)
    return _distances(a, b, settings)


def _distances(a: Float64, b: Float64, settings: ChangeSettings) -> tuple[Float64, NDArray[np.intp]]:
    """Return what `piece_distances` does of the medians of pieces."""
    known = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    a, b = a[known], b[known]
    if not len(a):
        return np.zeros(0), np.zeros(0, np.intp)
    light = np.clip(np.median(b - a, axis=0), -settings.common_light_max, settings.common_light_max)
    distance = np.sqrt(((b - a - light) ** 2).mean(axis=1))
    return distance, np.cumsum(np.concatenate([[0], _changes(a, settings) | _changes(b, settings)]))


def _pieces(profiles: Float64, settings: ChangeSettings) -> Float64:
    """Return medians over pieces of about half a vehicle, (profiles, pieces, bands): couplings fall out.

    ``profiles`` are (profiles, metres, bands).
    """
    metres = profiles.shape[1]
    count = max(round(metres * STEP_M / settings.half_vehicle_m), 1)
    out = np.full((len(profiles), count, profiles.shape[2]), np.nan)
    edges = np.round(np.linspace(0, metres, count + 1)).astype(int)
    seen = np.asarray(np.isfinite(profiles).all(axis=2))
    shown, each = np.where(seen[:, :, None], profiles, np.inf), np.arange(len(profiles))
    for k, (start, stop) in enumerate(pairwise(edges)):
        known = seen[:, start:stop].sum(axis=1)
        # What is not known is sorted behind every number.
        ordered = np.sort(shown[:, start:stop], axis=1)
        enough = (known * 2 >= stop - start) & (known > 0)
        low, high = (ordered[each, np.maximum(at, 0)] for at in ((known - 1) // 2, known // 2))
        out[enough, k] = ((low + high) / 2)[enough]
    return out


def _changes(pieces: Float64, settings: ChangeSettings) -> Mask:
    """Return where a piece looks unlike the one before it."""
    return np.sqrt((np.diff(pieces, axis=0) ** 2).mean(axis=1)) > settings.consist_colour_step


def coupling_odds(pair: DatePair, a: Detection, b: Detection, settings: ChangeSettings) -> float:
    """Return what the places of couplings say for two trains being one that did not move, log-odds.

    The distance of the shorter train's couplings and ends from the nearest of the longer one: half normal
    about zero if they are one, anything up to half a vehicle if not. Zero where vehicles were not told apart.
    """
    if not all(d.cars and d.cars.width <= 1 and len(d.rolling_stock) > 1 for d in (a, b)):
        return 0.0
    ours, theirs = sorted((_couplings(a), _couplings(b)), key=lambda at: float(at[-1] - at[0]))
    away = float(np.median(np.abs(ours[:, None] - theirs).min(axis=1)))
    half_m = float(np.median(np.diff(theirs))) / 2
    sd = settings.coupling_sd_m * max(pair.earlier.image.gsd_m / 0.5, pair.later.image.gsd_m / 0.5, 1.0)
    odds = 0.5 * log(2 / pi) - log(sd) - 0.5 * (away / sd) ** 2 + log(half_m)
    return float(np.clip(odds, -settings.coupling_against_max, settings.cut_for_max))


def _couplings(train: Detection) -> Float64:
    """Return a train's ends and the middles of its couplings along its track, metres."""
    stock = train.rolling_stock
    between = [0.5 * (one.to_m + two.from_m) for one, two in pairwise(stock)]
    return np.array([stock[0].from_m, *between, stock[-1].to_m])
