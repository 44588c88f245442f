"""What of the ground can be seen: nodata, cloud, shadow, snow, haze, saturation.

Masks are evidence with a source, never final, and
snow is a state of the scene, not a hole in it (docs/sources.md, masks).
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tumangang_watch.grid import Float32, Grid, Mask
from tumangang_watch.model.image import NativeImage, Raster, frozen
from tumangang_watch.model.observation import Quality
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.words import SNOWY, SnowState
from tumangang_watch.preprocess.cloud import cloud_over
from tumangang_watch.settings.preprocess import QualitySettings

UDM_SNOW, UDM_HEAVY_HAZE, UDM_CLOUD = 1, 4, 5
"""Zero-based bands of Planet's UDM2 (docs/sources.md, masks)."""


def assess_quality(
    raster: Raster, image: NativeImage, scene: Scene, settings: QualitySettings, other: Raster | None = None
) -> Quality:
    """Return the quality masks of a registered scene on its grid.

    ``raster`` is the scene on the working grid, ``image`` its native pixels, registered alike; ``other``
    another date on the same grid, which shows what of the ground is hidden.
    """
    saturated = _mask_on(raster, image, image.saturated)
    vendor, source = None, "cloud mask: own test"
    if image.vendor_mask is not None:
        layers = image.vendor_mask
        vendor = _mask_on(raster, image, (layers[UDM_CLOUD] > 0) | (layers[UDM_HEAVY_HAZE] > 0))
        source = "cloud mask: the vendor's UDM2 and own test"
    cloud, shade = cloud_over(raster, settings.cloud, other, vendor)
    clear = raster.grid.zeros(np.bool_)
    for cut, _ in raster.grid.pieces:
        clear[cut] = raster.valid[cut] & ~cloud[cut] & ~shade[cut]
    under = Raster(raster.values, frozen(clear), raster.grid, raster.bands)
    snow, snow_state = _snow(under, scene, settings)
    dark = raster.grid.zeros(np.bool_)
    for cut, part in raster.pieces():
        dark[cut] = _object_shadow(part, cloud[cut] | shade[cut], settings)
    quality = Quality(
        clear=under.valid,
        cloud=frozen(cloud),
        cloud_shadow=frozen(shade),
        object_shadow=frozen(dark),
        saturated=frozen(saturated),
        snow=frozen(snow),
        snow_state=snow_state,
        haze=_haze(under, settings),
    )
    return replace(quality, notes=(source, *_notes(quality, scene, raster, settings)))


def _mask_on(raster: Raster, image: NativeImage, mask: Mask) -> Mask:
    """Return a native mask on a raster's grid, where the raster is valid."""
    out = image.mask_on_grid(mask, raster.grid)
    for cut, _ in raster.grid.pieces:
        out[cut] &= raster.valid[cut]
    return out


def _relative_spread(raster: Raster) -> Float32:
    """Return the spread of the bands over their mean, (rows, cols): 0 = flat spectrum."""
    mean = raster.values.mean(axis=0)
    return np.asarray(raster.values.std(axis=0) / np.maximum(mean, 1e-3))


def _object_shadow(raster: Raster, hidden: Mask, settings: QualitySettings) -> Mask:
    """Return pixels much darker than their 25 m surroundings, in patches no wider than 30 m."""
    light = raster.luminance()
    seen = (raster.valid & ~hidden).astype(np.float32)
    width = 2 * round(12.5 / raster.grid.pixel_m) + 1
    weight = cv2.blur(seen, (width, width)) + 1e-6
    around = cv2.blur(light * seen, (width, width)) / weight
    dark = (light < settings.shadow_darkness * around) & (seen > 0)
    opened = cv2.morphologyEx(
        dark.astype(np.uint8),
        cv2.MORPH_OPEN,
        np.ones((round(settings.object_shadow_max_m / raster.grid.pixel_m),) * 2, np.uint8),
    )
    return dark & ~(opened > 0)


def snow_on_all(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], grid: Grid, settings: QualitySettings
) -> bool:
    """Return whether snow lies on what every image shows on a grid, cloud not yet told from it."""
    both = zip(images, scenes, strict=True)
    return all(_snow(image.on_grid(grid), scene, settings)[1] in SNOWY for image, scene in both)


def _snow(raster: Raster, scene: Scene, settings: QualitySettings) -> tuple[Mask, SnowState]:
    """Return snow and the scene's state; ``unknown`` where scale and bands cannot tell it."""
    none = np.zeros(raster.grid.shape, dtype=bool)
    if not raster.valid.any() or len(raster.bands) < 3:
        return none, "unknown"
    light = raster.luminance()
    white = float(np.quantile(light[raster.valid], 0.99))
    bright = settings.snow_brightness if scene.radiometry == "reflectance" else settings.snow_of_white * white
    snow = raster.grid.zeros(np.bool_)
    for cut, part in raster.pieces():
        own = (light[cut] > bright) & (_relative_spread(part) < settings.snow_flatness) & part.valid
        if "nir" in raster.bands:
            own &= part.band("nir") < settings.snow_nir_max * np.maximum(light[cut], 1e-3)
        snow[cut] = own
    share = float(snow[raster.valid].mean())
    if share < settings.snow_partial or not _scattered(snow, raster):
        return none, "none"
    rest = raster.valid & ~snow
    dark = float(np.quantile(light[raster.valid], 0.005))
    if rest.any() and float(np.median(light[snow])) - dark < settings.snow_contrast * (
        float(np.median(light[rest])) - dark
    ):
        return none, "none"
    return snow, "full" if share >= settings.snow_full else "partial"


def _scattered(snow: Mask, raster: Raster) -> bool:
    """Snow lies all over the place; a concrete apron or a bright field lies in one."""
    cells = max(2, round(40.0 / raster.grid.pixel_m))
    size = (max(1, raster.grid.cols // cells), max(1, raster.grid.rows // cells))
    share = cv2.resize(snow.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    seen = cv2.resize(raster.valid.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    return bool(seen.any()) and float((share[seen] > 0.05).mean()) > 0.5


def _haze(raster: Raster, settings: QualitySettings) -> float:
    """Return how much brighter the darkest ground is than in clear air, 0 to 1 (dark-object estimate)."""
    if not raster.valid.any():
        return 0.0
    band = raster.band("blue") if "blue" in raster.bands else raster.luminance()
    dark, middle = np.quantile(band[raster.valid], (0.005, 0.5))
    share = float(dark) / max(float(middle), 1e-6)
    return float(np.clip((share - settings.haze_clear) / (1 - settings.haze_clear), 0.0, 1.0))


def _notes(quality: Quality, scene: Scene, raster: Raster, settings: QualitySettings) -> tuple[str, ...]:
    notes, pixels = [], raster.grid.pixels
    for layer, word in ((quality.cloud, "cloud"), (quality.cloud_shadow, "the shadow of cloud")):
        if layer.any():
            notes.append(f"{word} over {layer.sum() / pixels:.0%} of the ground read")
    if scene.sun_elevation_deg is not None and scene.sun_elevation_deg < settings.low_sun_deg:
        notes.append(f"low sun ({scene.sun_elevation_deg:.0f} degrees): long shadows")
    if scene.off_nadir_deg is not None and scene.off_nadir_deg > settings.off_nadir_deg:
        notes.append(f"far off nadir ({scene.off_nadir_deg:.0f} degrees): tall things lean")
    if quality.snowy:
        notes.append(f"snow: {quality.snow_state}")
    if quality.haze > settings.haze_limit:
        notes.append("hazy: little contrast in the blue band")
    saturated = float(quality.saturated.sum() / pixels)
    if saturated > settings.saturated_limit:
        notes.append(f"saturated over {saturated:.0%} of the ground read")
    if len(raster.bands) < 3:
        notes.append("no colour bands")
    return tuple(notes)
