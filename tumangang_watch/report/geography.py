"""From the site's metres to the longitudes and latitudes that files carry (RFC 7946)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.document import GeometryDocument

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
    flat = shapely.transform(geometry, _transformer(crs).transform, interleaved=False)
    west, _, east, _ = flat.bounds
    if east - west > 180.0:
        flat = _cut_at_antimeridian(flat)
    rounded = shapely.transform(flat, lambda xy: np.round(xy, DECIMALS) + 0.0)
    return shapely.orient_polygons(rounded)


def _cut_at_antimeridian(geometry: BaseGeometry) -> BaseGeometry:
    """Cut at 180 degrees a geometry whose longitudes wrap (RFC 7946, section 3.1.9)."""
    unwrapped = shapely.transform(
        geometry, lambda xy: np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]])
    )
    east = unwrapped.intersection(shapely.box(0.0, -90.0, 180.0, 90.0))
    west = unwrapped.intersection(shapely.box(180.0, -90.0, 360.0, 90.0))
    return east.union(shapely.transform(west, lambda xy: xy - [360.0, 0.0]))


def geojson(geometry: BaseGeometry, crs: str) -> GeometryDocument | None:
    """Return the GeoJSON geometry object in lon/lat, or None for an empty geometry."""
    return None if geometry.is_empty else shapely.geometry.mapping(lonlat(geometry, crs))
