"""The part of an apron that goods cover, and the length of their rows along the tracks."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.cargo import Place, blocked_ground, places_of
from tumangang_watch.model.fill import Fill, Row
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site
    from tumangang_watch.settings.cargo import CargoSettings


def measure_fill(
    dates: tuple[Observation, ...],
    site: Site,
    trains: tuple[Detection, ...],
    cargo: tuple[Detection, ...],
    settings: CargoSettings,
) -> tuple[Fill, ...]:
    """Return how full every apron is on each date on which enough of it was seen.

    Parameters
    ----------
    dates : tuple of Observation
    site : Site
    trains, cargo : tuple of Detection
        Of these dates. Trains take ground away; goods cover it.
    settings : CargoSettings
    """
    out = []
    for observation in dates:
        blocked = blocked_ground(observation, site, trains, settings)
        for place in places_of(site, settings, observation.scene.acquired.date()):
            goods = [d for d in cargo if d.date == observation.date and d.area == place.area]
            found = _fill(place, blocked, goods, observation, site, settings)
            if found is not None:
                out.append(found)
    return tuple(out)


def _fill(
    place: Place,
    blocked: BaseGeometry,
    goods: list[Detection],
    observation: Observation,
    site: Site,
    settings: CargoSettings,
) -> Fill | None:
    """Return how full one place is; None where too little of it was seen.

    Goods graded ``detected`` make the estimate. The interval holds how far their outlines may be off
    (in part all to one side, for what shifts one outline shifts its neighbours'), those graded
    ``possible``, and ground that was not seen.
    """
    free = place.polygon.difference(blocked)
    seen = observation.observed_fraction(free)
    ground = free.area * seen
    if seen < settings.least_observed or ground < settings.min_area_m2:
        return None
    sure = [d for d in goods if d.grade == "detected" and d.area_m2 is not None]
    maybe = [d for d in goods if d.grade == "possible" and d.area_m2 is not None]
    covered = _covered(sure, maybe, ground, settings)
    share = Interval(*(v / ground for v in (covered.estimate, covered.low, covered.high)))
    caveats = []
    if 1 - seen > settings.hidden_told:
        caveats.append(f"{1 - seen:.0%} of the ground was not seen: the fill is that of the rest")
    if observation.quality.snow_state in ("partial", "full"):
        caveats.append("snow may hide low goods")
    rows = rows_of(sure, site, settings.row_gap_m)
    return Fill(
        date=observation.date,
        area=place.area,
        ground_m2=ground,
        covered_m2=covered,
        share=share,
        row_length_m=_row_length(rows, rows_of([*sure, *maybe], site, settings.row_gap_m), settings),
        rows=rows,
        observed_fraction=seen,
        caveats=tuple(caveats),
    )


def _covered(
    sure: list[Detection], maybe: list[Detection], ground_m2: float, settings: CargoSettings
) -> Interval:
    """Return the ground that goods cover, square metres."""
    areas = [d.area_m2 for d in sure if d.area_m2 is not None]
    estimate = min(sum(a.estimate for a in areas), ground_m2)
    halves = [0.5 * a.width for a in areas]
    alone, together = sqrt(sum(h * h for h in halves)), sum(halves)
    half = sqrt(alone**2 + (settings.common_edge * together) ** 2 + (settings.fill_floor * ground_m2) ** 2)
    extra = sum(d.confidence * d.area_m2.estimate for d in maybe if d.area_m2 is not None)
    doubt = sum((1 - d.confidence) * d.area_m2.estimate for d in sure if d.area_m2 is not None)
    low, high = estimate - sqrt(half**2 + doubt**2), estimate + sqrt(half**2 + extra**2)
    return Interval(estimate, max(0.0, min(low, estimate)), max(min(high, ground_m2), estimate))


def _row_length(rows: tuple[Row, ...], most: tuple[Row, ...], settings: CargoSettings) -> Interval:
    """Return the length of the rows: `most` counts possible goods too."""
    length, longer = (sum(r.to_m - r.from_m for r in found) for found in (rows, most))
    end_m = settings.row_end_m * sqrt(2 * max(len(rows), 1))
    low = max(0.0, length - end_m) if rows else 0.0
    return Interval(length, low, max(length, longer) + end_m * bool(most))


def rows_of(goods: list[Detection], site: Site, gap_m: float) -> tuple[Row, ...]:
    """Return the stretches of track beside which goods lie, gaps up to ``gap_m`` closed.

    Every object counts along the track nearest to it.
    """
    spans: dict[str, list[tuple[float, float]]] = {}
    for item in goods:
        if not site.tracks:
            break
        track = min(site.tracks, key=lambda t: t.line.distance(item.geometry))
        along = _along(track.line, item)
        spans.setdefault(track.id, []).append(along)
    out = []
    for name, pieces in sorted(spans.items()):
        merged: list[list[float]] = []
        for start, stop in sorted(pieces):
            if merged and start <= merged[-1][1] + gap_m:
                merged[-1][1] = max(merged[-1][1], stop)
            else:
                merged.append([start, stop])
        out += [Row(name, round(a, 2), round(b, 2)) for a, b in merged]
    return tuple(out)


def _along(line: object, item: Detection) -> tuple[float, float]:
    from shapely import get_coordinates, line_locate_point, points

    at = np.asarray(line_locate_point(line, points(get_coordinates(item.geometry))))
    return float(at.min()), float(at.max())
