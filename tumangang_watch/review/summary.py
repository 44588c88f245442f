"""How much is reviewed, how far readers agree, and whether the stated confidence holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TypedDict

from scipy.special import betaincinv

from tumangang_watch.archive import Archive
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import Review
from tumangang_watch.review.session import Wanted, under_review
from tumangang_watch.review.status import ReviewStatus

TAIL = 0.05


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
    low = float(betaincinv(hits, of - hits + 1, TAIL)) if hits else 0.0
    high = float(betaincinv(hits + 1, of - hits, 1 - TAIL)) if hits < of else 1.0
    return {"estimate": round(hits / of, 4), "low": round(low, 4), "high": round(high, 4)}


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
