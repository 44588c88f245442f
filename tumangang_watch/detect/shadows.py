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
WAVELENGTH = {"blue": 0.0, "green": 1.0, "pan": 1.5, "red": 2.0, "nir": 3.0}
"""Order of the bands by wavelength."""


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


@dataclass(frozen=True)
class Shade:
    """How much of each pixel looks like cast shadow on the pavement."""

    share: NDArray[np.float32]
    """(rows, cols): 0 sunlit pavement, 1 full shadow; above 1 darker than shadow can be."""
    misfit: NDArray[np.float32]
    """(rows, cols): what a mixture of sunlit and shaded pavement leaves unexplained, relative."""


def shade_of(
    relative: NDArray[np.float32],
    inside: NDArray[np.bool_],
    bands: tuple[str, ...],
    settings: CargoSettings,
) -> Shade:
    """Explain every pixel as pavement that is partly in shadow.

    Shadow is lit by the sky alone, so it loses most in the longest wavelength; a dark object loses
    alike in all, or has a colour of its own. The tone of full shadow is taken from the scene where
    it shows enough of it.

    Parameters
    ----------
    relative : (bands, rows, cols) float32
        ``value / pavement - 1``.
    inside : (rows, cols) bool
        Pixels that may tell the tone of shadow.
    """
    usual = np.array([dict(settings.shadow_relative).get(b, -0.65) for b in bands], dtype=np.float32)
    tone = relative.mean(axis=0)
    order = np.argsort([WAVELENGTH.get(b, 1.5) for b in bands])
    first, last = relative[order[0]], relative[order[-1]]
    like = inside & (tone < settings.shadow_least) & (last <= first + 0.05)
    share, misfit = _fit(relative, usual)
    if like.sum() >= settings.shadow_sample_px:
        dark = relative[:, like]
        deep = dark[:, dark.mean(axis=0) <= np.quantile(dark.mean(axis=0), settings.shadow_deep_quantile)]
        scene = np.clip(np.median(deep, axis=1), -0.9, -0.15).astype(np.float32)
        # Black goods are darker than any shadow in the shortest wavelength; they tell nothing of it.
        # Brown goods lose least in the longest, which shadow never does.
        if scene[order[0]] > settings.shadow_black and scene[order[-1]] < scene[order[0]] + 0.02:
            share, misfit = _fit(relative, scene)
    return Shade(share, misfit)


def _fit(
    relative: NDArray[np.float32], full: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    share = np.tensordot(full, relative, axes=1) / float((full**2).sum())
    left = relative - share[None] * full[:, None, None]
    return share.astype(np.float32), np.sqrt((left**2).mean(axis=0)).astype(np.float32)


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
