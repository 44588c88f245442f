"""The small registered image that a site keeps of a scene it was drawn on, or that lies on it."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from tumangang_watch.model.image import NativeImage, Raster, SiteToPixel, frozen
from tumangang_watch.model.site import ReferenceScene
from tumangang_watch.plain_files import sha256_of
from tumangang_watch.scenes.harden import open_image

DARKEST, BRIGHTEST = 0.001, 0.999
"""Quantiles of brightness that are kept apart; beyond them nothing carries a registration."""
MAX_BYTES, MAX_PIXELS = 256 * 1024 * 1024, 64_000_000
"""A reference image is a few megabytes; a file of a site from elsewhere may claim anything."""


def write_reference(raster: Raster, path: Path) -> str:
    """Write a raster's brightness as an 8-bit GeoTIFF in its own grid; return the file's SHA-256.

    Square roots are kept, 1 to 255; 0 is nodata.
    """
    light, grid = raster.luminance(), raster.grid
    low, high = np.quantile(light[raster.valid], (DARKEST, BRIGHTEST))
    scaled = np.sqrt(np.clip((light - low) / max(high - low, 1e-9), 0, 1))
    values = np.where(raster.valid, 1 + np.rint(254 * scaled), 0).astype(np.uint8)
    # In memory: a write to the disk that fails can go unnoticed in GDAL, and the raster then reads as zeros.
    with MemoryFile() as file:
        with file.open(
            driver="GTiff",
            width=grid.cols,
            height=grid.rows,
            count=1,
            dtype="uint8",
            crs=grid.crs,
            nodata=0,
            transform=Affine(grid.pixel_m, 0, grid.west, 0, -grid.pixel_m, grid.north),
            compress="deflate",
            predictor=2,
            tiled=True,
            blockxsize=256,
            blockysize=256,
        ) as target:
            target.write(values, 1)
        path.write_bytes(file.read())
    with open_image(path) as written:
        if not np.array_equal(written.read(1), values):
            raise OSError(errno.EIO, "the image could not be read back", str(path))
    return sha256_of(path)


def read_reference(reference: ReferenceScene, like: NativeImage, crs: str) -> NativeImage | str:
    """Return a site's reference image, or in words why it cannot be used.

    Parameters
    ----------
    like : NativeImage
        The scene that will be registered to it: both must share the origin of registrations.
    crs : str
        The site's reference system.
    """
    path = reference.image
    name = f"the site's reference image {path.name}"
    try:
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size > MAX_BYTES:
            return f"{name} is too large to be one"
        if sha256_of(path) != reference.image_sha256:
            return f"{name} is not the one the site file was written with"
        with open_image(path) as dataset:
            if str(dataset.crs) != crs:
                return f"{name} is in {dataset.crs}, the site in {crs}"
            north_up = dataset.transform.b == dataset.transform.d == 0 < dataset.transform.a
            square = north_up and dataset.transform.e == -dataset.transform.a
            small = dataset.width * dataset.height <= MAX_PIXELS
            if not (square and small and dataset.dtypes[0] == "uint8"):
                return f"{name} is not as one is written (8 bits, north up, of up to {MAX_PIXELS:,} pixels)"
            values, transform = dataset.read(1), dataset.transform
    except Exception as error:
        return f"{name} cannot be read ({str(error)[:120]})"
    pixel = float(transform.a)
    x0, y0, scale = like.to_pixel.x0, like.to_pixel.y0, like.to_pixel.scale
    col, row = (x0 - transform.c) / pixel - 0.5, (transform.f - y0) / pixel - 0.5
    rest = (0.0,) * 7
    to_pixel = SiteToPixel(
        x0=x0,
        y0=y0,
        scale=scale,
        col_coefficients=(col, scale / pixel, 0.0, *rest),
        row_coefficients=(row, 0.0, -scale / pixel, *rest),
    )
    valid = values > 0
    light = ((values.astype(np.float32) - 1) / 254) ** 2 + np.float32(0.02)
    return NativeImage(
        values=frozen(np.where(valid, light, 0)[None].astype(np.float32)),
        valid=frozen(valid),
        saturated=frozen(values == 255),
        bands=("pan",),
        gsd_m=pixel,
        pixel_m=pixel,
        to_pixel=to_pixel,
    )
