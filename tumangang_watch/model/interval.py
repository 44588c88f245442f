"""An estimate with its 90 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

Z90 = 1.6449
"""Half width of a 90 % interval in standard deviations: the standard normal quantile at 0.95."""


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds of its 90 % interval, in the unit its name gives."""

    estimate: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (isfinite(self.estimate) and isfinite(self.low) and isfinite(self.high)):
            raise ValueError(f"interval is not finite: {self}")
        if not self.low <= self.estimate <= self.high:
            raise ValueError(f"interval does not hold its estimate: {self}")

    @classmethod
    def around(cls, estimate: float, half_width: float, floor: float = 0.0) -> Interval:
        """Return a symmetric interval, cut at ``floor``."""
        return cls(estimate, max(min(floor, estimate), estimate - half_width), estimate + half_width)

    @property
    def width(self) -> float:
        """``high - low``."""
        return self.high - self.low
