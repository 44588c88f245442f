"""Keep GDAL from following, fetching or writing anything but the one file it is given.

The set was verified against disguised VRT, MRF and WMS files and hostile sidecars
(docs/sources.md, hostile files).
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from rasterio.io import DatasetReader

from tumangang_watch.errors import scene_refused
from tumangang_watch.scenes.container import driver_of

GDAL_SETTINGS = {
    "GDAL_SKIP": "VRT,MRF,WMS,WCS,WMTS,HTTP,STACIT,STACTA,GTI,PLMOSAIC,GDALG",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_TIMEOUT": "3",
    "GDAL_HTTP_CONNECTTIMEOUT": "2",
    "GDAL_CACHEMAX": "64",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "PROJ_NETWORK": "OFF",
}
os.environ.update(GDAL_SETTINGS)
AT_OPEN = ("GDAL_DISABLE_READDIR_ON_OPEN", "GDAL_PAM_ENABLED", "CPL_VSIL_CURL_ALLOWED_FILENAME")
"""Settings that must hold whoever used rasterio before: they hide sidecars and the network."""


@contextmanager
def _unreadable_messages_dropped() -> Iterator[None]:
    """Keep rasterio's log quiet about GDAL messages that quote a damaged file's bytes.

    Rasterio decodes each message as UTF-8 in a callback that cannot raise; a message that
    quotes other bytes would put a traceback on stderr beside the one line of the refusal.
    """
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, UnicodeDecodeError):
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def open_image(path: Path) -> Iterator[DatasetReader]:
    """Open a GeoTIFF, JPEG 2000 or NITF, by its first bytes, without looking at any file beside it.

    The path is made absolute, so that no file name can be taken for one of GDAL's prefixes.
    """
    place = os.path.abspath(path)
    if place.startswith("/vsi"):
        raise scene_refused(path.name, "its folder is a name GDAL keeps", "Move the scene")
    with (
        warnings.catch_warnings(),
        _unreadable_messages_dropped(),
        rasterio.Env(**{key: GDAL_SETTINGS[key] for key in AT_OPEN}),
    ):
        warnings.simplefilter("ignore")
        with rasterio.open(place, driver=driver_of(path)) as dataset:
            yield dataset
