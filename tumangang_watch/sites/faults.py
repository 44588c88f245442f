"""What can be wrong with the geometry of a site feature, said with its place."""

from __future__ import annotations

from math import isfinite
from typing import Any

MIN_TRACK_DEG = 10.0 / 111_320.0
"""A track shorter than some ten metres (a wagon is 12 m) is a slip of the pen."""


def place_of(index: int, feature: Any) -> str:
    """Return ``feature 3 ('yard')`` for messages; hostile ids are shown as Python shows them."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    name = properties.get("id") if isinstance(properties, dict) else None
    return f"feature {index} ({str(name)[:60]!r})"


def geometry_faults(geometry: Any, is_track: bool) -> list[str]:
    """Return the faults of one feature's geometry, each with the vertex or coordinates at fault."""
    if not isinstance(geometry, dict):
        return ["it has no geometry"]
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if is_track:
        if kind != "LineString":
            return [f"a track must be a LineString, not {kind!r}"]
        return _position_faults(coordinates, "vertex", 2) or _line_faults(coordinates)
    if kind == "MultiPolygon" and isinstance(coordinates, list) and len(coordinates) == 1:
        coordinates = coordinates[0]
    elif kind != "Polygon":
        return [f"an area must be a Polygon, not {kind!r}"]
    if not isinstance(coordinates, list) or not coordinates:
        return ["its polygon is empty"]
    for number, ring in enumerate(coordinates):
        faults = _position_faults(ring, f"ring {number} vertex", 4)
        if not faults and ring[0][:2] != ring[-1][:2]:
            faults = [f"ring {number} is not closed: it ends at {_at(ring[-1])}, not at {_at(ring[0])}"]
        if faults:
            return faults
    return _polygon_faults(coordinates)


def _at(position: Any) -> str:
    return f"({position[0]}, {position[1]})"


def _position_faults(positions: Any, word: str, least: int) -> list[str]:
    if not isinstance(positions, list) or not positions:
        return ["its geometry is empty"]
    for number, position in enumerate(positions):
        numbers = (
            isinstance(position, list)
            and len(position) >= 2
            and all(
                isinstance(v, int | float) and not isinstance(v, bool) and isfinite(v) for v in position[:2]
            )
        )
        if not numbers:
            return [f"{word} {number} is not a pair of numbers"]
        lon, lat = position[:2]
        if abs(lat) > 90 and abs(lon) <= 90:
            return [f"{word} {number} has latitude {lat}: longitude and latitude look swapped. Swap them?"]
        if abs(lat) > 90 or abs(lon) > 180:
            return [f"{word} {number} {_at(position)} is not WGS 84 longitude, latitude in degrees"]
    if len(positions) < least:
        return [f"it has {len(positions)} positions, fewer than {least}"]
    return []


def _line_faults(positions: Any) -> list[str]:
    from shapely import LineString

    line = LineString([p[:2] for p in positions])
    if line.length < MIN_TRACK_DEG:
        return [f"the track is shorter than 10 m (it starts at {_at(positions[0])})"]
    if not line.is_simple:
        return [f"the track crosses itself (it starts at {_at(positions[0])})"]
    return []


def _polygon_faults(rings: list[Any]) -> list[str]:
    from shapely import Polygon
    from shapely.validation import explain_validity

    polygon = Polygon([p[:2] for p in rings[0]], [[p[:2] for p in ring] for ring in rings[1:]])
    if polygon.area == 0:
        return [f"the polygon has no area (at {_at(rings[0][0])})"]
    if not polygon.is_valid:
        return [f"the polygon is invalid: {explain_validity(polygon)}"]
    return []
