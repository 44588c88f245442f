"""The scenes as they were read: clipped, aligned, in the site's frame, as cloud-optimised GeoTIFFs."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.model.observation import Observation
from tumangang_watch.text import PAINTED_NOTICE, clean_text, utc_text

RASTERS = "rasters"
BLOCK_PX = 512


def write_rasters(comparison: Comparison, _: ReportDocument, folder: Path) -> None:
    """Write ``rasters/earlier.tif`` and ``rasters/later.tif``: outlines of the report lie on them.

    Values are those that were compared: in a pair the later date is brought to the light of the earlier.
    What was not seen is NaN.

    Raises
    ------
    OSError
        What was written reads back otherwise.
    """
    (folder / RASTERS).mkdir()
    for observation in comparison.dates:
        _write(observation, folder / RASTERS / f"{observation.date}.tif")


def _write(observation: Observation, path: Path) -> None:
    raster, scene, grid = observation.raster, observation.scene, observation.raster.grid
    values = np.where(raster.valid, raster.values, np.float32(np.nan)).astype(np.float32)
    tags = {"SCENE": scene.id, "ACQUIRED": utc_text(scene.acquired), "PROVIDER": scene.provider}
    tags |= {"LICENCE": scene.licence or "not stated", "RADIOMETRY": scene.radiometry}
    tags |= {"NOTICE": PAINTED_NOTICE} if scene.painted else {}
    with rasterio.open(
        path,
        "w",
        driver="COG",
        width=grid.cols,
        height=grid.rows,
        count=len(values),
        dtype="float32",
        crs=grid.crs,
        transform=Affine(grid.pixel_m, 0.0, grid.west, 0.0, -grid.pixel_m, grid.north),
        nodata=float("nan"),
        compress="DEFLATE",
        predictor="YES",
        blocksize=BLOCK_PX,
        overviews="AUTO",
    ) as out:
        out.write(values)
        out.update_tags(**{name: clean_text(value) for name, value in tags.items()})
        for number, role in enumerate(raster.bands, start=1):
            out.set_band_description(number, role)
    with rasterio.open(path) as back:
        if not np.array_equal(back.read(), values, equal_nan=True):
            raise OSError(errno.EIO, "reads back otherwise than it was written", path.name)
