"""What a person answered to a finding, and what the answer is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypedDict, get_args

from tumangang_watch.model.document import AmountDocument, GeometryDocument, IntervalDocument

Verdict = Literal["accepted", "rejected", "corrected", "added", "complete", "withdrawn"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
TERMINAL = "terminal"
ANY_KIND = "any"
"""The kind of a review of a whole area that speaks of trains and goods alike."""
_NOT_JUDGED = ("report", "acquired", "id", "confidence", "grade", "statement", "caveats")
"""Parts of the evidence that may change while what is claimed of the ground stays the same."""


@dataclass(frozen=True)
class Reason:
    """Why a reader decided so."""

    words: str
    """What it means, for people."""
    verdicts: tuple[str, ...]
    """Verdicts it can be given for."""
    denies: Literal["thing", "change", None] = None
    """What a rejection for this reason denies: that such a thing stood there, or only that it changed. It
    decides what the rejection of a change says of the things it rests on."""


_NO, _FIX, _YES = ("rejected",), ("corrected",), ("accepted", "added", "complete")
REASONS: dict[str, Reason] = {
    "seen_clearly": Reason("plain to see in the imagery", (*_YES, *_FIX)),
    "confirmed_by_other_source": Reason("another image or source shows it too", (*_YES, *_FIX)),
    "shadow": Reason("a shadow, not a thing", _NO, "thing"),
    "snow": Reason("snow, bare or dirty", _NO, "thing"),
    "cloud": Reason("cloud or its shadow", _NO, "thing"),
    "roof": Reason("a roof", _NO, "thing"),
    "building": Reason("a building or its wall", _NO, "thing"),
    "track_or_ballast": Reason("empty track: rails, sleepers, ballast, a crossing", _NO, "thing"),
    "vegetation": Reason("plants or bare soil", _NO, "thing"),
    "vehicle_not_rail": Reason("lorries or cars, not on rails", _NO, "thing"),
    "maintenance_stock": Reason("track machine or stored wagons that do not count here", _NO, "thing"),
    "artefact": Reason("noise, a seam, a saturated or missing pixel", _NO, "thing"),
    "duplicate": Reason("the same thing is reported elsewhere", _NO, "thing"),
    "wrong_type": Reason("something is there, but of another kind or type", (*_NO, *_FIX), "thing"),
    "misregistration": Reason("the scenes are shifted against each other", (*_NO, *_FIX), "change"),
    "parked_before": Reason("it stood there on the earlier date too", _NO, "change"),
    "light_or_season": Reason("light, season or angle changed, not the thing", _NO, "change"),
    "wrong_extent": Reason("its ends or outline are wrong", _FIX),
    "wrong_count": Reason("the number of vehicles is wrong", _FIX),
    "wrong_colour": Reason("colours are wrong", _FIX),
    "wrong_area": Reason("the area is wrong", _FIX),
    "wrong_track": Reason("it stands on another track", _FIX),
    "missed": Reason("the detector missed it", ("added",)),
    "other": Reason("none of these: a remark says what", (*_YES, *_NO, *_FIX, "withdrawn")),
}
"""Reasons by name. A rejection needs one; ``other`` needs a remark."""


class Thing(TypedDict, total=False):
    """A train, cargo or worked surface of one date as its report, or a reader, has it."""

    report: str
    id: str
    date: str
    acquired: str
    kind: str
    grade: str
    confidence: float
    area: str | None
    track: str | None
    from_m: float | None
    to_m: float | None
    length_m: IntervalDocument | None
    cars: IntervalDocument | None
    area_m2: IntervalDocument | None
    colours: list[str]
    types: list[str]
    geometry: GeometryDocument | None
    caveats: list[str]


class ReviewEvidence(Thing, total=False):
    """What stood in the report when it was judged: a detection, or a change with what it rests on."""

    change: str
    earlier: Thing | None
    later: Thing | None
    amount: AmountDocument
    statement: str
    members: list[Thing]
    """Further things that the change puts together with these."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Values in place of the detector's; None or empty where the reader left those."""

    kind: str | None = None
    track: str | None = None
    from_m: float | None = None
    to_m: float | None = None
    cars: tuple[int, int] | None = None
    """Fewest and most vehicles; the same twice when the reader is sure."""
    area_m2: tuple[float, float] | None = None
    colours: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    outline: GeometryDocument | None = None

    def as_dict(self) -> dict[str, object]:
        """Return what was given, as JSON values."""
        given = {name: value for name, value in vars(self).items() if value not in (None, ())}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()}

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Correction:
        """Return the correction that `as_dict` wrote."""
        return cls(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        return bool(self.as_dict())


@dataclass(frozen=True)
class Answer:
    """A reader's decision."""

    verdict: Verdict
    reason: str | None = None
    remark: str = ""
    correction: Correction = Correction()

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {**vars(self), "correction": self.correction.as_dict()}


@dataclass(frozen=True, kw_only=True)
class About:
    """What a review is about: named by scenes and place, never by a report that may be made again.

    The digests of a review are stored with it: another rule for them asks for a migration.
    """

    word: Literal["finding", "detection", "missed", "area"]
    site: str
    scene: str
    """Content (sha256) of the scene that shows it; of a change, the later one."""
    earlier: str | None
    """Content of the earlier scene of a change."""
    kind: str
    area: str | None
    evidence: ReviewEvidence

    @cached_property
    def key(self) -> str:
        """Digest of what is judged: the same as long as a report made again claims the same of the ground."""
        claim = _plain(self.evidence)
        return digest([self.word, self.site, self.scene, self.earlier, self.kind, self.area, claim])


@dataclass(frozen=True, kw_only=True)
class ReviewSubject:
    """A detection or finding of a report that can be reviewed."""

    about: About
    folder: str
    id: str
    current: bool
    """No other report supersedes the one it is in, and that report speaks for its area."""
    acquired: str
    earlier_acquired: str | None
    covered: bool = False
    """A detection that a finding of its report is about: it is reviewed with that finding."""
    painted: bool = False
    """A scene of it was painted by the program: it is no evidence."""

    @property
    def key(self) -> str:
        """See `About`."""
        return self.about.key

    @property
    def statement(self) -> str:
        """What is claimed, in a sentence."""
        return self.about.evidence.get("statement") or words_of(self.about.evidence)


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
        """Digest of everything in it. An answer read back twice from one export is the same review."""
        when = self.made if self.origin == TERMINAL else ""
        return digest([self.about.key, self.reader, self.answer.as_dict(), when, self.origin])


def digest(value: object) -> str:
    """Return the sha256 of a value's JSON text."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Return JSON values in one form: parts that are not judged left out, whole numbers as floats."""
    if isinstance(value, dict):
        return {n: _plain(v) for n, v in value.items() if n not in _NOT_JUDGED}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return round(float(value), 7) if isinstance(value, (int, float)) else value


def thing_of(evidence: ReviewEvidence) -> Thing:
    """Return the detection that a correction is about: of a change, the later one where there is one."""
    found = evidence.get("later") or evidence.get("earlier")
    return found if "change" in evidence and found else evidence


def words_of(thing: Thing) -> str:
    """Return a detection in a few words."""
    kind, place = thing["kind"], thing.get("area") or "outside the areas"
    if kind == "train":
        cars = span_words(thing.get("cars"))
        count = f"{cars} cars" if cars else "cars not counted"
        ends = f"{thing['from_m']:.0f}-{thing['to_m']:.0f} m" if thing.get("to_m") is not None else ""
        return f"train on track {thing.get('track') or '?'}, {ends}, {count}, {place}".replace(", ,", ",")
    area = span_words(thing.get("area_m2"))
    what = "goods" if kind == "cargo" else "worked surface"
    return f"{what} of {area} m2, {place}" if area else f"{what}, {place}"


def span_words(value: IntervalDocument | None) -> str:
    """Return ``8 (7-9)`` of an interval, ``8`` where it is sharp, nothing of None."""
    if value is None:
        return ""
    middle, low, high = f"{value['estimate']:.0f}", f"{value['low']:.0f}", f"{value['high']:.0f}"
    return middle if low == high else f"{middle} ({low}-{high})"
