"""Bridges under a yard's tracks, and what stands above them: trusses, gantries, masts and road bridges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from training.bridge_painter import Sky, Span, bars_of, lay_bridge, with_truss
from training.vehicle_bank import Box, fill, lorry
from training.yard_ground import Place, Rng
from training.yard_painter import CELL_M, draw_stone


@dataclass(frozen=True)
class Bars:
    """What lies above trains, as shares of cells (rows, cols); drawn on the light, with its shadow."""

    planes: tuple[Any, ...]

    def draw(self, light: Any, place: Place, sky: Sky, rng: Rng) -> None:
        """Draw every plane at a height of its own."""
        for plane in self.planes:
            with_truss(light, place.canvas, plane, sky, rng)


def bridge(place: Place, rng: Rng) -> Any | None:
    """Lead the tracks over one or two bridges in the middle of the yard; return the bars of trusses."""
    bars = None
    for _ in range(int(rng.choice([1, 1, 2]))):
        length = float(np.exp(rng.uniform(np.log(8), np.log(220))))
        start = float(rng.uniform(-0.3 * length, place.yard.length_m - 0.5 * length))
        trussed = bool(rng.random() < (0.45 if len(place.yard.v_m) < 3 else 0.15))
        deck = str(rng.choice(["steel", "open", "stone", "ballast"]))
        half = float(rng.uniform(2.2, 3.6) if trussed else rng.uniform(1.4, 6))
        ends = max(start, 0.0), min(start + length, place.yard.length_m)
        span = Span(*ends, half, deck, trussed)
        lay_bridge(place.canvas, place.yard, span, rng)
        _below(place, span, rng)
        if rng.random() < 0.4:
            _girders(place, span, rng)
        if trussed:
            own = bars_of(place.shape, place.canvas, place.yard, span, rng)
            bars = own if bars is None else np.maximum(bars, own)
    return bars


def _below(place: Place, span: Span, rng: Rng) -> None:
    """Let what lies beside a deck lie lower, so that the deck throws its shadow on it."""
    _, cols = place.canvas.window(span.from_m, span.to_m, 0, 1)
    rows = np.flatnonzero(place.beyond_m > span.half_m)
    part = place.canvas.height[rows, cols]
    deep = -float(rng.uniform(2, 20)) if rng.random() < 0.7 else 0.0
    place.canvas.height[rows, cols] = np.where(part > 0.6, part, deep)


def _girders(place: Place, span: Span, rng: Rng) -> None:
    """Set plate girders or parapets along both sides of every track."""
    tall, wide, away = (
        float(rng.uniform(0.4, 2.6)),
        float(rng.uniform(0.15, 0.7)),
        float(rng.uniform(1.5, 2.4)),
    )
    paint = draw_stone(rng) * np.float32(rng.uniform(0.4, 2.0))
    for at in place.yard.v_m:
        for side in (-1, 1):
            rows, cols = place.canvas.window(span.from_m, span.to_m, at + side * away, wide)
            place.canvas.albedo[:, rows, cols] = paint[:, None, None]
            place.canvas.height[rows, cols] = tall


def gantries(place: Place, rng: Rng) -> Any:
    """Return portals and masts with their beams across many tracks (rows, cols), signals on some."""
    bars = np.zeros(place.shape, np.float32)
    lines, top = sorted(place.yard.v_m), place.canvas.top_m

    def line(a: tuple[float, float], b: tuple[float, float], wide: float) -> None:
        ends = [(int(u / CELL_M), int((top - v) / CELL_M)) for u, v in (a, b)]
        cv2.line(bars, *ends, 1.0, max(round(wide / CELL_M), 1))

    pitch, wide, lattice = float(rng.uniform(18, 75)), float(rng.uniform(0.15, 1.2)), rng.random() < 0.4
    skew = float(rng.normal(0, 1.0))
    low, high = lines[0] - rng.uniform(2, 6), lines[-1] + rng.uniform(2, 6)
    single = rng.random() < 0.3
    for u in np.arange(rng.uniform(0, pitch), place.yard.length_m, pitch):
        if single:
            at = float(rng.choice(lines))
            line((u, at + 2.6), (u, at - rng.uniform(-0.5, 1.5)), 0.2)
        elif lattice:
            for k in np.arange(low, high - 1, 1.6):
                line((u, k), (u + wide, k + 0.8), 0.12)
                line((u + wide, k + 0.8), (u, k + 1.6), 0.12)
            line((u, low), (u + skew, high), 0.12)
            line((u + wide, low), (u + wide + skew, high), 0.12)
        else:
            line((u, low), (u + skew, high), wide)
    if rng.random() < 0.35:
        for at in lines:
            line((0, at), (place.yard.length_m, at), 0.1)
    return bars * np.float32(rng.uniform(0.4, 1.0))


def road_bridge(place: Place, rng: Rng) -> None:
    """Lay a road bridge with parapets and traffic across all tracks, where no train ends under it."""
    ends = [e for t in place.yard.trains for e in (t["cars"][0]["from_m"], t["cars"][-1]["to_m"])]
    for _ in range(20):
        u, wide = float(rng.uniform(0, place.yard.length_m)), float(rng.uniform(4, 24))
        if all(abs(e - u) > wide / 2 + 6 for e in ends):
            break
    else:
        return
    middle = place.canvas.top_m - float(np.mean(place.yard.v_m))
    deck = Box(u, middle, 300, wide, np.pi / 2 + rng.normal(0, 0.12))
    tall, paint = float(rng.uniform(5.5, 8)), draw_stone(rng) * rng.uniform(0.6, 1.8)
    fill(place.canvas, deck, paint, tall)
    for side in (-1, 1):
        fill(
            place.canvas,
            deck.at(0, side * (wide / 2 - 0.2), 300, 0.3),
            paint * rng.uniform(0.6, 1.8),
            tall + 1,
        )
    for at in rng.uniform(-60, 60, rng.poisson(rng.choice([0, 3, 10]))):
        body = deck.at(at, rng.choice([-0.25, 0.25]) * wide, 4.5, 1.9)
        lorry(place.canvas, body, rng, 0.3)
        fill(place.canvas, body.at(0, 0, 4.0, 1.8), draw_stone(rng), tall + 1.5)
