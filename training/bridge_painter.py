"""A second painter of bridges, with another look than ``simulate.places.bridges``: for calibrating readers.

It draws on ``yard_painter``: water or ice beside one, two or six tracks, decks of every material, girders
that stand beside the track, and trusses as bars over what lies below them, shifted by the view, with their
shadow on deck, bodies and water. No test uses it; seeds from 5000 on judge, no network
is fitted on them.
``python -m training.bridge_painter --first 0 --count 500 --folder DIR`` paints a bank of strips as
``strip_bank.load`` reads it; one bridge in three is empty.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.strip_bank import GSDS, keep
from training.yard_painter import (
    CELL_M,
    Canvas,
    Yard,
    cut_at_end,
    draw_car,
    draw_consist,
    draw_earth,
    draw_rails,
    draw_stone,
    expose,
    ground,
    lit,
    noise_field,
    snow_over,
    tracks_of,
)
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.settings.trains import TrainSettings

DARK, SILTY = (0.05, 0.05, 0.03, 0.012), (0.10, 0.135, 0.14, 0.07)


@dataclass(frozen=True)
class Span:
    """What is drawn of one bridge, metres in the yard's frame."""

    from_m: float
    to_m: float
    half_m: float
    """Of the deck, beyond the outer tracks."""
    deck: str
    trussed: bool


@dataclass(frozen=True)
class Sky:
    """Where sun and satellite stand, degrees."""

    sun: tuple[float, float]
    view: tuple[float, float]


def draw_yard(rng: np.random.Generator) -> tuple[Yard, Span]:
    """Draw tracks, the bridge they run on, and the trains on it."""
    count = int(rng.choice([1, 2, 6], p=[0.65, 0.23, 0.12]))
    length = float(rng.uniform(200, 460))
    yard = Yard(length, [float(k * rng.uniform(4.4, 5.4)) for k in range(count)])
    yard.v_m = [yard.v_m[-1] / max(count - 1, 1) * k for k in range(count)]
    yard.margin_m = 16.0
    ends = rng.uniform(-30, 60, 2)
    trussed = bool(rng.random() < (0.65 if count < 3 else 0.1))
    deck = str(rng.choice(["steel", "open", "stone", "ballast"], p=[0.35, 0.25, 0.15, 0.25]))
    half = float(rng.uniform(2.3, 3.6) if trussed else rng.uniform(1.4, 4.5))
    span = Span(max(ends[0], 0.0), min(length - ends[1], length), half, deck, trussed)
    if rng.random() < 0.67:
        for number in rng.permutation(count)[: int(rng.choice([1, 1, 2]))]:
            at = float(rng.uniform(-20, length - 20))
            cars = [cut_at_end(c, length) for c in draw_consist(at, rng)]
            cars = [c for c in cars if c["to_m"] - c["from_m"] > 4]
            if cars:
                yard.trains.append({"track": f"T{number + 1}", "cars": cars})
    return yard, span


def lay_bridge(canvas: Canvas, yard: Yard, span: Span, rng: np.random.Generator) -> None:
    """Draw water beside the deck, the deck and what stands along it; rails on top."""
    shape = canvas.height.shape
    v = canvas.top_m - (np.arange(shape[0]) + 0.5) * CELL_M
    u = (np.arange(shape[1]) + 0.5) * CELL_M
    over = (u > span.from_m) & (u < span.to_m)
    beyond = np.maximum(min(yard.v_m) - v, v - max(yard.v_m))
    wet = (beyond > span.half_m)[:, None] & over[None]
    if rng.random() < 0.3:
        between = np.min([np.abs(v - at) for at in yard.v_m], axis=0) > span.half_m
        wet |= between[:, None] & over[None]
    canvas.albedo[:] = np.where(wet, water(shape, rng), canvas.albedo)
    deck = ~wet & over[None]
    if span.deck != "ballast":
        paint = draw_stone(rng) * np.float32(rng.uniform(0.5, 2.0))
        if span.deck == "open":
            paint = np.asarray(DARK, np.float32) * np.float32(rng.uniform(0.5, 2.5))
        share = np.float32(rng.uniform(0.7, 1.0))
        speckle = np.exp(rng.uniform(0, 0.12) * noise_field(shape, rng.uniform(0, 2), rng))
        canvas.albedo += share * deck * (paint[:, None, None] * speckle - canvas.albedo)
        rails = canvas.albedo.copy()
        draw_rails(rails, yard, v, rng)
        canvas.albedo[:] = np.where(deck, rails, canvas.albedo)
    if not span.trussed and rng.random() < 0.6:
        tall, wide = float(rng.uniform(0.5, 2.5)), float(rng.uniform(0.15, 0.6))
        paint = draw_stone(rng) * np.float32(rng.uniform(0.6, 2.0))
        for at in (min(yard.v_m) - span.half_m + wide, max(yard.v_m) + span.half_m - wide):
            rows, cols = canvas.window(span.from_m, span.to_m, at, wide)
            canvas.albedo[:, rows, cols] = paint[:, None, None]
            canvas.height[rows, cols] = tall


def water(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return water, ice, snow or a sandbank's colour (4, rows, cols)."""
    kind = str(
        rng.choice(["dark", "silty", "glint", "ice", "snow", "grass"], p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1])
    )
    base = {
        "dark": np.asarray(DARK) * rng.uniform(0.5, 1.6),
        "silty": np.asarray(SILTY) * rng.uniform(0.6, 1.6),
        "glint": np.asarray(DARK) + rng.uniform(0.02, 0.2),
        "ice": np.array([1.0, 0.97, 0.92, 0.8]) * rng.uniform(0.2, 0.6),
        "snow": np.array([1.0, 0.98, 0.97, 0.9]) * rng.uniform(0.5, 0.8),
        "grass": draw_earth(rng),
    }[kind]
    rough = rng.uniform(0.0, 0.3 if kind == "glint" else 0.1)
    waves = rough * noise_field(shape, rng.uniform(0.3, 2), rng, 2)
    waves += rng.uniform(0, 0.15) * noise_field(shape, 20, rng)
    return np.asarray(np.asarray(base, np.float32)[:, None, None] * np.exp(waves), np.float32)


def bars_of(shape: tuple[int, int], canvas: Canvas, yard: Yard, span: Span, rng: np.random.Generator) -> Any:
    """Return how much (rows, cols) of each cell lies under chords, beams and bracing, as seen from above."""
    out = np.zeros(shape, np.float32)
    panel, wide = float(rng.uniform(4.5, 11)), float(rng.uniform(0.2, 0.9))
    chord = float(rng.uniform(0.3, 0.9))
    panels, gap = int(rng.integers(4, 12)), float(rng.uniform(0.2, 3.0))
    low, high = min(yard.v_m) - span.half_m, max(yard.v_m) + span.half_m
    braced = int(rng.choice([0, 1, 2], p=[0.4, 0.3, 0.3]))
    beamed = rng.random() < 0.9

    def bar(a: tuple[float, float], b: tuple[float, float], size: float) -> None:
        ends = [(int(u / CELL_M), int((canvas.top_m - v) / CELL_M)) for u, v in (a, b)]
        cv2.line(out, *ends, 1.0, max(round(size / CELL_M), 1))

    u = span.from_m
    while u + panel <= span.to_m:
        end = min(u + panels * panel, u + panel * ((span.to_m - u) // panel))
        for at in (low, high):
            bar((u, at), (end, at), chord)
        for j in np.arange(u, end + 0.1, panel) if beamed else ():
            bar((j, low), (j, high), wide)
        for j in np.arange(u, end - 0.1, panel) if braced else ():
            bar((j, low), (j + panel, high), 0.25)
            if braced == 2:
                bar((j, high), (j + panel, low), 0.25)
        u = end + gap
    return out


def with_truss(light: Any, canvas: Canvas, bars: Any, sky: Sky, rng: np.random.Generator) -> None:
    """Draw bars above everything where the view shows them, and their shadow on what lies below."""
    tall = float(rng.uniform(6.5, 11))
    shade = rng.uniform(0.25, 0.6) * np.ones(4, np.float32)
    for low, high, down in ((-1.0, 2.0, 0.0), (2.0, 99.0, 3.7)):
        there = (canvas.height > low) & (canvas.height <= high)
        shadow = _moved(bars, sky.sun, (tall - down) / np.tan(np.radians(sky.sun[1])))
        light *= 1 - there * shadow * (1 - shade[:, None, None])
    paint = draw_stone(rng) * np.float32(rng.uniform(0.4, 2.2))
    seen = _moved(bars, sky.view, tall * np.tan(np.radians(sky.view[1])))
    light += seen * (paint[:, None, None] - light)


def _moved(bars: Any, towards: tuple[float, float], by_m: float) -> Any:
    """Return bars moved away from an azimuth (degrees from the left side of the track, clockwise)."""
    turn = np.radians(towards[0])
    move = np.array([[1, 0, -np.sin(turn) * by_m / CELL_M], [0, 1, np.cos(turn) * by_m / CELL_M]])
    return cv2.warpAffine(bars, move, bars.shape[::-1])


def shoot(seed: int, gsd_m: float) -> tuple[list[Any], dict[str, Any]]:
    """Paint one bridge and take one picture; return its strips and facts."""
    rng = np.random.default_rng([seed, 4712])
    yard, span = draw_yard(rng)
    canvas = ground(yard, rng)
    lay_bridge(canvas, yard, span, rng)
    sky = Sky(
        (float(rng.uniform(0, 360)), float(rng.uniform(14, 62))),
        (float(rng.uniform(0, 360)), float(rng.uniform(0, 28))),
    )
    snow = rng.random() < 0.2
    if snow:
        snow_over(canvas, rng)
    for train in yard.trains:
        at = yard.v_m[int(train["track"][1:]) - 1]
        dusted = snow and rng.random() < 0.5
        for car in train["cars"]:
            draw_car(canvas, at, car, 0.0, rng)
            if dusted:
                rows, cols = canvas.window(car["from_m"], car["to_m"], at, 3.0)
                canvas.albedo[:, rows, cols] += rng.uniform(0.3, 1.0) * (0.7 - canvas.albedo[:, rows, cols])
                car["seen"] = "mixed"
    light = lit(canvas, sky.sun, sky.view, rng)
    if span.trussed:
        with_truss(light, canvas, bars_of(canvas.height.shape, canvas, yard, span, rng), sky, rng)
    image, product = expose(light, gsd_m, canvas.top_m, rng, misfit=1.0)
    facts = {
        "seed": seed,
        "gsd_m": gsd_m,
        "bands": list(image.bands),
        "known": bool(rng.random() < 0.7),
        "off_nadir_deg": sky.view[1],
        "view_azimuth_deg": sky.view[0],
        "sun_azimuth_deg": sky.sun[0],
        "sun_elevation_deg": sky.sun[1],
        "season": "any",
        "snow": float(snow),
        "haze": 0.0,
        "product": product,
        "tracks": [[t.id, list(map(list, t.line.coords))] for t in tracks_of(yard)],
        "trains": yard.trains,
    }
    ends = ((span.from_m, span.to_m),)
    strips = [replace(sample_strip(image, t, TrainSettings()), bridges_m=ends) for t in tracks_of(yard)]
    return strips, facts


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(arguments.first, arguments.first + arguments.count):
        target = arguments.folder / f"b{seed}.npz"
        if not target.exists():
            keep(target, [shoot(seed, float(np.random.default_rng(seed).choice(GSDS)))])


if __name__ == "__main__":
    main()
