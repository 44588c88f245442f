"""Paint plain pictures from above with their rail vehicles and tracks, for a network that knows no tracks.

``python -m training.vehicle_bank --folder DIR`` draws grounds of 240 m by 140 m with ``yard_painter``: yards,
lines, stations, bridges and places without rail, in a town of roads, roofs, parked trailers, container
stacks, trees and water; each with two fillings of trains and two lights. ``--painter first`` takes scenes of
``simulate`` on train seeds. A picture is kept as it falls on the sensor, before optics and product, which the
fit draws anew each time (``vehicle_net``).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely
from shapely.ops import substring

from training.bridge_painter import Sky, Span, bars_of, lay_bridge, with_truss
from training.yard_painter import (
    BGRN,
    CELL_M,
    COLOUR_CHANCE,
    COLOURS,
    KIND_CHANCE,
    KINDS,
    LENGTHS,
    Canvas,
    Yard,
    clutter,
    draw_car,
    draw_earth,
    draw_paint,
    draw_stone,
    ground,
    lit,
    noise_field,
    snow_over,
)
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.light import view_source

KEPT_M = 0.25
LONG_M, WIDE_M = 240.0, 140.0
BODY, END, TRACK, NO_TRACKS, UNSURE = 1, 2, 4, 8, 16
"""Bits of the label plane: a vehicle's top; its end or a coupling; the middle of a track; tracks are not
labelled here; nothing is."""
COACHES = (15.6, 15.6, 18.4, 20.4, 22.9, 23.8, 25.0, 26.4)
SIMULATED_FIRST = 2200
"""First train seed used."""
PLACES = ("yard", "line", "station", "bridge", "none")
PLACE_CHANCE = (0.48, 0.10, 0.13, 0.14, 0.15)


@dataclass(frozen=True)
class Box:
    """A rectangle on the ground at any angle, metres from the canvas's upper left corner."""

    x: float
    y: float
    length: float
    width: float
    angle: float
    """Radians, clockwise from the tracks."""

    def corners(self) -> Any:
        """Return its corners in cells, (4, 2)."""
        along = np.array([np.cos(self.angle), np.sin(self.angle)]) * self.length / 2
        across = np.array([-np.sin(self.angle), np.cos(self.angle)]) * self.width / 2
        middle = np.array([self.x, self.y])
        ends = [middle + a * along + b * across for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
        return np.rint(np.array(ends) / CELL_M).astype(np.int32)

    def at(self, along: float, across: float, length: float, width: float, turn: float = 0.0) -> Box:
        """Return a box placed in the frame of this one."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        return Box(
            self.x + c * along - s * across, self.y + s * along + c * across, length, width, self.angle + turn
        )


def fill(canvas: Canvas, box: Box, paint: Any, tall: float | None) -> None:
    """Paint a box; ``tall`` None leaves heights."""
    corners, values = box.corners(), np.broadcast_to(np.asarray(paint, np.float32), (4,))
    for k in range(4):
        cv2.fillConvexPoly(canvas.albedo[k], corners, float(values[k]))
    if tall is not None:
        cv2.fillConvexPoly(canvas.height, corners, float(tall))


def road(canvas: Canvas, rng: np.random.Generator, angle: float) -> None:
    """Draw a road with its marks and traffic."""
    strip = Box(rng.uniform(0, LONG_M), rng.uniform(0, WIDE_M), 400, rng.uniform(5, 22), angle)
    fill(canvas, strip, draw_stone(rng) * rng.uniform(0.5, 1.2), 0.0)
    lanes = max(int(strip.width / 3.4), 1)
    for k in range(lanes + 1):
        if rng.random() < 0.6:
            mark = strip.at(0, (k / lanes - 0.5) * strip.width * 0.96, 400, 0.2)
            fill(canvas, mark, rng.uniform(0.2, 0.5), None)
    busy = rng.choice([0.003, 0.01, 0.03, 0.06])
    for k in range(lanes):
        for u in rng.uniform(-200, 200, rng.poisson(400 * busy)):
            lorry(canvas, strip.at(u, ((k + 0.5) / lanes - 0.5) * strip.width, 4.5, 1.9), rng, 0.25)


def lorry(canvas: Canvas, place: Box, rng: np.random.Generator, long: float) -> None:
    """Draw a car, or with chance ``long`` a lorry or a bus."""
    colour = draw_paint(str(rng.choice(["white", "black", "grey", "light_grey", "red", "blue"])), rng)
    if rng.random() < long:
        size = float(rng.choice([8, 12, 12.2, 13.6, 16.2]))
        body = place.at(0, 0, size, rng.uniform(2.4, 2.65))
        fill(canvas, body, colour, rng.uniform(3, 4.1))
        if rng.random() < 0.6:
            cab = place.at(size / 2 + 1.8, 0, 2.3, 2.4)
            fill(canvas, cab, draw_paint(str(rng.choice(COLOURS)), rng), rng.uniform(2.5, 3.5))
        return
    body = place.at(0, 0, rng.uniform(3.8, 5.2), rng.uniform(1.7, 2.0))
    fill(canvas, body, colour, 1.4)
    fill(canvas, body.at(0.3, 0, body.length * 0.5, body.width * 0.8), colour * rng.uniform(0.3, 1.0), 1.5)


def lot(canvas: Canvas, rng: np.random.Generator, angle: float) -> None:
    """Draw a yard of parked cars, trailers or containers, side by side or end to end."""
    area = Box(
        rng.uniform(0, LONG_M), rng.uniform(0, WIDE_M), rng.uniform(25, 110), rng.uniform(15, 70), angle
    )
    fill(canvas, area, draw_stone(rng) * rng.uniform(0.5, 1.3), 0.0)
    kind = str(rng.choice(["cars", "trailers", "containers", "queue"], p=[0.25, 0.4, 0.2, 0.15]))
    long, wide = {
        "cars": (4.6, 1.9),
        "trailers": (float(rng.choice([12.2, 13.6, 14.6, 16.2])), 2.6),
        "containers": (float(rng.choice([6.06, 12.19, 12.19])), 2.44),
        "queue": (float(rng.choice([12.2, 13.6, 16.2, 19.5])), 2.6),
    }[kind]
    gap_u, gap_v = {
        "cars": (rng.uniform(0.3, 7), rng.uniform(0.5, 1.2)),
        "trailers": (rng.uniform(1, 18), rng.uniform(0.5, 2.2)),
        "containers": (rng.uniform(0.1, 1), rng.uniform(0.05, 0.5)),
        "queue": (rng.uniform(0.6, 3), rng.uniform(1.5, 12)),
    }[kind]
    common = draw_paint(str(rng.choice(["white", "white", "light_grey", "grey"])), rng)
    alike, full, skew = rng.uniform(0, 1), rng.uniform(0.4, 1), rng.normal(0, 0.03)
    stack = bool(kind == "containers")
    for u in np.arange(-area.length / 2 + long / 2, area.length / 2 - long / 2, long + gap_u):
        high = rng.integers(1, 4)
        for v in np.arange(-area.width / 2 + wide / 2, area.width / 2 - wide / 2, wide + gap_v):
            if rng.random() > full:
                continue
            place = area.at(u + rng.normal(0, 0.4 * (not stack)), v, long, wide, skew)
            colour = common * rng.uniform(0.8, 1.1)
            if rng.random() > alike or kind == "cars":
                colour = draw_paint(str(rng.choice(COLOURS)), rng)
            tall = {"cars": 1.4, "containers": 2.6 * max(high - rng.integers(0, 2), 1)}.get(kind, 4.0)
            fill(canvas, place, colour, float(tall))
            if kind in ("trailers", "queue") and rng.random() < 0.2:
                fill(canvas, place.at(long / 2 + 1.8, 0, 2.3, 2.4), draw_paint("grey", rng), 3.0)


def roof(canvas: Canvas, rng: np.random.Generator, angle: float) -> None:
    """Draw a building: a hall, a house, or a long roof as narrow as a wagon."""
    narrow = rng.random() < 0.25
    width = rng.uniform(2.4, 6) if narrow else float(np.exp(rng.uniform(np.log(6), np.log(45))))
    length = rng.uniform(12, 120) if narrow else width * rng.uniform(1, 5)
    tall = float(rng.uniform(2.5, 6) if narrow else rng.uniform(3, 22))
    body = Box(rng.uniform(0, LONG_M), rng.uniform(0, WIDE_M), length, width, angle)
    paint = draw_paint(str(rng.choice(["grey", "light_grey", "white", "brown", "red", "black", "blue"])), rng)
    fill(canvas, body, paint, tall)
    draw = rng.random()
    if draw < 0.35:
        fill(canvas, body.at(0, width / 4, length, width / 2), paint * rng.uniform(0.5, 0.95), None)
    elif draw < 0.55:
        pitch = rng.uniform(1.5, 9)
        for u in np.arange(-length / 2, length / 2 - pitch / 2, pitch):
            stripe = body.at(u + pitch / 4, 0, pitch / 2, width)
            fill(canvas, stripe, paint * rng.uniform(0.4, 1.6), tall + 0.5 * (rng.random() < 0.5))
    elif draw < 0.8:
        fill(canvas, body.at(0, 0, length - 1, width - 1), paint * rng.uniform(0.6, 1.3), tall - 0.4)
    for _ in range(rng.poisson(0 if narrow else 3)):
        u, v = rng.uniform(-0.45, 0.45, 2) * (length, width)
        fill(
            canvas,
            body.at(u, v, rng.uniform(1, 6), rng.uniform(1, 3)),
            draw_stone(rng) * 1.5,
            tall + rng.uniform(0.5, 2),
        )


def town(canvas: Canvas, yard: Yard | None, rng: np.random.Generator) -> None:
    """Draw surroundings over all, then give the tracks' ground back."""
    rows = canvas.height.shape[0]
    before = (canvas.albedo.copy(), canvas.height.copy()) if yard else None
    along = rng.choice([0.0, rng.uniform(-np.pi, np.pi)], p=[0.55, 0.45]) + rng.normal(0, 0.03)
    plan = rng.dirichlet([0.7, 0.9, 1.1]) * rng.choice([8.0, 20.0, 45.0, 90.0])
    jobs = [
        f for f, n in zip((road, lot, roof), plan * (0.12, 0.25, 1), strict=True) for _ in range(round(n))
    ]
    for k in rng.permutation(len(jobs)):
        turn = float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)], p=[0.5, 0.35, 0.15]))
        jobs[k](canvas, rng, along + turn)
    if rng.random() < 0.5:
        level = rng.uniform(0.8, 2.2)
        cover = noise_field(canvas.height.shape, rng.uniform(6, 25), rng) + 0.7 * noise_field(
            canvas.height.shape, 3, rng
        )
        trees = cover > level
        green = np.array([0.03, 0.05, 0.035, 0.28], np.float32) * np.float32(rng.uniform(0.6, 1.6))
        leaves = np.exp(0.3 * noise_field(canvas.height.shape, 0.8, rng)).astype(np.float32)
        canvas.albedo[:, trees] = green[:, None] * leaves[trees]
        canvas.height[trees] = np.clip(3 + 4 * (cover[trees] - level) + leaves[trees], 0, 14)
    if rng.random() < 0.15:
        edge = rng.uniform(0, WIDE_M)
        bank = Box(
            rng.uniform(0, LONG_M),
            edge + rng.choice([-1, 1]) * 60,
            500,
            120,
            rng.choice([0.0, rng.uniform(-0.5, 0.5)]),
        )
        fill(canvas, bank, np.array([0.05, 0.055, 0.04, 0.012]) * rng.uniform(0.4, 2.0), 0.0)
    if yard is None or before is None:
        return
    v = canvas.top_m - (np.arange(rows) + 0.5) * CELL_M
    clear = rng.uniform(1.9, 4.5)
    kept = np.zeros(rows, bool)
    for low, high in zip(sorted(yard.v_m), [*sorted(yard.v_m)[1:], max(yard.v_m)], strict=True):
        kept |= np.abs(v - low) < clear
        if high - low < 14:
            kept |= (v > low) & (v < high)
    canvas.albedo[:, kept] = before[0][:, kept]
    canvas.height[kept] = before[1][kept]


def tracks_for(place: str, rng: np.random.Generator) -> list[float]:
    """Draw where tracks lie, metres to the left of the first."""
    count = {
        "yard": int(rng.choice([2, 3, 4, 6, 8, 11, 15])),
        "line": int(rng.choice([1, 2, 2, 3])),
        "station": int(rng.integers(2, 8)),
        "bridge": int(rng.choice([1, 2, 4, 6], p=[0.45, 0.3, 0.12, 0.13])),
        "none": 1,
    }[place]
    gaps = rng.uniform(4.0, 5.5) + rng.normal(0, 0.06, count - 1)
    wide = rng.random(count - 1) < {"yard": 0.15, "station": 0.45, "line": 0.1}.get(place, 0.0)
    gaps += wide * rng.uniform(1.5, 9, count - 1)
    return [float(x) for x in np.concatenate([[0.0], np.cumsum(gaps)])]


def beds(canvas: Canvas, yard: Yard, rng: np.random.Generator) -> None:
    """Draw what lies flat on tracks and may be taken for a wagon, walkways, platforms, canopies."""
    for at in yard.v_m:
        for _ in range(rng.poisson(0.7)):
            u, long = rng.uniform(0, LONG_M), float(np.exp(rng.uniform(np.log(3), np.log(90))))
            rows, cols = canvas.window(u, u + long, at, rng.uniform(1.2, 4.2))
            canvas.albedo[:, rows, cols] *= np.float32(np.exp(rng.normal(0, 0.35)))
    lines = sorted(yard.v_m)
    for low, high in pairwise(lines):
        middle, room = (low + high) / 2, high - low - 3.6
        if rng.random() < 0.25:
            rows, cols = canvas.window(0, LONG_M, middle + rng.normal(0, 0.2), rng.uniform(0.4, 1.3))
            canvas.albedo[:, rows, cols] = (draw_stone(rng) * rng.uniform(0.6, 2))[:, None, None]
        if room > 2.5 and rng.random() < 0.7:
            u = np.sort(rng.uniform(-0.3 * LONG_M, 1.3 * LONG_M, 2))
            wide = min(room, rng.uniform(2.5, 11))
            rows, cols = canvas.window(u[0], u[1], middle, wide)
            tone = draw_stone(rng) * rng.uniform(0.8, 2.2)
            canvas.albedo[:, rows, cols] = tone[:, None, None] * np.exp(
                0.05 * rng.standard_normal((rows.stop - rows.start, cols.stop - cols.start))
            ).astype(np.float32)
            canvas.height[rows, cols] = rng.uniform(0.3, 1.1)
            for edge in (-1, 1):
                if rng.random() < 0.5:
                    rows, cols = canvas.window(u[0], u[1], middle + edge * (wide / 2 - 0.4), 0.3)
                    canvas.albedo[:, rows, cols] = rng.uniform(0.3, 0.7)
            if rng.random() < 0.7:
                a, b = np.sort(rng.uniform(u[0], u[1], 2))
                rows, cols = canvas.window(a, b, middle, wide * rng.uniform(0.5, 1.15))
                top = draw_paint(str(rng.choice(["grey", "light_grey", "white", "black", "brown"])), rng)
                canvas.albedo[:, rows, cols] = np.asarray(top, np.float32)[:, None, None]
                canvas.height[rows, cols] = rng.uniform(3.3, 5.5)
                if rng.random() < 0.4:
                    pitch = round(rng.uniform(3, 15) / CELL_M)
                    canvas.albedo[:, rows, cols.start : cols.stop : pitch] *= 0.6


def trains_for(yard: Yard, rng: np.random.Generator) -> list[tuple[float, list[dict[str, Any]]]]:
    """Return (where across, vehicles) of trains: mixed, of one kind, or passenger sets alike."""
    theme = str(rng.choice(["mixed", "alike", "sets"], p=[0.5, 0.22, 0.28]))
    load = float(rng.choice([0.0, 0.15, 0.4, 0.75, 0.97], p=[0.12, 0.25, 0.28, 0.22, 0.13]))
    kind = str(rng.choice(KINDS, p=KIND_CHANCE))
    kind = "passenger" if theme == "sets" else kind
    colours = [str(c) for c in rng.choice(COLOURS, 2, p=COLOUR_CHANCE)]
    if theme == "sets":
        colours = [str(rng.choice(["white", "light_grey", "grey", "light_grey", *colours]))]
    over = float(rng.choice(COACHES if theme == "sets" else LENGTHS[kind]))
    coupling = float(rng.uniform(0.35, 0.9) if theme == "sets" else rng.uniform(0.7, 1.6))
    out = []
    for at in yard.v_m:
        u = float(rng.uniform(-60, 60))
        while u < LONG_M:
            if rng.random() > load:
                u += float(rng.uniform(15, 80))
                continue
            hidden = float(rng.uniform(0.4, 1.0)) if rng.random() < 0.2 else 0.0
            wanted, cars = (
                int(rng.choice([1, 2, 3, 5, 8, 14, 40], p=[0.18, 0.16, 0.13, 0.16, 0.15, 0.12, 0.1])),
                [],
            )
            own, size, colour = kind, over, colours[0]
            for number in range(wanted):
                if theme == "mixed" and (number == 0 or rng.random() < 0.35):
                    own = str(rng.choice(KINDS, p=KIND_CHANCE))
                    size = float(rng.choice(LENGTHS[own])) + float(rng.normal(0, 0.25))
                    colour = str(rng.choice(COLOURS, p=COLOUR_CHANCE))
                elif theme != "sets" and rng.random() < 0.3:
                    colour = str(rng.choice(COLOURS if theme == "mixed" else colours))
                body = size - coupling
                if u > -4 and u + body < LONG_M + 10:
                    cars.append(
                        {"from_m": u, "to_m": u + body, "type": own, "colour": colour, "hidden": hidden}
                    )
                u += size
            if cars:
                out.append((at, cars))
            u += float(rng.uniform(3, 12) if rng.random() < 0.4 else rng.uniform(6, 90))
    return out


def put(
    canvas: Canvas,
    trains: list[tuple[float, list[dict[str, Any]]]],
    sun: tuple[float, float],
    rng: np.random.Generator,
) -> Any:
    """Draw trains; return the label plane (rows, cols) as it lies on the ground."""
    label = np.zeros(canvas.height.shape, np.uint8)
    sunny = float(np.clip(np.cos(np.radians(sun[0])) / np.tan(np.radians(max(sun[1], 20))), -1, 1))
    for at, cars in trains:
        stop = None
        for car in cars:
            rows, cols = canvas.window(car["from_m"], car["to_m"], at, 3.0)
            before = canvas.albedo[:, rows, cols].copy()
            draw_car(canvas, at, car, sunny, rng)
            if car["type"] == "flat" and car.get("load") != "loaded" and rng.random() < 0.35:
                _skeleton(canvas, rows, cols, before, rng)
            label[rows, cols] |= BODY
            for low, high in (
                (car["from_m"] - 0.7, car["from_m"] + 0.1),
                (car["to_m"] - 0.1, car["to_m"] + 0.7),
            ):
                rows, cols = canvas.window(low, high, at, 3.0)
                label[rows, cols] |= END
            if stop is not None and car["from_m"] - stop < 2.5:
                rows, cols = canvas.window(stop, car["from_m"], at, 3.0)
                label[rows, cols] |= END
            stop = car["to_m"]
    return label


def _skeleton(canvas: Canvas, rows: slice, cols: slice, before: Any, rng: np.random.Generator) -> None:
    """Show the bed through a wagon's frame."""
    side = np.abs(np.linspace(-1, 1, before.shape[1]))[:, None]
    u = np.arange(before.shape[2])[None]
    pitch = round(rng.uniform(2, 7) / CELL_M)
    shown = (side > rng.uniform(0.15, 0.3)) & (side < rng.uniform(0.8, 1.0)) & (u % pitch > rng.uniform(2, 6))
    part, height = canvas.albedo[:, rows, cols], canvas.height[rows, cols]
    part[:, shown] = before[:, shown] * np.float32(rng.uniform(0.5, 1.0))
    height[shown] = 0.0


def whiten(canvas: Canvas, yard: Yard, rng: np.random.Generator) -> None:
    """Lay snow: everywhere or in patches, melted or cleared along some tracks."""
    before = canvas.albedo.copy()
    snow_over(canvas, rng)
    if rng.random() < 0.5:
        canvas.albedo += np.float32(rng.uniform(0.3, 0.95)) * (
            np.float32(rng.uniform(0.5, 0.85)) - canvas.albedo
        )
    v = canvas.top_m - (np.arange(canvas.height.shape[0]) + 0.5) * CELL_M
    way = rng.choice(["none", "rails", "bed", "some"])
    for at in yard.v_m:
        if way == "none" or (way == "some" and rng.random() < 0.5):
            continue
        away = np.abs(v - at)
        bare = np.abs(away - 0.75) < rng.uniform(0.1, 0.4) if way == "rails" else away < rng.uniform(0.8, 2.2)
        share = np.float32(rng.uniform(0.4, 1))
        canvas.albedo[:, bare] += share * (before[:, bare] - canvas.albedo[:, bare])


def over(canvas: Canvas, label: Any, rng: np.random.Generator) -> None:
    """Lay a road bridge across the tracks."""
    u, wide = rng.uniform(0, LONG_M), rng.uniform(5, 26)
    deck = Box(u, WIDE_M / 2, 300, wide, np.pi / 2 + rng.normal(0, 0.25))
    fill(canvas, deck, draw_stone(rng) * rng.uniform(0.6, 1.6), rng.uniform(5.5, 8))
    cv2.fillConvexPoly(label, deck.corners(), 0)
    for at in rng.uniform(-100, 100, rng.poisson(4)):
        lorry(canvas, deck.at(at, rng.uniform(-0.35, 0.35) * wide, 4, 2), rng, 0.2)


def seen(canvas: Canvas, label: Any, view: tuple[float, float]) -> Any:
    """Return labels where the view shows them: tops lean away from the satellite."""
    shown_at, source, wall = view_source(canvas.height, CELL_M, view[1], view[0])
    body = (label & BODY).copy()
    if len(shown_at):
        body.ravel()[shown_at] = np.where(wall, 0, (label & BODY).ravel()[source])
        body = cv2.morphologyEx(body, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    lean = 3.6 * np.tan(np.radians(view[1])) / CELL_M
    move = np.array([[1, 0, -np.sin(np.radians(view[0])) * lean], [0, 1, np.cos(np.radians(view[0])) * lean]])
    ends = cv2.warpAffine(label & END, move, label.shape[::-1], flags=cv2.INTER_NEAREST)
    return body | ends | (label & TRACK)


def kept(light: Any, label: Any, nir: bool) -> Any:
    """Return (6, rows, cols) bytes at `KEPT_M`: roots of four bands, labels, direction in degrees."""
    rows, cols = (n // 2 for n in label.shape)
    pooled = light[:, : 2 * rows, : 2 * cols].reshape(4, rows, 2, cols, 2).mean(axis=(2, 4))
    out = np.zeros((6, rows, cols), np.uint8)
    out[:4] = np.rint(255 * np.sqrt(np.clip(pooled, 0, 1)))
    for bit in (BODY, END, TRACK, NO_TRACKS, UNSURE):
        share = ((label & bit) > 0)[: 2 * rows, : 2 * cols].reshape(rows, 2, cols, 2).mean(axis=(1, 3))
        out[4] |= np.uint8(bit) * (share >= 0.5)
    if not nir:
        out[3] = 0
    return out


@dataclass(frozen=True)
class Picture:
    """What a satellite sees of a painted ground, before its optics."""

    light: Any
    """(4, rows, cols) at `CELL_M`."""
    label: Any
    """(rows, cols) bits of the label plane, as the view shows them."""
    canvas: Canvas
    yard: Yard | None
    """None where no track lies."""
    trains: list[tuple[float, list[dict[str, Any]]]]
    sky: Sky
    """Directions of sun and view."""


def pictures(rng: np.random.Generator) -> Iterator[Picture]:
    """Paint one ground with two fillings and lights."""
    place = str(rng.choice(PLACES, p=PLACE_CHANCE))
    yard = Yard(LONG_M, tracks_for(place, rng))
    yard.margin_m = (WIDE_M - (max(yard.v_m) - min(yard.v_m))) / 2
    canvas = ground(yard, rng)
    clutter(canvas, yard, rng)
    span = None
    if place == "bridge":
        span = _span(yard, rng)
        lay_bridge(canvas, yard, span, rng)
    else:
        beds(canvas, yard, rng)
        if place == "none":
            earth = draw_earth(rng)
            rows, _ = canvas.window(0, LONG_M, yard.v_m[0], 12)
            canvas.albedo[:, rows] = earth[:, None, None]
            canvas.height[rows] = 0
        town(canvas, None if place == "none" else yard, rng)
    if rng.random() < 0.16:
        whiten(canvas, yard, rng)
    rails = np.zeros(canvas.height.shape, np.uint8)
    for at in yard.v_m if place != "none" else ():
        rows, _ = canvas.window(0, LONG_M, at, 1.0)
        rails[rows] = TRACK
    bare = canvas.albedo.copy(), canvas.height.copy()
    for _ in range(2):
        canvas.albedo, canvas.height = bare[0].copy(), bare[1].copy()
        sun = float(rng.uniform(0, 360)), float(rng.uniform(14, 65))
        view = float(rng.uniform(0, 360)), float(rng.uniform(0, 28) * rng.choice([0.3, 1]))
        trains = trains_for(yard, rng) if place != "none" else []
        label = put(canvas, trains, sun, rng) | rails
        dusted = rng.random() < (0.5 if float(np.median(canvas.albedo)) > 0.4 else 0.02)
        if dusted:
            on = ((label & BODY) > 0) & (rng.random(label.shape) < 0.95)
            canvas.albedo[:, on] += np.float32(rng.uniform(0.2, 1)) * (0.7 - canvas.albedo[:, on])
        if rng.random() < 0.12:
            over(canvas, label, rng)
        light = lit(canvas, sun, view, rng)
        if span is not None and span.trussed:
            bars = bars_of(canvas.height.shape, canvas, yard, span, rng)
            with_truss(light, canvas, bars, Sky(sun, view), rng)
        if rng.random() < 0.35:
            _portals(light, canvas, yard, rng)
        shown = seen(canvas, label, view)
        yield Picture(light, shown, canvas, None if place == "none" else yard, trains, Sky(sun, view))


def _span(yard: Yard, rng: np.random.Generator) -> Span:
    ends = np.sort(rng.uniform(-30, LONG_M + 30, 2))
    if ends[1] - ends[0] < 60:
        ends[:] = (0, LONG_M)
    trussed = bool(rng.random() < (0.6 if len(yard.v_m) < 3 else 0.1))
    deck = str(rng.choice(["steel", "open", "stone", "ballast"]))
    half = float(rng.uniform(2.3, 3.6) if trussed else rng.uniform(1.4, 9))
    return Span(max(ends[0], 0.0), min(ends[1], LONG_M), half, deck, trussed)


def draw_scene(number: int) -> list[Any]:
    """Keep both pictures of a ground."""
    rng = np.random.default_rng([number, 4713])
    return [kept(p.light, p.label, nir=bool(rng.random() < 0.6)) for p in pictures(rng)]


def _portals(light: Any, canvas: Canvas, yard: Yard, rng: np.random.Generator) -> None:
    """Draw gantries across all tracks, each with its shadow."""
    away, wide = rng.uniform(-9, 9), rng.uniform(0.12, 0.8)
    one, other = rng.uniform(0.6, 1.8), rng.uniform(0.35, 0.8)
    middle, reach = (max(yard.v_m) + min(yard.v_m)) / 2, max(yard.v_m) - min(yard.v_m) + rng.uniform(6, 20)
    for u in np.arange(rng.uniform(0, 60), LONG_M, rng.uniform(30, 75)):
        for at, factor in ((u, one), (u + away, other)):
            rows, cols = canvas.window(at, at + wide, middle, reach)
            light[:, rows, cols] *= np.float32(factor)


class Plane:
    """A picture on a grid of `KEPT_M` about a place, and what is marked on it."""

    def __init__(self, middle: Any) -> None:
        rows, cols = round(WIDE_M / KEPT_M), round(LONG_M / KEPT_M)
        self.x = middle.x + (np.arange(cols) - cols / 2 + 0.5) * KEPT_M
        self.y = middle.y - (np.arange(rows) - rows / 2 + 0.5) * KEPT_M
        self.bytes = np.zeros((6, rows, cols), np.uint8)

    def take(self, image: Any) -> None:
        """Sample a picture."""
        values, valid = image.sample(*np.meshgrid(self.x, self.y))
        top = max(float(np.percentile(values[:3], 99.8)), 0.3)
        for k, band in enumerate(BGRN):
            if band in image.bands:
                one = values[image.bands.index(band)]
                self.bytes[k] = np.rint(255 * np.sqrt(np.clip(one / top, 0, 1)))
        self.bytes[:4] *= valid

    def cells(self, line: Any) -> Any:
        """Return the columns and rows of a line's points."""
        xy = shapely.get_coordinates(line)
        return np.stack([(xy[:, 0] - self.x[0]) / KEPT_M, (self.y[0] - xy[:, 1]) / KEPT_M], axis=1)

    def mark(self, line: Any, bit: int, wide: float, lean: Any = (0.0, 0.0)) -> None:
        """Mark a stretch of track, moved by cells (columns, rows)."""
        shape = line.buffer(wide / 2, cap_style="flat")
        if shape.is_empty or shape.geom_type != "Polygon":
            return
        mask = np.zeros(self.bytes.shape[1:], np.uint8)
        corners = np.rint(16 * (self.cells(shape.exterior) + np.asarray(lean))).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1, shift=4)
        self.bytes[4] |= np.uint8(bit) * mask

    def mark_track(self, line: Any) -> None:
        """Mark a track's middle and its direction."""
        self.mark(line, TRACK, 1.0)
        for a, b in pairwise(self.cells(line)):
            degrees = np.degrees(np.arctan2(b[1] - a[1], b[0] - a[0])) % 180
            ends = [tuple(int(v) for v in np.rint(p)) for p in (a, b)]
            cv2.line(self.bytes[5], ends[0], ends[1], float(round(degrees) % 180), 18)

    def mark_train(self, line: Any, cars: Any, sensor: Any) -> None:
        """Mark vehicles where the view shows their tops, their ends and couplings."""
        turn, lean = np.radians(sensor.view_azimuth_deg), np.zeros(2)
        for car in cars:
            lean_m = car.height_m * np.tan(np.radians(sensor.off_nadir_deg))
            lean = np.array([-np.sin(turn), np.cos(turn)]) * lean_m / KEPT_M
            self.mark(substring(line, car.from_m, car.to_m), BODY, car.width_m, lean)
            for low, high in ((car.from_m - 0.7, car.from_m + 0.1), (car.to_m - 0.1, car.to_m + 0.7)):
                self.mark(substring(line, max(low, 0.0), high), END, 3.0, lean)
        for a, b in pairwise(cars):
            self.mark(substring(line, a.to_m, b.from_m), END, 3.0, lean)


def simulated(number: int) -> list[Any]:
    """Take both dates of a scene of ``simulate``."""
    seed = split_seeds("train")[SIMULATED_FIRST + number]
    rng = np.random.default_rng([seed, 93])
    length_m, tracks = float(rng.uniform(180, 320)), int(rng.integers(2, 9))
    pair = make_pair(seed, KEPT_M, trains=(0, int(rng.integers(1, 10))), length_m=length_m, tracks=tracks)
    west, south, east, north = pair.world.bounds
    middle = shapely.unary_union([t.line for t in pair.world.site.tracks]).centroid
    out = []
    for which, shown in enumerate((pair.earlier, pair.later)):
        plane = Plane(middle)
        plane.take(exact_image(shown, ((west + east) / 2, (south + north) / 2)))
        for rail in pair.world.rails:
            plane.mark_track(rail.line)
        for train in pair.days[which].trains:
            plane.mark_train(pair.world.track(train.track).line, train.cars, pair.sensors[which])
        out.append(plane.bytes)
    return out


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--painter", choices=("first", "second"), default="second")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--step", type=int, default=1, help="every so manieth number, for several processes")
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.first, arguments.count, arguments.step):
        target = arguments.folder / f"{arguments.painter}-{number}.npy"
        if target.exists():
            continue
        planes = (simulated if arguments.painter == "first" else draw_scene)(number)
        temporary = target.with_suffix(".part")
        with temporary.open("wb") as file:
            np.save(file, np.stack(planes))
        temporary.rename(target)


if __name__ == "__main__":
    main()
