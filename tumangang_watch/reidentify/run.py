"""Trains seen again over a record: what was asked, from the archive to the search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tumangang_watch.archive import Archive
from tumangang_watch.errors import UsageError
from tumangang_watch.reidentify import archive as stored
from tumangang_watch.reidentify.journeys import find_trains
from tumangang_watch.reidentify.model import Search, TrainStay
from tumangang_watch.reidentify.reviewed import with_review
from tumangang_watch.settings import Settings

LONGEST_DAYS = 1e5
"""Longer than any record: a calendar's days are counted in no more."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which part of a record is looked at."""

    site: str
    areas: tuple[str, ...] = ()
    since: str | None = None
    """First moment, ISO 8601, UTC."""
    until: str | None = None
    """First moment after the last, ISO 8601, UTC."""
    review: bool = False
    """Readers' reviews are taken in."""


def moment(text: str | None, option: str, *, end: bool) -> str | None:
    """Return a day or time a user gave as ISO 8601, UTC; the end of the day for ``end``.

    Raises
    ------
    UsageError
        It is no date.
    """
    if text is None:
        return None
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return _text(day + timedelta(days=1) if end else day)
        time = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "not a date", option, repr(text), "Give a day (2022-11-30) or a time (2022-11-30T02:10:00Z)"
        ) from error
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return _text(time.astimezone(UTC) + timedelta(seconds=1 if end else 0))


def _text(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _moved(text: str | None, step: timedelta) -> str | None:
    """Return a moment moved by a step; none where the calendar ends."""
    try:
        return None if text is None else _text(datetime.fromisoformat(text) + step)
    except OverflowError:
        return None


def find(archive: Archive, question: Question, settings: Settings) -> tuple[Search, dict[str, int]]:
    """Find the trains of a site that were seen again; and say how many were reviewed how.

    Raises
    ------
    UsageError
        An area is not in the record.
    """
    limits = settings.journeys
    wider = timedelta(days=min(limits.within_days, LONGEST_DAYS))
    since, until = _moved(question.since, -wider), _moved(question.until, wider)
    looks = stored.looks(archive, question.site, question.areas, since, until)
    known = {look.area for look in looks}
    missing = [a for a in question.areas if a not in known]
    if missing:
        raise UsageError(
            "no such area", "--area", f"{missing[0]!r} is in no report", "See `series` for the areas"
        )
    seen = stored.sightings(archive, question.site, question.areas, since, until)
    reviewed: dict[str, int] = {}
    if question.review:
        seen, reviewed = with_review(archive, question.site, seen)

    def wanted(stay: TrainStay) -> bool:
        return any((question.since or "") <= s.acquired < (question.until or "~") for s in stay.sightings)

    return find_trains(seen, looks, limits, settings.same_train, wanted), reviewed
