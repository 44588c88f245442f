"""How full an apron is in scenes too coarse for single goods: what of it is unlike its empty pavement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.pavement import half_sample_mode
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.detect.goods import Place
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.settings.cargo import CargoSettings

LEAST_PX = 30
"""Fewer pixels of an apron have no commonest tone."""
SAID = "single goods are not told at this resolution: the fill is what is unlike the commonest ground"


def coarse_fill(
    observation: Observation, place: Place, blocked: BaseGeometry, settings: CargoSettings
) -> Fill | None:
    """Return the fill of one place; None where too little of it is seen.

    Every pixel counts by how far its tone lies from the pavement's, between the noise and what goods
    usually show; shadows, stains and pixels that goods cover in part are in the interval.

    Parameters
    ----------
    observation : Observation
    place : Place
    blocked : geometry
        Tracks and trains.
    settings : CargoSettings
    """
    grid, raster = observation.raster.grid, observation.raster
    inside = grid.mask([place.polygon.difference(blocked)])
    usable = inside & observation.quality.clear & raster.valid & ~observation.quality.cloud_shadow
    if usable.sum() < LEAST_PX:
        return None
    share, noise = _unlike(raster.values[:, usable], settings)
    pixel_m2 = grid.pixel_m**2
    ground = float(usable.sum()) * pixel_m2
    estimate = float(share.sum()) * pixel_m2
    wide = settings.coarse_factor
    high = min(ground, wide * estimate + settings.coarse_floor * ground + noise * ground)
    low = max(0.0, estimate / wide - (settings.coarse_floor + noise) * ground)
    covered = Interval(estimate, min(low, estimate), max(high, estimate))
    parts = Interval(*(v / ground for v in (covered.estimate, covered.low, covered.high)))
    hidden = 1 - float(usable.sum()) / max(float(inside.sum()), 1.0)
    caveats = [SAID]
    if hidden > settings.hidden_told:
        caveats.append(f"{hidden:.0%} of the ground was not seen: the fill is that of the rest")
    if observation.quality.snow_state in ("partial", "full"):
        caveats.append("snow may hide low goods")
    none = Interval(0.0, 0.0, float(max(place.polygon.length / 2, 0.0)))
    return Fill(
        observation.date, place.area, ground, covered, parts, none, (), place.observed_fraction,
        tuple(caveats),
    )  # fmt: skip


def _unlike(values: NDArray[np.float32], settings: CargoSettings) -> tuple[NDArray[np.float64], float]:
    """Return the covered share of every pixel, and the share that noise alone would give."""
    logs = np.log(np.maximum(values, 1e-4)).astype(np.float64)
    step = np.stack([band - half_sample_mode(band) for band in logs])
    spread = np.array([1.4826 * np.median(np.abs(band[np.abs(band) < 0.4])) for band in step])
    limit = np.maximum(settings.coarse_noise * np.maximum(spread, 0.01), settings.coarse_least)
    strength = np.abs(step) / limit[:, None]
    far = np.sqrt((strength**2).mean(axis=0))
    share = np.clip(far - 1.0, 0.0, 1.0)
    return share, float(np.clip(spread.max() - settings.coarse_least / 2, 0, 0.2))
