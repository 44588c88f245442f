"""The values a scene is painted from: the world, one day in it, the sensor that looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from math import cos, pi, radians, sin
from typing import Self

from shapely import Polygon

from tumangang_watch.model.site import Site, Track


@dataclass(frozen=True)
class Surface:
    """A patch of ground of one material; later patches lie on top of earlier ones."""

    polygon: Polygon
    """In the world's metres."""
    material: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """A box on the ground: building, mast, truck, crate, container."""

    x: float
    y: float
    heading_deg: float
    """Direction of the long side, clockwise from north."""
    length_m: float
    width_m: float
    height_m: float
    paint: str
    """A material or a colour name."""
    shape: str = "flat"
    """``flat``, ``gable``, ``pile`` (rounded heap), ``tarp`` or ``truss``."""

    @classmethod
    def at(
        cls,
        place: tuple[float, float],
        heading_deg: float,
        size_m: tuple[float, float, float],
        paint: str,
        shape: str = "flat",
    ) -> Self:
        """Return a box about ``(x, y)`` of a ``(length, width, height)``."""
        (x, y), (length, width, height) = place, size_m
        return cls(
            x=x,
            y=y,
            heading_deg=heading_deg,
            length_m=length,
            width_m=width,
            height_m=height,
            paint=paint,
            shape=shape,
        )


def footprint(block: Block) -> Polygon:
    """Return the ground a block covers, in the world's metres."""
    angle = radians(block.heading_deg)
    half_l, half_w = block.length_m / 2, block.width_m / 2
    if block.shape == "pile":
        points = [(half_l * cos(k * pi / 16), half_w * sin(k * pi / 16)) for k in range(32)]
    else:
        points = [(half_l, half_w), (half_l, -half_w), (-half_l, -half_w), (-half_l, half_w)]
    return Polygon(
        (block.x + u * sin(angle) + v * cos(angle), block.y + u * cos(angle) - v * sin(angle))
        for u, v in points
    )


@dataclass(frozen=True)
class Tree:
    """A round crown."""

    x: float
    y: float
    radius_m: float
    height_m: float


@dataclass(frozen=True, kw_only=True)
class TrackAppearance:
    """How one track looks: the same on every date."""

    ballast: str
    sleeper: str
    shine: float
    """0 = rusty rails, 1 = rails polished by traffic."""
    brightness: float
    """Factor on the ballast."""
    oil: float
    """Darkening of the track's middle, 0 to 1."""
    weeds: float
    """Cover of weeds, 0 to 1."""
    shoulder_m: float = 2.4
    """Half width of the ballast bed."""
    inner: str = ""
    """What rust and oil have made of the ballast within the track, where that differs."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that does not change between dates."""

    seed: int
    site: Site
    bounds: tuple[float, float, float, float]
    """(west, south, east, north) of the painted ground, metres in the site's reference system."""
    surfaces: tuple[Surface, ...]
    looks: tuple[TrackAppearance, ...]
    """One for each of ``rails``."""
    rails: tuple[Track, ...]
    """Every track that is painted: the site's and connecting ones that the site does not list."""
    blocks: tuple[Block, ...] = ()
    trees: tuple[Tree, ...] = ()
    fences: tuple[tuple[tuple[float, float], ...], ...] = ()
    background: str = "dry_grass"

    def track(self, track_id: str) -> Track:
        """Return a painted track by its id."""
        return next(track for track in self.rails if track.id == track_id)


@dataclass(frozen=True, kw_only=True)
class PaintedVehicle:
    """One vehicle; ``from_m``/``to_m`` bound its body, without couplers, along its track."""

    from_m: float
    to_m: float
    type: str
    colour: str
    width_m: float
    height_m: float
    load: str = "none"
    """Open wagons: ``none`` or a material; flats: ``none``; containers carry their colour."""
    dirt: float = 0.3
    """0 = clean paint, 1 = covered with grime."""


@dataclass(frozen=True)
class Train:
    """Coupled vehicles on one track, in order of ``from_m``."""

    track: str
    cars: tuple[PaintedVehicle, ...]
    band_offset_m: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """How far along its track the train has gone when blue, green, red and nir are taken: bands of one
    product are 0.1 to 2 s apart."""

    @property
    def in_motion(self) -> bool:
        """True when the bands do not show it in one place."""
        return any(self.band_offset_m)

    @property
    def from_m(self) -> float:
        """Start of the first body."""
        return self.cars[0].from_m

    @property
    def to_m(self) -> float:
        """End of the last body."""
        return self.cars[-1].to_m


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """A puff of cloud above a point of the ground."""

    x: float
    y: float
    radius_m: float
    height_m: float
    opacity: float = 0.95


@dataclass(frozen=True, kw_only=True)
class DayState:
    """What stands in the world on one date, and the light."""

    acquired: datetime
    sun_azimuth_deg: float
    sun_elevation_deg: float
    season: str = "summer"
    snow_cover: float = 0.0
    """0 = none, 1 = all covered; between them patches."""
    trains: tuple[Train, ...] = ()
    cargo: tuple[Block, ...] = ()
    vehicles: tuple[Block, ...] = ()
    """Trucks and the like: change, but nothing that is reported."""
    growth: tuple[Surface, ...] = ()
    """Newly worked ground."""
    growth_blocks: tuple[Block, ...] = ()
    puddles: tuple[Surface, ...] = ()
    clouds: tuple[Cloud, ...] = ()
    wetness: float = 0.0
    """Darkening of porous ground, 0 to 1."""
    band_times_s: tuple[float, float, float, float] | None = None
    """When blue, green, red and nir are taken; None where that is not stated."""


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """Where the camera stands and what it does to the light."""

    gsd_m: float = 0.5
    off_nadir_deg: float = 10.0
    view_azimuth_deg: float = 120.0
    """From the ground to the satellite, clockwise from north."""
    blur_px: float = 0.55
    """Sigma of the optics' Gaussian point spread in pixels; the pixel's aperture comes on top."""
    noise: float = 0.006
    """Sigma of the noise at reflectance 0.2, as reflectance."""
    gain: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Added reflectance (path light) for each band."""
    haze: float = 0.0
    """0 = clear; 0.3 = thick haze: contrast lost to path light."""
    geolocation_error_m: tuple[float, float] = (0.0, 0.0)
    """(east, north): where the product shows the ground, minus where it is."""
    band_shift_px: tuple[tuple[float, float], ...] = field(default=((0.0, 0.0),) * 4)
    """(col, row) displacement of each of blue, green, red, nir."""
    product: str = "analytic4"
    """``analytic4`` uint16 B,G,R,N; ``visual`` uint8 R,G,B."""
    phase_px: tuple[float, float] = (0.0, 0.0)
    """Where the pixel grid starts within a pixel (col, row)."""


def shifted(train: Train, by_m: float) -> Train:
    """Return a train moved along its track."""
    cars = (replace(c, from_m=c.from_m + by_m, to_m=c.to_m + by_m) for c in train.cars)
    return replace(train, cars=tuple(cars))


def set_in_motion(
    day: DayState, track: str, speed_m_s: float, band_times_s: tuple[float, float, float, float]
) -> DayState:
    """Return a date on which the trains of one track move, towards increasing distance where positive.

    Parameters
    ----------
    band_times_s : (blue, green, red, nir)
        When each band is taken: 0.1 to 0.5 s apart for SkySat, up to 2 s for PlanetScope.
    """
    blue, green, red, nir = (speed_m_s * t for t in band_times_s)
    offset = blue, green, red, nir
    trains = (replace(t, band_offset_m=offset) if t.track == track else t for t in day.trains)
    return replace(day, trains=tuple(trains), band_times_s=band_times_s)


def in_band(day: DayState, band: int) -> DayState:
    """Return a date as it stands when one band is taken."""
    trains = tuple(shifted(t, t.band_offset_m[band]) if t.in_motion else t for t in day.trains)
    return replace(day, trains=trains)
