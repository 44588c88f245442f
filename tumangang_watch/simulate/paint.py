"""Paint one scene: ground and objects, sun and shadow, view, air, optics, detector, the product's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from math import cos, floor, radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Grid
from tumangang_watch.model.image import frozen
from tumangang_watch.simulate.ground import Ground, fill, ground_of
from tumangang_watch.simulate.light import cast_shadow, cloud_layers, view_source
from tumangang_watch.simulate.objects import Canvas, draw_block, draw_tree, draw_vehicle
from tumangang_watch.simulate.skin import Skin, albedo, skin_of, snow_cover
from tumangang_watch.simulate.spectra import BANDS
from tumangang_watch.simulate.world import DayState, Sensor, World, in_band

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
DIFFUSE = (0.30, 0.23, 0.18, 0.11)
"""Share of skylight on open ground for each band under a clear sky, sun at 40 degrees."""


@dataclass(frozen=True, kw_only=True)
class PaintedScene:
    """A painted product: pixels and the georeferencing that a vendor would state (with its error)."""

    values: NDArray[np.uint16] | NDArray[np.uint8]
    """(bands, rows, cols), read-only; 0 = nodata."""
    grid: Grid
    """The georeferencing as stated. The ground at ``(x, y)`` appears at ``(x, y)`` plus the error."""
    bands: tuple[str, ...]
    world: World
    day: DayState
    sensor: Sensor
    cloud_fraction: float

    @property
    def band_times_s(self) -> dict[str, float]:
        """When each of its bands was taken, as its vendor would state it; empty where it states none."""
        times = self.day.band_times_s
        return {} if times is None else {b: times[BANDS.index(b)] for b in self.bands if b in BANDS}


def paint(world: World, day: DayState, sensor: Sensor, seed: int = 0) -> PaintedScene:
    """Paint one scene.

    Parameters
    ----------
    seed : int
        For what differs between two views of the same state: noise, snow patches. The world's texture
        depends on ``world.seed`` alone.
    """
    return paint_views(world, day, (sensor,), seed)[0]


def paint_views(
    world: World, day: DayState, sensors: Sequence[Sensor], seed: int = 0
) -> tuple[PaintedScene, ...]:
    """Paint one scene by several cameras that stand in the same place, each as `paint` does.

    What they share, the ground lit and seen from there, is drawn once: that is most of the work.
    """
    if len({(s.off_nadir_deg, s.view_azimuth_deg) for s in sensors}) != 1:
        raise ValueError("cameras that look from different places were given: paint each by itself")
    sensor = sensors[0]
    rng = np.random.default_rng([world.seed, seed, 7])
    ground = ground_of(world)
    placed = _placed(world, day, sensor, rng)
    moving = any(train.in_motion for train in day.trains)
    side = _wall_light(day, sensor)
    clouds = cloud_layers(ground.grid, day, sensor, rng)
    stated = [scene_grid(world, s) for s in sensors]
    exposed: list[list[NDArray[np.float32]]] = [[] for _ in sensors]
    for band in range(len(BANDS)):
        if moving:
            same = np.random.default_rng([world.seed, seed, 7])
            placed = _placed(world, in_band(day, band), sensor, same)
        sunlit, source, wall = placed.sunlit, placed.source, placed.wall
        reflectance = albedo(placed.skin, band)
        share = min(DIFFUSE[band] * (40 / max(day.sun_elevation_deg, 10)) ** 0.5, 0.6)
        direct = (1 - share) * sunlit
        reflectance *= share + (direct if clouds is None else direct * clouds[1])
        flat = reflectance.ravel()
        seen = flat[source]
        seen[wall] *= side[band] / np.maximum(share + (1 - share) * sunlit.ravel()[source[wall]], 0.1)
        flat[placed.shown_at] = seen
        if clouds is not None:
            reflectance += clouds[0] * (np.float32(0.75) - reflectance)
        for one, grid, own in zip(exposed, stated, sensors, strict=True):
            one.append(expose(reflectance, ground.grid, grid, own, band))
    fraction = 0.0 if clouds is None else float((clouds[0] > 0.3).mean())
    out = []
    for bands_of, grid, own in zip(exposed, stated, sensors, strict=True):
        values, bands = digitise(np.stack(bands_of), day, own, deepcopy(rng))
        out.append(
            PaintedScene(
                values=frozen(values),
                grid=grid,
                bands=bands,
                world=world,
                day=day,
                sensor=own,
                cloud_fraction=fraction,
            )
        )
    return tuple(out)


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Everything of a scene that does not depend on the band, nor on the camera's optics."""

    skin: Skin
    sunlit: NDArray[np.float32]
    shown_at: NDArray[np.intp]
    source: NDArray[np.intp]
    wall: NDArray[np.bool_]


def _placed(world: World, day: DayState, sensor: Sensor, rng: np.random.Generator) -> _Placed:
    """Put everything in its place, lit by the sun and seen by the satellite."""
    ground = ground_of(world)
    canvas = _objects(world, day, ground.grid)
    snow = snow_cover(ground, canvas, day, rng) if day.snow_cover > 0 else None
    shown_at, source, wall = view_source(
        canvas.height, ground.grid.pixel_m, sensor.off_nadir_deg, sensor.view_azimuth_deg
    )
    skin = skin_of(_ground_of_day(ground, day), canvas, day, snow)
    return _Placed(skin=skin, sunlit=_sunlight(canvas, day), shown_at=shown_at, source=source, wall=wall)


def _objects(world: World, day: DayState, grid: Grid) -> Canvas:
    """Draw everything that stands on the ground on this date."""
    canvas = Canvas(grid, day.sun_azimuth_deg, day.sun_elevation_deg)
    bare = day.season == "winter"
    for k, tree in enumerate(world.trees):
        draw_tree(canvas, tree, bare, np.random.default_rng([world.seed, 11, k]))
    for k, block in enumerate((*world.blocks, *day.growth_blocks)):
        draw_block(canvas, block, np.random.default_rng([world.seed, 12, k]))
    for block in (*day.cargo, *day.vehicles):
        key = [abs(round(block.x * 100)), abs(round(block.y * 100))]
        draw_block(canvas, block, np.random.default_rng([world.seed, 13, *key]))
    for train in day.trains:
        came = train.from_m if not train.in_motion else 0.0
        arrival = np.random.default_rng([world.seed, 15, round(came * 10)])
        swept = float(arrival.choice([0.0, 1.5, 5.0]))
        for k, vehicle in enumerate(train.cars):
            brightness = sum(map(ord, vehicle.type + vehicle.colour)) + round(vehicle.height_m * 100)
            own = np.random.default_rng([world.seed, 14, k, brightness])
            draw_vehicle(canvas, world.track(train.track), vehicle, own, swept)
    _draw_fences(world, canvas)
    return canvas


def _draw_fences(world: World, canvas: Canvas) -> None:
    """Draw fences: thin, see-through lines 2 m high."""
    mask = np.zeros(canvas.grid.shape, dtype=np.uint8)
    for fence in world.fences:
        xy = np.asarray(fence)
        row, col = canvas.grid.to_pixel(xy[:, 0], xy[:, 1])
        cv2.polylines(mask, [np.rint(np.stack([col, row], axis=1)).astype(np.int32)], False, 1)
    if world.fences:
        rows, cols = np.nonzero(mask)
        keep = np.random.default_rng(world.seed).random(len(rows)) < 0.12
        rows, cols = rows[keep], cols[keep]
        canvas.height[rows, cols] = np.maximum(canvas.height[rows, cols], 1.9)
        canvas.paint[rows, cols] = canvas.colour("steel")


def _ground_of_day(ground: Ground, day: DayState) -> Ground:
    """Lay new ground and puddles over the static ground."""
    if not (day.growth or day.puddles):
        return ground
    material = ground.material.copy()
    fill(material, ground.grid, (*day.growth, *day.puddles))
    changed = material != ground.material
    look, weeds = ground.look.copy(), ground.weeds.copy()
    look[changed], weeds[changed] = 1.0, 0.0
    return replace(ground, material=material, look=look, weeds=weeds)


def _sunlight(canvas: Canvas, day: DayState) -> NDArray[np.float32]:
    """Return the share of direct sun on every cell: soft-edged cast shadows."""
    above = cast_shadow(canvas.height, canvas.grid.pixel_m, day.sun_azimuth_deg, day.sun_elevation_deg)
    sunlit = (above <= 0.03).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(sunlit, (0, 0), 0.8), dtype=np.float32)


def _wall_light(day: DayState, sensor: Sensor) -> tuple[float, ...]:
    """Return light on vertical faces that the satellite sees, flat ground = 1, for each band."""
    facing = cos(radians(day.sun_azimuth_deg - sensor.view_azimuth_deg))
    direct = max(facing, 0.0) / tan(radians(max(day.sun_elevation_deg, 8.0))) * 0.6
    return tuple(0.5 * d + (1 - d) * min(direct, 1.5) + 0.08 for d in DIFFUSE)


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
