"""Whether review and report speak of the same thing, and whether the report still says what was judged."""

from __future__ import annotations

import json
from functools import lru_cache

import shapely
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import About, Thing, thing_of

TRAIN_OVERLAP, OUTLINE_OVERLAP = 0.5, 0.3
"""Smallest overlap (of the union) of two stretches of track that hold the same train, and of two outlines
that hold the same cargo: as in `evaluate`."""
ALIKE_OVERLAP = 0.9
"""From this overlap on, and with the same count, a report made again says what it said when it was reviewed:
14 m of 140 m is less than one wagon. Below, the review is stale. Assumed."""
ALIKE_CHANGE = 0.1
"""An amount or area that differs by at most this share says the same. Assumed: a third of the width of a
common 90 % interval."""


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
