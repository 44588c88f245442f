"""How much is reviewed, how far readers agree, and whether the stated confidence holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from math import exp, lgamma, log, log1p
from typing import TypedDict

from tumangang_watch.archive import Archive
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import Review
from tumangang_watch.review.session import Wanted, under_review
from tumangang_watch.review.status import ReviewStatus

TAIL = 0.05
HALVED_TO = 1e-10
"""Width of the interval that a quantile is closed in to; four digits are told."""


class AgreementDocument(TypedDict):
    """Two readers on what both have judged."""

    readers: list[str]
    both: int
    agree: int
    share: IntervalDocument


class PrecisionDocument(TypedDict):
    """Of one kind and grade, the share that holds against the confidence stated."""

    of: str
    kind: str
    grade: str
    judged: int
    stated: float
    holds: IntervalDocument
    calibrated: bool


class SummaryDocument(TypedDict):
    """What ``review summary --json`` prints."""

    site: str
    states: dict[str, int]
    readers: dict[str, dict[str, int]]
    reasons: dict[str, int]
    agreement: list[AgreementDocument]
    precision: list[PrecisionDocument]


def summary(archive: Archive, site: str) -> SummaryDocument:
    """Return how much is reviewed, how far readers agree and whether the stated confidence holds."""
    everything = under_review(archive, site, Wanted(each_detection=True))
    shown = [one for one in everything if one.subject is None or not one.subject.covered or one.reviews]
    last = {(r.reader, r.about.key): r for r in all_reviews(archive, site)}.values()
    pairs: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one in everything:
        for a, b in combinations((r for r in one.latest if r.about.word != "area"), 2):
            pairs[a.reader, b.reader].append(_holds(a) == _holds(b))
    return {
        "site": site,
        "states": _counts(one.state for one in shown),
        "readers": {
            name: _counts(r.answer.verdict for r in last if r.reader == name)
            for name in sorted({r.reader for r in last})
        },
        "reasons": _counts(r.answer.reason for r in last if r.answer.reason is not None),
        "agreement": [
            {
                "readers": list(names),
                "both": len(same),
                "agree": sum(same),
                "share": share(sum(same), len(same)),
            }
            for names, same in sorted(pairs.items())
        ],
        "precision": _precision(everything),
    }


def _counts(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def share(hits: int, of: int) -> IntervalDocument:
    """Return a proportion with its 90 % interval (Clopper and Pearson, Biometrika 26, 1934); ``of`` > 0."""
    low = beta_quantile(hits, of - hits + 1, TAIL) if hits else 0.0
    high = beta_quantile(hits + 1, of - hits, 1 - TAIL) if hits < of else 1.0
    return {"estimate": round(hits / of, 4), "low": round(low, 4), "high": round(high, 4)}


def beta_quantile(a: float, b: float, probability: float) -> float:
    """Return where the distribution function of Beta(a, b) reaches a probability, to 1e-9."""
    low, high = 0.0, 1.0
    while high - low > HALVED_TO:
        middle = (low + high) / 2
        low, high = (middle, high) if _beta_cdf(a, b, middle) < probability else (low, middle)
    return (low + high) / 2


def _beta_cdf(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function by its continued fraction (DLMF 8.17.22)."""
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_cdf(b, a, 1.0 - x)
    factor = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    # Lentz's way to evaluate it (Thompson and Barnett, J. Comput. Phys. 64, 1986).
    c, d, value, m = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1)), 0.0, 0
    value = d
    while True:
        m += 1
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1.0 / (1.0 + term * d), 1.0 + term / c
            value *= c * d
        if abs(c * d - 1.0) < 1e-13:
            return factor * value


def _holds(review: Review) -> bool:
    """Return whether a reader says that what is reported is there; another kind is another thing."""
    kind = review.answer.correction.kind
    return review.answer.verdict != "rejected" and kind in (None, review.about.kind)


def _precision(everything: Sequence[ReviewStatus]) -> list[PrecisionDocument]:
    """Return, by what is claimed and its grade, the share that holds against the confidence stated."""
    groups: dict[tuple[str, str, str], list[tuple[float, bool]]] = defaultdict(list)
    for one in everything:
        held, evidence = {_holds(r) for r in one.latest}, one.about.evidence
        if one.subject is not None and len(held) == 1:
            place = (one.about.word, one.about.kind, evidence["grade"])
            groups[place].append((float(evidence["confidence"]), held.pop()))
    rows: list[PrecisionDocument] = []
    for (word, kind, grade), judged in sorted(groups.items()):
        stated = sum(p for p, _ in judged) / len(judged)
        found = share(sum(real for _, real in judged), len(judged))
        rows.append(
            {
                "of": word,
                "kind": kind,
                "grade": grade,
                "judged": len(judged),
                "stated": round(stated, 4),
                "holds": found,
                "calibrated": found["low"] <= stated <= found["high"],
            }
        )
    return rows
