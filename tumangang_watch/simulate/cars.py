"""How each kind of rolling stock looks from above."""

from __future__ import annotations

from math import radians
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.simulate.objects import Look
from tumangang_watch.simulate.spectra import COLOURS, Spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.simulate.objects import Canvas, Shape
    from tumangang_watch.simulate.world import Car

GRIME: Spectrum = (0.085, 0.095, 0.105, 0.125)


def _painted(colour: str, dirt: float, rng: np.random.Generator) -> Spectrum:
    """Return a vehicle's own tone of a colour: faded and dirty by chance."""
    tone = float(np.exp(rng.normal(0, 0.10)))
    share = 0.45 * dirt
    hue = rng.normal(0, 0.03, 4)
    mixed = [
        max((1 - share) * c * tone * (1 + h) + share * g, 0.01)
        for c, g, h in zip(COLOURS[colour], GRIME, hue, strict=True)
    ]
    return mixed[0], mixed[1], mixed[2], mixed[3]


def coupler_shape(canvas: Canvas, length_m: float) -> Shape:
    """Return the couplers and buffers beyond both ends of a body."""
    paint = canvas.colour("undercarriage")

    def shape(u: NDArray[np.float64], v: NDArray[np.float64]) -> Look:
        inside = (np.abs(u) < length_m / 2 + 0.56) & (np.abs(v) < 0.22)
        ones = np.ones(u.shape)
        return Look(inside, ones, np.full(u.shape, paint, np.uint8), ones)

    return shape


def car_shape(
    canvas: Canvas, car: Car, heading_deg: float, rng: np.random.Generator, swept: float = 0.0
) -> Shape:
    """Return the look of one vehicle in its own frame; ``swept`` as in `Canvas.swept`."""
    half_l, half_w = (car.to_m - car.from_m) / 2, car.width_m / 2
    body = canvas.own(_painted(car.colour, car.dirt, rng))
    inner = canvas.own(_painted(car.colour, 1.6, rng)) if car.type == "open" else body
    dark = canvas.colour("undercarriage")
    canvas.swept[body] = canvas.swept[inner] = swept
    right = radians(heading_deg + 90)
    grain = rng.normal(0, 1, 128)

    def curved(side: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
        tilt = np.arcsin(np.clip(np.abs(side) * strength, 0, 0.99))
        lit = canvas.slope_light(tilt, right), canvas.slope_light(tilt, right + np.pi)
        return np.where(side > 0, lit[0], lit[1])

    def shape(u: NDArray[np.float64], v: NDArray[np.float64]) -> Look:
        side, end = np.clip(v / half_w, -1, 1), half_l - np.abs(u)
        inside = (np.abs(u) <= half_l) & (np.abs(v) <= half_w)
        height = np.full(u.shape, car.height_m)
        paint = np.full(u.shape, body, np.uint8)
        step = np.floor((u + half_l) * 2).astype(int)
        shade = 1 + 0.05 * grain[step % 128] + 0.05 * grain[(step // 3 + 40) % 128]
        shade *= 1 + car.dirt * 0.12 * grain[(np.floor((v + half_w) * 2) * 5 + step // 4).astype(int) % 128]
        if car.type == "tank":
            shade *= curved(side, 0.97)
            height = car.height_m - half_w * (1 - np.sqrt(1 - 0.95 * side**2))
            dome = np.hypot(u, v) < 0.75
            shade = np.where(dome, shade * 0.75, shade)
            ends = end < 0.7
            paint = np.where(ends & (np.abs(v) > half_w * 0.8), dark, paint).astype(np.uint8)
            height = np.where(ends, height * 0.9, height)
        elif car.type in ("box", "passenger", "locomotive"):
            shade *= curved(side, 0.42 if car.type != "locomotive" else 0.3)
            seam = ((u + half_l) % (1.9 if car.type == "box" else 2.6)) < 0.13
            shade = np.where(seam, shade * 0.86, shade)
            if car.type == "locomotive":
                hood = (np.abs(v) < half_w * 0.55) & (np.abs((u + half_l) % 3.1 - 1.5) < 0.9)
                paint = np.where(hood, dark, paint).astype(np.uint8)
                height = np.where(np.abs(side) > 0.93, car.height_m * 0.6, height)
        elif car.type == "open":
            _open_wagon(canvas, car, (u, v, end), (height, paint, shade), grain, inner)
        elif car.type == "container":
            _containers(canvas, car, (u, v, end), (height, paint, shade))
        elif car.type == "flat":
            plank = (np.floor((u + half_l) / 0.35).astype(int) * 17) % 128
            shade *= 1 + 0.1 * grain[plank]
        return Look(inside, height, paint, np.clip(shade, 0.05, 2.5))

    return shape


def _open_wagon(
    canvas: Canvas,
    car: Car,
    frame: tuple[NDArray[np.float64], ...],
    out: tuple[NDArray, ...],
    grain: NDArray,
    inner: int,
) -> None:
    """Hollow out an open wagon: rim, floor or load below it; the sun throws the inner shadow."""
    u, v, end = frame
    height, paint, shade = out
    well = (end > 0.16) & (car.width_m / 2 - np.abs(v) > 0.16)
    floor_m = 1.4 if car.load == "none" else car.height_m - 0.45
    height[well] = floor_m
    if car.load == "none":
        paint[well] = inner
    else:
        paint[well] = canvas.colour(car.load)
        half_l = (car.to_m - car.from_m) / 2
        heap = 0.55 * np.abs(np.sin((u / half_l * 2 + grain[3]) * np.pi)) * np.cos(v / car.width_m * 2.6)
        height[well] = (floor_m + heap)[well]
        shade[well] *= (0.85 + 0.3 * heap)[well]


def _containers(
    canvas: Canvas, car: Car, frame: tuple[NDArray[np.float64], ...], out: tuple[NDArray, ...]
) -> None:
    """Put containers on a flat: one of 40 ft or two of 20 ft, 2.44 m wide."""
    u, v, _ = frame
    height, paint, shade = out
    length = car.to_m - car.from_m
    boxes = [0.0] if length < 13.0 or car.load == "forty" else [-3.13, 3.13]
    half_box = 6.096 if car.load == "forty" else 3.03
    deck = np.ones(u.shape, bool)
    for centre in boxes:
        deck &= ~((np.abs(u - centre) < half_box) & (np.abs(v) < 1.22))
    height[deck] = 1.3
    paint[deck] = canvas.colour("undercarriage")
    shade[~deck] *= 1 + 0.07 * np.sign(np.sin(u[~deck] * 2 * np.pi / 0.28))
