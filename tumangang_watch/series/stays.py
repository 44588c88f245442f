"""How long trains stood: each stay bounded by the dates that showed it and those that did not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tumangang_watch.model.series import TrackDate
from tumangang_watch.model.sightings import Bound, Sighting, Stay
from tumangang_watch.settings.records import SeriesSettings


@dataclass
class OpenStay:
    """A stay that may go on."""

    sightings: list[Sighting]
    after: Bound | None
    unseen: int = 0

    @property
    def last(self) -> Sighting:
        """The last sighting so far."""
        return self.sightings[-1]

    def ended(self, before: Bound | None = None) -> Stay:
        """Return the stay as it is known in the end."""
        return Stay(tuple(self.sightings), self.after, before, self.unseen)


def stays(
    sightings: Sequence[Sighting],
    dates: Sequence[TrackDate],
    settings: SeriesSettings,
    left: frozenset[str] = frozenset(),
) -> list[Stay]:
    """Return every stay, by time of first sight.

    Parameters
    ----------
    sightings : sequence of Sighting
        Trains surely detected on known tracks, by time.
    dates : sequence of TrackDate
        Which metres of each track were seen, by time. A date on which the place was not seen bounds
        nothing.
    settings : SeriesSettings
        How far a train may shift, and its length differ, to be the same.
    left : frozenset of str
        Sightings (keys) after which the train was surely seen elsewhere: it had left.
    """
    by_date: dict[tuple[str, str, str], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_date[sighting.area, sighting.track, sighting.acquired].append(sighting)
    pending: dict[tuple[str, str], list[OpenStay]] = defaultdict(list)
    earlier_dates: dict[tuple[str, str], list[TrackDate]] = defaultdict(list)
    ended: list[Stay] = []
    for date in sorted(dates, key=lambda d: (d.acquired, d.track, d.area or "")):
        place = date.area or "", date.track
        here = list(by_date.get((*place, date.acquired), ()))
        going_on = []
        for stay in pending[place]:
            same = None if stay.last.key in left else _same_train(stay.last, here, settings)
            if same is not None:
                here.remove(same)
                stay.sightings.append(same)
            elif stay.last.seen_share(date.observed) >= settings.shown_share:
                ended.append(stay.ended(Bound(date.acquired)))
                continue
            going_on.append(stay)
        going_on += [OpenStay([s], _last_showing(earlier_dates[place], s, settings)) for s in here]
        pending[place] = going_on
        earlier_dates[place].append(date)
    ended += [stay.ended() for going_on in pending.values() for stay in going_on]
    return sorted(ended, key=lambda s: (s.first.acquired, s.first.track, s.last.from_m, s.first.area))


def _same_train(stood: Sighting, here: list[Sighting], settings: SeriesSettings) -> Sighting | None:
    """Return the train of a date that may be the one that stood: its place and length are alike, and no
    report says that it came since.
    """
    length_m = stood.to_m - stood.from_m
    slack_m = settings.same_length * length_m + settings.same_place_m / 2
    fit = [
        s
        for s in here
        if not s.came
        and s.shift_m(stood) <= settings.same_place_m
        and abs(s.to_m - s.from_m - length_m) <= slack_m
    ]
    return min(fit, key=lambda s: abs(s.from_m - stood.from_m), default=None)


def _last_showing(dates: list[TrackDate], train: Sighting, settings: SeriesSettings) -> Bound | None:
    """Return the last earlier date that showed the place; what stood there then was another train."""
    shown = (d for d in reversed(dates) if train.seen_share(d.observed) >= settings.shown_share)
    return next((Bound(d.acquired) for d in shown), None)
