"""The worked surface of the handling polygons, and its growth between two dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from shapely import MultiPolygon
from shapely.ops import unary_union
from skimage.morphology import remove_small_holes, remove_small_objects

from tumangang_watch.detect.blobs import as_multi, outline
from tumangang_watch.detect.ground.buildings import building_words, new_buildings
from tumangang_watch.detect.ground.change import Turned, turned_to_worked
from tumangang_watch.detect.ground.history import Denied, EarlierGround, deny_seasonal, unsettled
from tumangang_watch.detect.ground.surface import GroundSurface, path_light, surface_of, worked_share
from tumangang_watch.detect.history import BackgroundDate
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import HandlingChange
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Area, Site
from tumangang_watch.settings.cargo import HandlingSettings
from tumangang_watch.settings.change import HistorySettings


@dataclass(frozen=True)
class HandlingResult:
    """Worked surface on each date, and its change when there are two."""

    detections: tuple[Detection, ...]
    growth: tuple[HandlingChange, ...]


def measure_handling(
    observations: tuple[Observation, ...],
    site: Site,
    trains: tuple[Detection, ...],
    settings: HandlingSettings,
    background_dates: Sequence[BackgroundDate] = (),
    history: HistorySettings | None = None,
) -> HandlingResult:
    """Measure the worked surface of every handling polygon, and its growth.

    Parameters
    ----------
    observations : tuple of Observation
        One, or two (earlier, later) on one grid, in one frame, the second normalised to the first.
    trains : tuple of Detection
        Of either date; the ground they hide says nothing.
    background_dates : sequence of BackgroundDate
        Earlier dates: what only goes back and forth between them is no growth.
    """
    if len(observations) not in (1, 2) or len({o.raster.grid for o in observations}) != 1:
        raise ValueError(f"{len(observations)} observations, not one or two on one grid")
    left = ((area, area.polygon.difference(site.left_out)) for area in site.having("handling"))
    areas = [replace(area, polygon=rest) for area, rest in left if rest.area > 0]
    if not areas:
        return HandlingResult((), ())
    grounds = tuple(date.ground for date in background_dates if date.ground is not None)
    record = EarlierGround(grounds, history or HistorySettings())
    path = path_light(observations, settings)
    observations = tuple(o.about([a.polygon for a in areas]) for o in observations)
    surfaces = [surface_of(o, trains, settings, path) for o in observations]
    grid = surfaces[0].grid
    everywhere = unary_union([a.polygon for a in areas])
    reference = ~grid.mask([everywhere]) & ~grid.mask([site.left_out])
    detections: list[Detection] = []
    growth: list[HandlingChange] = []
    for area in areas:
        inside = grid.mask([area.polygon])
        turned: tuple[Turned, ...] = ()
        if len(surfaces) == 2:
            since, asked = observations[0].scene.acquired, []
            for before, after in (surfaces, surfaces[::-1]):
                item = turned_to_worked(before, after, inside, reference, settings)
                asked.append(deny_seasonal(item, since, surfaces[1], record, settings))
            turned, denied = tuple(left for left, _ in asked), tuple(taken for _, taken in asked)
            growth.append(_change(observations, surfaces, area, turned, denied, settings))
        worked = _worked(surfaces, inside, turned, settings)
        for observation, surface, mask in zip(observations, surfaces, worked, strict=True):
            unsure = None
            if grounds:
                unsure = unsettled(record, surface, observation.scene.acquired, settings) & inside
            found = _detection(observation, surface, area, mask, settings, unsure)
            number = 1 + sum(d.date == observation.date for d in detections)
            detections.append(replace(found, id=f"{observation.date}-handling-{number}"))
    return HandlingResult(tuple(detections), tuple(growth))


def _worked(
    surfaces: list[GroundSurface],
    inside: NDArray[np.bool_],
    turned: tuple[Turned, ...],
    settings: HandlingSettings,
) -> list[NDArray[np.bool_]]:
    """Return the worked ground on each date; ground that did not change has one class on both."""
    shares = np.stack([worked_share(s, settings) for s in surfaces])
    weight = np.stack([s.usable & ~s.snow for s in surfaces]).astype(np.float32)
    known = weight.sum(axis=0) > 0
    if not known.any():
        return [np.zeros(inside.shape, dtype=bool) for _ in surfaces]
    mean = (shares * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
    # Ground under a train or in shadow is of the kind of the nearest ground that is seen.
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    base = (mean > 0.5)[tuple(nearest)]
    patch_px = max(1, int(settings.patch_min_m2 / surfaces[0].grid.pixel_m ** 2))
    base = remove_small_objects(remove_small_holes(base, max_size=patch_px), max_size=patch_px) & inside
    if not turned:
        return [base]
    grown, lost = turned
    return [(base | lost.mask) & ~grown.mask, (base | grown.mask) & ~lost.mask]


def _detection(
    observation: Observation,
    surface: GroundSurface,
    area: Area,
    mask: NDArray[np.bool_],
    settings: HandlingSettings,
    unsure: NDArray[np.bool_] | None,
) -> Detection:
    shape = as_multi(outline(mask, surface.grid, 0, 0).intersection(area.polygon))
    seen = observation.observed_fraction(area.polygon)
    caveats = _limits(observation, surface, seen, settings)
    hidden = max(0.0, area.polygon.area * (1 - seen))
    # Half of the ground whose colour decides neither way: it may go either way.
    share = worked_share(surface, settings)[surface.grid.mask([area.polygon]) & surface.usable]
    doubt = float(0.5 * ((share > 0.1) & (share < 0.9)).sum() * surface.grid.pixel_m**2)
    if unsure is not None:
        doubt = sqrt(doubt**2 + (0.5 * float(unsure.sum()) * surface.grid.pixel_m**2) ** 2)
    half = sqrt(
        _edge_m2(shape, observation, settings) ** 2 + doubt**2 + (settings.class_error * shape.area) ** 2
    )
    low, high = shape.area - half - 0.5 * hidden, min(shape.area + half + hidden, area.polygon.area)
    if caveats:
        low, high = 0.0, area.polygon.area
    return Detection(
        id="",
        date=observation.date,
        kind="handling_area",
        area=area.id,
        geometry=as_multi(shape.simplify(0.5 * surface.grid.pixel_m)),
        confidence=0.3 if caveats else 0.8,
        grade="possible" if caveats else "detected",
        observed_fraction=seen,
        area_m2=Interval(shape.area, max(0.0, min(low, shape.area)), max(high, shape.area)),
        label="worked surface",
        caveats=caveats,
    )


def _limits(
    observation: Observation, surface: GroundSurface, seen: float, settings: HandlingSettings
) -> tuple[str, ...]:
    """Return why the surface cannot be judged on this date, in words."""
    notes = []
    if surface.snowed_over:
        notes.append("snow covers the ground: the surface cannot be judged")
    if seen < settings.observed_min:
        notes.append(f"only {seen:.0%} of the polygon can be seen")
    if surface.saturation is None:
        notes.append("one band only: worked ground cannot be told from natural ground")
    return tuple(notes)


def _edge_m2(shape: MultiPolygon, observation: Observation, settings: HandlingSettings) -> float:
    """Return the 90 % half width of an area from where its boundary lies (docs/sources.md, growth)."""
    fit = observation.site_fit
    registration_m = fit.residual_p90_m if fit.residual_p90_m is not None else settings.registration_m
    return float(shape.length * (registration_m + 0.5 * observation.raster.grid.pixel_m) * 0.5)


def _change(
    observations: tuple[Observation, ...],
    surfaces: list[GroundSurface],
    area: Area,
    turned: tuple[Turned, ...],
    denied: tuple[Denied, ...],
    settings: HandlingSettings,
) -> HandlingChange:
    grid = surfaces[0].grid
    inside = grid.mask([area.polygon])
    both = surfaces[0].clear & surfaces[1].clear & inside
    seen = float(both.sum() / max(inside.sum(), 1))
    dates = observations[0], observations[1]
    notes = [note for o, s in zip(dates, surfaces, strict=True) for note in _limits(o, s, 1.0, settings)]
    if seen < settings.observed_min:
        notes.append(f"only {seen:.0%} of the polygon is seen on both dates")
    barred = bool(notes)
    if not turned[0].compared:
        notes.append("too little of the same land cover elsewhere to tell season from work")
    shapes, amounts = [], []
    for number, item in enumerate(turned):
        seen_part = item.membership * (both & (not barred))
        shape = as_multi(outline(seen_part, grid, 0, 0).intersection(area.polygon))
        raise_m2 = float(denied[number].pixels.sum()) * grid.pixel_m**2
        if raise_m2 and not barred:
            became, asked = ("given up" if number else "worked"), denied[number].dates
            notes.append(
                f"{raise_m2:.0f} m² that look newly {became} looked so before, on {asked} earlier "
                f"date{'' if asked == 1 else 's'} asked: taken for the season, not for work"
            )
        unseen_m2 = (1.0 if barred else 1 - seen) * area.polygon.area
        lower_m2 = float(denied[number].doubtful.sum()) * grid.pixel_m**2
        amount = _amount(shape, observations[1], (lower_m2, raise_m2, unseen_m2), settings)
        shapes.append(as_multi(shape.simplify(0.5 * grid.pixel_m)))
        amounts.append(replace(amount, high=max(min(amount.high, area.polygon.area), shape.area)))
    confidence = _confidence(turned, barred)
    came, gone = (
        () if barred else new_buildings(*order, item.strength, inside, settings)
        for order, item in zip((dates, dates[::-1]), turned, strict=True)
    )
    return HandlingChange(
        polygon_id=area.id,
        grown_m2=amounts[0],
        lost_m2=amounts[1],
        grown=shapes[0],
        lost=shapes[1],
        confidence=confidence,
        grade="detected" if confidence >= settings.growth_sure else "possible",
        observed_fraction=0.0 if barred else seen,
        caveats=tuple(dict.fromkeys(notes)),
        buildings=(*(building_words(b, "new") for b in came), *(building_words(b, "gone") for b in gone)),
    )


def _amount(
    shape: MultiPolygon,
    observation: Observation,
    doubt_m2: tuple[float, float, float],
    settings: HandlingSettings,
) -> Interval:
    """Return the area of turned ground.

    ``doubt_m2`` is what of it may be none, what may be work and was taken for the season, and what was not
    seen on both dates.
    """
    lower_m2, raise_m2, unseen_m2 = doubt_m2
    edge_m2 = settings.growth_edge_factor * _edge_m2(shape, observation, settings)
    half = sqrt(edge_m2**2 + (settings.class_error * shape.area) ** 2)
    most_m2 = max(settings.segment_min_m2, raise_m2) if shape.is_empty else shape.area + half + raise_m2
    return Interval(shape.area, max(0.0, shape.area - half - lower_m2), most_m2 + unseen_m2)


def _confidence(turned: tuple[Turned, ...], barred: bool) -> float:
    """Return how sure the statement is: the typical strength of the change, or of its absence."""
    if barred:
        return 0.0
    strengths = [float(np.median(t.strength[t.mask])) for t in turned if t.mask.any()]
    sure = min(0.97, 0.35 + 0.1 * min(strengths)) if strengths else 0.9
    return round(sure if turned[0].compared else 0.6 * sure, 3)
