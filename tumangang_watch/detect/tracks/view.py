"""A scene straightened along a guide, as the network of tracks takes it.

Rows run across the guide and columns along it. Tones are shares of the way from the darkest to the usual
ground, as in `detect.trains.view`: a gain and the path light of a haze drop out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.trains.view import RadiometricScale, shares
from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene
from tumangang_watch.track_frame import TrackFrame, bearing, frame_along

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
class TraceScene:
    """A scene in which tracks are looked for."""

    image: NativeImage
    """In the site's metres, registered to the others."""
    scene: Scene | None
    """What is known of its sun and view tells bodies from their tracks."""


@dataclass(frozen=True)
class SearchArea:
    """Ground in which tracks are looked for."""

    area: BaseGeometry
    grid: Grid
    """Over the area, pixels of a metre or so."""
    mask: NDArray[np.bool_]
    """The area on the grid."""


@dataclass(frozen=True)
class GuideFrame:
    """Ground along a guide: ``s`` along it, ``y`` to its left, metres."""

    track: TrackFrame
    """The middles of steps of `FINE_M`."""
    half_m: float

    @classmethod
    def along(cls, line: NDArray[np.floating], half_m: float) -> GuideFrame:
        """Make the frame of a polyline (k, 2)."""
        guide = shapely.LineString(line)
        steps = int(guide.length / (4 * CELL_M)) * 4 * round(CELL_M / FINE_M)
        return cls(frame_along(guide, (np.arange(steps) + 0.5) * FINE_M, HEADING_BASE_M), half_m)

    @property
    def steps(self) -> int:
        """Number of steps of `FINE_M` along it."""
        return self.track.points.shape[1]

    @property
    def length_m(self) -> float:
        """Length that cells cover."""
        return self.steps * FINE_M

    @property
    def rows_m(self) -> NDArray[np.floating]:
        """(m,) offsets of the middles of the cells' rows."""
        count = int(self.half_m / CELL_M)
        return np.arange(-count, count + 1) * CELL_M

    def place(self, s_m: NDArray[np.floating], y_m: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the site's (x, y) of frame coordinates, (n, 2)."""
        index = np.clip(s_m / FINE_M - 0.5, 0, self.steps - 1.001)
        low = index.astype(int)
        share = index - low
        point, left = (
            v[:, low] * (1 - share) + v[:, low + 1] * share for v in (self.track.points, self.track.left)
        )
        return np.asarray((point + left * y_m).T)


def view_of(scene: TraceScene, frame: GuideFrame, within: SearchArea | None) -> NDArray[np.float32]:
    """Return what the network sees: (channels, rows, cols), 0 where not seen or not to be looked at."""
    image = scene.image
    sub = np.array([-FINE_M / 2, FINE_M / 2])
    y = (frame.rows_m[:, None] + sub).ravel()
    parts = []
    block = max(BLOCK_SAMPLES // len(y), 64)
    for start in range(0, frame.steps, block):
        places = frame.track.part(slice(start, start + block)).mesh(y)
        values, valid = image.sample(*places)
        if within is not None:
            valid = valid & within.grid.look_up(within.mask, *places)
        parts.append((values, valid))
    values, valid = (np.concatenate(p, axis=-1) for p in zip(*parts, strict=True))
    patch = np.zeros((len(CHANNELS), len(y) // 2, frame.steps // 2), np.float32)
    if np.count_nonzero(valid) < 400:
        return patch
    patch[:7] = _looks(shares(values, _light(values, valid)), valid, image.bands)
    patch[7:] = np.asarray(_constants(scene, frame), np.float32)[:, None, None]
    patch *= patch[6] > 0
    return patch


def _light(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> RadiometricScale:
    every = values[:, ::3, ::5][:, valid[::3, ::5]]
    if every.shape[1] == 0:
        every = values[:, valid]
    dark, typical = np.percentile(every, (0.5, 50), axis=1)
    return RadiometricScale(np.minimum(dark, 0.8 * typical), np.maximum(typical, 1e-6), np.zeros(0))


def _looks(
    share: NDArray[np.floating], valid: NDArray[np.bool_], bands: tuple[str, ...]
) -> NDArray[np.floating]:
    visible = [k for k, b in enumerate(bands) if b in ("red", "green", "blue", "pan")] or [0]
    fine = np.log(FLOOR + share[visible].mean(axis=0))
    rough = np.zeros_like(fine)
    rough[:, 1:-1] = np.abs(fine[:, 1:-1] - 0.5 * (fine[:, 2:] + fine[:, :-2]))
    seen = _cells(valid.astype(np.float32)) > 0.99
    zero: NDArray[np.floating] = np.zeros(seen.shape, np.float32)
    red_blue: NDArray[np.floating] = zero
    green: NDArray[np.floating] = zero
    nir: NDArray[np.floating] = zero
    if {"red", "green", "blue"} <= set(bands):
        cell = {b: np.log(FLOOR + _cells(share[k])) for k, b in enumerate(bands)}
        red_blue = cell["red"] - cell["blue"]
        green = cell["green"] - 0.5 * (cell["red"] + cell["blue"])
        nir = cell["nir"] - cell["red"] if "nir" in cell else zero
    half = fine.reshape(fine.shape[0], -1, 2).mean(axis=2)
    texture = np.log(0.02 + _cells(rough))
    typical = float(np.median(texture[seen])) if seen.any() else 0.0
    return np.stack([half[::2], half[1::2], red_blue, green, nir, texture - typical, seen])


def _cells(values: NDArray[np.floating]) -> NDArray[np.floating]:
    rows, cols = values.shape
    return np.asarray(values.reshape(rows // 2, 2, cols // 2, 2).mean(axis=(1, 3)))


def _constants(seen: TraceScene, frame: GuideFrame) -> tuple[float, float, float, float]:
    """Return shadow and lean to the left (10 and 3 m = 1), resolution, whether the sun is known."""
    left, scene = frame.track.left.mean(axis=1), seen.scene
    shadow = lean = known = 0.0
    if scene is not None and scene.sun_azimuth_deg is not None:
        elevation = 35.0 if scene.sun_elevation_deg is None else scene.sun_elevation_deg
        reach = BODY_M / tan(radians(max(elevation, 10.0)))
        shadow, known = float(bearing(scene.sun_azimuth_deg + 180) @ left) * reach / 10, 1.0
    if scene is not None and scene.off_nadir_deg and scene.view_azimuth_deg is not None:
        reach = BODY_M * tan(radians(min(scene.off_nadir_deg, 40)))
        lean = float(bearing(scene.view_azimuth_deg + 180) @ left) * reach / 3
    return shadow, lean, seen.image.gsd_m, known
