"""Sightings of one train in one place, put together: it did not come again, it had stayed.

Place and length decide, as in `stays`, and the consist may object: a train that is surely another one
starts a stay of its own. A date bounds a stay when it showed the place; coarse dates may show a train that
stays, but never that it is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tumangang_watch.reidentify.model import Bound, Look, Sighting, TrainStay, distance_m
from tumangang_watch.settings.reidentify import JourneySettings

Differ = Callable[[Sighting, Sighting], bool]
"""Whether two consists are surely different."""


@dataclass
class _Open:
    """A stay that has not ended."""

    sightings: list[Sighting]
    after: Bound | None
    unseen: int = 0


@dataclass
class _Place:
    """What is known of an area while its dates are gone through."""

    stays: list[_Open] = field(default_factory=list)
    ended: list[TrainStay] = field(default_factory=list)
    looks: list[tuple[Look, tuple[Sighting, ...]]] = field(default_factory=list)


def train_stays(
    sightings: Sequence[Sighting], looks: Sequence[Look], differ: Differ, settings: JourneySettings
) -> tuple[TrainStay, ...]:
    """Return every stay, by time of first sight.

    Parameters
    ----------
    sightings : sequence of Sighting
        Trains, in any order.
    looks : sequence of Look
        What each scene showed, in any order.
    differ : callable
        Tells whether two sightings surely show different consists.
    settings : JourneySettings
    """
    by_look: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for sighting in sorted(sightings, key=lambda s: (s.area, s.track or "", s.from_m or 0.0, s.key)):
        by_look[sighting.area, sighting.folder].append(sighting)
    found: list[TrainStay] = []
    places: dict[str, _Place] = defaultdict(_Place)
    for look in sorted(looks, key=lambda v: (v.acquired, v.folder, v.area)):
        here = by_look.get((look.area, look.folder), [])
        _go_on(places[look.area], look, here, differ, settings)
    for place in places.values():
        found += place.ended
        found += [TrainStay(tuple(s.sightings), s.after, None, s.unseen) for s in place.stays]
    return tuple(sorted(found, key=lambda s: (s.first.acquired, s.first.key)))


def _go_on(
    place: _Place, look: Look, here: list[Sighting], differ: Differ, settings: JourneySettings
) -> None:
    """Carry an area's stays over one more date."""
    fits = [
        (distance_m(stay.sightings[-1], sighting), n, k)
        for n, stay in enumerate(place.stays)
        for k, sighting in enumerate(here)
        if _same_place(stay.sightings[-1], sighting, settings)
    ]
    stayed: dict[int, int] = {}
    for _, n, k in sorted(fits):
        free = n not in stayed and k not in stayed.values()
        if free and not differ(place.stays[n].sightings[-1], here[k]):
            stayed[n] = k
    going_on = []
    for n, stay in enumerate(place.stays):
        if n in stayed:
            stay.sightings.append(here[stayed[n]])
            stay.unseen = 0
        elif look.gsd_m < settings.coarse_m and _shows(look, stay.sightings[-1], settings):
            other = any(_overlaps(stay.sightings[-1], s) for s in here)
            bound = Bound(look.acquired, look.observed, other)
            place.ended.append(TrainStay(tuple(stay.sightings), stay.after, bound))
            continue
        else:
            stay.unseen += 1
        going_on.append(stay)
    new = [s for k, s in enumerate(here) if k not in stayed.values()]
    going_on += [_Open([s], _last_without(place.looks, s, settings)) for s in new]
    place.stays = going_on
    place.looks.append((look, tuple(here)))


def _same_place(one: Sighting, two: Sighting, settings: JourneySettings) -> bool:
    """Return whether two sightings are as far as place and length go one train that did not move."""
    longest = max(one.length_m, two.length_m)
    if abs(one.length_m - two.length_m) > settings.same_length * longest + settings.same_place_m / 2:
        return False
    coarse = max(one.gsd_m, two.gsd_m) >= settings.coarse_m
    tracks = one.lasting_track, two.lasting_track
    if None not in tracks and one.track == two.track and None not in (*_span(one), *_span(two)):
        shift = (one.from_m + one.to_m - two.from_m - two.to_m) / 2  # type: ignore[operator]
        return abs(shift) <= settings.same_place_m
    # Coarse scenes may take a track for its neighbour.
    return (coarse or None in tracks) and distance_m(one, two) <= settings.same_place_m


def _span(train: Sighting) -> tuple[float | None, float | None]:
    return train.from_m, train.to_m


def _shows(look: Look, train: Sighting, settings: JourneySettings) -> bool:
    """Return whether a date showed the place where a train stood."""
    track = train.lasting_track
    if track is None or train.from_m is None or train.to_m is None or track not in look.tracks:
        return look.observed >= settings.shown_area
    seen = sum(max(0.0, min(b, train.to_m) - max(a, train.from_m)) for a, b in look.tracks[track])
    return seen >= settings.shown_share * max(train.to_m - train.from_m, 1e-9)


def _overlaps(one: Sighting, two: Sighting) -> bool:
    if None in (one.lasting_track, *_span(one), *_span(two)) or one.track != two.track:
        return False
    return min(one.to_m, two.to_m) > max(one.from_m, two.from_m)  # type: ignore[type-var, operator]


def _last_without(
    looks: list[tuple[Look, tuple[Sighting, ...]]], train: Sighting, settings: JourneySettings
) -> Bound | None:
    """Return the last earlier date that showed the place; what stood there then was another train."""
    for look, here in reversed(looks):
        if look.gsd_m < settings.coarse_m and _shows(look, train, settings):
            return Bound(look.acquired, look.observed, any(_overlaps(train, s) for s in here))
    return None
