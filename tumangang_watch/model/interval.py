"""An estimate with its 90 % interval, how such estimates are summed, and probabilities as log-odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, log, sqrt

Z90 = 1.6449
"""Half width of a 90 % interval in standard deviations: the standard normal quantile at 0.95."""
SURE = 1e-3
"""A probability is taken for no nearer to 0 or 1 than this: nothing seen says more."""
SHARED_AREA = 0.3
"""Share of the variance of an area's error that like areas of a scene have in common: 0.14 for cargo of
one form in exact frames (``python -m benchmarks.ground --split train --calibrate``), and the fit, which
they lack. With it intervals of sums of 2 to 5 of them hold their truth 92 to 98 times in 100 on train seeds,
86 to 90 on validation seeds."""


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


@dataclass(frozen=True, kw_only=True)
class Summand:
    """One thing's measure in a sum."""

    value: Interval
    """The measure, if the thing is there."""
    sure: bool = True
    """Counts in full; else it only raises the upper bound."""
    confidence: float = 1.0
    """Probability that it is there."""


def total(parts: Sequence[Summand], shared: float = 0.0) -> Interval:
    """Return the sum of one scene's measures.

    What is sure is summed, and its errors: of their variance a share is common to the scene (blur, threshold,
    lean, fit) and adds up, the rest is each one's own. What is only possible raises the upper bound, by what
    it amounts to on average and the spread of that, at most by all of it.

    Parameters
    ----------
    parts : sequence of Summand
    shared : float
        Share of an error's variance that all measures of a scene have in common.
    """
    sure, doubtful = ([p for p in parts if p.sure is known] for known in (True, False))
    estimate = sum(p.value.estimate for p in sure)
    below = _together([p.value.estimate - p.value.low for p in sure], shared)
    above = _together([p.value.high - p.value.estimate for p in sure], shared)
    if doubtful:
        mean = sum(p.confidence * p.value.estimate for p in doubtful)
        variance = sum(p.confidence * (1 - p.confidence) * p.value.estimate**2 for p in doubtful)
        every = sum(p.value.estimate for p in doubtful)
        every += _together([p.value.high - p.value.estimate for p in parts], shared)
        above = min(mean + sqrt(above**2 + Z90**2 * variance), every)
    return Interval(estimate, max(estimate - below, min(0.0, estimate)), estimate + above)


def _together(halves: Sequence[float], shared: float) -> float:
    return sqrt((1 - shared) * sum(h * h for h in halves) + shared * sum(halves) ** 2)


def log_odds(chance: float) -> float:
    """Return the log-odds of a probability, kept off 0 and 1 by `SURE`."""
    inside = min(max(chance, SURE), 1 - SURE)
    return log(inside / (1 - inside))


def logistic(weights: Sequence[float], terms: Sequence[float]) -> float:
    """Return the probability whose log-odds are the sum of weighed terms."""
    return 1 / (1 + exp(-sum(w * t for w, t in zip(weights, terms, strict=True))))
