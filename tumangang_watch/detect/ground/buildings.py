"""Changed ground that throws a new shadow is a roof or a stack, not a yard: told by its height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, binary_opening
from shapely import Polygon

from tumangang_watch.detect.blobs import as_multi, disk, hysteresis, outline
from tumangang_watch.detect.shadows import swept
from tumangang_watch.model.observation import Observation
from tumangang_watch.settings.cargo import HandlingSettings

Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class Building:
    """A part of changed ground that stands above the rest."""

    area_m2: float
    height_m: float
    """To the last metre of height whose shadow is seen."""


def new_buildings(
    earlier: Observation,
    later: Observation,
    strength: NDArray[np.float32],
    inside: NDArray[np.bool_],
    settings: HandlingSettings,
) -> tuple[Building, ...]:
    """Return what of a handling polygon's changed ground throws a shadow that was not there before.

    Height from shadow on flat ground (Irvin and McKeown 1989): the ground each further metre of height
    would darken is looked at in turn, until less than half of it is darker than before.

    Parameters
    ----------
    earlier, later : Observation
        On one grid, in one frame, the second normalised to the first.
    strength : (rows / k, cols / k) float32
        On a grid coarser by a whole factor: how unlike the same land cover elsewhere each pixel changed,
        of `growth.Turned`.
    inside : (rows / k, cols / k) bool
        The handling polygon.

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
    # How much darker each pixel became, as a log, and where that is known.
    one, two = (np.maximum(o.raster.luminance(), 1e-3) for o in (earlier, later))
    step = np.log(one / two).astype(np.float32)
    known = earlier.raster.valid & later.raster.valid & ~earlier.quality.cloud & ~later.quality.cloud
    strength, inside = _as_fine(strength, step.shape), _as_fine(inside, step.shape)
    sunlit = known & inside & (step < settings.building_shade_log)
    changed = hysteresis(
        sunlit & (strength > settings.strong_change), sunlit & (strength > settings.weak_change)
    )
    found = (
        Building(float(part.area), _height(part, (azimuth, elevation), step, known, later, settings))
        for part in _parts(changed, later, settings)
    )
    return tuple(b for b in found if b.height_m >= settings.building_height_m)


def _parts(changed: NDArray[np.bool_], later: Observation, settings: HandlingSettings) -> list[Polygon]:
    """Return the outlines of changed ground that may be a building's."""
    grid = later.raster.grid
    width = max(1, round(0.5 * settings.width_min_m / grid.pixel_m))
    mask = np.asarray(binary_opening(binary_fill_holes(changed), disk(width)))
    parts = as_multi(outline(mask, grid, 0, 0)).geoms
    return [p for p in parts if p.area >= settings.building_min_m2 and _filled(p) >= settings.building_fill]


def building_words(building: Building, state: str) -> str:
    """Return ``a building or a stack of 240 m², about 4 m high, is new``."""
    size = f"{building.area_m2:.0f} m², about {building.height_m:.0f} m high"
    return f"a building or a stack of {size}, is {state}"


def _as_fine(coarse: NDArray[Value], shape: tuple[int, ...]) -> NDArray[Value]:
    """Return a coarse array on the fine pixels that its cells hold; the last cells reach to the edge."""
    rows, cols = (np.arange(n) // max(1, round(n / m)) for n, m in zip(shape, coarse.shape, strict=True))
    return coarse[np.minimum(rows, coarse.shape[0] - 1)[:, None], np.minimum(cols, coarse.shape[1] - 1)]


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
    if sunny.sum() < settings.class_min_px:
        return 0.0
    typical = float(np.median(step[sunny]))
    inner, height = part.buffer(1.0), 0.0
    for metres in np.arange(1.0, settings.building_height_max_m + 0.5):
        outer = swept(part, azimuth, elevation, float(metres))
        strip = grid.mask([outer.difference(inner)]) & known
        if strip.sum() >= settings.building_strip_px:
            darker = step[strip] - typical > settings.building_shade_log
            if darker.mean() < settings.building_shade_share:
                break
            height = float(metres)
            inner = inner.union(outer)
    return height
