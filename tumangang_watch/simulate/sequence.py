"""The published sequence of November and December 2022, painted: four places, fifteen scenes.

What stands where follows what was published (see `published`); everything that it leaves open is a
model: the tracks, where along them cars stand, their lengths, the hours not given, and all ground.
The pictures are painted and no evidence of anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.model.site import Area, Role, Site, Track
from tumangang_watch.simulate.places.bridges import Bridge, bridged
from tumangang_watch.simulate.places.from_site import world_from_site
from tumangang_watch.simulate.places.scenery import YardFrame
from tumangang_watch.simulate.places.yard import track_looks
from tumangang_watch.simulate.weeks.shots import CargoPlace, PaintedDate, Shot, date_of, frame_of
from tumangang_watch.simulate.world import World, set_in_motion

SEED = 38
"""The ground of the shipped fixtures."""
MARGIN_M = 70.0
TRAIN_1 = ("grey", "grey", "red", "red", "grey", "grey", "light_grey", "brown")
"""From the locomotive back."""
FIVE = ("grey", "brown", "brown", "grey", "grey")
FIRST_SET = ("light_blue", "blue", "brown")
"""From east to west."""
MODEL_ACCURACY_M, MODEL_SOURCE = 300.0, "a model for the painted sequence"
PLACES = ("secure_yard", "friendship_bridge", "bridge_ru_end", "khasan_station")
KHASAN_TRACKS = (("khasan-1", -5.2, 190.0), ("khasan-2", 0.0, 210.0), ("khasan-3", 5.0, 160.0))
"""Id, offset across (m, to the right of the line's bearing), half length (m)."""
SPAN_M = 67.0
"""Of most trusses of the bridge (docs/sources.md, the place)."""
CROSSING_M_S = -6.0
"""Of the train on the bridge, towards Russia: a model, as is the minute at which it is seen."""
BAND_TIMES_S = 0.0, 0.12, 0.24, 0.36
"""When blue, green, red and near infrared are taken: a model."""
CARGO = (
    CargoPlace("unloading_platform", (-38.0, 0.0), (9.0, 3.6, 2.0), ("timber", "pile")),
    CargoPlace("unloading_platform", (-20.0, 0.0), (7.5, 3.8, 1.8), ("blue", "tarp")),
    CargoPlace("unloading_platform", (-3.0, 0.0), (9.0, 3.8, 2.2), ("timber", "pile")),
    CargoPlace("unloading_platform", (14.0, 0.0), (7.5, 3.4, 1.8), ("green", "tarp")),
    CargoPlace("unloading_platform", (32.0, 0.0), (8.5, 3.8, 2.0), ("white", "tarp")),
)
"""From the platform's middle eastward."""


SEQUENCE = (
    Shot("2022-11-04T01:24:00Z", "secure_yard", (("yard-3", FIRST_SET, "long box", 0.55),)),
    Shot("2022-11-04T01:25:00Z", "friendship_bridge"),
    Shot("2022-11-04T04:04:00Z", "friendship_bridge", (("bridge-1", FIRST_SET, "L long box", 0.5),)),
    Shot("2022-11-04T04:10:00Z", "bridge_ru_end", (("approach", FIRST_SET, "L long box", 0.5),)),
    Shot(
        "2022-11-04T05:29:00Z", "khasan_station",
        (("khasan-2", FIRST_SET, "L long box", 0.5), ("khasan-3", ("grey",) * 3, "container", 0.45)),
    ),
    Shot(
        "2022-11-18T01:40:00Z", "secure_yard",
        (("yard-3", FIVE, "box", 0.5), ("yard-2", ("red",), "box", 0.6)),
    ),
    Shot("2022-11-29T02:05:00Z", "khasan_station", (("khasan-2", TRAIN_1, "L box", 0.5),)),
    Shot("2022-11-30T02:10:00Z", "secure_yard", (("yard-3", TRAIN_1, "box", 0.5),)),
    Shot("2022-11-30T02:12:00Z", "friendship_bridge"),
    Shot("2022-12-01T01:30:00Z", "secure_yard", (("yard-3", TRAIN_1, "box", 0.5),), (1, 1, 1, 1, 1)),
    Shot("2022-12-02T01:55:00Z", "secure_yard", (("yard-3", TRAIN_1, "box", 0.5),), (0.6, 0, 0.6, 0, 0.6)),
    Shot("2022-12-04T01:20:00Z", "secure_yard"),
    Shot("2022-12-04T01:22:00Z", "khasan_station", (("khasan-2", TRAIN_1, "box", 0.5),)),
    Shot("2022-12-04T05:10:00Z", "secure_yard", (("yard-3", ("brown", "grey", "brown"), "box", 0.4),)),
    Shot("2022-12-08T01:45:00Z", "secure_yard", (("yard-3", ("brown", "grey", "brown"), "box", 0.4),)),
)  # fmt: skip


def sequence_site(built_in: Site) -> Site:
    """Return the built-in site with the tracks that the painted sequence needs elsewhere.

    At Khasan three tracks, a platform and a roofed building, and beyond the bridge's Russian end one
    track: models, marked provisional; no such geometry is published that may be shipped.
    """
    khasan = next(area for area in built_in.areas if area.id == "khasan_station")
    bridge = next(track for track in built_in.tracks if track.id == "bridge-1")
    frame = frame_of(khasan.polygon)
    tracks = [
        _model_track(name, LineString([frame(-half, across), frame(half, across)]), name)
        for name, across, half in KHASAN_TRACKS
    ]
    areas = [
        _model_area("khasan_platform", "apron", _patch(frame, -90, 60, 8.0, 15.0), "platform"),
        _model_area("khasan_goods_ground", "apron", _patch(frame, -175, -95, 10.0, 42.0), "goods ground"),
        *_model_roofs("khasan", frame, ((-45, -5, 19, 33), (75, 125, 12, 25), (20, 62, -34, -20))),
    ]
    east = max(bridge.line.coords, key=lambda p: p[0])
    west = min(bridge.line.coords, key=lambda p: p[0])
    ux, uy = (np.array(east) - west) / bridge.line.length
    approach = LineString([(east[0] + s * ux, east[1] + s * uy) for s in (5.0, 420.0)])
    tracks.append(_model_track("approach", approach, "approach to the bridge"))
    ground = approach.buffer(35.0, cap_style="flat")
    post = frame_of(ground)
    areas += [
        _model_area("bridge_ru_end", "station", ground, "Russian end of the bridge"),
        *_model_roofs("post", post, ((-75, -35, -27, -13), (50, 95, 12, 26))),
        _model_area("post_yard", "apron", _patch(post, -25, 65, -32, -7), "border post yard"),
    ]
    return replace(
        built_in,
        id="tumangang_painted",
        name="Tumangang (painted)",
        areas=(*built_in.areas, *areas),
        tracks=(*built_in.tracks, *tracks),
    )


def _model_track(id: str, line: LineString, name: str) -> Track:
    return Track(
        id=id,
        line=line,
        name=name,
        gauge_mm=1520,
        provisional=True,
        accuracy_m=MODEL_ACCURACY_M,
        source=MODEL_SOURCE,
    )


def _model_area(id: str, role: Role, polygon: Polygon, name: str) -> Area:
    return Area(
        id=id, role=role, polygon=polygon, name=name, accuracy_m=MODEL_ACCURACY_M, source=MODEL_SOURCE
    )


def _model_roofs(
    place: str, frame: YardFrame, sides: tuple[tuple[float, float, float, float], ...]
) -> list[Area]:
    return [
        _model_area(f"{place}_roofed_building_{k}", "stable", _patch(frame, *four), "roofed building")
        for k, four in enumerate(sides, start=1)
    ]


def paint_sequence(site: Site, folder: Path, shots: tuple[Shot, ...] = SEQUENCE) -> Iterator[Path]:
    """Paint scenes of a `sequence_site` into a folder, one at a time; the same call gives the same bytes."""
    for date in sequence_dates(site, shots):
        yield date.write(folder)


def sequence_dates(
    site: Site, shots: tuple[Shot, ...] = SEQUENCE, margin_m: float = MARGIN_M
) -> tuple[PaintedDate, ...]:
    """Return what scenes of a `sequence_site` show, with so much ground around its areas."""
    places = dict.fromkeys(shot.place for shot in shots)
    worlds = {place: _world(site, place, margin_m) for place in places}
    return tuple(_date(worlds[shot.place], shot) for shot in shots)


def _date(world: World, shot: Shot) -> PaintedDate:
    """Return what a shot shows; what is on the bridge moves."""
    date = date_of(world, shot, CARGO)
    if shot.place != "friendship_bridge" or not shot.trains:
        return date
    return replace(date, day=set_in_motion(date.day, "bridge-1", CROSSING_M_S, BAND_TIMES_S))


def _world(site: Site, place: str, margin_m: float) -> World:
    """Return the painted ground of one place; tracks in use, so few weeds."""
    if place == "friendship_bridge":
        return _bridge_world(site, margin_m)
    if place == "secure_yard":
        shapes = [area.polygon for area in site.having("yard", "handling")]
    else:
        prefix = "khasan" if place == "khasan_station" else "approach"
        ground = next(area.polygon for area in site.areas if area.id == place)
        shapes = [t.line.intersection(ground) for t in site.tracks if t.id.startswith(prefix)]
    return _ground(site, unary_union(shapes), margin_m)


def _ground(site: Site, shape: BaseGeometry, margin_m: float) -> World:
    west, south, east, north = shape.bounds
    bounds = west - margin_m, south - margin_m, east + margin_m, north + margin_m
    world = world_from_site(site, SEED, bounds)
    looks = track_looks(len(world.rails), np.random.default_rng(SEED))
    return replace(world, looks=tuple(replace(look, weeds=min(look.weeds, 0.15)) for look in looks))


def _bridge_world(site: Site, margin_m: float) -> World:
    """Return the river with the bridge of steel trusses over it, most of 67 m, one track."""
    bridge = next(area.polygon for area in site.having("bridge"))
    elsewhere = replace(site, areas=tuple(area for area in site.areas if area.role != "bridge"))
    frame = frame_of(bridge)
    trusses = Bridge(
        kind="truss",
        length_m=next(t.line.length for t in site.tracks if t.id == "bridge-1"),
        panel_m=SPAN_M / 8,
        span_m=SPAN_M,
        deck_half_m=3.3,
        tracks_v=(0.0,),
        water="silty_water",
    )
    return replace(bridged(_ground(elsewhere, bridge, margin_m), frame, trusses), site=site)


def _patch(frame: YardFrame, u0: float, u1: float, v0: float, v1: float) -> Polygon:
    return Polygon([frame(u, v) for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))])
