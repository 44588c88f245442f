"""New ground that throws a new shadow is a roof, not a yard: told by its height, whatever its colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.shadows import swept

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon

    from tumangang_watch.model.observation import Observation
    from tumangang_watch.settings.handling import HandlingSettings


@dataclass(frozen=True)
class Building:
    """A part of new ground that stands above it."""

    area_m2: float
    height_m: float
    """To the last metre of height whose shadow is seen; roofs of one pitch are higher in the middle."""


def new_buildings(
    earlier: Observation, later: Observation, grown: MultiPolygon, settings: HandlingSettings
) -> tuple[Building, ...]:
    """Return the parts of new ground that throw a shadow which was not there before.

    Height from shadow on flat ground (Irvin and McKeown 1989): the ground each further metre of height
    would darken is looked at in turn, until less than half of it is darker than before.

    Parameters
    ----------
    earlier, later : Observation
        On one grid, in one frame, the second normalised to the first.
    grown : MultiPolygon
        New worked ground.

    Returns
    -------
    tuple of Building
        Empty where the sun is not known or stands too low or too high for a shadow to tell.
    """
    scene = later.scene
    azimuth, elevation = scene.sun_azimuth_deg, scene.sun_elevation_deg
    low, high = settings.building_sun_deg
    if azimuth is None or elevation is None or not low <= elevation <= high:
        return ()
    step, known = _darkening(earlier, later)
    out = []
    for part in grown.geoms:
        if part.area < settings.building_least_m2 or _filled(part) < settings.building_fill:
            continue
        height = _height(part, (azimuth, elevation), step, known, later, settings)
        if height >= settings.building_height_m:
            out.append(Building(float(part.area), height))
    return tuple(out)


def building_words(building: Building, state: str) -> str:
    """Return ``a building of 240 m2, about 4 m high, is new``."""
    return f"a building of {building.area_m2:.0f} m2, about {building.height_m:.0f} m high, is {state}"


def _darkening(earlier: Observation, later: Observation) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the log of how much darker each pixel became, and where that is known."""
    one, two = (np.maximum(o.raster.luminance(), 1e-3) for o in (earlier, later))
    known = earlier.raster.valid & later.raster.valid & ~earlier.quality.cloud & ~later.quality.cloud
    return np.log(one / two).astype(np.float32), known


def _filled(part: Polygon) -> float:
    """Return the share of its smallest rectangle that a shape fills: buildings are rectangles."""
    around = part.minimum_rotated_rectangle.area
    return float(part.area / around) if around > 0 else 0.0


def _height(
    part: Polygon,
    sun_deg: tuple[float, float],
    step: NDArray[np.float32],
    known: NDArray[np.bool_],
    later: Observation,
    settings: HandlingSettings,
) -> float:
    """Return the height in whole metres up to which the new shadow reaches; 0 without one."""
    grid = later.raster.grid
    azimuth, elevation = sun_deg
    ring = grid.mask([part.buffer(settings.building_around_m).difference(part.buffer(1.0))])
    # The sunny side tells what the season did to the ground around.
    tallest = swept(part, azimuth, elevation, settings.building_height_max_m)
    sunny = ring & known & ~grid.mask([tallest.buffer(1.0)])
    if sunny.sum() < settings.class_least_px:
        return 0.0
    usual = float(np.median(step[sunny]))
    inner, height = part.buffer(1.0), 0.0
    for metres in np.arange(1.0, settings.building_height_max_m + 0.5):
        outer = swept(part, azimuth, elevation, float(metres))
        strip = grid.mask([outer.difference(inner)]) & known
        if strip.sum() >= settings.building_strip_px:
            darker = step[strip] - usual > settings.building_shade_log
            if darker.mean() < settings.building_shade_share:
                break
            height = float(metres)
            inner = inner.union(outer)
    return height
