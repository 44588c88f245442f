"""Settings for scenes that lack what the readers learned with: a stated sun, a look that they know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ShownSunSettings:
    """Named numbers for the sun that shadows beside trains show where nothing states it.

    Chosen by hand on training banks of both painters with the sun withheld; ``python -m benchmarks.trains
    --sun 48`` counts on other yards what comes of them.
    """

    length_min_m: float = 60.0
    """Least length of all trains that show a shadow."""
    agree_min: float = 0.7
    """Least length of the mean of their directions, each 1 m per metre of train: 1 where all agree."""


@dataclass(frozen=True, kw_only=True)
class UndecidedSettings:
    """Named numbers for how sure trains are in a scene that the reader of strips is not at home in.

    Calibrated with ``python -m benchmarks.trains --undecided --banks A B`` (both painters) and ``--real``.
    """

    odds: float = 2.0
    """Log-odds, the bias on, below which a step of track is not decided: 12 to 88 %."""
    share_max: float = 0.06
    """Share of the seen track that is usual: of painted scenes without snow 19 in 20 have less. With snow it
    is 0.04 to 0.13 in the median of either painter, on three real yards 0.05 to 0.10 in the light that their
    shadows show and 0.13 to 0.21 without a sun."""
    steps_min: int = 100
    """Fewer seen steps of half a metre tell nothing."""
