"""Ground and tracks that a roof hides: not observable, never "nothing there"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tumangang_watch.model.image import frozen

if TYPE_CHECKING:
    from datetime import date

    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.grid import Grid
    from tumangang_watch.model.observation import Quality
    from tumangang_watch.model.site import Area, Site, Track

TRACK_HALF_WIDTH_M = 2.0
"""Half of the ground a roofed track hides at least: a vehicle and its clearance."""


def is_roofed(thing: Area | Track, on: date) -> bool:
    """Return True when a roof hides an area or track on a date."""
    return thing.occluded_from is not None and thing.occluded_from <= on


def roofs_of(site: Site, on: date) -> list[BaseGeometry]:
    """Return the ground, in the site's metres, that roofs hide on a date."""
    hidden: list[BaseGeometry] = [a.polygon for a in site.areas if a.role != "ignore" and is_roofed(a, on)]
    hidden += [t.line.buffer(TRACK_HALF_WIDTH_M, cap_style="flat") for t in site.tracks if is_roofed(t, on)]
    return hidden


def hide_roofed(quality: Quality, grid: Grid, site: Site, on: date) -> Quality:
    """Return a scene's quality with the ground under roofs not clear.

    Then a train that stood there before has not disappeared, and a roof is no train.
    """
    hidden = roofs_of(site, on)
    if not hidden:
        return quality
    return replace(quality, clear=frozen(quality.clear & ~grid.mask(hidden, all_touched=True)))


def roof_caveats(site: Site, on: date, label: str) -> tuple[str, ...]:
    """Return what is said of a date as a whole where tracks lie under a roof."""
    roofs = [a for a in site.areas if is_roofed(a, on) and a.role != "ignore"]
    said = []
    for track in site.tracks:
        since = track.occluded_from if is_roofed(track, on) else None
        part = "" if since else "part of "
        for area in roofs:
            if since is None and area.polygon.intersection(track.line).length > 1.0:
                since = area.occluded_from
        if since is not None:
            said.append(
                f"{label}: {part}track {track.id} lies under a roof since {since.isoformat()}: "
                "not observable, which is not to say that nothing stands there"
            )
    return tuple(said)
