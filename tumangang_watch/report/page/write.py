"""``report.html``: one page that opens offline, gives the answer first, and prints on few sheets."""

from __future__ import annotations

import json
from pathlib import Path

from markupsafe import Markup
from shapely import LineString

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import DetectionDocument, FindingDocument, ReportDocument
from tumangang_watch.model.scene import PAINTED_MARK
from tumangang_watch.report import pictures
from tumangang_watch.report.answer.headline import headline
from tumangang_watch.report.answer.order import is_remote
from tumangang_watch.report.answer.phrases import certainty
from tumangang_watch.report.assets import asset, render
from tumangang_watch.report.bridges import bridge_lines
from tumangang_watch.report.chips import chip
from tumangang_watch.report.marks.subjects import ChipSubject, subjects
from tumangang_watch.report.page import tables
from tumangang_watch.report.page.languages import fixed_words
from tumangang_watch.report.page.limits import missed_line, unseen_lines
from tumangang_watch.report.page.pixels import Pixels, command_of, pixels_of
from tumangang_watch.report.page.strips import DatedStrips, drawn, ends_of, spans_of, strips_of
from tumangang_watch.report.page.views import views_of, within
from tumangang_watch.report.pictures import DisplayStretch
from tumangang_watch.report.summary import history_words
from tumangang_watch.text import clock_text

PACKAGE = "tumangang_watch.report.page"
EMBEDDED_BYTES = 4_500_000
"""Chips and strips are embedded until together they reach this; later ones are named by file."""
SCRIPT_WORDS = (
    *("Swipe", "Blink", "Side by side", "Whole", "Changes", "changes", "unchanged", "found", "tracks"),
    *("alone", "zoom in", "zoom out", "a line between the dates", "the dates in turn", "the whole picture"),
    "zoom to them",
)
"""Fixed words of the page's script."""
CHIP_QUALITIES = (82, 70, 58, 46)
CHIP_BYTES = 160_000


class FindingRow(FindingDocument):
    """A finding with its number, words and embedded pictures."""

    n: int
    certainty: str
    where: str
    at: str
    chip: str | None
    chip_file: str | None
    strips: DatedStrips | None
    pixels: Pixels | None


def write_page(comparison: Comparison, report: ReportDocument, folder: Path, language: str = "en") -> None:
    """Write ``report.html``."""
    text = page(comparison, report, language)
    (folder / "report.html").write_text(text, encoding="utf-8", newline="\n")


def page(comparison: Comparison, report: ReportDocument, language: str = "en") -> str:
    """Return the page. All text is escaped; control and direction characters are made visible."""
    stretch = pictures.stretch_of(comparison)
    rows = _rows(comparison, report, stretch)
    history = report.get("history")
    remote = {f.id for f in comparison.findings if is_remote(f)}
    scenes = [o.scene for o in comparison.dates]
    return render(
        "page.html.j2",
        PACKAGE,
        script="page.js",
        own_css=Markup(asset("report.css", PACKAGE)),
        t=fixed_words(language),
        script_words=json.dumps({w: fixed_words(language)(w) for w in SCRIPT_WORDS}, ensure_ascii=False),
        language=language,
        r=report,
        two=comparison.earlier is not None,
        headline=headline(comparison),
        painted=PAINTED_MARK if any(s.painted for s in scenes) else "",
        clocks=[
            clock_text(scene["acquired"], korean=comparison.site.korean)
            for scene in report["scenes"].values()
        ],
        dates=tables.dates(report),
        rows=rows,
        changed=[f for f in rows if f["change"] != "unchanged" and f["id"] not in remote],
        remote=[f for f in rows if f["id"] in remote],
        same=[f for f in rows if f["change"] == "unchanged"],
        stretch=stretch.words(),
        views=views_of(comparison, stretch, {row["id"]: row["statement"] for row in rows}),
        stock=_stock(comparison, report),
        track_names={t.id: t.name for t in comparison.site.tracks},
        area_names={a.id: a.name for a in comparison.site.areas},
        unseen=unseen_lines(report),
        missed=missed_line(report),
        fits=tables.fits(report),
        scene_rows=tables.scene_rows(report),
        abilities=tables.abilities(report),
        trials=tables.trials(report),
        history=history_words(history),
        background=history["scenes"] if history else [],
        bridges=[line for line in bridge_lines(comparison) if " was not seen at " not in line],
        command=command_of(comparison),
        settings_file=bool(comparison.settings_text),
    )


def _rows(comparison: Comparison, report: ReportDocument, stretch: DisplayStretch) -> list[FindingRow]:
    shown = subjects(comparison)
    found = {d["id"]: d for d in report["detections"]}
    areas = {a.id: a.name for a in comparison.site.areas}
    tracks = {t.id: t.name for t in comparison.site.tracks}
    budget, rows = EMBEDDED_BYTES, []
    room = min(CHIP_BYTES, EMBEDDED_BYTES // max(len(report["findings"]), 1))
    for n, finding in enumerate(report["findings"], start=1):
        subject, uri, strips = shown.get(finding["id"]), None, None
        if subject is not None and budget > 0:
            uri = _chip(comparison, subject, stretch, room)
            strips = strips_of(comparison, finding, found, stretch)
            budget -= len(uri or "") + sum(len(row["uri"]) for row in (strips["rows"] if strips else ()))
        where = [areas.get(finding["area"] or "", ""), tracks.get(finding["track"] or "", "")]
        row: FindingRow = {
            **finding,
            "n": n,
            "certainty": certainty(finding["confidence"]),
            "where": ", ".join(filter(None, where)),
            "at": " → ".join(dict.fromkeys(f"{a:.0f}–{b:.0f} m" for a, b in spans_of(finding, found))),
            "chip": uri,
            "chip_file": None if subject is None else subject.file_name,
            "strips": strips,
            "pixels": None if subject is None else pixels_of(comparison, subject, finding["kind"]),
        }
        rows.append(row)
    return rows


def _chip(comparison: Comparison, subject: ChipSubject, stretch: DisplayStretch, room: int) -> str | None:
    picture = chip(comparison, subject, stretch)
    return None if picture is None else within(picture, room, CHIP_QUALITIES)


def _stock(comparison: Comparison, report: ReportDocument) -> dict[str, dict[str, object]]:
    """Return each train's vehicles as they are drawn, with the points of the compass at its ends."""
    lines = {t.id: t.line for t in comparison.site.tracks}
    return {d["id"]: _drawn_train(d, lines) for d in report["detections"] if d["rolling_stock"]}


def _drawn_train(train: DetectionDocument, lines: dict[str, LineString]) -> dict[str, object]:
    stock, line = train["rolling_stock"], lines.get(train["track"] or "")
    span = stock[0]["from_m"] - 1, stock[-1]["to_m"] + 1
    left, right = ends_of(line) if line is not None else ("", "")
    return {"stock": drawn(stock, span, line), "wide": span[1] - span[0], "left": left, "right": right}
