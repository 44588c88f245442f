"""Raised things on the fine grid: rolling stock, cargo, buildings, trees. Each is drawn exactly.

How each kind of rolling stock looks from above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, cos, hypot, radians, sin

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Grid
from tumangang_watch.simulate.spectra import COLOURS, MATERIALS, Spectrum
from tumangang_watch.simulate.world import Block, PaintedVehicle, Track, Tree


@dataclass(frozen=True)
class Appearance:
    """What one object shows at points of its own frame (u along, v to the right, metres)."""

    inside: NDArray[np.bool_]
    height: NDArray[np.float64]
    paint: NDArray[np.uint8]
    """Index into the canvas's palette."""
    shade: NDArray[np.float64]
    """Factor on reflectance: form shading, grime, seams."""


Shape = Callable[[NDArray[np.float64], NDArray[np.float64]], Appearance]


class Canvas:
    """Object layers over the fine grid, filled by drawing.

    ``paint`` is 0 where there is bare ground, else an index into ``palette``.
    """

    def __init__(self, grid: Grid, sun_azimuth_deg: float, sun_elevation_deg: float) -> None:
        self.grid = grid
        self.height = np.zeros(grid.shape, dtype=np.float32)
        self.paint = np.zeros(grid.shape, dtype=np.uint8)
        self.shade = np.ones(grid.shape, dtype=np.float32)
        self.palette: list[Spectrum] = [(0.0, 0.0, 0.0, 0.0)]
        self.sun = radians(sun_azimuth_deg), radians(max(sun_elevation_deg, 8.0))
        self._index: dict[str, int] = {}
        self.swept: dict[int, float] = {}
        """How much worse snow lies on a paint than on the ground (a train that came after the snow)."""

    def colour(self, name: str) -> int:
        """Return the palette index of a colour or material name."""
        if name not in self._index:
            spectrum = COLOURS[name] if name in COLOURS else MATERIALS[name].spectrum
            self.palette.append(spectrum)
            self._index[name] = len(self.palette) - 1
        return self._index[name]

    def own(self, spectrum: Spectrum) -> int:
        """Add a paint of its own (a variant of a colour); at most 255 in one picture."""
        if len(self.palette) > 250:
            return len(self.palette) - 1
        self.palette.append(spectrum)
        return len(self.palette) - 1

    def slope_light(self, tilt: NDArray[np.float64], azimuth: float) -> NDArray[np.float64]:
        """Return sunlight on a face tilted by ``tilt`` radians towards ``azimuth``, flat ground = 1."""
        sun_azimuth, elevation = self.sun
        direct = np.cos(tilt) + np.sin(tilt) * cos(sun_azimuth - azimuth) / np.tan(elevation)
        return np.clip(0.18 + 0.82 * direct, 0.12, 2.2)

    def sides_light(
        self, side: NDArray[np.float64], tilt: NDArray[np.float64], right: float
    ) -> NDArray[np.float64]:
        """Return sunlight on a roof that falls away to both sides of its ridge; ``side`` > 0 is the right."""
        return np.where(side > 0, self.slope_light(tilt, right), self.slope_light(tilt, right + np.pi))

    def draw(self, x: float, y: float, heading_deg: float, size: tuple[float, float], shape: Shape) -> None:
        """Draw a shape into the window that holds a length x width box about ``(x, y)``."""
        grid = self.grid
        reach = ceil(hypot(*size) / 2 / grid.pixel_m) + 2
        row, col = grid.to_pixel(x, y)
        r0, r1 = max(round(row) - reach, 0), min(round(row) + reach + 1, grid.rows)
        c0, c1 = max(round(col) - reach, 0), min(round(col) + reach + 1, grid.cols)
        if r0 >= r1 or c0 >= c1:
            return
        px = (np.arange(c0, c1) - col)[None, :] * grid.pixel_m
        py = (row - np.arange(r0, r1))[:, None] * grid.pixel_m
        sin_h, cos_h = sin(radians(heading_deg)), cos(radians(heading_deg))
        look = shape(px * sin_h + py * cos_h, px * cos_h - py * sin_h)
        window = (slice(r0, r1), slice(c0, c1))
        over = look.inside & (look.height >= self.height[window])
        self.height[window][over] = look.height[over]
        self.paint[window][over] = look.paint[over]
        self.shade[window][over] = look.shade[over]


def draw_block(canvas: Canvas, block: Block, rng: np.random.Generator) -> None:
    """Draw a building, crate, pile, tarp or truck."""
    half_l, half_w = block.length_m / 2, block.width_m / 2
    paint = canvas.colour(block.paint)
    right = radians(block.heading_deg + 90)
    grain = rng.normal(0, 1, 64)

    def shape(u: NDArray[np.float64], v: NDArray[np.float64]) -> Appearance:
        inside = (np.abs(u) <= half_l) & (np.abs(v) <= half_w)
        height = np.full(u.shape, block.height_m)
        shade = np.ones(u.shape) + 0.04 * grain[np.floor(np.abs(u) * 2).astype(int) % 64]
        if block.shape == "gable":
            tilt = np.full(u.shape, 0.35)
            shade *= canvas.sides_light(v, tilt, right)
            height = block.height_m + (half_w - np.abs(v)) * 0.36
        elif block.shape in ("pile", "tarp"):
            wobble = 1 + 0.07 * np.sin(3 * np.arctan2(v, u) + grain[0]) + 0.05 * grain[1]
            power = 2.0 if block.shape == "pile" else 5.0
            r = ((np.abs(u) / half_l) ** power + (np.abs(v) / half_w) ** power) ** (1 / power) / wobble
            inside = r < 1
            height = block.height_m * np.clip(1 - r**power, 0, 1) ** (0.8 if block.shape == "pile" else 0.4)
            lean = block.height_m / max(half_w, 0.3) * (0.9 if block.shape == "pile" else 0.35)
            side = np.clip(v / half_w, -1, 1)
            shade *= canvas.sides_light(side, np.arctan(lean * np.abs(side)), right)
            shade *= (
                1 + 0.10 * grain[(np.floor(np.abs(u) * 3) + 7 * np.floor(np.abs(v) * 3)).astype(int) % 64]
            )
        elif block.shape == "truss":
            # Seen from above a solid chord; below it only every other cell stands in the sun's way.
            inside &= (np.abs(u) % 1.0 < 0.4) | (np.abs(v) > half_w * 0.6)
            height = np.where(np.abs(u) % 1.0 < 0.4, block.height_m, 1.2)
        return Appearance(inside, height, np.full(u.shape, paint, np.uint8), np.clip(shade, 0.05, 2.5))

    canvas.draw(block.x, block.y, block.heading_deg, (block.length_m, block.width_m), shape)


def draw_tree(canvas: Canvas, tree: Tree, bare: bool, rng: np.random.Generator) -> None:
    """Draw a crown: a ragged dome, sparse when bare."""
    paint = canvas.colour("bare_tree" if bare else "tree")
    wave = rng.uniform(0, 6.28, 4)
    sun_azimuth = canvas.sun[0]

    def shape(u: NDArray[np.float64], v: NDArray[np.float64]) -> Appearance:
        angle, r = np.arctan2(v, u), np.hypot(u, v) / tree.radius_m
        edge = 1 + 0.13 * np.sin(3 * angle + wave[0]) + 0.1 * np.sin(5 * angle + wave[1])
        inside = r < edge
        if bare:
            inside &= rng.random(u.shape) < 0.45
        height = tree.height_m * (0.45 + 0.55 * np.sqrt(np.clip(1 - (r / edge) ** 2, 0, 1)))
        toward = (u * cos(sun_azimuth) + v * sin(sun_azimuth)) / tree.radius_m
        shade = 1 + 0.45 * toward + 0.25 * rng.standard_normal(u.shape)
        return Appearance(inside, height, np.full(u.shape, paint, np.uint8), np.clip(shade, 0.2, 2.0))

    canvas.draw(tree.x, tree.y, 0.0, (2.4 * tree.radius_m, 2.4 * tree.radius_m), shape)


def vehicle_pose(track: Track, vehicle: PaintedVehicle) -> tuple[float, float, float]:
    """Return a car's centre ``(x, y)`` and heading in degrees: a chord over its bogies."""
    span = vehicle.to_m - vehicle.from_m
    a = track.line.interpolate(vehicle.from_m + 0.15 * span)
    b = track.line.interpolate(vehicle.to_m - 0.15 * span)
    heading = np.degrees(np.arctan2(b.x - a.x, b.y - a.y))
    return (a.x + b.x) / 2, (a.y + b.y) / 2, float(heading)


def draw_vehicle(
    canvas: Canvas, track: Track, vehicle: PaintedVehicle, rng: np.random.Generator, swept: float = 0.0
) -> None:
    """Draw one vehicle with its roof form, seams, grime, load and inner shadow."""
    x, y, heading = vehicle_pose(track, vehicle)
    length = vehicle.to_m - vehicle.from_m
    canvas.draw(x, y, heading, (length + 1.4, 0.6), coupler_shape(canvas, length))
    canvas.draw(x, y, heading, (length, vehicle.width_m), vehicle_shape(canvas, vehicle, heading, rng, swept))


GRIME: Spectrum = (0.085, 0.095, 0.105, 0.125)


def _painted(colour: str, dirt: float, rng: np.random.Generator) -> Spectrum:
    """Return a vehicle's own variant of a colour: faded and dirty by chance."""
    brightness = float(np.exp(rng.normal(0, 0.10)))
    share = 0.45 * dirt
    tint = rng.normal(0, 0.03, 4)
    mixed = [
        max((1 - share) * c * brightness * (1 + h) + share * g, 0.01)
        for c, g, h in zip(COLOURS[colour], GRIME, tint, strict=True)
    ]
    return mixed[0], mixed[1], mixed[2], mixed[3]


def coupler_shape(canvas: Canvas, length_m: float) -> Shape:
    """Return the couplers and buffers beyond both ends of a body."""
    paint = canvas.colour("undercarriage")

    def shape(u: NDArray[np.float64], v: NDArray[np.float64]) -> Appearance:
        inside = (np.abs(u) < length_m / 2 + 0.56) & (np.abs(v) < 0.22)
        ones = np.ones(u.shape)
        return Appearance(inside, ones, np.full(u.shape, paint, np.uint8), ones)

    return shape


def vehicle_shape(
    canvas: Canvas, vehicle: PaintedVehicle, heading_deg: float, rng: np.random.Generator, swept: float = 0.0
) -> Shape:
    """Return the appearance of one vehicle in its own frame; ``swept`` as in `Canvas.swept`."""
    half_l, half_w = (vehicle.to_m - vehicle.from_m) / 2, vehicle.width_m / 2
    body = canvas.own(_painted(vehicle.colour, vehicle.dirt, rng))
    inner = canvas.own(_painted(vehicle.colour, 1.6, rng)) if vehicle.type == "open" else body
    dark = canvas.colour("undercarriage")
    canvas.swept[body] = canvas.swept[inner] = swept
    right = radians(heading_deg + 90)
    grain = rng.normal(0, 1, 128)

    def curved(side: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
        return canvas.sides_light(side, np.arcsin(np.clip(np.abs(side) * strength, 0, 0.99)), right)

    def shape(u: NDArray[np.float64], v: NDArray[np.float64]) -> Appearance:
        side, end = np.clip(v / half_w, -1, 1), half_l - np.abs(u)
        inside = (np.abs(u) <= half_l) & (np.abs(v) <= half_w)
        height = np.full(u.shape, vehicle.height_m)
        paint = np.full(u.shape, body, np.uint8)
        step = np.floor((u + half_l) * 2).astype(int)
        shade = 1 + 0.05 * grain[step % 128] + 0.05 * grain[(step // 3 + 40) % 128]
        shade *= (
            1 + vehicle.dirt * 0.12 * grain[(np.floor((v + half_w) * 2) * 5 + step // 4).astype(int) % 128]
        )
        if vehicle.type == "tank":
            shade *= curved(side, 0.97)
            height = vehicle.height_m - half_w * (1 - np.sqrt(1 - 0.95 * side**2))
            dome = np.hypot(u, v) < 0.75
            shade = np.where(dome, shade * 0.75, shade)
            ends = end < 0.7
            paint = np.where(ends & (np.abs(v) > half_w * 0.8), dark, paint).astype(np.uint8)
            height = np.where(ends, height * 0.9, height)
        elif vehicle.type in ("box", "passenger", "locomotive"):
            shade *= curved(side, 0.42 if vehicle.type != "locomotive" else 0.3)
            seam = ((u + half_l) % (1.9 if vehicle.type == "box" else 2.6)) < 0.13
            shade = np.where(seam, shade * 0.86, shade)
            if vehicle.type == "locomotive":
                hood = (np.abs(v) < half_w * 0.55) & (np.abs((u + half_l) % 3.1 - 1.5) < 0.9)
                paint = np.where(hood, dark, paint).astype(np.uint8)
                height = np.where(np.abs(side) > 0.93, vehicle.height_m * 0.6, height)
        elif vehicle.type == "open":
            _hollow_out(canvas, vehicle, (u, v, end), (height, paint, shade), grain, inner)
        elif vehicle.type == "container":
            _containers(canvas, vehicle, (u, v, end), (height, paint, shade))
        elif vehicle.type == "flat":
            plank = (np.floor((u + half_l) / 0.35).astype(int) * 17) % 128
            shade *= 1 + 0.1 * grain[plank]
        return Appearance(inside, height, paint, np.clip(shade, 0.05, 2.5))

    return shape


def _hollow_out(
    canvas: Canvas,
    vehicle: PaintedVehicle,
    frame: tuple[NDArray[np.float64], ...],
    out: tuple[NDArray, ...],
    grain: NDArray,
    inner: int,
) -> None:
    """Hollow out an open wagon: rim, floor or load below it; the sun throws the inner shadow."""
    u, v, end = frame
    height, paint, shade = out
    well = (end > 0.16) & (vehicle.width_m / 2 - np.abs(v) > 0.16)
    floor_m = 1.4 if vehicle.load == "none" else vehicle.height_m - 0.45
    height[well] = floor_m
    if vehicle.load == "none":
        paint[well] = inner
    else:
        paint[well] = canvas.colour(vehicle.load)
        half_l = (vehicle.to_m - vehicle.from_m) / 2
        heap = 0.55 * np.abs(np.sin((u / half_l * 2 + grain[3]) * np.pi)) * np.cos(v / vehicle.width_m * 2.6)
        height[well] = (floor_m + heap)[well]
        shade[well] *= (0.85 + 0.3 * heap)[well]


def _containers(
    canvas: Canvas, vehicle: PaintedVehicle, frame: tuple[NDArray[np.float64], ...], out: tuple[NDArray, ...]
) -> None:
    """Put containers on a flat: one of 40 ft or two of 20 ft, 2.44 m wide."""
    u, v, _ = frame
    height, paint, shade = out
    length = vehicle.to_m - vehicle.from_m
    boxes = [0.0] if length < 13.0 or vehicle.load == "forty" else [-3.13, 3.13]
    half_box = 6.096 if vehicle.load == "forty" else 3.03
    deck = np.ones(u.shape, bool)
    for centre in boxes:
        deck &= ~((np.abs(u - centre) < half_box) & (np.abs(v) < 1.22))
    height[deck] = 1.3
    paint[deck] = canvas.colour("undercarriage")
    shade[~deck] *= 1 + 0.07 * np.sign(np.sin(u[~deck] * 2 * np.pi / 0.28))
