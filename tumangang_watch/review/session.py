"""Readers' answers: what is open, what is meant, what is recorded, and how it marks what is published."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tumangang_watch.archive import Archive
from tumangang_watch.archive.read import FeedRow, IndexRow, site_names
from tumangang_watch.archive.reviews import add_reviews, all_reviews
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import TERMINAL, About, Answer, Review
from tumangang_watch.review.answers import checked_answer
from tumangang_watch.review.status import ReviewStatus, statuses

SHORT = 8
"""Characters of a key that people are shown."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which of the things under review are meant."""

    since: str | None = None
    until: str | None = None
    area: str | None = None
    kind: str | None = None
    grade: str | None = None
    change: str | None = None
    states: tuple[str, ...] = ()
    """Empty for all."""
    each_detection: bool = False
    """Also detections that a finding is about."""

    def holds(self, one: ReviewStatus) -> bool:
        """Return whether a thing is meant."""
        about, subject = one.about, one.subject
        if subject is not None and subject.covered and not self.each_detection and not one.reviews:
            return False
        facts = (
            (self.area, about.area),
            (self.kind, about.kind),
            (self.grade, about.evidence.get("grade")),
            (self.change, about.evidence.get("change")),
        )
        if any(asked is not None and asked != given for asked, given in facts):
            return False
        return not self.states or one.state in self.states


@dataclass(frozen=True)
class Reviewer:
    """Who answers, and when."""

    name: str
    now: datetime
    origin: str = TERMINAL
    """See `Review`."""

    @property
    def made(self) -> str:
        """The time as it is recorded."""
        return self.now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def review(self, about: About, answer: Answer) -> Review:
        """Return this person's answer to something."""
        return Review(about=about, reader=self.name, answer=answer, made=self.made, origin=self.origin)


def under_review(
    archive: Archive, site: str, wanted: Wanted | None = None, scenes: Collection[str] | None = None
) -> list[ReviewStatus]:
    """Return what can be reviewed, by time, with its answers; of some scenes (sha256) or of all."""
    wanted = wanted or Wanted()
    known = subjects(archive, site, since=wanted.since, until=wanted.until, scenes=scenes)
    reviews = all_reviews(archive, site)
    inside = scenes
    if wanted.since or wanted.until:
        rows = archive.connection.execute(
            """SELECT sha256 FROM scenes
               WHERE (:since IS NULL OR acquired >= :since)
                 AND (:until IS NULL OR acquired < :until || '~')""",
            {"since": wanted.since, "until": wanted.until},
        )
        inside = {row[0] for row in rows}
    if inside is not None:
        reviews = [r for r in reviews if r.about.scene in inside]
    return [one for one in statuses(known, reviews) if wanted.holds(one)]


def reviewed_scenes(archive: Archive, site: str) -> set[str]:
    """Return the scenes (sha256) of which anything was reviewed."""
    return {r.about.scene for r in all_reviews(archive, site)}


def find(archive: Archive, site: str, names: Sequence[str]) -> list[ReviewStatus]:
    """Return the things that a person names: by the start of their keys, or as ``REPORT/ID``.

    Raises
    ------
    UsageError
        Nothing or more than one thing has such a name.
    """
    wanted = list(dict.fromkeys(name.strip() for name in names))
    everything = under_review(archive, site, Wanted(each_detection=True))
    return [_one_of(everything, name) for name in wanted]


def _one_of(everything: Sequence[ReviewStatus], name: str) -> ReviewStatus:
    found = [
        s for s in everything if s.subject and name in (f"{s.subject.folder}/{s.subject.id}", s.about.key)
    ]
    found = found or [s for s in everything if len(name) >= 4 and s.about.key.startswith(name.lower())]
    found = found or [s for s in everything if s.subject is not None and s.subject.id == name]
    if len(found) == 1:
        return found[0]
    if not found:
        todo = "See `review list` for what can be named"
        raise UsageError("nothing of this name", name, "no standing report holds it", todo)
    keys = ", ".join(one.about.key[: SHORT + 4] for one in found[:5])
    raise UsageError("more than one thing", name, f"{len(found)} have this name ({keys})", "Give more of it")


def answer(archive: Archive, found: Sequence[ReviewStatus], reviewer: Reviewer, given: Answer) -> list[bool]:
    """Record one answer for each of several things, all or none; return which were new.

    Parameters
    ----------
    archive : Archive
        Open for writing.
    found : sequence of ReviewStatus
        What is answered; see `find`.
    reviewer : Reviewer
        Who answers.
    given : Answer
        As the person gave it; refused where it cannot be meant (`checked_answer`).
    """
    reviews = []
    for one in found:
        name = one.about.key[:SHORT]
        if one.about.word == "area" and given.verdict not in ("complete", "withdrawn"):
            raise UsageError("not a finding", name, "it is a whole area", "Withdraw it, or let it be")
        if given.verdict == "withdrawn" and reviewer.name not in {r.reader for r in one.reviews}:
            raise UsageError("nothing to withdraw", name, f"{reviewer.name} has not answered it", "Let it be")
        reviews.append(reviewer.review(one.about, checked_answer(given, one.about.evidence)))
    added = record(archive, reviews[0].about.site, reviews) if reviews else []
    return [review in added for review in reviews]


def record(archive: Archive, site: str, reviews: Sequence[Review]) -> list[Review]:
    """Record what differs from a reader's last answer; return what was recorded."""
    last = {(review.reader, review.about.key): review.answer for review in all_reviews(archive, site)}
    fresh = [r for r in reviews if last.get((r.reader, r.about.key)) != r.answer]
    return add_reviews(archive, fresh) if fresh else []


def marks(archive: Archive) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what became of each detection and finding of scenes that anybody reviewed: state and readers."""
    found = {}
    for site in site_names(archive):
        for one in under_review(archive, site, Wanted(each_detection=True), reviewed_scenes(archive, site)):
            if one.subject is not None:
                readers = sorted({r.reader for r in (*one.latest, *one.stale)})
                found[one.subject.folder, one.subject.id] = (one.state, ", ".join(readers))
    return found


def add_marks(rows: Sequence[IndexRow], findings: Sequence[FeedRow], archive: Archive, site: str) -> None:
    """Add to the rows of index page and feed what readers said; the reports themselves stay as they are."""
    words = {place: f"{state} by {readers}" for place, (state, readers) in marks(archive).items() if readers}
    of_folder = folder_words(archive, site)
    for row in rows:
        row["review"] = of_folder.get(row["folder"], "")
        row["marks"] = [words.get((row["folder"], name), "") for name in row["findings"]]
    for found in findings:
        mark = words.get((found["folder"], found["finding"]))
        if mark is not None:
            found["caveats"] = [*found["caveats"], f"Review: {mark}."]


def folder_words(archive: Archive, site: str) -> dict[str, str]:
    """Return, for each report of which anything was reviewed, what became of it in words."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in under_review(archive, site, scenes=reviewed_scenes(archive, site)):
        folder = one.subject.folder if one.subject else str(one.about.evidence.get("report"))
        if one.state != "withdrawn":
            counts[folder][one.state] += 1
    return {
        folder: ", ".join(f"{number} {state}" for state, number in sorted(group.items()))
        for folder, group in counts.items()
        if set(group) - {"unreviewed"}
    }
