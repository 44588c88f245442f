"""Goods set down on hard standing, on one date or on several."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.cargo.contrast import appearance_difference, ground_contrast, relative_contrast
from tumangang_watch.detect.cargo.fill import coarse_fill, fill_of
from tumangang_watch.detect.cargo.loose import weighed
from tumangang_watch.detect.cargo.read import ApronPiece, PlaceRead, occupied_ground, places_of, read_places
from tumangang_watch.detect.cargo.trials import try_cargo
from tumangang_watch.detect.cargo.view import ApronView
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.fill import CargoTrial, Fill
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.cargo import CargoSettings
from tumangang_watch.threads import side_by_side

COMMON_MIN = 0.2
"""Smaller parts of an object that outlines of another date cover are their rims."""
REST_MIN_M2 = 3.0
"""Less of an object beyond other outlines shows nothing."""


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
    read = read_places(fine, site, trains, settings)
    found: list[Detection] = []
    fills: list[Fill] = []
    tried: list[_AskedTrial] = []
    for observation in dates:
        if observation.date not in read:
            fills += _coarse(observation, site, trains, settings)
            continue
        here: list[Detection] = []
        for area, own in read[observation.date].items():
            other = next((read[o.date].get(area) for o in fine if o is not observation), None)
            seen = tuple(_with_other(item, own, other, settings) for item in own.cargo)
            kept = weighed(seen, own.place, own.doubts, settings)
            here += kept
            ground = _ground_m2(own.pieces)
            if trials:
                tried.append(_AskedTrial(own, observation, len(fills), other is not None))
            fills.append(fill_of(ground, own.place, kept, observation, site, settings))
        here.sort(key=lambda d: (-round(d.geometry.centroid.y, 1), round(d.geometry.centroid.x, 1)))
        found += [replace(d, id=f"{observation.date}-cargo-{k}") for k, d in enumerate(here, 1)]
    for asked, shown in zip(tried, side_by_side(lambda a: _tried(a, settings), tried), strict=True):
        fills[asked.number] = replace(fills[asked.number], trials=shown)
    return CargoResult(tuple(found), tuple(fills))


@dataclass(frozen=True)
class _AskedTrial:
    """A place on which boxes are to be painted on trial."""

    own: PlaceRead
    observation: Observation
    number: int
    """Of its fill: seeds the draw."""
    compared: bool


def _tried(asked: _AskedTrial, settings: CargoSettings) -> tuple[CargoTrial, ...]:
    """Paint boxes on the piece of a place of which most is seen."""
    view = max((piece.view for piece in asked.own.pieces), key=lambda view: int(view.usable.sum()))
    return try_cargo(
        view, asked.own.place, asked.observation, settings, seed=asked.number, compared=asked.compared
    )


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
    blocked = occupied_ground(observation, site, trains, settings).blocked
    places = [p for p in places_of(observation, site, settings) if p.firm]
    fills = (coarse_fill(observation, place, blocked, settings) for place in places)
    return [fill for fill in fills if fill is not None]


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
    near = own.every.near(place, sum(settings.contrast_ring_m))
    there = ground_contrast(other, place, near, settings)
    here = (ground_contrast(piece.view, place, near, settings) for piece in own.pieces)
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
    theirs = other.every.near(item.geometry, other.gsd_m)
    common = item.geometry.intersection(theirs)
    if common.area < COMMON_MIN * item.geometry.area:
        return item.geometry, None
    rest = item.geometry.difference(theirs.buffer(0.5 * other.gsd_m))
    return common, rest if rest.area >= REST_MIN_M2 else None


def _difference(
    place: BaseGeometry, own: PlaceRead, other: PlaceRead, view: ApronView, settings: CargoSettings
) -> float | None:
    """Return how unlike two dates show a place."""
    ours, theirs = (read.every.near(place, sum(settings.contrast_ring_m)) for read in (own, other))
    margin_m = 0.5 * max(own.gsd_m, other.gsd_m)
    each = (
        appearance_difference((piece.view, view), place, (ours, theirs), margin_m, settings)
        for piece in own.pieces
    )
    return next((d for d in each if d is not None), None)
