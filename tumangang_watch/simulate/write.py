"""Write painted scenes, sites and truth as files that the program reads like any others."""

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

from tumangang_watch.model.site import Site
from tumangang_watch.simulate.paint import PaintedScene
from tumangang_watch.simulate.world import World

NOTICE = "PAINTED, NOT EVIDENCE"


def write_scene(painted: PaintedScene, folder: Path, name: str) -> Path:
    """Write ``NAME.tif`` and ``NAME_metadata.json``.

    Returns
    -------
    Path
        The image file.
    """
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
    return {
        "id": name,
        "type": "Feature",
        "notice": NOTICE,
        "properties": {
            "acquired": day.acquired.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "gsd": sensor.gsd_m,
            "pixel_resolution": sensor.gsd_m,
            "view_angle": round(sensor.off_nadir_deg, 2),
            "satellite_azimuth": round(sensor.view_azimuth_deg, 2),
            "sun_azimuth": round(day.sun_azimuth_deg, 2),
            "sun_elevation": round(day.sun_elevation_deg, 2),
            "cloud_cover": round(painted.cloud_fraction, 3),
            "item_type": "PSScene" if sensor.gsd_m > 2 else "SkySatCollect",
            "provider": "painted",
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
    items = []
    for area in site.areas:
        if wanted is None or area.role in wanted:
            properties = {"role": area.role, "id": area.id, "name": area.name}
            items.append((properties, area.polygon))
    for track in site.tracks:
        properties = {"role": "track", "id": track.id, "name": track.name}
        if track.gauge_mm:
            properties["gauge_mm"] = track.gauge_mm  # type: ignore[assignment]
        items.append((properties, track.line))
    collection = [{"type": "Feature", "properties": p, "geometry": geojson_of(g, site.crs)} for p, g in items]
    return {"type": "FeatureCollection", "notice": NOTICE, "features": collection}
