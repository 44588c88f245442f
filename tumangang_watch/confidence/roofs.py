"""Ground and tracks that a roof hides: not observable, never "nothing there"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tumangang_watch.model.finding import AreaState, AreaStatus

if TYPE_CHECKING:
    from datetime import date

    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Area, Site, Track
    from tumangang_watch.settings.quality import QualitySettings

TRACK_HALF_WIDTH_M = 2.0
"""Half of the ground a roofed track hides at least: a vehicle and its clearance."""


def roofed(thing: Area | Track, on: date) -> bool:
    """Return True when a roof hides an area or track on a date."""
    return thing.occluded_from is not None and thing.occluded_from <= on


def roofs_of(site: Site, on: date) -> list[BaseGeometry]:
    """Return the ground, in the site's metres, that roofs hide on a date."""
    hidden: list[BaseGeometry] = [a.polygon for a in site.areas if a.role != "ignore" and roofed(a, on)]
    hidden += [t.line.buffer(TRACK_HALF_WIDTH_M, cap_style="flat") for t in site.tracks if roofed(t, on)]
    return hidden


def track_statuses(
    site: Site, later: Observation, earlier: Observation | None, settings: QualitySettings
) -> tuple[AreaStatus, ...]:
    """Return how much of every track could be seen on each date, and why not more."""
    return tuple(_status(track, later, earlier, settings) for track in site.tracks)


def _status(
    track: Track, later: Observation, earlier: Observation | None, settings: QualitySettings
) -> AreaStatus:
    dates = [d for d in (earlier, later) if d is not None]
    place = track.line.buffer(1.5, cap_style="flat")
    shares, reasons = [], []
    for seen in dates:
        on = seen.scene.acquired.date()
        share = 0.0 if roofed(track, on) else seen.observed_fraction(place)
        shares.append(share)
        if roofed(track, on):
            reasons.append(f"{seen.date}: under a roof since {track.occluded_from}")
        elif share < settings.observed_from:
            reasons.append(f"{seen.date}: only {share:.0%} of it was seen")
    worst = min(shares)
    status: AreaState = "observed"
    if worst < settings.observed_from:
        status = "not_observable" if worst < settings.not_observable_below else "partial"
    return AreaStatus(
        track.id, "track", status, shares[0] if earlier is not None else None, shares[-1], tuple(reasons)
    )


def roof_caveats(statuses: tuple[AreaStatus, ...]) -> tuple[str, ...]:
    """Return what is said of the report as a whole where tracks lie under a roof."""
    hidden = [
        (s.id, reason) for s in statuses for reason in s.reasons if "under a roof" in reason
    ]  # fmt: skip
    return tuple(
        f"track {name}, {reason}: not observable, which is not to say that nothing stands there"
        for name, reason in hidden
    )
