"""Trains on bridges: each an event of its date, never something that came to stay or was taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import cos, hypot, radians

from tumangang_watch.change.words import span, train_words
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Crossing, Finding
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair, Observation
from tumangang_watch.model.site import STANDS_FROM_M, Area, Site
from tumangang_watch.text import clock_text, compass_text, day_text, utc_text
from tumangang_watch.track_frame import bearing

AHEAD_DEG = 60.0
"""A place lies ahead of a train that moves within so much of its direction."""


def crossings_of(
    dates: Sequence[Observation], site: Site, trains: Sequence[Detection]
) -> tuple[Crossing, ...]:
    """Return the trains of all dates that stand on a bridge, by time."""
    bridges = {area.id: area for area in site.having("bridge")}
    found = []
    for date in sorted(dates, key=lambda d: d.scene.acquired):
        for train in trains:
            for area, metres in train.areas:
                if train.date == date.date and area in bridges and metres >= STANDS_FROM_M:
                    found.append(_crossing(site, date, bridges[area], train))
    return tuple(found)


def _crossing(site: Site, date: Observation, bridge: Area, train: Detection) -> Crossing:
    evidence = dict(train.evidence)
    heading, speed = evidence.get("heading_deg"), None
    if "speed_kmh" in evidence:
        speed = Interval(*(evidence[f"speed_kmh{end}"] for end in ("", "_low", "_high")))
    crossing = Crossing(
        detection=train.id,
        date=train.date,
        area=bridge.id,
        track=train.track,
        acquired=date.scene.acquired,
        on_bridge_m=dict(train.areas)[bridge.id],
        heading_deg=heading,
        towards=None if heading is None else _place_ahead(site, bridge, heading),
        speed_kmh=speed,
        confidence=train.confidence,
        grade=train.grade,
        statement="",
    )
    when = clock_text(utc_text(crossing.acquired), korean=site.korean)
    place = f"{train_words(train)} was on {bridge.name} at {when}"
    return replace(crossing, statement=f"{place}{_motion(crossing)}.")


def _place_ahead(site: Site, bridge: Area, heading_deg: float) -> str | None:
    """Return the name of the nearest yard or station that lies ahead of a bridge."""
    east, north = bearing(heading_deg)
    near: list[tuple[float, Area]] = []
    for area in site.having("yard", "station"):
        dx = area.polygon.centroid.x - bridge.polygon.centroid.x
        dy = area.polygon.centroid.y - bridge.polygon.centroid.y
        far = hypot(dx, dy)
        if dx * east + dy * north > far * cos(radians(AHEAD_DEG)):
            near.append((far, area))
    return min(near, key=lambda pair: pair[0])[1].name if near else None


def _motion(crossing: Crossing) -> str:
    if crossing.speed_kmh is None:
        return ""
    way = ""
    if crossing.heading_deg is not None:
        way = f" to the {compass_text(crossing.heading_deg)}"
        way += f" (towards {crossing.towards})" if crossing.towards else ""
    return f", moving{way} at {span(crossing.speed_kmh)} km/h"


def as_crossings(
    pair: DatePair, findings: Sequence[Finding], crossings: Sequence[Crossing]
) -> tuple[Finding, ...]:
    """Return findings with trains that came to or went from a bridge as crossings: each an event alone."""
    by_train = {c.detection: c for c in crossings}
    return tuple(_as_crossing(pair, f, by_train) for f in findings)


def _as_crossing(pair: DatePair, finding: Finding, by_train: dict[str, Crossing]) -> Finding:
    crossing = by_train.get((finding.earlier or finding.later) or "")
    if crossing is None or crossing.area != finding.area or finding.change not in ("appeared", "disappeared"):
        return finding
    other = pair.other(crossing.date).scene.acquired
    day = day_text(*(utc_text(moment) for moment in (other, crossing.acquired)))
    words = f"{crossing.statement[:-1]}; on {day} it was not there."
    return replace(finding, crossing=True, with_finding=None, statement=words)
