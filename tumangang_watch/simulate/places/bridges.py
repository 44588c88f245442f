"""Bridges of every kind over water of every kind, with the banks on both sides, drawn by a seed.

Spans and panels are those of docs/sources.md (the place): eight steel trusses of 67 m, cross-beams 5 to 11 m
apart; the other kinds are what lines of the region cross rivers on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
from shapely import Point, Polygon

from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.simulate.light import sun_position
from tumangang_watch.simulate.pair import PairOptions, sensor_of
from tumangang_watch.simulate.places.scenery import YardFrame, fields, ragged, woods
from tumangang_watch.simulate.places.yard import CENTRE, CRS, track_looks
from tumangang_watch.simulate.traffic import draw_consist, make_train
from tumangang_watch.simulate.world import Block, DayState, Sensor, Surface, Train, World, shifted

BridgeKind = Literal["truss", "girder", "open_deck", "viaduct", "embankment"]
KINDS: tuple[BridgeKind, ...] = ("truss", "girder", "open_deck", "viaduct", "embankment")
WATER = ("water", "silty_water", "glinting_water", "ice", "snow")
SIDE_M = 75.0
"""Painted to each side of the track."""
LON, LAT = 130.63, 42.41
"""Where the sun stands as it does over the real bridge."""


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """What is drawn of one bridge."""

    kind: BridgeKind
    length_m: float
    panel_m: float
    span_m: float
    deck_half_m: float
    tracks_v: tuple[float, ...]
    """Offsets of the tracks across (m, to the right)."""
    water: str


def draw_bridge(seed: int, kind: BridgeKind | None = None) -> tuple[World, Bridge]:
    """Draw a bridge and the ground about it: the same for the same seed."""
    rng = np.random.default_rng([seed, 500])
    bridge = _dimensions(kind or KINDS[int(rng.integers(len(KINDS)))], rng)
    jitter = rng.uniform(-400, 400, 2)
    frame = YardFrame(CENTRE[0] + jitter[0], CENTRE[1] + jitter[1], float(rng.uniform(0, 180)), np.inf)
    half = bridge.length_m / 2
    bank = half + float(rng.uniform(50, 90))
    tracks = [
        Track(id=f"B{k}", line=frame.line([(-bank, v), (bank, v)]), name=f"Bridge track {k}", gauge_mm=1520)
        for k, v in enumerate(bridge.tracks_v, start=1)
    ]
    onward = [
        Track(
            id=f"on-{k}-{side}",
            line=frame.line([(bank * side, v), ((bank + 150) * side, v)]),
            name="Onward",
            gauge_mm=1520,
        )
        for k, v in enumerate(bridge.tracks_v, start=1)
        for side in (-1, 1)
    ]
    rails = [*tracks, *onward]
    bounds = frame.patch(-bank - 20, bank + 20, -SIDE_M, SIDE_M).bounds
    sides = bridge.tracks_v[0], bridge.tracks_v[-1]
    looks = track_looks(len(rails), rng)
    surfaces = fields(frame, sides, bounds, rng)
    surfaces += [Surface(track.line.buffer(3.2, cap_style="flat"), looks[0].ballast) for track in rails]
    surfaces += _river(frame, bridge, rng)
    wet = frame.patch(-half - 8, half + 8, -400, 400)
    site = Site(
        id=f"bridge-{seed}",
        name=f"Painted bridge {seed}",
        sha256="",
        crs=CRS,
        areas=(Area(id="bridge", role="bridge", polygon=_outline(frame, bridge), name="Bridge"),),
        tracks=tuple(tracks),
    )
    world = World(
        seed=seed,
        site=site,
        bounds=bounds,
        surfaces=tuple(surfaces),
        looks=looks,
        rails=tuple(rails),
        blocks=tuple(_raised(frame, bridge, rng)),
        trees=tuple(woods(wet.union(frame.patch(-900, 900, -30, 30)), [], bounds, rng)),
        background=str(rng.choice(["dry_grass", "grass", "soil"])),
    )
    return world, bridge


def bridged(world: World, frame: YardFrame, bridge: Bridge) -> World:
    """Return a world with a river through it and a bridge over that; nothing else stands in the water."""
    rng = np.random.default_rng([world.seed, 503])
    wet = frame.patch(-bridge.length_m / 2, bridge.length_m / 2, -500, 500)
    return replace(
        world,
        surfaces=(*world.surfaces, *_river(frame, bridge, rng)),
        blocks=(
            *(b for b in world.blocks if wet.distance(Point(b.x, b.y)) > 12),
            *_raised(frame, bridge, rng),
        ),
        trees=tuple(t for t in world.trees if wet.distance(Point(t.x, t.y)) > 5),
    )


def _dimensions(kind: BridgeKind, rng: np.random.Generator) -> Bridge:
    many = {
        "truss": (1, 1, 2),
        "girder": (1, 1, 2),
        "open_deck": (1,),
        "viaduct": (1, 2, 6),
        "embankment": (1, 2, 6),
    }
    count = int(rng.choice(many[kind]))
    v = (np.arange(count) - (count - 1) / 2) * float(rng.uniform(4.5, 5.2))
    margin = {
        "truss": 3.3,
        "girder": rng.uniform(2.0, 2.8),
        "open_deck": 1.5,
        "viaduct": rng.uniform(2.8, 3.8),
        "embankment": rng.uniform(3.0, 5.0),
    }
    panels = int(rng.integers(5, 11))
    panel = float(rng.uniform(5.0, 11.0))
    return Bridge(
        kind=kind,
        length_m=float(rng.uniform(140, 420)),
        panel_m=panel,
        span_m=panels * panel if kind == "truss" else float(rng.uniform(18, 40)),
        deck_half_m=float(v[-1] + margin[kind]),
        tracks_v=tuple(float(x) for x in v),
        water=str(rng.choice(WATER, p=[0.4, 0.2, 0.12, 0.16, 0.12])),
    )


def _outline(frame: YardFrame, bridge: Bridge) -> Polygon:
    half = bridge.length_m / 2
    return frame.patch(-half, half, -bridge.deck_half_m - 3, bridge.deck_half_m + 3)


def _river(frame: YardFrame, bridge: Bridge, rng: np.random.Generator) -> list[Surface]:
    """Return banks, water, what lies in it, and the deck over it, from the bottom up."""
    half, deck = bridge.length_m / 2, bridge.deck_half_m
    shore = float(rng.uniform(2, 14))
    bank = str(rng.choice(["sand", "soil", "dry_grass", "gravel"]))
    out = [
        Surface(ragged(frame.patch(-half - 4, half + 4, -500, 500), 4.0, rng), bank),
        Surface(ragged(frame.patch(-half + shore, half - shore, -500, 500), 3.0, rng), bridge.water),
    ]
    if rng.random() < 0.3:
        u, v = float(rng.uniform(-0.3, 0.3)) * half, float(rng.uniform(-60, 60))
        size = float(rng.uniform(8, 30))
        out.append(
            Surface(ragged(frame.patch(u - size, u + size, v - 3 * size, v + 3 * size), 3.0, rng), "sand")
        )
    if bridge.kind == "embankment":
        slope = float(rng.uniform(4, 9))
        out.append(
            Surface(
                ragged(frame.patch(-half - 4, half + 4, -deck - slope, deck + slope), 1.0, rng),
                str(rng.choice(["dry_grass", "scrub", "gravel", "grass"])),
            )
        )
        out.append(
            Surface(
                ragged(frame.patch(-half - 4, half + 4, -deck, deck), 0.5, rng),
                str(rng.choice(["ballast_grey", "ballast_brown", "gravel"])),
            )
        )
    else:
        material = {"truss": "steel", "girder": "steel", "open_deck": "undercarriage", "viaduct": "concrete"}[
            bridge.kind
        ]
        if bridge.kind in ("girder", "open_deck"):
            edge = deck - bridge.tracks_v[-1]
            out += [Surface(frame.patch(-half, half, v - edge, v + edge), material) for v in bridge.tracks_v]
        else:
            out.append(Surface(frame.patch(-half, half, -deck, deck), material))
    if rng.random() < 0.3:
        v = float(rng.choice([-1, 1]) * (deck + rng.uniform(12, 45)))
        out.append(
            Surface(
                frame.patch(-half - 80, half + 80, v - 4, v + 4), str(rng.choice(["concrete", "asphalt"]))
            )
        )
    return out


def _raised(frame: YardFrame, bridge: Bridge, rng: np.random.Generator) -> list[Block]:
    """Return what stands above the deck: trusses, parapets, railings, masts."""
    half, deck, heading = bridge.length_m / 2, bridge.deck_half_m, frame.heading_deg
    paint = str(rng.choice(["steel", "grey", "rail_rusty", "light_grey"]))
    if bridge.kind == "truss":
        return _trusses(frame, bridge, paint, rng)
    out: list[Block] = []
    if bridge.kind in ("girder", "viaduct"):
        rail, what = (0.35, "concrete") if bridge.kind == "viaduct" else (0.12, paint)
        for side in (-1, 1):
            out.append(Block.at(frame(0.0, side * (deck - rail / 2)), heading, (2 * half, rail, 1.1), what))
    if rng.random() < 0.4:
        for u in np.arange(-half + 5, half, float(rng.uniform(35, 60))):
            out.append(Block.at(frame(float(u), -deck + 0.2), heading, (0.4, 0.4, 8.0), "steel"))
    return out


def _trusses(frame: YardFrame, bridge: Bridge, paint: str, rng: np.random.Generator) -> list[Block]:
    """Return the chords of every span, its beams over the track and, by chance, its bracing."""
    half, deck, heading = bridge.length_m / 2, bridge.deck_half_m, frame.heading_deg
    height, chord = float(rng.uniform(7, 11)), float(rng.uniform(0.4, 0.8))
    beam, braced = float(rng.uniform(0.25, 0.7)), rng.random() < 0.5
    out: list[Block] = []
    u = -half
    while u + bridge.panel_m <= half:
        end = min(u + bridge.span_m, half)
        for side in (-1, 1):
            middle = frame((u + end) / 2, side * (deck - 0.3))
            out.append(Block.at(middle, heading, (end - u, chord, height), paint, "truss"))
        joints = np.arange(u, end + 0.1, bridge.panel_m)
        size = 2 * deck - 0.6, beam, height
        out += [Block.at(frame(float(j), 0.0), heading + 90, size, paint, "truss") for j in joints]
        for a, b in pairwise(joints) if braced else ():
            lean, reach = float(np.degrees(np.arctan2(2 * deck, b - a))), float(np.hypot(2 * deck - 1, b - a))
            for sign in (-1, 1):
                middle = frame(float(a + b) / 2, 0.0)
                out.append(Block.at(middle, heading + sign * lean, (reach, 0.2, height), paint, "truss"))
        u = end + float(rng.uniform(0.6, 2.5))
    return out


def draw_day(world: World, bridge: Bridge, seed: int, vehicles: int) -> DayState:
    """Draw a day on which a train of so many vehicles stands wholly on the bridge; none where it is 0."""
    rng = np.random.default_rng([world.seed, seed, 501])
    when = datetime(2022, 1, 1, 1, 0, tzinfo=UTC) + timedelta(
        days=int(rng.integers(365)), minutes=int(rng.integers(330))
    )
    azimuth, elevation = sun_position(when, LON, LAT)
    season = {12: "winter", 1: "winter", 2: "winter", 3: "spring", 4: "spring", 5: "spring"}.get(
        when.month, "summer" if when.month < 9 else "autumn"
    )
    frozen = bridge.water in ("ice", "snow")
    return DayState(
        acquired=when,
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=max(elevation, 12.0),
        season="winter" if frozen else season,
        snow_cover=float(rng.uniform(0.3, 1.0))
        if bridge.water == "snow" or (frozen and rng.random() < 0.5)
        else 0.0,
        trains=() if vehicles == 0 else (_train_on(world, bridge, vehicles, rng),),
    )


def _train_on(world: World, bridge: Bridge, vehicles: int, rng: np.random.Generator) -> Train:
    """Return a train that stands wholly on the bridge, on one of its tracks."""
    track = world.site.tracks[int(rng.integers(len(world.site.tracks)))]
    before = (track.line.length - bridge.length_m) / 2
    kinds: list[tuple[str, str]] = []
    while len(kinds) < vehicles:
        kinds += draw_consist(rng, 400.0)
    for count in range(vehicles, 0, -1):
        train = make_train(track.id, 0.0, kinds[:count], rng)
        room = bridge.length_m - 10 - train.to_m
        if room > 0:
            return shifted(train, before + 5 + float(rng.uniform(0, room)))
    raise ValueError("the bridge is shorter than one vehicle")


def draw_sensor(seed: int, gsd_m: float) -> Sensor:
    """Draw a camera whose product lies where it should."""
    rng = np.random.default_rng([seed, 502])
    return replace(sensor_of(gsd_m, PairOptions(), rng), geolocation_error_m=(0.0, 0.0))
