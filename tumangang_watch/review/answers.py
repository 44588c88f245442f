"""Answers as a person gives them: parsed, and refused where they cannot be meant."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TypedDict

from tumangang_watch.errors import UsageError
from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.model.review import REASONS, VERDICTS, Answer, Correction, ReviewEvidence, thing_of
from tumangang_watch.model.words import COLOURS, VEHICLE_TYPES

KINDS = ("train", "cargo", "handling_area")
MAX_CARS = 400
"""No train is longer: 400 wagons are 5.6 km, ten times the yard."""
MAX_READER_CHARS, MAX_REMARK_CHARS = 80, 2000
_RANGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:(?:-|–|to)\s*(\d+(?:\.\d+)?))?\s*")
_TRAIN_ONLY = ("track", "from_m", "to_m", "cars", "types")
_REASON_OF = {
    "kind": "wrong_type",
    "track": "wrong_track",
    "cars": "wrong_count",
    "from_m": "wrong_extent",
    "to_m": "wrong_extent",
    "outline": "wrong_extent",
    "area_m2": "wrong_area",
    "types": "wrong_type",
    "colours": "wrong_colour",
}
"""The reason for a corrected value, the first that was given decides."""


class GivenValues(TypedDict, total=False):
    """The values of a thing as a person gives them; None and empty mean not given."""

    kind: str | None
    track: str | None
    from_m: float | None
    to_m: float | None
    cars: str | None
    colours: str | None
    types: str | None
    area_m2: str | None
    outline: GeometryDocument | None


def parse_range(text: str, name: str) -> tuple[float, float]:
    """Return ``7`` as (7, 7) and ``6-7`` as (6, 7)."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise UsageError("not a number or range", name, repr(text), "Give e.g. 7 or 6-7")
    low, high = float(found[1]), float(found[2] or found[1])
    if low > high:
        raise UsageError("not a range", name, f"{text!r} runs backwards", "Give the lower bound first")
    return low, high


def parse_cars(text: str) -> tuple[int, int]:
    """Return a count of vehicles or its range."""
    low, high = parse_range(text, "cars")
    if low != int(low) or high != int(high) or not 1 <= low <= high <= MAX_CARS:
        todo = f"Give whole numbers from 1 to {MAX_CARS}"
        raise UsageError("not a count of cars", "cars", repr(text), todo)
    return int(low), int(high)


def parse_words(text: str, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return a comma-separated list of known words; ``red*3`` stands for three of them."""
    words: list[str] = []
    for part in text.split(","):
        word, _, times = (p.strip().lower().replace(" ", "_") for p in part.partition("*"))
        if word not in known or (times and not (times.isdecimal() and 1 <= int(times) <= MAX_CARS)):
            raise _not_in_list(f"unknown {name}", part.strip(), known)
        words += [word] * int(times or 1)
    return tuple(words)


def _not_in_list(what: str, word: str, known: tuple[str, ...]) -> UsageError:
    return UsageError(what, repr(word), "it is not in the list", f"Known: {', '.join(known)}")


def parse_reader(name: str | None) -> str:
    """Return a reader's name in one form."""
    tidy = " ".join(unicodedata.normalize("NFC", name or "").split())
    if not tidy:
        todo = "Say who reads: --reader NAME, or TUMANGANG_WATCH_READER"
        raise UsageError("no reader", "--reader", "it is empty", todo)
    if len(tidy) > MAX_READER_CHARS or not tidy.isprintable():
        why = "too long or unprintable"
        raise UsageError("reader's name refused", repr(tidy[:40]), why, "Give a short name")
    return tidy


def parse_remark(text: str | None) -> str:
    """Return a remark without control characters."""
    tidy = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").strip()
    tidy = "".join(c for c in tidy if c.isprintable() or c == "\n")
    if len(tidy) > MAX_REMARK_CHARS:
        why, todo = f"{len(tidy)} characters", f"At most {MAX_REMARK_CHARS}"
        raise UsageError("remark too long", "--remark", why, todo)
    return tidy


def parse_correction(given: GivenValues) -> Correction:
    """Return a correction of the texts and numbers a person gave."""
    kind, cars, area = given.get("kind") or None, given.get("cars"), given.get("area_m2")
    if kind is not None and kind not in KINDS:
        raise _not_in_list("unknown kind", kind, KINDS)
    area_m2 = parse_range(area, "area_m2") if area else None
    if area_m2 is not None and area_m2[0] <= 0:
        raise UsageError("not an area", "area_m2", repr(area), "Give square metres above 0")
    colours, types = given.get("colours"), given.get("types")
    return Correction(
        kind=kind,
        track=given.get("track") or None,
        from_m=given.get("from_m"),
        to_m=given.get("to_m"),
        cars=parse_cars(cars) if cars else None,
        area_m2=area_m2,
        colours=parse_words(colours, "colour", COLOURS) if colours else (),
        types=parse_words(types, "type", VEHICLE_TYPES) if types else (),
        outline=given.get("outline"),
    )


def checked_answer(given: Answer, evidence: ReviewEvidence) -> Answer:
    """Return an answer that can be meant of what is judged, a correction's reason filled in.

    Raises
    ------
    UsageError
        A verdict, reason or value that is unknown or does not fit; a rejection without a reason.
    """
    verdict, reason, correction = given.verdict, given.reason, given.correction
    if verdict not in VERDICTS:
        raise _not_in_list("unknown verdict", verdict, VERDICTS)
    values = correction.as_dict()
    if values and verdict not in ("corrected", "added"):
        why = f"the verdict is {verdict}"
        raise UsageError("values without a correction", ", ".join(values), why, "Say corrected")
    if verdict == "corrected":
        if not values:
            todo = "Give one: cars, from_m and to_m, kind, …"
            raise UsageError("nothing corrected", "corrected", "no value is given", todo)
        if evidence.get("members"):
            why = f"it puts {len(evidence['members']) + 1} things together"
            todo = "Correct them one by one (`review list --detections`), or accept or reject it"
            raise UsageError("not one thing", "corrected", why, todo)
        reason = reason or next(why for name, why in _REASON_OF.items() if name in values)
    _check_fit(correction, evidence)
    remark = parse_remark(given.remark)
    known = ", ".join(name for name, one in REASONS.items() if verdict in one.verdicts)
    if reason is None and verdict == "rejected":
        raise UsageError("no reason", "--reason", "a rejection needs one", f"Known: {known}")
    if reason is not None and (reason not in REASONS or verdict not in REASONS[reason].verdicts):
        why = "it is not in the list" if reason not in REASONS else f"it does not go with {verdict}"
        raise UsageError("reason refused", repr(reason), why, f"Known: {known}")
    if reason == "other" and not remark:
        raise UsageError("no remark", "--remark", "the reason is other", "Say in a remark what it is")
    return replace(given, reason=reason, remark=remark)


def _check_fit(correction: Correction, evidence: ReviewEvidence) -> None:
    """Refuse values that do not go with the kind, or with one another."""
    kind = correction.kind or evidence["kind"]
    train_only = [n for n in correction.as_dict() if n in (*_TRAIN_ONLY, "area_m2")]
    odd = [n for n in train_only if (n in _TRAIN_ONLY) != (kind == "train")]
    if odd:
        todo = "Leave it out, or give --kind"
        raise UsageError("value does not fit", ", ".join(odd), f"the kind is {kind}", todo)
    if kind == "train" and (correction.from_m, correction.to_m) != (None, None):
        thing = thing_of(evidence)
        start = correction.from_m if correction.from_m is not None else thing.get("from_m")
        stop = correction.to_m if correction.to_m is not None else thing.get("to_m")
        if start is None or stop is None or not 0 <= start < stop:
            todo = "Give 0 <= from_m < to_m in metres"
            raise UsageError("not a stretch of track", "from_m, to_m", f"{start} to {stop}", todo)
    for name, listed in (("colours", len(correction.colours)), ("types", len(correction.types))):
        if kind == "train" and listed and correction.cars:
            low, high = correction.cars
            if not low <= listed <= high:
                why, todo = f"{listed} for {low}-{high} cars", "List one a vehicle; red*3 stands for three"
                raise UsageError("lists differ", name, why, todo)
        if kind != "train" and listed > 1:
            raise UsageError("too many", name, f"{listed} for one thing", "Give one")
