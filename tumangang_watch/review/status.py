"""What became of each finding under review: open, settled, disputed, or judged before it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tumangang_watch.model.review import About, Review, ReviewSubject, thing_of
from tumangang_watch.review.matching import Reading, min_overlap, place_overlap, same_claim, values_agree

OPEN = ("unreviewed", "stale", "disagreed")
"""States in which a reader is still wanted."""


@dataclass(frozen=True, kw_only=True)
class ReviewStatus:
    """A thing that can be reviewed, with its reviews."""

    about: About
    subject: ReviewSubject | None
    """None when no current report says it any more."""
    state: str
    """``unreviewed``, ``accepted``, ``rejected``, ``corrected``, ``disagreed``, ``stale`` (what was reviewed
    has changed since), ``gone`` (no current report holds it), ``added``, ``complete`` or ``withdrawn``."""
    reviews: tuple[Review, ...]
    """All of them, in the order they were made."""
    latest: tuple[Review, ...]
    """The last of each reader that speaks of what is reported now."""
    stale: tuple[Review, ...]
    """The last of each reader where it speaks of what has changed since."""


def statuses(subjects: Sequence[ReviewSubject], reviews: Sequence[Review]) -> list[ReviewStatus]:
    """Return every subject with its reviews, and every review whose subject is gone."""
    by_key = {s.key: s for s in subjects}
    by_scene: dict[tuple[str, str, str], list[ReviewSubject]] = defaultdict(list)
    for subject in subjects:
        by_scene[subject.about.word, subject.about.scene, subject.about.kind].append(subject)
    groups: dict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        groups[review.about.key].append(review)
    matched: dict[str, list[Review]] = defaultdict(list)
    left: list[list[Review]] = []
    for key, group in groups.items():
        about = group[0].about
        found = by_key.get(key) or _nearest(about, by_scene.get((about.word, about.scene, about.kind), ()))
        if found is not None:
            matched[found.key] += group
            continue
        # What readers added in one place is one thing.
        for other in left if about.word == "missed" else ():
            if place_overlap(other[0].about, about) >= min_overlap(about.kind):
                other += group
                break
        else:
            left.append(list(group))
    return [_status(s, matched.get(s.key, ())) for s in subjects] + [_status(None, group) for group in left]


def _nearest(about: About, candidates: Sequence[ReviewSubject]) -> ReviewSubject | None:
    scored = [(place_overlap(about, s.about), -k) for k, s in enumerate(candidates)]
    best = max(scored, default=(0.0, 0))
    return candidates[-best[1]] if best[0] >= min_overlap(about.kind) else None


def _status(subject: ReviewSubject | None, reviews: Sequence[Review]) -> ReviewStatus:
    ordered = tuple(sorted(reviews, key=lambda r: r.number))
    about, last = subject.about if subject else ordered[0].about, _last_of_each_reader(ordered)
    if subject is not None:
        fresh = tuple(r for r in last if same_claim(r.about, about))
    else:
        fresh = last if about.word in ("missed", "area") else ()
    stale = tuple(r for r in last if r not in fresh)
    if fresh:
        state = _common(fresh)
    elif subject is not None:
        state = "stale" if stale else "unreviewed"
    else:
        state = "withdrawn" if about.word in ("missed", "area") else "gone"
    return ReviewStatus(about=about, subject=subject, state=state, reviews=ordered, latest=fresh, stale=stale)


def _last_of_each_reader(ordered: Iterable[Review]) -> tuple[Review, ...]:
    """Return the last review of each reader, withdrawn ones left out, by reader."""
    last = {review.reader: review for review in ordered}
    return tuple(last[name] for name in sorted(last) if last[name].answer.verdict != "withdrawn")


def _common(reviews: Sequence[Review]) -> str:
    """Return the verdict on which all readers agree, values included; who gives a value corrects."""
    verdicts = {r.answer.verdict for r in reviews}
    if len(verdicts) == 1 and verdicts <= {"rejected", "complete"}:
        return verdicts.pop()
    readings = [Reading(thing_of(r.about.evidence), r.answer.correction) for r in reviews]
    if verdicts & {"rejected", "complete"} or not values_agree(readings):
        return "disagreed"
    return next(word for word in ("corrected", "added", "accepted") if word in verdicts)
