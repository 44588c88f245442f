"""Two dates of one yard by the second painter (``training/yard_painter.py``), with what became of each train.

The yards, their light and their camera are drawn as for the training of the networks, from seeds that no
bank uses; each date has its own sun, view, exposure and misfit. Nothing is fitted to a site:
`benchmarks.fates` reads the strips and judges the trains.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from shapely import box

from training.strip_bank import scene_of
from training.yard_painter import (
    COLOUR_CHANCE,
    COLOURS,
    KIND_CHANCE,
    KINDS,
    LENGTHS,
    MARGIN_M,
    Canvas,
    Yard,
    _softened,
    _wires,
    clutter,
    draw_car,
    draw_trains,
    expose,
    ground,
    lit,
    snow_over,
    tracks_of,
)
from tumangang_watch.grid import grid_over
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.observation import Observation, Quality, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Area, Site

FIRST_SEED = 5_000_000
"""Banks are painted from seeds below it."""
SNOWY = 0.1
"""Share of pairs with snow on both dates."""
HIDDEN = 0.25
"""Share of trains as bright as the bed they stand on, as in the banks."""


@dataclass(frozen=True)
class Stand:
    """One train in its place on one date."""

    track: str
    cars: tuple[dict[str, Any], ...]

    @property
    def from_m(self) -> float:
        """Where the first body begins."""
        return float(self.cars[0]["from_m"])

    @property
    def to_m(self) -> float:
        """Where the last body ends."""
        return float(self.cars[-1]["to_m"])

    def shifted(self, by_m: float) -> Stand:
        """Return the train farther along its track."""
        cars = tuple({**c, "from_m": c["from_m"] + by_m, "to_m": c["to_m"] + by_m} for c in self.cars)
        return Stand(self.track, cars)

    def turned(self) -> Stand:
        """Return the train turned round in its place."""
        total = self.from_m + self.to_m
        cars = ({**c, "from_m": total - c["to_m"], "to_m": total - c["from_m"]} for c in reversed(self.cars))
        return Stand(self.track, tuple(cars))


@dataclass(frozen=True)
class YardPair:
    """Two dates of a yard in its own frame, and what became of its trains."""

    dates: tuple[Observation, Observation]
    site: Site
    cases: tuple[tuple[str, Stand | None, Stand | None], ...]
    """Fate, train on the earlier and on the later date."""


def consist(track: str, rng: np.random.Generator, wagons: int = 8) -> Stand:
    """Draw a train of cuts of like vehicles with at least two changes of look."""
    hidden = float(rng.uniform(0.4, 1.0)) if rng.random() < HIDDEN else 0.0
    gap = float(rng.uniform(0.75, 1.6))
    while True:
        cars: list[dict[str, Any]] = []
        at = 0.0
        while len(cars) < wagons:
            kind, colour = str(rng.choice(KINDS, p=KIND_CHANCE)), str(rng.choice(COLOURS, p=COLOUR_CHANCE))
            body = float(rng.choice(LENGTHS[kind])) + float(rng.normal(0, 0.25)) - gap
            for _ in range(1 if kind == "locomotive" else int(rng.integers(1, 4))):
                look = int(rng.integers(2**31))
                cars.append({"from_m": at, "to_m": at + body, "type": kind, "colour": colour})
                cars[-1] |= {"hidden": hidden, "look": look}
                at += body + gap
        cars = cars[:wagons]
        looks = [(c["type"], c["colour"]) for c in cars]
        if sum(a != b for a, b in pairwise(looks)) >= 2:
            return Stand(track, tuple(cars))


def fated(
    fate: str, track: str, spare: str | None, length_m: float, rng: np.random.Generator
) -> tuple[str, Stand | None, Stand | None] | None:
    """Return a train of this fate on both dates; None where it has no room."""
    train = consist(track, rng)
    room = length_m - 20 - train.to_m
    if room < 45 or (fate == "other track" and spare is None):
        return None
    train = train.shifted(10 + float(rng.uniform(0, room - 40)))
    half = len(train.cars) // 2
    part = Stand(track, train.cars[:half] if rng.random() < 0.5 else train.cars[half:])
    fewer = _cut_to(consist(track, rng), train, 3 + int(rng.integers(3)), bool(rng.random() < 0.5))
    other: Stand | None = {
        "moves": train.shifted(40.0),
        "replaced": consist(track, rng).shifted(train.from_m - 0.55),
        "half goes": part,
        "half comes": part,
        "more replace fewer": fewer,
        "fewer replace more": fewer,
        "turned": train.turned(),
        "other track": Stand(spare or track, train.cars),
        "leaves": None,
        "arrives": None,
    }.get(fate, train)
    grew = fate in ("half comes", "more replace fewer", "arrives")
    first, second = (other, train) if grew else (train, other)
    return fate, first, second


def _cut_to(other: Stand, train: Stand, wagons: int, at_start: bool) -> Stand:
    """Return so many wagons of another train, stopped where one end of a train stands."""
    short = Stand(other.track, other.cars[:wagons])
    return short.shifted(train.from_m - short.from_m if at_start else train.to_m - short.to_m)


def yard_pair(seed: int, gsd_m: float, fates: tuple[str, ...] = (), margin_m: float = MARGIN_M) -> YardPair:
    """Paint a yard on two dates, a track a fate; without fates its trains are any, and all of them stay."""
    rng = np.random.default_rng([FIRST_SEED + seed, 4711])
    count = 5 if fates else int(rng.integers(2, 7))
    gaps = rng.uniform(4.5, 5.6) + rng.normal(0, 0.08, count - 1)
    gaps += (rng.random(count - 1) < 0.15) * rng.uniform(2, 7, count - 1)
    v = [0.0, *np.cumsum(gaps).tolist()]
    yard = Yard(420.0 if fates else float(rng.choice([260, 350, 500])), v, margin_m=margin_m)
    names = [t.id for t in tracks_of(yard)]
    cases: list[tuple[str, Stand | None, Stand | None]] = []
    for fate in fates:
        if not names:
            break
        own = names.pop(0)
        case = fated(fate, own, names[0] if names else None, yard.length_m, rng)
        if case is not None:
            cases.append(case)
            names = names[1:] if fate == "other track" else names
    if not fates:
        draw_trains(yard, rng)
        for train in yard.trains:
            cars = tuple({**c, "look": int(rng.integers(2**31))} for c in train["cars"])
            cases.append(("stays", Stand(train["track"], cars), Stand(train["track"], cars)))
    canvas = ground(yard, rng)
    clutter(canvas, yard, rng)
    snow = int(rng.integers(2**31)) if rng.random() < SNOWY else None
    site = _site(yard)
    dates: list[Observation] = []
    for which, date in enumerate(("earlier", "later")):
        stands = [s for case in cases if (s := case[1 + which]) is not None]
        yard.trains = [{"track": s.track, "cars": copy.deepcopy(list(s.cars))} for s in stands]
        own_canvas = Canvas(canvas.albedo.copy(), canvas.height.copy(), canvas.top_m)
        bands = dates[0].image.bands if dates else None
        image, scene = _shot(own_canvas, yard, gsd_m, rng, snow, bands)
        dates.append(_observation(date, image, scene, site))
    return YardPair((dates[0], dates[1]), site, tuple(cases))


def _shot(
    canvas: Canvas,
    yard: Yard,
    gsd_m: float,
    rng: np.random.Generator,
    snow: int | None,
    bands: tuple[str, ...] | None,
) -> tuple[NativeImage, Scene]:
    """Take one picture of a yard with its trains, of a product with the other date's ``bands``."""
    sun = (float(rng.uniform(0, 360)), float(rng.uniform(14, 62)))
    view = (float(rng.uniform(0, 360)), float(rng.uniform(0, 28)))
    if snow is not None:
        snow_over(canvas, np.random.default_rng(snow))
    sunny = float(np.clip(np.cos(np.radians(sun[0])) / np.tan(np.radians(max(sun[1], 20))), -1, 1))
    for train in yard.trains:
        at = yard.v_m[int(train["track"][1:]) - 1]
        for car in train["cars"]:
            draw_car(canvas, at, car, sunny, np.random.default_rng(car["look"]))
    light = lit(canvas, sun, view, rng)
    _wires(light, canvas, yard, rng)
    if rng.random() < 0.25:
        _softened(light, canvas, yard, rng)
    while True:
        image, product = expose(light, gsd_m, canvas.top_m, rng, misfit=1.0)
        if bands in (None, image.bands):
            break
    facts = {
        "seed": 0,
        "gsd_m": gsd_m,
        "bands": list(image.bands),
        "known": True,
        "off_nadir_deg": view[1],
        "view_azimuth_deg": view[0],
        "sun_azimuth_deg": sun[0],
        "sun_elevation_deg": sun[1],
        "product": product,
    }
    return image, scene_of(facts)


def _site(yard: Yard) -> Site:
    ground_box = box(0, min(yard.v_m) - yard.margin_m, yard.length_m, max(yard.v_m) + yard.margin_m)
    area = Area(id="yard", role="yard", polygon=ground_box, name="yard")
    return Site(
        id="yard", name="yard", sha256="0" * 64, crs="EPSG:32652", areas=(area,), tracks=tracks_of(yard)
    )


def _observation(date: Any, image: NativeImage, scene: Scene, site: Site) -> Observation:
    grid = grid_over(site.bounds, min(image.gsd_m, 0.5), site.crs)
    raster = image.on_grid(grid)
    return Observation(
        date=date,
        scene=scene,
        image=image,
        raster=raster,
        quality=Quality.all_clear(raster.valid),
        site_fit=Registration(status="ok"),
    )
