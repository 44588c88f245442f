"""Trains as scenes show them, and how long they stood: bounded by the dates that showed the place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import cos, hypot, nan, radians

from tumangang_watch.model.detection import Vehicle

METRES_PER_DEGREE = 111_195.0
PROVISIONAL = "traced-"
"""Tracks traced for one report begin so (`detect.tracks`): another report's may be other tracks."""
Stretches = tuple[tuple[float, float], ...]
"""Pieces of a track: from and to, metres."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A train as one scene shows it."""

    area: str
    track: str
    """Empty where it stands on no known track; then `from_m` and `to_m` are 0."""
    acquired: str
    """ISO 8601, UTC."""
    from_m: float
    to_m: float
    cars: float | None
    confidence: float
    grade: str = "detected"
    key: str = ""
    """``<report folder>/<detection>``."""
    scene: str = ""
    gsd_m: float = nan
    folder: str = ""
    length_m: float = nan
    lon: float = nan
    lat: float = nan
    """Its middle."""
    vehicles: tuple[Vehicle, ...] = ()
    speed_kmh: float | None = None
    """Where its bands show that it moves."""
    heading_deg: float | None = None
    """Compass bearing it moves to; None where that is not known."""
    came: bool = False
    """The scene's own report says surely that it came since the last look: another may have stood there."""

    @property
    def lasting_track(self) -> str:
        """The track where its name means the same in every report, else empty."""
        return "" if self.track.startswith(PROVISIONAL) else self.track

    def shift_m(self, other: Sighting) -> float:
        """Return how far another train's middle lies from this one's along their track."""
        return abs(self.from_m + self.to_m - other.from_m - other.to_m) / 2

    def distance_m(self, other: Sighting) -> float:
        """Return how far another train's middle lies from this one's, as the crow flies."""
        east = (other.lon - self.lon) * cos(radians((self.lat + other.lat) / 2))
        return hypot(east, other.lat - self.lat) * METRES_PER_DEGREE

    def seen_share(self, observed: Stretches) -> float:
        """Return the share of its place that lies on the stretches of track that were seen."""
        seen = sum(max(0.0, min(b, self.to_m) - max(a, self.from_m)) for a, b in observed)
        return seen / max(self.to_m - self.from_m, 1e-9)


@dataclass(frozen=True)
class Bound:
    """A date that showed a place without the train."""

    acquired: str
    observed: float | None = None
    """Share of the area seen on that date, where it was asked for."""
    other: bool = False
    """Another train stood at the place."""


@dataclass(frozen=True)
class Stay:
    """One train in one place over one or more dates."""

    sightings: tuple[Sighting, ...]
    """By time."""
    after: Bound | None
    """Last date before it that showed the place without it; None when there is none."""
    before: Bound | None = None
    """First date after it that showed the place without it; None when there is none."""
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

    @property
    def shortest_days(self) -> float:
        """It stood at least so long."""
        return hours_between(self.first.acquired, self.last.acquired) / 24.0

    @property
    def longest_days(self) -> float | None:
        """It stood at most so long; None where a bound is missing."""
        if self.after is None or self.before is None:
            return None
        return hours_between(self.after.acquired, self.before.acquired) / 24.0


def hours_between(one: str, two: str) -> float:
    """Return the hours from one time to another, ISO 8601; negative when the second is earlier."""
    return _hour(two) - _hour(one)


@cache
def _hour(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() / 3600.0
