"""What became of each finding under review: open, settled, disputed, or judged before it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tumangang_watch.model.review import About, Review, Subject, thing_of
from tumangang_watch.review.matching import least_overlap, place_overlap, same_claim
from tumangang_watch.review.values import values_agree
from tumangang_watch.settings.records import ReviewSettings

OPEN = ("unreviewed", "stale", "disagreed")
"""States in which a reader is still wanted."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A thing that can be reviewed, with its reviews."""

    about: About
    subject: Subject | None
    """None when no standing report says it any more."""
    state: str
    """``unreviewed``, ``accepted``, ``rejected``, ``corrected``, ``disagreed``, ``stale`` (what was reviewed
    has changed since), ``gone`` (no standing report holds it), ``added``, ``complete`` or ``withdrawn``."""
    reviews: tuple[Review, ...]
    """All of them, in the order they were made."""
    latest: tuple[Review, ...]
    """The last of each reader that speaks of what stands now."""
    stale: tuple[Review, ...]
    """The last of each reader where it speaks of what has changed since."""


def latest_of(reviews: Iterable[Review]) -> list[Review]:
    """Return the last review of each reader, withdrawn ones left out, by reader."""
    last: dict[str, Review] = {}
    for review in sorted(reviews, key=lambda r: r.number):
        last[review.reader] = review
    return [last[name] for name in sorted(last) if last[name].answer.verdict != "withdrawn"]


def standings(
    subjects: Sequence[Subject], reviews: Sequence[Review], settings: ReviewSettings
) -> list[Standing]:
    """Return every subject with its reviews, and every review whose subject is gone."""
    by_key = {s.key: s for s in subjects}
    by_scene: dict[tuple[str, str, str], list[Subject]] = defaultdict(list)
    for subject in subjects:
        by_scene[subject.about.word, subject.about.scene, subject.about.kind].append(subject)
    groups: dict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        groups[review.about.key].append(review)
    given: dict[str, list[Review]] = defaultdict(list)
    left: list[list[Review]] = []
    for key, group in groups.items():
        about = group[0].about
        found = by_key.get(key) or _nearest(
            about, by_scene.get((about.word, about.scene, about.kind), ()), settings
        )
        if found is None:
            left.append(group)
        else:
            given[found.key] += group
    found_now = [_standing(s, given.get(s.key, ()), settings) for s in subjects]
    return found_now + [_homeless(group, settings) for group in _put_together(left, settings)]


def _put_together(groups: list[list[Review]], settings: ReviewSettings) -> list[list[Review]]:
    """Put together what readers added in one place: it is one thing."""
    whole: list[list[Review]] = []
    for group in groups:
        about = group[0].about
        for other in whole:
            if about.word == "missed" and place_overlap(other[0].about, about) >= least_overlap(
                about.kind, settings
            ):
                other += group
                break
        else:
            whole.append(list(group))
    return whole


def _nearest(about: About, candidates: Sequence[Subject], settings: ReviewSettings) -> Subject | None:
    scored = [(place_overlap(about, s.about), -k) for k, s in enumerate(candidates)]
    best = max(scored, default=(0.0, 0))
    return candidates[-best[1]] if best[0] >= least_overlap(about.kind, settings) else None


def _standing(subject: Subject, reviews: Sequence[Review], settings: ReviewSettings) -> Standing:
    ordered = tuple(sorted(reviews, key=lambda r: r.number))
    last = latest_of(ordered)
    fresh = tuple(r for r in last if same_claim(r.about, subject.about, settings))
    stale = tuple(r for r in last if r not in fresh)
    if fresh:
        state = _common(fresh, settings)
    else:
        state = "stale" if stale else "unreviewed"
    return Standing(
        about=subject.about, subject=subject, state=state, reviews=ordered, latest=fresh, stale=stale
    )


def _common(reviews: Sequence[Review], settings: ReviewSettings) -> str:
    """Return the verdict on which all readers agree, values included; who gives a value corrects."""
    said = {r.answer.verdict for r in reviews}
    if len(said) == 1 and said <= {"rejected", "complete"}:
        return said.pop()
    values = [(thing_of(r.about.evidence), r.answer.correction) for r in reviews]
    if said & {"rejected", "complete"} or not values_agree(values, settings):
        return "disagreed"
    return next(word for word in ("corrected", "added", "accepted") if word in said)


def _homeless(reviews: Sequence[Review], settings: ReviewSettings) -> Standing:
    ordered = tuple(sorted(reviews, key=lambda r: r.number))
    last, about = tuple(latest_of(ordered)), ordered[0].about
    if about.word in ("missed", "area"):
        state = _common(last, settings) if last else "withdrawn"
        return Standing(about=about, subject=None, state=state, reviews=ordered, latest=last, stale=())
    return Standing(about=about, subject=None, state="gone", reviews=ordered, latest=(), stale=last)
