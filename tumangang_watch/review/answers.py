"""Answers as a person gives them: parsed, and refused where they cannot be meant."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from tumangang_watch.errors import UsageError
from tumangang_watch.model.detection import COLOURS, VEHICLE_TYPES
from tumangang_watch.model.review import VERDICTS, Answer, Correction, Document, thing_of
from tumangang_watch.settings.records import REASONS, ReviewSettings

KINDS = ("train", "cargo", "handling_area")
MOST_CARS = 400
"""No train is longer: 400 wagons are 5.6 km, ten times the yard."""
_RANGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:(?:-|–|to)\s*(\d+(?:\.\d+)?))?\s*")
_TRAIN_ONLY = ("track", "from_m", "to_m", "cars", "types")


def refuse(what: str, value: Any, why: str, todo: str) -> UsageError:
    """Return the error for an answer that cannot be meant."""
    return UsageError(what, value, why, todo)


def parse_range(text: str, name: str) -> tuple[float, float]:
    """Return ``7`` as (7, 7) and ``6-7`` as (6, 7)."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise refuse("not a number or range", name, repr(text), "Give e.g. 7 or 6-7")
    low = float(found[1])
    high = float(found[2]) if found[2] else low
    if low > high:
        raise refuse("not a range", name, f"{text!r} runs backwards", "Give the lower bound first")
    return low, high


def parse_cars(text: str) -> tuple[int, int]:
    """Return a count of vehicles or its range."""
    low, high = parse_range(text, "cars")
    if low != int(low) or high != int(high) or not 1 <= low <= high <= MOST_CARS:
        raise refuse("not a count of cars", "cars", repr(text), f"Give whole numbers from 1 to {MOST_CARS}")
    return int(low), int(high)


def parse_words(text: str, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return a comma-separated list of known words; ``red*3`` stands for three of them."""
    words: list[str] = []
    for part in text.split(","):
        word, _, times = (p.strip().lower().replace(" ", "_") for p in part.partition("*"))
        if word not in known or (times and not (times.isdecimal() and 1 <= int(times) <= MOST_CARS)):
            raise refuse(
                f"unknown {name}", repr(part.strip()), "it is not in the list", f"Known: {', '.join(known)}"
            )
        words += [word] * (int(times) if times else 1)
    return tuple(words)


def parse_reader(name: str | None, settings: ReviewSettings | None = None) -> str:
    """Return a reader's name in one form."""
    settings = settings or ReviewSettings()
    tidy = " ".join(unicodedata.normalize("NFC", name or "").split())
    if not tidy:
        raise refuse(
            "no reader", "--reader", "it is empty", "Say who reads: --reader NAME, or TUMANGANG_WATCH_READER"
        )
    if len(tidy) > settings.reader_chars or not tidy.isprintable():
        raise refuse("reader's name refused", repr(tidy[:40]), "too long or unprintable", "Give a short name")
    return tidy


def parse_remark(text: str | None, settings: ReviewSettings | None = None) -> str:
    """Return a remark without control characters."""
    settings = settings or ReviewSettings()
    tidy = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").strip()
    tidy = "".join(c for c in tidy if c.isprintable() or c == "\n")
    if len(tidy) > settings.remark_chars:
        raise refuse(
            "remark too long", "--remark", f"{len(tidy)} characters", f"At most {settings.remark_chars}"
        )
    return tidy


def parse_correction(given: dict[str, Any]) -> Correction:
    """Return a correction of the texts and numbers a person gave; None and empty mean not given."""
    told = {name: value for name, value in given.items() if value not in (None, "", ())}
    kind = told.get("kind")
    if kind is not None and kind not in KINDS:
        raise refuse("unknown kind", repr(kind), "it is not in the list", f"Known: {', '.join(KINDS)}")
    area = parse_range(told["area_m2"], "area_m2") if "area_m2" in told else None
    if area is not None and area[0] <= 0:
        raise refuse("not an area", "area_m2", repr(told["area_m2"]), "Give square metres above 0")
    return Correction(
        kind=kind,
        track=told.get("track"),
        from_m=told.get("from_m"),
        to_m=told.get("to_m"),
        cars=parse_cars(told["cars"]) if "cars" in told else None,
        area_m2=area,
        colours=parse_words(told["colours"], "colour", COLOURS) if "colours" in told else (),
        types=parse_words(told["types"], "type", VEHICLE_TYPES) if "types" in told else (),
        outline=told.get("outline"),
    )


def make_answer(
    verdict: str, reason: str | None, remark: str | None, correction: Correction, evidence: Document
) -> Answer:
    """Return an answer that can be meant of what is judged.

    Raises
    ------
    UsageError
        A verdict, reason or value that is unknown or does not fit; a rejection without a reason.
    """
    if verdict not in VERDICTS:
        known = ", ".join(VERDICTS)
        raise refuse("unknown verdict", repr(verdict), "it is not in the list", f"Known: {known}")
    if correction and verdict not in ("corrected", "added"):
        given = ", ".join(correction.as_dict())
        raise refuse("values without a correction", given, f"the verdict is {verdict}", "Say corrected")
    if verdict == "corrected":
        if not correction:
            raise refuse(
                "nothing corrected",
                "corrected",
                "no value is given",
                "Give one: cars, from_m and to_m, kind, …",
            )
        if evidence.get("members"):
            raise refuse(
                "not one thing",
                "corrected",
                f"it puts {len(evidence['members']) + 1} things together",
                "Correct them one by one (`review list --detections`), or accept or reject it",
            )
        reason = reason or _default_reason(correction)
    _see_fit(correction, evidence)
    tidy = parse_remark(remark)
    if reason is None and verdict == "rejected":
        raise refuse("no reason", "--reason", "a rejection needs one", f"Known: {_reasons_for(verdict)}")
    if reason is not None and (reason not in REASONS or verdict not in REASONS[reason].verdicts):
        why = "it is not in the list" if reason not in REASONS else f"it does not go with {verdict}"
        raise refuse("reason refused", repr(reason), why, f"Known: {_reasons_for(verdict)}")
    if reason == "other" and not tidy:
        raise refuse("no remark", "--remark", "the reason is other", "Say in a remark what it is")
    return Answer(verdict, reason, tidy, correction)


def _reasons_for(verdict: str) -> str:
    return ", ".join(name for name, reason in REASONS.items() if verdict in reason.verdicts)


def _default_reason(correction: Correction) -> str:
    for given, reason in (
        (correction.kind, "wrong_type"),
        (correction.track, "wrong_track"),
        (correction.cars, "wrong_count"),
        (correction.from_m, "wrong_extent"),
        (correction.to_m, "wrong_extent"),
        (correction.outline, "wrong_extent"),
        (correction.area_m2, "wrong_area"),
        (correction.types, "wrong_type"),
    ):
        if given not in (None, ()):
            return reason
    return "wrong_colour"


def _see_fit(correction: Correction, evidence: Document) -> None:
    """Refuse values that do not go with the kind, or with one another."""
    kind = correction.kind or evidence["kind"]
    values = correction.as_dict()
    odd = [n for n in values if (n in _TRAIN_ONLY) != (kind == "train") and n in (*_TRAIN_ONLY, "area_m2")]
    if odd:
        raise refuse(
            "value does not fit", ", ".join(odd), f"the kind is {kind}", "Leave it out, or give --kind"
        )
    if kind == "train":
        thing = thing_of(evidence)
        start = correction.from_m if correction.from_m is not None else thing.get("from_m")
        stop = correction.to_m if correction.to_m is not None else thing.get("to_m")
        if (correction.from_m, correction.to_m) != (None, None) and (
            start is None or stop is None or not 0 <= start < stop
        ):
            raise refuse(
                "not a stretch of track",
                "from_m, to_m",
                f"{start} to {stop}",
                "Give 0 <= from_m < to_m in metres",
            )
    for name in ("colours", "types"):
        listed = len(getattr(correction, name))
        if (
            kind == "train"
            and listed
            and correction.cars
            and not correction.cars[0] <= listed <= correction.cars[1]
        ):
            raise refuse(
                "lists differ",
                name,
                f"{listed} for {correction.cars[0]}-{correction.cars[1]} cars",
                "List one a vehicle; red*3 stands for three",
            )
        if kind != "train" and listed > 1:
            raise refuse("too many", name, f"{listed} for one thing", "Give one")
