"""A scene straightened along a guide, and where a small convolutional network reads tracks in it.

Rows run across the guide and columns along it. Values are shares of the way from the darkest to the typical
ground, as in `detect.trains.view`: a gain and the path light of a haze drop out. The network sees some 8 m of
ground on both sides and 40 m along. Its weights come from yards of two painters that draw differently
(``python -m training.trace_net``); no real picture is among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.shadows import lean_fall, shadow_fall
from tumangang_watch.detect.trains.view import (
    RadiometricScale,
    band_ratios,
    log_share,
    roughness,
    scale_between,
    shares,
    visible,
)
from tumangang_watch.detect.vehicles.read import CELL_M as PLAIN_M
from tumangang_watch.detect.vehicles.read import NOTHING, VehicleMap, halved, read_vehicles
from tumangang_watch.grid import Float32, Floats, Grid, Mask
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene
from tumangang_watch.nets import NetworkLayout, Runner, in_pieces, weights
from tumangang_watch.track_frame import TrackFrame, frame_along

CELL_M = 0.5
"""Cell of a view, across and along."""
FINE_M = CELL_M / 2
"""Step at which the scene is sampled."""
CHANNELS = (
    "right",
    "left",
    "red_blue",
    "green",
    "nir",
    "fine",
    "seen",
    "shadow",
    "lean",
    "gsd",
    "known",
    "track",
    "along",
    "body",
    "end",
)
"""Of `view_of`: log brightness of the cell's right and left half, band ratios, texture along the guide, what
is seen; the same everywhere, which way a vehicle's shadow and its top fall across the guide, the scene's
resolution, and whether the sun is known; and of the plain picture's reading: log-odds of a track's middle,
how well its direction is the guide's (1: along it, -1: across), log-odds of a vehicle's top and of its
end."""
PLAIN_NETWORK = "vehicle_net"
PLAIN_ODDS = 6.0
"""Log-odds of the plain picture's reading are cut there, and told in shares of it."""
BODY_M = 3.0
"""Height of a vehicle for its shadow and its lean."""
HEADING_BASE_M = 6.0
"""Half of the base over which a guide's heading is taken."""
BLOCK_SAMPLES = 1 << 20
"""Points sampled at a time: bounds memory."""

SHRINK = 4
"""Columns of a view to one of the network's outputs: 2 m."""
DILATIONS = ((1, 1), (2, 2), (4, 4), (4, 8), (2, 4), (1, 1), (2, 8))
"""Rows and columns of the inner layers: together 16 rows (8 m) and 28 columns (56 m) on either side."""
REACH = sum(d for _, d in DILATIONS) + 3
"""Output columns on either side that one depends on."""
PIECE = 256
"""Output columns computed at a time: bounds the memory of the convolutions."""


@dataclass(frozen=True)
class TraceScene:
    """A scene in which tracks are looked for."""

    image: NativeImage
    """In the site's metres, registered to the others."""
    scene: Scene | None
    """What is known of its sun and view tells bodies from their tracks."""
    plain: VehicleMap | None = None
    """What is read of the plain picture; None where it was not."""


def trace_scene(
    image: NativeImage, scene: Scene | None, area: BaseGeometry, grid: Grid, gsd_max_m: float
) -> TraceScene:
    """Return a scene with its plain picture read in an area under ``grid``, unless it is too coarse."""
    if image.gsd_m > gsd_max_m:
        return TraceScene(image, scene)
    fine = grid.at(PLAIN_M)
    return TraceScene(image, scene, read_vehicles(image, fine, fine.mask([area]), weights(PLAIN_NETWORK)))


@dataclass(frozen=True)
class Search:
    """Scenes and ground in which tracks are looked for."""

    scenes: tuple[TraceScene, ...]
    area: BaseGeometry
    grid: Grid
    """Over the area, pixels of a metre or so."""
    mask: Mask
    """The area on the grid."""


@dataclass(frozen=True)
class GuideFrame:
    """Ground along a guide: ``s`` along it, ``y`` to its left, metres."""

    track: TrackFrame
    """The middles of steps of `FINE_M`."""
    half_m: float

    @classmethod
    def along(cls, line: Floats, half_m: float) -> GuideFrame:
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
    def rows_m(self) -> Floats:
        """(m,) offsets of the middles of the cells' rows."""
        count = int(self.half_m / CELL_M)
        return np.arange(-count, count + 1) * CELL_M

    def place(self, s_m: Floats, y_m: Floats) -> Floats:
        """Return the site's (x, y) of frame coordinates, (n, 2)."""
        index = np.clip(s_m / FINE_M - 0.5, 0, self.steps - 1.001)
        low = index.astype(int)
        share = index - low
        point, left = (
            v[:, low] * (1 - share) + v[:, low + 1] * share for v in (self.track.points, self.track.left)
        )
        return np.asarray((point + left * y_m).T)


def view_of(scene: TraceScene, frame: GuideFrame, within: Search | None) -> Float32:
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
    patch[:7] = _ground_channels(shares(values, _scale(values, valid)), valid, image.bands)
    patch[7:11] = np.asarray(_constants(scene, frame), np.float32)[:, None, None]
    if scene.plain is not None:
        patch[11:] = _plain_channels(scene.plain, frame)
    patch *= patch[6] > 0
    return patch


def _plain_channels(plain: VehicleMap, frame: GuideFrame) -> Float32:
    """Return (4, rows, cols) of the plain picture's reading in a frame."""
    middles = frame.track.part(slice(1, None, 2))
    row, col = plain.grid.to_pixel(*middles.mesh(frame.rows_m))
    cut = _around(row, plain.grid.rows), _around(col, plain.grid.cols)
    maps = (col - cut[1].start).astype(np.float32), (row - cut[0].start).astype(np.float32)

    def at(values: Float32, outside: float) -> Float32:
        sampled = cv2.remap(
            values, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=outside
        )
        return np.asarray(sampled, np.float32)

    track, body, end = (
        np.clip(at(v[cut], NOTHING), -PLAIN_ODDS, PLAIN_ODDS) / PLAIN_ODDS
        for v in (plain.track, plain.body, plain.end)
    )
    along, heading = np.arctan2(middles.ahead[1], middles.ahead[0]), plain.heading[cut]
    turned = at(np.cos(2 * heading), 0.0) * np.cos(2 * along)
    turned += at(np.sin(2 * heading), 0.0) * np.sin(2 * along)
    return np.stack([track, turned, body, end])


def _around(at: Floats, count: int) -> slice:
    """Return the pixels, of so many, about places: a map is large, and a frame lies in a part of it."""
    first = int(np.clip(np.floor(at.min()) - 1, 0, count - 1))
    return slice(first, int(np.clip(np.ceil(at.max()) + 2, first + 1, count)))


def _scale(values: Floats, valid: Mask) -> RadiometricScale:
    every = values[:, ::3, ::5][:, valid[::3, ::5]]
    return scale_between(every if every.shape[1] else values[:, valid])


def _ground_channels(share: Floats, valid: Mask, bands: tuple[str, ...]) -> Floats:
    fine = log_share(visible(share, bands).mean(axis=0))
    seen = halved(valid.astype(np.float32)) > 0.99
    half = fine.reshape(fine.shape[0], -1, 2).mean(axis=2)
    texture = np.log(0.02 + halved(roughness(fine)))
    typical = float(np.median(texture[seen])) if seen.any() else 0.0
    ratios = band_ratios({band: halved(share[k]) for k, band in enumerate(bands)})
    return np.stack([half[::2], half[1::2], *ratios, texture - typical, seen])


def _constants(seen: TraceScene, frame: GuideFrame) -> tuple[float, float, float, float]:
    """Return shadow and lean to the left (10 and 3 m = 1), resolution, whether the sun is known."""
    left, scene = frame.track.left.mean(axis=1), seen.scene
    if scene is None:
        return 0.0, 0.0, seen.image.gsd_m, 0.0
    fall = shadow_fall(scene, BODY_M, 35.0, 10.0)
    shadow = 0.0 if fall is None else float(fall @ left) / 10
    return shadow, float(lean_fall(scene, BODY_M) @ left) / 3, seen.image.gsd_m, float(fall is not None)


def track_odds(view: Float32) -> tuple[Float32, Float32]:
    """Return log-odds of a track's middle, and that vehicles stand there, (rows, cols // `SHRINK`) each.

    Parameters
    ----------
    view : (channels, rows, cols) float32
        Of `view_of`; ``cols`` a multiple of `SHRINK`.
    """

    def run(part: slice) -> Float32:
        return _network()(view[None, :, :, part.start * SHRINK : part.stop * SHRINK])[0]

    middle, occupied = in_pieces(run, view.shape[2] // SHRINK, PIECE, REACH)
    return middle, occupied


@cache
def _network() -> Runner:
    """Return the network that reads a view."""
    net = NetworkLayout(weights("trace_net"), view=len(CHANNELS))
    x = "view"
    for name in "ab":
        x = net.conv(x, name, stride=(1, 2))
    for k, dilation in enumerate(DILATIONS):
        x = net.add(x, net.conv(x, f"d.{k}", dilation=dilation))
    return net.runner(net.conv(x, "e", relu=False))
