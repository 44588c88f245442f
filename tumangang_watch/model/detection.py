"""What was found on one date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.interval import Interval
from tumangang_watch.model.words import DateLabel, Grade, Kind

UNSEEN_BEYOND = "unseen_beyond_m"
"""Evidence of a train whose end was not seen: metres of track on which it may go on."""
LOOSE = "loose_ground"
"""Evidence of goods on ground that nobody mapped as an apron: 1."""


@dataclass(frozen=True)
class OccupiedStretch:
    """A part of a track, by metres along it."""

    track: str
    from_m: float
    to_m: float


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """One vehicle of a train; distances count along the track in metres."""

    from_m: float
    to_m: float
    type: str
    colour: str
    confidence: float
    """Probability that it is one vehicle with these ends."""
    types: tuple[tuple[str, float], ...] = ()
    """Probability of each type, most likely first; empty where types were not read."""
    colours: tuple[tuple[str, float], ...] = ()
    """Probability of each colour, most likely first; empty where colours were not read."""
    load: Literal["loaded", "empty"] | None = None
    """A hint, never more; None where nothing shows it."""
    load_evidence: str | None = None
    """What the hint rests on, in words."""

    def locomotive_chance(self, named: float = 1.0) -> float:
        """Return how likely it is a locomotive; ``named`` where it is called one without probabilities."""
        if self.types:
            return dict(self.types).get("locomotive", 0.0)
        return named if self.type == "locomotive" else 0.0


@dataclass(frozen=True, kw_only=True)
class Detection:
    """A train, a cargo object or the worked surface, on one date, in the site's frame."""

    id: str
    date: DateLabel
    kind: Kind
    area: str | None
    """Id of the area that holds it, or most of it."""
    geometry: BaseGeometry
    """In the site's metres."""
    confidence: float
    """Probability that it is real, 0 to 1."""
    grade: Grade
    observed_fraction: float
    """Part of its place that could be seen on its date."""
    areas: tuple[tuple[str, float], ...] = ()
    """Of a train: the areas it stands in, and its metres in each, most first."""
    track: str | None = None
    tracks: tuple[str, ...] = ()
    """Of a train: all tracks it may stand on, where the fit to the site leaves that open."""
    from_m: float | None = None
    to_m: float | None = None
    length_m: Interval | None = None
    cars: Interval | None = None
    """Count of all vehicles; None where they cannot be counted."""
    rolling_stock: tuple[Vehicle, ...] = ()
    area_m2: Interval | None = None
    height_m: Interval | None = None
    colour: str | None = None
    label: str | None = None
    """What it is called in words, e.g. ``pile or stacked goods`` or ``surface change``."""
    track_distance_m: float | None = None
    evidence: tuple[tuple[str, float], ...] = ()
    """Named cues and their strength, for the reader who checks."""
    caveats: tuple[str, ...] = ()

    @property
    def goes_on(self) -> bool:
        """True for a train that may go on where nothing was seen: its size is a least one."""
        return UNSEEN_BEYOND in dict(self.evidence)

    @property
    def loose(self) -> bool:
        """True for goods on ground that nobody mapped as an apron."""
        return LOOSE in dict(self.evidence)
