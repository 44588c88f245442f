"""Cast shadow as a height cue, and where known bodies throw it and lean."""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan

import numpy as np
from shapely import affinity
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.grid import Float32, Float64, Mask
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.cargo import CargoSettings
from tumangang_watch.track_frame import bearing

FEW_LANES = 3
BREAK_PX = 3
"""An object's edge and its shadow may lie so many pixels apart: blur, and a top that leans."""


@dataclass(frozen=True)
class Shadow:
    """The shadow an object throws."""

    share: float
    """Part of the far edge that throws shadow, 0 to 1."""
    length_m: float
    """Typical length beyond the outline."""
    spread_m: float
    """Robust spread of the length between rays."""
    reach_m: float
    """Half the object's extent along the sun's direction."""


def shadow_of(body: Mask, shade: Float32, pixel_m: float, settings: CargoSettings) -> Shadow | None:
    """Measure the shadow beyond an object's far edge along rays of sunlight.

    Parameters
    ----------
    body : (rows, cols) bool
        The object in a picture whose top faces the sun, with room below for the longest shadow.
    shade : (rows, cols) float32
        Probability that ground lies in shadow.
    """
    lanes = np.flatnonzero(body.any(axis=0))
    if lanes.size < FEW_LANES:
        return None
    if lanes.size > 4:
        lanes = lanes[1:-1]
    rows = body.shape[0]
    far = rows - 1 - body[::-1, lanes].argmax(axis=0)
    near = body[:, lanes].argmax(axis=0)
    # Below each lane: shadow from the first pixel that has it, up to the first that has not.
    reach = int(settings.shadow_length_m[1] / pixel_m) + BREAK_PX
    steps = np.minimum(far[None, :] + 1 + np.arange(reach)[:, None], rows - 1)
    run = shade[steps, lanes[None, :]]
    dark = run > 0.5
    first = np.where(dark[: BREAK_PX + 1].any(axis=0), dark[: BREAK_PX + 1].argmax(axis=0), reach)
    at = np.arange(reach)[:, None]
    sunlit = ~dark & (at >= first[None, :])
    end = np.where(sunlit.any(axis=0), sunlit.argmax(axis=0), reach)
    # The tip lies where the probability falls through a half, between two pixels.
    k = np.clip(end, 1, reach - 1)
    before, after = run[k - 1, np.arange(lanes.size)], run[k, np.arange(lanes.size)]
    part = np.clip((before - 0.5) / np.maximum(before - after, 1e-3), 0, 1) - 0.5
    length = np.where(first < reach, (end + part) * pixel_m, 0.0)
    thrown = length[length >= settings.shadow_length_m[0]]
    typical = float(np.median(thrown)) if thrown.size else 0.0
    return Shadow(
        share=float((length >= settings.shadow_length_m[0]).mean()),
        length_m=typical,
        spread_m=float(1.4826 * np.median(np.abs(thrown - typical))) if thrown.size else 0.0,
        reach_m=float(np.median(far - near) + 1) / 2 * pixel_m,
    )


def swept(shape: BaseGeometry, azimuth_deg: float, elevation_deg: float, height_m: float) -> BaseGeometry:
    """Return the ground a body of this height can darken, in metres (its own ground included)."""
    length = min(height_m / max(tan(radians(elevation_deg)), 0.05), 12 * height_m)
    west, south = -bearing(azimuth_deg)
    count = max(2, int(np.ceil(length)))
    return unary_union(
        [
            affinity.translate(shape, west * length * k / count, south * length * k / count)
            for k in range(count + 1)
        ]
    )


def shadow_fall(scene: Scene, height_m: float, typical_deg: float, min_deg: float = 5.0) -> Float64 | None:
    """Return (east, north) from a body's foot to the tip of its shadow, metres; None without a sun.

    ``typical_deg`` is the sun's elevation taken where none is stated, ``min_deg`` the lowest.
    """
    if scene.sun_azimuth_deg is None:
        return None
    elevation = typical_deg if scene.sun_elevation_deg is None else scene.sun_elevation_deg
    return bearing(scene.sun_azimuth_deg + 180) * (height_m / tan(radians(max(elevation, min_deg))))


def lean_fall(scene: Scene, height_m: float) -> Float64:
    """Return (east, north) from a body's foot to where its top is shown, metres; 0 without a view."""
    if not scene.off_nadir_deg or scene.view_azimuth_deg is None:
        return np.zeros(2)
    reach_m = height_m * tan(radians(min(scene.off_nadir_deg, 40.0)))
    return bearing(scene.view_azimuth_deg + 180) * reach_m
