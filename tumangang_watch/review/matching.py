"""Whether review and report, or two readers, say the same: of which thing, where, and how much of it.

Readers who differ on a measure span an interval.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import sqrt
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import About, Correction, Thing, thing_of

TRAIN_OVERLAP, OUTLINE_OVERLAP = 0.5, 0.3
"""Smallest overlap (of the union) of two stretches of track that hold the same train, and of two outlines
that hold the same cargo: as in `evaluate`."""
ALIKE_OVERLAP = 0.9
"""From this overlap on, and with the same count, a report made again says what it said when it was reviewed:
14 m of 140 m is less than one wagon. Below, the review is stale. Assumed."""
ALIKE_CHANGE = 0.1
"""An amount or area that differs by at most this share says the same. Assumed: a third of the width of a
common 90 % interval."""
END_M = 1.5
"""Half-width of the 90 % interval of an end that a reader set: three pixels at 0.5 m. Assumed; two readers of
the same trains measure it."""
Bounds = Sequence[float]
"""Lower and upper bound."""


def overlap(one: Thing, other: Thing) -> float:
    """Return the overlap of two places as a share of their union: along the track, else of the outlines.

    Parameters
    ----------
    one, other : Thing
        ``track``, ``from_m`` and ``to_m``, or ``geometry`` (GeoJSON lon/lat). Shares do not depend on units.
    """
    starts, ends = (one.get("from_m"), other.get("from_m")), (one.get("to_m"), other.get("to_m"))
    if None not in (*starts, *ends):
        if one.get("track") != other.get("track"):
            return 0.0
        union = max(ends) - min(starts)  # type: ignore[type-var, operator]
        shared = min(ends) - max(starts)  # type: ignore[type-var, operator]
        return max(float(shared), 0.0) / float(union) if union > 0 else 0.0
    if not (one.get("geometry") and other.get("geometry")):
        return 0.0
    a, b = (_shape(json.dumps(place["geometry"])) for place in (one, other))
    if not a.intersects(b):
        return 0.0
    union = a.union(b).area
    return float(a.intersection(b).area / union) if union > 0 else float(a.equals(b))


@lru_cache(maxsize=4096)
def _shape(text: str) -> BaseGeometry:
    shape = shapely.from_geojson(text)
    return shape if shape.is_valid else shapely.make_valid(shape)


def min_overlap(kind: str) -> float:
    """Return the overlap from which two places hold the same thing."""
    return TRAIN_OVERLAP if kind == "train" else OUTLINE_OVERLAP


def alike(old: Thing, new: Thing) -> bool:
    """Return whether two detections say the same of the ground: place, count and area."""
    if overlap(old, new) < ALIKE_OVERLAP:
        return False
    before, after = old.get("cars"), new.get("cars")
    if (before is None) != (after is None):
        return False
    if before and after and round(before["estimate"]) != round(after["estimate"]):
        return False
    return _near(old.get("area_m2"), new.get("area_m2"))


def same_claim(old: About, new: About) -> bool:
    """Return whether a report says now what it said when it was reviewed."""
    if old.key == new.key:
        return True
    was, now = old.evidence, new.evidence
    if old.word == "detection":
        return alike(was, now)
    if old.earlier != new.earlier or was["change"] != now["change"] or was["track"] != now["track"]:
        return False
    if was["amount"]["unit"] != now["amount"]["unit"] or not _near(was["amount"], now["amount"]):
        return False
    pairs = ((was.get("earlier"), now.get("earlier")), (was.get("later"), now.get("later")))
    return all(one is two if one is None or two is None else alike(one, two) for one, two in pairs)


def place_overlap(old: About, new: About) -> float:
    """Return how far two reviewable things of one scene and kind lie in one place."""
    if (old.word, old.scene, old.kind) != (new.word, new.scene, new.kind):
        return 0.0
    if old.word == "finding" and bool(old.evidence.get("later")) != bool(new.evidence.get("later")):
        return 0.0
    return overlap(thing_of(old.evidence), thing_of(new.evidence))


def _near(one: IntervalDocument | None, other: IntervalDocument | None) -> bool:
    if one is None or other is None:
        return one is other
    size = max(abs(one["estimate"]), abs(other["estimate"]))
    return bool(abs(one["estimate"] - other["estimate"]) <= ALIKE_CHANGE * size)


@dataclass(frozen=True)
class Reading:
    """What a reader judged, and what they put in its place."""

    thing: Thing
    correction: Correction

    @property
    def place(self) -> Thing:
        """The thing with its kind and place as the reader corrected them."""
        given = self.correction.as_dict()
        moved = {name: given[name] for name in ("kind", "track", "from_m", "to_m") if name in given}
        outline = {"geometry": self.correction.outline} if self.correction.outline is not None else {}
        return {**self.thing, **moved, **outline}  # type: ignore[typeddict-item]

    def bounds(self, name: Literal["cars", "area_m2"]) -> Bounds | None:
        """Return the bounds of a measure: the reader's, or the detector's where they are left to it."""
        given: Bounds | None = getattr(self.correction, name)
        left = self.thing.get(name)
        return given or ((left["low"], left["high"]) if left else None)

    def listed(self, name: Literal["colours", "types", "kind"]) -> Sequence[str]:
        """Return the reader's colours, types or kind, or the detector's."""
        given: Sequence[str] = getattr(self.correction, name)
        return given or self.thing.get(name) or ()


def with_values(base: Thing, readings: Sequence[Reading], *, reported: bool = True) -> Thing:
    """Return a detection with its measures as the readers together leave them.

    Parameters
    ----------
    base : Thing
        The detection as it is reported now, or as it was when it was judged.
    readings : sequence of Reading
        One for each reader who says that it is there. Where they differ, ``low`` and ``high`` hold all of
        them and the estimate is the detector's, brought inside: nobody's value is picked.
    reported : bool
        ``base`` is what a report says now; else the estimate is the middle.
    """
    places, given = [r.place for r in readings], [r.correction for r in readings]
    out: Thing = {**base}
    last = next((r.place for r in readings[::-1] if r.correction), None)
    if last is not None:
        out["kind"], out["track"], out["geometry"] = last["kind"], last.get("track"), last.get("geometry")
    if any(g.from_m is not None or g.to_m is not None for g in given):
        ends = [
            (a, b) for p in places if (a := p.get("from_m")) is not None and (b := p.get("to_m")) is not None
        ]
        start, stop = (sum(e[k] for e in ends) / len(ends) for k in (0, 1))
        out["from_m"], out["to_m"] = float(start), float(stop)
        out["length_m"] = length_of(start, stop, [b - a for a, b in ends])
    if any(g.cars is not None for g in given):
        out["cars"] = _hull(base.get("cars") if reported else None, [r.bounds("cars") for r in readings])
    if any(g.area_m2 is not None for g in given):
        held = base.get("area_m2") if reported else None
        out["area_m2"] = _hull(held, [r.bounds("area_m2") for r in readings])
    out["colours"] = _common_list({g.colours for g in given}, base.get("colours"))
    out["types"] = _common_list({g.types for g in given}, base.get("types"))
    return {**out, "cars": out.get("cars"), "area_m2": out.get("area_m2")}


def _common_list(given: set[tuple[str, ...]], held: list[str] | None) -> list[str]:
    """Return the list that all readers who give one give, else the detector's."""
    lists = given - {()}
    return list(lists.pop() if len(lists) == 1 else held or ())


def length_of(from_m: float, to_m: float, lengths: Sequence[float]) -> IntervalDocument:
    """Return the length between the ends that readers set; the interval holds the length that each gives."""
    half = sqrt(2) * END_M
    return {"estimate": to_m - from_m, "low": max(0.0, min(lengths) - half), "high": max(lengths) + half}


def values_agree(readings: Sequence[Reading]) -> bool:
    """Return whether what readers say of a thing's values can all be so at once.

    Who leaves a value to the detector says its interval: a count inside it is no dispute. Places agree where
    they would pass for unchanged; lists of colours and types where they are the same.
    """
    return all(_compatible(one, two) for one, two in combinations(readings, 2))


def _compatible(one: Reading, two: Reading) -> bool:
    given = (one.correction, two.correction)
    if any(g.cars for g in given) and not _meet(one.bounds("cars"), two.bounds("cars")):
        return False
    if any(g.area_m2 for g in given) and not _meet(one.bounds("area_m2"), two.bounds("area_m2")):
        return False
    names: tuple[Literal["colours", "types", "kind"], ...] = ("colours", "types", "kind")
    for name in names:
        if any(getattr(g, name) for g in given):
            first, second = (list(r.listed(name)) for r in (one, two))
            if first != second:
                return False
    moved = any(v is not None for g in given for v in (g.from_m, g.to_m, g.track, g.outline))
    return not moved or overlap(one.place, two.place) >= ALIKE_OVERLAP


def _meet(one: Bounds | None, two: Bounds | None) -> bool:
    return one is None or two is None or max(one[0], two[0]) <= min(one[1], two[1])


def taken_as_sure(thing: Thing) -> Thing:
    """Return a detection at a reader's word: it is there."""
    return {**thing, "confidence": 1.0, "grade": "detected"}


def _hull(held: IntervalDocument | None, bounds: Sequence[Bounds | None]) -> IntervalDocument:
    """Return the interval over what readers say; the estimate is the one held, or the middle."""
    spans = [b for b in bounds if b is not None]
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    middle = held["estimate"] if held else (low + high) / 2
    return {"estimate": float(min(max(middle, low), high)), "low": float(low), "high": float(high)}
