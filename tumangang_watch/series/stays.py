"""How long trains stood: each stay bounded by the dates that showed it and those that did not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tumangang_watch.model.series import Sight, Stay, TrackDate
from tumangang_watch.settings.records import SeriesSettings


def stays(sights: Sequence[Sight], dates: Sequence[TrackDate], settings: SeriesSettings) -> list[Stay]:
    """Return every stay, by time of first sight.

    Parameters
    ----------
    sights : sequence of Sight
        Trains surely detected, by time.
    dates : sequence of TrackDate
        Which metres of each track were seen, by time. A date on which the place was not seen bounds
        nothing.
    settings : SeriesSettings
        How far a train may shift, and its length differ, to be the same.
    """
    by_date: dict[tuple[str, str], list[Sight]] = defaultdict(list)
    for sight in sights:
        by_date[sight.track, sight.acquired].append(sight)
    open_stays: dict[str, list[Stay]] = defaultdict(list)
    earlier_dates: dict[str, list[TrackDate]] = defaultdict(list)
    ended: list[Stay] = []
    for date in sorted(dates, key=lambda d: (d.acquired, d.track)):
        here = list(by_date.get((date.track, date.acquired), ()))
        going_on = []
        for stay in open_stays[date.track]:
            same = _same_train(stay, here, settings)
            if same is not None:
                here.remove(same)
                going_on.append(
                    replace(
                        stay,
                        from_m=same.from_m,
                        to_m=same.to_m,
                        cars=same.cars,
                        dates=stay.dates + 1,
                        last_seen=date.acquired,
                    )
                )
            elif _shows(date, stay.from_m, stay.to_m):
                ended.append(replace(stay, before=date.acquired))
            else:
                going_on.append(stay)
        for sight in here:
            after = _last_showing(earlier_dates[date.track], sight)
            going_on.append(
                Stay(
                    area=sight.area,
                    track=date.track,
                    from_m=sight.from_m,
                    to_m=sight.to_m,
                    cars=sight.cars,
                    dates=1,
                    after=after,
                    first_seen=date.acquired,
                    last_seen=date.acquired,
                    before=None,
                )
            )
        open_stays[date.track] = going_on
        earlier_dates[date.track].append(date)
    ended += [stay for pending in open_stays.values() for stay in pending]
    return sorted(ended, key=lambda s: (s.first_seen, s.track, s.from_m))


def _same_train(stay: Stay, here: list[Sight], settings: SeriesSettings) -> Sight | None:
    """Return the train of a date that may be the one of a stay: its place and length are alike."""
    length_m = stay.to_m - stay.from_m
    fit = [
        s
        for s in here
        if abs(s.from_m + s.to_m - stay.from_m - stay.to_m) / 2 <= settings.same_place_m
        and abs(s.to_m - s.from_m - length_m) <= settings.same_length * length_m + settings.same_place_m / 2
    ]
    return min(fit, key=lambda s: abs(s.from_m - stay.from_m), default=None)


def _shows(date: TrackDate, from_m: float, to_m: float) -> bool:
    """Return whether most of a stretch of track was seen on a date."""
    seen = sum(max(0.0, min(b, to_m) - max(a, from_m)) for a, b in date.observed)
    return seen >= 0.5 * max(to_m - from_m, 1e-9)


def _last_showing(dates: list[TrackDate], sight: Sight) -> str | None:
    """Return the last earlier date that showed the place; what stood there then was another train."""
    for date in reversed(dates):
        if _shows(date, sight.from_m, sight.to_m):
            return date.acquired
    return None


def occupancy(sights: Sequence[Sight], dates: Sequence[TrackDate], bin_m: float) -> dict[str, dict[str, Any]]:
    """Return how often each piece of each track was occupied.

    Returns
    -------
    dict
        By track: ``edges_m`` (n + 1), ``observed`` and ``occupied`` (n): numbers of dates on which the
        middle of the piece was seen, and on which a train stood there.
    """
    lengths: dict[str, float] = {}
    seen: Counter[tuple[str, float, float]] = Counter()
    for date in dates:
        lengths.setdefault(date.track, date.length_m)
        seen.update((date.track, a, b) for a, b in date.observed)
    stood = Counter((s.track, s.from_m, s.to_m) for s in sights if s.track in lengths)
    found: dict[str, dict[str, Any]] = {}
    for track, length_m in lengths.items():
        edges = np.append(np.arange(0.0, length_m, bin_m), length_m)
        counts = np.zeros((2, len(edges) - 1), dtype=int)
        found[track] = {"edges_m": edges, "observed": counts[0], "occupied": counts[1]}
    for name, stretches in (("observed", seen), ("occupied", stood)):
        for (track, a, b), number in stretches.items():
            found[track][name][_middles(found[track]["edges_m"], a, b)] += number
    for pieces in found.values():
        pieces["occupied"] = np.minimum(pieces["occupied"], pieces["observed"])
    return found


def _middles(edges: Any, from_m: float, to_m: float) -> Any:
    middle = (edges[:-1] + edges[1:]) / 2
    return (middle >= from_m) & (middle <= to_m)
