"""The contents of a truth file as types: what people, or a painter, say was there."""

from __future__ import annotations

from typing import Literal, TypedDict

from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.model.observation import DateLabel


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
