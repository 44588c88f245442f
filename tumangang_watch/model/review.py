"""What a person said of a finding, and what it was said of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Verdict = Literal["accepted", "rejected", "corrected", "added", "complete", "withdrawn"]
VERDICTS: tuple[Verdict, ...] = ("accepted", "rejected", "corrected", "added", "complete", "withdrawn")
AboutWord = Literal["finding", "detection", "missed", "area"]
Document = dict[str, Any]
ANY_KIND = "any"
"""The kind of a review of a whole area that speaks of trains and goods alike."""
_NOT_JUDGED = ("report", "acquired", "id", "confidence", "grade", "statement", "caveats")
"""Parts of the evidence that may change while what is said of the ground stays the same."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What is so instead; None or empty where the reader left the detector's value."""

    kind: str | None = None
    track: str | None = None
    from_m: float | None = None
    to_m: float | None = None
    cars: tuple[int, int] | None = None
    """Fewest and most vehicles; the same twice when the reader is sure."""
    area_m2: tuple[float, float] | None = None
    colours: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    outline: Document | None = None
    """GeoJSON geometry in lon/lat."""

    def as_dict(self) -> Document:
        """Return what was given, as JSON values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value not in (None, ())
        }

    @classmethod
    def of(cls, values: Document) -> Correction:
        """Return the correction that `as_dict` wrote."""
        told: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
        return cls(**told)

    def __bool__(self) -> bool:
        return bool(self.as_dict())


@dataclass(frozen=True)
class Answer:
    """A reader's decision."""

    verdict: Verdict
    reason: str | None = None
    remark: str = ""
    correction: Correction = Correction()

    def as_dict(self) -> Document:
        """Return it as JSON values."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "remark": self.remark,
            "correction": self.correction.as_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class About:
    """What a review is about: named by scenes and place, never by a report that may be made again.

    The digests of a review are stored with it: another rule for them asks for a migration.
    """

    word: AboutWord
    site: str
    scene: str
    """Content (sha256) of the scene that shows it; of a change, the later one."""
    earlier: str | None
    """Content of the earlier scene of a change."""
    kind: str
    area: str | None
    evidence: Document
    """What stood in the report when it was judged; kept with the review."""

    @cached_property
    def key(self) -> str:
        """Digest of what is judged: the same as long as a report made again says the same of the ground."""
        said = {n: _plain(v) for n, v in self.evidence.items() if n not in _NOT_JUDGED}
        return digest([self.word, self.site, self.scene, self.earlier, self.kind, self.area, said])


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A detection or finding of a report that can be reviewed."""

    about: About
    folder: str
    id: str
    standing: bool
    """No other report supersedes the one it is in, and that report speaks for its area."""
    acquired: str
    earlier_acquired: str | None
    covered: bool = False
    """A detection that a finding of its report is about: it is reviewed with that finding."""

    @property
    def key(self) -> str:
        """See `About`."""
        return self.about.key

    @property
    def grade(self) -> str:
        """``detected`` or ``possible``."""
        return str(self.about.evidence["grade"])

    @property
    def confidence(self) -> float:
        """As reported."""
        return float(self.about.evidence["confidence"])

    @property
    def statement(self) -> str:
        """What is claimed, in a sentence."""
        return str(self.about.evidence.get("statement") or words_of(self.about.evidence))


@dataclass(frozen=True, kw_only=True)
class Review:
    """One answer of one reader; it is never changed. A later one of the same reader takes its place."""

    about: About
    reader: str
    answer: Answer
    made: str
    """When (UTC)."""
    origin: str
    """``terminal``, or the export that the answer was written into."""
    number: int = 0
    """Its place among all reviews of the archive."""

    @cached_property
    def uid(self) -> str:
        """Digest of everything it says. An answer read back twice from one export is the same review."""
        when = self.made if self.origin == TERMINAL else ""
        return digest([self.about.key, self.reader, self.answer.as_dict(), when, self.origin])


TERMINAL = "terminal"


def digest(value: Any) -> str:
    """Return the sha256 of a value's JSON text."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return JSON values in one form: parts that are not judged left out, whole numbers as floats."""
    if isinstance(value, dict):
        return {n: _plain(v) for n, v in value.items() if n not in _NOT_JUDGED}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return round(float(value), 7) if isinstance(value, (int, float)) else value


def thing_of(evidence: Document) -> Document:
    """Return the detection that a correction is about: of a change, the later one where there is one."""
    found: Document | None = evidence.get("later") or evidence.get("earlier")
    return found if "change" in evidence and found else evidence


def words_of(evidence: Document) -> str:
    """Return a detection in a few words."""
    kind, place = evidence["kind"], evidence.get("area") or "outside the areas"
    if kind == "train":
        cars = span_words(evidence.get("cars"))
        count = f"{cars} cars" if cars else "cars not counted"
        ends = (
            f"{evidence['from_m']:.0f}-{evidence['to_m']:.0f} m" if evidence.get("to_m") is not None else ""
        )
        return f"train on track {evidence.get('track') or '?'}, {ends}, {count}, {place}".replace(", ,", ",")
    area = span_words(evidence.get("area_m2"))
    what = "goods" if kind == "cargo" else "worked surface"
    return f"{what} of {area} m2, {place}" if area else f"{what}, {place}"


def span_words(value: Document | None) -> str:
    """Return ``8 (7-9)`` of an interval, ``8`` where it is sharp, nothing of None."""
    if value is None:
        return ""
    middle, low, high = (f"{value[n]:.0f}" for n in ("estimate", "low", "high"))
    return middle if low == high else f"{middle} ({low}-{high})"
