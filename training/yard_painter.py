"""A second painter of yards, with another look than ``simulate``: for calibrating readers of strips.

What a network learns from one painter is in part that painter's look. This one draws straight yards from
wide distributions (ground, ballast, sleepers, rails, roofs, loads, clutter, light, optics, products) and
shares nothing with the other but the geometry of shadows and of lean. No test and no published score uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from shapely import LineString

from tumangang_watch.model.image import NativeImage, SiteToPixel
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Track
from tumangang_watch.simulate.light import cast_shadow, view_source

CELL_M = 0.125
MARGIN_M = 12.0
BGRN = ("blue", "green", "red", "nir")
LENGTHS = {
    "box": (10.5, 13.9, 14.7, 15.7, 17.0, 17.6, 19.2, 21.7, 23.2),
    "open": (9.6, 12.5, 13.92, 13.92, 14.0, 15.7),
    "tank": (10.5, 12.02, 12.02, 13.5, 15.2, 16.5, 18.0),
    "flat": (11.9, 13.4, 14.62, 18.4, 19.9, 25.7),
    "container": (13.4, 14.62, 15.02, 19.7, 25.7),
    "locomotive": (13.0, 15.5, 16.97, 17.55, 18.9, 20.5),
    "passenger": (18.5, 24.5, 26.4),
}
KINDS = tuple(LENGTHS)
KIND_CHANCE = (0.28, 0.24, 0.16, 0.10, 0.14, 0.05, 0.03)
COLOURS = ("black", "grey", "light_grey", "white", "red", "brown", "blue", "light_blue", "green", "yellow")
COLOUR_CHANCE = (0.07, 0.15, 0.12, 0.09, 0.15, 0.16, 0.08, 0.06, 0.08, 0.04)


def draw_paint(name: str, rng: np.random.Generator) -> np.ndarray:
    """Draw a reflectance (blue, green, red, nir) that people would call ``name``."""
    u = rng.uniform
    if name in ("black", "grey", "light_grey", "white"):
        low, high = {
            "black": (0.02, 0.06),
            "grey": (0.1, 0.21),
            "light_grey": (0.26, 0.40),
            "white": (0.47, 0.75),
        }[name]
        tone = u(low, high)
        rgb = tone * np.array([1 + u(-0.06, 0.06), 1, 1 + u(-0.06, 0.06)])
    elif name == "red":
        r = u(0.16, 0.45)
        rgb = r * np.array([1, u(0.16, 0.42), u(0.13, 0.40)])
    elif name == "brown":
        r = u(0.08, 0.2)
        rgb = r * np.array([1, u(0.52, 0.76), u(0.32, 0.62)])
    elif name == "blue":
        b = u(0.12, 0.34)
        rgb = b * np.array([u(0.12, 0.45), u(0.35, 0.68), 1])
    elif name == "light_blue":
        b = u(0.32, 0.6)
        rgb = b * np.array([u(0.42, 0.68), u(0.70, 0.92), 1])
    elif name == "green":
        g = u(0.08, 0.26)
        rgb = g * np.array([u(0.35, 0.72), 1, u(0.4, 0.78)])
    else:
        r = u(0.35, 0.65)
        rgb = r * np.array([1, u(0.62, 0.88), u(0.1, 0.38)])
    nir = max(rgb) * u(0.8, 1.6)
    paint = np.array([rgb[2], rgb[1], rgb[0], nir])
    share = max(u(-0.15, 0.4), 0.0)
    return np.maximum(
        (1 - share) * paint + share * np.array([0.085, 0.095, 0.105, 0.125]) * u(0.7, 1.4), 0.012
    )


@dataclass
class Canvas:
    """A yard from above: reflectance (4, rows, cols) and height (rows, cols) in metres."""

    albedo: np.ndarray
    height: np.ndarray
    top_m: float

    def window(self, u0: float, u1: float, v: float, width: float) -> tuple[slice, slice]:
        """Return rows and columns of a box: along from u0 to u1, across about v."""
        rows, cols = self.height.shape
        c0, c1 = max(round(u0 / CELL_M), 0), min(round(u1 / CELL_M), cols)
        r0 = max(round((self.top_m - v - width / 2) / CELL_M), 0)
        r1 = min(round((self.top_m - v + width / 2) / CELL_M), rows)
        return slice(r0, max(r1, r0)), slice(c0, max(c1, c0))


@dataclass
class Yard:
    """A painted yard: tracks at ``v_m`` (positive to the left), what stands on them."""

    length_m: float
    v_m: list[float]
    trains: list[dict[str, Any]] = field(default_factory=list)
    margin_m: float = MARGIN_M
    """Ground beyond the outer tracks."""


def noise_field(
    shape: tuple[int, int], scale_m: float, rng: np.random.Generator, stretch: float = 1.0
) -> np.ndarray:
    """Return unit noise of one scale, drawn out along the tracks by ``stretch``."""
    size = scale_m / CELL_M
    if size <= 1:
        return rng.standard_normal(shape, dtype=np.float32)
    small = (max(int(shape[1] / size / stretch) + 3, 3), max(int(shape[0] / size) + 3, 3))
    coarse = rng.standard_normal((small[1], small[0]), dtype=np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def ground(yard: Yard, rng: np.random.Generator) -> Canvas:
    """Paint ground, ballast, sleepers and rails."""
    span = max(yard.v_m) - min(yard.v_m) + 2 * yard.margin_m
    shape = (int(span / CELL_M), int(yard.length_m / CELL_M))
    top = max(yard.v_m) + yard.margin_m
    v = top - (np.arange(shape[0]) + 0.5) * CELL_M
    albedo = np.empty((4, *shape), np.float32)
    base = draw_earth(rng)
    albedo[:] = base[:, None, None]
    other = draw_earth(rng)
    blend = 1 / (1 + np.exp(-4 * (noise_field(shape, 12, rng, 4) - rng.uniform(-1, 1.5))))
    albedo += blend * (other - base)[:, None, None]
    ballast = draw_stone(rng)
    for at in yard.v_m:
        own = ballast if rng.random() < 0.8 else draw_stone(rng)
        own = own * np.exp(rng.normal(0, 0.08))
        half = rng.uniform(1.5, 2.7)
        edge = half + 0.15 * noise_field(shape, 1.5, rng, 2)[: len(v)]
        inside = np.clip((edge - np.abs(v - at)[:, None]) / 0.25 + 0.5, 0, 1)
        albedo += inside * (own[:, None, None] - albedo)
        middle = own * np.exp(rng.normal(-0.1, 0.2)) * (1 + rng.normal(0, 0.08) * np.array([-1, 0, 1, 0.5]))
        inner = np.clip((0.75 - np.abs(v - at)[:, None]) / 0.2 + 0.5, 0, 1) * rng.uniform(0, 1)
        albedo += inner * (middle[:, None, None] - albedo)
    stretch = float(rng.choice([1, 1, 3, 8]))
    texture = np.zeros(shape, np.float32)
    for scale in (0.0, 0.4, 1.2, 4.0, 15.0):
        texture += rng.uniform(0, 0.10) * noise_field(shape, scale, rng, stretch if scale > 0 else 1)
    albedo *= np.exp(texture)
    tint = 0.03 * rng.random() * noise_field(shape, 5.0, rng, 2)
    albedo[0] *= 1 - tint
    albedo[2] *= 1 + tint
    draw_rails(albedo, yard, v, rng)
    weeds = rng.choice([0, 0, 0.1, 0.35])
    if weeds:
        cover = np.clip(
            noise_field(shape, 1.0, rng, 2) + noise_field(shape, 8.0, rng, 3) - 2.2 + 2 * weeds, 0, 1
        )
        green = np.array(
            (rng.choice([0, 1]) and (0.04, 0.075, 0.055, 0.3)) or (0.08, 0.12, 0.15, 0.26), np.float32
        )
        albedo += cover * (green[:, None, None] - albedo)
    return Canvas(albedo, np.zeros(shape, np.float32), top)


def draw_stone(rng: np.random.Generator) -> np.ndarray:
    """Draw a reflectance of ballast, concrete or gravel."""
    tone, warm = np.exp(rng.uniform(np.log(0.07), np.log(0.32))), rng.uniform(-0.05, 0.28)
    return (tone * np.array([1 - warm, 1 - 0.4 * warm, 1 + 0.3 * warm, 1.1 + 0.5 * warm])).astype(np.float32)


def draw_earth(rng: np.random.Generator) -> np.ndarray:
    """Draw a reflectance of plants, stone or soil."""
    draw = rng.random()
    if draw < 0.25:
        return np.array([0.04, 0.075, 0.055, 0.3], np.float32) * np.float32(rng.uniform(0.7, 1.6))
    if draw < 0.6:
        return draw_stone(rng) * np.float32(rng.uniform(0.7, 1.8))
    return np.array([0.09, 0.125, 0.16, 0.23], np.float32) * np.float32(rng.uniform(0.5, 1.6))


def draw_rails(albedo: np.ndarray, yard: Yard, v: np.ndarray, rng: np.random.Generator) -> None:
    """Draw sleepers and rails over a bed (4, rows, cols), ``v`` (rows,) metres to the left."""
    rows, cols = albedo.shape[1:]
    wood = rng.random() < 0.5
    tone = np.float32(np.exp(rng.normal(-0.7 if wood else 0.15, 0.35)))
    strength = float(rng.uniform(0, 1.0))
    pitch = float(rng.uniform(0.54, 0.68))
    u = (np.arange(cols) + 0.5) * CELL_M
    sleeper = ((u % pitch) < 0.25).astype(np.float32) * strength
    sleeper *= np.exp(0.3 * rng.standard_normal(cols)).astype(np.float32)
    for at in yard.v_m:
        near = np.abs(v - at) < 1.3
        albedo[:, near] *= 1 + (tone - 1) * np.clip(sleeper, 0, 1)
        gauge = 1.435 if rng.random() < 0.5 else 1.52
        shine, beside = float(np.exp(rng.normal(0.0, 0.7))), float(rng.uniform(0.45, 1.0))
        for side in (-1, 1):
            row = int((v[0] + CELL_M / 2 - (at + side * (gauge / 2 + 0.03))) / CELL_M)
            if 0 <= row < rows:
                albedo[:, row] *= shine
                albedo[2, row] *= 1.05
                # A rail's own shadow and its fastenings.
                for near_row in (row - 1, row + 1):
                    if 0 <= near_row < rows:
                        albedo[:, near_row] *= beside


def clutter(canvas: Canvas, yard: Yard, rng: np.random.Generator) -> None:
    """Draw what stands or lies about: crossings, platforms, stacks, sheds, trucks, masts, pits."""
    length = yard.length_m
    free = _gaps(yard)
    for _ in range(rng.poisson(0.4)):
        u = rng.uniform(0, length)
        rows, cols = canvas.window(u, u + rng.uniform(2, 9), yard.v_m[0], 400)
        paint = draw_stone(rng) * rng.uniform(0.6, 1.5)
        canvas.albedo[:, rows, cols] += rng.uniform(0.5, 1) * (
            paint[:, None, None] - canvas.albedo[:, rows, cols]
        )
    for low, high in free:
        room = high - low
        if rng.random() < 0.25 and room > 2.5:
            width = rng.uniform(1.5, min(room, 9))
            mid = rng.uniform(low + width / 2, high - width / 2)
            u = np.sort(rng.uniform(0, length, 2))
            _slab(
                canvas,
                (u[0], u[1], mid, width),
                rng.uniform(0, 1.1),
                draw_stone(rng) * rng.uniform(0.9, 2),
                rng,
            )
        for _ in range(rng.poisson(2.0 if room > 3 else 0.5)):
            size = (rng.uniform(0.6, 14), min(rng.uniform(0.5, 3.2), room))
            mid = rng.uniform(low + size[1] / 2, high - size[1] / 2)
            u = rng.uniform(0, length)
            colour = draw_paint(str(rng.choice(COLOURS)), rng)
            _slab(canvas, (u, u + size[0], mid, size[1]), float(np.exp(rng.normal(0.5, 0.7))), colour, rng)
        for _ in range(rng.poisson(length / 60 if rng.random() < 0.6 else 0)):
            _slab(
                canvas,
                (u := rng.uniform(0, length), u + 0.4, rng.uniform(low, high), 0.4),
                rng.uniform(4, 9),
                draw_stone(rng),
                rng,
            )
    for at in yard.v_m:
        for _ in range(rng.poisson(1.0)):
            u, size = rng.uniform(0, length), rng.uniform(0.3, 2.5)
            rows, cols = canvas.window(u, u + size * rng.uniform(1, 6), at + rng.uniform(-1, 1), size)
            paint = draw_paint(str(rng.choice(COLOURS)), rng).astype(np.float32)
            canvas.albedo[:, rows, cols] += rng.uniform(0.2, 0.9) * (
                paint[:, None, None] - canvas.albedo[:, rows, cols]
            )


def _gaps(yard: Yard) -> list[tuple[float, float]]:
    """Return free stretches across: between and outside the tracks' clearances."""
    low, out = min(yard.v_m) - yard.margin_m, []
    for at in sorted(yard.v_m):
        if at - 1.9 - low > 0.8:
            out.append((low, at - 1.9))
        low = at + 1.9
    out.append((low, max(yard.v_m) + yard.margin_m))
    return out


def _slab(
    canvas: Canvas,
    place: tuple[float, float, float, float],
    tall: float,
    paint: Any,
    rng: np.random.Generator,
) -> None:
    rows, cols = canvas.window(*place)
    part = canvas.albedo[:, rows, cols]
    if part.size:
        part[:] = np.asarray(paint, np.float32)[:, None, None] * np.exp(
            0.1 * rng.standard_normal(part.shape[1:])
        ).astype(np.float32)
        canvas.height[rows, cols] = np.maximum(canvas.height[rows, cols], tall)


def draw_trains(yard: Yard, rng: np.random.Generator) -> None:
    """Put trains on the tracks: cuts of like vehicles, gaps of any size above a coupling."""
    load = float(rng.choice([0.0, 0.25, 0.55, 0.85], p=[0.18, 0.37, 0.3, 0.15]))
    for number, _ in enumerate(yard.v_m):
        at = float(rng.uniform(-25, 60))
        while at < yard.length_m - 12:
            if rng.random() < load:
                cars = draw_consist(at, rng)
                cars = [
                    cut_at_end(c, yard.length_m)
                    for c in cars
                    if c["to_m"] > 4 and c["from_m"] < yard.length_m - 4
                ]
                if cars:
                    yard.trains.append({"track": f"T{number + 1}", "cars": cars})
                    at = cars[-1]["to_m"]
                else:
                    at += 15
                at += float(rng.uniform(4.6, 14) if rng.random() < 0.35 else rng.uniform(8, 90))
            else:
                at += float(rng.uniform(15, 80))


def cut_at_end(car: dict[str, Any], length_m: float) -> dict[str, Any]:
    """Cut a vehicle where its track's known part ends."""
    return {**car, "from_m": max(car["from_m"], 0.0), "to_m": min(car["to_m"], length_m)}


def draw_consist(at: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Draw the vehicles of one train from ``at`` on."""
    cars: list[dict[str, Any]] = []
    # Some rakes are as bright as the ballast they stand on.
    hidden = float(rng.uniform(0.4, 1.0)) if rng.random() < 0.25 else 0.0
    wanted = int(rng.choice([1, 2, 3, 5, 8, 14, 40], p=[0.16, 0.13, 0.13, 0.18, 0.18, 0.13, 0.09]))
    gap = float(rng.uniform(0.75, 1.6))
    while len(cars) < wanted:
        kind = str(rng.choice(KINDS, p=KIND_CHANCE))
        over = float(rng.choice(LENGTHS[kind])) + float(rng.normal(0, 0.25))
        colour = str(rng.choice(COLOURS, p=COLOUR_CHANCE))
        for _ in range(1 if kind == "locomotive" else int(rng.integers(1, 9))):
            body = over - gap
            cars.append({"from_m": at, "to_m": at + body, "type": kind, "colour": colour, "hidden": hidden})
            at += body + gap + (float(rng.uniform(0, 0.5)) if rng.random() < 0.1 else 0.0)
            if rng.random() < 0.4:
                colour = str(rng.choice(COLOURS, p=COLOUR_CHANCE))
            if len(cars) >= wanted:
                break
    return cars


def draw_car(canvas: Canvas, v: float, car: dict[str, Any], sunny: float, rng: np.random.Generator) -> None:
    """Draw one vehicle; sets what is seen from above (``seen``) and its load."""
    kind, length = car["type"], car["to_m"] - car["from_m"]
    width = float(rng.uniform(2.65, 3.35))
    v = v + float(rng.normal(0, 0.05))
    deck = rng.uniform(0.9, 1.4)
    grime = np.array([0.05, 0.055, 0.06, 0.075], np.float32) * np.float32(rng.uniform(0.5, 2.0))
    rows, cols = canvas.window(car["from_m"] - 0.55, car["to_m"] + 0.55, v, 0.5)
    coupler = rng.uniform(0, 1) * (grime[:, None, None] - canvas.albedo[:, rows, cols])
    canvas.albedo[:, rows, cols] += coupler
    canvas.height[rows, cols] = rng.uniform(0.3, 1.0)
    rows, cols = canvas.window(car["from_m"], car["to_m"], v, width)
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    if min(shape) < 2:
        return
    side = np.linspace(1, -1, shape[0], dtype=np.float32)[:, None]
    u = (np.arange(shape[1], dtype=np.float32)[None] + 0.5) * CELL_M
    paint = draw_paint(car["colour"], rng).astype(np.float32)
    if car["hidden"]:
        bed = float(np.median(canvas.albedo[1:3, rows, cols]))
        paint *= np.float32((bed * rng.uniform(0.85, 1.2) / paint[1:3].mean()) ** car["hidden"])
    look = np.ones(shape, np.float32)
    tall = np.full(shape, rng.uniform(3.5, 4.7), np.float32)
    albedo = np.repeat(np.repeat(paint[:, None, None], shape[0], 1), shape[1], 2)
    car["seen"], car["load"] = "mixed" if car["hidden"] else car["colour"], "none"
    if kind in ("box", "passenger", "locomotive"):
        look *= 1 + rng.uniform(0, 0.35) * sunny * side + rng.uniform(-0.15, 0.1) * side**2
        tall -= rng.uniform(0, 0.7) * side**2
        if rng.random() < 0.7:
            look *= 1 + rng.uniform(-0.2, 0.1) * ((u % rng.uniform(0.8, 3.2)) < 0.2)
        if rng.random() < 0.3:
            look *= 1 + rng.uniform(-0.3, 0.3) * (np.abs(side) < rng.uniform(0.1, 0.3))
        if kind == "locomotive":
            for _ in range(rng.integers(3, 9)):
                a, b = rng.uniform(0, length), rng.uniform(0.5, 3)
                spot = (u > a) & (u < a + b) & (np.abs(side - rng.uniform(-0.3, 0.3)) < rng.uniform(0.2, 0.7))
                look = np.where(spot, look * rng.uniform(0.25, 1.4), look)
        if kind == "passenger" and rng.random() < 0.5:
            look = np.where(((u % 6.0) < 2) & (np.abs(side) < 0.5), look * rng.uniform(0.7, 1.3), look)
    elif kind == "open":
        _open(car, (albedo, look, tall), (u, side), length, rng)
    elif kind == "tank":
        shine = np.clip(
            rng.uniform(0.3, 0.7)
            + np.cos(np.pi / 2 * np.clip(side - 0.35 * sunny, -1, 1)) * rng.uniform(0.4, 0.9),
            0.2,
            1.6,
        )
        look *= shine
        tall -= 1.4 * side**4
        if rng.random() < 0.6:
            look = np.where(np.abs(side) < 0.15, look * rng.uniform(0.5, 1.2), look)
        dome = np.hypot(u - length / 2, side * width / 2) < rng.uniform(0.4, 0.9)
        look = np.where(dome, look * rng.uniform(0.4, 1.3), look)
        end = np.minimum(u, length - u) < rng.uniform(0.2, 1.1)
        end = end & np.ones(shape, bool)
        albedo[:, end], tall[end] = grime[:, None], deck
    else:
        _deck(car, (albedo, look, tall), (u, side), length, grime, rng)
    smooth = float(rng.choice([0.15, 0.5, 1.0]))
    look *= np.exp(
        smooth
        * rng.uniform(0, 0.12)
        * cv2.resize(
            rng.standard_normal((4, max(int(length / 1.5), 2)), dtype=np.float32), (shape[1], shape[0])
        )
    )
    look *= np.exp(smooth * rng.uniform(0, 0.12) * rng.standard_normal(shape, dtype=np.float32))
    canvas.albedo[:, rows, cols] = np.clip(albedo * look, 0.008, 0.95)
    canvas.height[rows, cols] = tall


def _open(
    car: dict[str, Any],
    out: tuple[np.ndarray, ...],
    frame: tuple[np.ndarray, np.ndarray],
    length: float,
    rng: np.random.Generator,
) -> None:
    albedo, look, tall = out
    u, side = frame
    wall = rng.uniform(2.0, 3.7)
    tall[:] = wall
    rim = rng.uniform(0.08, 0.2)
    well = (np.abs(side) < 1 - rim / 1.5) & (np.minimum(u, length - u) > rim)
    empty = rng.random() < 0.45
    if empty:
        floor = draw_paint(
            str(rng.choice([car["colour"], "brown", "grey", "black"], p=[0.5, 0.25, 0.15, 0.1])), rng
        )
        tall[well] = rng.uniform(1.1, 1.4)
    else:
        load = str(
            rng.choice(
                ["black", "grey", "light_grey", "brown", "yellow", "red"], p=[0.3, 0.2, 0.15, 0.2, 0.1, 0.05]
            )
        )
        floor, car["load"] = draw_paint(load, rng), "loaded"
        car["seen"] = load
        heap = rng.uniform(0, 0.9) * np.abs(np.sin(u / length * np.pi * rng.integers(1, 5))) * (1 - side**2)
        tall[well] = (wall - rng.uniform(0.1, 0.9) + heap)[well]
        look *= 1 + rng.uniform(0, 0.4) * (heap - heap.mean())
        rough = cv2.resize(
            rng.standard_normal((8, max(int(length / 0.6), 2)), dtype=np.float32), (u.shape[1], side.shape[0])
        )
        look *= np.exp(rng.uniform(0.05, 0.4) * rough)
    albedo[:, well] = np.asarray(floor, np.float32)[:, None]
    if rng.random() < 0.4:
        bars = ((u % (length / rng.integers(3, 9))) < 0.15) & (np.abs(side) < 2)
        albedo[:, bars] *= rng.uniform(0.6, 1.3)


def _small_things(albedo: np.ndarray, tall: np.ndarray, rng: np.random.Generator) -> None:
    """Strew a deck with small dark and bright things: machines, vehicles, scrap."""
    rows, cols = tall.shape
    for _ in range(int(rng.integers(8, 60))):
        r, c = int(rng.integers(0, max(rows - 3, 1))), int(rng.integers(0, max(cols - 3, 1)))
        high, wide = int(rng.integers(2, 9)), int(rng.integers(2, 20))
        paint = draw_paint(str(rng.choice(["black", "grey", "black", "brown", "white"])), rng).astype(
            np.float32
        )
        albedo[:, r : r + high, c : c + wide] = paint[:, None, None]
        tall[r : r + high, c : c + wide] += rng.uniform(0, 1.2)


def _deck(
    car: dict[str, Any],
    out: tuple[np.ndarray, ...],
    frame: tuple[np.ndarray, np.ndarray],
    length: float,
    grime: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Flats, bare or loaded, and containers on flats."""
    albedo, look, tall = out
    u, side = frame
    tall[:] = rng.uniform(1.1, 1.4)
    if car["type"] == "flat":
        look *= 1 + 0.15 * rng.standard_normal((1, u.shape[1])).astype(np.float32)
        if rng.random() < 0.4:
            car["load"] = "loaded"
            name = str(rng.choice(["yellow", "grey", "brown", "green", "blue", "light_grey"]))
            paint = draw_paint(name, rng).astype(np.float32)
            a, b = np.sort(rng.uniform(0, length, 2))
            if b - a > 0.4 * length:
                car["seen"] = name
            on = (u > a) & (u < b) & (np.abs(side) < rng.uniform(0.5, 0.95))
            albedo[:, on] = paint[:, None]
            tall[on] = rng.uniform(2, 4)
            if rng.random() < 0.5:
                look *= 1 + 0.3 * np.sin(side * rng.uniform(6, 30))
        elif rng.random() < 0.4:
            _small_things(albedo, tall, rng)
        return
    albedo[:] = grime[:, None, None] * rng.uniform(0.8, 2)
    size = float(rng.choice([6.06, 12.19, 13.7])) if length > 13.8 else float(rng.choice([6.06, 12.19]))
    number = max(int((length + 0.4) // (size + 0.1)), 1)
    start = (length - number * size) / 2 - 0.05 * (number - 1)
    same = rng.random() < 0.6
    names = [car["colour"]] * number if same else [str(rng.choice(COLOURS)) for _ in range(number)]
    car["seen"] = car["seen"] if len(set(names)) == 1 else "mixed"
    for k, name in enumerate(names):
        if number > 1 and rng.random() < 0.08:
            continue
        a = start + k * (size + 0.1)
        on = (u > a) & (u < a + size) & (np.abs(side) < 1.22 / 1.5)
        albedo[:, on] = draw_paint(name, rng).astype(np.float32)[:, None]
        tall[on] = rng.uniform(3.6, 4.3)
    look *= 1 + rng.uniform(0, 0.1) * np.sign(np.sin(u * 2 * np.pi / 0.28))


@dataclass(frozen=True)
class Surroundings:
    """More ground about a yard, and what is drawn on it."""

    margin_m: float
    draw: Callable[[Canvas, Yard, np.random.Generator], None]


@dataclass(frozen=True)
class Shot:
    """One painted scene, its native pixels and its truth."""

    image: NativeImage
    scene: Scene
    tracks: tuple[Track, ...]
    trains: tuple[dict[str, Any], ...]
    facts: dict[str, Any]


def shoot(seed: int, gsd_m: float, wide: Surroundings | None = None) -> Shot:
    """Draw a yard, its light and a camera, and take one picture.

    With ``wide`` there is more ground about it, and its tracks lie exactly where they are said to.
    """
    rng = np.random.default_rng([seed, 4711])
    count = int(rng.integers(1, 7))
    gaps = rng.uniform(4.5, 5.6) + rng.normal(0, 0.08, count - 1)
    gaps += (rng.random(count - 1) < 0.15) * rng.uniform(2, 7, count - 1)
    v = np.concatenate([[0.0], np.cumsum(gaps)])
    yard = Yard(float(rng.choice([180, 260, 350, 500])), [float(x) for x in v])
    if wide is not None:
        yard.margin_m = wide.margin_m
    draw_trains(yard, rng)
    canvas = ground(yard, rng)
    clutter(canvas, yard, rng)
    if wide is not None:
        wide.draw(canvas, yard, rng)
    sun = (float(rng.uniform(0, 360)), float(rng.uniform(14, 62)))
    view = (float(rng.uniform(0, 360)), float(rng.uniform(0, 28)))
    snow = rng.random() < 0.12
    if snow:
        snow_over(canvas, rng)
    sunny = float(np.cos(np.radians(sun[0])) / np.tan(np.radians(max(sun[1], 20))))
    for train in yard.trains:
        at = yard.v_m[int(train["track"][1:]) - 1]
        dusted = snow and rng.random() < 0.5
        for car in train["cars"]:
            draw_car(canvas, at, car, float(np.clip(sunny, -1, 1)), rng)
            if dusted:
                rows, cols = canvas.window(car["from_m"], car["to_m"], at, 3.0)
                cover = rng.uniform(0.3, 1.0) * (
                    rng.random((rows.stop - rows.start, cols.stop - cols.start)) < 0.9
                )
                canvas.albedo[:, rows, cols] += cover * (0.7 - canvas.albedo[:, rows, cols])
                car["seen"] = "mixed"
    light = lit(canvas, sun, view, rng)
    _wires(light, canvas, yard, rng)
    if rng.random() < 0.25:
        _softened(light, canvas, yard, rng)
    image, product = expose(light, gsd_m, canvas.top_m, rng, misfit=0.0 if wide else 1.0)
    known = bool(rng.random() < 0.7)
    tracks = tracks_of(yard)
    facts = {
        "seed": seed,
        "gsd_m": gsd_m,
        "bands": list(image.bands),
        "known": known,
        "off_nadir_deg": view[1],
        "view_azimuth_deg": view[0],
        "sun_azimuth_deg": sun[0],
        "sun_elevation_deg": sun[1],
        "season": "any",
        "snow": float(snow),
        "haze": 0.0,
        "product": product,
        "tracks": [[t.id, list(map(list, t.line.coords))] for t in tracks],
        "trains": yard.trains,
    }
    from training.strip_bank import scene_of

    return Shot(image, scene_of(facts), tracks, tuple(yard.trains), facts)


def tracks_of(yard: Yard) -> tuple[Track, ...]:
    """Return a yard's tracks in its own frame: metres along and to the left."""
    return tuple(
        Track(id=f"T{k + 1}", line=LineString([(0.0, at), (yard.length_m, at)]), name=f"T{k + 1}")
        for k, at in enumerate(yard.v_m)
    )


def _softened(light: np.ndarray, canvas: Canvas, yard: Yard, rng: np.random.Generator) -> None:
    """Smear the outlines of vehicles, as lossy coding, sharpening and retouching do."""
    band = np.zeros(canvas.height.shape, np.uint8)
    for train in yard.trains:
        at = yard.v_m[int(train["track"][1:]) - 1]
        for car in train["cars"]:
            rows, cols = canvas.window(car["from_m"], car["to_m"], at, rng.uniform(2.8, 3.6))
            corners = (cols.start, rows.start), (cols.stop, rows.stop)
            cv2.rectangle(band, *corners, 1, max(int(rng.uniform(0.3, 1.2) / CELL_M), 1))
    smeared = band > 0
    sigma = rng.uniform(0.3, 1.0) / CELL_M
    for layer in light:
        layer[smeared] = cv2.GaussianBlur(layer, (0, 0), sigma)[smeared]


def snow_over(canvas: Canvas, rng: np.random.Generator) -> None:
    """Cover a part of the ground with snow."""
    shape = canvas.height.shape
    cover = np.clip(
        noise_field(shape, 2.0, rng, 3) * 0.5 + 0.4 * noise_field(shape, 0.3, rng) + rng.uniform(-0.5, 1.5),
        0,
        1,
    )
    canvas.albedo += cover * (np.float32(rng.uniform(0.5, 0.8)) - canvas.albedo)


def lit(
    canvas: Canvas, sun: tuple[float, float], view: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Return what the satellite sees (4, rows, cols): shaded, with bodies that lean."""
    above = cast_shadow(canvas.height, CELL_M, *sun)
    sunlit = cv2.GaussianBlur((above <= 0.05).astype(np.float32), (0, 0), 0.8)
    share = np.array([0.30, 0.24, 0.19, 0.13]) * rng.uniform(0.6, 1.8)
    share = np.clip(share * (40 / max(sun[1], 12)) ** 0.5, 0.05, 0.6).astype(np.float32)
    light = canvas.albedo * (share[:, None, None] + (1 - share)[:, None, None] * sunlit)
    # Ground below the rails leans the other way by little: it is left where it lies.
    raised = np.maximum(canvas.height, 0)
    shown_at, source, wall = view_source(raised, CELL_M, view[1], view[0])
    if len(shown_at):
        shade = np.where(wall, rng.uniform(0.3, 0.9), 1.0).astype(np.float32)
        for band in light.reshape(4, -1):
            band[shown_at] = band[source] * shade
    return light


def _wires(light: np.ndarray, canvas: Canvas, yard: Yard, rng: np.random.Generator) -> None:
    """Portals across all tracks: a thin beam and, somewhere along, its thin shadow."""
    if rng.random() < 0.5:
        return
    away = rng.uniform(-9, 9)
    for u in np.arange(rng.uniform(0, 60), yard.length_m, rng.uniform(35, 75)):
        width = rng.uniform(0.12, 0.5)
        for at, factor in ((u, rng.uniform(0.6, 1.6)), (u + away, rng.uniform(0.35, 0.8))):
            rows, cols = canvas.window(at, at + width, yard.v_m[0], 400)
            light[:, rows, cols] *= factor


def expose(
    light: np.ndarray, gsd_m: float, top_m: float, rng: np.random.Generator, *, misfit: float
) -> tuple[NativeImage, str]:
    """Blur, rotate to the product's grid, add air, noise, curves and steps."""
    rows, cols = light.shape[1:]
    sigma = gsd_m / CELL_M * float(np.sqrt(rng.uniform(0.35, 0.85) ** 2 + 1 / 12))
    angle = float(rng.uniform(0, 2 * np.pi))
    scale = CELL_M / gsd_m
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [cols, 0], [0, rows], [cols, rows]]) @ turn.T
    low = corners.min(axis=0) - rng.uniform(0, 1, 2)
    size = np.ceil(corners.max(axis=0) - low).astype(int) + 1
    matrix = np.column_stack([turn, -low])
    bands = []
    for band in light:
        shift = rng.normal(0, 0.15, 2)
        soft = cv2.GaussianBlur(band, (0, 0), sigma)
        moved = matrix.copy()
        moved[:, 2] += shift
        bands.append(cv2.warpAffine(soft, moved, tuple(int(s) for s in size), flags=cv2.INTER_LINEAR))
    out = np.stack(bands)
    valid = cv2.warpAffine(np.ones((rows, cols), np.float32), matrix, tuple(int(s) for s in size)) > 0.999
    haze = float(rng.choice([0.0, 0.0, 0.0, rng.uniform(0, 0.12)]))
    out = out * np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.06, 4))[:, None, None] * (1 - 2 * haze)
    out += (np.array([0.055, 0.035, 0.02, 0.01]) * rng.uniform(0, 1.3) + haze)[:, None, None]
    out += (
        rng.standard_normal(out.shape)
        * np.sqrt(0.3 + 0.7 * np.clip(out, 0, None) / 0.2)
        * rng.uniform(0.001, 0.011)
    )
    names, product = BGRN, "analytic4"
    if rng.random() < 0.5:
        product, names = "visual", ("blue", "green", "red")
        top = np.percentile(out[:3], rng.uniform(97, 99.9))
        base = out[:3].min(axis=(1, 2), keepdims=True) * rng.uniform(0, 0.9)
        out = np.clip((out[:3] - base) / (top - base.mean()), 0, 1.0) ** rng.uniform(0.45, 1.0)
        mix = np.eye(3) * (1 - (d := rng.uniform(0, 0.45))) + d / 3
        out = np.rint(np.einsum("ab,bmn->amn", mix, out) * 254 + 1) / 255
        if rng.random() < 0.3:
            out = np.stack([cv2.GaussianBlur(b, (0, 0), 1.0) * -0.6 + b * 1.6 for b in out])
    out = np.maximum(out, 1e-4).astype(np.float32) * valid
    error = rng.normal(0, 0.2 if rng.random() < 0.8 else 0.6, 2) * misfit
    # Site metres (x along, y to the left) to canvas cells to pixels.
    cell = np.array([[1 / CELL_M, 0.0], [0.0, -1 / CELL_M]])
    linear = turn @ cell
    origin = turn @ np.array([-0.5, top_m / CELL_M - 0.5]) - low
    col = (float(origin[0] + linear[0] @ error), float(linear[0, 0]), float(linear[0, 1]))
    row = (float(origin[1] + linear[1] @ error), float(linear[1, 0]), float(linear[1, 1]))
    to_pixel = SiteToPixel(
        x0=0.0, y0=0.0, scale=1.0, col_coefficients=(*col, *[0.0] * 7), row_coefficients=(*row, *[0.0] * 7)
    )
    return NativeImage(
        values=out,
        valid=valid,
        saturated=np.zeros_like(valid),
        bands=names,
        gsd_m=gsd_m,
        pixel_m=gsd_m,
        to_pixel=to_pixel,
    ), product


def main() -> None:
    """Paint yards into a bank of strips as ``strip_bank.load`` reads it."""
    import argparse
    import json

    from training.strip_bank import GSDS
    from tumangang_watch.detect.trains.strips import sample_strip
    from tumangang_watch.settings.trains import TrainSettings

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(arguments.first, arguments.first + arguments.count):
        target = arguments.folder / f"y{seed}.npz"
        if target.exists():
            continue
        shot = shoot(seed, float(np.random.default_rng(seed).choice(GSDS)))
        kept: dict[str, Any] = {}
        for number, track in enumerate(shot.tracks):
            strip = sample_strip(shot.image, track, TrainSettings())
            kept[f"0_{number}_values"] = strip.values.astype(np.float16)
            kept[f"0_{number}_valid"] = np.packbits(strip.valid)
        np.savez(target.with_suffix(".part.npz"), about=np.array(json.dumps([shot.facts])), **kept)
        target.with_suffix(".part.npz").rename(target)


if __name__ == "__main__":
    main()
