"""How far readers agree, and how often what is reported holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from scipy.stats import beta

from tumangang_watch.model.interval import Z90, Interval

TAIL = 0.05


@dataclass(frozen=True)
class Agreement:
    """Two readers on what both have judged."""

    both: int
    agree: int
    share: Interval | None
    """Share of agreement; None when both have judged nothing."""
    kappa: Interval | None
    """Cohen's kappa; None where it is not defined: nothing judged twice, or chance alone would agree."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "both": self.both,
            "agree": self.agree,
            "share": as_dict(self.share),
            "kappa": as_dict(self.kappa),
        }


def as_dict(value: Interval | None, digits: int = 4) -> dict[str, float] | None:
    """Return an interval as JSON values."""
    if value is None:
        return None
    return {name: round(getattr(value, name), digits) for name in ("estimate", "low", "high")}


def share(hits: int, of: int) -> Interval | None:
    """Return a proportion with its 90 % interval (Clopper and Pearson, Biometrika 26, 1934).

    None of nothing.
    """
    if of == 0:
        return None

    low = float(beta.ppf(TAIL, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - TAIL, hits + 1, of - hits)) if hits < of else 1.0
    return Interval(hits / of, low, high)


def agreement(pairs: Sequence[tuple[Hashable, Hashable]]) -> Agreement:
    """Return how far two readers agree.

    Parameters
    ----------
    pairs : sequence of (word, word)
        What each said of the same thing.

    Notes
    -----
    Cohen's kappa (Educ. Psychol. Meas. 20, 1960) with the large-sample standard error of Fleiss, Cohen and
    Everitt (Psychol. Bull. 72, 1969), cut at -1 and 1. With few pairs the interval is a rough one. Where they
    agree on all of several words that error is zero; the interval then reaches down to where the agreement's
    own interval does.
    """
    n = len(pairs)
    agree = sum(a == b for a, b in pairs)
    shared = share(agree, n)
    if n == 0 or shared is None:
        return Agreement(0, 0, None, None)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    words = [*first, *(w for w in second if w not in first)]
    chance = sum(first[w] * second[w] for w in words) / n**2
    if chance >= 1.0:
        return Agreement(n, agree, shared, None)
    observed = agree / n
    kappa = (observed - chance) / (1 - chance)
    low = kappa - Z90 * _kappa_error(pairs, words, kappa, chance)
    high = kappa + Z90 * _kappa_error(pairs, words, kappa, chance)
    if agree == n:
        low = (shared.low - chance) / (1 - chance)
    return Agreement(n, agree, shared, Interval(kappa, max(low, -1.0), min(max(high, kappa), 1.0)))


def _kappa_error(
    pairs: Sequence[tuple[Hashable, Hashable]], words: list[Hashable], kappa: float, chance: float
) -> float:
    n = len(pairs)
    cells = {pair: count / n for pair, count in Counter(pairs).items()}
    row = {w: sum(p for (a, _), p in cells.items() if a == w) for w in words}
    col = {w: sum(p for (_, b), p in cells.items() if b == w) for w in words}
    same = sum(cells.get((w, w), 0.0) * (1 - (row[w] + col[w]) * (1 - kappa)) ** 2 for w in words)
    differ = (1 - kappa) ** 2 * sum(p * (col[a] + row[b]) ** 2 for (a, b), p in cells.items() if a != b)
    rest = (kappa - chance * (1 - kappa)) ** 2
    return sqrt(max(same + differ - rest, 0.0) / n) / (1 - chance)
