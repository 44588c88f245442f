"""Trains on bridges over a record: when, which way, and what stood where before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tumangang_watch.model.series import Record
from tumangang_watch.model.sightings import Sighting, Stay, hours_between
from tumangang_watch.text import clock_text, compass_text, minute_text

HOURS = 24.0
"""What stood elsewhere so long before or after a crossing may be that train: it is a matter of minutes."""


def alike(one: Sighting, other: Sighting) -> bool:
    """Return whether two trains may be one as far as number goes: a locomotive comes or goes."""
    return one.cars is None or other.cars is None or abs(one.cars - other.cars) <= 1


def crossing_between(crossings: Iterable[Sighting], before: Sighting, after: Sighting) -> Sighting | None:
    """Return the one crossing between two sightings that may be that train; None where none or several."""
    found = [
        c
        for c in crossings
        if before.acquired < c.acquired < after.acquired
        and before.area != after.area
        and c.area not in (before.area, after.area)
        and alike(c, after)
        and alike(c, before)
    ]
    return found[0] if len(found) == 1 else None


def train_words(train: Sighting) -> str:
    """Return what a sighting is of: ``A train of 8 cars``."""
    if train.cars is None:
        return "A train"
    return "A single vehicle" if train.cars < 1.5 else f"A train of {train.cars:g} cars"


def crossing_words(record: Record, stay: Stay) -> str:
    """Return a train on a bridge in a sentence: the minute, the motion, and where it may have stood."""
    train = stay.first
    moving = ""
    if train.speed_kmh is not None:
        way = "" if train.heading_deg is None else f" to the {compass_text(train.heading_deg)}"
        moving = f", moving{way} at about {train.speed_kmh:.0f} km/h"
    elsewhere = [s for s in record.stays if record.roles.get(s.first.area) != "bridge"]
    before, after = _before(train, elsewhere), _after(train, elsewhere)
    places = "".join(
        f"; {word} it {s.cars:g} cars in {s.area} ({minute_text(s.acquired)})"
        for word, s in (("before", before), ("after", after))
        if s is not None and s.cars is not None
    )
    where = f"{train.area}, track {train.track}"
    when = clock_text(train.acquired, korean=record.korean)
    return f"{train_words(train)} crossing {where}, at {when}{moving}{places}."


def _before(train: Sighting, stays: Sequence[Stay]) -> Sighting | None:
    """Return the last sighting of the stay that ended last before a crossing, if it may be that train."""
    ended = [s.last for s in stays if 0 < hours_between(s.last.acquired, train.acquired) <= HOURS]
    return max((s for s in ended if alike(s, train)), key=lambda s: s.acquired, default=None)


def _after(train: Sighting, stays: Sequence[Stay]) -> Sighting | None:
    """Return the first sighting of the stay that began first after a crossing, if it may be that train."""
    began = [s.first for s in stays if 0 < hours_between(train.acquired, s.first.acquired) <= HOURS]
    return min((s for s in began if alike(s, train)), key=lambda s: s.acquired, default=None)
