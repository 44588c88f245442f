"""Findings as a GeoPackage that a reader answers in a GIS: evidence to look at, columns to fill in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely

from tumangang_watch.model.detection import COLOURS, VEHICLE_TYPES
from tumangang_watch.settings.records import REASONS
from tumangang_watch.text import xml_text

Row = dict[str, Any]
Fields = dict[str, str]
"""Name of each column and its kind: text, number or time."""
_MEASURES = [f"{m}{s}" for m in ("length_m", "cars", "area_m2") for s in ("", "_low", "_high")]
_COMMON: Fields = {
    **dict.fromkeys(("acquired", "earlier_acquired"), "time"),
    **dict.fromkeys(("kind", "grade"), "text"),
    "confidence": "number",
    **dict.fromkeys(("statement", "area", "track"), "text"),
}
ANSWER: Fields = {
    **dict.fromkeys(("verdict", "reason", "remark", "new_cars"), "text"),
    **dict.fromkeys(("new_from_m", "new_to_m"), "number"),
    **dict.fromkeys(("new_track", "new_kind", "new_colours", "new_types", "new_area_m2"), "text"),
}
"""What a reader fills in."""
_END: Fields = dict.fromkeys(("caveats", "report", "id", "key", "answer_before", "export"), "text")
EVIDENCE: dict[str, Fields] = {
    "findings": {
        **_COMMON,
        "change": "text",
        **dict.fromkeys(("amount", "amount_low", "amount_high"), "number"),
        "unit": "text",
        **_END,
    },
    "detections": {
        **_COMMON,
        **dict.fromkeys(("from_m", "to_m", *_MEASURES), "number"),
        **dict.fromkeys(("colours", "types"), "text"),
        **_END,
    },
}
"""What a reader looks at."""
MISSED: Fields = {
    **dict.fromkeys(("report", "kind", "area", "track"), "text"),
    **dict.fromkeys(("from_m", "to_m"), "number"),
    **dict.fromkeys(("cars", "colours", "types", "area_m2", "reason", "remark"), "text"),
}
"""What a reader draws and fills in that the detector missed."""
AREAS: Fields = {
    **dict.fromkeys(("key", "report"), "text"),
    "acquired": "time",
    **dict.fromkeys(("area", "role", "status", "complete", "remark", "answer_before", "export"), "text"),
}
_WORDS = {
    "verdict": {
        "accepted": "it is so",
        "rejected": "it is not so",
        "corrected": "it is so, but as given here",
    },
    "reason": {name: reason.words for name, reason in REASONS.items()},
    "kind": {"train": "a train", "cargo": "goods", "handling_area": "worked surface"},
    "complete": {"yes": "I looked over the whole area: nothing else is there"},
}
_TITLES = {
    "verdict": "accepted, rejected or corrected; empty: no answer",
    "reason": "why; a rejection needs one",
    "remark": "in your own words; needed where the reason is other",
    "new_cars": "how many vehicles: 7 or 6-7",
    "new_from_m": "where it begins along its track, metres; or move the outline",
    "new_to_m": "where it ends along its track, metres; or move the outline",
    "new_track": "the track it stands on",
    "new_kind": "what it is",
    "new_colours": f"one a vehicle, by commas; red*3 stands for three. Known: {', '.join(COLOURS)}",
    "new_types": f"one a vehicle, by commas; box*3 stands for three. Known: {', '.join(VEHICLE_TYPES)}",
    "new_area_m2": "square metres: 120 or 100-140",
    "complete": "yes where you looked over the whole area and nothing else is there",
    "answer_before": "your answer when this was exported; leave it",
    "export": "names this export; leave it",
    "key": "names what is judged; leave it, and leave it empty in what you add",
}
_DOMAINS = {
    "verdict": "verdict",
    "reason": "reason",
    "new_kind": "kind",
    "kind": "kind",
    "complete": "complete",
}
_UTC = 100
"""GDAL's code for UTC in a date-time field."""


def write_review_gpkg(path: Path, layers: Mapping[str, Sequence[tuple[Row, Row | None]]]) -> None:
    """Write the layers findings, detections, missed and areas.

    Parameters
    ----------
    path : Path
        The file to make; it must not exist.
    layers : mapping
        By layer, rows with their outline (GeoJSON lon/lat) or None.
    """
    for name in ("findings", "detections"):
        # What is looked at first and what is filled in stand beside each other in a table of attributes.
        _write(path, name, layers.get(name, ()), {**_COMMON, **ANSWER, **EVIDENCE[name]}, "Unknown")
    _write(path, "missed", (), MISSED, "Unknown")
    _write(path, "areas", layers.get("areas", ()), AREAS, None)
    _describe(path, {row["report"]: row["acquired"] for row, _ in layers.get("areas", ())})


def _write(
    path: Path, name: str, rows: Sequence[tuple[Row, Row | None]], fields: Fields, geometry: str | None
) -> None:
    columns, masks = [], []
    for field, kind in fields.items():
        values = [row.get(field) for row, _ in rows]
        masks.append(np.array([v is None for v in values], dtype=bool))
        columns.append(_column(values, kind))
    outlines = None
    if geometry is not None:
        shapes = [None if g is None else shapely.from_geojson(json.dumps(g)).wkb for _, g in rows]
        outlines = np.array(shapes, dtype=object)
    pyogrio.raw.write(
        path,
        outlines,
        columns,
        list(fields),
        field_mask=masks,
        layer=name,
        driver="GPKG",
        append=path.exists(),
        geometry_type=geometry,
        crs=None if geometry is None else "EPSG:4326",
        gdal_tz_offsets={
            f: np.full(len(rows), _UTC, np.int8) for f, kind in fields.items() if kind == "time"
        },
    )


def _column(values: list[Any], kind: str) -> Any:
    if kind == "time":
        moments = ["1970-01-01" if v is None else v.rstrip("Z") for v in values]
        return np.array(moments, dtype="datetime64[ms]")
    if kind == "number":
        return np.array([0.0 if v is None else v for v in values], dtype=np.float64)
    return np.array(["" if v is None else xml_text(str(v)) for v in values], dtype=object)


def _describe(path: Path, reports: Mapping[str, str]) -> None:
    """Say what each column is for and which values it takes (the Schema extension of GeoPackage 1.3)."""
    domains = {**_WORDS, "report": dict(reports)}
    definition = "http://www.geopackage.org/spec130/#extension_schema"
    connection = sqlite3.connect(path)
    try:
        with connection:
            connection.execute(
                """CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT,
                   extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
                   CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"""
            )
            connection.execute(
                """CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
                   name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,
                   CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
                   CONSTRAINT gdc_tn UNIQUE (table_name, name))"""
            )
            connection.execute(
                """CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL,
                   constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
                   max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
                   CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))"""
            )
            for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
                connection.execute(
                    "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
                    (table, definition),
                )
            for name, words in domains.items():
                connection.executemany(
                    """INSERT INTO gpkg_data_column_constraints
                       VALUES (?, 'enum', ?, NULL, NULL, NULL, NULL, ?)""",
                    [(f"review_{name}", value, text) for value, text in words.items()],
                )
            connection.executemany(
                "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, NULL, ?, NULL, ?)", list(_column_rows())
            )
    finally:
        connection.close()


def _column_rows() -> list[tuple[str, str, str, str | None, str | None]]:
    layers = {
        **{name: {**fields, **ANSWER} for name, fields in EVIDENCE.items()},
        "missed": MISSED,
        "areas": AREAS,
    }
    rows = []
    for layer, fields in layers.items():
        for field in fields:
            free = field in ANSWER or layer == "missed" or field == "complete"
            domain = f"review_{_DOMAINS[field]}" if field in _DOMAINS and free else None
            if (layer, field) == ("missed", "report"):
                domain = "review_report"
            title = _TITLES.get(field) or _TITLES.get(f"new_{field}" if layer == "missed" else field)
            if title or domain:
                rows.append((layer, field, field, title, domain))
    return rows
