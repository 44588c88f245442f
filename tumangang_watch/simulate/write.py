"""Write painted scenes, their sites and their truth as files that the program reads like any others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import Affine
from shapely import set_precision, transform
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.model.site import Site
from tumangang_watch.simulate.paint import PaintedScene
from tumangang_watch.simulate.world import DayState, PaintedVehicle, Sensor, World, footprint
from tumangang_watch.text import PAINTED_NOTICE, utc_text

NOTICE = PAINTED_NOTICE


def write_scene(painted: PaintedScene, folder: Path, name: str) -> Path:
    """Write ``NAME.tif`` and ``NAME_metadata.json``; return the image file."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.tif"
    grid = painted.grid
    profile = {
        "driver": "GTiff",
        "count": len(painted.bands),
        "height": grid.rows,
        "width": grid.cols,
        "dtype": str(painted.values.dtype),
        "crs": grid.crs,
        "nodata": 0,
        "transform": Affine(grid.pixel_m, 0, grid.west, 0, -grid.pixel_m, grid.north),
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 2,
        "zlevel": 9,
        "interleave": "band",
    }
    with rasterio.open(path, "w", **profile) as out:
        out.write(painted.values)
        for k, role in enumerate(painted.bands, start=1):
            out.set_band_description(k, role)
        out.update_tags(NOTICE=NOTICE, TIFFTAG_IMAGEDESCRIPTION=NOTICE)
    metadata = scene_metadata(painted, name)
    (folder / f"{name}_metadata.json").write_text(json.dumps(metadata, indent=1) + "\n")
    return path


def scene_metadata(painted: PaintedScene, name: str) -> dict[str, Any]:
    """Return Planet-style metadata of a painted scene."""
    day, sensor = painted.day, painted.sensor
    times = painted.band_times_s
    return {
        "id": name,
        "type": "Feature",
        "notice": NOTICE,
        "properties": {
            "acquired": utc_text(day.acquired, fractions=False),
            "gsd": sensor.gsd_m,
            "pixel_resolution": sensor.gsd_m,
            "view_angle": round(sensor.off_nadir_deg, 2),
            "satellite_azimuth": round(sensor.view_azimuth_deg, 2),
            "sun_azimuth": round(day.sun_azimuth_deg, 2),
            "sun_elevation": round(day.sun_elevation_deg, 2),
            "cloud_cover": round(painted.cloud_fraction, 3),
            "item_type": "PSScene" if sensor.gsd_m > 2 else "SkySatCollect",
            "provider": "painted",
            **({"band_times_s": times} if times else {}),
        },
    }


def lonlat(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    """Return a geometry of the world in WGS 84 longitude, latitude."""
    change = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return transform(geometry, lambda xy: np.stack(change.transform(xy[:, 0], xy[:, 1]), axis=1))


def geojson_of(geometry: BaseGeometry, crs: str) -> dict[str, Any]:
    """Return GeoJSON (8 decimals, about 1 mm) of a geometry of the world."""
    shape = lonlat(geometry, crs)
    if shape.geom_type != "LineString":
        return json.loads(json.dumps(mapping(set_precision(shape, 1e-8))))
    xy = [[round(a, 8), round(b, 8)] for a, b in shape.coords]
    return {"type": "LineString", "coordinates": xy}


def write_site(world: World, path: Path, features: str = "full") -> Path:
    """Write the world's site file; ``features`` is ``full`` or ``tracks_only``."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(site_geojson(world.site, features)) + "\n")
    return path


def site_geojson(site: Site, features: str = "full") -> dict[str, Any]:
    """Return a site as the contract's FeatureCollection."""
    wanted = {"yard"} if features == "tracks_only" else None
    items: list[tuple[dict[str, Any], BaseGeometry]] = []
    for area in site.areas:
        if wanted is None or area.role in wanted:
            items.append(({"role": area.role, "id": area.id, "name": area.name}, area.polygon))
    for track in site.tracks:
        gauge = {"gauge_mm": track.gauge_mm} if track.gauge_mm else {}
        items.append(({"role": "track", "id": track.id, "name": track.name, **gauge}, track.line))
    collection = [{"type": "Feature", "properties": p, "geometry": geojson_of(g, site.crs)} for p, g in items]
    return {"type": "FeatureCollection", "notice": NOTICE, "features": collection}


def day_truth(world: World, day: DayState, date: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the trains and the cargo of one date."""
    trains = [
        {
            "date": date,
            "track": train.track,
            "from_m": round(train.from_m, 3),
            "to_m": round(train.to_m, 3),
            "cars": len(train.cars),
            "colours": [vehicle.colour for vehicle in train.cars],
            **({"band_offset_m": [round(m, 3) for m in train.band_offset_m]} if train.in_motion else {}),
            "vehicles": [_vehicle(vehicle) for vehicle in train.cars],
        }
        for train in day.trains
    ]
    cargo = [
        {
            "date": date,
            "geometry": geojson_of(footprint(block), world.site.crs),
            "area_m2": round(footprint(block).area, 2),
            "height_m": round(block.height_m, 2),
            "colour": block.paint,
            "shape": block.shape,
        }
        for block in day.cargo
    ]
    return trains, cargo


SEEN_LOAD = {"coal": "black", "timber": "yellow", "gravel": "grey", "soil": "brown"}
"""The colour name nearest to a load that covers an open wagon's paint."""


def seen_colour(vehicle: PaintedVehicle) -> str:
    """Return the colour that a vehicle shows from above: its paint, or what covers it."""
    return SEEN_LOAD.get(vehicle.load, vehicle.colour) if vehicle.type == "open" else vehicle.colour


def _vehicle(vehicle: PaintedVehicle) -> dict[str, Any]:
    return {
        "from_m": round(vehicle.from_m, 3),
        "to_m": round(vehicle.to_m, 3),
        "type": vehicle.type,
        "colour": vehicle.colour,
        "seen_colour": seen_colour(vehicle),
        "height_m": vehicle.height_m,
        "width_m": vehicle.width_m,
        "load": vehicle.load,
    }


def handling_ground(world: World, day: DayState) -> dict[str, float]:
    """Return the area of each material on the ground of the handling polygons, square metres.

    Tracks, puddles and what stands on the ground are not taken off.
    """
    free = unary_union([area.polygon for area in world.site.having("handling")])
    areas: dict[str, float] = {}
    for surface in reversed((*world.surfaces, *day.growth)):
        if free.is_empty:
            break
        if surface.polygon.intersects(free):
            piece = surface.polygon.intersection(free)
            areas[surface.material] = areas.get(surface.material, 0.0) + piece.area
            free = free.difference(surface.polygon)
    areas[world.background] = areas.get(world.background, 0.0) + free.area
    return {name: round(area, 1) for name, area in sorted(areas.items()) if area > 0.05}


def truth(
    world: World, earlier: DayState, later: DayState, sensors: tuple[Sensor, Sensor] | None = None
) -> dict[str, Any]:
    """Return the truth file of a pair.

    ``registration.shift_m`` is (east, north) to apply to the later scene's content to bring it
    onto the earlier one: the earlier scene's geolocation error minus the later one's. To bring a
    scene onto the site, apply the negative of its own ``geolocation_error_m``.
    """
    parts = [day_truth(world, earlier, "earlier"), day_truth(world, later, "later")]
    old = unary_union([surface.polygon for surface in earlier.growth])
    new = unary_union([surface.polygon for surface in later.growth]).difference(old)
    out: dict[str, Any] = {
        "notice": NOTICE,
        "trains": parts[0][0] + parts[1][0],
        "cargo": parts[0][1] + parts[1][1],
        "new_ground": [
            {"geometry": geojson_of(piece, world.site.crs), "area_m2": round(piece.area, 2)}
            for piece in getattr(new, "geoms", [new])
            if not piece.is_empty
        ],
    }
    if sensors:
        first, second = (sensor.geolocation_error_m for sensor in sensors)
        out["registration"] = {
            "shift_m": [round(first[0] - second[0], 4), round(first[1] - second[1], 4)],
            "geolocation_error_m": {"earlier": list(first), "later": list(second)},
        }
    out["handling_ground_m2"] = {
        "earlier": handling_ground(world, earlier),
        "later": handling_ground(world, later),
    }
    return out
