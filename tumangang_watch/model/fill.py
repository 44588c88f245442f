"""How full an apron is on one date."""

from __future__ import annotations

from dataclasses import dataclass

from tumangang_watch.model.interval import Interval
from tumangang_watch.model.words import DateLabel


@dataclass(frozen=True)
class CargoRow:
    """Goods along a track without a gap that a vehicle could pass."""

    track: str
    from_m: float
    to_m: float
    """Distances along the track."""


@dataclass(frozen=True)
class CargoTrial:
    """Boxes of one size and tone that were painted on the empty ground of a place, and looked for."""

    size_m2: float
    brightness: str
    tried: int
    found: int
    """How many were graded ``detected``."""


@dataclass(frozen=True, kw_only=True)
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
    rows: tuple[CargoRow, ...]
    observed_fraction: float
    caveats: tuple[str, ...] = ()
    trials: tuple[CargoTrial, ...] = ()
    """What size of goods would have been found here; empty where it was not tried."""
