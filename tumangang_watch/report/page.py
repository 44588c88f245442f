"""``report.html``: one page that opens offline, reads as a short report, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shapely import box

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.site import Area
from tumangang_watch.report import page_tables, pictures
from tumangang_watch.report.assets import render
from tumangang_watch.report.chips import OUTLINE_MARGIN_M, SCALE_STEPS_M, chip, to_px
from tumangang_watch.report.pictures import DisplayStretch
from tumangang_watch.report.summary import certainty, history_words

EMBEDDED_BYTES = 9_000_000
"""Chips and strips are embedded until together they reach this; later ones are named by file."""
STRIP_MARGIN_M = 12.0
STRIP_MIN_M = 100.0
"""Shortest track shown: a lone wagon is not blown up beyond its pixels."""
MAX_PICTURES = 8
PICTURED_ROLES = ("yard", "bridge", "station", "handling", "apron")
COVERED = 0.9
"""An area that lies this much inside a picture already shown gets none of its own."""


def write_page(comparison: Comparison, report: dict[str, Any], folder: Path) -> None:
    """Write ``report.html``."""
    (folder / "report.html").write_text(page(comparison, report), encoding="utf-8", newline="\n")


def page(comparison: Comparison, report: dict[str, Any]) -> str:
    """Return the page. All text is escaped; control and direction characters are made visible."""
    return render("page.html.j2", "tumangang_watch.report", script="page.js", **_context(comparison, report))


def _context(comparison: Comparison, report: dict[str, Any]) -> dict[str, Any]:
    shown = report
    stretch = pictures.stretch_of(comparison)
    dates = page_tables.dates(shown)
    rows = _rows(comparison, report, stretch)
    return {
        "r": shown,
        "two": comparison.earlier is not None,
        "dates": dates,
        "rows": rows,
        "same": [f for f in rows if f["change"] == "unchanged"],
        "stretch": stretch.words(),
        "pictures": _pictures(comparison, stretch, rows),
        "fits": page_tables.fits(shown),
        "scene_rows": page_tables.scene_rows(shown),
        "abilities": page_tables.abilities(shown),
        "trials": page_tables.trials(shown),
        "history": history_words(shown),
        "background": shown.get("history", {}).get("scenes", []),
        **page_tables.verdict(shown),
    }


def _rows(comparison: Comparison, report: dict[str, Any], stretch: DisplayStretch) -> list[dict[str, Any]]:
    """Return the findings with their number, words and embedded pictures."""
    subjects = pictures.subjects(comparison)
    found = {d["id"]: d for d in report["detections"]}
    budget = EMBEDDED_BYTES
    rows = []
    for n, finding in enumerate(report["findings"], start=1):
        row = dict(finding)
        row.update(
            n=n, key=finding["id"], unit=finding["amount"]["unit"], certainty=certainty(row["confidence"])
        )
        row.update(chip=None, chip_file=None, strips=None, at=_place(finding, found))
        if finding["change"] != "unchanged" and finding["id"] in subjects:
            subject = subjects[finding["id"]]
            row["chip_file"] = subject.file_name
            if budget > 0:
                picture = chip(comparison, subject, stretch)
                row["chip"] = None if picture is None else pictures.data_uri(picture, 82)
                row["strips"] = _strips(comparison, finding, found, stretch)
                budget -= len(row["chip"] or "")
                budget -= sum(len(s["uri"]) for s in (row["strips"] or {"rows": []})["rows"])
        rows.append(row)
    return rows


def _of(finding: dict[str, Any], found: dict[str, Any]) -> list[dict[str, Any]]:
    return [found[finding[date]] for date in ("earlier", "later") if finding[date] in found]


def _place(finding: dict[str, Any], found: dict[str, Any]) -> str:
    spans = [
        f"{d['from_m']:.0f}–{d['to_m']:.0f} m"
        for d in _of(finding, found)
        if d["from_m"] is not None and d["to_m"] is not None
    ]
    return " → ".join(dict.fromkeys(spans))


def _strips(
    comparison: Comparison, finding: dict[str, Any], found: dict[str, Any], stretch: DisplayStretch
) -> dict[str, Any] | None:
    """Return the track straightened on each date with the vehicles read from it, for a train."""
    line = next((t.line for t in comparison.site.tracks if t.id == finding["track"]), None)
    trains = [d for d in _of(finding, found) if d["from_m"] is not None and d["to_m"] is not None]
    if finding["kind"] != "train" or line is None or not trains:
        return None
    lo = min(d["from_m"] for d in trains) - STRIP_MARGIN_M
    hi = max(d["to_m"] for d in trains) + STRIP_MARGIN_M
    wider = max(0.0, STRIP_MIN_M - (hi - lo)) / 2
    lo, hi = lo - wider, hi + wider
    rows = []
    for observation in (comparison.earlier, comparison.later):
        if observation is None:
            continue
        train = found.get(finding[observation.date])
        picture = pictures.strip(observation, line, (lo, hi), stretch)
        rows.append(
            {
                "day": f"{observation.scene.acquired:%Y-%m-%d}",
                "uri": pictures.data_uri(picture, 88),
                "stock": [] if train is None else train["rolling_stock"],
            }
        )
    return {"lo": round(lo, 2), "hi": round(hi, 2), "rows": rows}


def _pictures(
    comparison: Comparison, stretch: DisplayStretch, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the areas that are pictured, each once: an area inside another's picture is left out."""
    polygons = {a.id: a for a in comparison.site.areas}
    seen = [a for a in comparison.areas if a.status != "not_observable" and a.id in polygons]
    seen.sort(key=lambda a: PICTURED_ROLES.index(a.role) if a.role in PICTURED_ROLES else 9)
    made: list[dict[str, Any]] = []
    frames: list[Any] = []
    for status in seen:
        area = polygons[status.id]
        if any(f.intersection(area.polygon).area > COVERED * area.polygon.area for f in frames):
            continue
        if len(made) < MAX_PICTURES:
            bounds = _frame(comparison, area.polygon.bounds)
            frames.append(box(*bounds))
            made.append(_picture(comparison, area, bounds, stretch, rows))
    return made


def _frame(comparison: Comparison, bounds: pictures.Bounds) -> pictures.Bounds:
    """Return an area's bounds with a margin, cut to the ground that was read."""
    grid = comparison.later.raster.grid
    west, south, east, north = grid.bounds
    margin = 0.02 * max(bounds[2] - bounds[0], bounds[3] - bounds[1]) + 5.0
    cut = (
        max(bounds[0] - margin, west),
        max(bounds[1] - margin, south),
        min(bounds[2] + margin, east),
        min(bounds[3] + margin, north),
    )
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else bounds


def _picture(
    comparison: Comparison,
    area: Area,
    bounds: pictures.Bounds,
    stretch: DisplayStretch,
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    size = pictures.picture_size(bounds, comparison.later.raster.grid.pixel_m)
    span_m = bounds[2] - bounds[0]
    bar_m = max((s for s in SCALE_STEPS_M if s <= span_m / 4), default=SCALE_STEPS_M[0])
    sides = []
    for observation in (comparison.earlier, comparison.later):
        if observation is None:
            continue
        sides.append(
            {
                "date": observation.date,
                "shown": f"{observation.scene.acquired:%Y-%m-%d %H:%M} UTC",
                "uri": pictures.data_uri(pictures.crop(observation, bounds, stretch, size)),
                "outlines": _outlines(comparison, observation.date, bounds, size[0], rows),
            }
        )
    return {
        "id": area.id,
        "name": area.name,
        "role": area.role,
        "wide": size[0],
        "high": size[1],
        "unit": round(size[0] / 1050, 3),
        "bar_m": bar_m,
        "bar_px": round(bar_m / span_m * size[0], 1),
        "sides": sides,
    }


def _outlines(
    comparison: Comparison, date: str, bounds: pictures.Bounds, wide: int, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the outlines drawn on one date's picture, those that change last and thus on top."""
    numbers = {row["key"]: row for row in rows}
    made = []
    for subject in reversed(pictures.subjects(comparison).values()):
        shape = subject.outlines.get(date)
        if shape is None or shape.is_empty or not shape.intersects(box(*bounds)):
            continue
        row = numbers.get(subject.id)
        drawn = shape.buffer(OUTLINE_MARGIN_M, join_style="mitre")
        x, y = to_px((drawn.bounds[0], drawn.bounds[3]), bounds, wide)
        made.append(
            {
                "colour": pictures.outline_colour(subject.change),
                "possible": subject.possible,
                "path": _path(drawn, bounds, wide),
                "title": row["statement"] if row else subject.id,
                "n": row["n"] if row and subject.change != "unchanged" else None,
                "x": round(max(x, 2), 1),
                "y": round(max(y - 4 * wide / 1050, 16 * wide / 1050), 1),
            }
        )
    return made


def _path(shape: Any, bounds: pictures.Bounds, wide: int) -> str:
    """Return a geometry as an SVG path in picture pixels."""
    pieces = []
    for ring in pictures.rings(shape):
        points = [to_px(p, bounds, wide) for p in ring]
        pieces.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points))
    return "".join(pieces)
