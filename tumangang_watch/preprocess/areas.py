"""How much of each area could be seen on each date, and why not more.

Ground and tracks that a roof hides: not observable, never "nothing there".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from shapely import box
from shapely.geometry.base import BaseGeometry

from tumangang_watch.grid import Grid
from tumangang_watch.model.finding import AreaStatus
from tumangang_watch.model.image import frozen
from tumangang_watch.model.observation import Observation, Quality
from tumangang_watch.model.site import REPORTED_ROLES, Area, Site, is_roofed
from tumangang_watch.model.words import AreaState
from tumangang_watch.settings.preprocess import QualitySettings


def area_statuses(
    site: Site, later: Observation, earlier: Observation | None, settings: QualitySettings
) -> tuple[AreaStatus, ...]:
    """Return the status of every area that is reported on, in file order."""
    return tuple(_status(site, area, later, earlier, settings) for area in site.having(*REPORTED_ROLES))


def _status(
    site: Site, area: Area, later: Observation, earlier: Observation | None, settings: QualitySettings
) -> AreaStatus:
    dates = [d for d in (earlier, later) if d is not None]
    shares, reasons = [], []
    for one in dates:
        share, why = _seen(site, area, one, settings)
        shares.append(share)
        reasons += [f"{one.date}: {reason}" for reason in why]
    worst = min(shares)
    status: AreaState = "observed"
    if worst < settings.observed_from:
        status = "not_observable" if worst < settings.not_observable_below else "partial"
    return AreaStatus(
        id=area.id,
        role=area.role,
        status=status,
        observed_earlier=shares[0] if earlier is not None else None,
        observed_later=shares[-1],
        reasons=tuple(reasons),
    )


def _seen(site: Site, area: Area, date: Observation, settings: QualitySettings) -> tuple[float, list[str]]:
    """Return the clear share of an area on one date and what hides the rest."""
    if is_roofed(area, date.scene.acquired.date()):
        return 0.0, [f"under a roof since {area.occluded_from}"]
    polygon = area.polygon.difference(site.left_out)
    if polygon.area < 1e-6 * area.polygon.area:
        return 0.0, ["left out: an ignore area covers it"]
    share = date.observed_fraction(polygon)
    if share >= settings.observed_from:
        return share, []

    inside = polygon.intersection(box(*date.raster.grid.bounds)).area / max(polygon.area, 1e-9)
    reasons = []
    if inside < 0.98:
        reasons.append(f"{1 - inside:.0%} of it lies outside the scene")
    roofs = [r.intersection(polygon).area for r in roofs_of(site, date.scene.acquired.date())]
    if sum(roofs) > 0.02 * polygon.area:
        reasons.append(f"under a roof over {min(sum(roofs) / polygon.area, 1.0):.0%}")
    mask = date.raster.grid.mask([polygon])
    total = max(int(mask.sum()), 1)
    hidden = {
        "not imaged (nodata)": ~date.raster.valid,
        "cloud": date.quality.cloud,
        "cloud shadow": date.quality.cloud_shadow,
    }
    for word, layer in hidden.items():
        part = float((layer & mask).sum() / total)
        if part > 0.02:
            reasons.append(f"{word} over {part:.0%}")
    return share, reasons or ["hardly visible"]


TRACK_HALF_WIDTH_M = 2.0
"""Half of the ground a roofed track hides at least: a vehicle and its clearance."""


def roofs_of(site: Site, on: date) -> list[BaseGeometry]:
    """Return the ground, in the site's metres, that roofs hide on a date."""
    hidden: list[BaseGeometry] = [a.polygon for a in site.areas if a.role != "ignore" and is_roofed(a, on)]
    hidden += [t.line.buffer(TRACK_HALF_WIDTH_M, cap_style="flat") for t in site.tracks if is_roofed(t, on)]
    return hidden


def hide_roofed(quality: Quality, grid: Grid, site: Site, on: date) -> Quality:
    """Return a scene's quality with the ground under roofs, and of ``ignore`` areas, not clear.

    Then a train that stood there before has not disappeared, and a roof is no train.
    """
    hidden = roofs_of(site, on)
    hidden += [] if site.left_out.is_empty else [site.left_out]
    if not hidden:
        return quality
    clear = grid.zeros(np.bool_)
    for cut, part in grid.pieces:
        clear[cut] = quality.clear[cut] & ~part.mask(hidden, all_touched=True)
    return replace(quality, clear=frozen(clear))


def roof_caveats(site: Site, on: date, label: str) -> tuple[str, ...]:
    """Return the caveats of a date as a whole where tracks lie under a roof."""
    roofs = [a for a in site.areas if is_roofed(a, on) and a.role != "ignore"]
    notes = []
    for track in site.tracks:
        since = track.occluded_from if is_roofed(track, on) else None
        part = "" if since else "part of "
        for area in roofs:
            if since is None and area.polygon.intersection(track.line).length > 1.0:
                since = area.occluded_from
        if since is not None:
            notes.append(
                f"{label}: {part}track {track.id} lies under a roof since {since.isoformat()}: "
                "not observable, which is not to say that nothing stands there"
            )
    return tuple(notes)
