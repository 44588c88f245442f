"""Do two dates show the same thing in one place? Answered on pixels, not on detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from shapely import LineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from tumangang_watch.grid import Grid
from tumangang_watch.model.observation import Observation

BODY_HALF_WIDTH_M = 0.9
"""Inside every wagon whatever its lean at moderate angles: bodies are 2.8-3.25 m wide."""


def pixel_similarity(earlier: Observation, later: Observation, place: BaseGeometry) -> float | None:
    """Return the correlation (-1..1) of two dates' pixels in a place, or None if unseen.

    Gain and offset between the dates drop out. Both observations must share a grid.
    """
    if earlier.raster.grid != later.raster.grid:
        raise ValueError("observations lie on different grids")
    window = _window(earlier, place)
    if window is None:
        return None
    rows, cols, inside = window
    seen = inside & earlier.quality.clear[rows, cols] & later.quality.clear[rows, cols]
    if seen.sum() < 12:
        return None
    scores = []
    for band in (b for b in earlier.raster.bands if b in later.raster.bands):
        a = earlier.raster.band(band)[rows, cols][seen].astype(np.float64)
        b = later.raster.band(band)[rows, cols][seen].astype(np.float64)
        spread = a.std() * b.std()
        if spread > 0:
            scores.append(float(((a - a.mean()) * (b - b.mean())).mean() / spread))
    return float(np.mean(scores)) if scores else None


def _window(observation: Observation, place: BaseGeometry) -> tuple[slice, slice, NDArray[np.bool_]] | None:
    grid = observation.raster.grid
    west, south, east, north = place.bounds
    r0 = max(int((grid.north - north) / grid.pixel_m), 0)
    r1 = min(int((grid.north - south) / grid.pixel_m) + 1, grid.rows)
    c0 = max(int((west - grid.west) / grid.pixel_m), 0)
    c1 = min(int((east - grid.west) / grid.pixel_m) + 1, grid.cols)
    if r0 >= r1 or c0 >= c1:
        return None
    part = Grid(
        crs=grid.crs,
        west=grid.west + c0 * grid.pixel_m,
        north=grid.north - r0 * grid.pixel_m,
        pixel_m=grid.pixel_m,
        rows=r1 - r0,
        cols=c1 - c0,
    )
    return slice(r0, r1), slice(c0, c1), part.mask([place])


def points_beside(
    line: LineString, along_m: NDArray[np.float64], offset_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return site points (x, y), shape (offsets, along), left of the line for positive offsets."""
    points = np.array([line.interpolate(float(s)).coords[0] for s in along_m])
    ahead = np.array([line.interpolate(float(min(s + 0.5, line.length))).coords[0] for s in along_m])
    behind = np.array([line.interpolate(float(max(s - 0.5, 0.0))).coords[0] for s in along_m])
    direction = ahead - behind
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    x = points[None, :, 0] - offset_m[:, None] * direction[None, :, 1]
    y = points[None, :, 1] + offset_m[:, None] * direction[None, :, 0]
    return x, y


def body_place(line: LineString, from_m: float, to_m: float) -> BaseGeometry:
    """Return the ground a train's bodies cover, 3 m wide, in site metres."""
    return substring(line, from_m, to_m).buffer(1.5, cap_style="flat")
