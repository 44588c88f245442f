"""Sightings of one train in one place, put together: it did not come again, it had stayed.

Place and length decide, as in `series.stays`, and the consist may object: a train that is surely another one
starts a stay of its own, and so does one of which a report says that it came since the last look. A date
bounds a stay when it showed the place; coarse dates may show a train that stays, but never that it is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tumangang_watch.model.sightings import Bound, Sighting, Stay
from tumangang_watch.reidentify.model import Coverage
from tumangang_watch.series.stays import OpenStay
from tumangang_watch.settings.reidentify import JourneySettings

Differ = Callable[[Sighting, Sighting], bool]
"""Whether two consists are surely different."""


@dataclass(frozen=True)
class _Date:
    """What one scene showed of an area."""

    covered: Coverage
    trains: tuple[Sighting, ...]

    def bound_of(self, train: Sighting, settings: JourneySettings) -> Bound | None:
        """Return the bound that this date is for a train that it does not show, if it is one."""
        if self.covered.gsd_m >= settings.coarse_m:
            return None
        observed = self.covered.tracks.get(train.lasting_track)
        if not train.lasting_track or observed is None:
            shown = self.covered.observed >= settings.shown_area
        else:
            shown = train.seen_share(observed) >= settings.shown_share
        if not shown:
            return None
        other = any(_overlaps(train, s) for s in self.trains)
        return Bound(self.covered.acquired, self.covered.observed, other)


@dataclass
class _Place:
    """What is known of an area while its dates are gone through."""

    pending: list[OpenStay] = field(default_factory=list)
    ended: list[Stay] = field(default_factory=list)
    dates: list[_Date] = field(default_factory=list)


def train_stays(
    sightings: Sequence[Sighting], coverages: Sequence[Coverage], differ: Differ, settings: JourneySettings
) -> tuple[Stay, ...]:
    """Return every stay, by time of first sight.

    Parameters
    ----------
    sightings : sequence of Sighting
        Trains, in any order.
    coverages : sequence of Coverage
        What each scene showed, in any order.
    differ : callable
        Tells whether two sightings surely show different consists.
    settings : JourneySettings
    """
    by_scene: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for sighting in sorted(sightings, key=lambda s: (s.area, s.track, s.from_m, s.key)):
        by_scene[sighting.area, sighting.folder].append(sighting)
    places: dict[str, _Place] = defaultdict(_Place)
    areas = {area for area, _ in by_scene}
    looked_at = (c for c in coverages if c.area in areas)
    for covered in sorted(looked_at, key=lambda c: (c.acquired, c.folder, c.area)):
        here = by_scene.get((covered.area, covered.folder), ())
        _go_on(places[covered.area], _Date(covered, tuple(here)), differ, settings)
    found = [stay for place in places.values() for stay in place.ended]
    found += [stay.ended() for place in places.values() for stay in place.pending]
    return tuple(sorted(found, key=lambda s: (s.first.acquired, s.first.key)))


def _go_on(place: _Place, date: _Date, differ: Differ, settings: JourneySettings) -> None:
    """Carry an area's stays over one more date."""
    here = date.trains
    fits = [
        (stay.last.distance_m(sighting), n, k)
        for n, stay in enumerate(place.pending)
        for k, sighting in enumerate(here)
        if not sighting.came and _same_place(stay.last, sighting, settings)
    ]
    stayed: dict[int, int] = {}
    for _, n, k in sorted(fits):
        free = n not in stayed and k not in stayed.values()
        if free and not differ(place.pending[n].last, here[k]):
            stayed[n] = k
    going_on = []
    for n, stay in enumerate(place.pending):
        if n in stayed:
            stay.sightings.append(here[stayed[n]])
            stay.unseen = 0
        elif (bound := date.bound_of(stay.last, settings)) is not None:
            stay.unseen = 0
            place.ended.append(stay.ended(bound))
            continue
        else:
            stay.unseen += 1
        going_on.append(stay)
    for k, sighting in enumerate(here):
        if k not in stayed.values():
            bounds = (earlier.bound_of(sighting, settings) for earlier in reversed(place.dates))
            going_on.append(OpenStay([sighting], next((b for b in bounds if b is not None), None)))
    place.pending = going_on
    place.dates.append(date)


def _same_place(one: Sighting, two: Sighting, settings: JourneySettings) -> bool:
    """Return whether two sightings are as far as place and length go one train that did not move."""
    longest = max(one.length_m, two.length_m)
    if abs(one.length_m - two.length_m) > settings.same_length * longest + settings.same_place_m / 2:
        return False
    known = bool(one.lasting_track and two.lasting_track)
    if known and one.track == two.track:
        return one.shift_m(two) <= settings.same_place_m
    # Coarse scenes may take a track for its neighbour.
    coarse = max(one.gsd_m, two.gsd_m) >= settings.coarse_m
    return (coarse or not known) and one.distance_m(two) <= settings.same_place_m


def _overlaps(one: Sighting, two: Sighting) -> bool:
    if not one.lasting_track or one.track != two.track:
        return False
    return min(one.to_m, two.to_m) > max(one.from_m, two.from_m)
