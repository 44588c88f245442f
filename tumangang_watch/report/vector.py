"""Findings as maps: GeoJSON, GeoPackage and KMZ."""

from __future__ import annotations

import html
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.report.geography import lonlat
from tumangang_watch.report.palette import CHANGE_COLOURS
from tumangang_watch.text import xml_text

Fields = dict[str, str]
"""Name of each field and its kind: text, number or time."""
_NUMBERS = ("confidence", "amount", "amount_low", "amount_high", "observed_fraction")
FINDING_FIELDS: Fields = {
    name: "time" if name in ("begin", "end") else "number" if name in _NUMBERS else "text"
    for name in (
        "id",
        "kind",
        "change",
        "grade",
        "confidence",
        "statement",
        "area",
        "track",
        "earlier",
        "later",
        "amount",
        "amount_low",
        "amount_high",
        "unit",
        "observed_fraction",
        "begin",
        "end",
        "caveats",
    )
}
_MEASURES = [f"{m}{s}" for m in ("length_m", "cars", "area_m2", "height_m") for s in ("", "_low", "_high")]
DETECTION_FIELDS: Fields = {
    **dict.fromkeys(("id", "date", "kind", "label", "area", "track"), "text"),
    **dict.fromkeys(("from_m", "to_m", *_MEASURES), "number"),
    **dict.fromkeys(("rolling_stock", "colour", "grade"), "text"),
    **dict.fromkeys(("confidence", "observed_fraction"), "number"),
    **dict.fromkeys(("begin", "end"), "time"),
    "caveats": "text",
}
AREA_FIELDS: Fields = {
    **dict.fromkeys(("id", "name", "role", "status"), "text"),
    **dict.fromkeys(("observed_earlier", "observed_later"), "number"),
    "reasons": "text",
    **dict.fromkeys(("begin", "end"), "time"),
}
KML = "http://www.opengis.net/kml/2.2"
KMZ_NOTE = (
    "Findings between the two acquisition dates. If only some show, open the time slider fully: "
    "every finding spans the time between the two scenes."
)
_UTC = 100
"""GDAL's code for UTC in a date-time field."""


def span_of(report: dict[str, Any]) -> tuple[str, str]:
    """Return the report's first and last acquisition time (ISO 8601, UTC)."""
    times = [scene["acquired"] for scene in report["scenes"].values()]
    return min(times), max(times)


def finding_properties(finding: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    """Return a finding of ``report.json`` as one flat row."""
    begin, end = span_of(report)
    amount = finding["amount"]
    return {
        "id": finding["id"],
        "kind": finding["kind"],
        "change": finding["change"],
        "grade": finding["grade"],
        "confidence": finding["confidence"],
        "statement": finding["statement"],
        "area": finding["area"],
        "track": finding["track"],
        "earlier": finding["earlier"],
        "later": finding["later"],
        "amount": amount["estimate"],
        "amount_low": amount["low"],
        "amount_high": amount["high"],
        "unit": amount["unit"],
        "observed_fraction": finding["observed_fraction"],
        "begin": begin,
        "end": end,
        "caveats": "; ".join(finding["caveats"]),
    }


def write_geojson(_: Comparison, report: dict[str, Any], folder: Path) -> None:
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
    text = json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, allow_nan=False, indent=1
    )
    (folder / "findings.geojson").write_text(text + "\n", encoding="utf-8", newline="\n")


def write_gpkg(comparison: Comparison, report: dict[str, Any], folder: Path) -> None:
    """Write ``findings.gpkg``: layers findings, detections and areas, times as fields."""
    path = folder / "findings.gpkg"
    begin, end = span_of(report)
    found = comparison.findings
    shapes = {f.id: f.geometry for f in found}
    layers = (
        ("findings", [finding_properties(f, report) for f in report["findings"]], FINDING_FIELDS, shapes),
        (
            "detections",
            [_detection_row(d, report) for d in report["detections"]],
            DETECTION_FIELDS,
            {d.id: d.geometry for d in comparison.detections},
        ),
        (
            "areas",
            [_area_row(a, begin, end) for a in report["areas"]],
            AREA_FIELDS,
            {a.id: a.polygon for a in comparison.site.areas},
        ),
    )
    # The file's own time stamps: without a fixed date the bytes differ from run to run.
    option = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(option)
    pyogrio.set_gdal_config_options({option: end if "." in end else end.replace("Z", ".000Z")})
    try:
        for name, rows, fields, geometries in layers:
            _write_layer(path, name, rows, fields, geometries, comparison.site.crs)
    finally:
        pyogrio.set_gdal_config_options({option: before})


def _write_layer(
    path: Path, name: str, rows: list[dict[str, Any]], fields: Fields, shapes: dict[str, Any], crs: str
) -> None:
    """Append one layer; polygons are stored as multipolygons so that a layer has one type."""
    geometries = [_multi(lonlat(shapes[row["id"]], crs)) if row["id"] in shapes else None for row in rows]
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
        gdal_tz_offsets={
            f: np.full(len(rows), _UTC, np.int8) for f, kind in fields.items() if kind == "time"
        },
    )


def _multi(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.MultiPolygon([geometry]) if geometry.geom_type == "Polygon" else geometry


def _column(rows: list[dict[str, Any]], field: str, kind: str) -> tuple[Any, Any]:
    """Return a field's values and the mask of its nulls."""
    values = [row[field] for row in rows]
    null = np.array([v is None for v in values], dtype=bool)
    if kind == "time":
        return np.array([v.rstrip("Z") for v in values], dtype="datetime64[ms]"), null
    if kind == "number":
        return np.array([0.0 if v is None else v for v in values], dtype=np.float64), null
    return np.array(["" if v is None else xml_text(v) for v in values], dtype=object), null


def _detection_row(found: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    row = {
        key: found[key]
        for key in (
            "id",
            "date",
            "kind",
            "label",
            "area",
            "track",
            "from_m",
            "to_m",
            "colour",
            "confidence",
            "grade",
            "observed_fraction",
        )
    }
    for key in ("length_m", "cars", "area_m2", "height_m"):
        for bound, suffix in (("estimate", ""), ("low", "_low"), ("high", "_high")):
            row[key + suffix] = None if found[key] is None else found[key][bound]
    row["begin"] = row["end"] = report["scenes"][found["date"]]["acquired"]
    row["rolling_stock"] = ", ".join(f"{v['colour']} {v['type']}" for v in found["rolling_stock"])
    row["caveats"] = "; ".join(found["caveats"])
    return row


def _area_row(area: dict[str, Any], begin: str, end: str) -> dict[str, Any]:
    return {
        **{key: area[key] for key in ("id", "name", "role", "status")},
        "observed_earlier": area["observed_fraction"]["earlier"],
        "observed_later": area["observed_fraction"]["later"],
        "reasons": "; ".join(area["reasons"]),
        "begin": begin,
        "end": end,
    }


def write_kmz(_: Comparison, report: dict[str, Any], folder: Path) -> None:
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


def _add(parent: Element, tag: str, text: str | None = None) -> Element:
    child = ElementTree.SubElement(parent, f"{{{KML}}}{tag}")
    if text is not None:
        child.text = xml_text(text)
    return child


def _style(document: Element, name: str, colour: str) -> None:
    """Add an outline style; KML writes colours as alpha, blue, green, red."""
    style = _add(document, "Style")
    style.set("id", name)
    abgr = colour[5:7] + colour[3:5] + colour[1:3]
    line = _add(style, "LineStyle")
    _add(line, "color", f"ff{abgr}")
    _add(line, "width", "2.5")
    _add(_add(style, "PolyStyle"), "color", f"40{abgr}")


def _placemark(parent: Element, finding: dict[str, Any], report: dict[str, Any]) -> None:
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
            item = _add(data, "Data")
            item.set("name", key)
            _add(item, "value", str(value))
    _kml_geometry(mark, shapely.geometry.shape(finding["geometry"]))


def _kml_geometry(parent: Element, shape: BaseGeometry) -> None:
    if hasattr(shape, "geoms"):
        several = _add(parent, "MultiGeometry")
        for part in shape.geoms:
            _kml_geometry(several, part)
    elif shape.geom_type == "Polygon":
        polygon = _add(parent, "Polygon")
        rings = [("outerBoundaryIs", shape.exterior), *(("innerBoundaryIs", r) for r in shape.interiors)]
        for tag, ring in rings:
            _coordinates(_add(_add(polygon, tag), "LinearRing"), ring)
    else:
        _coordinates(_add(parent, shape.geom_type), shape)


def _coordinates(parent: Element, line: Any) -> None:
    _add(parent, "coordinates", " ".join(f"{x:.7f},{y:.7f}" for x, y in line.coords))
