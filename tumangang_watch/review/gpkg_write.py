"""Write findings as a GeoPackage that a reader answers in a GIS: evidence to look at, columns to fill in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tumangang_watch.archive.export import Cell
from tumangang_watch.archive.layers import ColumnKind, write_layer
from tumangang_watch.geopackage import write_geopackage
from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.model.review import REASONS
from tumangang_watch.model.words import COLOURS, VEHICLE_TYPES
from tumangang_watch.report.gis.styles import DRAWN, TABLE, LayerStyle, OutlineRule, write_styles
from tumangang_watch.report.palette import OUTLINE_COLOURS


@dataclass(frozen=True)
class Column:
    """One column of a layer."""

    kind: ColumnKind = "text"
    title: str | None = None
    """What a person fills in, in a form."""
    domain: str | None = None
    """Which values it takes; see `DOMAINS`."""


Columns = dict[str, Column]
TEXT, NUMBER, TIME = Column(), Column("number"), Column("time")
DOMAINS: dict[str, dict[str, str]] = {
    "verdict": {
        "accepted": "it is so",
        "rejected": "it is not so",
        "corrected": "it is so, but as given here",
    },
    "reason": {name: reason.words for name, reason in REASONS.items()},
    "kind": {"train": "a train", "cargo": "goods", "handling_area": "worked surface"},
    "complete": {"yes": "I looked over the whole area: nothing else is there"},
}
"""Values with their meaning; ``report`` is filled with the reports of the export."""
_REASON = Column(title="why; a rejection needs one", domain="reason")
_REMARK = Column(title="in your own words; needed where the reason is other")
_BEGINS = "where it begins along its track, metres; or move the outline"
_ENDS = "where it ends along its track, metres; or move the outline"
_VALUES: Columns = {
    "cars": Column(title="how many vehicles: 7 or 6-7"),
    "from_m": Column("number", _BEGINS),
    "to_m": Column("number", _ENDS),
    "track": Column(title="the track it stands on"),
    "kind": Column(title="what it is", domain="kind"),
    "colours": Column(title=f"one a vehicle, by commas; red*3 stands for three. Known: {', '.join(COLOURS)}"),
    "types": Column(
        title=f"one a vehicle, by commas; box*3 stands for three. Known: {', '.join(VEHICLE_TYPES)}"
    ),
    "area_m2": Column(title="square metres: 120 or 100-140"),
}
_KEY = Column(title="names what is judged; leave it, and leave it empty in what you add")
_BEFORE = Column(title="your answer when this was exported; leave it")
_EXPORT = Column(title="names this export; leave it")
ANSWER: Columns = {
    "verdict": Column(title="accepted, rejected or corrected; empty: no answer", domain="verdict"),
    "reason": _REASON,
    "remark": _REMARK,
    **{f"new_{name}": column for name, column in _VALUES.items()},
}
"""What a reader fills in."""
_COMMON: Columns = {
    **dict.fromkeys(("acquired", "earlier_acquired"), TIME),
    **dict.fromkeys(("kind", "grade"), TEXT),
    "confidence": NUMBER,
    **dict.fromkeys(("statement", "mark", "area", "track"), TEXT),
}
_END: Columns = {
    **dict.fromkeys(("caveats", "report", "id"), TEXT),
    "key": _KEY,
    "answer_before": _BEFORE,
    "export": _EXPORT,
}
_MEASURES = [f"{m}{s}" for m in ("length_m", "cars", "area_m2") for s in ("", "_low", "_high")]
EVIDENCE: dict[str, Columns] = {
    "findings": {
        **_COMMON,
        "change": TEXT,
        **dict.fromkeys(("amount", "amount_low", "amount_high"), NUMBER),
        "unit": TEXT,
        **_END,
    },
    "detections": {
        **_COMMON,
        **dict.fromkeys(("from_m", "to_m", *_MEASURES), NUMBER),
        **dict.fromkeys(("colours", "types"), TEXT),
        **_END,
    },
}
"""What a reader looks at."""
LAYERS: dict[str, Columns] = {
    # What is looked at first and what is filled in stand beside each other in a table of attributes.
    **{name: {**_COMMON, **ANSWER, **columns} for name, columns in EVIDENCE.items()},
    "missed": {
        "report": Column(domain="report"),
        "kind": _VALUES["kind"],
        "area": TEXT,
        **{n: _VALUES[n] for n in ("track", "from_m", "to_m", "cars", "colours", "types", "area_m2")},
        "reason": _REASON,
        "remark": _REMARK,
    },
    "areas": {
        "key": _KEY,
        "report": TEXT,
        "acquired": TIME,
        **dict.fromkeys(("area", "role", "status"), TEXT),
        "complete": Column(
            title="yes where you looked over the whole area and nothing else is there", domain="complete"
        ),
        "remark": _REMARK,
        "answer_before": _BEFORE,
        "export": _EXPORT,
    },
}
"""Layers of the file with their columns, in order; ``missed`` is empty, to draw in."""


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
    reports = {str(row.cells["report"]): str(row.cells["acquired"]) for row in layers.get("areas", ())}
    styles, moment = _styles(reports), max(reports.values(), default="1970-01-01T00:00:00Z")

    def write(file: Path) -> None:
        for name, fields in LAYERS.items():
            rows = layers.get(name, ())
            outlines = [None if row.outline is None else json.dumps(row.outline) for row in rows]
            kinds = {field: column.kind for field, column in fields.items()}
            cells = {field: [row.cells.get(field) for row in rows] for field in fields}
            write_layer(file, name, kinds, cells, None if name == "areas" else outlines)
        write_styles(file, styles, moment)
        with closing(sqlite3.connect(file)) as connection, connection:
            _describe(connection, {**DOMAINS, "report": reports})

    counts = {name: len(layers.get(name, ())) for name in LAYERS}
    write_geopackage(path, moment, {**counts, TABLE: len(styles)}, write)


def _styles(reports: Mapping[str, str]) -> tuple[LayerStyle, ...]:
    """Return how the layers open: what is answered already is drawn thinner, and forms offer the values."""
    domains = {**DOMAINS, "report": reports}
    lists = {
        layer: {name: domains[column.domain] for name, column in columns.items() if column.domain}
        for layer, columns in LAYERS.items()
    }
    rules = (
        OutlineRule("to be answered", '"verdict" IS NULL', OUTLINE_COLOURS["moved"]),
        OutlineRule("answered", '"verdict" IS NOT NULL', OUTLINE_COLOURS["unchanged"], "dash"),
    )
    label = "\"kind\" || coalesce(': ' || \"change\", '')"
    return (
        LayerStyle(layer="findings", rules=rules, label=label, times=("acquired",), lists=lists["findings"]),
        LayerStyle(layer="detections", rules=rules, times=("acquired",), lists=lists["detections"]),
        LayerStyle(layer="missed", rules=(OutlineRule("missed", "", DRAWN),), lists=lists["missed"]),
    )


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
