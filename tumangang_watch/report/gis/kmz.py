"""Findings and detections for Google Earth: chips in balloons, a legend, times, where to look from."""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import shapely

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import DetectionDocument, FindingDocument, ReportDocument
from tumangang_watch.report.gis.legend import legend_picture
from tumangang_watch.report.gis.rows import (
    Row,
    detection_row,
    detection_title,
    finding_properties,
    finding_title,
    mark_of,
    span_of,
)
from tumangang_watch.report.names import chip_name
from tumangang_watch.report.palette import CHANGE_COLOURS, DATE_COLOURS
from tumangang_watch.text import (
    PAINTED,
    PAINTED_WORD,
    PAINTED_WORDS,
    clean_text,
    clock_text,
    marked,
    xml_text,
)

KML = "http://www.opengis.net/kml/2.2"
NOTE = (
    "Findings between the two acquisition dates, and what stood there on each of them. If only some show, "
    "open the time slider fully: every finding spans the time between the scenes, every detection stands at "
    "its own."
)
CHIP_WIDE = 640
"""Width of a chip in a balloon, pixels of the screen."""
RANGE_MIN_M, RANGE_SHARE = 400.0, 1.6
"""How far off the first view is: so many times the extent of what is shown, and never nearer."""
M_PER_DEGREE = 111_320.0
_SHOWN_ELSEWHERE = ("statement", "begin", "end", "title", "mark", "caveats")


def write_kmz(
    comparison: Comparison, report: ReportDocument, folder: Path, pictures: Mapping[str, bytes]
) -> None:
    """Write ``findings.kmz``, with the chips' pictures as JPEG by the chips' file names.

    The XML is made with ElementTree: OGR's LIBKML driver cannot style features through pyogrio,
    and writes text that holds ``]]>`` as XML that cannot be read (GDAL 3.12).
    """
    names = {t.id: t.name for t in comparison.site.tracks}
    chips = _chips(report, pictures)
    ElementTree.register_namespace("", KML)
    root = ElementTree.Element(f"{{{KML}}}kml")
    document = _add(root, "Document")
    mark = PAINTED_WORD if mark_of(report) else ""
    _add(document, "name", f"{f'{mark}: ' if mark else ''}{report['site']['name']}: findings")
    _add(document, "open", "1")
    _add(document, "description", " ".join([PAINTED_WORDS, NOTE] if mark else [NOTE]))
    _look_at(document, report)
    for name, colour in {**CHANGE_COLOURS, **DATE_COLOURS}.items():
        for grade, width in (("detected", "3"), ("possible", "1.5")):
            _style(document, f"{name}-{grade}", colour, width)
    _legend(document)
    if report["findings"]:
        findings = _folder(document, "Findings")
        for finding in report["findings"]:
            _finding(findings, finding, report, chips, names)
    for date, scene in report["scenes"].items():
        dated = _folder(
            document, f"{date.title()}: {clock_text(scene['acquired'], korean=comparison.site.korean)}"
        )
        for found in report["detections"]:
            if found["date"] == date:
                _detection(dated, found, report, chips, names)
    inside = {chip: pictures[chip] for chip in chips.values()}
    _zip(folder, ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True), inside)


def _chips(report: ReportDocument, pictures: Mapping[str, bytes]) -> dict[str, str]:
    """Return the chip of each finding and detection that has one; a detection shows its finding's."""
    found: dict[str, str] = {}
    for finding in report["findings"]:
        subjects = (finding["id"], finding["earlier"], finding["later"], *finding.get("members", []))
        for name in filter(None, subjects):
            found.setdefault(name, chip_name(finding["id"]))
    for detection in report["detections"]:
        found.setdefault(detection["id"], chip_name(detection["id"]))
    return {name: chip for name, chip in found.items() if chip in pictures}


def _zip(folder: Path, text: bytes, pictures: Mapping[str, bytes]) -> None:
    """Write the archive, the same bytes for the same report; pictures are stored: they are compressed."""
    legend = io.BytesIO()
    legend_picture().save(legend, "PNG")
    with zipfile.ZipFile(folder / "findings.kmz", "w") as archive:
        archive.writestr(_entry("doc.kml"), text, zipfile.ZIP_DEFLATED)
        archive.writestr(_entry("legend.png"), legend.getvalue())
        for name, picture in sorted(pictures.items()):
            archive.writestr(_entry(_inside(name)), picture)


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry of an archive without the time it was made."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    return entry


def _inside(chip: str) -> str:
    """Return where a chip lies in the archive."""
    return f"chips/{Path(chip).stem}.jpg"


def _add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    child = ElementTree.SubElement(parent, f"{{{KML}}}{tag}", attributes)
    if text is not None:
        child.text = xml_text(text)
    return child


def _folder(parent: Element, name: str) -> Element:
    folder = _add(parent, "Folder")
    _add(folder, "name", name)
    return folder


def _look_at(document: Element, report: ReportDocument) -> None:
    """Say where to look from: over all that is shown, from the south, straight down."""
    shown = [*report["findings"], *report["detections"]]
    shapes = [shapely.geometry.shape(thing["geometry"]) for thing in shown if thing["geometry"]]
    if not shapes:
        return
    west, south, east, north = map(float, shapely.total_bounds(shapes))
    view = _add(document, "LookAt")
    _add(view, "longitude", f"{(west + east) / 2:.7f}")
    _add(view, "latitude", f"{(south + north) / 2:.7f}")
    reach = max(east - west, north - south) * M_PER_DEGREE * RANGE_SHARE
    for tag, value in (("altitude", "0"), ("heading", "0"), ("tilt", "0")):
        _add(view, tag, value)
    _add(view, "range", f"{max(reach, RANGE_MIN_M):.0f}")
    _add(view, "altitudeMode", "clampToGround")


def _style(document: Element, name: str, colour: str, width: str) -> None:
    """Add an outline style without a fill; KML writes colours as alpha, blue, green, red."""
    style = _add(document, "Style", id=name)
    abgr = colour[5:7] + colour[3:5] + colour[1:3]
    line = _add(style, "LineStyle")
    _add(line, "color", f"ff{abgr}")
    _add(line, "width", width)
    # A fill of nothing but a hint of colour: a polygon without one cannot be clicked.
    _add(_add(style, "PolyStyle"), "color", f"10{abgr}")
    _add(_add(style, "BalloonStyle"), "text", "<h3>$[name]</h3>$[description]")


def _legend(document: Element) -> None:
    overlay = _add(document, "ScreenOverlay")
    _add(overlay, "name", "Legend")
    _add(_add(overlay, "Icon"), "href", "legend.png")
    for tag, x, y in (("overlayXY", "0", "0"), ("screenXY", "0.01", "0.08")):
        _add(overlay, tag, x=x, y=y, xunits="fraction", yunits="fraction")
    _add(overlay, "size", x="0", y="0", xunits="pixels", yunits="pixels")


def _finding(
    parent: Element,
    finding: FindingDocument,
    report: ReportDocument,
    chips: Mapping[str, str],
    names: Mapping[str, str],
) -> None:
    if finding["geometry"] is None:
        return
    style = f"{finding['change']}-{finding['grade']}"
    words = [finding["statement"], f"{finding['grade']}, confidence {finding['confidence']:.2f}"]
    mark = _placemark(parent, _named(finding_title(finding), finding["track"], names, mark_of(report)), style)
    _describe(mark, [*words, *finding["caveats"]], chips.get(finding["id"]))
    span = _add(mark, "TimeSpan")
    for tag, moment in zip(("begin", "end"), span_of(report), strict=True):
        _add(span, tag, moment)
    _finish(mark, finding_properties(finding, report), finding["geometry"])


def _detection(
    parent: Element,
    found: DetectionDocument,
    report: ReportDocument,
    chips: Mapping[str, str],
    names: Mapping[str, str],
) -> None:
    if found["geometry"] is None:
        return
    row = detection_row(found, report)
    words = [f"{found['grade']}, confidence {found['confidence']:.2f}"]
    words += [f"Vehicles: {row['rolling_stock']}"] if row["rolling_stock"] else []
    name = _named(detection_title(found), found["track"], names, mark_of(report, found["date"]))
    mark = _placemark(parent, name, f"{found['date']}-{found['grade']}")
    _describe(mark, [*words, *found["caveats"]], chips.get(found["id"]))
    _add(_add(mark, "TimeStamp"), "when", report["scenes"][found["date"]]["acquired"])
    _finish(mark, row, found["geometry"])


def _named(title: str, track: str | None, names: Mapping[str, str], mark: str | None) -> str:
    """Return the name of a placemark: what it is, and on which track."""
    place = f", {names.get(track, track)}" if track else ""
    text = clean_text(f"{title}{place}")
    return marked(text, PAINTED if mark else None)


def _placemark(parent: Element, name: str, style: str) -> Element:
    mark = _add(parent, "Placemark")
    _add(mark, "name", name)
    _add(mark, "styleUrl", f"#{style}")
    return mark


def _describe(mark: Element, lines: list[str], chip: str | None) -> None:
    # Earth shows descriptions as HTML, so text from outside is escaped for HTML too.
    text = "<br/>".join(html.escape(line) for line in lines)
    picture = f'<img src="{_inside(chip)}" width="{CHIP_WIDE}"/><br/>' if chip else ""
    _add(mark, "description", picture + text)


def _finish(mark: Element, properties: Row, geometry: object) -> None:
    """Add a placemark's values and its outline."""
    data = _add(mark, "ExtendedData")
    for key, value in properties.items():
        if value not in (None, "") and key not in _SHOWN_ELSEWHERE and not isinstance(value, dict | list):
            _add(_add(data, "Data", name=key), "value", str(value))
    _kml_geometry(mark, shapely.geometry.shape(geometry))


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
