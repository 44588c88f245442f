"""Paint straightened yards with their tracks, for calibrating the network of ``detect.trace_net``.

``python -m training.trace_bank --folder DIR`` draws yards of ``yard_painter`` in wider surroundings, and of
``simulate`` on train seeds, each seen along a few guides that run nearly with the tracks, or across them.
``--painter third`` takes the places of ``vehicle_bank``, ``fourth`` those of ``trace_ground``: what New York
has and the others lack. What ships has not met the fourth.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely

from training.bridge_painter import Sky
from training.strip_bank import scene_of
from training.trace_ground import Rails, mosaic, places
from training.vehicle_bank import LONG_M, Box, pictures
from training.yard_painter import Canvas, Surroundings, Yard, draw_paint, expose, shoot
from tumangang_watch.detect.tracks.view import CELL_M as VIEW_M
from tumangang_watch.detect.tracks.view import GuideFrame, TraceScene, view_of
from tumangang_watch.detect.vehicles.read import CELL_M as PLAIN_M
from tumangang_watch.detect.vehicles.read import read_vehicles
from tumangang_watch.grid import grid_over
from tumangang_watch.model.image import NativeImage, SiteToPixel
from tumangang_watch.model.scene import Scene
from tumangang_watch.nets import weights
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image

GSDS = (0.25, 0.3, 0.4, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 1.0)
ALONG_DEG, ACROSS_DEG = 15.0, 22.0
"""A track is one to a guide within the first; beyond the second it is none."""
COARSE_GSDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 1.0)
SIMULATED_FIRST = 900
"""First train seed used."""
HALF_M = 26.0
WIDTHS_M = {
    "road": (3, 9),
    "roof": (4, 20),
    "parked": (2, 5),
    "wall": (0.3, 0.6),
    "ditch": (1, 5),
    "none": (1, 5),
}
"""Of what lies beside a yard."""


def around(canvas: Canvas, yard: Yard, rng: np.random.Generator) -> None:
    """Draw roads, roofs, rows of parked vehicles and walls beside the tracks, most along them."""
    for side in (1, -1):
        edge = max(yard.v_m) + 2.5 if side > 0 else -(min(yard.v_m) - 2.5)
        room = edge + yard.margin_m - 3
        at = edge + float(rng.uniform(0, 5))
        while at < room - 2:
            at += _thing(canvas, yard, side, at, room - at, rng) + float(rng.exponential(2.5))


def _thing(canvas: Canvas, yard: Yard, side: int, at: float, room: float, rng: np.random.Generator) -> float:
    kind = str(rng.choice(list(WIDTHS_M), p=[0.22, 0.22, 0.2, 0.12, 0.12, 0.12]))
    length = yard.length_m
    u0, u1 = sorted(rng.uniform(-0.3 * length, 1.3 * length, 2))
    width = float(min(rng.uniform(*WIDTHS_M[kind]), room))
    middle = side * (at + width / 2)
    paint = draw_paint(str(rng.choice(["grey", "light_grey", "brown", "red", "white", "blue"])), rng)
    if kind == "road":
        _fill(canvas, (u0, u1, middle, width), paint * rng.uniform(0.5, 1.1), 0.0)
        if rng.random() < 0.6:
            for offset in rng.choice([-1, 0, 1], int(rng.integers(1, 4)), replace=False):
                _fill(canvas, (u0, u1, middle + offset * width * 0.42, 0.15), 0.4, 0.0)
        for u in rng.uniform(u0, u1, rng.poisson((u1 - u0) / 60)):
            size = float(rng.choice([4.5, 4.5, 8, 14]))
            car = draw_paint(str(rng.choice(["white", "black", "grey", "red", "blue"])), rng)
            _fill(
                canvas,
                (u, u + size, middle + rng.uniform(-0.3, 0.3) * width, 1.8 + 0.05 * size),
                car,
                1.5 + size / 8,
            )
    elif kind == "roof":
        u1 = u0 + rng.uniform(8, 120)
        tall = float(rng.uniform(3, 11))
        ridge = rng.random() < 0.6
        _fill(canvas, (u0, u1, middle, width), paint, tall)
        if ridge:
            shade = rng.uniform(0.55, 0.95)
            _fill(canvas, (u0, u1, middle + width / 4, width / 2), paint * shade, tall)
        if rng.random() < 0.5:
            pitch = rng.uniform(1.0, 3.0)
            for offset in np.arange(-width / 2, width / 2, pitch):
                _fill(canvas, (u0, u1, middle + offset, 0.2), paint * rng.uniform(0.6, 1.3), tall)
    elif kind == "parked":
        size = float(rng.choice([2.0, 2.5, 6.1, 12.2]))
        for u in np.arange(u0, u1, size + rng.uniform(0.4, 2.0)):
            if rng.random() < 0.7:
                car = draw_paint(str(rng.choice(["white", "black", "grey", "red", "blue", "brown"])), rng)
                _fill(canvas, (u, u + size, middle, min(width, 4.6)), car, float(rng.uniform(1.4, 3)))
    elif kind == "wall":
        _fill(canvas, (u0, u1, middle, width), paint, float(rng.uniform(0.5, 3)))
    elif kind == "ditch":
        _fill(canvas, (u0, u1, middle, width), paint * rng.uniform(0.3, 1.2), 0.0)
    return width


def _fill(canvas: Canvas, place: tuple[float, float, float, float], paint: Any, tall: float) -> None:
    rows, cols = canvas.window(*place)
    part = canvas.albedo[:, rows, cols]
    if part.size:
        part[:] = np.broadcast_to(np.asarray(paint, np.float32), (4,))[:, None, None] * (
            0.85 + 0.15 * part / max(float(part.mean()), 1e-3)
        )
        canvas.height[rows, cols] = tall


def labels_of(frame: GuideFrame, tracks: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return (2, rows, cols // 4): distance to the next track's middle (9 = far, -1 = unsure), occupied.

    Parameters
    ----------
    tracks : list of ((n, 2) points a metre apart or less, (n,) occupied)
    """
    rows, cols = frame.rows_m, int(frame.length_m / (4 * VIEW_M))
    away = np.full((len(rows), cols), 9.0, np.float32)
    unsure = np.zeros(away.shape, bool)
    occupied = np.zeros(away.shape, np.float32)
    guide = shapely.LineString(frame.track.points.T)
    for xy, full in tracks:
        s = shapely.line_locate_point(guide, shapely.points(xy)) + 0.125
        index = np.clip((s / 0.25).astype(int), 0, frame.steps - 1)
        y, _ = frame.track.part(index).offsets_of(xy.T)
        ds, dy = np.gradient(s), np.gradient(y)
        turn = np.degrees(np.arctan2(np.abs(dy), np.maximum(np.abs(ds), 1e-6)))
        inside = (np.abs(y) < frame.half_m + 2) & (s > 0.2) & (s < guide.length - 0.1)
        for k in np.flatnonzero(inside):
            col = min(int(s[k] / (4 * VIEW_M)), cols - 1)
            d = np.abs(rows - y[k]) * np.cos(np.radians(turn[k]))
            if turn[k] <= ALONG_DEG:
                # The crossing of the column's middle, not of its ends.
                run = np.copysign(max(abs(ds[k]), 1e-6), ds[k])
                lean = y[k] + dy[k] / run * ((col + 0.5) * 4 * VIEW_M - s[k])
                d = np.abs(rows - lean) * np.cos(np.radians(turn[k]))
                nearer = d < away[:, col]
                away[nearer, col] = d[nearer]
                occupied[nearer, col] = full[k]
            elif turn[k] < ACROSS_DEG:
                unsure[d < 2.5, col] = True
    away[unsure & (away > 1)] = -1
    return np.stack([away, occupied]).astype(np.float16)


def _dense(line: Any, spans: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(0, line.length, 0.7)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    full = np.zeros(len(at), np.float32)
    for low, high in spans:
        full[(at >= low) & (at <= high)] = 1
    return xy, full


def _spans(trains: Any) -> dict[str, list[tuple[float, float]]]:
    out: dict[str, list[tuple[float, float]]] = {}
    for name, low, high in trains:
        out.setdefault(name, []).append((low, high))
    return out


def _kept(image: Any, scene: Any, guide: np.ndarray, tracks: Any) -> tuple[np.ndarray, np.ndarray] | None:
    frame = GuideFrame.along(guide, HALF_M)
    if frame.length_m < 80:
        return None
    west, south, east, north = shapely.LineString(guide).buffer(HALF_M + 20).bounds
    grid = grid_over((west, south, east, north), PLAIN_M, "EPSG:32652")
    plain = read_vehicles(image, grid, np.ones(grid.shape, bool), weights("vehicle_net"))
    patch = view_of(TraceScene(image, scene, plain), frame, None)
    if patch[6].mean() < 0.2:
        return None
    return patch.astype(np.float16), labels_of(frame, tracks)


def second(seed: int) -> list[Any]:
    """Paint a yard of the second painter and keep views of it."""
    rng = np.random.default_rng([seed, 91])
    shot = shoot(seed + 500_000, float(rng.choice(GSDS)), Surroundings(float(rng.uniform(10, 26)), around))
    spans = _spans((t["track"], c["from_m"] - 0.5, c["to_m"] + 0.5) for t in shot.trains for c in t["cars"])
    tracks = [_dense(t.line, spans.get(t.id, [])) for t in shot.tracks]
    length = shot.tracks[0].line.length
    v = [t.line.coords[0][1] for t in shot.tracks]
    out = []
    for k in range(2):
        wide = k and rng.random() < 0.3
        angle = np.radians(rng.uniform(15, 165) if wide else rng.normal(0, 3.5))
        centre = np.array([length / 2, rng.uniform(min(v) - 8, max(v) + 8)])
        half = min(length / 2, 60) if wide else length / 2
        ahead = np.array([np.cos(angle), np.sin(angle)]) * (1 if rng.random() < 0.5 else -1)
        kept = _kept(shot.image, shot.scene, np.stack([centre - ahead * half, centre + ahead * half]), tracks)
        if kept:
            out.append(kept)
    return out


def first(number: int) -> list[Any]:
    """Paint a yard of ``simulate`` and keep views of it."""
    seed = split_seeds("train")[SIMULATED_FIRST + number]
    rng = np.random.default_rng([seed, 92])
    options = {"length_m": float(rng.uniform(180, 320)), "tracks": int(rng.integers(2, 6))}
    pair = make_pair(seed, float(rng.choice(GSDS)), trains=(0, int(rng.integers(0, 7))), **options)
    west, south, east, north = pair.world.bounds
    out = []
    for which in (0, 1):
        sensor, day = pair.sensors[which], pair.days[which]
        shown = (pair.earlier, pair.later)[which]
        image = exact_image(shown, ((west + east) / 2, (south + north) / 2))
        spans = _spans((t.track, c.from_m - 0.5, c.to_m + 0.5) for t in day.trains for c in t.cars)
        tracks = [_dense(t.line, spans.get(t.id, [])) for t in pair.world.rails]
        scene = scene_of(
            {
                "seed": seed,
                "gsd_m": sensor.gsd_m,
                "bands": list(image.bands),
                "known": bool(rng.random() < 0.8),
                "sun_azimuth_deg": day.sun_azimuth_deg,
                "sun_elevation_deg": day.sun_elevation_deg,
                "off_nadir_deg": sensor.off_nadir_deg,
                "view_azimuth_deg": sensor.view_azimuth_deg,
            }
        )
        if rng.random() < 0.3:
            scene = replace(scene, view_azimuth_deg=None)
        for k in range(3):
            if k < 2:
                line = pair.world.rails[int(rng.integers(len(pair.world.site.tracks)))].line
                line = line.offset_curve(float(rng.uniform(-18, 18)))
                guide = shapely.get_coordinates(line)
                if len(guide) < 2:
                    continue
                guide = guide[:: int(rng.choice([-1, 1]))]
                tilt = np.radians(rng.normal(0, 2.5))
                turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
                guide = (guide - guide.mean(axis=0)) @ turn.T + guide.mean(axis=0)
            else:
                centre = np.array([rng.uniform(west + 50, east - 50), rng.uniform(south + 50, north - 50)])
                angle = rng.uniform(0, np.pi)
                along = np.array([np.cos(angle), np.sin(angle)]) * 80
                guide = np.stack([centre - along, centre + along])
            kept = _kept(image, scene, guide, tracks)
            if kept:
                out.append(kept)
    return out


def third(number: int) -> list[Any]:
    """Paint a place of ``vehicle_bank``, its tracks bent, and keep views of it."""
    rng = np.random.default_rng([number, 94])
    out = []
    for shown in pictures(rng):
        gsd_m = float(rng.choice(GSDS))
        image, _ = expose(shown.light, gsd_m, shown.canvas.top_m, rng, misfit=0.0)
        bend = float(rng.choice([0.0, rng.uniform(-1, 1) / 300]))
        image = replace(_coded(image, rng), to_pixel=_bent(image.to_pixel, bend))
        scene = _scene_under(shown.sky, image, number, known=rng.random() < 0.6)
        tracks = [_arc(at, bend, shown.trains) for at in (shown.yard.v_m if shown.yard else ())]
        middle = float(np.mean(shown.yard.v_m)) if shown.yard else 0.0
        for k in range(3):
            guide = _guide(k, bend, middle, rng)
            kept = _kept(image, scene, guide, tracks)
            if kept:
                out.append(kept)
    return out


def fourth(number: int) -> list[Any]:
    """Paint ground on which tracks are missed or seen where none is (``trace_ground``); keep views of it."""
    rng = np.random.default_rng([number, 95])
    out = []
    for shown in places(rng):
        gsd_m = float(rng.choice(COARSE_GSDS))
        image, _ = expose(shown.light, gsd_m, shown.top_m, rng, misfit=0.0)
        bend = float(rng.choice([0.0, rng.uniform(-1, 1) / 220]))
        image = mosaic(image, rng)
        image = replace(image, to_pixel=_bent(image.to_pixel, bend))
        scene = _scene_under(shown.sky, image, number, known=rng.random() < 0.4)
        tracks = [_along_arc(t, bend) for t in shown.tracks]
        middle = float(np.mean(np.concatenate([t.line[:, 1] for t in shown.tracks]))) if tracks else 0.0
        guides = [_guide(k, bend, middle, rng) for k in (0, 1, 2)]
        guides += [_along(box, shown.top_m, bend, rng) for box in shown.beside[:1]]
        for guide in guides:
            kept = _kept(image, scene, guide, tracks)
            if kept:
                out.append(kept)
    return out


def _along_arc(track: Rails, bend: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a track's points on bent ground and where vehicles stand."""
    x, y = track.line.T
    full = np.zeros(len(x), np.float32)
    for low, high in track.spans:
        full[(x >= low - 0.5) & (x <= high + 0.5)] = 1
    return np.stack([x, y + bend * (x - LONG_M / 2) ** 2 / 2], axis=1), full


def _along(box: Box, top_m: float, bend: float, rng: np.random.Generator) -> np.ndarray:
    """Return a guide nearly along a road or a roof on bent ground."""
    angle = -box.angle + rng.normal(0, 0.03)
    u = np.clip(box.x, 60, LONG_M - 60)
    along = np.array([np.cos(angle), np.sin(angle)])
    x, y = (np.array([u, top_m - box.y]) + np.linspace(-60, 60, 13)[:, None] * along).T
    return np.stack([x, y + bend * (x - LONG_M / 2) ** 2 / 2], axis=1)


def _scene_under(sky: Sky, image: NativeImage, number: int, *, known: bool) -> Scene:
    """Return what a scene says of itself under a sky; ``known`` where that is all."""
    return scene_of(
        {
            "seed": number,
            "gsd_m": image.gsd_m,
            "bands": list(image.bands),
            "known": known,
            "sun_azimuth_deg": sky.sun[0],
            "sun_elevation_deg": sky.sun[1],
            "off_nadir_deg": sky.view[1],
            "view_azimuth_deg": sky.view[0],
        }
    )


def _coded(image: NativeImage, rng: np.random.Generator) -> NativeImage:
    """Code a picture for display as JPEG, now and then."""
    if len(image.bands) > 3 or rng.random() < 0.5:
        return image
    shown = np.rint(np.moveaxis(np.clip(image.values, 0, 1), 0, 2) * 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])
    values = np.moveaxis(cv2.imdecode(coded, cv2.IMREAD_COLOR), 2, 0) / np.float32(255)
    return replace(image, values=np.maximum(values, 1e-4) * image.valid)


def _bent(to_pixel: SiteToPixel, bend: float) -> SiteToPixel:
    """Return the map to pixels of ground whose tracks are arcs: ``y`` less that of the arc."""

    def bent(terms: tuple[float, ...]) -> tuple[float, ...]:
        fall, middle = terms[2] * bend / 2, LONG_M / 2
        return (terms[0] - fall * middle**2, terms[1] + 2 * fall * middle, terms[2], -fall, *terms[4:])

    return replace(
        to_pixel,
        col_coefficients=bent(to_pixel.col_coefficients),
        row_coefficients=bent(to_pixel.row_coefficients),
    )


def _arc(at: float, bend: float, trains: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return a track's points and where vehicles stand."""
    x = np.arange(0, LONG_M, 0.7)
    full = np.zeros(len(x), np.float32)
    for low, high in ((c["from_m"], c["to_m"]) for v, cars in trains if v == at for c in cars):
        full[(x >= low - 0.5) & (x <= high + 0.5)] = 1
    return np.stack([x, at + bend * (x - LONG_M / 2) ** 2 / 2], axis=1), full


def _guide(kind: int, bend: float, middle: float, rng: np.random.Generator) -> np.ndarray:
    """Return a guide: along the arc, straight and nearly along it, or anyhow."""
    at = middle + float(rng.uniform(-30, 30))
    if kind == 0:
        x = np.linspace(0, LONG_M, 40)
        guide = np.stack([x, at + bend * (x - LONG_M / 2) ** 2 / 2], axis=1)
    else:
        wide = kind == 2 and rng.random() < 0.5
        angle = float(rng.uniform(0, np.pi) if wide else rng.normal(0, 0.06))
        u = float(rng.uniform(70, LONG_M - 70))
        angle += bend * (u - LONG_M / 2)
        centre = np.array([u, at + bend * (u - LONG_M / 2) ** 2 / 2])
        along = np.array([np.cos(angle), np.sin(angle)]) * 70
        guide = np.stack([centre - along, centre + along])
    return guide[:: int(rng.choice([-1, 1]))]


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--painter", choices=("first", "second", "third", "fourth"), default="second")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=250)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.first, arguments.first + arguments.count):
        target = arguments.folder / f"{arguments.painter}-{number}.npz"
        if target.exists():
            continue
        kept = {"first": first, "second": second, "third": third, "fourth": fourth}[arguments.painter](number)
        arrays = {
            f"{name}_{k}": a
            for k, pair in enumerate(kept)
            for name, a in zip(("patch", "labels"), pair, strict=True)
        }
        np.savez(target.with_suffix(".part.npz"), **arrays)
        target.with_suffix(".part.npz").rename(target)


if __name__ == "__main__":
    main()
