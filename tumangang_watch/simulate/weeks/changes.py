"""What changed between two painted dates, from what was painted alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin, tan

from shapely import LineString, Polygon
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring, unary_union

from tumangang_watch.model.words import ChangeWord, Kind
from tumangang_watch.simulate.world import Block, DayState, PaintedVehicle, Train, World, footprint

SAME_PLACE_M = 6.0
"""A train that shifted by less stands where it stood."""
PART_VEHICLES = 2
"""Fewest like vehicles that make one train part of another."""
CARGO_SHIFT_M = 1.0
"""Two piles nearer than this are one at two times."""
HALF_WIDTH_M = 1.6
"""Half the width of a train."""


@dataclass(frozen=True, kw_only=True)
class PaintedChange:
    """One thing that came, went, moved or changed its size between two dates."""

    kind: Kind
    change: ChangeWord
    place: BaseGeometry
    """Where it stands, in the world's metres; of what went, where it stood."""
    track: str | None = None
    amount: float
    """Vehicles, metres moved on its track, or m2."""


def changes_between(world: World, before: DayState, after: DayState) -> tuple[PaintedChange, ...]:
    """Return what changed, trains first; a train that stands as before is no change."""
    return (*_train_changes(world, before, after), *_cargo_changes(before, after))


def train_place(world: World, train: Train) -> Polygon:
    """Return the ground that a train covers."""
    line: LineString = substring(world.track(train.track).line, train.from_m, train.to_m)
    return line.buffer(HALF_WIDTH_M, cap_style="flat")


def shaded_share(world: World, day: DayState, place: BaseGeometry) -> float:
    """Return the share of a place that lies in the shadow of the date's trains, by their height."""
    reach_per_m = 1 / tan(radians(day.sun_elevation_deg))
    shadows = []
    for train in day.trains:
        ground = train_place(world, train)
        reach = max(vehicle.height_m for vehicle in train.cars) * reach_per_m
        east, north = _away_from(day.sun_azimuth_deg, reach)
        steps = [translate(ground, east * k / 8, north * k / 8) for k in range(9)]
        shadows.append(unary_union(steps))
    return float(unary_union(shadows).intersection(place).area / place.area)


def _away_from(azimuth_deg: float, metres: float) -> tuple[float, float]:
    return -metres * sin(radians(azimuth_deg)), -metres * cos(radians(azimuth_deg))


def _appearances(train: Train) -> list[tuple[str, str, str, float]]:
    return [_appearance(vehicle) for vehicle in train.cars]


def _appearance(vehicle: PaintedVehicle) -> tuple[str, str, str, float]:
    return vehicle.type, vehicle.colour, vehicle.load, round(vehicle.to_m - vehicle.from_m, 1)


def _train_changes(world: World, before: DayState, after: DayState) -> list[PaintedChange]:
    """Pair the trains that are the same or part of one another, the surest first; the rest went or came."""
    pairs = [(a, b) for a in before.trains for b in after.trains]
    gone, come = list(before.trains), list(after.trains)
    out = []
    for a, b in sorted((p for p in pairs if _likeness(*p)), key=lambda p: -_likeness(*p)):
        if a in gone and b in come:
            gone.remove(a)
            come.remove(b)
            out += _same_train(world, a, b)
    out += [_train_change(world, t, "disappeared", len(t.cars)) for t in gone]
    return out + [_train_change(world, t, "appeared", len(t.cars)) for t in come]


def _likeness(a: Train, b: Train) -> float:
    """Return how surely two trains are one: 0 for others; in place before elsewhere, whole before part."""
    one, two = _appearances(a), _appearances(b)
    if one == two or one == two[::-1]:
        turned = one != two
        elsewhere = a.track != b.track
        near = 0.0 if elsewhere else 1 / (1 + abs(a.from_m - b.from_m))
        return 10.0 + 5.0 * (not elsewhere) - 2.0 * turned + near
    small, large = sorted((one, two), key=len)
    runs = (large[k : k + len(small)] for k in range(len(large) - len(small) + 1))
    part = len(small) >= PART_VEHICLES and small in runs and a.track == b.track
    return len(small) / len(large) if part else 0.0


def _same_train(world: World, a: Train, b: Train) -> list[PaintedChange]:
    if len(a.cars) != len(b.cars):
        change: ChangeWord = "grown" if len(b.cars) > len(a.cars) else "shrunk"
        longer = max(a, b, key=lambda t: len(t.cars))
        return [_train_change(world, longer, change, abs(len(b.cars) - len(a.cars)))]
    turned = _appearances(a) != _appearances(b)
    shift = abs(a.from_m - b.from_m)
    if a.track == b.track and shift < SAME_PLACE_M and not turned:
        return []
    amount = shift if a.track == b.track and not turned else len(b.cars)
    return [_train_change(world, b, "moved", amount)]


def _train_change(world: World, train: Train, change: ChangeWord, amount: float) -> PaintedChange:
    place = train_place(world, train)
    return PaintedChange(kind="train", change=change, place=place, track=train.track, amount=amount)


def _cargo_changes(before: DayState, after: DayState) -> list[PaintedChange]:
    """Return cargo that came, went, grew or shrank, by its place."""
    was, now = _by_place(before.cargo, after.cargo), _by_place(after.cargo, before.cargo)
    out = [_cargo_change(b, "disappeared") for b, other in was if other is None]
    for block, other in now:
        if other is None:
            out.append(_cargo_change(block, "appeared"))
        elif abs(footprint(block).area - footprint(other).area) > 0.5:
            grew = footprint(block).area > footprint(other).area
            amount = abs(footprint(block).area - footprint(other).area)
            larger = block if grew else other
            place = footprint(larger)
            change: ChangeWord = "grown" if grew else "shrunk"
            out.append(PaintedChange(kind="cargo", change=change, place=place, amount=amount))
    return out


def _by_place(blocks: Sequence[Block], others: Sequence[Block]) -> list[tuple[Block, Block | None]]:
    return [
        (block, next((o for o in others if abs(o.x - block.x) + abs(o.y - block.y) < CARGO_SHIFT_M), None))
        for block in blocks
    ]


def _cargo_change(block: Block, change: ChangeWord) -> PaintedChange:
    place = footprint(block)
    return PaintedChange(kind="cargo", change=change, place=place, amount=place.area)
