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
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import TracebackType

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
STDERR = 2
AT_OPEN = ("GDAL_DISABLE_READDIR_ON_OPEN", "GDAL_PAM_ENABLED", "CPL_VSIL_CURL_ALLOWED_FILENAME")
"""Settings that must hold whoever used rasterio before: they hide sidecars and the network."""


class _Quiet:
    """What libraries say beside the one line of a refusal is dropped while any image is open.

    Filters of warnings and the hook are the process's, not a thread's: they are set when the first image is
    opened and put back when the last is closed. Were each to put back what it met, two threads could leave
    them set for good, or lift them for each other.

    Rasterio decodes each of GDAL's messages as UTF-8 in a callback that cannot raise; a message that quotes
    a damaged file's bytes would put lines on stderr, by two hooks: one as of an error that nobody caught, one
    as of an error that nobody can. That an image lies nowhere is told in our words.
    """

    def __init__(self) -> None:
        self._held, self._open = threading.Lock(), 0
        self._before = sys.unraisablehook, sys.excepthook
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._held:
            if self._open == 0:
                self._before = sys.unraisablehook, sys.excepthook
                sys.unraisablehook, sys.excepthook = self._unraisable, self._uncaught
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
            self._open += 1

    def __exit__(self, *_: object) -> None:
        with self._held:
            self._open -= 1
            if self._open == 0:
                self._filters.__exit__(None, None, None)
                sys.unraisablehook, sys.excepthook = self._before

    def _unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, UnicodeDecodeError):
            self._before[0](unraisable)

    def _uncaught(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if not isinstance(error, UnicodeDecodeError):
            self._before[1](kind, error, where)


_quiet = _Quiet()
_muted = threading.Lock()


@contextmanager
def _mute() -> Iterator[None]:
    """Drop what libraries write to stderr past Python, as GeoTIFF's does of damaged keys in a JPEG 2000.

    What threads of ours write meanwhile is dropped as well: it is held for no longer than an image's opening.
    """
    with _muted:
        try:
            kept = os.dup(STDERR)
        except OSError:  # There is none.
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, STDERR)
            os.close(nowhere)
            yield
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)


@contextmanager
def open_image(path: Path) -> Iterator[DatasetReader]:
    """Open a GeoTIFF, JPEG 2000 or NITF, by its first bytes, without looking at any file beside it.

    The path is made absolute, so that no file name can be taken for one of GDAL's prefixes.
    """
    place = os.path.abspath(path)
    if place.startswith("/vsi"):
        raise scene_refused(path.name, "its folder is a name GDAL keeps", "Move the scene")
    driver = driver_of(path)
    with _quiet, rasterio.Env(**{key: GDAL_SETTINGS[key] for key in AT_OPEN}):
        with _mute() if driver == "JP2OpenJPEG" else nullcontext():
            dataset = rasterio.open(place, driver=driver)
        with dataset:
            yield dataset
