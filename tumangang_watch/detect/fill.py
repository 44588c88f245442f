"""The part of an apron that goods cover, and the length of their rows along the tracks."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.model.fill import Fill, Row
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from tumangang_watch.detect.goods import Place
    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site
    from tumangang_watch.settings.cargo import CargoSettings


def fill_of(
    ground_m2: tuple[float, float],
    place: Place,
    goods: list[Detection],
    observation: Observation,
    site: Site,
    settings: CargoSettings,
) -> Fill:
    """Return how full one place is.

    What is ``detected`` counts in full, what is ``possible`` by its confidence: about as much is missed
    as is wrongly told. The interval holds how far outlines may be off (all to one side in
    part, for what shifts one outline shifts its neighbours'), that each object may not be goods or
    be goods in full, and ground that was not seen.
    """
    whole, ground = ground_m2
    sure = [d for d in goods if d.grade == "detected" and d.area_m2 is not None]
    maybe = [d for d in goods if d.grade == "possible" and d.area_m2 is not None]
    areas = [(d.area_m2, d.confidence) for d in (*sure, *maybe) if d.area_m2 is not None]
    counted = [a.estimate * (1.0 if k < len(sure) else c) for k, (a, c) in enumerate(areas)]
    estimate = min(sum(counted), ground)
    halves = [0.5 * a.width for a, _ in areas]
    alone, together = sqrt(sum(h * h for h in halves)), sum(halves)
    half = sqrt(alone**2 + (settings.common_edge * together) ** 2 + (settings.fill_floor * ground) ** 2)
    doubt = settings.doubt_spread * sqrt(sum(c * (1 - c) * a.estimate**2 for a, c in areas))
    low = max(0.0, estimate - sqrt(half**2 + doubt**2))
    high = min(ground, estimate + sqrt(half**2 + doubt**2))
    covered = Interval(estimate, min(low, estimate), max(high, estimate))
    share = Interval(*(v / max(ground, 1e-6) for v in (estimate, covered.low, covered.high)))
    hidden = 1 - ground / max(whole, 1e-6)
    caveats = []
    if hidden > settings.hidden_told:
        caveats.append(f"{hidden:.0%} of the ground was not seen: the fill is that of the rest")
    if observation.quality.snow_state in ("partial", "full"):
        caveats.append("snow may hide low goods")
    rows = rows_of(sure, site, settings.row_gap_m)
    length = sum(r.to_m - r.from_m for r in rows)
    end_m = settings.row_end_m * sqrt(2 * max(len(rows), 1))
    longer = rows_of([*sure, *maybe], site, settings.row_gap_m)
    most = max(sum(r.to_m - r.from_m for r in longer), length)
    return Fill(
        date=observation.date,
        area=place.area,
        ground_m2=ground,
        covered_m2=covered,
        share=share,
        row_length_m=Interval(length, max(0.0, length - end_m) if rows else 0.0, most + end_m * bool(longer)),
        rows=rows,
        observed_fraction=place.observed_fraction,
        caveats=tuple(caveats),
    )


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
