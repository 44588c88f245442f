"""What only the longer of two trains covers that may be one: whether it went (or came), or was misread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tumangang_watch.change.other_date import (
    OCCUPIED,
    TrainMatcher,
    change_seen,
    end_m,
    length_of,
    overlap_m,
    same_there,
    start_m,
    strip_odds,
)
from tumangang_watch.change.profiles import body_place
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Z90, logistic
from tumangang_watch.model.site import Track
from tumangang_watch.settings.change import ChangeSettings

LEAST_ERROR_M = 0.5
"""Of a length that is stated without an interval: a pixel of the finest scenes at either end."""


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What speaks for and against the rest of a longer train standing on the other date too, unread."""

    stands: float
    """Log-odds that it does, by the other date's strip and the looks of its vehicles."""
    meets: bool
    """The lengths of the two trains, or their counts, may be the same: an end was misread."""
    alike: bool
    """Both dates look alike where it ends; asked only where it does not stand."""
    unseen_m: float
    """Metres of it that were not seen on the other date."""

    def doubtful(self, settings: ChangeSettings) -> bool:
        """Return whether it may stand on the other date too."""
        return self.stands > settings.there_doubt or self.meets or self.alike

    @property
    def terms(self) -> tuple[float, float, float]:
        """What `ChangeSettings.part_possible` weighs: 1, and both doubts."""
        return 1.0, float(self.meets), float(self.alike)

    def chance(self, settings: ChangeSettings) -> float:
        """Return how likely it went or came, where that is doubtful."""
        return logistic(settings.part_possible, self.terms)


def rest_of(matcher: TrainMatcher, track: Track, long: Detection, short: Detection) -> Rest:
    """Return what is known of that part of a longer train which a shorter one in its place does not cover."""
    stands, unseen_m = _stands(matcher, track, long, short)
    return Rest(
        stands=stands,
        meets=maybe_same_length(long, short, matcher.settings) or counts_meet(long, short),
        alike=stands <= 0 and not _seen(matcher, track, long, short),
        unseen_m=unseen_m,
    )


def _stands(matcher: TrainMatcher, track: Track, long: Detection, short: Detection) -> tuple[float, float]:
    """Return the log-odds that what only the longer train covers stands on the other date too, and unseen m.

    Vehicles beside those that stand still are likely there as well; the other date's strip, and whether the
    vehicles look the same, speak for or against it. The stretch that is least likely there counts.
    """
    unseen, settings = 0.0, matcher.settings
    other = matcher.pair.other(long.date)
    occupied = _occupied_beyond(long, short)
    strip = 0.0 if occupied is None else strip_odds(occupied, settings)
    stands = settings.in_place_odds + settings.same_vehicles_max
    for start, stop in _ends_beyond(long, short, settings):
        seen = other.observed_fraction(body_place(track.line, start, stop))
        if seen < settings.observed_min:
            unseen += (1 - seen) * (stop - start)
            continue
        same = same_there(matcher, track, (start, stop))
        if occupied is None:
            stands = min(stands, same - settings.same_vehicles_odds)
            continue
        vehicles = float(np.clip(same, -settings.cut_against_max, settings.same_vehicles_max))
        stands = min(stands, settings.in_place_odds + strip + vehicles)
    return stands, unseen


def _seen(matcher: TrainMatcher, track: Track, long: Detection, short: Detection) -> bool:
    """Return False where an end that only the longer train covers looks alike on both dates."""
    ends = _ends_beyond(long, short, matcher.settings)
    return all(change_seen(matcher, track, long, end) for end in ends)


def _ends_beyond(long: Detection, short: Detection, settings: ChangeSettings) -> list[tuple[float, float]]:
    """Return the ends, from and to, that only the longer train covers, farther than ends are misread."""
    ends = ((start_m(long), start_m(short)), (end_m(short), end_m(long)))
    return [end for end in ends if end[1] - end[0] >= settings.same_place_m]


def _occupied_beyond(long: Detection, short: Detection) -> float | None:
    """Return how much of what only the longer train covers the other date's own strip shows as occupied."""
    whole = dict(long.evidence).get(OCCUPIED)
    both = overlap_m(long, short)
    rest = length_of(long) - both
    if whole is None or rest <= 0:
        return None
    return float(np.clip((whole * length_of(long) - both) / rest, 0.0, 1.0))


def counts_meet(a: Detection, b: Detection) -> bool:
    """Return True when the intervals of two counts have a number in common."""
    return (
        a.cars is not None
        and b.cars is not None
        and max(a.cars.low, b.cars.low) <= min(a.cars.high, b.cars.high)
    )


def maybe_same_length(a: Detection, b: Detection, settings: ChangeSettings) -> bool:
    """Return True when the intervals of two lengths meet: an end of one may have been misread."""
    if a.length_m is None or b.length_m is None:
        return False
    apart = max(a.length_m.low - b.length_m.high, b.length_m.low - a.length_m.high)
    return apart <= settings.same_place_m


def length_odds(a: Detection, b: Detection) -> float:
    """Return what two lengths say for being one that was misread, log-odds, 0 where they are the same.

    Half the square of their difference in standard errors: each is read with the error that its interval
    states towards the other one.
    """
    if a.length_m is None or b.length_m is None:
        return 0.0
    short, long = sorted((a.length_m, b.length_m), key=lambda length: length.estimate)
    apart = long.estimate - short.estimate
    error = np.hypot(long.estimate - long.low, short.high - short.estimate) / Z90
    return -0.5 * float(apart / max(error, LEAST_ERROR_M)) ** 2
