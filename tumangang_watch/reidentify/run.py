"""Trains seen again over a record: what was asked, from the archive and its reviews to the search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tumangang_watch.archive import Archive
from tumangang_watch.errors import UsageError
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting, Stay
from tumangang_watch.reidentify.archive import RecordPart, coverages, sightings
from tumangang_watch.reidentify.journeys import find_trains
from tumangang_watch.reidentify.model import TrainSearch
from tumangang_watch.review.apply import judged_scenes, state_of
from tumangang_watch.settings import Settings
from tumangang_watch.text import utc_text

LONGEST_DAYS = 1e5
"""Longer than any record: a calendar's days are counted in no more."""


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
            time = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return utc_text(time + timedelta(days=1) if end else time, fractions=False)
        time = datetime.fromisoformat(text)
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "not a date", option, repr(text), "Give a day (2022-11-30) or a time (2022-11-30T02:10:00Z)"
        ) from error
    return utc_text(time + timedelta(seconds=1 if end else 0), fractions=False)


def _moved(text: str | None, step: timedelta) -> str | None:
    """Return a moment moved by a step; none where the calendar ends."""
    try:
        return None if text is None else utc_text(datetime.fromisoformat(text) + step, fractions=False)
    except OverflowError:
        return None


def find(
    archive: Archive, part: RecordPart, settings: Settings, *, review: bool = False
) -> tuple[TrainSearch, dict[str, int]]:
    """Find the trains of a site that were seen again; and count how many were reviewed how.

    With ``review`` trains are taken as their readers leave them.

    Raises
    ------
    UsageError
        An area is not in the record.
    """
    limits = settings.journeys
    reach = timedelta(days=min(limits.within_days, LONGEST_DAYS))
    wider = replace(part, since=_moved(part.since, -reach), until=_moved(part.until, reach))
    covered = coverages(archive, wider)
    missing = [a for a in part.areas if a not in {c.area for c in covered}]
    if missing:
        raise UsageError(
            "no such area", "--area", f"{missing[0]!r} is in no report", "See `series` for the areas"
        )
    seen, reviewed = sightings(archive, wider), dict[str, int]()
    if review:
        seen, reviewed = with_review(archive, part.site, seen)

    def wanted(stay: Stay) -> bool:
        return any((part.since or "") <= s.acquired < (part.until or "~") for s in stay.sightings)

    return find_trains(seen, covered, limits, settings.same_train, wanted), reviewed


def with_review(
    archive: Archive, site: str, sightings: Sequence[Sighting]
) -> tuple[list[Sighting], dict[str, int]]:
    """Return the trains as their readers leave them, and how many were accepted, rejected and so on.

    Trains that only readers saw have no vehicles to compare and are left out.
    """
    judged = {
        f"{one.subject.folder}/{one.subject.id}": one
        for group in judged_scenes(archive, site).values()
        for one in group
        if one.kind == "train" and one.subject is not None and one.says != "open"
    }
    taken, counts = [], Counter[str]()
    for sighting in sightings:
        one = judged.get(sighting.key)
        if one is None:
            taken.append(sighting)
            continue
        counts[state_of(one)] += 1
        if one.says == "doubtful":
            taken.append(replace(sighting, grade="possible"))
        elif one.says == "there":
            taken.append(_as_read(sighting, one.thing, one.given))
    return taken, dict(sorted(counts.items()))


def _as_read(sighting: Sighting, thing: Mapping[str, Any], given: frozenset[str]) -> Sighting:
    """Return a train that is surely there, with what its readers said of it."""
    place = {name: thing[name] for name in ("track", "from_m", "to_m") if thing.get(name) is not None}
    if "from_m" in place and "to_m" in place:
        place["length_m"] = place["to_m"] - place["from_m"]
    if thing.get("cars"):
        place["cars"] = float(thing["cars"]["estimate"])
    vehicles = sighting.vehicles
    for name, names in (("colour", "colours"), ("type", "types")):
        given_words = list(thing.get(names) or [])
        if names in given and len(given_words) == len(vehicles):
            vehicles = tuple(
                _named(v, name, names, word) for v, word in zip(vehicles, given_words, strict=True)
            )
    return replace(sighting, grade="detected", confidence=1.0, vehicles=vehicles, **place)


def _named(vehicle: Vehicle, name: str, names: str, word: str) -> Vehicle:
    """Return a vehicle with the colour or type a reader gave it."""
    sure: dict[str, Any] = {name: word, names: ((word, 1.0),)}
    return replace(vehicle, **sure)
