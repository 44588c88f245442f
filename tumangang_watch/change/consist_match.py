"""Which train of one date is which of the other: decided on the order of vehicles, not on pixels in place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from tumangang_watch.change.profiles import PairScale, agreement, body_place, body_profile, pixel_similarity
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.change import ChangeSettings


@dataclass(frozen=True, kw_only=True)
class Match:
    """One train on two dates."""

    earlier: Detection
    later: Detection
    odds: float
    """Log-odds that it is the same train."""
    in_place: bool
    """Nothing moved: the differences are the detector's."""
    turned: bool = False
    """The vehicles stand in reverse order."""
    part: bool = False
    """Only a part of the longer train is in the shorter one."""
    shift_m: float = 0.0
    """How far the common part went along its track, positive with increasing distance."""
    unseen_m: float = 0.0
    """Metres of the longer train's place that were not seen on the other date."""


@dataclass(frozen=True)
class TrainMatcher:
    """A pair of dates with what is needed to compare vehicles on both."""

    pair: DatePair
    scale: PairScale
    settings: ChangeSettings


def match_trains(matcher: TrainMatcher, site: Site, trains: tuple[Detection, ...]) -> tuple[Match, ...]:
    """Match the trains of two dates, most certain first, each at most once.

    Trains of one track never pass one another; a train that went to another track may have.
    """
    tracks = {t.id: t for t in site.tracks}
    known = [t for t in trains if t.track in tracks and t.from_m is not None and t.to_m is not None]
    candidates: list[Match] = []
    for a, b in product(*([t for t in known if t.date == d] for d in ("earlier", "later"))):
        found = _best(matcher, (tracks[a.track or ""], tracks[b.track or ""]), (a, b))
        candidates += [] if found is None else [found]
    candidates.sort(key=lambda m: (not m.in_place, -m.odds, abs(m.shift_m), m.earlier.id, m.later.id))
    matches: list[Match] = []
    for match in candidates:
        free = all(match.earlier is not m.earlier and match.later is not m.later for m in matches)
        if free and all(_in_order(m, match) for m in matches):
            matches.append(match)
    return tuple(matches)


def _in_order(one: Match, two: Match) -> bool:
    """Return False where two trains of one track would have passed each other."""
    if len({d.track for m in (one, two) for d in (m.earlier, m.later)}) > 1:
        return True
    return (_start(one.earlier) < _start(two.earlier)) == (_start(one.later) < _start(two.later))


def _best(
    matcher: TrainMatcher, tracks: tuple[Track, Track], trains: tuple[Detection, Detection]
) -> Match | None:
    """Return the likeliest way in which two detections are one train, or None."""
    a, b = trains
    settings = matcher.settings
    ways: list[Match] = []
    if tracks[0] is tracks[1]:
        stayed = alike_in_place(matcher.pair, tracks[0], trains, settings)
        if stayed is not None:
            odds = settings.in_place_odds + settings.cut_for_max
            return Match(earlier=a, later=b, odds=odds, in_place=True, unseen_m=stayed)
    if same_length(a, b, settings):
        ways = _whole(matcher, tracks, trains)
    if not ways and tracks[0] is tracks[1]:
        ways = _partial(matcher, tracks[0], trains)
    best = max(ways, key=lambda m: (m.odds, -abs(m.shift_m)), default=None)
    return best if best is not None and best.odds > 0 else None


def _whole(
    matcher: TrainMatcher, tracks: tuple[Track, Track], trains: tuple[Detection, Detection]
) -> list[Match]:
    """Return the matches of two trains of one length, either way round."""
    a, b = trains
    settings = matcher.settings
    one_track = tracks[0] is tracks[1]
    shift = (_middle(b) - _middle(a)) if one_track else 0.0
    in_place = one_track and abs(shift) <= settings.moved_min_m
    elsewhere = settings.moved_odds if one_track else settings.other_track_odds
    prior = settings.in_place_odds if in_place else elsewhere
    length = min(length_of(a), length_of(b))
    against = not one_track and _against(tracks)
    out = []
    for turned in (False, True):
        odds = _agree(matcher, tracks, (_middle(a), _middle(b), length), turned != against)
        if odds is not None:
            odds += prior + (settings.turned_odds if turned else 0.0)
            still = in_place and not turned
            out.append(Match(earlier=a, later=b, odds=odds, in_place=still, turned=turned, shift_m=shift))
        elif in_place and not turned:
            # Too little was seen of the bodies: only the place and the length speak.
            out.append(Match(earlier=a, later=b, odds=prior, in_place=True))
    return out


def _partial(matcher: TrainMatcher, track: Track, trains: tuple[Detection, Detection]) -> list[Match]:
    """Return the matches of a train with what is left of it (or with what it grew into)."""
    a, b = trains
    settings = matcher.settings
    short, long = (a, b) if length_of(a) < length_of(b) else (b, a)
    length = length_of(short)
    half, slack = length / 2, settings.same_place_m
    places = {(_start(a) + half, _start(b) + half), (_end(a) - half, _end(b) - half)}
    if _start(long) - slack <= _start(short) and _end(short) <= _end(long) + slack:
        # Vehicles taken off at both ends leave the rest in its place, within the longer train.
        places.add((_middle(short), _middle(short)))
    out = []
    for middles in sorted(places):
        shift = middles[1] - middles[0]
        odds = _agree(matcher, (track, track), (*middles, length), False)
        if odds is None:
            continue
        odds += settings.part_odds
        if abs(shift) > settings.moved_min_m:
            odds += settings.part_moved_odds
            out.append(Match(earlier=a, later=b, odds=odds, in_place=False, part=True, shift_m=shift))
            continue
        unseen = _unseen_beyond(matcher, track, long, short)
        still = unseen is not None
        out.append(
            Match(earlier=a, later=b, odds=odds, in_place=still, part=not still, unseen_m=unseen or 0.0)
        )
    return out


def _unseen_beyond(matcher: TrainMatcher, track: Track, long: Detection, short: Detection) -> float | None:
    """Return the unseen metres of what one train has and the other has not, if the rest of it is alike.

    None when some of it was seen and differs: vehicles came or went.
    """
    unseen, settings = 0.0, matcher.settings
    other = matcher.pair.other(long.date)
    for start, stop in ((_start(long), _start(short)), (_end(short), _end(long))):
        if stop - start < settings.same_place_m:
            continue
        seen = other.observed_fraction(body_place(track.line, start, stop))
        if seen < settings.observed_min:
            unseen += (1 - seen) * (stop - start)
        elif not alike_along(matcher, track, start, stop):
            return None
    return unseen


def _agree(
    matcher: TrainMatcher, tracks: tuple[Track, Track], where: tuple[float, float, float], backwards: bool
) -> float | None:
    """Return the best agreement of two stretches within the error of their ends.

    ``where`` is the middle of the stretch on either date, and its length, metres.
    """
    half = where[2] / 2
    reach = int(np.ceil(matcher.settings.end_play_m))
    dates = (matcher.pair.earlier, matcher.pair.later)
    scores: list[float | None] = []
    # Either date may be the one whose end was misjudged: both are moved, so that swapped dates agree.
    for k in (0, 1):
        spans = [(where[j] - half - reach * (j != k), where[j] + half + reach * (j != k)) for j in (0, 1)]
        profiles = [body_profile(dates[j], tracks[j].line, spans[j], matcher.scale) for j in (0, 1)]
        still, wide = profiles[k], profiles[1 - k]
        if backwards:
            wide = wide[::-1]
        places = range(max(len(wide) - len(still), 0) + 1)
        scores += [agreement(still, wide[i : i + len(still)], matcher.settings) for i in places]
    return max((s for s in scores if s is not None), default=None)


def alike_in_place(
    pair: DatePair, track: Track, trains: tuple[Detection, Detection], settings: ChangeSettings
) -> float | None:
    """Return how many metres were unseen if all else that either train covers is alike; None if not.

    Then nothing moved there, and the ends differ because the detector saw them differently. What only
    one of them covers is compared by itself, so that new vehicles do not hide behind old.
    """
    a, b = trains
    low, high = sorted((_start(a), _start(b))), sorted((_end(a), _end(b)))
    if high[0] <= low[1]:
        return None
    unseen = 0.0
    pieces = [(low[1], high[0]), (low[0], low[1]), (high[0], high[1])]
    for start, stop in pieces:
        if stop - start < settings.same_place_m and (start, stop) != pieces[0]:
            continue
        place = body_place(track.line, start, stop)
        seen = min(pair.earlier.observed_fraction(place), pair.later.observed_fraction(place))
        if (start, stop) != pieces[0] and seen < settings.observed_min:
            unseen += (1 - seen) * (stop - start)
            continue
        alike = pixel_similarity(pair.earlier, pair.later, place)
        if alike is None or alike < settings.same_pixels_min:
            return None
    return unseen


def alike_along(matcher: TrainMatcher, track: Track, from_m: float, to_m: float) -> bool:
    """Return True when both dates show the same along a stretch: by its pixels, or vehicle by vehicle.

    The median over pieces decides: a wrong end does not outweigh the rest.
    """
    pair, settings = matcher.pair, matcher.settings
    count = max(1, round((to_m - from_m) / settings.piece_m))
    edges = np.linspace(from_m, to_m, count + 1)
    pieces = [body_place(track.line, float(a), float(b)) for a, b in pairwise(edges)]
    values = [pixel_similarity(pair.earlier, pair.later, piece) for piece in pieces]
    known = [v for v in values if v is not None]
    if known and float(np.median(known)) >= settings.same_pixels_min:
        return True
    one, two = (
        body_profile(date, track.line, (from_m, to_m), matcher.scale) for date in (pair.earlier, pair.later)
    )
    odds = agreement(one, two, settings)
    return odds is not None and odds >= settings.same_vehicles_odds


def _against(tracks: tuple[Track, Track]) -> bool:
    """Return True when two tracks' distances count in opposite directions."""
    one, two = (np.diff([t.line.coords[0], t.line.coords[-1]], axis=0)[0][:2] for t in tracks)
    return float(np.dot(one, two)) < 0


def same_length(a: Detection, b: Detection, settings: ChangeSettings) -> bool:
    """Return True when two lengths may be one train's."""
    if a.length_m is None or b.length_m is None:
        return False
    longest = max(a.length_m.estimate, b.length_m.estimate)
    tolerance = settings.same_place_m + settings.length_tolerance * longest
    return abs(a.length_m.estimate - b.length_m.estimate) <= tolerance


def _start(train: Detection) -> float:
    return train.from_m or 0.0


def _end(train: Detection) -> float:
    return train.to_m or 0.0


def _middle(train: Detection) -> float:
    return 0.5 * (_start(train) + _end(train))


def length_of(train: Detection) -> float:
    """Return a train's length along its track, metres."""
    return _end(train) - _start(train)
