"""How full an apron is on one date."""

from __future__ import annotations

from dataclasses import dataclass

from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DateLabel


@dataclass(frozen=True)
class Row:
    """Goods along a track without a gap that a vehicle could pass."""

    track: str
    from_m: float
    to_m: float
    """Distances along the track."""


@dataclass(frozen=True)
class Fill:
    """The part of one place that goods cover on one date."""

    date: DateLabel
    area: str
    ground_m2: float
    """Ground of the place that could hold goods and was seen."""
    covered_m2: Interval
    share: Interval
    """Covered part of the ground that was seen, 0 to 1."""
    row_length_m: Interval
    """Length of the goods along the nearest tracks, gaps left out."""
    rows: tuple[Row, ...]
    observed_fraction: float
    caveats: tuple[str, ...] = ()
