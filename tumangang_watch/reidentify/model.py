"""A train seen again: sightings, stays, matches between stays, and the journeys they make up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import cos, hypot, radians
from typing import Literal

from tumangang_watch.model.detection import Vehicle

SeenVerdict = Literal["same train", "could be", "not told apart", "different"]
METRES_PER_DEGREE = 111_195.0
PROVISIONAL = "traced-"
"""Tracks traced for one report begin so (`detect.trace_adopt`): another report's may be other tracks."""


@dataclass(frozen=True)
class Sighting:
    """A train as one scene shows it."""

    key: str
    """``<report folder>/<detection>``."""
    area: str
    track: str | None
    acquired: str
    """ISO 8601, UTC."""
    scene: str
    gsd_m: float
    folder: str
    from_m: float | None
    to_m: float | None
    length_m: float
    cars: float | None
    confidence: float
    grade: str
    lon: float
    lat: float
    """Its middle."""
    vehicles: tuple[Vehicle, ...]

    @property
    def lasting_track(self) -> str | None:
        """The track, where its name means the same in every report."""
        return None if self.track is None or self.track.startswith(PROVISIONAL) else self.track


@dataclass(frozen=True)
class Look:
    """What one scene showed of an area."""

    area: str
    acquired: str
    folder: str
    gsd_m: float
    observed: float
    """Share of the area that could be seen."""
    tracks: dict[str, tuple[tuple[float, float], ...]]
    """Metres of each track that could be seen."""


@dataclass(frozen=True)
class Bound:
    """A date that showed a place without the train."""

    acquired: str
    observed: float
    """Share of the area seen on that date."""
    other: bool = False
    """Another train stood at the place."""


@dataclass(frozen=True)
class TrainStay:
    """One train in one place over one or more dates."""

    sightings: tuple[Sighting, ...]
    """By time."""
    after: Bound | None
    """Last date before it that showed the place without it."""
    before: Bound | None
    """First date after it that showed the place without it."""
    unseen_since: int = 0
    """Later dates of the area that did not show the place."""

    @property
    def first(self) -> Sighting:
        """The first sighting."""
        return self.sightings[0]

    @property
    def last(self) -> Sighting:
        """The last sighting."""
        return self.sightings[-1]

    @property
    def possible(self) -> bool:
        """No date shows it surely."""
        return all(s.grade == "possible" for s in self.sightings)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Two stays compared. Indices count the list of stays; the first stay began earlier."""

    first: int
    second: int
    bits: float
    """log2 of the likelihood ratio of one train against two."""
    p_value: float
    """Probability that two unrelated trains of this record match as well."""
    p_alone: float
    """The same by the two trains alone."""
    null: Literal["record", "two trains"]
    """What the probability rests on."""
    e_value: float
    verdict: SeenVerdict
    direction: Literal["same", "reversed"]
    aligned: tuple[tuple[int, int], ...]
    """Matched vehicles, indices into the representative sightings."""
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]
    colour_changes: int
    possible: bool
    """One of the two is only possibly a train."""
    trusted: bool = True
    """False when it contradicts another match, or what was seen in between: not followed."""


@dataclass(frozen=True)
class Conflict:
    """Matches that cannot all be right, or that something seen contradicts."""

    matches: tuple[tuple[int, int], ...]
    """Pairs of stays."""
    followed: tuple[int, int] | None
    """The match that is followed all the same; None when none is."""
    kind: Literal["two places at once", "stood elsewhere", "consists differ", "look-alikes"]


@dataclass(frozen=True)
class Step:
    """One stay of a journey."""

    stay: int
    partner: int | None
    """The stay of the journey it was matched with; None for the first."""
    part: bool
    """A part of the train: another part stood elsewhere at the same time."""


@dataclass(frozen=True)
class Journey:
    """Stays of one train, by time."""

    steps: tuple[Step, ...]
    verdict: SeenVerdict
    """That of its weakest match."""
    e_value: float
    """That of its weakest match."""
    possible: bool


@dataclass(frozen=True, kw_only=True)
class Search:
    """What was compared, and what was found."""

    stays: tuple[TrainStay, ...]
    chosen: tuple[int | None, ...]
    """For each stay the sighting (index) that was compared; None where no consist can be compared."""
    comparisons: int
    pairs: tuple[Seen, ...]
    """Every pair that was scored in full."""
    all_scored: bool
    """Whether that is every comparison."""
    too_fast: int
    """Pairs that no train could have made: not compared."""
    too_far_apart: int
    """Pairs too far apart in time: not compared."""
    look_alikes: tuple[tuple[int, int], ...]
    """Of `too_fast` those whose consists agree as well as a match must."""
    conflicts: tuple[Conflict, ...]
    journeys: tuple[Journey, ...]
    max_expected_false: float

    def matches(self) -> tuple[Seen, ...]:
        """Return the pairs that are, or could be, one train; the surest first."""
        found = [p for p in self.pairs if p.verdict in ("same train", "could be")]
        return tuple(sorted(found, key=lambda p: (p.e_value, p.first, p.second)))


def hours_between(one: str, two: str) -> float:
    """Return the hours from one time to another, ISO 8601; negative when the second is earlier."""
    return _hour(two) - _hour(one)


@cache
def _hour(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() / 3600.0


def distance_m(one: Sighting, two: Sighting) -> float:
    """Return the distance of two trains' middles in metres, as the crow flies."""
    east = (two.lon - one.lon) * cos(radians((one.lat + two.lat) / 2))
    return hypot(east, two.lat - one.lat) * METRES_PER_DEGREE
