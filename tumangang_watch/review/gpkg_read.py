"""Read back a GeoPackage that a reader answered in a GIS. The file is not trusted, and not touched."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from tumangang_watch.errors import Busy, InputRefused, UsageError, WatchError
from tumangang_watch.geopackage import tamed_tables

_MAGIC = b"SQLite format 3\0"
_SIDES = ("-wal", "-journal")
"""What a program that still has the file open, or was killed, leaves beside it; parts of its content."""
_TODO = "Save it in the GIS, close it there, and give that file"
MAX_IMPORT_MB = 512
"""Largest GeoPackage that is read back."""
MAX_LAYERS = 100
"""`review export` writes three; a GIS may have added some. GDAL takes time by their square."""
_EMPTY = ("", "null", "nan", "none")


@dataclass(frozen=True)
class EditedRow:
    """One row as it came back."""

    layer: str
    fid: int
    values: dict[str, str | float | None]
    """Text, float or None by column; times as ISO 8601 without zone."""
    outline: BaseGeometry | None
    """In lon/lat."""

    @property
    def where(self) -> str:
        """How a person finds it."""
        return f"{self.layer}, row {self.fid}"

    def text(self, name: str) -> str | None:
        """Return a column's text; None where it is empty or missing."""
        value = self.values.get(name)
        if value is None:
            return None
        tidy = f"{value:g}" if isinstance(value, float) else str(value).strip()
        return None if tidy.lower() in _EMPTY else tidy

    def number(self, name: str) -> float | None:
        """Return a column's number; None where it is empty or missing."""
        text = self.text(name)
        try:
            return None if text is None else float(self.values[name] or 0.0)
        except ValueError as error:
            raise UsageError("not a number", name, repr(text), "Give metres along the track") from error


def read_rows(path: Path) -> list[EditedRow]:
    """Return the rows of every layer that has a column ``verdict``, ``complete`` or ``reason``.

    Layers are known by their columns, so that renamed ones are read too.

    Raises
    ------
    InputRefused
        It is no GeoPackage, not whole, too large, or holds no such layer.
    Busy
        It changed while it was read.
    """
    with _own_copy(path) as copy:
        tables = _tables(copy, path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _edited(copy, tables, path)
        except WatchError:
            raise
        except Exception as error:  # What GDAL's bindings raise for a damaged file is not theirs alone.
            raise _refused(
                path, str(error).splitlines()[0][:200] if str(error) else "cannot be read"
            ) from error


def _refused(path: Path, why: str) -> InputRefused:
    return InputRefused("review file refused", path, why, _TODO)


@contextmanager
def _own_copy(path: Path) -> Iterator[Path]:
    """Yield a private copy with what an open GIS keeps beside the file folded in."""
    beside = [path.with_name(path.name + side) for side in _SIDES]
    parts = [path, *(p for p in beside if p.is_file())]
    if not path.is_file():
        raise _refused(path, "it is not a file" if os.path.lexists(path) else "there is no such file")
    with tempfile.TemporaryDirectory(prefix="tumangang-review-") as folder:
        try:
            before = [_stamp(p) for p in parts]
            if sum(size for size, _ in before) > MAX_IMPORT_MB * 2**20:
                raise _refused(path, f"it is larger than {MAX_IMPORT_MB} MB")
            with path.open("rb") as file:
                if file.read(16) != _MAGIC:
                    raise _refused(path, "it is empty" if not before[0][0] else "it is no GeoPackage")
            for part in parts:
                shutil.copyfile(part, Path(folder) / part.name)
            if [_stamp(p) for p in parts] != before:
                raise Busy("review file is busy", path, "it is being written", "Save it, then try again")
        except OSError as error:
            raise _refused(path, error.strerror or str(error)) from error
        yield Path(folder) / path.name


def _stamp(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


def _tables(copy: Path, path: Path) -> set[str]:
    """Return the names of the tables of a copy that is whole and runs nothing."""
    try:
        tables = tamed_tables(copy)
    except (sqlite3.Error, UnicodeError) as error:
        raise _refused(path, f"it is damaged ({error})") from error
    except ValueError as error:
        raise _refused(path, str(error)) from error
    if "gpkg_contents" not in tables:
        raise _refused(path, "it is no GeoPackage")
    return tables


def _edited(copy: Path, tables: set[str], path: Path) -> list[EditedRow]:
    found: list[EditedRow] = []
    known = False
    layers = pyogrio.list_layers(copy)
    if len(layers) > MAX_LAYERS:
        raise _refused(path, f"it has {len(layers)} layers, more than {MAX_LAYERS}")
    for name, _ in layers:
        fields = set(pyogrio.read_info(copy, layer=name)["fields"])
        if name in tables and (fields & {"verdict", "complete"} or {"reason", "report"} <= fields):
            known = True
            found += _rows(copy, str(name))
    if not known:
        raise _refused(path, "it holds no layer that `review export` made")
    return found


def _rows(copy: Path, name: str) -> list[EditedRow]:
    meta, fids, outlines, columns = pyogrio.raw.read(copy, layer=name, return_fids=True)
    with np.errstate(invalid="ignore"):
        read = None if outlines is None else shapely.from_wkb(outlines, on_invalid="ignore")
    shapes = [None] * len(fids) if read is None else list(read)
    placed = _to_lonlat(shapes, meta.get("crs"))
    names = [str(n) for n in meta["fields"]]
    return [
        EditedRow(
            name,
            int(fid),
            {n: _value(columns[c][k]) for c, n in enumerate(names)},
            None if placed[k] is None or placed[k].is_empty else _single(placed[k]),
        )
        for k, fid in enumerate(fids)
    ]


def _single(shape: BaseGeometry) -> BaseGeometry:
    """Return the only part of a shape of one part: a layer of multipolygons makes every outline one."""
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 else shape


def _value(value: Any) -> str | float | None:
    """Return text, float or None of what the file's column holds."""
    if value is None or (isinstance(value, np.datetime64) and np.isnat(value)):
        return None
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[s]"))
    if isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
        number = float(value)
        return number if math.isfinite(number) else None
    return str(value)


def _to_lonlat(shapes: list[Any], crs: str | None) -> list[Any]:
    """Return outlines in lon/lat, two-dimensional; a layer may have been saved in another system."""
    if not any(s is not None for s in shapes):
        return shapes
    if crs is None:
        raise ValueError("a layer does not say its coordinate reference system")
    try:
        system = CRS.from_user_input(crs)
        flat = [None if s is None else shapely.force_2d(s) for s in shapes]
        if system.equals(CRS.from_epsg(4326), ignore_axis_order=True):
            return flat
        transformer = Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    except ProjError as error:
        raise ValueError(f"unknown coordinate reference system ({crs[:40]})") from error

    def project(xy: Any) -> Any:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return [None if s is None else shapely.transform(s, project) for s in flat]
