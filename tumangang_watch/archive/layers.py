"""The archive as layers of a GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyogrio.raw
import shapely

from tumangang_watch.archive.export import CANNOT_EXPORT, TABLES, TIMES, Cell, Marks, by_column, marked, table
from tumangang_watch.archive.file import Archive
from tumangang_watch.files import check_file, whole_files
from tumangang_watch.geopackage import write_geopackage
from tumangang_watch.text import xml_text

_SPATIAL = ("detections", "findings", "reviews")
ColumnKind = Literal["text", "number", "whole", "time"]
_GDAL: dict[ColumnKind, tuple[str, Cell]] = {
    "text": ("object", ""),
    "number": ("float64", 0.0),
    "whole": ("int64", 0),
    "time": ("datetime64[ms]", "1970-01-01"),
}
"""Type of each kind of column, and what stands in a masked cell."""
_UTC = 100
"""GDAL's code for UTC in a date-time field."""


def export_geopackage(archive: Archive, out: Path, marks: Marks | None = None) -> list[Path]:
    """Write the archive as one GeoPackage, a layer a table; return its path.

    Parameters
    ----------
    archive : Archive
        The open archive.
    out : Path
        The file to make. It is replaced only when its successor is whole.
    marks : mapping, optional
        Adds the columns ``review`` and ``readers`` to detections and findings.

    Raises
    ------
    OutputFailed
        Nothing was written and nothing earlier was lost.
    """
    check_file(out, overwrite=True, what=CANNOT_EXPORT)
    with whole_files(out, what=CANNOT_EXPORT) as (part,):
        _write_gpkg(archive, part, marks)
    return [out]


def _write_gpkg(archive: Archive, path: Path, marks: Marks | None) -> None:
    """Write every table as a layer; detections and findings carry their outlines (lon/lat)."""
    last = archive.connection.execute("SELECT max(acquired) FROM scenes").fetchone()[0]
    tables = {}
    for name in TABLES:
        columns, rows = marked(name, table(archive, name), marks)
        tables[name] = columns, list(rows)

    def write(file: Path) -> None:
        for name, whole in tables.items():
            data = dict(by_column(*whole))
            outlines = data.pop("geometry") if name in _SPATIAL else None
            write_layer(file, name, {c: _kind(c, values) for c, values in data.items()}, data, outlines)

    moment = (last or "1970-01-01T00:00:00Z").split(".")[0].rstrip("Z") + "Z"
    write_geopackage(path, moment, {name: len(rows) for name, (_, rows) in tables.items()}, write)


def _kind(name: str, values: list[Any]) -> ColumnKind:
    present = [v for v in values if v is not None]
    if name in TIMES:
        return "time"
    if any(isinstance(v, float) for v in present):
        return "number"
    return "whole" if present and all(isinstance(v, int) for v in present) else "text"


def write_layer(
    path: Path,
    layer: str,
    kinds: Mapping[str, ColumnKind],
    cells: Mapping[str, Sequence[Cell]],
    outlines: Sequence[str | None] | None,
) -> None:
    """Add a layer to a GeoPackage, made where there is none; a cell of None stays empty.

    ``outlines`` are GeoJSON texts in lon/lat, one a row; None for a table without geometry.
    """
    data, masks = [], []
    for name, kind in kinds.items():
        (dtype, blank), values = _GDAL[kind], cells[name]
        filled = [blank if v is None else v for v in values]
        if kind in ("text", "time"):
            filled = [xml_text(str(v)) if kind == "text" else str(v).rstrip("Z") for v in filled]
        data.append(np.array(filled, dtype=dtype))
        masks.append(np.array([v is None for v in values], dtype=bool))
    shapes, geometry_type = None, None
    if outlines is not None:
        drawn = [None if o is None else shapely.from_geojson(o) for o in outlines]
        # A layer of one type can be drawn in: QGIS takes an empty one of any type for a table.
        if {g.geom_type for g in drawn if g is not None} <= {"Polygon", "MultiPolygon"}:
            drawn = [None if g is None else shapely.MultiPolygon(list(shapely.get_parts(g))) for g in drawn]
            geometry_type = "MultiPolygon"
        shapes = np.array([None if g is None else g.wkb for g in drawn], object)
    utc = np.full(len(masks[0]), _UTC, np.int8)
    pyogrio.raw.write(
        path,
        shapes,
        data,
        list(kinds),
        field_mask=masks,
        layer=layer,
        driver="GPKG",
        append=path.exists(),
        VERSION="1.3",
        DATETIME_PRECISION="MILLISECOND",
        geometry_type=None if shapes is None else geometry_type or "Unknown",
        crs=None if shapes is None else "EPSG:4326",
        gdal_tz_offsets={name: utc for name, kind in kinds.items() if kind == "time"},
    )
