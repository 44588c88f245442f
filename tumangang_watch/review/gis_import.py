"""A reader's answers back from a GIS: all of a file's, or none."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tumangang_watch.archive import Archive
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.model.review import About, Answer, Correction, Document, Review, Subject
from tumangang_watch.model.review import thing_of as thing
from tumangang_watch.review.add import Date, area_about, date_of, missed_review
from tumangang_watch.review.answers import make_answer, parse_correction, parse_remark
from tumangang_watch.review.gis_export import area_rows, evidence_row
from tumangang_watch.review.gpkg_read import Feature, read_features
from tumangang_watch.review.gpkg_write import ANSWER, EVIDENCE
from tumangang_watch.review.outlines import FAR_M, Ground, outline_of, shift_m
from tumangang_watch.review.session import Reader, Wanted, record

_WAY_MARKS = ("answer_before", "export")


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


def import_review(archive: Archive, site: str, path: Path, reader: Reader, site_file: Path | None) -> Import:
    """Take in the answers of a file, all or none; the same file again adds nothing.

    Returns
    -------
    Import
        With ``faults`` nothing was recorded.
    """
    features = read_features(path, reader.settings)
    reading = _Reading(archive, site, reader, Ground.of(archive, site, site_file), features)
    for feature in features:
        try:
            reading.take(feature)
        except UsageError as error:
            reading.out.faults.append(f"{feature.where}: {error}")
    out = reading.out
    reading.see_missing(features)
    if not out.faults:
        out.new = len(record(archive, site, reading.reviews()))
    return out


class _Reading:
    """One file's rows, one by one; see `import_review`."""

    def __init__(
        self, archive: Archive, site: str, reader: Reader, ground: Ground, features: list[Feature]
    ) -> None:
        self.archive, self.site, self.reader, self.ground = archive, site, reader, ground
        self.out = Import()
        self.known: dict[str, list[Subject]] = {}
        for subject in subjects(archive, site, superseded=True):
            self.known.setdefault(subject.key, []).append(subject)
        self.areas = {row["key"]: row for row in area_rows(archive, site, Wanted())}
        self.earlier = {r.uid for r in all_reviews(archive, site)}
        self.exports = [e for f in features if (e := f.text("export")) is not None]
        self.seen: dict[str, Feature] = {}

    def reviews(self) -> list[Review]:
        """Return what is not recorded yet: an answer read from this export before is not a new one."""
        return [r for r in self.out.reviews if r.uid not in self.earlier]

    def see_missing(self, features: list[Feature]) -> None:
        """Note how many exported rows did not come back."""
        for export in sorted(set(self.exports)):
            _, _, count = export.partition("-")
            here = sum(f.text("export") == export for f in features)
            if count.isdecimal() and int(count) > here:
                self.out.notes.append(f"{int(count) - here} exported rows are missing: no answer")

    def take(self, feature: Feature) -> None:
        """Read a row's answer, if it holds one.

        Raises
        ------
        UsageError
            It cannot be meant.
        """
        if "complete" in feature.values and "verdict" not in feature.values:
            self._area(feature)
        elif feature.text("key") is None:
            self._missed(feature)
        else:
            self._answer(feature)

    def _origin(self, feature: Feature) -> str:
        return f"export {feature.text('export') or (self.exports[0] if self.exports else 'unknown')}"

    def _once(self, feature: Feature) -> str:
        key = feature.text("key") or ""
        if key in self.seen:
            raise UsageError(
                "given twice",
                key[:8],
                f"also in {self.seen[key].where}",
                "Keep one; clear the key of a new thing",
            )
        self.seen[key] = feature
        return key

    def _answer(self, feature: Feature) -> None:
        key = feature.text("key") or ""
        if key not in self.known:
            raise UsageError("unknown key", key[:16], "no report of this archive holds it", "Do not edit it")
        self._once(feature)
        same = [
            s for s in self.known[key] if (s.folder, s.id) == (feature.text("report"), feature.text("id"))
        ]
        subject = next((s for s in same or self.known[key] if s.standing), (same or self.known[key])[0])
        self._see_evidence(feature, evidence_row(subject))
        given = self._given(feature)
        verdict = given.pop("verdict")
        reason, remark = given.pop("reason"), given.pop("remark")
        given |= self._moved(feature, subject, verdict, given)
        if verdict is None and "outline" in given:
            verdict = "corrected"
        if verdict is None:
            told = [n for n in ("reason", "remark") if feature.text(n)] + [
                n for n in given if given[n] is not None
            ]
            if told:
                raise UsageError(
                    "no verdict",
                    ", ".join(told),
                    "the verdict is empty",
                    "Say accepted, rejected or corrected",
                )
            self.out.unanswered += 1
            if feature.text("answer_before"):
                self.out.notes.append(
                    f"{feature.where}: your answer was cleared here; it stands until `review withdraw`"
                )
            return
        if verdict not in ("accepted", "rejected", "corrected"):
            raise UsageError(
                "unknown verdict",
                repr(verdict),
                "it is not in the list",
                "Say accepted, rejected or corrected",
            )
        said = make_answer(verdict, reason, remark, parse_correction(given), subject.about.evidence)
        self._add(feature, subject.about, said)

    def _given(self, feature: Feature) -> dict[str, Any]:
        given: dict[str, Any] = {name: feature.text(name) for name in ANSWER if name not in _NUMBERS}
        for name in _NUMBERS:
            given[name] = _number(feature, name)
        verdict = given.pop("verdict")
        return {
            "verdict": verdict and verdict.lower(),
            "reason": given.pop("reason"),
            "remark": given.pop("remark"),
            **{name.removeprefix("new_"): value for name, value in given.items()},
        }

    def _add(self, feature: Feature, about: About, said: Answer) -> None:
        before = feature.text("answer_before")
        if before is not None and _same_answer(before, said):
            self.out.unanswered += 1
            return
        origin = self._origin(feature)
        self.out.reviews.append(
            Review(about=about, reader=self.reader.name, answer=said, made=self.reader.made, origin=origin)
        )

    def _moved(
        self, feature: Feature, subject: Subject, verdict: str | None, given: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the extent of an outline that was moved; a note says so."""
        evidence, before = subject.about.evidence, self._outline_before(feature)
        limit = self.reader.settings.moved_m
        if before is not None and shift_m(before, feature.outline) <= limit:
            return {"outline": before}
        by = shift_m(evidence["geometry"], feature.outline)
        if by <= limit:
            return {}
        if by > FAR_M:
            raise UsageError("outline far away", f"{by:.0f} m", "it was moved off the finding", "Put it back")
        if verdict == "rejected":
            self.out.notes.append(f"{feature.where}: rejected, so its moved outline is passed over")
            return {}
        if verdict == "accepted":
            raise UsageError(
                "accepted, but moved", f"{by:.1f} m", "both cannot be meant", "Say corrected, or put it back"
            )
        found: dict[str, Any] = {"outline": outline_of(feature.outline)}
        if evidence["kind"] == "train":
            track = given.get("track") or thing(evidence).get("track")
            _, start, stop = self.ground.stretch(feature.outline, track)
            found["from_m"] = start if given.get("from_m") is None else given["from_m"]
            found["to_m"] = stop if given.get("to_m") is None else given["to_m"]
        self.out.notes.append(
            f"{feature.where}: its outline was moved by {by:.1f} m: taken as corrected extent"
        )
        return found

    def _outline_before(self, feature: Feature) -> Document | None:
        """Return the outline that this reader had given when the file was made."""
        try:
            outline = json.loads(feature.text("answer_before") or "{}").get("correction", {}).get("outline")
        except (ValueError, AttributeError):
            return None
        return outline if isinstance(outline, dict) else None

    def _see_evidence(self, feature: Feature, expected: Document) -> None:
        """Note edited evidence; what is recorded is the archive's own, never the file's."""
        layer = "findings" if expected.get("change") is not None else "detections"
        edited = []
        for name, kind in EVIDENCE[layer].items():
            if name in feature.values and name not in (*_WAY_MARKS, "key"):
                old, new = expected.get(name), feature.values[name]
                if not _same(old, new, kind):
                    edited.append(name)
        if edited:
            self.out.notes.append(
                f"{feature.where}: evidence was edited and is passed over: {', '.join(edited)}"
            )

    def _missed(self, feature: Feature) -> None:
        def of(name: str) -> str | None:
            return feature.text(f"new_{name}") or feature.text(name)

        kind = of("kind") or ("train" if of("track") or of("cars") else None)
        if kind is None:
            raise UsageError("no kind", "kind", "it is empty", "Say train or cargo")
        where = feature.text("report")
        if where is None:
            raise UsageError("no report", "report", "it is empty", "Say which report's later date shows it")
        date = date_of(self.archive, self.site, where)
        values: dict[str, Any] = {n: of(n) for n in ("track", "cars", "colours", "types", "area_m2")}
        for name in ("from_m", "to_m"):
            new = _number(feature, f"new_{name}")
            values[name] = new if new is not None else _number(feature, name)
        values["outline"] = outline_of(feature.outline) if feature.outline is not None else None
        if kind == "train" and feature.outline is not None and None in (values["from_m"], values["to_m"]):
            values["track"], values["from_m"], values["to_m"] = self.ground.stretch(
                feature.outline, values["track"]
            )
        reader = replace(self.reader, origin=self._origin(feature))
        said = (feature.text("reason"), feature.text("remark") or "")
        place = (kind, feature.text("area"), parse_correction(values))
        self.out.reviews.append(missed_review(self.archive, date, place, said, reader))

    def _area(self, feature: Feature) -> None:
        key, said = feature.text("key") or "", (feature.text("complete") or "").lower()
        if not said and not feature.text("remark"):
            self.out.unanswered += 1
            return
        if key not in self.areas:
            raise UsageError("unknown key", key[:16], "no standing report has this area", "Export anew")
        self._once(feature)
        if said not in ("yes", "true", "1"):
            raise UsageError("unclear", repr(said), "complete is yes or empty", "Say yes, or clear the row")
        row = self.areas[key]
        about = area_about(Date(row["report"], row["scene"], row["acquired"], self.site), row["area"])
        self._add(
            feature, about, Answer("complete", None, parse_remark(feature.text("remark")), Correction())
        )


_NUMBERS = ("new_from_m", "new_to_m")


def _number(feature: Feature, name: str) -> float | None:
    value = feature.values.get(name)
    if value is None or isinstance(value, float):
        return value
    text = feature.text(name)
    try:
        return None if text is None else float(text)
    except ValueError as error:
        raise UsageError("not a number", name, repr(text), "Give metres along the track") from error


def _same_answer(before: str, said: Answer) -> bool:
    """Return whether an answer is the one that was filled in when the file was made."""
    try:
        old = json.loads(before)
    except ValueError:
        return False
    return bool(old == json.loads(json.dumps(said.as_dict())))


def _same(old: Any, new: Any, kind: str) -> bool:
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


def refuse_import(path: Path, out: Import) -> None:
    """Say that nothing was taken in, when a row was refused."""
    if out.faults:
        raise InputRefused(
            "review refused",
            path,
            f"{len(out.faults)} rows (see above); nothing was taken in",
            "Mend them and import it again",
        )
