"""Small scenes as files, for the tests of the scene room."""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from affine import Affine

from tumangang_watch.scenes import SceneOptions, open_scene, read_native
from tumangang_watch.settings.scenes import ReadSettings

CRS = "EPSG:32652"
WEST, NORTH = 500_000.0, 4_700_000.0
SETTINGS = ReadSettings()
BGRN = ("blue", "green", "red", "nir")
ACQUIRED = "2022-11-30T02:10:00Z"


def north_up(pixel_m=0.5, west=WEST, north=NORTH):
    return Affine(pixel_m, 0, west, 0, -pixel_m, north)


def ground(bands=4, rows=60, cols=80, dtype="uint16", seed=1):
    """Random ground without zeros: every pixel has its own value."""
    values = np.random.default_rng(seed).integers(20, 200, (bands, rows, cols))
    return (values * (10 if np.dtype(dtype).itemsize > 1 else 1)).astype(dtype)


@contextmanager
def unhidden():
    """Let a test write files as any other program would: with masks, sidecars and every driver."""
    import rasterio

    options = {"GDAL_DISABLE_READDIR_ON_OPEN": "FALSE", "GDAL_PAM_ENABLED": "YES"}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES", **options), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield rasterio


def write(path, values=None, *, names=BGRN, colours=None, tags=None, mask=None, metadata=None, **profile):
    """Write a GeoTIFF (0.5 m, UTM 52N by default), and its Planet-style metadata where given."""
    values = ground() if values is None else values
    options = {
        "driver": "GTiff",
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "dtype": values.dtype,
        "crs": CRS,
        "transform": north_up(),
        **profile,
    }
    with unhidden() as rasterio, rasterio.open(path, "w", **options) as out:
        if colours:
            out.colorinterp = [rasterio.enums.ColorInterp[c] for c in colours]
        out.write(values)
        for k, name in enumerate((names or ())[: values.shape[0]], start=1):
            out.set_band_description(k, name)
        if tags:
            out.update_tags(**tags)
        if mask is not None:
            out.write_mask(mask)
    if metadata is not None:
        beside(path, **metadata)
    return Path(path)


def beside(path, id=None, **properties):
    """Write NAME_metadata.json beside an image."""
    facts = {"id": id or Path(path).stem, "type": "Feature", "properties": properties}
    target = Path(path).with_name(f"{Path(path).stem}_metadata.json")
    target.write_text(json.dumps(facts))
    return target


def opened(path, acquired=ACQUIRED, bands=None, latest=None, settings=SETTINGS):
    return open_scene(Path(path), SceneOptions(acquired=acquired, bands=bands, latest=latest), settings)


def box_px(left, top, right, bottom, pixel_m=0.5):
    """Site bounds of a box given in pixels of the default scene."""
    return (WEST + left * pixel_m, NORTH - bottom * pixel_m, WEST + right * pixel_m, NORTH - top * pixel_m)


def read(scene, bounds=None, crs=CRS, settings=SETTINGS):
    return read_native(scene, bounds or box_px(0, 0, scene.width, scene.height), crs, settings)
