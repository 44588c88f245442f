"""Paint one scene: ground and objects, sun and shadow, view, air, optics, detector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Grid
from tumangang_watch.model.image import frozen
from tumangang_watch.simulate.ground import Ground, fill, ground_of
from tumangang_watch.simulate.light import cast_shadow, cloud_layers, view_source
from tumangang_watch.simulate.objects import Canvas, draw_block, draw_tree, draw_vehicle
from tumangang_watch.simulate.optics import digitise, expose, scene_grid
from tumangang_watch.simulate.skin import Skin, albedo, skin_of, snow_cover
from tumangang_watch.simulate.spectra import BANDS
from tumangang_watch.simulate.world import DayState, Sensor, World, in_band

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


def paint(world: World, day: DayState, sensor: Sensor, seed: int = 0) -> PaintedScene:
    """Paint one scene.

    Parameters
    ----------
    seed : int
        For what differs between two views of the same state: noise, snow patches. The world's texture
        depends on ``world.seed`` alone.
    """
    rng = np.random.default_rng([world.seed, seed, 7])
    ground = ground_of(world)
    placed = _placed(world, day, sensor, rng)
    moving = any(train.in_motion for train in day.trains)
    side = _wall_light(day, sensor)
    clouds = cloud_layers(ground.grid, day, sensor, rng)
    stated = scene_grid(world, sensor)
    exposed = []
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
        exposed.append(expose(reflectance, ground.grid, stated, sensor, band))
    values, bands = digitise(np.stack(exposed), day, sensor, rng)
    fraction = 0.0 if clouds is None else float((clouds[0] > 0.3).mean())
    return PaintedScene(
        values=frozen(values),
        grid=stated,
        bands=bands,
        world=world,
        day=day,
        sensor=sensor,
        cloud_fraction=fraction,
    )


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
