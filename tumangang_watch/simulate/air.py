"""Clouds and their shadows."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Grid
from tumangang_watch.simulate.world import DayState, Sensor

COARSE = 16
"""Clouds are painted this many times coarser than the ground: they have no edges finer than 2 m."""


@dataclass(frozen=True)
class CloudLayers:
    """(rows, cols) fields on the fine grid."""

    veil: NDArray[np.float32]
    """Opacity of cloud in front of the ground."""
    sun: NDArray[np.float32]
    """Share of direct sun that reaches the ground."""


def cloud_layers(grid: Grid, day: DayState, sensor: Sensor, rng: np.random.Generator) -> CloudLayers | None:
    """Return the clouds as seen from the satellite and their shadows as cast by the sun."""
    if not day.clouds:
        return None

    rows, cols = grid.rows // COARSE + 2, grid.cols // COARSE + 2
    step = grid.pixel_m * COARSE
    x = grid.west + (np.arange(cols) + 0.5) * step
    y = grid.north - (np.arange(rows) + 0.5) * step
    veil, shade = np.zeros((rows, cols), np.float32), np.zeros((rows, cols), np.float32)
    for cloud in day.clouds:
        wave = rng.uniform(0, 2 * np.pi, (3, 3))
        for field, azimuth, reach in (
            (veil, sensor.view_azimuth_deg, cloud.height_m * tan(radians(sensor.off_nadir_deg))),
            (shade, day.sun_azimuth_deg, cloud.height_m / tan(radians(day.sun_elevation_deg))),
        ):
            dx = x[None, :] - cloud.x + reach * sin(radians(azimuth))
            dy = y[:, None] - cloud.y + reach * cos(radians(azimuth))
            puff = 1 - np.hypot(dx, dy) / cloud.radius_m
            for k, scale in enumerate((0.9, 0.45, 0.2)):
                size = cloud.radius_m * scale
                puff = puff + 0.22 * scale**0.5 * np.sin(dx / size * 2 + wave[k, 0]) * np.sin(
                    dy / size * 2 + wave[k, 1]
                )
            np.maximum(field, cloud.opacity * np.clip(puff * 3.5, 0, 1), out=field)
    whole = (cols * COARSE, rows * COARSE)
    full = [
        np.asarray(cv2.resize(field, whole, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        for field in (veil, shade)
    ]
    full = [field[: grid.rows, : grid.cols] for field in full]
    return CloudLayers(full[0], 1 - 0.85 * full[1])
