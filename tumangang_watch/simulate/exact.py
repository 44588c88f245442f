"""A painted scene as an observation, without a file and without a fit: it lies where its truth says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage, SiteToPixel, frozen
from tumangang_watch.model.observation import Observation, Quality, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.words import DateLabel
from tumangang_watch.simulate.paint import PaintedScene


def exact_image(
    painted: PaintedScene, origin: tuple[float, float], misfit_m: tuple[float, float] = (0.0, 0.0)
) -> NativeImage:
    """Return a painted scene's native pixels, registered by the error it was painted with.

    Parameters
    ----------
    painted : PaintedScene
    origin : (float, float)
        Site metres about which registrations turn (`NativeImage.registered`).
    misfit_m : (float, float)
        Metres east and north that a fit leaves.
    """
    raw, sensor = painted.values.astype(np.float32), painted.sensor
    valid = np.asarray((raw > 0).any(axis=0))
    east, north = (e + m for e, m in zip(sensor.geolocation_error_m, misfit_m, strict=True))
    return NativeImage(
        values=frozen(raw / np.float32(255.0 if painted.values.dtype == np.uint8 else 10000.0)),
        valid=frozen(valid),
        saturated=frozen(np.zeros_like(valid)),
        bands=painted.bands,
        gsd_m=sensor.gsd_m,
        pixel_m=painted.grid.pixel_m,
        to_pixel=SiteToPixel.of_grid(painted.grid, *origin),
    ).registered((1.0, 0.0, east, 0.0, 1.0, north))


def exact_scene(painted: PaintedScene, name: str) -> Scene:
    """Return what a vendor would state of a painted scene."""
    own, sensor, day = painted.grid, painted.sensor, painted.day
    return Scene(
        id=name,
        image=Path(f"{name}.tif"),
        files=(),
        sha256="",
        acquired=day.acquired,
        provider="painter",
        crs=own.crs,
        affine=(own.pixel_m, 0.0, own.west, 0.0, -own.pixel_m, own.north),
        width=own.cols,
        height=own.rows,
        dtype=str(painted.values.dtype),
        gsd_m=sensor.gsd_m,
        pixel_m=own.pixel_m,
        bands={band: k for k, band in enumerate(painted.bands, 1)},
        band_source="painter",
        band_times_s=painted.band_times_s,
        sun_azimuth_deg=day.sun_azimuth_deg,
        sun_elevation_deg=day.sun_elevation_deg,
        off_nadir_deg=sensor.off_nadir_deg,
        view_azimuth_deg=sensor.view_azimuth_deg,
    )


def exact_observation(painted: PaintedScene, date: DateLabel, grid: Grid) -> Observation:
    """Return a painted scene on a site's grid, all of its ground clear; snow is not judged."""
    west, south, east, north = grid.bounds
    image = exact_image(painted, ((west + east) / 2, (south + north) / 2))
    raster = image.on_grid(grid)
    return Observation(
        date=date,
        scene=exact_scene(painted, date),
        image=image,
        raster=raster,
        quality=Quality.all_clear(raster.valid),
        site_fit=Registration(status="ok"),
    )
