"""A scene straightened along a guide, as the network of tracks takes it.

Rows run across the guide and columns along it. Tones are shares of the way from the darkest to the usual
ground, as in `detect.trains.view`: a gain and the path light of a haze drop out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tumangang_watch.detect.trains.view import Light, shares
from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene

CELL_M = 0.5
"""Cell of a view, across and along."""
FINE_M = CELL_M / 2
"""Step at which the scene is sampled."""
CHANNELS = ("right", "left", "red_blue", "green", "nir", "fine", "seen", "shadow", "lean", "gsd", "known")
"""Of `view_of`: log tone of the cell's right and left half, hues, texture along the guide, what is seen, and,
the same everywhere, which way a vehicle's shadow and its top fall across the guide, the scene's resolution,
and whether the sun is known."""
FLOOR = 0.15
"""Added before logarithms: a fraction of the usual ground's light, about what shadow keeps."""
BODY_M = 3.0
"""Height of a vehicle for its shadow and its lean."""
HEADING_BASE_M = 6.0
"""Half of the base over which a guide's heading is taken."""
BLOCK_SAMPLES = 1 << 20
"""Points sampled at a time: bounds memory."""


@dataclass(frozen=True)
class Frame:
    """A guide with its normals: ``s`` along it, ``y`` to its left, metres."""

    points: NDArray[Any]
    """(n, 2) the guide's points (x, y), the middles of steps of `FINE_M`."""
    left: NDArray[Any]
    """(n, 2) unit vectors to its left."""
    half_m: float

    @classmethod
    def along(cls, line: NDArray[Any], half_m: float) -> Frame:
        """Make the frame of a polyline (k, 2)."""
        guide = shapely.LineString(line)
        steps = int(guide.length / (4 * CELL_M)) * 4 * round(CELL_M / FINE_M)
        s = (np.arange(steps) + 0.5) * FINE_M
        ends = [
            shapely.get_coordinates(shapely.line_interpolate_point(guide, np.clip(s + d, 0, guide.length)))
            for d in (-HEADING_BASE_M, HEADING_BASE_M, 0.0)
        ]
        ahead = ends[1] - ends[0]
        ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
        return cls(ends[2], np.stack([-ahead[:, 1], ahead[:, 0]], axis=1), half_m)

    @property
    def length_m(self) -> float:
        """Length that cells cover."""
        return len(self.points) * FINE_M

    @property
    def rows_m(self) -> NDArray[Any]:
        """(m,) offsets of the middles of the cells' rows."""
        count = int(self.half_m / CELL_M)
        return np.arange(-count, count + 1) * CELL_M

    def place(self, s_m: NDArray[Any], y_m: NDArray[Any]) -> NDArray[Any]:
        """Return the site's (x, y) of frame coordinates, (n, 2)."""
        index = np.clip(s_m / FINE_M - 0.5, 0, len(self.points) - 1.001)
        low = index.astype(int)
        share = (index - low)[:, None]
        point = self.points[low] * (1 - share) + self.points[low + 1] * share
        left = self.left[low] * (1 - share) + self.left[low + 1] * share
        return np.asarray(point + left * y_m[:, None])


def view_of(
    image: NativeImage, scene: Scene | None, frame: Frame, within: tuple[NDArray[np.bool_], Grid] | None
) -> NDArray[np.float32]:
    """Return what the network sees: (channels, rows, cols), 0 where not seen.

    Parameters
    ----------
    image : NativeImage
        In the frame's metres.
    scene : Scene or None
        Its sun and view, where stated.
    within : (mask, grid) or None
        Ground to look at.
    """
    sub = np.array([-FINE_M / 2, FINE_M / 2])
    y = (frame.rows_m[:, None] + sub).ravel()
    parts = []
    block = max(BLOCK_SAMPLES // len(y), 64)
    for start in range(0, len(frame.points), block):
        points, left = (a[start : start + block] for a in (frame.points, frame.left))
        x = points[None, :, 0] + y[:, None] * left[None, :, 0]
        north = points[None, :, 1] + y[:, None] * left[None, :, 1]
        values, valid = image.sample(x, north)
        if within is not None:
            row, col = (np.rint(v).astype(int) for v in within[1].to_pixel(x, north))
            inside = (row >= 0) & (row < within[1].rows) & (col >= 0) & (col < within[1].cols)
            inside &= within[0][np.clip(row, 0, within[1].rows - 1), np.clip(col, 0, within[1].cols - 1)]
            valid = valid & inside
        parts.append((values, valid))
    values, valid = (np.concatenate(p, axis=-1) for p in zip(*parts, strict=True))
    patch = np.zeros((len(CHANNELS), len(y) // 2, len(frame.points) // 2), np.float32)
    if np.count_nonzero(valid) < 400:
        return patch
    patch[:7] = _looks(shares(values, _light(values, valid)), valid, image.bands)
    patch[7:] = np.asarray(_constants(image, scene, frame), np.float32)[:, None, None]
    patch *= patch[6] > 0
    return patch


def _light(values: NDArray[Any], valid: NDArray[Any]) -> Light:
    every = values[:, ::3, ::5][:, valid[::3, ::5]]
    if every.shape[1] == 0:
        every = values[:, valid]
    dark, usual = np.percentile(every, (0.5, 50), axis=1)
    return Light(np.minimum(dark, 0.8 * usual), np.maximum(usual, 1e-6), np.zeros(0))


def _looks(share: NDArray[Any], valid: NDArray[Any], bands: tuple[str, ...]) -> NDArray[Any]:
    visible = [k for k, b in enumerate(bands) if b in ("red", "green", "blue", "pan")] or [0]
    fine = np.log(FLOOR + share[visible].mean(axis=0))
    rough = np.zeros_like(fine)
    rough[:, 1:-1] = np.abs(fine[:, 1:-1] - 0.5 * (fine[:, 2:] + fine[:, :-2]))
    seen = _cells(valid.astype(np.float32)) > 0.99
    zero: NDArray[Any] = np.zeros(seen.shape, np.float32)
    red_blue: NDArray[Any] = zero
    green: NDArray[Any] = zero
    nir: NDArray[Any] = zero
    if {"red", "green", "blue"} <= set(bands):
        cell = {b: np.log(FLOOR + _cells(share[k])) for k, b in enumerate(bands)}
        red_blue = cell["red"] - cell["blue"]
        green = cell["green"] - 0.5 * (cell["red"] + cell["blue"])
        nir = cell["nir"] - cell["red"] if "nir" in cell else zero
    half = fine.reshape(fine.shape[0], -1, 2).mean(axis=2)
    texture = np.log(0.02 + _cells(rough))
    usual = float(np.median(texture[seen])) if seen.any() else 0.0
    return np.stack([half[::2], half[1::2], red_blue, green, nir, texture - usual, seen])


def _cells(values: NDArray[Any]) -> NDArray[Any]:
    rows, cols = values.shape
    return np.asarray(values.reshape(rows // 2, 2, cols // 2, 2).mean(axis=(1, 3)))


def _constants(image: NativeImage, scene: Scene | None, frame: Frame) -> tuple[float, float, float, float]:
    """Return shadow and lean to the left (10 and 3 m = 1), resolution, whether the sun is known."""
    left = frame.left.mean(axis=0)
    shadow = lean = known = 0.0
    if scene is not None and scene.sun_azimuth_deg is not None:
        elevation = 35.0 if scene.sun_elevation_deg is None else scene.sun_elevation_deg
        reach = BODY_M / tan(radians(max(elevation, 10.0)))
        shadow, known = float(_bearing(scene.sun_azimuth_deg + 180) @ left) * reach / 10, 1.0
    if scene is not None and scene.off_nadir_deg and scene.view_azimuth_deg is not None:
        reach = BODY_M * tan(radians(min(scene.off_nadir_deg, 40)))
        lean = float(_bearing(scene.view_azimuth_deg + 180) @ left) * reach / 3
    return shadow, lean, image.gsd_m, known


def _bearing(azimuth_deg: float) -> NDArray[np.float64]:
    return np.array([np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg))])
