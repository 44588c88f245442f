"""Ground on which tracks are missed or seen where none is: for calibrating the network that traces.

`places` draws grounds of 240 m by 140 m: close yards full of coaches alike, throats whose leads curve, lines
on a deck above a street, and places without rail; beds dark with oil and rails that hardly show; about them
highways with lanes, ruts and traffic, streets with kerbs and parked cars, and sheds with ridges and rows of
small roofs, most of these nearly along the tracks. `mosaic` codes a picture as dark mosaics are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from training.bridge_painter import Sky
from training.vehicle_bank import (
    COACHES,
    LONG_M,
    WIDE_M,
    Box,
    beds,
    fill,
    lorry,
    put,
    town,
    trains_for,
    whiten,
)
from training.yard_painter import (
    CELL_M,
    Canvas,
    Yard,
    clutter,
    draw_earth,
    draw_paint,
    draw_stone,
    ground,
    lit,
    noise_field,
)
from tumangang_watch.model.image import NativeImage

Rng = np.random.Generator
PLACES = ("yard", "throat", "deck", "none")
PLACE_CHANCE = (0.42, 0.24, 0.14, 0.2)
DECK_TRACKS = (1, 2, 2, 3, 4)


@dataclass
class Rails:
    """One track: where it runs, metres along and to the left, and its vehicles."""

    line: np.ndarray
    """(n, 2), less than a metre apart."""
    spans: list[tuple[float, float]]
    """Where vehicles stand, metres along the canvas."""


@dataclass(frozen=True)
class Placed:
    """What a satellite sees of one ground, before its optics."""

    light: np.ndarray
    """(4, rows, cols) at `CELL_M`."""
    top_m: float
    tracks: list[Rails]
    beside: list[Box]
    """Highways, streets and sheds: what may be taken for tracks."""
    sky: Sky


def highway(canvas: Canvas, strip: Box, rng: Rng) -> None:
    """Draw carriageways with shoulders, lines, ruts, oil, a barrier and traffic along ``strip``."""
    long, lanes = strip.length, int(rng.integers(1, 5))
    wide, lane = lanes * (step := float(rng.uniform(3.2, 3.75))), step
    shoulder, middle = float(rng.uniform(0.3, 3.2)), float(rng.choice([0.6, 1.5, rng.uniform(2, 9)]))
    verge = draw_earth(rng) if rng.random() < 0.6 else draw_stone(rng)
    fill(canvas, strip.at(0, 0, long, 2 * (wide + 2 * shoulder) + middle), verge, 0.0)
    tar = draw_stone(rng) * rng.uniform(0.4, 1.3)
    rut, oil, line = (np.exp(rng.normal(0, s)) for s in (0.18, 0.15, 0.3))
    busy, paint = float(rng.choice([0.003, 0.012, 0.04])), 0.4 * line
    for side in (-1, 1):
        centre = side * (middle / 2 + shoulder + wide / 2)
        fill(canvas, strip.at(0, centre, long, wide + 2 * shoulder), tar * np.exp(rng.normal(0, 0.08)), 0.0)
        for number in range(lanes):
            at = centre + (number - (lanes - 1) / 2) * lane
            for off, size, tone in ((-0.9, 0.6, rut), (0.9, 0.6, rut), (0.0, 1.0, oil)):
                fill(canvas, strip.at(0, at + off, long, size), tar * tone, None)
            for u in rng.uniform(-long / 2, long / 2, rng.poisson(long * busy)):
                lorry(canvas, strip.at(u, at, 4.5, 1.9), rng, 0.3)
            if number:
                for u in np.arange(-long / 2, long / 2, 12.0):
                    fill(canvas, strip.at(u, at - lane / 2, 3, 0.2), paint, None)
        for edge in (-1, 1) if rng.random() < 0.8 else ():
            fill(canvas, strip.at(0, centre + edge * (wide / 2 + 0.1), long, 0.2), paint, None)
    if rng.random() < 0.7:
        barrier = draw_stone(rng) * rng.uniform(0.7, 2.5)
        fill(canvas, strip.at(0, 0, long, rng.uniform(0.3, 0.8)), barrier, rng.uniform(0.4, 1.1))


def street(canvas: Canvas, strip: Box, rng: Rng) -> None:
    """Draw a street with pavements, kerbs, parked cars and trees."""
    long, wide = strip.length, float(rng.uniform(6, 16))
    pave = draw_stone(rng) * rng.uniform(0.9, 2.2)
    fill(canvas, strip.at(0, 0, long, wide + 2 * rng.uniform(1.2, 4)), pave, 0.0)
    fill(canvas, strip.at(0, 0, long, wide), draw_stone(rng) * rng.uniform(0.4, 1.1), 0.0)
    if rng.random() < 0.6:
        fill(canvas, strip.at(0, rng.choice([-0.08, 0.08]), long, 0.3), rng.uniform(0.2, 0.5), None)
    for side in (-1, 1):
        if rng.random() < 0.7:
            full = rng.uniform(0.3, 1)
            for u in np.arange(-long / 2, long / 2, 6.0):
                if rng.random() < full:
                    lorry(canvas, strip.at(u, side * (wide / 2 - 1.1), 4.5, 1.9), rng, 0.05)
        if rng.random() < 0.4:
            green = np.array([0.03, 0.05, 0.035, 0.28]) * rng.uniform(0.6, 1.8)
            for u in np.arange(-long / 2, long / 2, rng.uniform(6, 14)):
                crown = strip.at(u, side * (wide / 2 + 1.2), size := rng.uniform(2, 6), size, np.pi / 4)
                fill(canvas, crown, green * rng.uniform(0.7, 1.3), rng.uniform(3, 8))


def shed(canvas: Canvas, strip: Box, rng: Rng) -> None:
    """Draw a long roof with ridges or stripes along it, rows of small roofs on it, or a row of houses."""
    wide, tall = float(np.exp(rng.uniform(np.log(8), np.log(50)))), float(rng.uniform(3, 14))
    long = float(rng.uniform(40, 200))
    body = strip.at(rng.uniform(-60, 60), 0, long, wide)
    paint = draw_paint(str(rng.choice(["grey", "light_grey", "white", "brown", "black"])), rng)
    fill(canvas, body, paint, tall)
    pitch = float(rng.uniform(2.5, 10))
    for v in np.arange(-wide / 2 + pitch / 2, wide / 2, pitch):
        tone = np.exp(rng.normal(0, 0.25))
        draw = rng.random()
        if draw < 0.4:
            half = rng.uniform(0.15, 0.5) * pitch
            fill(canvas, body.at(0, v, long, half), paint * tone, tall + rng.uniform(0, 0.8))
        elif draw < 0.6:
            fill(canvas, body.at(0, v, long, rng.uniform(0.3, 0.9)), paint * tone, tall + rng.uniform(0, 0.6))
        elif draw < 0.85:
            size, gap = rng.uniform(1, 8), rng.uniform(1, 6)
            for u in np.arange(-long / 2, long / 2 - size, size + gap):
                fill(canvas, body.at(u + size / 2, v, size, rng.uniform(0.8, 3)), paint * tone, tall + 1)
    if rng.random() < 0.25:
        for u in np.arange(-long / 2, long / 2 - 5, rng.uniform(5, 9)):
            fill(canvas, body.at(u, 0, 4.5, wide), paint * np.exp(rng.normal(0, 0.4)), tall)


def surroundings(canvas: Canvas, tracks: list[Rails], rng: Rng) -> list[Box]:
    """Draw a town over all, what may be taken for tracks, and give the tracks' ground back."""
    before = canvas.albedo.copy(), canvas.height.copy()
    town(canvas, None, rng)
    drawn = []
    kinds = (highway, street, shed)
    for _ in range(int(rng.integers(1, 5))):
        turn = float(rng.choice([0.0, rng.uniform(0, np.pi)], p=[0.65, 0.35]) + rng.normal(0, 0.04))
        strip = Box(float(rng.uniform(0, LONG_M)), float(rng.uniform(0, WIDE_M)), 420.0, 10.0, turn)
        kinds[int(rng.choice(3, p=[0.45, 0.25, 0.3]))](canvas, strip, rng)
        drawn.append(strip)
    texture = np.exp(
        rng.uniform(0.01, 0.09) * noise_field(before[1].shape, 0.0, rng)
        + rng.uniform(0, 0.08) * noise_field(before[1].shape, 2.0, rng)
    )
    canvas.albedo *= texture
    if tracks:
        own = near(canvas, tracks, float(rng.uniform(2.0, 5.0)))
        own = cv2.morphologyEx(own, cv2.MORPH_CLOSE, np.ones((round(9 / CELL_M), 1), np.uint8)) > 0
        canvas.albedo[:, own] = before[0][:, own]
        canvas.height[own] = before[1][own]
    return drawn


def cells(canvas: Canvas, line: np.ndarray, away_m: float = 0.0) -> np.ndarray:
    """Return a line's points (n, 1, 2) in cells with 4 bits of fraction, moved to the left."""
    along = np.gradient(line, axis=0)
    along /= np.hypot(*along.T)[:, None]
    at = line + away_m * np.stack([-along[:, 1], along[:, 0]], axis=1)
    cell = np.stack([at[:, 0] / CELL_M - 0.5, (canvas.top_m - at[:, 1]) / CELL_M - 0.5], axis=1)
    return np.rint(cell * 16).astype(np.int32)[:, None]


def near(canvas: Canvas, tracks: list[Rails], within_m: float) -> np.ndarray:
    """Return (rows, cols) 1 within a distance of tracks."""
    out = np.zeros(canvas.height.shape, np.uint8)
    for track in tracks:
        cv2.polylines(out, [cells(canvas, track.line)], False, 1, round(2 * within_m / CELL_M), shift=4)
    return out


def lay(canvas: Canvas, lines: list[np.ndarray], rng: Rng) -> None:
    """Lay tracks along any lines: ballast, sleepers as one tone, rails."""
    stone, half = draw_stone(rng), float(rng.uniform(1.4, 2.4))
    sleepers, shine = np.exp(rng.normal(-0.2, 0.25)), np.exp(rng.normal(0.0, 0.6))
    beside, gauge = float(rng.uniform(0.5, 1.0)), float(rng.choice([1.435, 1.52]))
    bed = np.zeros(canvas.height.shape, np.uint8)
    for line in lines:
        cv2.polylines(bed, [cells(canvas, line)], False, 1, round(2 * half / CELL_M), shift=4)
    rough = np.exp(rng.uniform(0.02, 0.12) * noise_field(bed.shape, 0.3, rng))
    inside = bed > 0
    canvas.albedo[:, inside] = stone[:, None] * rough[inside]
    for line in lines:
        for away, wide, tone in (
            (0.0, 2.5, sleepers),
            *((s * gauge / 2, 0.4, beside) for s in (-1, 1)),
            *((s * gauge / 2, 0.125, shine / beside) for s in (-1, 1)),
        ):
            mask = np.zeros(bed.shape, np.uint8)
            cv2.polylines(
                mask, [cells(canvas, line, away)], False, 1, max(round(wide / CELL_M), 1), cv2.LINE_8, 4
            )
            canvas.albedo[:, mask > 0] *= np.float32(tone)


def faint(canvas: Canvas, tracks: list[Rails], rng: Rng) -> None:
    """Darken beds by oil and dust, and let rails show less, in stretches or along whole tracks."""
    for track in tracks:
        if rng.random() < 0.5:
            continue
        low, high = np.sort(rng.uniform(-0.3, 1.3, 2)) * LONG_M
        part = track.line[(track.line[:, 0] > low) & (track.line[:, 0] < high)]
        if len(part) < 4:
            continue
        where = near(canvas, [Rails(part, [])], float(rng.uniform(0.8, 2.2))) > 0
        soft = np.stack([cv2.blur(b, (41, 41)) for b in canvas.albedo])[:, where]
        share = np.float32(rng.uniform(0, 0.85))
        own = canvas.albedo[:, where]
        canvas.albedo[:, where] = (own + share * (soft - own)) * np.float32(np.exp(rng.normal(-0.25, 0.3)))


def ladder(rng: Rng) -> list[np.ndarray]:
    """Draw a throat's tracks: each leaves a lead and runs on beside it, through curves."""
    x = np.arange(-20.0, LONG_M + 20, 0.7)
    slope, gap = float(1 / rng.uniform(5, 11)), float(rng.uniform(4.0, 4.8))
    start, base = float(rng.uniform(-10, 120)), float(rng.uniform(-20, 10))
    smooth = np.ones(n := round(float(rng.uniform(15, 45)) / 0.7)) / n
    lines = []
    for number in range(int(rng.integers(2, 11))):
        y = np.minimum(np.maximum(x - start, 0) * slope, number * gap)
        if rng.random() < 0.2:
            y = np.maximum(y, np.maximum(x - start - rng.uniform(60, 120), 0) * slope * 0.8)
        padded = np.pad(y, n, mode="edge")
        lines.append(np.stack([x, base + np.convolve(padded, smooth, mode="same")[n:-n]], axis=1))
    sign = np.array([rng.choice([-1, 1]), rng.choice([-1, 1])])
    return [
        (line * sign + np.array([LONG_M if sign[0] < 0 else 0, rng.normal(0, 0.05)]))[:: sign[0]]
        for line in lines
    ]


def stabled(yard: Yard, rng: Rng) -> list[tuple[float, list[dict[str, Any]]]]:
    """Put sets of coaches alike, dark or silver, on most tracks."""
    over, coupling = float(rng.choice(COACHES)), float(rng.uniform(0.35, 0.9))
    colour = str(rng.choice(["black", "grey", "grey", "light_grey", "white", "blue"]))
    out, share = [], float(rng.uniform(0.3, 1))
    first = float(rng.uniform(-60, 60))
    for at in yard.v_m:
        if rng.random() > share:
            continue
        start = first + float(rng.normal(0, 6))
        count = int(rng.integers(3, 16))
        cars = [
            {"from_m": u, "to_m": u + over - coupling, "type": "passenger", "colour": colour, "hidden": 0.0}
            for u in start + over * np.arange(count)
            if -4 < u < LONG_M - over
        ]
        if cars:
            out.append((at, cars))
    return out


def deck(canvas: Canvas, yard: Yard, rng: Rng) -> float:
    """Raise tracks on a deck above a street; return its height, metres."""
    tall, middle = float(rng.uniform(5, 10)), float(np.mean(yard.v_m))
    half = (max(yard.v_m) - min(yard.v_m)) / 2 + float(rng.uniform(1.8, 3.5))
    v = canvas.top_m - (np.arange(canvas.height.shape[0]) + 0.5) * CELL_M
    on = np.abs(v - middle) < half
    kept = canvas.albedo[:, on].copy()
    street(canvas, Box(LONG_M / 2, canvas.top_m - middle, LONG_M + 60, 10.0, 0.0), rng)
    if rng.random() < 0.5:
        kept *= np.float32(rng.uniform(0.3, 0.9))
    canvas.albedo[:, on], canvas.height[on] = kept, tall
    for at in [middle - half + 0.4, middle + half - 0.4, *(np.array(yard.v_m[:-1]) + 2.0)]:
        if rng.random() < 0.6:
            rows, cols = canvas.window(0, LONG_M, float(at), float(rng.uniform(0.4, 1.1)))
            canvas.albedo[:, rows, cols] = (draw_stone(rng) * rng.uniform(0.5, 2))[:, None, None]
    return tall


def places(rng: Rng) -> Iterator[Placed]:
    """Paint one ground in two lights, with two fillings of trains."""
    place = str(rng.choice(PLACES, p=PLACE_CHANCE))
    yard, lines, tall = _laid_out(place, rng), [], 0.0
    canvas = ground(yard, rng)
    if place in ("throat", "none"):
        rows, _ = canvas.window(0, LONG_M, yard.v_m[0], 12)
        canvas.albedo[:, rows] = draw_earth(rng)[:, None, None]
    if place == "throat":
        lines = ladder(rng)
        lay(canvas, lines, rng)
    elif place != "none":
        x = np.arange(0, LONG_M, 0.7)
        lines = [np.stack([x, np.full_like(x, at)], axis=1) for at in yard.v_m]
    tracks = [Rails(line, []) for line in lines]
    if place == "yard":
        clutter(canvas, yard, rng)
        beds(canvas, yard, rng)
    faint(canvas, tracks, rng)
    beside = surroundings(canvas, tracks, rng)
    if place == "deck":
        tall = deck(canvas, yard, rng)
    if place == "yard" and rng.random() < 0.08:
        whiten(canvas, yard, rng)
    bare = canvas.albedo.copy(), canvas.height.copy()
    for _ in range(2):
        canvas.albedo, canvas.height = bare[0].copy(), bare[1].copy()
        sky = Sky(
            (float(rng.uniform(0, 360)), float(rng.uniform(16, 65))),
            (float(rng.uniform(0, 360)), float(rng.uniform(0, 25) * rng.choice([0.3, 1]))),
        )
        trains = []
        if place == "yard":
            trains = stabled(yard, rng) if rng.random() < 0.6 else trains_for(yard, rng)
            put(canvas, trains, sky.sun, rng)
        lean = tall * np.tan(np.radians(sky.view[1]))
        turn = np.radians(sky.view[0])
        moved = -lean * np.array([np.sin(turn), np.cos(turn)])
        shown = [
            Rails(t.line + moved, [(c["from_m"], c["to_m"]) for v, cars in trains if v == at for c in cars])
            for t, at in zip(tracks, yard.v_m if place == "yard" else [np.nan] * len(tracks), strict=True)
        ]
        yield Placed(lit(canvas, sky.sun, sky.view, rng), canvas.top_m, shown, beside, sky)


def _laid_out(place: str, rng: Rng) -> Yard:
    count = {"yard": int(rng.choice([3, 5, 8, 11, 15])), "deck": int(rng.choice(DECK_TRACKS))}.get(place, 1)
    gaps = rng.uniform(4.0, 4.8) + rng.normal(0, 0.06, count - 1)
    gaps += (rng.random(count - 1) < 0.1) * rng.uniform(1.5, 9, count - 1)
    yard = Yard(LONG_M, [float(v) for v in np.concatenate([[0.0], np.cumsum(gaps)])])
    yard.margin_m = (WIDE_M - (max(yard.v_m) - min(yard.v_m))) / 2
    return yard


def mosaic(image: NativeImage, rng: Rng) -> NativeImage:
    """Return a picture as 8-bit mosaics are, most often dark: stretched, sharpened at times, JPEG."""
    if rng.random() < 0.2:
        return image
    values, seen = image.values[:3].astype(np.float32), image.valid
    if not seen.any():
        return image
    middle = max(float(np.median(values[:, seen])), 1e-3)
    values = np.clip(values / middle, 0, None) ** float(rng.uniform(0.8, 1.3)) * float(rng.uniform(0.12, 0.4))
    values = values - float(rng.uniform(0, 0.05))
    if rng.random() < 0.4:
        values += float(rng.uniform(0.3, 1.2)) * (
            values - np.stack([cv2.GaussianBlur(b, (0, 0), 1.0) for b in values])
        )
    pixels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))]
    coded = cv2.imdecode(cv2.imencode(".jpg", np.ascontiguousarray(pixels), quality)[1], cv2.IMREAD_COLOR)
    values = np.maximum(coded.transpose(2, 0, 1) / np.float32(255), 1e-4) * seen
    return replace(image, values=values.astype(np.float32), bands=image.bands[:3])
