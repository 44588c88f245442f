"""Factories for the values that flow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from shapely import LineString, box

from tumangang_watch.grid import Grid
from tumangang_watch.model.detection import Detection, Vehicle
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.image import NativeImage, Raster, SiteToPixel
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Observation, Quality, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Area, Site, Track

EAST0, NORTH0 = 500_000.0, 4_700_000.0
BANDS = ("blue", "green", "red", "nir")


def native_image(values, pixel_m=0.5, bands=BANDS) -> NativeImage:
    """Native pixels whose north-west corner is (EAST0, NORTH0)."""
    return image_on(grid_of(values, pixel_m), values, bands)


def grid_of(values, pixel_m=0.5) -> Grid:
    rows, cols = np.shape(values)[1:]
    return Grid(crs="EPSG:32652", west=EAST0, north=NORTH0, pixel_m=pixel_m, rows=rows, cols=cols)


def image_on(grid, values, bands=BANDS) -> NativeImage:
    """Native pixels that are a grid's."""
    west, south, east, north = grid.bounds
    valid = np.ones(grid.shape, dtype=bool)
    return NativeImage(
        values=np.ascontiguousarray(values, dtype=np.float32),
        valid=valid,
        saturated=~valid,
        bands=bands[: len(values)],
        gsd_m=grid.pixel_m,
        pixel_m=grid.pixel_m,
        to_pixel=SiteToPixel.of_grid(grid, (west + east) / 2, (south + north) / 2),
    )


def scene_on(grid, name="painted", **fields) -> Scene:
    """A scene whose pixels are a grid's."""
    stated = Scene(
        id=name,
        image=Path(f"{name}.tif"),
        files=(),
        sha256="0" * 64,
        acquired=datetime(2022, 11, 30, tzinfo=UTC),
        provider="painted",
        crs=grid.crs,
        affine=(grid.pixel_m, 0, grid.west, 0, -grid.pixel_m, grid.north),
        width=grid.cols,
        height=grid.rows,
        dtype="uint16",
        gsd_m=grid.pixel_m,
        pixel_m=grid.pixel_m,
        bands={},
        band_source="description",
    )
    return replace(stated, **fields)


def seen_on(grid, values, scene, date="later", snow="none") -> Observation:
    """An observation with nothing masked, whose native pixels are a grid's."""
    image = image_on(grid, values)
    return Observation(
        date=date,
        scene=scene,
        image=image,
        raster=Raster(image.values, image.valid, grid, image.bands),
        quality=Quality.all_clear(image.valid, snow),
        site_fit=Registration(status="ok"),
    )


def observation(values, date="later", pixel_m=0.5, sun=(180.0, 35.0), **scene_fields) -> Observation:
    """An observation with nothing masked, seen exactly in the site's frame."""
    grid = grid_of(values, pixel_m)
    fields = {
        "id": f"painted_{date}",
        "image": Path(f"{date}.tif"),
        "sha256": date.ljust(64, "0"),
        "acquired": datetime(2022, 11, 30, tzinfo=UTC) + timedelta(days=1 if date == "later" else 0),
        "bands": {b: i + 1 for i, b in enumerate(BANDS[: len(values)])},
        "sun_azimuth_deg": sun[0],
        "sun_elevation_deg": sun[1],
        "off_nadir_deg": 5.0,
    }
    return seen_on(grid, values, scene_on(grid, **{**fields, **scene_fields}), date)


def straight_site(length_m=200.0, rows_m=60.0, tracks=1) -> Site:
    """A yard with straight west-east tracks 5 m apart; the first lies 30 m below the north edge."""
    y = NORTH0 - 30.0
    lines = [
        Track(
            id=f"T{k + 1}",
            line=LineString([(EAST0 + 5, y - 5 * k), (EAST0 + length_m - 5, y - 5 * k)]),
            name=f"track {k + 1}",
        )
        for k in range(tracks)
    ]
    yard = Area(
        id="yard", role="yard", polygon=box(EAST0, NORTH0 - rows_m, EAST0 + length_m, NORTH0), name="yard"
    )
    return Site(
        id="test", name="Test yard", sha256="0" * 64, crs="EPSG:32652", areas=(yard,), tracks=tuple(lines)
    )


def train_detection(site, date, from_m, to_m, cars=4, track="T1", grade="detected") -> Detection:
    line = next(t.line for t in site.tracks if t.id == track)
    step = (to_m - from_m) / cars
    stock = tuple(
        Vehicle(
            from_m=from_m + k * step + 0.5,
            to_m=from_m + (k + 1) * step - 0.5,
            type="box",
            colour="grey",
            confidence=0.9,
        )
        for k in range(cars)
    )
    from shapely.ops import substring

    return Detection(
        id=f"{date}-train-{track}-{from_m:.0f}",
        date=date,
        kind="train",
        area="yard",
        track=track,
        geometry=substring(line, from_m, to_m).buffer(1.6, cap_style="flat"),
        confidence=0.95,
        grade=grade,
        observed_fraction=1.0,
        from_m=from_m,
        to_m=to_m,
        length_m=Interval.around(to_m - from_m, 2.0),
        cars=Interval(cars, cars - 1, cars + 1),
        rolling_stock=stock,
    )


def thing(kind, date, geometry, name=None, **fields) -> Detection:
    """A detection that is sure and was wholly seen."""
    stated = {"area": "yard", "confidence": 0.9, "grade": "detected", "observed_fraction": 1.0}
    return Detection(
        id=name or f"{date}-{kind}-1", date=date, kind=kind, geometry=geometry, **{**stated, **fields}
    )


def change_of(item, change, **fields) -> Finding:
    """A finding of one detection, with its values."""
    stated = {
        "id": f"finding-{item.id}",
        "area": item.area,
        "track": item.track,
        "earlier": item.id if item.date == "earlier" else None,
        "later": item.id if item.date == "later" else None,
        "amount": item.area_m2,
        "unit": "m2",
        "confidence": item.confidence,
        "grade": item.grade,
        "statement": "",
        "geometry": item.geometry,
        "observed_fraction": 1.0,
    }
    return Finding(kind=item.kind, change=change, **{**stated, **fields})
