"""Cast shadow as a height cue, and where known bodies throw it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, tan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.settings.cargo import CargoSettings

FEW_RAYS = 2


@dataclass(frozen=True)
class Shadow:
    """The shadow an object throws."""

    share: float
    """Part of the far edge that throws shadow, 0 to 1."""
    opposite_share: float
    """The same on the sunlit side, where an object throws none."""
    length_m: float
    """Typical length beyond the outline."""
    spread_m: float
    """Robust spread of the length between rays."""
    reach_m: float
    """Half the object's extent along the sun's direction."""


def anti_sun(azimuth_deg: float) -> tuple[float, float]:
    """Return the direction shadows fall, as (row, col) steps of a north-up grid."""
    return cos(radians(azimuth_deg)), -sin(radians(azimuth_deg))


def shadow_of(
    body: NDArray[np.bool_],
    darkness: NDArray[np.float32],
    azimuth_deg: float,
    pixel_m: float,
    settings: CargoSettings,
) -> Shadow | None:
    """Measure the shadow beyond an object's far edge along rays of sunlight.

    Parameters
    ----------
    body : (rows, cols) bool
        The object, with room around it for the longest shadow.
    darkness : (rows, cols) float32
        0 on sunlit pavement, 1 in full shadow.
    azimuth_deg : float
        Sun azimuth, clockwise from north.
    """
    rows, cols = np.nonzero(body)
    if rows.size == 0:
        return None
    step = anti_sun(azimuth_deg)
    along = rows * step[0] + cols * step[1]
    across = -rows * step[1] + cols * step[0]
    lane = np.floor(across).astype(int)
    lanes = np.unique(lane)
    if lanes.size > 4:
        lanes = lanes[1:-1]
    far = np.array([along[lane == k].max() for k in lanes])
    near = np.array([along[lane == k].min() for k in lanes])
    if lanes.size < FEW_RAYS:
        return None
    mid = lanes + 0.5
    ahead = _runs(darkness, mid, far, 1.0, step, settings.shadow_length_m[1] / pixel_m) * pixel_m
    behind = _runs(darkness, mid, near, -1.0, step, settings.shadow_length_m[1] / pixel_m) * pixel_m
    least = max(settings.shadow_length_m[0], 0.75 * pixel_m)
    thrown = ahead[ahead >= least]
    length = float(np.median(thrown)) if thrown.size else 0.0
    spread = float(1.4826 * np.median(np.abs(thrown - length))) if thrown.size else 0.0
    return Shadow(
        share=float((ahead >= least).mean()),
        opposite_share=float((behind >= least).mean()),
        length_m=length,
        spread_m=spread,
        reach_m=float(np.median(far - near) + 1) / 2 * pixel_m,
    )


def _runs(
    darkness: NDArray[np.float32],
    lanes: NDArray[np.float64],
    start: NDArray[np.float64],
    sign: float,
    step: tuple[float, float],
    reach_px: float,
) -> NDArray[np.float64]:
    """Return for each lane how many pixels of shadow follow its edge without a break."""
    from scipy.ndimage import map_coordinates

    offset = np.arange(0.5, reach_px + 2.0, 0.5)
    along = start[:, None] + sign * (0.5 + offset[None, :])
    row = along * step[0] - lanes[:, None] * step[1]
    col = along * step[1] + lanes[:, None] * step[0]
    dark = map_coordinates(darkness, [row, col], order=1, mode="constant", cval=0.0)
    # The edge pixel is a mixture, so the run may begin within a pixel and a half.
    lit = dark < 0.5
    lit[:, :2] &= ~(dark[:, 2:3] >= 0.5)
    end = np.where(lit.any(axis=1), lit.argmax(axis=1), lit.shape[1])
    return np.where(end > 1, end * 0.5 + 0.25, 0.0)


def swept(shape: BaseGeometry, azimuth_deg: float, elevation_deg: float, height_m: float) -> BaseGeometry:
    """Return the ground a body of this height can darken, in metres (its own ground included)."""
    from shapely import affinity
    from shapely.ops import unary_union

    length = min(height_m / max(tan(radians(elevation_deg)), 0.05), 12 * height_m)
    south, west = anti_sun(azimuth_deg)
    count = max(2, int(np.ceil(length)))
    steps = [
        affinity.translate(shape, west * length * k / count, -south * length * k / count)
        for k in range(count + 1)
    ]
    return unary_union(steps)
