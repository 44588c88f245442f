"""Features of the ground's surface on a coarser grid: tone, colour, greenness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.ops import unary_union

from tumangang_watch.detect.blobs import smooth
from tumangang_watch.grid import Grid
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import Observation
from tumangang_watch.settings.cargo import HandlingSettings

FLOOR = 0.02
"""Floor of a value, as a share of the scene's median, so that logs stay finite."""
DARK_SAMPLE = 200000
MIN_SNOW = 0.02
"""Less white than this share of a scene is roofs and tarpaulins."""


@dataclass(frozen=True, kw_only=True)
class GroundSurface:
    """One date's ground, smoothed, on the working grid."""

    grid: Grid
    bands: tuple[str, ...]
    log: NDArray[np.float32]
    """(bands, rows, cols): log of the value; 0 where not usable."""
    usable: NDArray[np.bool_]
    """True where bare ground is seen: clear, sunlit, no train."""
    clear: NDArray[np.bool_]
    """True where anything is seen."""
    saturation: NDArray[np.float32] | None
    """(max - min) / max of red, green and blue; None without them."""
    green: NDArray[np.float32] | None
    """NDVI, else excess green; None for one band."""
    has_nir: bool
    water: NDArray[np.bool_]
    snow: NDArray[np.bool_]
    snowed_over: bool
    """True when snow hides the ground of the whole scene."""


def path_light(observations: tuple[Observation, ...], settings: HandlingSettings) -> dict[str, float]:
    """Return the light that haze adds in each band, from the darkest ground (Chavez 1988).

    Deep shadow and dark paint still send back a little, so a share of the darkest value is kept.
    Dates in one radiometry have one path light.
    """
    out: dict[str, float] = {}
    for observation in observations:
        seen = observation.raster.valid & observation.quality.clear
        if not seen.any():
            continue
        for band, values in zip(observation.raster.bands, observation.raster.values, strict=True):
            sample = values[seen]
            sample = sample[:: max(1, sample.size // DARK_SAMPLE)]
            darkest = settings.path_share * float(np.quantile(sample, settings.darkest_share))
            out[band] = min(out.get(band, np.inf), max(darkest, 0.0))
    return out


def credible_snow(observation: Observation, contrast: float) -> tuple[NDArray[np.bool_], bool]:
    """Return where snow lies, and whether it covers the scene.

    Pale concrete is as flat in its spectrum as snow, so the quality masks' snow is believed only
    where it is many times brighter than the ground without it.
    """
    quality = observation.quality
    none = np.zeros(quality.snow.shape, dtype=bool)
    clear = quality.clear & observation.raster.valid
    if not quality.snowy or not (quality.snow & clear).any():
        return none, False
    light = observation.raster.luminance()
    light = light - 0.9 * float(np.quantile(light[clear][:: max(1, int(clear.sum()) // DARK_SAMPLE)], 0.002))
    bare = clear & ~quality.snow
    share = float((quality.snow & clear).sum() / clear.sum())
    # Where nearly all is white, what is left is dark: trees, rails and trains, half as bright as fields.
    level = float(np.median(light[bare])) if share < 0.6 else 2.0 * float(np.quantile(light[clear], 0.05))
    snow = quality.snow & (light > contrast * max(level, 1e-6))
    if (snow & clear).sum() < MIN_SNOW * clear.sum():
        return none, False
    return snow, quality.snow_state == "full" and float((snow & clear).sum() / clear.sum()) > 0.5


def surface_of(
    observation: Observation,
    trains: tuple[Detection, ...],
    settings: HandlingSettings,
    path: dict[str, float],
) -> GroundSurface:
    """Average an observation to the working grid and derive its features, without path light."""
    grid, factor = working_grid(observation.raster.grid, settings.work_pixel_m)
    quality = observation.quality
    clear = observation.raster.valid & quality.clear
    bodies = unary_union(
        [t.geometry.buffer(settings.train_margin_m) for t in trains if t.date == observation.date]
    )
    sunlit = clear & ~quality.cloud_shadow & ~quality.object_shadow
    if not bodies.is_empty:
        sunlit &= ~observation.raster.grid.mask([bodies])
    share = _blocks(sunlit.astype(np.float32), factor)
    usable = share > 0.5
    sigma_px = settings.smooth_m / grid.pixel_m
    means = []
    for name, band in zip(observation.raster.bands, observation.raster.values, strict=True):
        block = _blocks(np.where(sunlit, band, 0), factor) / np.maximum(share, 0.001)
        means.append(smooth(block, usable, sigma_px) - path.get(name, 0.0))
    values = np.stack(means)
    middle = np.median(values[:, usable]) if usable.any() else 1.0
    values = np.maximum(values, FLOOR * max(float(middle), 1e-6))
    bands = observation.raster.bands
    named = {b: values[bands.index(b)] for b in bands}
    saturation = _saturation(named)
    snow_mask, snowed_over = credible_snow(observation, settings.snow_contrast)
    snow = _blocks(snow_mask.astype(np.float32), factor) > 0.3
    return GroundSurface(
        grid=grid,
        bands=bands,
        log=np.where(usable, np.log(values), 0).astype(np.float32),
        usable=usable,
        clear=_blocks(clear.astype(np.float32), factor) > 0.5,
        saturation=saturation,
        green=_green(named),
        has_nir="nir" in bands,
        water=_water(named, usable, settings),
        snow=snow,
        snowed_over=snowed_over,
    )


def working_grid(grid: Grid, pixel_m: float) -> tuple[Grid, int]:
    """Return the grid of whole blocks of pixels about ``pixel_m`` wide, and the block's edge."""
    factor = max(1, round(pixel_m / grid.pixel_m))
    return grid.blocks(factor), factor


def _blocks(values: NDArray[np.floating], factor: int) -> NDArray[np.float32]:
    rows, cols = values.shape[0] // factor, values.shape[1] // factor
    cut = values[: rows * factor, : cols * factor].reshape(rows, factor, cols, factor)
    return cut.mean(axis=(1, 3), dtype=np.float32)


def _saturation(named: dict[str, NDArray[np.float32]]) -> NDArray[np.float32] | None:
    if not {"red", "green", "blue"} <= named.keys():
        return None
    rgb = np.stack([named["red"], named["green"], named["blue"]])
    top = rgb.max(axis=0)
    return np.asarray((top - rgb.min(axis=0)) / top, dtype=np.float32)


def _green(named: dict[str, NDArray[np.float32]]) -> NDArray[np.float32] | None:
    if {"red", "nir"} <= named.keys():
        return (named["nir"] - named["red"]) / (named["nir"] + named["red"])
    if {"red", "green", "blue"} <= named.keys():
        red, green, blue = named["red"], named["green"], named["blue"]
        return (2 * green - red - blue) / (red + green + blue)
    return None


def _water(
    named: dict[str, NDArray[np.float32]], usable: NDArray[np.bool_], settings: HandlingSettings
) -> NDArray[np.bool_]:
    """Return dark ground that is darkest in its longest wavelength."""
    order = [b for b in ("nir", "red", "green", "blue") if b in named]
    if len(order) < 2 or not usable.any():
        return np.zeros(usable.shape, dtype=bool)
    longest, next_one = named[order[0]], named[order[-2]]
    dark = longest < settings.dark_water * np.median(longest[usable])
    return np.asarray(usable & dark & (longest < 0.8 * next_one))


def natural_saturation(surface: GroundSurface, settings: HandlingSettings) -> float:
    """Return the saturation of the scene's natural ground: what haze is left in it drops out."""
    if surface.saturation is None or not surface.usable.any():
        return settings.natural_saturation[0]
    upper = float(np.quantile(surface.saturation[surface.usable], settings.natural_quantile))
    return float(np.clip(upper, *settings.natural_saturation))


def worked_share(surface: GroundSurface, settings: HandlingSettings) -> NDArray[np.float32]:
    """Return how far ground looks worked (0 natural, 0.5 undecided, 1 worked), by colour alone."""
    if surface.saturation is None or surface.green is None:
        return np.full(surface.usable.shape, 0.5, dtype=np.float32)
    natural = natural_saturation(surface, settings)
    grey = 0.5 + 0.5 * (settings.grey_share - surface.saturation / natural) / settings.grey_half_width
    limit = settings.green_ndvi if surface.has_nir else settings.green_exg
    bare = 0.5 + 0.5 * (limit - surface.green) / (0.3 * limit)
    share = np.minimum(np.clip(grey, 0, 1), np.clip(bare, 0, 1))
    red, green, blue = (surface.log[surface.bands.index(b)] for b in ("red", "green", "blue"))
    painted = (red - green > settings.paint_log) | ((blue - red > settings.paint_log) & (blue > green))
    share = np.where(painted, 1.0, share)
    return np.where(surface.water, 0.0, share).astype(np.float32)
