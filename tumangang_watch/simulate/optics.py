"""From reflectance at the ground to the numbers of a product."""

from __future__ import annotations

from math import floor

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Grid
from tumangang_watch.simulate.world import DayState, Sensor, World

PRODUCTS: dict[str, tuple[str, ...]] = {
    "analytic4": ("blue", "green", "red", "nir"),
    "visual": ("red", "green", "blue"),
}
PATH = (0.055, 0.035, 0.020, 0.010)
"""Path reflectance of clear air for each band, sun at 40 degrees."""
MARGIN_M = 22.0
"""Painted ground beyond the scene's edge: lets a geolocation error move the content."""
DN_PER_REFLECTANCE = 4000.0
"""About 11 bits from black to snow."""


def scene_grid(world: World, sensor: Sensor) -> Grid:
    """Return the georeferencing that the product states: a pixel grid inside the painted ground."""
    west, south, east, north = world.bounds
    gsd = sensor.gsd_m
    west = west + MARGIN_M + sensor.phase_px[0] * gsd
    north = north - MARGIN_M - sensor.phase_px[1] * gsd
    rows = floor((north - south - MARGIN_M) / gsd)
    cols = floor((east - MARGIN_M - west) / gsd)
    return Grid(crs=world.site.crs, west=west, north=north, pixel_m=gsd, rows=rows, cols=cols)


def expose(
    reflectance: NDArray[np.float32], fine: Grid, stated: Grid, sensor: Sensor, band: int
) -> NDArray[np.float32]:
    """Blur by optics and pixel aperture, and sample where the detector's pixels really lie.

    The aperture (a box of one pixel) is folded into the Gaussian by its variance, 1/12 pixel^2.
    """
    sigma = sensor.gsd_m / fine.pixel_m * float(np.sqrt(sensor.blur_px**2 + 1 / 12))
    factor, image = 1, np.asarray(reflectance)
    if sigma > 6:
        factor = int(sigma // 3)
        small = cv2.resize(image, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
        image = np.asarray(small, dtype=np.float32)
    blurred = cv2.GaussianBlur(image, (0, 0), sigma / factor)
    shift_col, shift_row = sensor.band_shift_px[band]
    east, north = sensor.geolocation_error_m
    x = stated.west + (np.arange(stated.cols) + 0.5 - shift_col) * stated.pixel_m - east
    y = stated.north - (np.arange(stated.rows) + 0.5 - shift_row) * stated.pixel_m - north
    row, col = fine.to_pixel(x, y)
    map_col, map_row = np.meshgrid(
        ((col + 0.5) / factor - 0.5).astype(np.float32), ((row + 0.5) / factor - 0.5).astype(np.float32)
    )
    shown = cv2.remap(blurred, map_col, map_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, dtype=np.float32)


def digitise(
    reflectance: NDArray[np.float32], day: DayState, sensor: Sensor, rng: np.random.Generator
) -> tuple[NDArray[np.uint16] | NDArray[np.uint8], tuple[str, ...]]:
    """Add air, noise and the product's gain and offset; round to the product's numbers."""
    air = (40 / max(day.sun_elevation_deg, 12)) ** 0.5
    out = np.empty_like(reflectance)
    for band in range(4):
        veil = min(sensor.haze * (1.15, 1.0, 0.85, 0.6)[band], 0.9)
        clean = reflectance[band] * np.float32(0.93 - 0.5 * veil)
        out[band] = clean + np.float32(PATH[band] * air + 0.28 * veil)
    noise = rng.standard_normal(out.shape, dtype=np.float32)
    out += noise * np.sqrt(0.3 + 0.7 * np.clip(out, 0, None) / 0.2) * np.float32(sensor.noise)
    for band in range(4):
        out[band] = out[band] * sensor.gain[band] + sensor.offset[band]
    bands = PRODUCTS[sensor.product]
    if sensor.product == "visual":
        return _visual(out), bands
    return np.clip(np.rint(out * DN_PER_REFLECTANCE), 1, 65535).astype(np.uint16), bands


def _visual(out: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the vendor's colour-corrected picture: stretched per scene, gamma, 8 bits, R, G, B."""
    picture = []
    low, high = np.percentile(out[:3], 0.3), np.percentile(out[:3], 99.7)
    for band in (2, 1, 0):
        dark = float(np.percentile(out[band], 0.5))
        scaled = (out[band] - 0.75 * dark - 0.05 * low) / max(float(high - 0.75 * dark), 0.05)
        picture.append(np.clip(scaled, 0, 1) ** 0.75 * 254 + 1)
    return np.rint(np.stack(picture)).astype(np.uint8)
