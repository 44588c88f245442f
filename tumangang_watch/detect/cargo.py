"""Goods set down on hard standing, on one date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from shapely.ops import unary_union

from tumangang_watch.detect.blobs import disk, hysteresis, part_touching, without_thin
from tumangang_watch.detect.goods import Apron, measure
from tumangang_watch.detect.pavement import Pavement, empty_pavement, smooth
from tumangang_watch.detect.shadows import Shade, shade_of, swept
from tumangang_watch.detect.surface import credible_snow

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.grid import Grid
    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site
    from tumangang_watch.settings.cargo import CargoSettings


@dataclass(frozen=True)
class Place:
    """One piece of ground that is searched."""

    area: str
    polygon: BaseGeometry
    is_apron: bool


@dataclass(frozen=True)
class Window:
    """The part of a grid around a place."""

    rows: slice
    cols: slice
    inside: NDArray[np.bool_]
    """Pixels of the place that are clear and free of trains, tracks and their shadows."""


def detect_cargo(
    observation: Observation,
    site: Site,
    trains: tuple[Detection, ...],
    settings: CargoSettings,
    background: Observation | None = None,
) -> tuple[Detection, ...]:
    """Find goods set down on the aprons of a site on one date.

    Parameters
    ----------
    observation : Observation
    site : Site
    trains : tuple of Detection
        Trains of this date: their ground and their shadows are left out.
    settings : CargoSettings
    background : Observation, optional
        Another date on the same grid, in the same frame and radiometry. What is alike on both
        dates and throws no shadow is taken for a mark of the pavement.

    Returns
    -------
    tuple of Detection
        From north to south and west to east.
    """
    if background is not None and background.raster.grid != observation.raster.grid:
        raise ValueError("background lies on a different grid")
    blocked = blocked_ground(observation, site, trains, settings)
    shaded = _shaded(observation, trains, settings)
    found: list[Detection] = []
    for place in places_of(site, settings, observation.scene.acquired.date()):
        window = _window(observation, place, blocked, shaded, settings)
        if window is not None:
            found += _search(observation, site, place, window, settings, background)
    found.sort(key=lambda d: (-round(d.geometry.centroid.y, 1), round(d.geometry.centroid.x, 1)))
    return tuple(replace(d, id=f"{observation.date}-cargo-{k}") for k, d in enumerate(found, 1))


def places_of(site: Site, settings: CargoSettings, on: date) -> list[Place]:
    """Return the aprons open to the sky on a day, or the ground beside tracks where a site has none.

    No two overlap.
    """
    ignored = unary_union([a.polygon for a in site.having("ignore")])
    places: list[Place] = []
    taken = ignored
    aprons = site.having("apron")
    for area in aprons:
        if area.occluded_from is None or area.occluded_from > on:
            places.append(Place(area.id, area.polygon.difference(taken), True))
        taken = taken.union(area.polygon)
    if not aprons:
        near = unary_union([t.line.buffer(settings.beside_track_m) for t in site.tracks])
        for area in site.having("yard"):
            places.append(Place(area.id, area.polygon.intersection(near).difference(ignored), False))
    return [p for p in places if p.polygon.area >= settings.min_area_m2]


def blocked_ground(
    observation: Observation, site: Site, trains: tuple[Detection, ...], settings: CargoSettings
) -> BaseGeometry:
    """Return the ground of tracks and trains, where no goods are looked for."""
    scene = observation.scene
    parts = [t.line.buffer(settings.track_margin_m, cap_style="flat") for t in site.tracks]
    for train in trains:
        if train.date != observation.date:
            continue
        parts.append(train.geometry.buffer(settings.train_margin_m if train.geometry.area == 0 else 1.0))
        if scene.off_nadir_deg and scene.view_azimuth_deg is not None:
            # Relief leans away from the satellite as shadow falls away from the sun.
            lean = swept(
                train.geometry.buffer(settings.lean_margin_m),
                scene.view_azimuth_deg,
                90.0 - scene.off_nadir_deg,
                settings.train_height_m,
            )
            parts.append(lean)
    return unary_union(parts)


def _shaded(observation: Observation, trains: tuple[Detection, ...], settings: CargoSettings) -> BaseGeometry:
    """Return where trains can cast their shadow; what is lit there stands higher or is no shadow."""
    scene = observation.scene
    if scene.sun_azimuth_deg is None or scene.sun_elevation_deg is None:
        return unary_union([])
    sun = scene.sun_azimuth_deg, scene.sun_elevation_deg
    here = [t.geometry.buffer(1.0) for t in trains if t.date == observation.date]
    return unary_union([swept(body, *sun, settings.train_height_m) for body in here])


def _window(
    observation: Observation,
    place: Place,
    blocked: BaseGeometry,
    shaded: BaseGeometry,
    settings: CargoSettings,
) -> Window | None:
    grid = observation.raster.grid
    west, south, east, north = place.polygon.buffer(15.0).bounds
    top, left = grid.to_pixel(west, north)
    bottom, right = grid.to_pixel(east, south)
    rows = slice(max(int(top), 0), min(int(bottom) + 1, grid.rows))
    cols = slice(max(int(left), 0), min(int(right) + 1, grid.cols))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return None
    inside = _part(grid, rows, cols).mask([place.polygon.difference(blocked)])
    quality = observation.quality
    inside &= quality.clear[rows, cols] & observation.raster.valid[rows, cols]
    inside &= ~quality.cloud_shadow[rows, cols]
    if inside.any() and not shaded.is_empty:
        light = observation.raster.luminance()[rows, cols]
        dark = light < settings.train_shadow_below * float(np.median(light[inside]))
        inside &= ~(dark & _part(grid, rows, cols).mask([shaded]))
    return Window(rows, cols, inside) if inside.any() else None


def _part(grid: Grid, rows: slice, cols: slice) -> Grid:
    return replace(
        grid,
        west=grid.west + cols.start * grid.pixel_m,
        north=grid.north - rows.start * grid.pixel_m,
        rows=rows.stop - rows.start,
        cols=cols.stop - cols.start,
    )


def _search(
    observation: Observation,
    site: Site,
    place: Place,
    window: Window,
    settings: CargoSettings,
    background: Observation | None,
) -> list[Detection]:
    """Return the goods of one place, without ids."""
    seen = observation.observed_fraction(place.polygon)
    grid = observation.raster.grid
    if seen < settings.least_observed or window.inside.sum() < 4 * settings.min_pixels:
        return []
    values = observation.raster.values[:, window.rows, window.cols]
    ground = empty_pavement(values, window.inside, grid.pixel_m, settings)
    shade = shade_of(ground.sharp, window.inside, observation.raster.bands, settings)
    shadow = _shadow_mask(ground, shade, grid.pixel_m, settings)
    darkness = np.where(shade.misfit < 2 * settings.shadow_misfit_range[1], np.clip(shade.share, 0, 1), 0)
    bodies = _bodies(ground, shadow, window, grid.pixel_m, settings, observation)
    labels = part_touching(bodies, settings.touching_neck, settings.min_width_m / 2 / grid.pixel_m)
    apron = Apron(
        id=place.area,
        firm=place.is_apron,
        grid=_part(grid, window.rows, window.cols),
        values=values,
        usable=window.inside,
        ground=ground,
        darkness=darkness.astype(np.float32),
        bodies=bodies,
        changed=_changed(observation, background, window, grid.pixel_m, settings),
        white=_white(observation),
        tracks=tuple(t.line for t in site.tracks),
        observed_fraction=seen,
    )
    found = [measure(labels == k, apron, observation, settings) for k in range(1, int(labels.max()) + 1)]
    return [item for item in found if item is not None]


def _shadow_mask(
    ground: Pavement, shade: Shade, pixel_m: float, settings: CargoSettings
) -> NDArray[np.bool_]:
    """Return cast shadow with its half-shadow edge."""
    from scipy.ndimage import binary_dilation

    limit = np.clip(settings.shadow_misfit * shade.share, *settings.shadow_misfit_range)
    even = shade.misfit < limit
    full = even & (shade.share > settings.shadow_full) & (shade.share < settings.shadow_deepest)
    full = without_thin(full, settings.shadow_length_m[0] / pixel_m)
    edge = np.asarray(binary_dilation(full, disk(settings.penumbra_m / pixel_m)))
    half = edge & (shade.share > 0.1) & (shade.misfit < 1.5 * limit)
    return np.asarray(full | (half & (shade.share < settings.shadow_deepest)))


def _bodies(
    ground: Pavement,
    shadow: NDArray[np.bool_],
    window: Window,
    pixel_m: float,
    settings: CargoSettings,
    observation: Observation,
) -> NDArray[np.bool_]:
    """Return the pixels of raised things: unlike the pavement and not shadow."""
    unlike = np.abs(ground.relative).max(axis=0)
    weak = window.inside & (ground.distance > settings.weak_contrast) & (unlike > settings.weak_relative)
    strong = weak & (ground.distance > settings.strong_contrast)
    snow = credible_snow(observation, settings.snow_contrast)[0][window.rows, window.cols]
    body = weak & ~shadow & ~snow
    return without_thin(hysteresis(strong & body, body), settings.min_width_m / pixel_m)


def _changed(
    observation: Observation,
    background: Observation | None,
    window: Window,
    pixel_m: float,
    settings: CargoSettings,
) -> NDArray[np.float32] | None:
    """Return the relative difference to the other date (largest over bands), or None without one."""
    if background is None:
        return None
    both = window.inside & background.quality.clear[window.rows, window.cols]
    both &= background.raster.valid[window.rows, window.cols]
    if not both.any():
        return None
    out = np.zeros(both.shape, dtype=np.float32)
    for band in observation.raster.bands:
        if band not in background.raster.bands:
            continue
        now = observation.raster.band(band)[window.rows, window.cols]
        then = background.raster.band(band)[window.rows, window.cols]
        middle = max(float(np.median(now[both])), 1e-6)
        step = smooth(now - then, both, settings.smooth_m / pixel_m) / middle
        out = np.maximum(out, np.abs(step - np.median(step[both])))
    return np.where(both, out, np.nan).astype(np.float32)


def _white(observation: Observation) -> float:
    """Return what a white surface would show: a bright quantile, not below twice the usual ground."""
    seen = observation.quality.clear & observation.raster.valid
    tone = observation.raster.luminance()[seen]
    if tone.size == 0:
        return 1.0
    middle, bright = np.quantile(tone[:: max(1, tone.size // 50000)], (0.5, 0.999))
    return float(max(bright, 2.5 * middle))
