"""The part of an apron that goods cover, and the length of their rows along the tracks.

How full an apron is in scenes too coarse for single goods: what of it is unlike its empty pavement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from shapely import get_coordinates, line_locate_point, points
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.blobs import half_sample_mode
from tumangang_watch.detect.cargo.view import Place
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.fill import CargoRow, Fill
from tumangang_watch.model.interval import SHARED_AREA, Interval, Summand, total
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.cargo import CargoSettings

MIN_PX = 30
"""Fewer pixels of an apron have no commonest tone."""
COARSE_NOTE = "single goods are not told at this resolution: the fill is what is unlike the commonest ground"


def fill_of(
    ground_m2: tuple[float, float],
    place: Place,
    cargo: Sequence[Detection],
    observation: Observation,
    site: Site,
    settings: CargoSettings,
) -> Fill:
    """Return how full one place is.

    The covered ground is the sum of its objects' areas, as findings sum them. Where nothing stands the upper
    bound is what can be missed as small cargo.

    Parameters
    ----------
    ground_m2 : (float, float)
        Ground that could hold cargo, and what of it is seen.
    """
    whole, ground = ground_m2
    empty = Fill(
        date=observation.date,
        area=place.area,
        ground_m2=ground,
        covered_m2=Interval(0.0, 0.0, 0.0),
        share=Interval(0.0, 0.0, 0.0),
        row_length_m=Interval(0.0, 0.0, 0.0),
        rows=(),
        observed_fraction=place.observed_fraction,
        caveats=_caveats(1 - ground / max(whole, 1e-6), observation, settings),
    )
    return filled(empty, cargo, site, settings)


def filled(fill: Fill, cargo: Sequence[Detection], site: Site, settings: CargoSettings) -> Fill:
    """Return the fill of a place with what of ``cargo`` stands there on its date; a coarse one as it is."""
    if COARSE_NOTE in fill.caveats:
        return fill
    here = [d for d in cargo if (d.date, d.area) == (fill.date, fill.area) and d.area_m2 is not None]
    sure = [d for d in here if d.grade == "detected"]
    parts = [
        Summand(value=d.area_m2, sure=d.grade == "detected", confidence=d.confidence)
        for d in here
        if d.area_m2 is not None
    ]
    covered, ground = total(parts, SHARED_AREA), fill.ground_m2
    high = max(covered.high, settings.fill_floor * ground)
    covered = Interval(*(min(v, ground) for v in (covered.estimate, covered.low, high)))
    rows = rows_of(sure, site, settings.row_gap_m)
    length = sum(r.to_m - r.from_m for r in rows)
    end_m = settings.row_end_m * sqrt(2 * max(len(rows), 1))
    longer = rows_of(here, site, settings.row_gap_m)
    longest = max(sum(r.to_m - r.from_m for r in longer), length) + end_m * bool(longer)
    return replace(
        fill,
        covered_m2=covered,
        share=Interval(*(v / max(ground, 1e-6) for v in (covered.estimate, covered.low, covered.high))),
        row_length_m=Interval(length, max(0.0, length - end_m) if rows else 0.0, longest),
        rows=rows,
    )


def _caveats(hidden: float, observation: Observation, settings: CargoSettings) -> tuple[str, ...]:
    notes = []
    if hidden > settings.hidden_noted:
        notes.append(f"{hidden:.0%} of the ground was not seen: the fill is that of the rest")
    if observation.quality.snowy:
        notes.append("snow may hide low goods")
    return tuple(notes)


def rows_of(cargo: Sequence[Detection], site: Site, gap_m: float) -> tuple[CargoRow, ...]:
    """Return the stretches of track beside which cargo lies, gaps up to ``gap_m`` closed.

    Every object counts along the track nearest to it.
    """
    spans: dict[str, list[tuple[float, float]]] = {}
    for item in cargo if site.tracks else ():
        track = min(site.tracks, key=lambda t: t.line.distance(item.geometry))
        at = np.asarray(line_locate_point(track.line, points(get_coordinates(item.geometry))))
        spans.setdefault(track.id, []).append((float(at.min()), float(at.max())))
    out = []
    for name, pieces in sorted(spans.items()):
        merged: list[list[float]] = []
        for start, stop in sorted(pieces):
            if merged and start <= merged[-1][1] + gap_m:
                merged[-1][1] = max(merged[-1][1], stop)
            else:
                merged.append([start, stop])
        out += [CargoRow(name, round(a, 2), round(b, 2)) for a, b in merged]
    return tuple(out)


def coarse_fill(
    observation: Observation, place: Place, blocked: BaseGeometry, settings: CargoSettings
) -> Fill | None:
    """Return the fill of one place, ``blocked`` by tracks and trains; None where too little of it is seen.

    Every pixel counts by how far its brightness lies from the pavement's, between the noise and what cargo
    usually shows; shadows, stains and pixels that cargo covers in part are in the interval.
    """
    grid, raster = observation.raster.grid, observation.raster
    inside = grid.mask([place.polygon.difference(blocked)])
    usable = inside & observation.quality.clear & raster.valid & ~observation.quality.cloud_shadow
    if usable.sum() < MIN_PX:
        return None
    share, noise = _unlike(raster.values[:, usable], settings)
    pixel_m2 = grid.pixel_m**2
    ground = float(usable.sum()) * pixel_m2
    estimate = float(share.sum()) * pixel_m2
    wide = settings.coarse_factor
    high = min(ground, wide * estimate + settings.coarse_floor * ground + noise * ground)
    low = max(0.0, estimate / wide - (settings.coarse_floor + noise) * ground)
    covered = Interval(estimate, min(low, estimate), max(high, estimate))
    hidden = 1 - float(usable.sum()) / max(float(inside.sum()), 1.0)
    return Fill(
        date=observation.date,
        area=place.area,
        ground_m2=ground,
        covered_m2=covered,
        share=Interval(*(v / ground for v in (covered.estimate, covered.low, covered.high))),
        row_length_m=Interval(0.0, 0.0, float(max(place.polygon.length / 2, 0.0))),
        rows=(),
        observed_fraction=place.observed_fraction,
        caveats=(COARSE_NOTE, *_caveats(hidden, observation, settings)),
    )


def _unlike(values: NDArray[np.float32], settings: CargoSettings) -> tuple[NDArray[np.float64], float]:
    """Return the covered share of every pixel, and the share that noise alone would give."""
    logs = np.log(np.maximum(values, 1e-4)).astype(np.float64)
    step = np.stack([band - half_sample_mode(band) for band in logs])
    spread = np.array([1.4826 * np.median(np.abs(band[np.abs(band) < 0.4])) for band in step])
    limit = np.maximum(settings.coarse_noise * np.maximum(spread, 0.01), settings.coarse_min)
    strength = np.abs(step) / limit[:, None]
    share = np.clip(np.sqrt((strength**2).mean(axis=0)) - 1.0, 0.0, 1.0)
    return share, float(np.clip(spread.max() - settings.coarse_min / 2, 0, 0.2))
