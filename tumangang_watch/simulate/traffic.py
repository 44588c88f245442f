"""Draw what comes and goes: trains, goods, road vehicles, new ground, clouds."""

from __future__ import annotations

from math import radians, sin, tan

import numpy as np
from shapely import Point, Polygon, box
from shapely.affinity import scale
from shapely.ops import unary_union

from tumangang_watch.simulate.places.scenery import ragged
from tumangang_watch.simulate.world import (
    Block,
    Cloud,
    DayState,
    PaintedVehicle,
    Sensor,
    Surface,
    Train,
    World,
    footprint,
    shifted,
)

GAP_M = 1.1
"""Between the bodies of coupled vehicles (12-132: 13.92 m over couplers, 12.78 m body)."""
LENGTHS: dict[str, tuple[float, ...]] = {
    "tank": (12.02,),
    "open": (13.92,),
    "box": (14.73, 17.0, 19.2),
    "flat": (14.62,),
    "container": (14.62, 15.02),
    "locomotive": (16.97, 17.55, 18.08),
    "passenger": (24.5,),
}
"""Over couplers, metres, by vehicle type."""
SECTIONS: dict[str, tuple[float, float]] = {
    "tank": (3.2, 4.6),
    "open": (3.15, 3.5),
    "box": (3.25, 4.6),
    "flat": (2.85, 1.35),
    "container": (2.85, 3.9),
    "locomotive": (3.1, 4.8),
    "passenger": (3.1, 4.4),
}
"""Width and height over rail, metres."""
COLOURS_OF: dict[str, tuple[str, ...]] = {
    "tank": ("black", "grey", "light_grey", "white", "brown", "blue", "yellow", "green"),
    "open": ("brown", "grey", "red", "green", "black", "blue"),
    "box": ("red", "brown", "grey", "light_grey", "light_blue", "blue", "green", "white"),
    "flat": ("brown", "grey", "black"),
    "container": ("blue", "red", "white", "green", "light_grey", "brown", "yellow", "light_blue"),
    "locomotive": ("green", "red", "blue", "grey"),
    "passenger": ("green", "blue", "red"),
}
LOADS = ("none", "coal", "timber", "gravel", "soil")
FREIGHT = ("box", "open", "tank", "flat", "container", "passenger")
FREIGHT_CHANCE = (0.36, 0.24, 0.14, 0.08, 0.14, 0.04)


def _vehicle(
    type: str, colour: str, at_m: float, length_m: float, rng: np.random.Generator
) -> PaintedVehicle:
    """Return one vehicle whose coupler face stands at ``at_m`` along its track; length over couplers."""
    width, height = SECTIONS[type]
    load = str(rng.choice(LOADS)) if type == "open" else "none"
    if type == "container":
        load = str(rng.choice(["forty", "twenty"]))
    return PaintedVehicle(
        from_m=at_m + GAP_M / 2,
        to_m=at_m + length_m - GAP_M / 2,
        type=type,
        colour=colour,
        width_m=round(width + float(rng.uniform(-0.05, 0.0)), 2),
        height_m=round(height + float(rng.uniform(-0.15, 0.15)), 2),
        load=load,
        dirt=float(rng.uniform(0.05, 0.8)),
    )


def make_train(track: str, start_m: float, kinds: list[tuple[str, str]], rng: np.random.Generator) -> Train:
    """Return coupled vehicles of given (type, colour) from ``start_m`` on."""
    cars, at = [], start_m
    lengths = {kind: float(rng.choice(LENGTHS[kind])) for kind, _ in kinds}
    for kind, colour in kinds:
        vehicle = _vehicle(kind, colour, at, lengths[kind], rng)
        cars.append(vehicle)
        at = vehicle.to_m + GAP_M / 2
    return Train(track, tuple(cars))


def draw_consist(rng: np.random.Generator, room_m: float) -> list[tuple[str, str]]:
    """Draw the vehicles of a train: cuts of like cars, sometimes a locomotive, within ``room_m``."""
    kinds: list[tuple[str, str]] = []
    used = 0.0
    if rng.random() < 0.35:
        kinds.append(("locomotive", str(rng.choice(COLOURS_OF["locomotive"]))))
        used += 18.1
    wanted = int(rng.integers(1, 15))
    while len(kinds) < wanted:
        kind = str(rng.choice(FREIGHT, p=FREIGHT_CHANCE))
        colour = str(rng.choice(COLOURS_OF[kind]))
        for _ in range(int(rng.integers(1, 5))):
            used += max(LENGTHS[kind])
            if used > room_m or len(kinds) >= wanted:
                return kinds if kinds else [("open", "brown")]
            kinds.append((kind, colour))
            if rng.random() < 0.35:
                colour = str(rng.choice(COLOURS_OF[kind]))
    return kinds


def draw_trains(
    world: World, rng: np.random.Generator, number: tuple[int, int] = (0, 4), taken: tuple[Train, ...] = ()
) -> tuple[Train, ...]:
    """Draw trains on free places of the site's tracks."""
    trains = list(taken)
    wanted = int(rng.integers(number[0], number[1] + 1))
    for _ in range(20):
        if len(trains) >= wanted:
            break
        track = world.site.tracks[int(rng.integers(len(world.site.tracks)))]
        room = track.line.length - 16
        kinds = draw_consist(rng, room)
        train = make_train(track.id, 0.0, kinds, rng)
        slack = room - train.to_m
        if slack < 0:
            continue
        train = shifted(train, 8 + float(rng.uniform(0, slack)))
        if all(_apart(train, other) for other in trains):
            trains.append(train)
    return tuple(sorted(trains, key=lambda t: (t.track, t.from_m)))


def _apart(one: Train, other: Train, min_m: float = 12.0) -> bool:
    return one.track != other.track or one.from_m > other.to_m + min_m or other.from_m > one.to_m + min_m


def move_trains(
    world: World, before: tuple[Train, ...], rng: np.random.Generator, number: tuple[int, int]
) -> tuple[Train, ...]:
    """Return the trains of the later date: each stays, moves along, leaves; others may come."""
    after: list[Train] = []
    for train in before:
        fate = rng.random()
        if fate < 0.4:
            candidate = train
        elif fate < 0.6:
            room = world.track(train.track).line.length - 8
            by = float(rng.choice([-1, 1]) * rng.uniform(6, 60))
            candidate = shifted(train, by)
            if candidate.from_m < 8 or candidate.to_m > room:
                candidate = train
        else:
            continue
        if all(_apart(candidate, other) for other in after):
            after.append(candidate)
    low = min(len(after), number[1])
    return draw_trains(world, rng, (low, max(number[1], low)), tuple(after))


def draw_cargo(world: World, rng: np.random.Generator, avoid: tuple[Block, ...] = ()) -> tuple[Block, ...]:
    """Draw goods set down on the aprons: heaps, crates, containers, things under tarpaulins."""
    out: list[Block] = []
    taken = [footprint(block).buffer(1.0) for block in avoid]
    for area in world.site.having("apron"):
        for _ in range(int(rng.integers(0, 6))):
            block = _draw_one(area.polygon, world, rng)
            shape = footprint(block)
            if area.polygon.buffer(-0.5).contains(shape) and not any(shape.intersects(t) for t in taken):
                out.append(block)
                taken.append(shape.buffer(1.0))
    return tuple(out)


def _draw_one(apron: Polygon, world: World, rng: np.random.Generator) -> Block:
    """Draw one object at a random place of an apron, along the nearest track."""
    west, south, east, north = apron.bounds
    for _ in range(50):
        spot = Point(rng.uniform(west, east), rng.uniform(south, north))
        if apron.contains(spot):
            break
    line = min((track.line for track in world.rails), key=spot.distance)
    s = line.project(spot)
    a, b = line.interpolate(max(s - 1, 0)), line.interpolate(s + 1)
    heading = float(np.degrees(np.arctan2(b.x - a.x, b.y - a.y)) + rng.normal(0, 3))
    kind = str(rng.choice(["pile", "crates", "container", "tarp"]))
    if kind == "container":
        paint = str(rng.choice(COLOURS_OF["container"]))
        size = float(rng.choice([6.06, 12.19])), 2.44, 2.59
        return Block.at((spot.x, spot.y), heading, size, paint)
    size = float(rng.uniform(3, 10)), float(rng.uniform(2.2, 5)), float(rng.uniform(0.9, 2.8))
    shape, paints = {
        "pile": ("pile", ["coal", "soil", "timber", "gravel"]),
        "tarp": ("tarp", ["blue", "green", "grey", "white"]),
        "crates": ("flat", ["timber", "brown", "grey", "green"]),
    }[kind]
    return Block.at((spot.x, spot.y), heading, size, str(rng.choice(paints)), shape)


def draw_road(world: World, rng: np.random.Generator) -> tuple[Block, ...]:
    """Draw trucks and cars on the roads."""
    out = []
    roads = [s.polygon for s in world.surfaces if s.material in ("asphalt", "dirt_road")]
    for _ in range(int(rng.integers(0, 4))):
        if not roads:
            break
        road = roads[int(rng.integers(len(roads)))]
        west, south, east, north = road.intersection(box(*world.bounds)).bounds
        for _ in range(60):
            spot = Point(rng.uniform(west, east), rng.uniform(south, north))
            if road.contains(spot):
                size = (8.5, 2.4, 3.0) if rng.random() < 0.5 else (4.4, 1.8, 1.5)
                heading = float(np.degrees(np.arctan2(east - west, north - south)))
                paint = str(rng.choice(["white", "grey", "blue", "green"]))
                out.append(Block.at((spot.x, spot.y), heading, size, paint))
                break
    return tuple(out)


def draw_growth(world: World, area_m2: float, rng: np.random.Generator) -> tuple[Surface, ...]:
    """Draw newly worked ground inside the handling polygon, outside tracks and aprons, of a given area."""
    handling = world.site.having("handling")[0].polygon
    used = unary_union([a.polygon.buffer(1) for a in world.site.having("apron")])
    used = used.union(unary_union([t.line.buffer(4) for t in world.rails]))
    free = handling.buffer(-1).difference(used)
    free = max(getattr(free, "geoms", [free]), key=lambda g: g.area)
    west, south, east, north = free.bounds
    best, found = None, 0.0
    for _ in range(40):
        spot = Point(rng.uniform(west, east), rng.uniform(south, north))
        if not free.contains(spot):
            continue
        low, high = 1.0, 120.0
        for _ in range(18):
            side = (low + high) / 2
            patch = spot.buffer(side, quad_segs=2).intersection(free)
            low, high = (side, high) if patch.area < area_m2 else (low, side)
        patch = max(getattr(patch, "geoms", [patch]), key=lambda g: g.area)
        if patch.area > found:
            best, found = patch, patch.area
        if found > 0.93 * area_m2:
            break
    if best is None:
        best, found = free, free.area
    shape = ragged(best, 0.5, rng)
    factor = (min(area_m2, found) / shape.area) ** 0.5
    shape = scale(shape, factor, factor)
    below = material_at(world, shape.representative_point())
    kinds = [name for name in ("gravel", "concrete", "soil", "cinder") if name != below]
    return (Surface(shape, str(rng.choice(kinds))),)


def draw_shed(growth: tuple[Surface, ...], rng: np.random.Generator) -> tuple[Block, ...]:
    """Draw a storage building on new ground, where there is room for one."""
    for surface in growth:
        spot = surface.polygon.representative_point()
        heading = float(rng.uniform(0, 180))
        size = float(rng.uniform(8, 16)), float(rng.uniform(5, 8)), float(rng.uniform(3, 5))
        roof = str(rng.choice(["roof_blue", "roof_grey", "roof_white"]))
        shed = Block.at((spot.x, spot.y), heading, size, roof, "gable")
        if surface.polygon.buffer(-1).contains(footprint(shed)):
            return (shed,)
    return ()


def material_at(world: World, spot: Point) -> str:
    """Return the material of the topmost static surface at a point."""
    for surface in reversed(world.surfaces):
        if surface.polygon.contains(spot):
            return surface.material
    return world.background


def draw_puddles(world: World, wetness: float, rng: np.random.Generator) -> tuple[Surface, ...]:
    """Draw puddles on loose ground and aprons after rain."""
    west, south, east, north = world.site.areas[0].polygon.bounds
    out = []
    for _ in range(int(wetness * rng.integers(0, 25))):
        x, y, r = rng.uniform(west, east), rng.uniform(south, north), float(rng.uniform(0.5, 3.0))
        out.append(Surface(ragged(Point(x, y).buffer(r), 0.3 * r, rng), "puddle"))
    return tuple(out)


def draw_clouds(world: World, day: DayState, sensor: Sensor, rng: np.random.Generator) -> tuple[Cloud, ...]:
    """Draw one to three small clouds, placed so that each or its shadow falls on the scene."""
    west, south, east, north = world.bounds
    out = []
    for _ in range(int(rng.integers(1, 4))):
        height = float(rng.uniform(300, 1200))
        shown = rng.random() < 0.6
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        azimuth, reach = day.sun_azimuth_deg, height * (1 / tan(radians(day.sun_elevation_deg)))
        if shown:
            azimuth, reach = sensor.view_azimuth_deg, height * tan(radians(sensor.off_nadir_deg))
        x += reach * sin(radians(azimuth))
        y += reach * np.cos(radians(azimuth))
        radius, opacity = float(rng.uniform(35, 110)), float(rng.uniform(0.5, 0.97))
        out.append(Cloud(x=float(x), y=float(y), radius_m=radius, height_m=height, opacity=opacity))
    return tuple(out)
