"""Ground that the second painter's yards lack: water, cuttings, slab track, platforms, roads and fields.

Every function of `GROUNDS` draws one kind on a painted yard (``yard_painter``) before its trains, from wide
distributions; what stands above trains is in ``yard_above``. The ground beside an embankment lies lower than
its rails: heights there are negative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from training.bridge_painter import water
from training.vehicle_bank import Box, fill, lorry
from training.yard_painter import (
    CELL_M,
    COLOURS,
    Canvas,
    Yard,
    draw_earth,
    draw_paint,
    draw_rails,
    draw_stone,
    noise_field,
)

Rng = np.random.Generator
TRAILERS_M = (6.06, 8.0, 12.2, 12.2, 13.6, 14.6, 16.2)
"""Lengths of lorries, trailers and containers."""


@dataclass(frozen=True)
class Place:
    """A yard on its canvas."""

    canvas: Canvas
    yard: Yard

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the canvas."""
        return self.canvas.height.shape[0], self.canvas.height.shape[1]

    @property
    def v_m(self) -> np.ndarray:
        """Metres to the left of each row (rows,)."""
        return np.asarray(self.canvas.top_m - (np.arange(self.shape[0]) + 0.5) * CELL_M)

    @property
    def beyond_m(self) -> np.ndarray:
        """Metres beyond the outer tracks of each row (rows,), negative between them."""
        v = self.v_m
        return np.maximum(min(self.yard.v_m) - v, v - max(self.yard.v_m))

    @property
    def near_m(self) -> np.ndarray:
        """Metres from the nearest track of each row (rows,)."""
        return np.min([np.abs(self.v_m - at) for at in self.yard.v_m], axis=0)

    def stretch(self, rng: Rng, shortest_m: float, longest_m: float) -> np.ndarray:
        """Draw a stretch along the tracks, its ends square to them or slanting: (rows, cols) True on it."""
        u = (np.arange(self.shape[1]) + 0.5) * CELL_M
        length = float(np.exp(rng.uniform(np.log(shortest_m), np.log(longest_m))))
        start = rng.uniform(-0.6 * length, self.yard.length_m - 0.4 * length)
        aslant = [rng.uniform(-1.2, 1.2) if rng.random() < 0.5 else 0.0 for _ in range(2)]
        across = self.v_m[:, None] - np.mean(self.yard.v_m)
        low, high = start + aslant[0] * across, start + length + aslant[1] * across
        return np.asarray((u > low) & (u < high))

    def cover(self, where: np.ndarray, paint: Any, rng: Rng, share: float = 1.0) -> None:
        """Paint ground (rows, cols) True with one reflectance, a little uneven."""
        rough = np.exp(rng.uniform(0, 0.12) * noise_field(self.shape, rng.uniform(0.2, 2), rng))
        rough = rough * np.exp(rng.uniform(0, 0.2) * noise_field(self.shape, rng.uniform(3, 20), rng, 3))
        paint = np.asarray(paint, np.float32)[:, None]
        part = self.canvas.albedo[:, where]
        self.canvas.albedo[:, where] = part + np.float32(share) * (paint * rough[where] - part)

    def wander(self, rng: Rng, most_m: float) -> np.ndarray:
        """Draw by how much an edge along the tracks wanders, metres (cols,)."""
        scale = float(rng.uniform(2, 25))
        count = max(int(self.shape[1] * CELL_M / scale) + 3, 4)
        coarse = rng.standard_normal((1, count), dtype=np.float32)
        out = cv2.resize(coarse, (self.shape[1], 1), interpolation=cv2.INTER_CUBIC)[0]
        return np.asarray(out * rng.uniform(0, most_m))


def dam(place: Place, rng: Rng) -> None:
    """Lead the tracks over water on an embankment, together or each on its own."""
    canvas, over = place.canvas, place.stretch(rng, 25, 500)
    half, bank = float(rng.uniform(1.5, 6)), float(rng.choice([0.2, rng.uniform(0.5, 7)]))
    deep = float(rng.uniform(0.5, 8))
    away = (place.near_m if rng.random() < 0.25 else place.beyond_m)[:, None] + place.wander(rng, 0.6)
    beside = over.copy()
    if rng.random() < 0.2:
        left = place.v_m > np.mean(place.yard.v_m)
        beside &= (left if rng.random() < 0.5 else ~left)[:, None]
    if rng.random() < 0.55:
        crest = (away <= half) & over
        _lay(place, crest, draw_stone(rng) * rng.uniform(0.7, 1.8), rng)
    slope = (away > half) & (away <= half + bank) & beside
    place.cover(slope, draw_stone(rng) if rng.random() < 0.6 else draw_earth(rng), rng)
    canvas.height[slope] = -deep * (away[slope] - half) / bank
    wet = (away > half + bank) & beside
    canvas.albedo[:, wet] = water(place.shape, rng)[:, wet]
    canvas.height[wet] = -deep


def _lay(place: Place, where: np.ndarray, paint: Any, rng: Rng) -> None:
    """Paint a bed (rows, cols) True anew and lay sleepers and rails on it."""
    place.cover(where, paint, rng)
    railed = place.canvas.albedo.copy()
    draw_rails(railed, place.yard, place.v_m, rng)
    place.canvas.albedo[:] = np.where(where, railed, place.canvas.albedo)


def slopes(place: Place, rng: Rng) -> None:
    """Lay the tracks in a cutting or on an embankment, with walls or slopes on one side or on both."""
    canvas, over = place.canvas, place.stretch(rng, 60, 600)
    half = float(rng.uniform(1.7, 5))
    rise = float(rng.uniform(1, 10)) * (1 if rng.random() < 0.55 else -1)
    run = float(rng.choice([0.3, abs(rise) * rng.uniform(0.6, 2.2)]))
    away = place.beyond_m[:, None] + place.wander(rng, 0.4)
    where = (away > half) & over
    if rng.random() < 0.35:
        left = place.v_m > np.mean(place.yard.v_m)
        where &= (left if rng.random() < 0.5 else ~left)[:, None]
    slope = where & (away < half + run)
    place.cover(where & ~slope, draw_earth(rng), rng)
    place.cover(slope, draw_earth(rng) if run > 0.5 else draw_stone(rng) * 1.3, rng)
    canvas.height[where] = rise * np.clip((away[where] - half) / run, 0, 1)


def slab(place: Place, rng: Rng) -> None:
    """Lay tracks on concrete: slabs of their own, or one plate with the rails in it."""
    over = place.stretch(rng, 40, 800)
    half = float(rng.uniform(1.1, 1.9)) if rng.random() < 0.75 else float(rng.uniform(2.2, 8))
    concrete = np.array([0.93, 1.0, 1.04, 1.12]) * rng.uniform(0.12, 0.5)
    where = (place.near_m < half)[:, None] & over
    place.cover(where, concrete, rng, float(rng.uniform(0.8, 1)))
    v, shine = place.v_m, float(np.exp(rng.normal(-0.3, 0.6)))
    for at in place.yard.v_m:
        for side in (-1, 1):
            rail = (np.abs(v - (at + side * 0.77)) < 0.07)[:, None] & over
            place.canvas.albedo[:, rail] *= np.float32(shine)
    joint = float(rng.choice([5.0, 6.5, 20.0]))
    if rng.random() < 0.5:
        u = (np.arange(place.shape[1]) + 0.5) * CELL_M
        place.canvas.albedo[:, where & ((u % joint) < 0.15)[None]] *= np.float32(rng.uniform(0.5, 0.9))


def overgrown(place: Place, rng: Rng) -> None:
    """Let grass, soil or rust cover some tracks, whole or in stretches."""
    v = place.v_m
    for at in place.yard.v_m:
        if rng.random() < 0.35:
            continue
        where = (np.abs(v - at) < rng.uniform(0.8, 2.6))[:, None] & place.stretch(rng, 8, 600)
        if rng.random() < 0.35:
            rust = np.array([0.05, 0.075, 0.11, 0.14]) * rng.uniform(0.7, 1.8)
            place.cover(where, rust, rng, float(rng.uniform(0.3, 0.9)))
            continue
        patchy = noise_field(place.shape, 1.5, rng, 2) + noise_field(place.shape, 9, rng, 3)
        place.cover(where & (patchy > rng.uniform(-3, 0.8)), draw_earth(rng), rng, float(rng.uniform(0.4, 1)))


def stains(place: Place, rng: Rng) -> None:
    """Draw what lies flat on tracks with ends as sharp as a train's: new ballast, oil, plates, walkways."""
    for at in place.yard.v_m:
        for _ in range(rng.poisson(1.6)):
            where = (np.abs(place.v_m - at) < rng.uniform(0.6, 2.2))[:, None] & place.stretch(rng, 3, 150)
            place.canvas.albedo[:, where] *= np.float32(np.exp(rng.normal(0, 0.45)))
    if rng.random() < 0.4:
        middle = rng.choice(place.yard.v_m) + 2.4 * rng.choice([-1, 1])
        walk = (np.abs(place.v_m - middle) < rng.uniform(0.2, 0.6))[:, None] & place.stretch(rng, 60, 600)
        place.cover(walk, draw_stone(rng) * rng.uniform(0.7, 1.8), rng)


def wet(place: Place, rng: Rng) -> None:
    """Wet the ground: puddles between rails and tracks, drained stretches, dark soaked ballast."""
    pools = noise_field(place.shape, rng.uniform(0.6, 3), rng, float(rng.uniform(1, 8)))
    pools = pools + rng.uniform(0.3, 1) * noise_field(place.shape, 10, rng, 3)
    soaked = pools > rng.uniform(-0.5, 1.6)
    if rng.random() < 0.5:
        near = place.near_m[:, None]
        soaked &= (near < rng.uniform(0.6, 1.6)) if rng.random() < 0.4 else (near > rng.uniform(1.2, 2.2))
    place.canvas.albedo[:, soaked] *= np.float32(rng.uniform(0.3, 0.8))
    if rng.random() < 0.4:
        deep = soaked & (pools > 1.7)
        place.canvas.albedo[:, deep] = water(place.shape, rng)[:, deep]


def fields(place: Place, rng: Rng) -> None:
    """Bring fields, crops, hedges and trees right up to the ballast."""
    half, away = float(rng.uniform(1.4, 3.2)), place.beyond_m[:, None] + place.wander(rng, 0.2)
    u, v = (np.arange(place.shape[1]) + 0.5) * CELL_M, place.v_m
    for side in (v > max(place.yard.v_m), v < min(place.yard.v_m)):
        bounds = np.sort(rng.uniform(0, place.yard.length_m, int(rng.integers(0, 5))))
        parcel = np.searchsorted(bounds, u)
        for k in range(len(bounds) + 1):
            where = side[:, None] & (away > half) & (parcel == k)[None]
            place.cover(where, draw_earth(rng), rng)
            if rng.random() < 0.5:
                slant, pitch = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]), rng.uniform(0.6, 6)
                rows = np.sin(2 * np.pi / pitch * (u[None] * np.cos(slant) + v[:, None] * np.sin(slant)))
                tone = (1 + rng.uniform(0, 0.35) * rows).astype(np.float32)
                place.canvas.albedo[:, where] *= tone[where]
            place.canvas.height[where] = rng.uniform(0, 2.6) if rng.random() < 0.35 else 0.0
        if rng.random() < 0.4:
            _hedge(place, side[:, None] & place.stretch(rng, 8, 300), half, rng)


def _hedge(place: Place, where: np.ndarray, half: float, rng: Rng) -> None:
    """Draw bushes and trees along the edge of the ballast."""
    grown = noise_field(place.shape, rng.uniform(1.5, 5), rng) + rng.uniform(-0.5, 1.5)
    wide = float(rng.uniform(1.5, 9))
    trees = where & (np.abs(place.beyond_m[:, None] - half - wide / 2) < wide / 2) & (grown > 0)
    green = np.array([0.03, 0.05, 0.035, 0.28]) * rng.uniform(0.6, 1.6)
    leaves = np.exp(0.3 * noise_field(place.shape, 0.8, rng)).astype(np.float32)
    place.canvas.albedo[:, trees] = (green[:, None] * leaves[trees]).astype(np.float32)
    place.canvas.height[trees] = np.clip(rng.uniform(1, 8) * (0.4 + 0.4 * grown[trees]), 0.3, 12)


def gap_beside(place: Place, rng: Rng) -> tuple[float, float]:
    """Draw a free strip beside or between tracks: from where to where across, metres."""
    lines = sorted(place.yard.v_m)
    clear = float(rng.uniform(1.65, 2.6))
    gaps = [(a + clear, b - clear) for a, b in pairwise(lines) if b - a > 2 * clear + 2.2]
    outer = place.yard.margin_m
    gaps += [(lines[-1] + clear, lines[-1] + outer), (lines[0] - outer, lines[0] - clear)]
    return gaps[int(rng.integers(len(gaps)))]


def platforms(place: Place, rng: Rng) -> None:
    """Draw platforms with edges and canopies, some over the track's clearance, with supports."""
    for _ in range(int(rng.integers(1, 4))):
        low, high = gap_beside(place, rng)
        wide = min(high - low, float(rng.uniform(1.5, 11)))
        inner = low + wide / 2 if low > np.mean(place.yard.v_m) else high - wide / 2
        u = np.sort(rng.uniform(-0.3, 1.3, 2)) * place.yard.length_m
        rows, cols = place.canvas.window(float(u[0]), float(u[1]), inner, wide)
        where = np.zeros(place.shape, bool)
        where[rows, cols] = True
        place.cover(where, draw_stone(rng) * rng.uniform(0.8, 2.2), rng)
        place.canvas.height[rows, cols] = rng.uniform(0.2, 1.2)
        for edge in (-1, 1) if rng.random() < 0.5 else ():
            line = place.canvas.window(float(u[0]), float(u[1]), inner + edge * (wide / 2 - 0.4), 0.3)
            place.canvas.albedo[:, line[0], line[1]] = rng.uniform(0.3, 0.75)
        for _ in range(int(rng.choice([0, 1, 1, 3]))):
            ends = np.sort(rng.uniform(u[0], u[1], 2))
            roof = wide * rng.uniform(0.4, 1.15)
            part = place.canvas.window(float(ends[0]), float(ends[1]), inner, roof)
            paint = draw_paint(str(rng.choice(["grey", "light_grey", "white", "black", "brown"])), rng)
            place.canvas.albedo[:, part[0], part[1]] = np.asarray(paint, np.float32)[:, None, None]
            place.canvas.height[part[0], part[1]] = rng.uniform(2.6, 5.5)
            if rng.random() < 0.5:
                pitch = round(rng.uniform(3, 15) / CELL_M)
                place.canvas.albedo[:, part[0], part[1].start : part[1].stop : pitch] *= 0.6


def roads(place: Place, rng: Rng) -> None:
    """Draw a road along the tracks, with traffic, parked trailers or containers, and one across."""
    low, high = gap_beside(place, rng)
    length, top = place.yard.length_m, place.canvas.top_m
    wide = min(high - low, float(rng.uniform(2.6, 12)))
    inner = low + wide / 2 if low > np.mean(place.yard.v_m) else high - wide / 2
    strip = Box(length / 2, top - inner, length * 1.2, wide, float(rng.normal(0, 0.004)))
    if rng.random() < 0.8:
        fill(place.canvas, strip, draw_stone(rng) * rng.uniform(0.5, 1.3), 0.0)
    if rng.random() < 0.5:
        fill(place.canvas, strip.at(0, 0, length * 1.2, 0.2), rng.uniform(0.2, 0.6), None)
    kind = str(rng.choice(["traffic", "parked", "beside", "stacks"]))
    if kind == "traffic":
        for u in rng.uniform(-length / 2, length / 2, rng.poisson(length * rng.choice([0.01, 0.04, 0.08]))):
            lorry(place.canvas, strip.at(u, rng.choice([-0.25, 0.25]) * wide, 4.5, 1.9), rng, 0.4)
    else:
        _parked(place.canvas, strip, kind, rng)
    if rng.random() < 0.3:
        across = Box(
            rng.uniform(0, length), top - inner, 300, rng.uniform(4, 12), np.pi / 2 + rng.normal(0, 0.3)
        )
        fill(place.canvas, across, draw_stone(rng) * rng.uniform(0.5, 1.6), None)
        for v in rng.uniform(4, 30, rng.poisson(2)) * rng.choice([-1, 1]):
            fill_at = across.at(v, rng.uniform(-0.3, 0.3) * across.width, 4.5, 1.9)
            lorry(place.canvas, fill_at, rng, 0.3)


def _parked(canvas: Canvas, strip: Box, kind: str, rng: Rng) -> None:
    """Set trailers end to end, side by side, or containers on each other."""
    size, wide = float(rng.choice(TRAILERS_M)), float(rng.uniform(2.4, 2.6))
    gap, skew = float(rng.uniform(0.2, 6)), float(rng.normal(0, 0.02))
    if kind == "beside":
        gap, skew = float(rng.uniform(0.5, 2.5)), float(np.pi / 2 + rng.normal(0, 0.4))
        size = min(size, max(strip.width, 4.0))
    step = (wide if kind == "beside" else size) + gap
    common = draw_paint(str(rng.choice(["white", "white", "light_grey", "grey", "blue"])), rng)
    alike, full = rng.uniform(0, 1), rng.uniform(0.4, 1)
    for u in np.arange(-strip.length / 2, strip.length / 2, step):
        if rng.random() > full:
            continue
        paint = common * rng.uniform(0.85, 1.1)
        if rng.random() > alike:
            paint = draw_paint(str(rng.choice(COLOURS)), rng)
        tall = 2.6 * float(rng.integers(1, 4)) if kind == "stacks" else float(rng.uniform(3, 4.1))
        off = float(rng.normal(0, 0.1)) * (strip.width > wide + 0.5)
        fill(canvas, strip.at(u, off, size, wide, skew), paint, tall)


def third_rail(place: Place, rng: Rng) -> None:
    """Lay conductor rails with their cover boards beside the rails, in stretches, on either side."""
    away, wide = float(rng.uniform(1.25, 1.65)), float(rng.uniform(0.1, 0.3))
    bright = float(rng.uniform(0.03, 0.6))
    for at in place.yard.v_m:
        for _ in range(int(rng.integers(1, 5))):
            where = (np.abs(place.v_m - at - away * rng.choice([-1, 1])) < wide / 2)[:, None]
            where = where & place.stretch(rng, 15, 400)
            place.canvas.albedo[:, where] = np.float32(bright)
            place.canvas.height[where] = np.maximum(place.canvas.height[where], 0.3)


GROUNDS: dict[str, Callable[[Place, Rng], None]] = {
    "dam": dam,
    "slopes": slopes,
    "slab": slab,
    "overgrown": overgrown,
    "stains": stains,
    "wet": wet,
    "fields": fields,
    "platforms": platforms,
    "roads": roads,
    "third rail": third_rail,
}
"""What is drawn on the ground, by name."""
