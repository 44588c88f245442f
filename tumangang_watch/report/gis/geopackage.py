"""Findings, detections and areas as one GeoPackage that a GIS opens drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from shapely.geometry.base import BaseGeometry

from tumangang_watch.geopackage import write_geopackage
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.report.geography import lonlat
from tumangang_watch.report.gis.rows import (
    AREA_FIELDS,
    DETECTION_FIELDS,
    FINDING_FIELDS,
    SPAN,
    Fields,
    Row,
    area_row,
    detection_row,
    finding_properties,
    span_of,
)
from tumangang_watch.report.gis.styles import TABLE, report_styles, write_styles
from tumangang_watch.text import xml_text

_UTC = 100
"""GDAL's code for UTC in a date-time field."""


def write_gpkg(comparison: Comparison, report: ReportDocument, folder: Path) -> None:
    """Write ``findings.gpkg``: layers findings, detections and areas, times as fields."""
    path = folder / "findings.gpkg"
    span = span_of(report)
    layers = (
        (
            "findings",
            FINDING_FIELDS,
            [finding_properties(f, report) for f in report["findings"]],
            {f.id: f.geometry for f in comparison.findings},
        ),
        (
            "detections",
            DETECTION_FIELDS,
            [detection_row(d, report) for d in report["detections"]],
            {d.id: d.geometry for d in comparison.detections},
        ),
        (
            "areas",
            AREA_FIELDS,
            [area_row(a, report) for a in report["areas"]],
            {a.id: a.polygon for a in comparison.site.areas},
        ),
    )
    styles = report_styles(one_date=comparison.earlier is None)

    def write(file: Path) -> None:
        for name, fields, rows, shapes in layers:
            placed = {key: lonlat(shape, comparison.site.crs) for key, shape in shapes.items()}
            _write_layer(file, name, fields, rows, placed)
        write_styles(file, styles, span[1])

    counts = {name: len(rows) for name, _, rows, _ in layers}
    write_geopackage(path, span[1], {**counts, TABLE: len(styles)}, write)


def _write_layer(
    path: Path, name: str, fields: Fields, rows: list[Row], placed: dict[str, BaseGeometry]
) -> None:
    """Append one layer; polygons are stored as multipolygons so that a layer has one type."""
    geometries = [placed.get(str(row["id"])) for row in rows]
    geometries = [None if g is None else polygons(g) for g in geometries]
    columns, masks = zip(*(_column(rows, field, kind) for field, kind in fields.items()), strict=True)
    pyogrio.raw.write(
        path,
        np.array([None if g is None else shapely.to_wkb(g) for g in geometries], dtype=object),
        list(columns),
        list(fields),
        field_mask=list(masks),
        driver="GPKG",
        layer=name,
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        append=path.exists(),
        VERSION="1.3",
        DATETIME_PRECISION="MILLISECOND",
        gdal_tz_offsets={name: np.full(len(rows), _UTC, np.int8) for name in SPAN},
    )


def polygons(shape: BaseGeometry) -> shapely.MultiPolygon:
    """Return all polygons of a shape as one multipolygon: a layer has one type."""
    parts = [p for part in shapely.get_parts(shape) for p in shapely.get_parts(part)]
    return shapely.MultiPolygon([p for p in parts if p.geom_type == "Polygon" and not p.is_empty])


def _column(rows: Sequence[Row], field: str, kind: str) -> tuple[Any, Any]:
    """Return a field's values and the mask of its nulls."""
    values = [row[field] for row in rows]
    null = np.array([v is None for v in values], dtype=bool)
    if kind == "time":
        return np.array([str(v).rstrip("Z") for v in values], dtype="datetime64[ms]"), null
    if kind == "number":
        return np.array([0.0 if v is None else v for v in values], dtype=np.float64), null
    return np.array(["" if v is None else xml_text(str(v)) for v in values], dtype=object), null
