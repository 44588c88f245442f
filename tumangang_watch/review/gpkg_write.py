"""Write findings as a GeoPackage that a reader answers in a GIS: evidence to look at, columns to fill in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.review.columns import DOMAINS, LAYERS, ColumnKind
from tumangang_watch.text import xml_text

Cell = str | float | None
_UTC = 100
"""GDAL's code for UTC in a date-time field."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT,
   extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
   CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
   name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,
   CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
   CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL,
   constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
   max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
   CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
"""Tables of the Schema extension (GeoPackage 1.3)."""


@dataclass(frozen=True)
class LayerRow:
    """One row of a layer."""

    cells: dict[str, Cell]
    outline: GeometryDocument | None = None
    """In lon/lat."""


def write_review_gpkg(path: Path, layers: Mapping[str, Sequence[LayerRow]]) -> None:
    """Write the layers of `LAYERS` to a file that must not exist yet."""
    for name in LAYERS:
        _write(path, name, layers.get(name, ()))
    reports = {str(row.cells["report"]): str(row.cells["acquired"]) for row in layers.get("areas", ())}
    connection = sqlite3.connect(path)
    try:
        with connection:
            _describe(connection, {**DOMAINS, "report": reports})
    finally:
        connection.close()


def _write(path: Path, name: str, rows: Sequence[LayerRow]) -> None:
    fields, spatial = LAYERS[name], name != "areas"
    table = [[row.cells.get(field) for row in rows] for field in fields]
    shapes = [None if r.outline is None else shapely.from_geojson(json.dumps(r.outline)).wkb for r in rows]
    pyogrio.raw.write(
        path,
        np.array(shapes, dtype=object) if spatial else None,
        [_column(values, field.kind) for values, field in zip(table, fields.values(), strict=True)],
        list(fields),
        field_mask=[np.array([v is None for v in values], dtype=bool) for values in table],
        layer=name,
        driver="GPKG",
        append=path.exists(),
        geometry_type="Unknown" if spatial else None,
        crs="EPSG:4326" if spatial else None,
        gdal_tz_offsets={f: np.full(len(rows), _UTC, np.int8) for f, c in fields.items() if c.kind == "time"},
    )


def _column(values: list[Cell], kind: ColumnKind) -> NDArray[Any]:
    if kind == "time":
        moments = ["1970-01-01" if v is None else str(v).rstrip("Z") for v in values]
        return np.array(moments, dtype="datetime64[ms]")
    if kind == "number":
        return np.array([0.0 if v is None else v for v in values], dtype=np.float64)
    return np.array(["" if v is None else xml_text(str(v)) for v in values], dtype=object)


def _describe(connection: sqlite3.Connection, domains: Mapping[str, Mapping[str, str]]) -> None:
    """Say what each column is for and which values it takes."""
    for statement in _SCHEMA.split(";\n"):
        connection.execute(statement)
    connection.executemany(
        """INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema',
           'http://www.geopackage.org/spec130/#extension_schema', 'read-write')""",
        [("gpkg_data_columns",), ("gpkg_data_column_constraints",)],
    )
    connection.executemany(
        """INSERT INTO gpkg_data_column_constraints
           VALUES (?, 'enum', ?, NULL, NULL, NULL, NULL, ?)""",
        [(f"review_{name}", value, text) for name, words in domains.items() for value, text in words.items()],
    )
    connection.executemany(
        "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, NULL, ?, NULL, ?)",
        [
            (layer, name, name, column.title, column.domain and f"review_{column.domain}")
            for layer, columns in LAYERS.items()
            for name, column in columns.items()
            if column.title or column.domain
        ],
    )
