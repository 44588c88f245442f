"""Settings for the sun that shadows show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ShownSunSettings:
    """Named numbers for the sun that shadows beside trains show where nothing states it.

    Calibrated with ``python -m benchmarks.trains --sun``: yards of the second painter, the sun withheld.
    """

    length_min_m: float = 60.0
    """Least length of all trains that show a shadow."""
    agree_min: float = 0.7
    """Least length of the mean of their directions, each 1 m per metre of train: 1 where all agree."""
