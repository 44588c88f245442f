"""A painted apron of even tone beside a track, with boxes and their exact shadows."""

from __future__ import annotations

from datetime import UTC, datetime
from math import cos, radians, sin, tan

import numpy as np
from shapely import LineString, box

from support.values import scene_on, seen_on
from tumangang_watch.grid import Grid
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Area, Site, Track

CRS = "EPSG:32652"
BANDS = ("blue", "green", "red", "nir")
SUN_AZIMUTH, SUN_ELEVATION = 150.0, 35.0
FINE = 0.125
JUNE = datetime(2024, 6, 1, tzinfo=UTC)
SKY = (0.42, 0.36, 0.31, 0.24)
GRID = Grid(crs=CRS, west=0.0, north=90.0, pixel_m=0.5, rows=180, cols=240)


def site_of() -> Site:
    apron = Area(id="apron-1", role="apron", polygon=box(15, 15, 105, 75), name="")
    track = Track(id="1", line=LineString([(0, 80), (120, 80)]), name="")
    return Site(
        id="t",
        name="t",
        sha256="0",
        crs=CRS,
        areas=(Area(id="y", role="yard", polygon=box(0, 0, 120, 90), name=""), apron),
        tracks=(track,),
    )


def observe(values: np.ndarray, sun: bool = True, date: str = "later", grid: Grid = GRID) -> Observation:
    azimuth, elevation = (SUN_AZIMUTH, SUN_ELEVATION) if sun else (None, None)
    scene = scene_on(grid, acquired=JUNE, sun_azimuth_deg=azimuth, sun_elevation_deg=elevation)
    return seen_on(grid, values, scene, date)


def scene_of(
    tone: tuple[float, ...] = (0.26, 0.29, 0.31, 0.34),
    boxes: tuple[tuple[float, float, float, float, float], ...] = (),
    paint: tuple[float, ...] = (0.055, 0.055, 0.24, 0.32),
    seed: int = 1,
    noise: float = 0.05,
    sky: tuple[float, ...] = SKY,
) -> np.ndarray:
    """Paint boxes (west, south, east, north, height) with their exact shadow on an even apron."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    factor = round(GRID.pixel_m / FINE)
    shape = (GRID.rows * factor, GRID.cols * factor)
    x = (np.arange(shape[1]) + 0.5)[None, :] * FINE
    y = GRID.north - (np.arange(shape[0]) + 0.5)[:, None] * FINE
    shaded = np.zeros(shape, dtype=bool)
    body = np.zeros(shape, dtype=bool)
    for west, south, east, north, height in boxes:
        for k in np.arange(0, height / tan(radians(SUN_ELEVATION)), FINE):
            dx, dy = -sin(radians(SUN_AZIMUTH)) * k, -cos(radians(SUN_AZIMUTH)) * k
            shaded[(x > west + dx) & (x < east + dx) & (y > south + dy) & (y < north + dy)] = True
        body |= (x > west) & (x < east) & (y > south) & (y < north)
    out = []
    wear = gaussian_filter(rng.standard_normal((GRID.rows, GRID.cols)), 6)
    wear *= noise / wear.std()
    for k in range(len(tone)):
        fine = np.where(body, paint[k], tone[k] * np.where(shaded, sky[k], 1.0))
        fine = gaussian_filter(fine, 0.6 * factor)
        mean = fine.reshape(GRID.rows, factor, GRID.cols, factor).mean(axis=(1, 3))
        out.append(mean * (1 + wear) + rng.normal(0, 0.004, mean.shape))
    return np.stack(out)
