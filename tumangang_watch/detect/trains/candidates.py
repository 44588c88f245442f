"""Which tracks a train may stand on where the fit to the site leaves that open."""

from __future__ import annotations

from dataclasses import replace

from shapely.affinity import translate

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.text import either_text

HALF_GAP_M = 2.4
"""A place this near to a centreline is that track's: tracks lie 4.5 m apart and more."""
MOSTLY = 0.8
"""Share of a train's length that another track must run beside it."""


def name_candidates(date: Observation, trains: tuple[Detection, ...], site: Site) -> tuple[Detection, ...]:
    """Return trains with all tracks they may stand on, in the site's order, where there is more than one.

    What lies at one place by the fit that was taken lies elsewhere by another that fits nearly as well.
    """
    rivals = date.site_fit.rivals_m
    if not rivals:
        return trains
    return tuple(_named(train, rivals, site) for train in trains)


def _named(train: Detection, rivals: tuple[tuple[float, float], ...], site: Site) -> Detection:
    open_to = {train.track}
    for east, north in rivals:
        middle = translate(train.geometry.minimum_rotated_rectangle, -east, -north)
        for track in site.tracks:
            beside = track.line.intersection(middle.buffer(HALF_GAP_M)).length
            if beside >= MOSTLY * (train.length_m.estimate if train.length_m else beside + 1.0):
                away = track.line.distance(middle.centroid)
                open_to |= {track.id} if away <= HALF_GAP_M else set()
    names = {t.id: t.name for t in site.tracks if t.id in open_to}
    if len(names) < 2:
        return train
    caveat = f"on one of tracks {either_text(tuple(names.values()))}: the fit to the site leaves open which"
    return replace(train, tracks=tuple(names), caveats=(*train.caveats, caveat))
