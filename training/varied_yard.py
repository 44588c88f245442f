"""Yards of the second painter on ground of every kind (``yard_ground``, ``yard_above``), summer and winter.

``python -m training.varied_yard --first 0 --count 400 --folder DIR`` paints a bank of strips as
``strip_bank.load`` reads it; two yards in five are empty, and each bears up to three kinds of ground.
``--empty`` leaves trains out, ``--kind water`` forces a kind, ``--stock passenger`` fills the tracks with
sets of one kind, ``--gsd`` forces a resolution, ``--pictures`` keeps a look at each yard too.
Seeds from `VALIDATION_FIRST` on judge and are never fitted on. No test and no published score uses it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.bridge_painter import Sky
from training.strip_bank import GSDS, keep
from training.vehicle_bank import put, whiten
from training.yard_above import Bars, bridge, gantries, road_bridge
from training.yard_ground import GROUNDS, Place, Rng
from training.yard_painter import (
    Yard,
    _softened,
    clutter,
    cut_at_end,
    draw_consist,
    expose,
    ground,
    lit,
    noise_field,
    tracks_of,
)
from training.yard_product import processed
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.model.image import NativeImage
from tumangang_watch.settings.trains import TrainSettings

VALIDATION_FIRST = 1_000_000
KINDS = (*GROUNDS, "bridge", "gantries", "road bridge", "snow")
STOCK = ("any", "passenger", "flat", "container", "open")
COACHES_M = (15.6, 18.4, 20.4, 22.9, 25.0, 26.4)


@dataclass(frozen=True)
class Wanted:
    """What is forced on a yard."""

    kind: str | None = None
    empty: bool = False
    stock: str | None = None


def draw_yard(rng: Rng, wanted: Wanted) -> Yard:
    """Draw where tracks lie and the trains on them: of any stock, or all alike."""
    count = int(rng.choice([1, 2, 3, 4, 6, 8], p=[0.2, 0.25, 0.15, 0.15, 0.15, 0.1]))
    gaps = rng.uniform(4.3, 5.6) + rng.normal(0, 0.08, count - 1)
    gaps += (rng.random(count - 1) < 0.25) * rng.uniform(2, 10, count - 1)
    across = [0.0, *np.cumsum(gaps).tolist()]
    yard = Yard(float(rng.uniform(170, 420)), across, margin_m=18.0)
    load = float(rng.choice([0.0, 0.15, 0.45, 0.85], p=[0.4, 0.25, 0.22, 0.13]))
    alike = str(rng.choice(STOCK, p=[0.5, 0.2, 0.12, 0.1, 0.08]))
    if wanted.stock is not None:
        alike, load = wanted.stock, max(load, 0.45)
    for number in range(count):
        at = float(rng.uniform(-25, 90))
        while at < yard.length_m - 12 and not wanted.empty:
            if rng.random() > load:
                at += float(rng.uniform(15, 80))
                continue
            drawn = draw_consist(at, rng) if alike == "any" else draw_alike(at, alike, rng)
            at = drawn[-1]["to_m"] + float(rng.uniform(5, 90))
            cars = [cut_at_end(c, yard.length_m) for c in drawn]
            cars = [c for c in cars if c["to_m"] - c["from_m"] > 4]
            if cars:
                yard.trains.append({"track": f"T{number + 1}", "cars": cars})
    return yard


def draw_alike(at: float, kind: str, rng: Rng) -> list[dict[str, Any]]:
    """Draw vehicles of one kind: silver and white sets, bare bogie flats, containers in twos, empties."""
    length = float(rng.choice(COACHES_M if kind == "passenger" else (13.9, 18.4, 19.7, 19.9, 25.7)))
    gap = float(rng.uniform(0.35, 0.9) if kind == "passenger" else rng.uniform(0.75, 1.6))
    bright = ["white", "light_grey", "light_grey", "grey"]
    colour = str(rng.choice(bright if kind == "passenger" else ["brown", "black", "grey", "blue", "red"]))
    cars = []
    for _ in range(int(rng.choice([1, 2, 4, 6, 8, 10, 16]))):
        cars.append({"from_m": at, "to_m": at + length - gap, "type": kind, "colour": colour, "hidden": 0.0})
        at += length
    return cars


def winter(place: Place, rng: Rng) -> None:
    """Lay snow, cleared or melted along tracks, and throw it up in ridges between them."""
    whiten(place.canvas, place.yard, rng)
    if rng.random() < 0.35:
        away, wide = float(rng.uniform(1.7, 2.6)), float(rng.uniform(0.4, 1.2))
        ridge = np.abs(place.near_m - away) < wide / 2
        tall = np.float32(rng.uniform(0.2, 1.4)) * np.clip(
            0.6 + 0.4 * noise_field(place.shape, 3, rng), 0, 1.5
        )
        place.canvas.albedo[:, ridge] = np.float32(rng.uniform(0.5, 0.8))
        place.canvas.height[ridge] = np.maximum(place.canvas.height[ridge], tall[ridge])


def snow_on_roofs(place: Place, rng: Rng) -> None:
    """Leave snow on the roofs of some trains."""
    for train in place.yard.trains:
        if rng.random() < 0.5:
            continue
        at = place.yard.v_m[int(train["track"][1:]) - 1]
        for car in train["cars"]:
            rows, cols = place.canvas.window(car["from_m"], car["to_m"], at, 3.0)
            part = place.canvas.albedo[:, rows, cols]
            cover = rng.uniform(0.3, 1.0) * (rng.random(part.shape[1:]) < 0.9)
            part += cover * (np.float32(rng.uniform(0.5, 0.8)) - part)
            car["seen"] = "mixed"


def kinds_of(rng: Rng, wanted: Wanted) -> list[str]:
    """Draw what a yard's ground bears, in the order it is drawn."""
    chosen = set(rng.choice(KINDS, int(rng.integers(1, 4)), replace=False).tolist())
    chosen = chosen if wanted.kind is None else {wanted.kind, str(rng.choice(KINDS))}
    return [kind for kind in KINDS if kind in chosen]


def shoot(seed: int, gsd_m: float, wanted: Wanted | None = None) -> tuple[NativeImage, Yard, dict[str, Any]]:
    """Paint one yard and take one picture; return it with the yard and the facts of a bank."""
    wanted = wanted or Wanted()
    rng = np.random.default_rng([seed, 4714])
    yard, kinds = draw_yard(rng, wanted), kinds_of(rng, wanted)
    place = Place(ground(yard, rng), yard)
    if rng.random() < 0.6:
        clutter(place.canvas, yard, rng)
    bars = [bridge(place, rng)] if "bridge" in kinds else []
    for kind in kinds:
        if kind in GROUNDS:
            GROUNDS[kind](place, rng)
    snow = "snow" in kinds
    if snow:
        winter(place, rng)
    sky = Sky(
        (float(rng.uniform(0, 360)), float(rng.uniform(12, 65))),
        (float(rng.uniform(0, 360)), float(rng.uniform(0, 28))),
    )
    put(place.canvas, [(yard.v_m[int(t["track"][1:]) - 1], t["cars"]) for t in yard.trains], sky.sun, rng)
    if snow:
        snow_on_roofs(place, rng)
    if "gantries" in kinds:
        bars.append(gantries(place, rng))
    if "road bridge" in kinds:
        road_bridge(place, rng)
    light = lit(place.canvas, sky.sun, sky.view, rng)
    Bars(tuple(b for b in bars if b is not None)).draw(light, place, sky, rng)
    if rng.random() < 0.15:
        _softened(light, place.canvas, yard, rng)
    image, product = expose(light, gsd_m, place.canvas.top_m, rng, misfit=1.0)
    image = processed(image, rng) if rng.random() < 0.7 else image
    return (
        image,
        yard,
        facts_of(seed, image, yard, sky, product)
        | {"known": bool(rng.random() < 0.7), "snow": float(snow), "kinds": kinds},
    )


def facts_of(seed: int, image: NativeImage, yard: Yard, sky: Sky, product: str) -> dict[str, Any]:
    """Return what a bank keeps of a scene beside its strips."""
    return {
        "seed": seed,
        "gsd_m": image.gsd_m,
        "bands": list(image.bands),
        "off_nadir_deg": sky.view[1],
        "view_azimuth_deg": sky.view[0],
        "sun_azimuth_deg": sky.sun[0],
        "sun_elevation_deg": sky.sun[1],
        "season": "any",
        "haze": 0.0,
        "product": product,
        "tracks": [[t.id, list(map(list, t.line.coords))] for t in tracks_of(yard)],
        "trains": yard.trains,
    }


def picture(image: NativeImage, yard: Yard) -> Any:
    """Return a yard in its own frame as bytes (rows, cols, 3), its tracks level, 0.25 m a pixel."""
    step, margin = 0.25, yard.margin_m
    x = np.arange(0, yard.length_m, step)[None]
    y = np.arange(max(yard.v_m) + margin, min(yard.v_m) - margin, -step)[:, None]
    col, row = image.to_pixel.col_coefficients, image.to_pixel.row_coefficients
    at = [(c[0] + c[1] * x + c[2] * y).astype(np.float32) for c in (col, row)]
    seen = np.stack([cv2.remap(b, *at, cv2.INTER_LINEAR) for b in image.values[:3]], axis=2)
    low, high = np.percentile(seen, (0.5, 99.5))
    return np.clip((seen - low) / max(high - low, 1e-6) * 255, 0, 255).astype(np.uint8)


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--empty", action="store_true", help="no trains")
    parser.add_argument("--stock", choices=STOCK, help="trains of this kind, on many tracks")
    parser.add_argument("--gsd", type=float, nargs="+", default=GSDS, help="resolutions drawn from")
    parser.add_argument("--pictures", action="store_true", help="keep a picture of each yard as well")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(arguments.first, arguments.first + arguments.count):
        target = arguments.folder / f"g{seed}.npz"
        if target.exists():
            continue
        gsd_m = float(np.random.default_rng(seed).choice(arguments.gsd))
        wanted = Wanted(arguments.kind, arguments.empty, arguments.stock)
        image, yard, facts = shoot(seed, gsd_m, wanted)
        if arguments.pictures:
            cv2.imwrite(str(target.with_suffix(".png")), picture(image, yard))
        keep(target, [([sample_strip(image, t, TrainSettings()) for t in tracks_of(yard)], facts)])


if __name__ == "__main__":
    main()
