"""Keep GDAL from following, fetching or writing anything but the one file it is given.

The set was verified against disguised VRT, MRF and WMS files and hostile sidecars
(docs/sources.md, hostile files).
"""

from __future__ import annotations

import os
import sys
import threading
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


class _Quiet:
    """What libraries say beside the one line of a refusal is dropped while any image is open.

    Filters of warnings and the hook are the process's, not a thread's: they are set when the first image is
    opened and put back when the last is closed. Were each to put back what it met, two threads could leave
    them set for good, or lift them for each other.

    Rasterio decodes each of GDAL's messages as UTF-8 in a callback that cannot raise; a message that quotes
    a damaged file's bytes would put a traceback on stderr. That an image lies nowhere is told in our words.
    """

    def __init__(self) -> None:
        self._held, self._open = threading.Lock(), 0
        self._before = sys.unraisablehook
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._held:
            if self._open == 0:
                self._before, sys.unraisablehook = sys.unraisablehook, self._hook
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
            self._open += 1

    def __exit__(self, *_: object) -> None:
        with self._held:
            self._open -= 1
            if self._open == 0:
                self._filters.__exit__(None, None, None)
                sys.unraisablehook = self._before

    def _hook(self, unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, UnicodeDecodeError):
            self._before(unraisable)


_quiet = _Quiet()


@contextmanager
def open_image(path: Path) -> Iterator[DatasetReader]:
    """Open a GeoTIFF, JPEG 2000 or NITF, by its first bytes, without looking at any file beside it.

    The path is made absolute, so that no file name can be taken for one of GDAL's prefixes.
    """
    place = os.path.abspath(path)
    if place.startswith("/vsi"):
        raise scene_refused(path.name, "its folder is a name GDAL keeps", "Move the scene")
    with (
        _quiet,
        rasterio.Env(**{key: GDAL_SETTINGS[key] for key in AT_OPEN}),
        rasterio.open(place, driver=driver_of(path)) as dataset,
    ):
        yield dataset
