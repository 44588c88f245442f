"""Goods set down on hard standing, on one date or on several."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from shapely import box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.detect.cargo.contrast import appearance_difference, ground_contrast, relative_contrast
from tumangang_watch.detect.cargo.fill import coarse_fill, fill_of
from tumangang_watch.detect.cargo.measure import Place, measure, search, without_shadows
from tumangang_watch.detect.cargo.trials import try_cargo
from tumangang_watch.detect.cargo.view import ApronView, view_apron
from tumangang_watch.detect.shadows import swept
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.cargo import CargoSettings

COMMON_MIN = 0.2
"""Smaller parts of an object that outlines of another date cover are their rims."""
REST_MIN_M2 = 3.0
"""Less of an object beyond other outlines shows nothing."""


@dataclass(frozen=True)
class ApronPiece:
    """A part of a place that is read by itself: all of it, where it is not large."""

    core: BaseGeometry
    """The ground whose objects count here; pieces overlap so that none is cut."""
    view: ApronView


@dataclass(frozen=True, kw_only=True)
class PlaceRead:
    """A place as one date shows it."""

    place: Place
    pieces: list[ApronPiece]
    cargo: tuple[Detection, ...]
    every: BaseGeometry
    """The ground that its cargo covers."""
    gsd_m: float


@dataclass(frozen=True)
class CargoResult:
    """Cargo and the fill of every apron, date by date."""

    detections: tuple[Detection, ...]
    fill: tuple[Fill, ...]


def detect_cargo(
    dates: tuple[Observation, ...],
    site: Site,
    trains: tuple[Detection, ...],
    settings: CargoSettings,
    trials: bool = False,
) -> CargoResult:
    """Find goods set down on the aprons of a site, from north to south and west to east within each date.

    Every date, of one or two, is read by itself. Where there are two, each object also carries what the
    other date shows in its place: evidence ``other_goods`` (share covered), ``other_shadow``. The ground of
    ``trains`` is left out. ``trials`` also paints boxes on empty ground and counts how many would be found.
    """
    fine = [o for o in dates if o.image.gsd_m <= settings.objects_gsd_max_m]
    read = {
        o.date: {p.area: _read(p, pieces, o, settings) for p, pieces in _views(o, site, trains, settings)}
        for o in fine
    }
    found: list[Detection] = []
    fills: list[Fill] = []
    for observation in dates:
        if observation.date not in read:
            fills += _coarse(observation, site, trains, settings)
            continue
        here = []
        for area, own in read[observation.date].items():
            other = next((read[o.date].get(area) for o in fine if o is not observation), None)
            here += [_with_other(item, own, other, settings) for item in own.cargo]
            ground = _ground_m2(own.pieces)
            fill = fill_of(ground, own.place, own.cargo, observation, site, settings)
            if trials:
                view = max((piece.view for piece in own.pieces), key=lambda view: int(view.usable.sum()))
                fill = replace(
                    fill, trials=try_cargo(view, own.place, observation, settings, seed=len(fills))
                )
            fills.append(fill)
        here.sort(key=lambda d: (-round(d.geometry.centroid.y, 1), round(d.geometry.centroid.x, 1)))
        found += [replace(d, id=f"{observation.date}-cargo-{k}") for k, d in enumerate(here, 1)]
    return CargoResult(tuple(found), tuple(fills))


def _views(
    observation: Observation, site: Site, trains: tuple[Detection, ...], settings: CargoSettings
) -> list[tuple[Place, list[ApronPiece]]]:
    """Read every place of a date that can be seen."""
    bodies, blocked = _occupied(observation, site, trains, settings)
    out = []
    for place in _places(observation, site, settings):
        grounds = _pieces(place.polygon, settings)
        views = [(core, view_apron(observation, whole, blocked, bodies)) for core, whole in grounds]
        pieces = [ApronPiece(core, view) for core, view in views if view is not None]
        if pieces:
            out.append((place, pieces))
    return out


def _pieces(polygon: BaseGeometry, settings: CargoSettings) -> list[tuple[BaseGeometry, BaseGeometry]]:
    """Part a large place into squares, each with its ground and that ground with some more around it."""
    west, south, east, north = polygon.bounds
    side = settings.piece_m
    if max(east - west, north - south) <= 2 * side:
        return [(polygon, polygon)]
    out = []
    for x in np.arange(west, east, side):
        for y in np.arange(south, north, side):
            square = box(x, y, x + side, y + side)
            core = polygon.intersection(square)
            if not core.is_empty and core.area > 0:
                out.append((core, polygon.intersection(square.buffer(settings.piece_overlap_m))))
    return out


def _ground_m2(pieces: list[ApronPiece]) -> tuple[float, float]:
    """Return the ground that could hold cargo, and what of it is seen, square metres."""
    whole = seen = 0.0
    for piece in pieces:
        view = piece.view
        own = view.inside if len(pieces) == 1 else view.inside & view.grid.mask([view.turn.into(piece.core)])
        whole += float(own.sum()) * view.grid.pixel_m**2
        seen += float((own & view.usable).sum()) * view.grid.pixel_m**2
    return whole, seen


def _coarse(
    observation: Observation, site: Site, trains: tuple[Detection, ...], settings: CargoSettings
) -> list[Fill]:
    """Return the fill of every place of a date that is too coarse for single objects."""
    _, blocked = _occupied(observation, site, trains, settings)
    places = [p for p in _places(observation, site, settings) if p.firm]
    fills = (coarse_fill(observation, place, blocked, settings) for place in places)
    return [fill for fill in fills if fill is not None]


def _places(observation: Observation, site: Site, settings: CargoSettings) -> list[Place]:
    """Return the places that are seen well enough, without overlaps, with the part that is seen.

    The aprons, or the ground beside tracks where a site has none.
    """
    taken = site.left_out
    lines = tuple(t.line for t in site.tracks)
    aprons, white = site.having("apron"), _white(observation)
    free: list[tuple[str, BaseGeometry]] = []
    for area in aprons:
        own = area.polygon.difference(taken)
        taken = taken.union(area.polygon)
        if area.occluded_from is None or area.occluded_from > observation.scene.acquired.date():
            free.append((area.id, own))
    if not aprons:
        near = unary_union([line.buffer(settings.beside_track_m) for line in lines])
        free = [(a.id, a.polygon.intersection(near).difference(taken)) for a in site.having("yard")]
    places = [
        Place(
            area=name,
            polygon=polygon,
            firm=bool(aprons),
            tracks=lines,
            white=white,
            observed_fraction=observation.observed_fraction(polygon),
        )
        for name, polygon in free
        if polygon.area >= settings.min_area_m2
    ]
    return [p for p in places if p.observed_fraction >= settings.observed_min]


def _occupied(
    observation: Observation, site: Site, trains: tuple[Detection, ...], settings: CargoSettings
) -> tuple[BaseGeometry, BaseGeometry]:
    """Return the bodies of a date's trains, and the ground where no cargo is looked for."""
    scene = observation.scene
    here = [t.geometry for t in trains if t.date == observation.date]
    half_m = settings.train_half_width_m
    bodies = unary_union([shape.buffer(half_m) if shape.area == 0 else shape for shape in here])
    parts = [t.line.buffer(settings.track_margin_m, cap_style="flat") for t in site.tracks]
    parts.append(bodies.buffer(settings.train_margin_m))
    if scene.off_nadir_deg and scene.view_azimuth_deg is not None and not bodies.is_empty:
        # Relief leans away from the satellite as shadow falls away from the sun.
        view = scene.view_azimuth_deg, 90.0 - scene.off_nadir_deg
        parts.append(swept(bodies.buffer(settings.lean_margin_m), *view, settings.train_height_m))
    return bodies, unary_union(parts)


def _cargo_in(
    piece: ApronPiece, place: Place, observation: Observation, settings: CargoSettings
) -> list[Detection]:
    """Return the cargo of one piece of a place, without ids."""
    work = search(piece.view, place, observation, settings)
    measured = (measure(work, number) for number in range(1, len(work.cuts) + 1))
    found = [item for item in measured if item is not None]
    if piece.core.area < 0.999 * place.polygon.area:
        found = [item for item in found if piece.core.covers(item.geometry.representative_point())]
    return without_shadows(found, settings) if observation.scene.sun_azimuth_deg is None else found


def _read(
    place: Place, pieces: list[ApronPiece], observation: Observation, settings: CargoSettings
) -> PlaceRead:
    """Find the cargo of a place."""
    cargo = tuple(item for piece in pieces for item in _cargo_in(piece, place, observation, settings))
    every = unary_union([d.geometry for d in cargo])
    return PlaceRead(place=place, pieces=pieces, cargo=cargo, every=every, gsd_m=observation.image.gsd_m)


def _with_other(
    item: Detection, own: PlaceRead, other: PlaceRead | None, settings: CargoSettings
) -> Detection:
    """Add to an object what another date shows in its place."""
    if other is None:
        return replace(item, evidence=tuple(sorted(item.evidence)))
    core = item.geometry.buffer(-0.3)
    place = item.geometry if core.is_empty else core
    for piece in other.pieces:
        view = piece.view
        means = {"other_goods": view.mean(view.body, place), "other_shadow": view.mean(view.shadow, place)}
        if any(value is not None for value in means.values()):
            common, rest = _shared(item, other)
            means["other_contrast"] = _contrast(item.geometry, own, view, settings)
            means["other_rest"] = None if rest is None else _rest_contrast(rest, own, view, settings)
            means["other_difference"] = _difference(common, own, other, view, settings)
            extra = [(name, round(value, 3)) for name, value in means.items() if value is not None]
            return replace(item, evidence=tuple(sorted((*item.evidence, *extra))))
    return replace(item, evidence=tuple(sorted(item.evidence)))


def _contrast(place: BaseGeometry, own: PlaceRead, other: ApronView, settings: CargoSettings) -> float | None:
    """Return how much of the contrast that a place has another date shows there."""
    there = ground_contrast(other, place, own.every, settings)
    here = (ground_contrast(piece.view, place, own.every, settings) for piece in own.pieces)
    found = next((c for c in here if c is not None), None)
    return None if there is None or found is None else relative_contrast(found, there, settings)


def _rest_contrast(
    rest: BaseGeometry, own: PlaceRead, other: ApronView, settings: CargoSettings
) -> float | None:
    """Return the same of what an object has alone; None where that may be a shadow read as goods."""
    log_brightness = (p.view.mean(p.view.item.planes[:3].mean(axis=0), rest) for p in own.pieces)
    middle = next((t for t in log_brightness if t is not None), None)
    dark = middle is None or middle <= settings.shadow_log_brightness_max
    return None if dark else _contrast(rest, own, other, settings)


def _shared(item: Detection, other: PlaceRead) -> tuple[BaseGeometry, BaseGeometry | None]:
    """Return what an object's place has in common with another date's outlines, and what it has alone.

    All of it, and None, where they cover no more than its rim.
    """
    common = item.geometry.intersection(other.every)
    if common.area < COMMON_MIN * item.geometry.area:
        return item.geometry, None
    rest = item.geometry.difference(other.every.buffer(0.5 * other.gsd_m))
    return common, rest if rest.area >= REST_MIN_M2 else None


def _difference(
    place: BaseGeometry, own: PlaceRead, other: PlaceRead, view: ApronView, settings: CargoSettings
) -> float | None:
    """Return how unlike two dates show a place."""
    every, margin_m = (own.every, other.every), 0.5 * max(own.gsd_m, other.gsd_m)
    each = (
        appearance_difference((piece.view, view), place, every, margin_m, settings) for piece in own.pieces
    )
    return next((d for d in each if d is not None), None)


def _white(observation: Observation) -> float:
    """Return what a white surface would show: a bright quantile, not below twice the typical ground."""
    light = observation.raster.luminance()[observation.quality.clear & observation.raster.valid]
    if light.size == 0:
        return 1.0
    middle, bright = np.quantile(light[:: max(1, light.size // 50000)], (0.5, 0.999))
    return float(max(bright, 2.5 * middle))
