"""How much of each area could be seen on each date, and why not more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tumangang_watch.model.finding import AreaState, AreaStatus
from tumangang_watch.model.site import REPORTED_ROLES
from tumangang_watch.preprocess.roofs import is_roofed, roofs_of

if TYPE_CHECKING:
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Area, Site
    from tumangang_watch.settings.quality import QualitySettings


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
    for date in dates:
        share, why = _seen(site, area, date, settings)
        shares.append(share)
        reasons += [f"{date.date}: {reason}" for reason in why]
    worst = min(shares)
    status: AreaState = "observed"
    if worst < settings.observed_from:
        status = "not_observable" if worst < settings.not_observable_below else "partial"
    return AreaStatus(
        area.id, area.role, status, shares[0] if earlier is not None else None, shares[-1], tuple(reasons)
    )


def _seen(site: Site, area: Area, date: Observation, settings: QualitySettings) -> tuple[float, list[str]]:
    """Return the clear share of an area on one date and what hides the rest."""
    if is_roofed(area, date.scene.acquired.date()):
        return 0.0, [f"under a roof since {area.occluded_from}"]
    share = date.observed_fraction(area.polygon)
    if share >= settings.observed_from:
        return share, []
    from shapely import box

    inside = area.polygon.intersection(box(*date.raster.grid.bounds)).area / max(area.polygon.area, 1e-9)
    reasons = []
    if inside < 0.98:
        reasons.append(f"{1 - inside:.0%} of it lies outside the scene")
    roofs = [r.intersection(area.polygon).area for r in roofs_of(site, date.scene.acquired.date())]
    if sum(roofs) > 0.02 * area.polygon.area:
        reasons.append(f"under a roof over {min(sum(roofs) / area.polygon.area, 1.0):.0%}")
    mask = date.raster.grid.mask([area.polygon])
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
