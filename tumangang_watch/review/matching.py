"""Whether review and report speak of the same thing, and whether the report still says what was judged."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.review import About, thing_of
from tumangang_watch.settings.records import ReviewSettings

Document = dict[str, Any]


def overlap(one: Document, other: Document) -> float:
    """Return the overlap of two places as a share of their union: along the track, else of the outlines.

    Parameters
    ----------
    one, other : dict
        ``track``, ``from_m`` and ``to_m``, or ``geometry`` (GeoJSON lon/lat). Shares do not depend on units.
    """
    if None not in (one.get("to_m"), other.get("to_m"), one.get("from_m"), other.get("from_m")):
        if one.get("track") != other.get("track"):
            return 0.0
        shared = min(one["to_m"], other["to_m"]) - max(one["from_m"], other["from_m"])
        union = max(one["to_m"], other["to_m"]) - min(one["from_m"], other["from_m"])
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


def least_overlap(kind: str, settings: ReviewSettings) -> float:
    """Return the overlap from which two places hold the same thing."""
    return settings.train_overlap if kind == "train" else settings.outline_overlap


def alike(old: Document, new: Document, settings: ReviewSettings) -> bool:
    """Return whether two detections say the same of the ground: place, count and area."""
    if overlap(old, new) < settings.alike_overlap:
        return False
    before, after = old.get("cars"), new.get("cars")
    if (before is None) != (after is None):
        return False
    if before and after and round(before["estimate"]) != round(after["estimate"]):
        return False
    return _near(old.get("area_m2"), new.get("area_m2"), settings)


def same_claim(old: About, new: About, settings: ReviewSettings) -> bool:
    """Return whether a report says now what it said when it was reviewed."""
    if old.key == new.key:
        return True
    was, now = old.evidence, new.evidence
    if old.word == "detection":
        return alike(was, now, settings)
    if old.earlier != new.earlier or was["change"] != now["change"] or was["track"] != now["track"]:
        return False
    if was["amount"]["unit"] != now["amount"]["unit"] or not _near(was["amount"], now["amount"], settings):
        return False
    for date in ("earlier", "later"):
        one, two = was.get(date), now.get(date)
        if (one is None) != (two is None) or (one and two and not alike(one, two, settings)):
            return False
    return True


def place_overlap(old: About, new: About) -> float:
    """Return how far two reviewable things of one scene and kind lie in one place."""
    if (old.word, old.scene, old.kind) != (new.word, new.scene, new.kind):
        return 0.0
    if old.word == "finding" and bool(old.evidence.get("later")) != bool(new.evidence.get("later")):
        return 0.0
    return overlap(thing_of(old.evidence), thing_of(new.evidence))


def _near(one: Document | None, other: Document | None, settings: ReviewSettings) -> bool:
    if one is None or other is None:
        return one is other
    size = max(abs(one["estimate"]), abs(other["estimate"]))
    return bool(abs(one["estimate"] - other["estimate"]) <= settings.alike_change * size)
