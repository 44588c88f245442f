"""A site: the polygons that are reported on and the tracks trains stand on, in metres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from shapely import LineString, Polygon

Role = Literal["yard", "bridge", "station", "handling", "apron", "stable", "ignore"]
REPORTED_ROLES: tuple[Role, ...] = ("yard", "bridge", "station", "handling", "apron")
"""Roles whose observed fraction is reported."""


TRACED = "traced from "
"""How the ``source`` of a track begins that was found in a scene."""


@dataclass(frozen=True, kw_only=True)
class Area:
    """A polygon of the site file, in the site's metric reference system."""

    id: str
    role: Role
    polygon: Polygon
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


def is_roofed(thing: Area | Track, on: date) -> bool:
    """Return True when a roof hides an area or track on a date."""
    return thing.occluded_from is not None and thing.occluded_from <= on


@dataclass(frozen=True)
class ReferenceScene:
    """The scene a site was traced from, and its registered image beside the site file."""

    name: str
    sha256: str
    """Digest of the scene's image file."""
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
    reference: ReferenceScene | None = None
    """Later scenes are registered to its image where that can be done."""

    def having(self, *roles: Role) -> tuple[Area, ...]:
        """Return the areas that have one of these roles, in file order."""
        return tuple(area for area in self.areas if area.role in roles)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """``(west, south, east, north)`` over all areas and tracks, metres."""
        boxes = [area.polygon.bounds for area in self.areas if area.role != "ignore"]
        boxes += [track.line.bounds for track in self.tracks]
        wests, souths, easts, norths = zip(*boxes, strict=True)
        return min(wests), min(souths), max(easts), max(norths)

    def area_of(self, track: Track) -> Area | None:
        """Return the yard, bridge or station that holds most of a track, or None."""
        best, most_m = None, 0.0
        for area in self.having("yard", "bridge", "station"):
            inside_m = area.polygon.intersection(track.line).length
            if inside_m > most_m:
                best, most_m = area, inside_m
        return best
