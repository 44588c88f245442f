"""How sure goods are on ground that nobody mapped as an apron, and where a doubtful track may run instead.

Hard standing bears goods and little else. Ground beside tracks bears huts, heaps of ballast, bushes and marks
of its own, so that what looks like goods mostly is none; and what a row of goods beside a train looks like, a
train on one track more looks like as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.cargo.view import Place
from tumangang_watch.model.detection import LOOSE, Detection
from tumangang_watch.model.interval import log_odds, logistic
from tumangang_watch.model.site import Site
from tumangang_watch.settings.cargo import CargoSettings


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Ground that goods take only where no track runs, or no train stands, after all."""

    ground: BaseGeometry
    free: float
    """Probability that it does not."""


def doubtful_tracks(site: Site, settings: CargoSettings) -> dict[str, float]:
    """Return by id how likely traced tracks are none, where goods that lie on them would be worth telling."""
    free = {t.id: 1 - t.certainty for t in site.tracks}
    return {name: chance for name, chance in free.items() if chance >= settings.confidence_min}


def body_of(train: Detection, settings: CargoSettings) -> BaseGeometry:
    """Return the ground that a train takes; one without a width of its own has that of the loading gauge."""
    shape = train.geometry
    return shape.buffer(settings.train_half_width_m) if shape.area == 0 else shape


def weighed(
    cargo: tuple[Detection, ...], place: Place, doubts: tuple[Doubt, ...], settings: CargoSettings
) -> tuple[Detection, ...]:
    """Return the goods of a place as sure as its ground lets them be, without those not worth telling.

    What stands on ground that nobody mapped is `possible` at best, unless another date shows its place bare.

    Parameters
    ----------
    cargo : tuple of Detection
        As sure as on an apron, with what another date shows in their place.
    """
    out = []
    for item in cargo:
        sure, grade = item.confidence, item.grade
        if not place.firm:
            sure = loose_confidence(item, settings)
            grade = grade if came_or_went(item, settings) else "possible"
            item = replace(item, evidence=tuple(sorted((*item.evidence, (LOOSE, 1.0)))))
        sure *= _free(item.geometry, doubts)
        if sure >= settings.confidence_min:
            grade = "possible" if sure < settings.detected_confidence else grade
            out.append(replace(item, confidence=round(sure, 3), grade=grade))
    return tuple(out)


def loose_confidence(item: Detection, settings: CargoSettings) -> float:
    """Return how likely goods are what an object beside tracks is, by its evidence."""
    weights = settings.loose_changed_terms if came_or_went(item, settings) else settings.loose_terms
    return logistic(weights, terms_of(item, settings))


def may_be_reported(cues: dict[str, float], place: Place, settings: CargoSettings) -> bool:
    """Tell whether an object is worth telling if its surroundings are as kind to it as they can be.

    Parameters
    ----------
    cues : dict of float
        Its evidence but for `texture_p`, and for what another date shows.
    """
    if place.firm:
        return True
    kinds = (settings.loose_terms, settings.loose_changed_terms)[: 2 if place.compared else 1]
    rounded = {name: round(value, 3) for name, value in cues.items()}
    either = (_terms(rounded | {"texture_p": p}, settings) for p in (0.0, 1.0))
    return any(logistic(kind, terms) >= settings.confidence_min for terms in either for kind in kinds)


def terms_of(item: Detection, settings: CargoSettings) -> tuple[float, float, float, float, float]:
    """Return what `CargoSettings.loose_terms` weigh: 1, the network's log-odds, shadow, unlike, dark."""
    return _terms(dict(item.evidence), settings)


def _terms(cues: dict[str, float], settings: CargoSettings) -> tuple[float, float, float, float, float]:
    unlike = cues.get("texture_p", 1.0) <= settings.texture_p_max
    dark = cues["tone"] < settings.loose_dark
    return 1.0, log_odds(cues["network"]), cues["shadow"], float(unlike), float(dark)


def came_or_went(item: Detection, settings: CargoSettings) -> bool:
    """Tell whether another date shows nothing in an object's place, and shows that place otherwise."""
    cues = dict(item.evidence)
    bare = cues.get("other_goods", 1.0) <= settings.loose_bare_cargo
    contrast, difference = cues.get("other_contrast", 1.0), cues.get("other_difference", 0.0)
    return bare and (contrast <= settings.loose_bare_contrast or difference >= settings.loose_bare_difference)


def _free(shape: BaseGeometry, doubts: tuple[Doubt, ...]) -> float:
    """Return how likely nothing else takes the ground of an object: by the first that takes most of it."""
    for doubt in doubts:
        if _takes(doubt.ground, shape):
            return doubt.free
    return 1.0


def likelier_of(
    trains: tuple[Detection, ...], cargo: tuple[Detection, ...], site: Site, settings: CargoSettings
) -> tuple[tuple[Detection, ...], tuple[Detection, ...]]:
    """Return trains and goods without those that the likelier of the two stands in the place of.

    Only on doubtful tracks are both looked for. What is told says what else it may be.
    """
    doubtful = doubtful_tracks(site, settings)
    names = {t.id: t.name for t in site.tracks if t.id in doubtful}
    gone: set[str] = set()
    notes: dict[str, str] = {}
    for train in trains:
        name = names.get(train.track or "")
        within = [d for d in cargo if d.date == train.date and _within(d, train, settings)]
        if name is None or not within:
            continue
        if max(d.confidence for d in within) > train.confidence:
            gone.add(train.id)
            caveat = f"may be vehicles: {name}, traced and not reviewed, may run here"
            notes |= {d.id: caveat for d in within}
        else:
            gone |= {d.id for d in within}
            notes[train.id] = f"may be goods on the ground: that {name} is a track is not sure"

    def kept(found: tuple[Detection, ...]) -> tuple[Detection, ...]:
        return tuple(
            replace(d, caveats=(*d.caveats, notes[d.id])) if d.id in notes else d
            for d in found
            if d.id not in gone
        )

    return kept(trains), kept(cargo)


def _within(item: Detection, train: Detection, settings: CargoSettings) -> bool:
    ground = body_of(train, settings).buffer(settings.train_margin_m)
    return _takes(ground, item.geometry)


def _takes(ground: BaseGeometry, shape: BaseGeometry) -> bool:
    """Tell whether most of a shape lies on some ground."""
    return bool(shape.intersection(ground).area > 0.5 * shape.area)
