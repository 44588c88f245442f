"""Where the trains of other tracks cast their shadows, and which way shadows fall."""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.detect.train_cues import Metres
    from tumangang_watch.model.scene import Scene
    from tumangang_watch.settings.trains import TrainSettings


@dataclass(frozen=True)
class Sun:
    """Where the sunlight comes from, known or inferred."""

    towards: NDArray[np.float64]
    """Unit vector (east, north) on the ground towards the sun."""
    reach_m: float
    """Length on the ground of a body's shadow."""


def stated_sun(scene: Scene, settings: TrainSettings) -> Sun | None:
    """Return the sun of a scene's metadata, or None where it is not stated."""
    if scene.sun_azimuth_deg is None:
        return None
    azimuth = radians(scene.sun_azimuth_deg)
    elevation = settings.usual_sun_deg if scene.sun_elevation_deg is None else scene.sun_elevation_deg
    reach = settings.body_height_m / tan(radians(max(elevation, 5.0)))
    return Sun(np.array([np.sin(azimuth), np.cos(azimuth)]), reach)


def inferred_sun(
    metres: list[Metres], lost: list[NDArray[np.float64]], settings: TrainSettings
) -> Sun | None:
    """Infer the side shadows fall to from which side of bodies is darker.

    Parameters
    ----------
    metres : list of Metres
    lost : list of (k,) arrays
        Share of light lost beyond the left edge minus that beyond the right one, 0 where no
        vehicle is supposed.
    settings : TrainSettings
    """
    away = np.zeros(2)
    weight = 0.0
    for m, difference in zip(metres, lost, strict=True):
        away += m.strip.left.mean(axis=1) * difference.sum()
        weight += float(np.abs(difference).sum())
    size = float(np.hypot(*away))
    if weight < 5.0 or size < 0.4 * weight:
        return None
    return Sun(-away / size, settings.body_height_m / tan(radians(settings.usual_sun_deg)))


def shaded_by_others(
    metres: list[Metres], occupied: list[NDArray[np.bool_]], sun: Sun, settings: TrainSettings
) -> list[NDArray[np.float64]]:
    """Return for each track (k,) the share of its inner bed that other tracks' trains shade.

    A point lies in shadow when the way towards the sun crosses an occupied body within the length
    of a body's shadow.
    """
    from scipy.spatial import cKDTree

    centres = [_centres(m) for m in metres]
    steps = np.arange(1.0, min(1.15 * sun.reach_m, 20.0) + 1.5, 0.75)
    result = []
    for k, m in enumerate(metres):
        others = [c[:, o] for j, (c, o) in enumerate(zip(centres, occupied, strict=True)) if j != k]
        points = np.concatenate(others, axis=1) if others else np.zeros((2, 0))
        if points.shape[1] == 0:
            result.append(np.zeros(m.count))
            continue
        tree = cKDTree(points.T)
        across = _to_metres(m, m.strip.left)
        shade = np.zeros(m.count)
        for aside in (-0.8, 0.0, 0.8):
            start = centres[k] + aside * across
            way = start[:, :, None] + sun.towards[:, None, None] * steps
            distance, _ = tree.query(
                way.reshape(2, -1).T, distance_upper_bound=settings.body_half_width_m + 0.1
            )
            shade += np.isfinite(distance).reshape(m.count, steps.size).any(axis=1) / 3
        result.append(shade)
    return result


def _centres(metres: Metres) -> NDArray[np.float64]:
    """Return the points (2, k) of a track's metres."""
    return _to_metres(metres, metres.strip.points)


def _to_metres(metres: Metres, fine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (2, k) means over metres of something along a strip."""
    per = max(fine.shape[1] // max(metres.count, 1), 1)
    return fine[:, : metres.count * per].reshape(2, metres.count, per).mean(axis=2)
