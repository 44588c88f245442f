"""Findings, detections and areas as flat rows, and as GeoJSON."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import AreaDocument, DetectionDocument, FindingDocument, ReportDocument
from tumangang_watch.text import PAINTED_NOTICE, PAINTED_WORDS, json_text, whole

Row = dict[str, object]
Fields = dict[str, str]
"""Name of each field and its kind: text, number or time."""
_AMOUNT = ("amount", "amount_low", "amount_high")
SPAN: Fields = dict.fromkeys(("begin", "end"), "time")
FINDING_FIELDS: Fields = {
    **dict.fromkeys(("id", "title", "kind", "change", "grade"), "text"),
    "confidence": "number",
    **dict.fromkeys(("statement", "area", "track", "earlier", "later"), "text"),
    **dict.fromkeys(_AMOUNT, "number"),
    "unit": "text",
    "observed_fraction": "number",
    **SPAN,
    **dict.fromkeys(("caveats", "mark"), "text"),
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
    **dict.fromkeys(("id", "title", "date", "kind", "label", "area", "track"), "text"),
    **dict.fromkeys(("from_m", "to_m", *_MEASURES), "number"),
    **dict.fromkeys(("rolling_stock", "colour", "grade"), "text"),
    **dict.fromkeys(("confidence", "observed_fraction"), "number"),
    **SPAN,
    **dict.fromkeys(("caveats", "mark"), "text"),
}
AREA_FIELDS: Fields = {
    **dict.fromkeys(("id", "name", "role", "status"), "text"),
    **dict.fromkeys(("observed_earlier", "observed_later"), "number"),
    "reasons": "text",
    **SPAN,
    "mark": "text",
}
KIND_WORDS = {"train": "Train", "cargo": "Goods", "handling_area": "Worked surface"}
"""What people call the kinds."""


def mark_of(report: ReportDocument, *dates: str) -> str | None:
    """Return the mark of what rests on some of a report's scenes (all by default), where one was painted."""
    scenes = [scene for date, scene in report["scenes"].items() if date in (dates or report["scenes"])]
    return PAINTED_NOTICE if any(scene.get("painted", False) for scene in scenes) else None


def finding_title(finding: FindingDocument) -> str:
    """Return a few words that name a finding on a map: ``Train appeared``."""
    doubt = ", possible" if finding["grade"] == "possible" else ""
    return f"{KIND_WORDS[finding['kind']]} {finding['change']}{doubt}"


def detection_title(found: DetectionDocument) -> str:
    """Return a few words that name a detection on a map: ``Train, 8 cars``."""
    cars, area_m2 = found["cars"], found["area_m2"]
    size = f", {whole(area_m2['estimate'])} m²" if area_m2 is not None else ""
    if cars is not None:
        size = f", {whole(cars['estimate'])} car{'' if cars['estimate'] < 1.5 else 's'}"
    doubt = ", possible" if found["grade"] == "possible" else ""
    return f"{KIND_WORDS[found['kind']]}{size}{doubt}"


def span_of(report: ReportDocument) -> tuple[str, str]:
    """Return the report's first and last acquisition time (ISO 8601, UTC)."""
    times = [scene["acquired"] for scene in report["scenes"].values()]
    return min(times), max(times)


def finding_properties(finding: FindingDocument, report: ReportDocument) -> Row:
    """Return a finding of ``report.json`` as one flat row."""
    amount = finding["amount"]
    row: Row = {**finding, "unit": amount["unit"], "caveats": "; ".join(finding["caveats"])}
    row |= zip(_AMOUNT, (amount["estimate"], amount["low"], amount["high"]), strict=True)
    row |= zip(SPAN, span_of(report), strict=True)
    row |= {"title": finding_title(finding), "mark": mark_of(report)}
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
    notice = {"notice": PAINTED_WORDS} if mark_of(report) else {}
    text = json_text({"type": "FeatureCollection", **notice, "features": features}, indent=1)
    (folder / "findings.geojson").write_text(text, encoding="utf-8", newline="\n")


def detection_row(found: DetectionDocument, report: ReportDocument) -> Row:
    """Return a detection of ``report.json`` as one flat row."""
    row: Row = {**found, "caveats": "; ".join(found["caveats"])}
    for key in _MEASURED:
        measure = found[key]
        for bound, suffix in _BOUNDS:
            row[key + suffix] = None if measure is None else measure[bound]
    row |= {"title": detection_title(found), "mark": mark_of(report, found["date"])}
    row["begin"] = row["end"] = report["scenes"][found["date"]]["acquired"]
    row["rolling_stock"] = ", ".join(f"{v['colour']} {v['type']}" for v in found["rolling_stock"])
    return row


def area_row(area: AreaDocument, report: ReportDocument) -> Row:
    """Return an area of ``report.json`` as one flat row."""
    row: Row = {**area, "reasons": "; ".join(area["reasons"]), "mark": mark_of(report)}
    row |= zip(SPAN, span_of(report), strict=True)
    row |= {f"observed_{date}": share for date, share in area["observed_fraction"].items()}
    return row
