"""Every place that is searched for cargo, read piece by piece, and what stands in each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from shapely import box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.detect.cargo.loose import Doubt, body_of, doubtful_tracks
from tumangang_watch.detect.cargo.measure import measure, search, without_shadows
from tumangang_watch.detect.cargo.view import ApronView, Place, view_apron
from tumangang_watch.detect.outlines import Outlines
from tumangang_watch.detect.shadows import swept
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.cargo import CargoSettings
from tumangang_watch.threads import side_by_side


@dataclass(frozen=True, kw_only=True)
class OccupiedGround:
    """What tracks and trains take of the ground on one date."""

    bodies: BaseGeometry
    """Of trains."""
    blocked: BaseGeometry
    """Where no cargo is looked for."""
    doubts: tuple[Doubt, ...]
    """Trains before the tracks that they would stand on."""


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
    every: Outlines
    """The ground that its cargo covers."""
    gsd_m: float
    doubts: tuple[Doubt, ...]
    """Ground on which goods lie only where no track runs, or no train stands, after all."""


@dataclass(frozen=True, kw_only=True)
class _AskedPiece:
    """A piece of a place on one date that is to be read."""

    observation: Observation
    place: Place
    core: BaseGeometry
    whole: BaseGeometry
    """With some ground around it."""
    taken: OccupiedGround


def read_places(
    dates: list[Observation], site: Site, trains: tuple[Detection, ...], settings: CargoSettings
) -> dict[str, dict[str, PlaceRead]]:
    """Find the cargo of every place that can be seen, by date and place."""
    asked: list[_AskedPiece] = []
    for date in dates:
        taken = occupied_ground(date, site, trains, settings)
        for found in places_of(date, site, settings):
            place = replace(found, compared=len(dates) > 1)
            asked += [
                _AskedPiece(observation=date, place=place, core=core, whole=whole, taken=taken)
                for core, whole in _pieces(place.polygon, settings)
            ]
    seen: dict[tuple[str, str], list[tuple[_AskedPiece, ApronPiece, list[Detection]]]] = {}
    for one, shown in zip(asked, side_by_side(lambda a: _read_piece(a, settings), asked), strict=True):
        if shown is not None:
            seen.setdefault((one.observation.date, one.place.area), []).append((one, *shown))
    out: dict[str, dict[str, PlaceRead]] = {date.date: {} for date in dates}
    for (name, area), parts in seen.items():
        cargo = tuple(item for _, _, found in parts for item in found)
        out[name][area] = PlaceRead(
            place=parts[0][0].place,
            pieces=[piece for _, piece, _ in parts],
            cargo=cargo,
            every=Outlines.of(d.geometry for d in cargo),
            gsd_m=parts[0][0].observation.image.gsd_m,
            doubts=parts[0][0].taken.doubts,
        )
    return out


def _read_piece(asked: _AskedPiece, settings: CargoSettings) -> tuple[ApronPiece, list[Detection]] | None:
    """Read one piece and find its cargo; None where nothing of it is seen."""
    view = view_apron(asked.observation, asked.whole, asked.taken.blocked, asked.taken.bodies)
    if view is None:
        return None
    piece = ApronPiece(asked.core, view)
    return piece, _cargo_in(piece, asked.place, asked.observation, settings)


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


def places_of(observation: Observation, site: Site, settings: CargoSettings) -> list[Place]:
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


def occupied_ground(
    observation: Observation, site: Site, trains: tuple[Detection, ...], settings: CargoSettings
) -> OccupiedGround:
    """Return the bodies of a date's trains, and the ground where no cargo is looked for.

    On a doubtful track it is looked for, unless a train stands there of which there is no doubt.
    """
    scene, free = observation.scene, doubtful_tracks(site, settings)
    sure: list[Detection] = []
    unsure: list[Detection] = []
    for train in trains:
        if train.date == observation.date:
            doubted = train.track in free and 1 - train.confidence >= settings.confidence_min
            (unsure if doubted else sure).append(train)
    beds = {t.id: t.line.buffer(settings.track_margin_m, cap_style="flat") for t in site.tracks}
    bodies = unary_union([body_of(t, settings) for t in sure])
    parts = [bed for name, bed in beds.items() if name not in free]
    parts.append(bodies.buffer(settings.train_margin_m))
    if scene.off_nadir_deg and scene.view_azimuth_deg is not None and not bodies.is_empty:
        # Relief leans away from the satellite as shadow falls away from the sun.
        view = scene.view_azimuth_deg, 90.0 - scene.off_nadir_deg
        parts.append(swept(bodies.buffer(settings.lean_margin_m), *view, settings.train_height_m))
    stand = (
        Doubt(ground=body_of(t, settings).buffer(settings.train_margin_m), free=1 - t.confidence)
        for t in unsure
    )
    run = (Doubt(ground=beds[name], free=chance) for name, chance in free.items())
    return OccupiedGround(bodies=bodies, blocked=unary_union(parts), doubts=(*stand, *run))


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


def _white(observation: Observation) -> float:
    """Return what a white surface would show: a bright quantile, not below twice the typical ground."""
    light = observation.raster.luminance()[observation.quality.clear & observation.raster.valid]
    if light.size == 0:
        return 1.0
    middle, bright = np.quantile(light[:: max(1, light.size // 50000)], (0.5, 0.999))
    return float(max(bright, 2.5 * middle))
