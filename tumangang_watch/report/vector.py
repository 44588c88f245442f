"""Findings as maps: GeoJSON, GeoPackage and KMZ."""

from __future__ import annotations

import html
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from shapely.geometry.base import BaseGeometry

from tumangang_watch.files import json_text
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import AreaDocument, DetectionDocument, FindingDocument, ReportDocument
from tumangang_watch.report.geography import lonlat
from tumangang_watch.report.palette import CHANGE_COLOURS
from tumangang_watch.text import xml_text

Row = dict[str, object]
Fields = dict[str, str]
"""Name of each field and its kind: text, number or time."""
_AMOUNT = ("amount", "amount_low", "amount_high")
_SPAN: Fields = dict.fromkeys(("begin", "end"), "time")
FINDING_FIELDS: Fields = {
    **dict.fromkeys(("id", "kind", "change", "grade"), "text"),
    "confidence": "number",
    **dict.fromkeys(("statement", "area", "track", "earlier", "later"), "text"),
    **dict.fromkeys(_AMOUNT, "number"),
    "unit": "text",
    "observed_fraction": "number",
    **_SPAN,
    "caveats": "text",
}
_BOUNDS: tuple[tuple[Literal["estimate", "low", "high"], str], ...] = (
    ("estimate", ""),
    ("low", "_low"),
    ("high", "_high"),
)
_Measure = Literal["length_m", "cars", "area_m2", "height_m"]
_MEASURED: tuple[_Measure, ...] = get_args(_Measure)
_MEASURES = [f"{name}{suffix}" for name in _MEASURED for _, suffix in _BOUNDS]
DETECTION_FIELDS: Fields = {
    **dict.fromkeys(("id", "date", "kind", "label", "area", "track"), "text"),
    **dict.fromkeys(("from_m", "to_m", *_MEASURES), "number"),
    **dict.fromkeys(("rolling_stock", "colour", "grade"), "text"),
    **dict.fromkeys(("confidence", "observed_fraction"), "number"),
    **_SPAN,
    "caveats": "text",
}
AREA_FIELDS: Fields = {
    **dict.fromkeys(("id", "name", "role", "status"), "text"),
    **dict.fromkeys(("observed_earlier", "observed_later"), "number"),
    "reasons": "text",
    **_SPAN,
}
KML = "http://www.opengis.net/kml/2.2"
KMZ_NOTE = (
    "Findings between the two acquisition dates. If only some show, open the time slider fully: "
    "every finding spans the time between the two scenes."
)
_UTC = 100
"""GDAL's code for UTC in a date-time field."""


def span_of(report: ReportDocument) -> tuple[str, str]:
    """Return the report's first and last acquisition time (ISO 8601, UTC)."""
    times = [scene["acquired"] for scene in report["scenes"].values()]
    return min(times), max(times)


def finding_properties(finding: FindingDocument, report: ReportDocument) -> Row:
    """Return a finding of ``report.json`` as one flat row."""
    amount = finding["amount"]
    row: Row = {**finding, "unit": amount["unit"], "caveats": "; ".join(finding["caveats"])}
    row |= zip(_AMOUNT, (amount["estimate"], amount["low"], amount["high"]), strict=True)
    row |= zip(_SPAN, span_of(report), strict=True)
    return {name: row[name] for name in FINDING_FIELDS}


def write_geojson(_: Comparison, report: ReportDocument, folder: Path) -> None:
    """Write ``findings.geojson`` (RFC 7946): one feature a finding, flat properties."""
    features = [
        {
            "type": "Feature",
            "id": finding["id"],
            "geometry": finding["geometry"],
            "properties": finding_properties(finding, report),
        }
        for finding in report["findings"]
    ]
    text = json_text({"type": "FeatureCollection", "features": features}, indent=1)
    (folder / "findings.geojson").write_text(text, encoding="utf-8", newline="\n")


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
            [_detection_row(d, report) for d in report["detections"]],
            {d.id: d.geometry for d in comparison.detections},
        ),
        (
            "areas",
            AREA_FIELDS,
            [_area_row(a, span) for a in report["areas"]],
            {a.id: a.polygon for a in comparison.site.areas},
        ),
    )
    # The file's own time stamps: without a fixed date the bytes differ from run to run.
    option = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(option)
    pyogrio.set_gdal_config_options({option: span[1] if "." in span[1] else span[1].replace("Z", ".000Z")})
    try:
        for name, fields, rows, shapes in layers:
            placed = {key: lonlat(shape, comparison.site.crs) for key, shape in shapes.items()}
            _write_layer(path, name, fields, rows, placed)
    finally:
        pyogrio.set_gdal_config_options({option: before})


def _write_layer(
    path: Path, name: str, fields: Fields, rows: list[Row], placed: dict[str, BaseGeometry]
) -> None:
    """Append one layer; polygons are stored as multipolygons so that a layer has one type."""
    geometries = [placed.get(str(row["id"])) for row in rows]
    geometries = [shapely.MultiPolygon([g]) if isinstance(g, shapely.Polygon) else g for g in geometries]
    kinds = {g.geom_type for g in geometries if g is not None and not g.is_empty}
    columns, masks = zip(*(_column(rows, field, kind) for field, kind in fields.items()), strict=True)
    pyogrio.raw.write(
        path,
        np.array([None if g is None else shapely.to_wkb(g) for g in geometries], dtype=object),
        list(columns),
        list(fields),
        field_mask=list(masks),
        driver="GPKG",
        layer=name,
        geometry_type="MultiPolygon" if kinds <= {"MultiPolygon"} else "Unknown",
        crs="EPSG:4326",
        append=path.exists(),
        gdal_tz_offsets={name: np.full(len(rows), _UTC, np.int8) for name in _SPAN},
    )


def _column(rows: Sequence[Row], field: str, kind: str) -> tuple[Any, Any]:
    """Return a field's values and the mask of its nulls."""
    values = [row[field] for row in rows]
    null = np.array([v is None for v in values], dtype=bool)
    if kind == "time":
        return np.array([str(v).rstrip("Z") for v in values], dtype="datetime64[ms]"), null
    if kind == "number":
        return np.array([0.0 if v is None else v for v in values], dtype=np.float64), null
    return np.array(["" if v is None else xml_text(str(v)) for v in values], dtype=object), null


def _detection_row(found: DetectionDocument, report: ReportDocument) -> Row:
    row: Row = {**found, "caveats": "; ".join(found["caveats"])}
    for key in _MEASURED:
        measure = found[key]
        for bound, suffix in _BOUNDS:
            row[key + suffix] = None if measure is None else measure[bound]
    row["begin"] = row["end"] = report["scenes"][found["date"]]["acquired"]
    row["rolling_stock"] = ", ".join(f"{v['colour']} {v['type']}" for v in found["rolling_stock"])
    return row


def _area_row(area: AreaDocument, span: tuple[str, str]) -> Row:
    row: Row = {**area, "reasons": "; ".join(area["reasons"]), **dict(zip(_SPAN, span, strict=True))}
    row |= {f"observed_{date}": share for date, share in area["observed_fraction"].items()}
    return row


def write_kmz(_: Comparison, report: ReportDocument, folder: Path) -> None:
    """Write ``findings.kmz``: styled placemarks with time spans, for Google Earth.

    The XML is made with ElementTree: OGR's LIBKML driver cannot style features through pyogrio,
    and writes text that holds ``]]>`` as XML that cannot be read (GDAL 3.12).
    """
    ElementTree.register_namespace("", KML)
    root = ElementTree.Element(f"{{{KML}}}kml")
    document = _add(root, "Document")
    _add(document, "name", f"{report['site']['name']}: findings")
    _add(document, "description", KMZ_NOTE)
    for change, colour in CHANGE_COLOURS.items():
        _style(document, change, colour)
    finding_folder = _add(document, "Folder")
    _add(finding_folder, "name", "Findings")
    for finding in report["findings"]:
        if finding["geometry"] is not None:
            _placemark(finding_folder, finding, report)
    text = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    entry = zipfile.ZipInfo("doc.kml", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with zipfile.ZipFile(folder / "findings.kmz", "w") as archive:
        archive.writestr(entry, text)


def _add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    child = ElementTree.SubElement(parent, f"{{{KML}}}{tag}", attributes)
    if text is not None:
        child.text = xml_text(text)
    return child


def _style(document: Element, name: str, colour: str) -> None:
    """Add an outline style; KML writes colours as alpha, blue, green, red."""
    style = _add(document, "Style", id=name)
    abgr = colour[5:7] + colour[3:5] + colour[1:3]
    line = _add(style, "LineStyle")
    _add(line, "color", f"ff{abgr}")
    _add(line, "width", "2.5")
    _add(_add(style, "PolyStyle"), "color", f"40{abgr}")


def _placemark(parent: Element, finding: FindingDocument, report: ReportDocument) -> None:
    mark = _add(parent, "Placemark")
    _add(mark, "name", f"{finding['id']}: {finding['kind'].replace('_', ' ')} {finding['change']}")
    # Earth shows descriptions as HTML, so text from outside is escaped for HTML too.
    lines = [finding["statement"], f"{finding['grade']}, confidence {finding['confidence']}"]
    _add(mark, "description", "<br/>".join(html.escape(t) for t in [*lines, *finding["caveats"]]))
    span = _add(mark, "TimeSpan")
    for tag, moment in zip(("begin", "end"), span_of(report), strict=True):
        _add(span, tag, moment)
    _add(mark, "styleUrl", f"#{finding['change']}")
    data = _add(mark, "ExtendedData")
    for key, value in finding_properties(finding, report).items():
        if value is not None and key not in ("statement", "begin", "end"):
            _add(_add(data, "Data", name=key), "value", str(value))
    _kml_geometry(mark, shapely.geometry.shape(finding["geometry"]))


def _kml_geometry(parent: Element, shape: Any) -> None:
    if hasattr(shape, "geoms"):
        several = _add(parent, "MultiGeometry")
        for part in shape.geoms:
            _kml_geometry(several, part)
    elif shape.geom_type == "Polygon":
        polygon = _add(parent, "Polygon")
        rings = [("outerBoundaryIs", shape.exterior), *(("innerBoundaryIs", r) for r in shape.interiors)]
        for tag, ring in rings:
            _kml_geometry(_add(polygon, tag), ring)
    else:
        words = " ".join(f"{x:.7f},{y:.7f}" for x, y in shape.coords)
        _add(_add(parent, shape.geom_type), "coordinates", words)
