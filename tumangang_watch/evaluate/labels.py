"""The contents of a truth file as types: what people, or a painter, say was there."""

from __future__ import annotations

from typing import Literal, TypedDict

from shapely.errors import ShapelyError
from shapely.geometry import shape

from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.model.words import DateLabel


class Label(TypedDict, total=False):
    """One thing that was there, or a place where there was nothing. Distances count along the track."""

    date: DateLabel
    """``later`` where it is not given."""
    kind: Literal["train", "cargo", "handling_area"]
    """Of rejected and disputed places."""
    area: str | None
    track: str
    from_m: float
    to_m: float
    cars: int
    colours: list[str]
    geometry: GeometryDocument
    measured: list[str]
    """Which of the values were measured; all of them where it is not given."""


class CoverageDocument(TypedDict):
    """An area that the labels of one kind cover wholly on one date."""

    date: DateLabel
    area: str
    kind: str


class TruthDocument(TypedDict, total=False):
    """A whole truth file; ``coverage``, ``rejected`` and ``disputed`` are those of reviews."""

    trains: list[Label]
    cargo: list[Label]
    new_ground: list[Label]
    rejected: list[Label]
    disputed: list[Label]
    coverage: list[CoverageDocument]


_TRAIN, _OUTLINE = ("track", "from_m", "to_m"), ("geometry",)
_NEEDED = {"trains": _TRAIN, "cargo": _OUTLINE, "new_ground": _OUTLINE, "rejected": ("kind",)}
_NEEDED |= {"disputed": ("kind",), "coverage": ("date", "area", "kind")}
"""What each label of a section must have."""


def fault_of(truth: dict[str, object]) -> str | None:
    """Return what of a truth file does not fit the contract, in words; None where all does."""
    for section, needed in _NEEDED.items():
        labels = truth.get(section, [])
        if not isinstance(labels, list):
            return f"{section} is not a list"
        for number, label in enumerate(labels, start=1):
            fault = _label_fault(label, needed)
            if fault:
                return f"{section}, label {number}: {fault}"
    return None


def _label_fault(label: object, needed: tuple[str, ...]) -> str | None:
    if not isinstance(label, dict):
        return "it is not an object"
    if label.get("kind") == "train" and label.get("to_m") is not None:
        needed = (*needed, *_TRAIN)
    elif label.get("kind") in ("cargo", "handling_area") and "area" not in needed:
        needed = (*needed, *_OUTLINE)
    for name in needed:
        if name not in label or (label[name] is None and name != "track"):
            return f"it has no {name}"
    for name in ("from_m", "to_m", "cars"):
        value = label.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"its {name} is not a number"
    if label.get("date", "later") not in ("earlier", "later"):
        return "its date is neither earlier nor later"
    try:
        if label.get("geometry") is not None:
            shape(label["geometry"])
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return "its geometry cannot be read"
    return None
