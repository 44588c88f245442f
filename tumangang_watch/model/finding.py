"""What became of a thing between two dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.interval import Interval
from tumangang_watch.model.words import AreaState, ChangeWord, DateLabel, Grade, Kind


@dataclass(frozen=True, kw_only=True)
class HandlingChange:
    """What became of the worked surface in one handling polygon between two dates."""

    polygon_id: str
    grown_m2: Interval
    lost_m2: Interval
    grown: MultiPolygon
    """New worked ground, in the site's metres."""
    lost: MultiPolygon
    """Worked ground that went back to nature."""
    confidence: float
    grade: Grade
    observed_fraction: float
    """Part of the polygon seen on both dates."""
    caveats: tuple[str, ...] = ()
    buildings: tuple[str, ...] = ()
    """What of it is a new building, or was one that is gone, in words."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One change (or its absence) in one place, with what it rests on."""

    id: str
    kind: Kind
    change: ChangeWord
    area: str | None
    track: str | None
    earlier: str | None
    """Id of the detection on the earlier date."""
    later: str | None
    amount: Interval
    unit: str
    """``cars``, ``m`` or ``m2``."""
    confidence: float
    grade: Grade
    statement: str
    geometry: BaseGeometry
    """In the site's metres."""
    observed_fraction: float
    caveats: tuple[str, ...] = ()
    train: str | None = None
    """Id of the train beside which goods came or went."""
    members: tuple[str, ...] = ()
    """Ids of all detections that a finding puts together, where it is more than one place's."""
    sure_members: int = 0
    """How many of these are sure; 0 where none is put together."""
    base: str = ""
    """Which date showed the place without it, in words, where the earlier scene of the pair does not."""
    crossing: bool = False
    """A train on a bridge on one of the dates: an event of that minute."""
    with_finding: str | None = None
    """Id of the other half of one event: a train that went and the one that came in its place."""


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """A train on a bridge on one date: an event of the minute in which the scene was taken."""

    detection: str
    date: DateLabel
    area: str
    """The bridge."""
    track: str | None
    acquired: datetime
    on_bridge_m: float
    """Metres of the train that stand on the bridge."""
    heading_deg: float | None
    """Compass bearing it moves to; None where that is not known."""
    towards: str | None
    """The yard or station ahead, by name."""
    speed_kmh: Interval | None
    """None where the scene does not show that it moves, which is not to say that it stands."""
    confidence: float
    grade: Grade
    statement: str


@dataclass(frozen=True, kw_only=True)
class AreaStatus:
    """How much of an area could be seen on each date."""

    id: str
    role: str
    status: AreaState
    observed_earlier: float | None
    """None when there is only one scene."""
    observed_later: float
    reasons: tuple[str, ...] = ()
