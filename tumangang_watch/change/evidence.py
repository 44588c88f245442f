"""Do two dates show the same thing in one place? Answered on pixels, not on detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, get_coordinates, line_interpolate_point
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from tumangang_watch.model.observation import Observation

BODY_HALF_WIDTH_M = 0.9
"""Inside every wagon whatever its lean at moderate angles: bodies are 2.8-3.25 m wide."""


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


def points_beside(
    line: LineString, along_m: NDArray[np.float64], offset_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return site points (x, y), shape (offsets, along), left of the line for positive offsets."""
    behind, points, ahead = (
        get_coordinates(line_interpolate_point(line, s))
        for s in (
            np.maximum(along_m - 0.5, 0.0),
            np.maximum(along_m, 0.0),
            np.minimum(along_m + 0.5, line.length),
        )
    )
    direction = ahead - behind
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    x = points[None, :, 0] - offset_m[:, None] * direction[None, :, 1]
    y = points[None, :, 1] + offset_m[:, None] * direction[None, :, 0]
    return x, y


def body_place(line: LineString, from_m: float, to_m: float) -> BaseGeometry:
    """Return the ground a train's bodies cover, 3 m wide, in site metres."""
    return substring(line, from_m, to_m).buffer(1.5, cap_style="flat")
