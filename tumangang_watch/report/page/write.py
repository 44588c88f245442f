"""``report.html``: one page that opens offline, reads as a short report, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from shapely import Polygon, box

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import DetectionDocument, FindingDocument, ReportDocument, VehicleDocument
from tumangang_watch.model.site import Area
from tumangang_watch.report import pictures
from tumangang_watch.report.assets import render
from tumangang_watch.report.bridges import bridge_lines
from tumangang_watch.report.chips import chip
from tumangang_watch.report.marks.subjects import subjects
from tumangang_watch.report.page import tables
from tumangang_watch.report.palette import OUTLINE_COLOURS
from tumangang_watch.report.pictures import Bounds, DisplayStretch, outlined, rings, scale_bar_m, to_px
from tumangang_watch.report.summary import certainty, history_words
from tumangang_watch.text import day_text, utc_text

EMBEDDED_BYTES = 9_000_000
"""Chips and strips are embedded until together they reach this; later ones are named by file."""
STRIP_MARGIN_M = 12.0
STRIP_MIN_M = 100.0
"""Shortest track shown: a lone wagon is not blown up beyond its pixels."""
MAX_PICTURES = 8
PICTURED_ROLES = ("yard", "bridge", "station", "handling", "apron")
COVERED = 0.9
"""An area that lies this much inside a picture already shown gets none of its own."""


class DatedStrip(TypedDict):
    """A track straightened on one date, as a data URI, and the vehicles read from it."""

    day: str
    uri: str
    stock: list[VehicleDocument]


class DatedStrips(TypedDict):
    """One stretch of a track on each date, metres along it."""

    lo: float
    hi: float
    rows: list[DatedStrip]


class FindingRow(FindingDocument):
    """A finding with its number, words and embedded pictures."""

    n: int
    certainty: str
    at: str
    chip: str | None
    chip_file: str | None
    strips: DatedStrips | None


def write_page(comparison: Comparison, report: ReportDocument, folder: Path) -> None:
    """Write ``report.html``."""
    (folder / "report.html").write_text(page(comparison, report), encoding="utf-8", newline="\n")


def page(comparison: Comparison, report: ReportDocument) -> str:
    """Return the page. All text is escaped; control and direction characters are made visible."""
    stretch = pictures.stretch_of(comparison)
    rows = _rows(comparison, report, stretch)
    history = report.get("history")
    return render(
        "page.html.j2",
        "tumangang_watch.report.page",
        script="page.js",
        r=report,
        two=comparison.earlier is not None,
        dates=tables.dates(report),
        rows=rows,
        same=[f for f in rows if f["change"] == "unchanged"],
        stretch=stretch.words(),
        pictures=_pictures(comparison, stretch, rows),
        fits=tables.fits(report),
        scene_rows=tables.scene_rows(report),
        abilities=tables.abilities(report),
        trials=tables.trials(report),
        history=history_words(history),
        background=history["scenes"] if history else [],
        bridges=bridge_lines(comparison),
        **tables.verdict(report),
    )


def _rows(comparison: Comparison, report: ReportDocument, stretch: DisplayStretch) -> list[FindingRow]:
    shown = subjects(comparison)
    found = {d["id"]: d for d in report["detections"]}
    budget = EMBEDDED_BYTES
    rows: list[FindingRow] = []
    for n, finding in enumerate(report["findings"], start=1):
        subject = shown.get(finding["id"]) if finding["change"] != "unchanged" else None
        uri, strips = None, None
        if subject is not None and budget > 0:
            picture = chip(comparison, subject, stretch)
            uri = None if picture is None else pictures.data_uri(picture, 82)
            strips = _strips(comparison, finding, found, stretch)
            budget -= len(uri or "") + sum(len(row["uri"]) for row in (strips["rows"] if strips else ()))
        rows.append(
            {
                **finding,
                "n": n,
                "certainty": certainty(finding["confidence"]),
                "at": " → ".join(dict.fromkeys(f"{a:.0f}–{b:.0f} m" for a, b in _spans(finding, found))),
                "chip": uri,
                "chip_file": None if subject is None else subject.file_name,
                "strips": strips,
            }
        )
    return rows


def _spans(finding: FindingDocument, found: dict[str, DetectionDocument]) -> list[tuple[float, float]]:
    """Return from where to where along its track a finding lies on each date (metres)."""
    known = [found[id_] for id_ in (finding["earlier"], finding["later"]) if id_ in found]
    spans = [(d["from_m"], d["to_m"]) for d in known]
    return [(a, b) for a, b in spans if a is not None and b is not None]


def _strips(
    comparison: Comparison,
    finding: FindingDocument,
    found: dict[str, DetectionDocument],
    stretch: DisplayStretch,
) -> DatedStrips | None:
    """Return the track straightened on each date with the vehicles read from it, for a train."""
    line = next((t.line for t in comparison.site.tracks if t.id == finding["track"]), None)
    spans = _spans(finding, found)
    if finding["kind"] != "train" or line is None or not spans:
        return None
    lo, hi = min(a for a, _ in spans) - STRIP_MARGIN_M, max(b for _, b in spans) + STRIP_MARGIN_M
    wider = max(0.0, STRIP_MIN_M - (hi - lo)) / 2
    lo, hi = lo - wider, hi + wider
    times = [utc_text(o.scene.acquired) for o in comparison.dates]
    rows: list[DatedStrip] = []
    for observation in comparison.dates:
        train = found.get(finding[observation.date] or "")
        picture = pictures.strip(observation, line, (lo, hi), stretch)
        rows.append(
            {
                "day": day_text(utc_text(observation.scene.acquired), *times),
                "uri": pictures.data_uri(picture, 88),
                "stock": [] if train is None else train["rolling_stock"],
            }
        )
    return {"lo": round(lo, 2), "hi": round(hi, 2), "rows": rows}


def _pictures(
    comparison: Comparison, stretch: DisplayStretch, rows: list[FindingRow]
) -> list[dict[str, object]]:
    """Return the areas that are pictured, each once: an area inside another's picture is left out."""
    polygons = {a.id: a for a in comparison.site.areas}
    seen = [a for a in comparison.areas if a.status != "not_observable" and a.id in polygons]
    seen.sort(key=lambda a: PICTURED_ROLES.index(a.role) if a.role in PICTURED_ROLES else 9)
    made: list[dict[str, object]] = []
    frames: list[Polygon] = []
    for status in seen:
        area = polygons[status.id]
        if any(f.intersection(area.polygon).area > COVERED * area.polygon.area for f in frames):
            continue
        if len(made) < MAX_PICTURES:
            bounds = _frame(comparison, area.polygon.bounds)
            frames.append(box(*bounds))
            made.append(_picture(comparison, area, bounds, stretch, rows))
    return made


def _frame(comparison: Comparison, bounds: Bounds) -> Bounds:
    """Return an area's bounds with a margin, cut to the ground that was read."""
    west, south, east, north = comparison.later.raster.grid.bounds
    margin = 0.02 * max(bounds[2] - bounds[0], bounds[3] - bounds[1]) + 5.0
    left, bottom = max(bounds[0] - margin, west), max(bounds[1] - margin, south)
    right, top = min(bounds[2] + margin, east), min(bounds[3] + margin, north)
    return (left, bottom, right, top) if left < right and bottom < top else bounds


def _picture(
    comparison: Comparison, area: Area, bounds: Bounds, stretch: DisplayStretch, rows: list[FindingRow]
) -> dict[str, object]:
    wide, high = pictures.picture_size(bounds, comparison.later.raster.grid.pixel_m)
    span_m = bounds[2] - bounds[0]
    bar_m = scale_bar_m(span_m / 4)
    return {
        "id": area.id,
        "name": area.name,
        "role": area.role,
        "wide": wide,
        "high": high,
        "unit": round(wide / 1050, 3),
        "bar_m": bar_m,
        "bar_px": round(bar_m / span_m * wide, 1),
        "sides": [
            {
                "date": observation.date,
                "shown": f"{observation.scene.acquired:%Y-%m-%d %H:%M} UTC",
                "uri": pictures.data_uri(pictures.crop(observation, bounds, stretch, (wide, high))),
                "outlines": _outlines(comparison, observation.date, bounds, wide, rows),
            }
            for observation in comparison.dates
        ],
    }


def _outlines(
    comparison: Comparison, date: str, bounds: Bounds, wide: int, rows: list[FindingRow]
) -> list[dict[str, object]]:
    """Return the outlines drawn on one date's picture, those that change last and thus on top."""
    by_id = {row["id"]: row for row in rows}
    made: list[dict[str, object]] = []
    for subject in reversed(subjects(comparison).values()):
        shape = subject.outlines.get(date)
        if shape is None or shape.is_empty or not shape.intersects(box(*bounds)):
            continue
        row = by_id.get(subject.id)
        drawn = outlined(shape)
        x, y = to_px((drawn.bounds[0], drawn.bounds[3]), bounds, wide)
        lines = [[to_px(p, bounds, wide) for p in ring] for ring in rings(drawn)]
        made.append(
            {
                "colour": OUTLINE_COLOURS[subject.change],
                "possible": subject.possible,
                "path": "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) for line in lines),
                "title": row["statement"] if row else subject.id,
                "n": row["n"] if row and subject.change != "unchanged" else None,
                "x": round(max(x, 2), 1),
                "y": round(max(y - 4 * wide / 1050, 16 * wide / 1050), 1),
            }
        )
    return made
