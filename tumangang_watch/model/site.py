"""A site: the polygons that are reported on and the tracks trains stand on, in metres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring, unary_union

from tumangang_watch.text import KOREAN_GRIDS
from tumangang_watch.track_frame import lines_of

Role = Literal["yard", "bridge", "station", "handling", "apron", "stable", "ignore"]
REPORTED_ROLES: tuple[Role, ...] = ("yard", "bridge", "station", "handling", "apron")
"""Roles whose observed fraction is reported."""


STANDS_FROM_M = 6.0
"""A train belongs to a second area where half a vehicle (12-15 m) of it stands there: its ends and the
outlines of areas are not known better."""

TRACED = "traced from "
"""How the ``source`` of a track begins that was found in a scene."""


@dataclass(frozen=True, kw_only=True)
class Area:
    """A polygon of the site file, in the site's metric reference system."""

    id: str
    role: Role
    polygon: Polygon | MultiPolygon
    name: str
    accuracy_m: float | None = None
    """How well the outline is known; None when the file does not say."""
    occluded_from: date | None = None
    """A roof hides the ground since this date."""
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Track:
    """A track's centreline; distances along it count in metres from its first vertex."""

    id: str
    line: LineString
    name: str
    gauge_mm: int | None = None
    accuracy_m: float | None = None
    provisional: bool = False
    """The geometry is a model, or was traced and not yet reviewed."""
    occluded_from: date | None = None
    source: str | None = None
    confidence: float | None = None
    """How sure it is that a traced track is one, 0 to 1."""

    @property
    def traced(self) -> bool:
        """True when the line was found in a scene and nobody has reviewed it yet."""
        return self.provisional and (self.source or "").startswith(TRACED)

    @property
    def certainty(self) -> float:
        """Probability that it is a track at all: 1 but for one that was traced and not reviewed."""
        return self.confidence if self.traced and self.confidence is not None else 1.0


def is_roofed(thing: Area | Track, on: date) -> bool:
    """Return True when a roof hides an area or track on a date."""
    return thing.occluded_from is not None and thing.occluded_from <= on


@dataclass(frozen=True, kw_only=True)
class ReferenceScene:
    """A scene that a site was drawn on or traced from, or that lies on it: its image beside the site file."""

    name: str
    sha256: str
    """Digest of the scene's image file."""
    acquired: str | None = None
    image: Path
    """A small GeoTIFF in the site's frame; it may be missing or damaged."""
    image_sha256: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """Everything that is known of a place before any scene is opened."""

    id: str
    name: str
    sha256: str
    crs: str
    """UTM zone of the site's centre, as an authority code."""
    areas: tuple[Area, ...]
    tracks: tuple[Track, ...]
    references: tuple[ReferenceScene, ...] = ()
    """Later scenes are registered to the one most alike where that can be done."""

    @property
    def korean(self) -> bool:
        """Whether times are told by Korea's clock too: the site lies in a UTM zone of Korea."""
        return self.crs in KOREAN_GRIDS

    def having(self, *roles: Role) -> tuple[Area, ...]:
        """Return the areas that have one of these roles, in file order."""
        return tuple(area for area in self.areas if area.role in roles)

    @cached_property
    def left_out(self) -> BaseGeometry:
        """The ground of all ``ignore`` areas, left out of everything; empty where there are none."""
        return unary_union([area.polygon for area in self.having("ignore")])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """``(west, south, east, north)`` over all areas and tracks, metres."""
        boxes = [area.polygon.bounds for area in self.areas if area.role != "ignore"]
        boxes += [track.line.bounds for track in self.tracks]
        wests, souths, easts, norths = zip(*boxes, strict=True)
        return min(wests), min(souths), max(easts), max(norths)

    def area_of(self, track: Track) -> Area | None:
        """Return the yard, bridge or station that holds most of a track, or None."""
        held = self._held(track.line)
        return held[0][0] if held else None

    def areas_along(self, track: Track, from_m: float, to_m: float) -> tuple[tuple[str, float], ...]:
        """Return the yards, bridges and stations in which a train stands: ids, and its metres in each.

        The one with most of it comes first; the tip of a train does not belong to a second area.
        """
        held = self._held(substring(track.line, from_m, to_m))
        return tuple((a.id, m) for n, (a, m) in enumerate(held) if n == 0 or m >= STANDS_FROM_M)

    def track_in_areas(self, track: Track) -> dict[str, list[tuple[float, float]]]:
        """Return the stretches of a track inside each yard, bridge and station: from and to, metres."""
        found = {}
        for area, _ in self._held(track.line):
            pieces = lines_of(track.line.intersection(area.polygon))
            ends = ([track.line.project(Point(p.coords[k])) for k in (0, -1)] for p in pieces)
            found[area.id] = sorted((min(pair), max(pair)) for pair in ends)
        return found

    def track_on_bridges(self, track: Track) -> dict[str, list[tuple[float, float]]]:
        """Return the stretches of a track on each bridge: from and to, metres."""
        bridges = {area.id for area in self.having("bridge")}
        inside = self.track_in_areas(track) if bridges else {}
        return {area: own for area, own in inside.items() if area in bridges}

    def _held(self, line: BaseGeometry) -> list[tuple[Area, float]]:
        """Return the areas that trains are reported in which hold part of a line, and metres, most first."""
        areas = self.having("yard", "bridge", "station")
        held = [(area, float(area.polygon.intersection(line).length)) for area in areas]
        return sorted((pair for pair in held if pair[1] > 0), key=lambda pair: -pair[1])
