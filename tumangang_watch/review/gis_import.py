"""A reader's answers back from a GIS: all of a file's, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from tumangang_watch.archive import Archive
from tumangang_watch.archive.layers import ColumnKind
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.errors import UsageError
from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.model.review import About, Answer, Review, ReviewSubject, thing_of
from tumangang_watch.review.add import date_of, missed_review
from tumangang_watch.review.answers import GivenValues, checked_answer, parse_correction, parse_remark
from tumangang_watch.review.gis_export import evidence_row, seen_areas
from tumangang_watch.review.gpkg_read import EditedRow, read_rows
from tumangang_watch.review.gpkg_write import ANSWER, EVIDENCE
from tumangang_watch.review.outlines import FAR_M, SiteTracks, outline_of, shift_m
from tumangang_watch.review.session import Reviewer, Wanted, record

MOVED_M = 0.15
"""An outline read back that lies at most this far from the exported one was not moved: the files carry 7
decimals of a degree (11 mm), and editors snap."""
_VERDICT_TODO = "Say accepted, rejected or corrected"
_WAY_MARKS = ("key", "answer_before", "export")


@dataclass(kw_only=True)
class Import:
    """What was read from a file."""

    reviews: list[Review] = field(default_factory=list)
    new: int = 0
    unanswered: int = 0
    notes: list[str] = field(default_factory=list)
    """What a reader should know: evidence that was edited and is passed over, outlines that were moved."""
    faults: list[str] = field(default_factory=list)
    """Why rows are refused, one line each."""


def import_review(
    archive: Archive, site: str, path: Path, reviewer: Reviewer, site_file: Path | None
) -> Import:
    """Take in the answers of a file, all or none; the same file again adds nothing.

    Returns
    -------
    Import
        With ``faults`` nothing was recorded.
    """
    rows = read_rows(path)
    reading = _FileReading(archive, site, reviewer, SiteTracks.of(archive, site, site_file), rows)
    for row in rows:
        try:
            reading.take(row)
        except UsageError as error:
            reading.out.faults.append(f"{row.where}: {error}")
    out = reading.out
    reading.note_missing(rows)
    if not out.faults:
        # An answer read from this export before is not a new one: it has the same digest.
        out.new = len(record(archive, site, out.reviews))
    return out


class _FileReading:
    """One file's rows, one by one; see `import_review`."""

    def __init__(
        self, archive: Archive, site: str, reviewer: Reviewer, tracks: SiteTracks, rows: list[EditedRow]
    ) -> None:
        self.archive, self.site, self.reviewer, self.tracks = archive, site, reviewer, tracks
        self.out = Import()
        self.known: dict[str, list[ReviewSubject]] = {}
        for subject in subjects(archive, site, superseded=True):
            self.known.setdefault(subject.key, []).append(subject)
        self.areas = {place.key: place for place in seen_areas(archive, site, Wanted())}
        self.exports = [e for f in rows if (e := f.text("export")) is not None]
        self.seen: dict[str, EditedRow] = {}

    def note_missing(self, rows: list[EditedRow]) -> None:
        """Note how many exported rows did not come back."""
        for export in sorted(set(self.exports)):
            _, _, count = export.partition("-")
            here = sum(f.text("export") == export for f in rows)
            if count.isdecimal() and int(count) > here:
                self.out.notes.append(f"{int(count) - here} exported rows are missing: no answer")

    def take(self, row: EditedRow) -> None:
        """Read a row's answer, if it holds one.

        Raises
        ------
        UsageError
            It cannot be meant.
        """
        if "complete" in row.values and "verdict" not in row.values:
            self._area(row)
        elif row.text("key") is None:
            self._missed(row)
        else:
            self._answer(row)

    def _reviewer(self, row: EditedRow) -> Reviewer:
        export = row.text("export") or (self.exports[0] if self.exports else "unknown")
        return replace(self.reviewer, origin=f"export {export}")

    def _once(self, row: EditedRow) -> None:
        key = row.text("key") or ""
        if key in self.seen:
            todo = "Keep one; clear the key of a new thing"
            raise UsageError("given twice", key[:8], f"also in {self.seen[key].where}", todo)
        self.seen[key] = row

    def _answer(self, row: EditedRow) -> None:
        key = row.text("key") or ""
        if key not in self.known:
            raise UsageError("unknown key", key[:16], "no report of this archive holds it", "Do not edit it")
        self._once(row)
        same = [s for s in self.known[key] if (s.folder, s.id) == (row.text("report"), row.text("id"))]
        subject = next((s for s in same or self.known[key] if s.current), (same or self.known[key])[0])
        self._note_evidence(row, evidence_row(subject))
        numbers = ("new_from_m", "new_to_m")
        given: dict[str, Any] = {
            name.removeprefix("new_"): row.number(name) if name in numbers else row.text(name)
            for name in ANSWER
        }
        verdict, reason, remark = (given.pop(name) for name in ("verdict", "reason", "remark"))
        verdict = verdict and verdict.lower()
        given |= self._moved(row, subject, verdict, given)
        if verdict is None and "outline" in given:
            verdict = "corrected"
        if verdict is None:
            filled = [n for n in ("reason", "remark") if row.text(n)]
            filled += [n for n in given if given[n] is not None]
            if filled:
                raise UsageError("no verdict", ", ".join(filled), "the verdict is empty", _VERDICT_TODO)
            self.out.unanswered += 1
            if row.text("answer_before"):
                self.out.notes.append(
                    f"{row.where}: your answer was cleared here; it stands until `review withdraw`"
                )
            return
        if verdict not in ("accepted", "rejected", "corrected"):
            raise UsageError("unknown verdict", repr(verdict), "it is not in the list", _VERDICT_TODO)
        answer = Answer(verdict, reason, remark or "", parse_correction(cast(GivenValues, given)))
        self._add(row, subject.about, checked_answer(answer, subject.about.evidence))

    def _add(self, row: EditedRow, about: About, answer: Answer) -> None:
        before = row.text("answer_before")
        if before is not None and _same_answer(before, answer):
            self.out.unanswered += 1
            return
        self.out.reviews.append(self._reviewer(row).review(about, answer))

    def _moved(
        self, row: EditedRow, subject: ReviewSubject, verdict: str | None, given: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the extent of an outline that was moved; a note says so."""
        evidence, before = subject.about.evidence, self._outline_before(row)
        if before is not None and shift_m(before, row.outline) <= MOVED_M:
            return {"outline": before}
        by = shift_m(evidence["geometry"], row.outline)
        if by <= MOVED_M:
            return {}
        if by > FAR_M:
            raise UsageError("outline far away", f"{by:.0f} m", "it was moved off the finding", "Put it back")
        if verdict == "rejected":
            self.out.notes.append(f"{row.where}: rejected, so its moved outline is passed over")
            return {}
        if verdict == "accepted":
            raise UsageError(
                "accepted, but moved", f"{by:.1f} m", "both cannot be meant", "Say corrected, or put it back"
            )
        found: dict[str, Any] = {"outline": outline_of(row.outline)}
        if evidence["kind"] == "train":
            track = given.get("track") or thing_of(evidence).get("track")
            _, start, stop = self.tracks.stretch(row.outline, track)
            found["from_m"] = start if given.get("from_m") is None else given["from_m"]
            found["to_m"] = stop if given.get("to_m") is None else given["to_m"]
        self.out.notes.append(f"{row.where}: its outline was moved by {by:.1f} m: taken as corrected extent")
        return found

    def _outline_before(self, row: EditedRow) -> GeometryDocument | None:
        """Return the outline that this reader had given when the file was made."""
        try:
            outline = json.loads(row.text("answer_before") or "{}").get("correction", {}).get("outline")
        except (ValueError, AttributeError):
            return None
        return cast(GeometryDocument, outline) if isinstance(outline, dict) else None

    def _note_evidence(self, row: EditedRow, expected: Mapping[str, object]) -> None:
        """Note edited evidence; what is recorded is the archive's own, never the file's."""
        layer = "findings" if expected.get("change") is not None else "detections"
        edited = [
            name
            for name, column in EVIDENCE[layer].items()
            if name in row.values and name not in _WAY_MARKS
            if not _same(expected.get(name), row.values[name], column.kind)
        ]
        if edited:
            self.out.notes.append(f"{row.where}: evidence was edited and is passed over: {', '.join(edited)}")

    def _missed(self, row: EditedRow) -> None:
        def of(name: str) -> str | None:
            return row.text(f"new_{name}") or row.text(name)

        kind = of("kind") or ("train" if of("track") or of("cars") else None)
        if kind is None:
            raise UsageError("no kind", "kind", "it is empty", "Say train or cargo")
        where = row.text("report")
        if where is None:
            raise UsageError("no report", "report", "it is empty", "Say which report's later date shows it")
        date = date_of(self.archive, self.site, where)
        given: dict[str, Any] = {n: of(n) for n in ("track", "cars", "colours", "types", "area_m2")}
        for name in ("from_m", "to_m"):
            new = row.number(f"new_{name}")
            given[name] = new if new is not None else row.number(name)
        given["outline"] = outline_of(row.outline) if row.outline is not None else None
        if kind == "train" and row.outline is not None and None in (given["from_m"], given["to_m"]):
            given["track"], given["from_m"], given["to_m"] = self.tracks.stretch(row.outline, given["track"])
        values = parse_correction(cast(GivenValues, given))
        answer = Answer("added", row.text("reason"), row.text("remark") or "", values)
        area, reviewer = row.text("area"), self._reviewer(row)
        self.out.reviews.append(missed_review(self.archive, date, kind, area, answer, reviewer))

    def _area(self, row: EditedRow) -> None:
        key, whole = row.text("key") or "", (row.text("complete") or "").lower()
        if not whole and not row.text("remark"):
            self.out.unanswered += 1
            return
        if key not in self.areas:
            raise UsageError("unknown key", key[:16], "no standing report has this area", "Export anew")
        self._once(row)
        if whole not in ("yes", "true", "1"):
            raise UsageError("unclear", repr(whole), "complete is yes or empty", "Say yes, or clear the row")
        place = self.areas[key]
        answer = Answer("complete", None, parse_remark(row.text("remark")))
        self._add(row, place.date.about_area(place.area), answer)


def _same_answer(before: str, answer: Answer) -> bool:
    """Return whether an answer is the one that was filled in when the file was made."""
    try:
        old = json.loads(before)
    except ValueError:
        return False
    return bool(old == json.loads(json.dumps(answer.as_dict())))


def _same(old: Any, new: str | float | None, kind: ColumnKind) -> bool:
    """Return whether a column holds what was exported, whatever a GIS made of empty cells and times."""
    if old in (None, ""):
        return new is None or str(new).strip() == "" or str(new).upper() == "NULL"
    if new is None:
        return False
    if kind == "number":
        return isinstance(new, float) and abs(new - float(old)) <= 1e-6 * max(1.0, abs(float(old)))
    if kind == "time":
        return str(new)[:19] == str(old)[:19]
    text = f"{new:g}" if isinstance(new, float) else str(new)
    return text.split() == str(old).split()
