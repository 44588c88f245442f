"""The published sequence of November and December 2022, painted: three places, twelve scenes.

What stands where follows what was published (see `published`); everything that it leaves open is a
model: the tracks, where along them cars stand, their lengths, the hours not given, and all ground.
The pictures are painted and no evidence of anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import Transformer
from shapely import LineString, Polygon, affinity

from tumangang_watch.model.site import Area, Role, Site, Track
from tumangang_watch.simulate.from_site import world_from_site
from tumangang_watch.simulate.light import sun_position
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.scenery import YardFrame
from tumangang_watch.simulate.traffic import make_train
from tumangang_watch.simulate.world import Block, DayState, Sensor, Train, World, footprint, shifted
from tumangang_watch.simulate.write import write_scene
from tumangang_watch.simulate.yard import track_looks

SEED = 38
"""The ground of the shipped fixtures."""
MARGIN_M = 70.0
VEHICLE_M = 14.73
"""Over couplers: the commonest length of box cars here (docs/sources.md, rolling stock)."""
LONG_VEHICLE_M = 16.0
CONTAINER_FLAT_M = 13.9
COUPLING_M = 1.1
TRAIN_1 = ("grey", "grey", "red", "red", "grey", "grey", "light_grey", "brown")
"""From the locomotive back."""
FIVE = ("grey", "brown", "brown", "grey", "grey")
FIRST_SET = ("light_blue", "blue", "brown")
"""From east to west."""
MODEL_ACCURACY_M, MODEL_SOURCE = 300.0, "a model for the painted sequence"
PLACES = ("secure_yard", "khasan_station", "bridge_ru_end")
KHASAN_TRACKS = (("khasan-1", -5.2, 190.0), ("khasan-2", 0.0, 210.0), ("khasan-3", 5.0, 160.0))
"""Id, offset across (m, to the right of the line's bearing), half length (m)."""
CARGO = (
    # Along the platform from its middle eastward, length, width, height (metres), colour, shape.
    (-38.0, 9.0, 3.6, 2.0, "timber", "pile"),
    (-20.0, 7.5, 3.8, 1.8, "blue", "tarp"),
    (-3.0, 9.0, 3.8, 2.2, "timber", "pile"),
    (14.0, 7.5, 3.4, 1.8, "green", "tarp"),
    (32.0, 8.5, 3.8, 2.0, "white", "tarp"),
)


@dataclass(frozen=True)
class Shot:
    """One scene of the sequence."""

    acquired: str
    place: str
    trains: tuple[tuple[str, tuple[str, ...], str, float], ...] = ()
    """Track, colours from its first metre on, kind (``box``, ``container``; ``L`` before it puts a
    locomotive at the first metre), and where the middle stands (share of the track)."""
    cargo: tuple[float, ...] = ()
    """Size of each pile as a share of its full size; 0 leaves it out."""

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"painted_{self.acquired[:16].replace(':', '')}Z_{self.place}"


SEQUENCE = (
    Shot("2022-11-04T01:24:00Z", "secure_yard", (("yard-3", FIRST_SET, "long box", 0.55),)),
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
    frame = _frame_of(khasan.polygon)
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
    post = _frame_of(ground)
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
    worlds: dict[str, World] = {}
    for shot in shots:
        if shot.place not in worlds:
            worlds[shot.place] = _world(site, shot.place)
        yield _paint_shot(worlds[shot.place], shot, folder)


def _paint_shot(world: World, shot: Shot, folder: Path) -> Path:
    when = datetime.strptime(shot.acquired, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    west, south, east, north = world.bounds
    to_lonlat = Transformer.from_crs(world.site.crs, "EPSG:4326", always_xy=True).transform
    azimuth, elevation = sun_position(when, *to_lonlat((west + east) / 2, (south + north) / 2))
    day = DayState(
        acquired=when,
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        season="autumn" if when.month == 11 and when.day < 15 else "winter",
        trains=tuple(_train(world, *train) for train in shot.trains),
        cargo=_cargo_of(world, shot.cargo),
    )
    number = int(when.strftime("%m%d%H%M"))
    return write_scene(paint(world, day, _sensor(number), number), folder, shot.name)


def _sensor(number: int) -> Sensor:
    """Return another sensor for each scene: view, gain, haze, noise and geolocation error."""
    rng = np.random.default_rng([SEED, number])
    error = rng.uniform(2.0, 6.0, 2) * rng.choice([-1, 1], 2)
    blue, green, red, nir = (float(g) for g in rng.uniform(0.42, 0.5) + rng.uniform(-0.015, 0.015, 4))
    shifts = rng.uniform(-0.08, 0.08, (4, 2))
    shifts[1] = 0.0
    return Sensor(
        gsd_m=0.5,
        off_nadir_deg=float(rng.uniform(4, 15)),
        view_azimuth_deg=float(rng.uniform(0, 360)),
        blur_px=0.55,
        noise=0.0035,
        gain=(blue, green, red, nir),
        haze=float(rng.uniform(0.0, 0.06)),
        geolocation_error_m=(float(error[0]), float(error[1])),
        band_shift_px=tuple((float(c), float(r)) for c, r in shifts),
        product="analytic4",
    )


def _world(site: Site, place: str) -> World:
    """Return the painted ground of one place; tracks in use, so few weeds."""
    if place == "secure_yard":
        world = world_from_site(site, SEED, _bounds([a.polygon for a in site.having("yard", "handling")]))
    else:
        prefix = "khasan" if place == "khasan_station" else "approach"
        own = [t.line for t in site.tracks if t.id.startswith(prefix)]
        world = world_from_site(site, SEED, _bounds(own))
    looks = track_looks(len(world.rails), np.random.default_rng(SEED))
    return replace(world, looks=tuple(replace(look, weeds=min(look.weeds, 0.15)) for look in looks))


def _bounds(shapes: list[Any]) -> tuple[float, float, float, float]:
    wests, souths, easts, norths = zip(*(shape.bounds for shape in shapes), strict=True)
    return min(wests) - MARGIN_M, min(souths) - MARGIN_M, max(easts) + MARGIN_M, max(norths) + MARGIN_M


def _frame_of(polygon: Polygon) -> YardFrame:
    """Return coordinates along and across a polygon's long axis."""
    corners = np.asarray(polygon.minimum_rotated_rectangle.exterior.coords)
    sides = np.diff(corners, axis=0)
    k = int(np.argmax(np.hypot(*sides[:2].T)))
    heading = float(np.degrees(np.arctan2(sides[k][0], sides[k][1])))
    return YardFrame(polygon.centroid.x, polygon.centroid.y, heading, np.inf)


def _patch(frame: YardFrame, u0: float, u1: float, v0: float, v1: float) -> Polygon:
    return Polygon([frame(u, v) for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))])


def _train(world: World, track_id: str, colours: tuple[str, ...], kind: str, share: float) -> Train:
    """Return a train of equal cars; colours run from east to west where the track is in the yard."""
    track = world.track(track_id)
    body = kind.split()[-1]
    kinds = [("locomotive", "green")] * kind.startswith("L ") + [(body, colour) for colour in colours]
    drawn = make_train(track_id, 0.0, kinds, np.random.default_rng(SEED))
    length = LONG_VEHICLE_M if "long" in kind else CONTAINER_FLAT_M if body == "container" else VEHICLE_M
    cars, at = [], 0.0
    for vehicle in drawn.cars:
        body_m = vehicle.to_m - vehicle.from_m if vehicle.type == "locomotive" else length - COUPLING_M
        cars.append(replace(vehicle, from_m=at + COUPLING_M / 2, to_m=at + COUPLING_M / 2 + body_m, dirt=0.2))
        at += body_m + COUPLING_M
    start = float(np.clip(share * track.line.length - at / 2, 8.0, track.line.length - at - 8.0))
    return shifted(replace(drawn, cars=tuple(cars)), start)


def _cargo_of(world: World, sizes: tuple[float, ...]) -> tuple[Block, ...]:
    """Return goods along the unloading platform, each turned along it."""
    if not sizes:
        return ()
    platform = next(area.polygon for area in world.site.areas if area.id == "unloading_platform")
    frame = _frame_of(platform)
    out = []
    for (along, length, width, height, colour, shape), size in zip(CARGO, sizes, strict=True):
        if size <= 0:
            continue
        pile = Block.at(
            frame(along, 0.0), frame.heading_deg, (length * size, width * size, height * size), colour, shape
        )
        if not platform.buffer(0.5).contains(affinity.scale(footprint(pile), 0.9, 0.9)):
            raise ValueError(f"a pile at {along} m leaves the platform")
        out.append(pile)
    return tuple(out)
