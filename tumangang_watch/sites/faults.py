"""What can be wrong with the geometry of a site feature, said with its place."""

from __future__ import annotations

from math import cos, isfinite, radians
from typing import Any, TypeGuard

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.validation import explain_validity

from tumangang_watch.grid import METRES_PER_DEGREE
from tumangang_watch.sites.remarks import Remark, fault

Bounds = tuple[float, float, float, float]
MIN_TRACK_M = 10.0
"""A track shorter than this is a slip of the pen: the shortest wagon is 12 m."""
MIN_AREA_M2 = 1.0
"""A polygon smaller than this is a slip of the pen: a crate on an apron has about 2 m2."""
MAX_EXTENT_M = 50_000.0
"""Wider than this it is not one site, and one UTM zone no longer measures it well."""
MAX_TRACK_VERTICES = 10_000
"""A track of 10 km with a vertex a metre. What takes 1.5 s for 5 000 takes hundreds for 100 000."""
SHOWN_CHARACTERS = 60
"""As much of a value at fault as a message of one line quotes."""


def shown(value: Any) -> str:
    """Return a value of the file for a message: short, on one line, without control characters."""
    if isinstance(value, str):
        return ascii(value[:SHOWN_CHARACTERS]) + ("..." if len(value) > SHOWN_CHARACTERS else "")
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**15):
        return str(value)
    names = {"list": "a list", "dict": "an object", "int": "a huge number"}
    return names.get(type(value).__name__, "something else")


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a JSON value is a finite number (true and false are not numbers)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # An integer of JSON has no limit, and one beyond float's range raises instead of being infinite.
    return abs(value) < 10**300 and isfinite(value)


def place_of(index: int, feature: Any) -> str:
    """Return ``feature 3 ('yard')`` for messages: its index from 0 in the file, and its id."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    name = properties.get("id") if isinstance(properties, dict) else None
    return f"feature {index} ({shown(name) if name is not None else 'no id'})"


def rings_of(geometry: dict[str, Any]) -> Any:
    """Return the rings of a Polygon, or of a MultiPolygon of one part."""
    coordinates: Any = geometry["coordinates"]
    return coordinates[0] if geometry["type"] == "MultiPolygon" else coordinates


def geometry_faults(geometry: Any, is_track: bool) -> list[Remark]:
    """Return the faults of one feature's geometry, each with the vertex or coordinates at fault.

    Parameters
    ----------
    geometry : object
        The feature's ``geometry`` member as JSON gave it, WGS 84 degrees.
    is_track : bool
        True wants a LineString, False a Polygon.
    """
    if not isinstance(geometry, dict):
        return [fault("empty", "it has no geometry")]
    kind: Any = geometry.get("type")
    coordinates: Any = geometry.get("coordinates")
    if is_track:
        if kind != "LineString":
            return [fault("geometry_kind", f"a track must be a LineString, not {shown(kind)}")]
        return _position_faults(coordinates, "vertex", 2) or _line_faults(coordinates)
    if kind not in ("Polygon", "MultiPolygon"):
        return [fault("geometry_kind", f"an area must be a Polygon, not {shown(kind)}")]
    if not isinstance(coordinates, list) or not coordinates:
        return [fault("empty", "its geometry is empty")]
    if kind == "MultiPolygon" and len(coordinates) > 1:
        return [
            fault(
                "parts",
                f"it is a MultiPolygon of {len(coordinates)} parts: make each part a feature of its own",
            )
        ]
    return _ring_faults(rings_of(geometry))


def extent_faults(boxes: dict[str, Bounds]) -> list[Remark]:
    """Return a fault when features lie too far apart to be one site.

    Parameters
    ----------
    boxes : dict of str to (west, south, east, north)
        The bounds of each feature, degrees, by its place in words.
    """
    west, south = (min(boxes, key=lambda place: boxes[place][side]) for side in (0, 1))
    east, north = (max(boxes, key=lambda place: boxes[place][side]) for side in (2, 3))
    width, height = boxes[east][2] - boxes[west][0], boxes[north][3] - boxes[south][1]
    middle = (boxes[south][1] + boxes[north][3]) / 2
    width_m = width * METRES_PER_DEGREE * cos(radians(middle))
    extent_m = max(width_m, height * METRES_PER_DEGREE)
    if extent_m <= MAX_EXTENT_M:
        return []
    first, last = (west, east) if extent_m == width_m else (south, north)
    what = f"{first} and {last} lie {extent_m / 1000:.0f} km apart"
    if first == last:
        what = f"{first}: it is {extent_m / 1000:.0f} km wide"
    hint = "; a site may not lie across longitude 180" if width > 180 else ""
    return [fault("extent", f"{what}, and a site has at most {MAX_EXTENT_M / 1000:.0f} km{hint}")]


def _at(position: Any) -> str:
    return f"({position[0]}, {position[1]})"


def _position_faults(positions: Any, word: str, least: int) -> list[Remark]:
    if not isinstance(positions, list) or not positions:
        return [fault("empty", "its geometry is empty")]
    for number, position in enumerate(positions):
        if not isinstance(position, list) or len(position) < 2:
            return [fault("position", f"{word} {number} is not a pair of numbers")]
        lon, lat = position[:2]
        if not (is_number(lon) and is_number(lat)):
            what = f"{word} {number} is not a pair of numbers: ({shown(lon)}, {shown(lat)})"
            return [fault("position", what)]
        if abs(lat) > 90 and abs(lat) <= 180 and abs(lon) <= 90:
            what = (
                f"{word} {number} {_at(position)} has latitude {lat}: longitude and latitude look swapped. "
            )
            return [fault("swapped", what + "GeoJSON has longitude first: swap them?")]
        if abs(lat) > 90 or abs(lon) > 180:
            what = (
                f"{word} {number} ({shown(lon)}, {shown(lat)}) is not WGS 84 longitude, latitude in degrees"
            )
            return [fault("not_degrees", what)]
    if len(positions) < least:
        what = f"{word.removesuffix(' vertex')} at {_at(positions[0])} has {len(positions)} positions, "
        return [fault("tiny", what + f"fewer than {least}")]
    return []


def _ring_faults(rings: Any) -> list[Remark]:
    if not isinstance(rings, list) or not rings:
        return [fault("empty", "its geometry is empty")]
    for number, ring in enumerate(rings):
        faults = _position_faults(ring, f"ring {number} vertex", 4)
        if not faults and ring[0][:2] != ring[-1][:2]:
            what = f"ring {number} is not closed: it ends at {_at(ring[-1])}, not at {_at(ring[0])}"
            faults = [fault("unclosed", what)]
        if faults:
            return faults
    return _polygon_faults(rings)


def _line_faults(positions: list[Any]) -> list[Remark]:
    lonlat = np.array([p[:2] for p in positions], dtype=float)
    squeeze = cos(radians(float(lonlat[:, 1].mean())))
    steps_m = np.diff(lonlat, axis=0) * METRES_PER_DEGREE * (squeeze, 1.0)
    length_m = float(np.hypot(*steps_m.T).sum())
    if length_m < MIN_TRACK_M:
        what = f"the track at {_at(positions[0])} is {length_m:.1f} m long, less than {MIN_TRACK_M:.0f} m"
        return [fault("tiny", what)]
    if not LineString(lonlat).is_simple:
        return [fault("self_crossing", f"the track crosses itself or doubles back {_self_crossing(lonlat)}")]
    if len(lonlat) > MAX_TRACK_VERTICES:
        what = f"the track has {len(lonlat)} vertices, more than {MAX_TRACK_VERTICES}"
        return [fault("too_many", what)]
    return []


def _self_crossing(lonlat: Any) -> str:
    """Say where a line that is not simple first meets itself."""
    kept = shapely.get_coordinates(shapely.remove_repeated_points(shapely.LineString(lonlat)))
    segments = shapely.linestrings(np.stack([kept[:-1], kept[1:]], axis=1))
    tree, last = shapely.STRtree(segments), len(segments) - 1
    closed = bool((kept[0] == kept[-1]).all())
    # One segment at a time, up to the first crossing: all pairs of a hostile tangle never end.
    for first, segment in enumerate(segments):
        for second in sorted(int(k) for k in tree.query(segment) if k > first):
            meeting = segment.intersection(segments[second])
            neighbours = second == first + 1 or (closed and (first, second) == (0, last))
            if not meeting.is_empty and (not neighbours or meeting.length > 0):
                x, y = meeting.centroid.coords[0]
                return f"near ({x:.7f}, {y:.7f})"
    return f"(it starts at {_at(kept[0])})"


def _polygon_faults(rings: list[Any]) -> list[Remark]:
    outline, *holes = ([p[:2] for p in ring] for ring in rings)
    squeeze = max(cos(radians(outline[0][1])), 1e-6)
    polygon = Polygon(outline, holes)
    area_m2 = polygon.area * METRES_PER_DEGREE**2 * squeeze
    # A flat or folded outline is invalid too, but "no area" says better what is wrong with it.
    flat = Polygon(outline).convex_hull.area * METRES_PER_DEGREE**2 * squeeze < MIN_AREA_M2
    if flat or (polygon.is_valid and area_m2 < MIN_AREA_M2):
        return [fault("tiny", f"the polygon has next to no area (at {_at(outline[0])})")]
    if not polygon.is_valid:
        return [fault("outline", f"the polygon is invalid: {explain_validity(polygon)}")]
    return []
