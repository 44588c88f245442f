"""Draw a week of a yard by chance: trains that come, stay, move, part and leave; cargo; light; cameras."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
from shapely.ops import unary_union

from tumangang_watch.simulate.pair import SEASON_DAY, SEASONS, PairOptions, sensor_of
from tumangang_watch.simulate.places.yard import make_world
from tumangang_watch.simulate.traffic import (
    COLOURS_OF,
    FREIGHT,
    FREIGHT_CHANCE,
    draw_cargo,
    draw_puddles,
    draw_road,
    make_train,
)
from tumangang_watch.simulate.weeks.changes import shaded_share
from tumangang_watch.simulate.weeks.shots import PaintedDate, sun_over
from tumangang_watch.simulate.world import Block, DayState, Train, World, footprint, shifted

MIN_CARGO_M2 = 10.0
"""Smaller cargo is left out: its change is not asked for."""
MAX_SHADED = 0.3
"""Cargo comes or goes only where trains shade less of its place."""
SUN_MIN_DEG = 14.0
ROOM_M = 8.0
"""Free track at both ends, and between trains."""


def draw_week(seed: int, count: int = 6) -> tuple[PaintedDate, ...]:
    """Return dates of one yard, by time; some of them hours apart, on some nothing changes.

    Parameters
    ----------
    seed : int
        Take it from `split_seeds`.
    count : int
        How many dates; a larger count begins with the same ones.
    """
    rng = np.random.default_rng([seed, 400])
    length_m, tracks = float(rng.uniform(330, 420)), int(rng.integers(3, 5))
    world = make_world(seed, tracks=tracks, length_m=length_m)
    season, gsd_m = str(rng.choice(SEASONS)), float(rng.uniform(0.42, 0.74))
    options = PairOptions(product="analytic4")
    dates: list[PaintedDate] = []
    when = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=SEASON_DAY[season], hours=rng.uniform(1.0, 2.5))
    for number in range(count):
        before = dates[-1].day if dates else None
        if before is not None:
            when = _next_time(world, before.acquired, rng)
        day = _day(world, when, season, before, rng)
        sensor = sensor_of(gsd_m * float(rng.uniform(0.95, 1.08)), options, rng)
        name = f"week{seed}_{number}"
        dates.append(PaintedDate(name=name, world=world, day=day, sensor=sensor, number=number + 1))
    return tuple(dates)


def _next_time(world: World, before: datetime, rng: np.random.Generator) -> datetime:
    """Return a time hours later where the sun is still high enough, or of one of the next days."""
    later = before + timedelta(hours=float(rng.uniform(1.5, 3.5)))
    if rng.random() < 0.3 and sun_over(world, later)[1] > SUN_MIN_DEG and later.hour < 6:
        return later.replace(microsecond=0)
    morning = before.replace(hour=0, minute=0, second=0) + timedelta(days=int(rng.integers(1, 4)))
    return (morning + timedelta(hours=float(rng.uniform(0.9, 4.5)))).replace(microsecond=0)


def _day(
    world: World, when: datetime, season: str, before: DayState | None, rng: np.random.Generator
) -> DayState:
    azimuth, elevation = sun_over(world, when)
    # A truck on an apron is goods to every reader; it stands on the roads.
    aprons = unary_union([area.polygon for area in world.site.having("apron")])
    wetness = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.15 else 0.0
    quiet = before is not None and rng.random() < 0.15
    day = DayState(
        acquired=when.replace(microsecond=0),
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=max(elevation, SUN_MIN_DEG),
        season=season,
        wetness=wetness,
        puddles=draw_puddles(world, wetness, rng),
        vehicles=tuple(v for v in draw_road(world, rng) if not footprint(v).intersects(aprons)),
    )
    was = () if before is None else before.trains
    trains = was if quiet else _next_trains(world, was, rng)
    day = replace(day, trains=trains)
    lay = () if before is None else before.cargo
    return replace(day, cargo=lay if quiet else _next_cargo(world, day, lay, rng))


def _next_trains(world: World, before: tuple[Train, ...], rng: np.random.Generator) -> tuple[Train, ...]:
    """Return the trains of the next date: each stays, moves, parts, is replaced in its place, or leaves."""
    after: list[Train] = []
    for train in before:
        fate = str(
            rng.choice(["stays", "moves", "parts", "replaced", "leaves"], p=[0.5, 0.1, 0.1, 0.15, 0.15])
        )
        other = _next_train(world, train, fate, rng)
        if other is not None:
            after.append(other if _has_room(world, other, after) else train)
    wanted = int(rng.integers(0, len(world.site.tracks)))
    free = [t.id for t in world.site.tracks if t.id not in {train.track for train in (*before, *after)}]
    rng.shuffle(free)
    for track in free[: max(0, wanted - len(after))]:
        train = make_train(track, 0.0, _consist(rng), rng)
        slack = world.track(track).line.length - 2 * ROOM_M - train.to_m
        if slack > 0:
            after.append(shifted(train, ROOM_M + float(rng.uniform(0, slack))))
    return tuple(sorted(after, key=lambda t: (t.track, t.from_m)))


def _next_train(world: World, train: Train, fate: str, rng: np.random.Generator) -> Train | None:
    if fate == "leaves":
        return None
    if fate == "moves":
        return shifted(train, float(rng.choice([-1, 1]) * rng.uniform(15, 60)))
    if fate == "replaced":
        return make_train(train.track, train.from_m - 0.55 + float(rng.uniform(-8, 8)), _consist(rng), rng)
    if fate == "parts" and len(train.cars) >= 5:
        half = len(train.cars) // 2
        return replace(train, cars=train.cars[:half] if rng.random() < 0.5 else train.cars[half:])
    return train


def _has_room(world: World, train: Train, others: list[Train]) -> bool:
    end = world.track(train.track).line.length - ROOM_M
    return train.from_m >= ROOM_M and train.to_m <= end and all(o.track != train.track for o in others)


def _consist(rng: np.random.Generator) -> list[tuple[str, str]]:
    """Draw three to nine vehicles in cuts of like ones, of at least two changes of appearance."""
    count = int(rng.integers(3, 10))
    while True:
        kinds: list[tuple[str, str]] = []
        while len(kinds) < count:
            kind = str(rng.choice(FREIGHT, p=FREIGHT_CHANCE))
            colour = str(rng.choice(COLOURS_OF[kind]))
            kinds += [(kind, colour)] * int(rng.integers(1, 4))
        if sum(a != b for a, b in pairwise(kinds[:count])) >= 2:
            return kinds[:count]


def _next_cargo(
    world: World, day: DayState, before: tuple[Block, ...], rng: np.random.Generator
) -> tuple[Block, ...]:
    """Return the cargo of the next date: some of it goes, some comes, where trains do not shade its place."""

    def clear(block: Block) -> bool:
        return shaded_share(world, day, footprint(block)) < MAX_SHADED

    leave = rng.random() < 0.5
    kept = tuple(b for b in before if not (leave and clear(b) and rng.random() < 0.5))
    if rng.random() < 0.45:
        return kept
    drawn = draw_cargo(world, rng, avoid=before)
    large = tuple(b for b in drawn if footprint(b).area >= MIN_CARGO_M2 and clear(b))
    return kept + large[: int(rng.integers(1, 4))]
