"""What the network of track groups sees of one track: the ground along it in bed units, where its body, its
shadow and its neighbours lie, on steps in metres whatever the pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tumangang_watch.detect.coarse.groups import Corridor
from tumangang_watch.detect.coarse.states import Displacement, footprints_at
from tumangang_watch.grid import Float32, Float64, Mask
from tumangang_watch.settings.groups import GroupSettings

ALONG_M = 1.5
"""Step along the track: the finest pixel that is read."""
ACROSS_M = 0.75
"""Step across it."""
HALF_ROWS = 12
"""Rows to either side: 9 m, the margin of a corridor."""
CHANNELS = ("light", "unlike_row", "warm", "green", "seen", "body", "shade", "others")
"""Brightness; what of it differs from the row's typical one; red less blue; infrared less red; where ground
was seen; a body on this track, its shadow (none where the sun is not known) and bodies on the others."""
BLOCK = 8
"""Steps that share one drawing of bodies and shadow."""
MOST = 3.0
"""Bed units beyond which nothing more is told."""


@dataclass(frozen=True)
class TrackView:
    """One track of a corridor as the network reads it."""

    patch: Float32
    """(channels, rows, n)"""
    column: Float64
    """(n,) where its steps lie along the corridor, in the corridor's columns."""


def view_of(
    corridor: Corridor, values: Float64, track: int, lights: list[Displacement], settings: GroupSettings
) -> TrackView:
    """Return what the network sees of one track.

    Parameters
    ----------
    values : (bands, m, n) float
        The corridor in bed units.
    lights : list of Displacement
        Where shadows may fall (`displacements_of`): none is drawn where that is not known.
    """
    last = corridor.s_m.size - 1
    spacing = float(corridor.s_m[1] - corridor.s_m[0])
    column = np.arange(0.0, last + 1e-9, ALONG_M / spacing)
    near = np.minimum(np.rint(column).astype(int), last)
    offsets = corridor.offset_m[:, near]
    runs = np.isfinite(offsets[track])
    across = np.arange(-HALF_ROWS, HALF_ROWS + 1) * ACROSS_M
    row = (np.nan_to_num(offsets[track]) + across[:, None] - corridor.y_m[0]) / corridor.step_m
    at = [np.ascontiguousarray(np.broadcast_to(a, row.shape), np.float32) for a in (column, row)]
    there = _moved((corridor.valid & np.isfinite(values).all(axis=0)).astype(np.float32), at)
    seen = (there > 0.99) & runs
    bands = np.stack([_moved(band.astype(np.float32), at) for band in np.nan_to_num(values)])
    light_there = np.clip(bands.mean(axis=0) - 1.0, -2.0, MOST)
    patch = np.zeros((len(CHANNELS), *row.shape), np.float32)
    patch[0] = light_there
    patch[1] = light_there - _typical(light_there, seen)
    patch[2] = _difference(corridor.bands, bands, "red", "blue")
    patch[3] = _difference(corridor.bands, bands, "nir", "red")
    patch[:4] *= seen
    patch[4] = seen
    for start in range(0, column.size, BLOCK):
        part = slice(start, min(start + BLOCK, column.size))
        middle = offsets[:, (part.start + part.stop) // 2] - np.nan_to_num(
            offsets[track, (part.start + part.stop) // 2]
        )
        patch[5:, :, part] = _drawing(middle, track, lights, corridor.gsd_m, settings)[:, :, None]
    return TrackView(patch, column)


def _moved(plane: Float32, at: list[Float32]) -> Float32:
    """Return a plane of the corridor at other places; 0 beyond it."""
    return np.asarray(cv2.remap(plane, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT))


def _typical(light: Float32, seen: Mask) -> Float32:
    """Return each row's mean where it is seen, (rows, 1)."""
    return np.asarray((light * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1))[:, None]


def _difference(names: tuple[str, ...], bands: Float32, one: str, other: str) -> Float32 | float:
    """Return one band less another; 0 where the scene lacks one."""
    if one not in names or other not in names:
        return 0.0
    return np.clip(bands[names.index(one)] - bands[names.index(other)], -MOST, MOST)


def _drawing(
    offsets: Float64, track: int, lights: list[Displacement], gsd_m: float, settings: GroupSettings
) -> Float32:
    """Return (3, rows): this track's body and shadow, and the other tracks' bodies."""
    across = np.arange(-HALF_ROWS, HALF_ROWS + 1) * ACROSS_M
    alone = np.arange(len(offsets))[None] == track
    prints = footprints_at(offsets, across, alone, lights[0], gsd_m, settings)
    others = np.delete(prints.bodies, track, axis=0)
    rest = others.max(axis=0) if len(others) else np.zeros(across.size)
    shade = prints.shade[0] if len(lights) == 1 else np.zeros(across.size)
    return np.stack([prints.bodies[track], shade, rest]).astype(np.float32)
