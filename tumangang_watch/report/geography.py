"""From the site's metres to the longitudes and latitudes that files carry (RFC 7946)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

DECIMALS = 7
"""Seven decimals are 11 mm at the equator (RFC 7946, section 11.2 advises no more than needed)."""


@lru_cache(maxsize=8)
def _transformer(crs: str) -> Any:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def lonlat(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    """Return a geometry of the site (metres) in WGS 84 lon/lat, as RFC 7946 wants it.

    Two dimensions, 7 decimals, exterior rings counter-clockwise; a geometry that crosses the
    antimeridian is cut there.
    """
    if geometry.is_empty:
        return geometry
    transformer = _transformer(crs)

    def project(xy: Any) -> Any:
        lon, lat = transformer.transform(xy[:, 0], xy[:, 1])
        return np.column_stack([lon, lat])

    flat = shapely.transform(shapely.force_2d(geometry), project)
    west, _, east, _ = flat.bounds
    if east - west > 180.0:
        flat = _cut_at_antimeridian(flat)
    rounded = shapely.transform(flat, lambda xy: np.round(xy, DECIMALS) + 0.0)
    return shapely.orient_polygons(rounded) if hasattr(shapely, "orient_polygons") else _oriented(rounded)


def _cut_at_antimeridian(geometry: BaseGeometry) -> BaseGeometry:
    """Cut at 180 degrees a geometry whose longitudes wrap (RFC 7946, section 3.1.9)."""
    unwrapped = shapely.transform(
        geometry, lambda xy: np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]])
    )
    east_side = shapely.box(0.0, -90.0, 180.0, 90.0)
    west_side = shapely.box(180.0, -90.0, 360.0, 90.0)
    back = shapely.transform(unwrapped.intersection(west_side), lambda xy: xy - [360.0, 0.0])
    pieces = [
        p
        for part in (unwrapped.intersection(east_side), back)
        for p in shapely.get_parts(part)
        if not p.is_empty
    ]
    kinds = {p.geom_type for p in pieces}
    if kinds <= {"Polygon"}:
        return shapely.MultiPolygon(pieces)
    if kinds <= {"LineString"}:
        return shapely.MultiLineString(pieces)
    return shapely.GeometryCollection(pieces)


def _oriented(geometry: BaseGeometry) -> BaseGeometry:
    """Wind rings by the right-hand rule on a shapely without ``orient_polygons``."""
    if geometry.geom_type == "Polygon":
        return orient(geometry)
    if geometry.geom_type == "MultiPolygon":
        return shapely.MultiPolygon([orient(p) for p in geometry.geoms])
    return geometry


def geojson(geometry: BaseGeometry, crs: str) -> dict[str, Any] | None:
    """Return the GeoJSON geometry object in lon/lat, or None for an empty geometry."""
    if geometry.is_empty:
        return None
    mapped = shapely.geometry.mapping(lonlat(geometry, crs))
    return _listed(mapped)


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_listed(v) for v in value]
    return value
