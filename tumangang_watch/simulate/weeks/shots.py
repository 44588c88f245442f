"""Dates that a table describes: which trains stand where, which cargo lies there, when it was taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pyproj import Transformer
from shapely import Polygon, affinity

from tumangang_watch.simulate.light import sun_position
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.places.scenery import YardFrame
from tumangang_watch.simulate.traffic import make_train
from tumangang_watch.simulate.world import Block, DayState, Sensor, Train, World, footprint, shifted
from tumangang_watch.simulate.write import write_scene

VEHICLE_M = 14.73
"""Over couplers: the commonest length of box cars here (docs/sources.md, rolling stock)."""
LONG_VEHICLE_M = 16.0
CONTAINER_FLAT_M = 13.9
COUPLING_M = 1.1


@dataclass(frozen=True)
class Shot:
    """What one scene shows."""

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


@dataclass(frozen=True)
class CargoPlace:
    """Cargo of full size and where it lies."""

    area: str
    at_m: tuple[float, float]
    """Along and across the area's long axis, from its middle."""
    size_m: tuple[float, float, float]
    """Length, width, height."""
    appearance: tuple[str, str]
    """Paint and shape, as a `Block`'s."""


@dataclass(frozen=True, kw_only=True)
class PaintedDate:
    """One date of a world as one camera takes it."""

    name: str
    world: World
    day: DayState
    sensor: Sensor
    number: int
    """Decides the noise."""

    def write(self, folder: Path) -> Path:
        """Paint the scene and write it with its metadata; the same date gives the same bytes."""
        return write_scene(paint(self.world, self.day, self.sensor, self.number), folder, self.name)


def date_of(world: World, shot: Shot, cargo: tuple[CargoPlace, ...] = (), gsd_m: float = 0.5) -> PaintedDate:
    """Return the date that a shot describes; ``cargo`` gives the places of its piles."""
    when = datetime.strptime(shot.acquired, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    azimuth, elevation = sun_over(world, when)
    day = DayState(
        acquired=when,
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        season=_season(when),
        trains=tuple(_train(world, *train) for train in shot.trains),
        cargo=_cargo_of(world, cargo, shot.cargo),
    )
    number = int(when.strftime("%m%d%H%M"))
    sensor = _sensor(world.seed, number, gsd_m)
    return PaintedDate(name=shot.name, world=world, day=day, sensor=sensor, number=number)


def _season(when: datetime) -> str:
    """Return the season of a date: winter from the middle of November."""
    if when.month == 11 and when.day >= 15:
        return "winter"
    return ("winter", "spring", "summer", "autumn")[when.month % 12 // 3]


def sun_over(world: World, when: datetime) -> tuple[float, float]:
    """Return azimuth and elevation of the sun over the middle of a world, degrees."""
    west, south, east, north = world.bounds
    to_lonlat = Transformer.from_crs(world.site.crs, "EPSG:4326", always_xy=True).transform
    return sun_position(when, *to_lonlat((west + east) / 2, (south + north) / 2))


def _sensor(seed: int, number: int, gsd_m: float) -> Sensor:
    """Return another sensor for each scene: view, gain, haze, noise and geolocation error."""
    rng = np.random.default_rng([seed, number])
    error = rng.uniform(2.0, 6.0, 2) * rng.choice([-1, 1], 2)
    blue, green, red, nir = (float(g) for g in rng.uniform(0.42, 0.5) + rng.uniform(-0.015, 0.015, 4))
    shifts = rng.uniform(-0.08, 0.08, (4, 2))
    shifts[1] = 0.0
    return Sensor(
        gsd_m=gsd_m,
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


def frame_of(polygon: Polygon) -> YardFrame:
    """Return coordinates along and across a polygon's long axis."""
    corners = np.asarray(polygon.minimum_rotated_rectangle.exterior.coords)
    sides = np.diff(corners, axis=0)
    k = int(np.argmax(np.hypot(*sides[:2].T)))
    heading = float(np.degrees(np.arctan2(sides[k][0], sides[k][1])))
    return YardFrame(polygon.centroid.x, polygon.centroid.y, heading, np.inf)


def _train(world: World, track_id: str, colours: tuple[str, ...], kind: str, share: float) -> Train:
    """Return a train of equal cars; colours run from east to west where the track is in the yard."""
    track = world.track(track_id)
    body = kind.split()[-1]
    kinds = [("locomotive", "green")] * kind.startswith("L ") + [(body, colour) for colour in colours]
    drawn = make_train(track_id, 0.0, kinds, np.random.default_rng(world.seed))
    length = LONG_VEHICLE_M if "long" in kind else CONTAINER_FLAT_M if body == "container" else VEHICLE_M
    cars, at = [], 0.0
    for vehicle in drawn.cars:
        body_m = vehicle.to_m - vehicle.from_m if vehicle.type == "locomotive" else length - COUPLING_M
        cars.append(replace(vehicle, from_m=at + COUPLING_M / 2, to_m=at + COUPLING_M / 2 + body_m, dirt=0.2))
        at += body_m + COUPLING_M
    start = float(np.clip(share * track.line.length - at / 2, 8.0, track.line.length - at - 8.0))
    return shifted(replace(drawn, cars=tuple(cars)), start)


def _cargo_of(world: World, places: tuple[CargoPlace, ...], sizes: tuple[float, ...]) -> tuple[Block, ...]:
    """Return cargo at given places, each turned along its area."""
    if not sizes:
        return ()
    areas = {area.id: area.polygon for area in world.site.areas}
    out = []
    for place, size in zip(places, sizes, strict=True):
        if size <= 0:
            continue
        polygon = areas[place.area]
        frame = frame_of(polygon)
        length, width, height = place.size_m
        pile = Block.at(
            frame(*place.at_m),
            frame.heading_deg,
            (length * size, width * size, height * size),
            *place.appearance,
        )
        if not polygon.buffer(0.5).contains(affinity.scale(footprint(pile), 0.9, 0.9)):
            raise ValueError(f"a pile at {place.at_m} m leaves {place.area}")
        out.append(pile)
    return tuple(out)
