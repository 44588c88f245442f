"""What was seen of each bridge on each date: the trains on it, none, or nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Area
from tumangang_watch.text import clean_text, clock_text, utc_text


def bridge_lines(comparison: Comparison) -> list[str]:
    """Return a sentence for each crossing, and one for each bridge and date without a train."""
    shares = {a.id: {"earlier": a.observed_earlier, "later": a.observed_later} for a in comparison.areas}
    return [
        clean_text(line)
        for bridge in comparison.site.having("bridge")
        for date in comparison.dates
        for line in _lines(comparison, bridge, date, shares.get(bridge.id, {}).get(date.date) or 0.0)
    ]


def _lines(comparison: Comparison, bridge: Area, date: Observation, seen: float) -> Iterator[str]:
    here = [c for c in comparison.crossings if (c.area, c.date) == (bridge.id, date.date)]
    for crossing in here:
        yield crossing.statement + ("" if crossing.grade == "detected" else " Only possible.")
    when, name = (
        clock_text(utc_text(date.scene.acquired), korean=comparison.site.korean),
        bridge.name or bridge.id,
    )
    if not here and seen < 0.005:
        yield f"{name} was not seen at {when}."
    elif not here:
        share = "" if seen >= 0.995 else f", of which {seen:.0%} was seen,"
        yield f"No train was detected on {name}{share} at {when}."
