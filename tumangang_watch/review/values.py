"""The measures of a thing once readers have corrected them: readers who differ span an interval."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from typing import Any

from tumangang_watch.model.review import Correction
from tumangang_watch.review.matching import overlap
from tumangang_watch.settings.records import ReviewSettings

Document = dict[str, Any]
Values = Sequence[tuple[Document, Correction]]
"""What each reader judged, and what they put in its place."""


def corrected_thing(thing: Document, correction: Correction) -> Document:
    """Return a detection with its kind and place as a reader corrected them."""
    place = dict(thing)
    for name in ("kind", "track", "from_m", "to_m"):
        if getattr(correction, name) is not None:
            place[name] = getattr(correction, name)
    if correction.outline is not None:
        place["geometry"] = correction.outline
    return place


def with_values(
    base: Document, values: Values, settings: ReviewSettings, *, reported: bool = True
) -> Document:
    """Return a detection with its measures as the readers together leave them.

    Parameters
    ----------
    base : dict
        The detection as it is reported now, or as it was when it was judged.
    values : sequence of (dict, Correction)
        One for each reader who says that it is there. Where they differ, ``low`` and ``high`` hold all of
        them and the estimate is the detector's, brought inside: nobody's value is picked.
    reported : bool
        ``base`` is what a report says now; else the estimate is the middle.
    """
    places = [corrected_thing(thing, given) for thing, given in values]
    out = dict(base)
    last = next((p for p, (_, given) in zip(places[::-1], list(values)[::-1], strict=True) if given), None)
    if last is not None:
        out |= {name: last.get(name) for name in ("kind", "track", "geometry")}
        out |= {name: base.get(name) for name in ("report", "id") if name in base}
    if any(given.from_m is not None or given.to_m is not None for _, given in values):
        out |= _extent(places, settings)
    out["cars"] = _hull(base.get("cars"), reported, [(g.cars, t.get("cars")) for t, g in values])
    out["area_m2"] = _hull(base.get("area_m2"), reported, [(g.area_m2, t.get("area_m2")) for t, g in values])
    for name in ("colours", "types"):
        told = {getattr(given, name) for _, given in values if getattr(given, name)}
        out[name] = list(told.pop()) if len(told) == 1 else list(base.get(name) or [])
    return out


def values_agree(values: Values, settings: ReviewSettings) -> bool:
    """Return whether what readers say of a thing's values can all be so at once.

    Who leaves a value to the detector says its interval: a count inside it is no dispute. Places agree where
    they would pass for unchanged; lists of colours and types where they are the same.
    """
    return all(_compatible(one, two, settings) for one, two in combinations(values, 2))


def _compatible(
    one: tuple[Document, Correction], two: tuple[Document, Correction], settings: ReviewSettings
) -> bool:
    pair = (one, two)
    for name in ("cars", "area_m2"):
        spans = [_stated(thing, given, name) for thing, given in pair]
        if any(getattr(g, name) for _, g in pair) and None not in spans:
            (a, b), (c, d) = spans  # type: ignore[misc]
            if max(a, c) > min(b, d):
                return False
    for name in ("colours", "types", "kind"):
        if any(getattr(g, name) for _, g in pair):
            first, second = (list(getattr(g, name) or t.get(name) or ()) for t, g in pair)
            if first != second:
                return False
    moved = any(v is not None for _, g in pair for v in (g.from_m, g.to_m, g.track, g.outline))
    places = [corrected_thing(thing, given) for thing, given in pair]
    return not moved or overlap(*places) >= settings.alike_overlap


def _stated(thing: Document, given: Correction, name: str) -> tuple[float, float] | None:
    told: tuple[float, float] | None = getattr(given, name)
    left = thing.get(name)
    return told or ((left["low"], left["high"]) if left else None)


def taken_as_sure(thing: Document) -> Document:
    """Return a detection at a reader's word: it is there."""
    return {**thing, "confidence": 1.0, "grade": "detected"}


def _extent(places: list[Document], settings: ReviewSettings) -> Document:
    """Return ends and length: the mean of the readers' ends, the interval over all of their lengths."""
    ends = [(float(p["from_m"]), float(p["to_m"])) for p in places if p.get("to_m") is not None]
    start, stop = (sum(e[k] for e in ends) / len(ends) for k in (0, 1))
    lengths, half = [b - a for a, b in ends], sqrt(2) * settings.end_m
    return {
        "from_m": start,
        "to_m": stop,
        "length_m": {
            "estimate": stop - start,
            "low": max(0.0, min(lengths) - half),
            "high": max(lengths) + half,
        },
    }


def _hull(
    base: Document | None, reported: bool, told: list[tuple[tuple[float, float] | None, Document | None]]
) -> Document | None:
    """Return the interval over what readers say; one who leaves the detector's value says its interval."""
    if not any(given is not None for given, _ in told):
        return base
    spans = [given or (left["low"], left["high"]) for given, left in told if given or left]  # type: ignore[index]
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    middle = base["estimate"] if base and reported else (low + high) / 2
    return {"estimate": float(min(max(middle, low), high)), "low": float(low), "high": float(high)}
