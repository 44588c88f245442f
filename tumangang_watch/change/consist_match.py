"""Which train of one date is which of the other: decided on the order of vehicles, not on pixels in place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import logit

from tumangang_watch.change.profiles import (
    PairScale,
    agreement,
    body_place,
    body_profile,
    coupling_odds,
    pixel_similarity,
)
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.change import ChangeSettings

OCCUPIED = "other_occupied"
"""Evidence of a train: how likely the other date's own strip shows its place as occupied."""


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
    doubtful: bool = False
    """The rest of the longer train may stand on the other date too, unread."""
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
            if in_place and not turned:
                odds += in_place_evidence(matcher, tracks[0], trains)
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
        odds += in_place_evidence(matcher, track, trains)
        stands, unseen = _rest(matcher, track, long, short)
        still = stands > 0
        doubtful = not still and stands > settings.there_doubt
        out.append(
            Match(
                earlier=a,
                later=b,
                odds=odds,
                in_place=still,
                part=not still,
                doubtful=doubtful,
                unseen_m=unseen if still else 0.0,
            )
        )
    return out


def _rest(matcher: TrainMatcher, track: Track, long: Detection, short: Detection) -> tuple[float, float]:
    """Return the log-odds that what only the longer train covers stands on the other date too, and unseen m.

    Vehicles beside those that stand still are likely there as well; the other date's strip, and whether the
    vehicles look the same, speak for or against it. The stretch that is least likely there counts.
    """
    unseen, settings = 0.0, matcher.settings
    other = matcher.pair.other(long.date)
    occupied = _occupied_beyond(long, short)
    strip = 0.0 if occupied is None else _strip_odds(occupied, settings)
    stands = settings.in_place_odds + settings.same_vehicles_max
    for start, stop in ((_start(long), _start(short)), (_end(short), _end(long))):
        if stop - start < settings.same_place_m:
            continue
        seen = other.observed_fraction(body_place(track.line, start, stop))
        if seen < settings.observed_min:
            unseen += (1 - seen) * (stop - start)
            continue
        same = same_vehicles(matcher, track, (start, stop)) or 0.0
        if occupied is None:
            stands = min(stands, same - settings.same_vehicles_odds)
            continue
        vehicles = float(np.clip(same, -settings.cut_against_max, settings.same_vehicles_max))
        stands = min(stands, settings.in_place_odds + strip + vehicles)
    return stands, unseen


def _strip_odds(occupied: float, settings: ChangeSettings) -> float:
    """Return what the other date's strip says for vehicles standing there, log-odds."""
    return float(np.clip(logit(occupied), -settings.strip_odds_max, settings.strip_odds_max))


def _occupied_beyond(long: Detection, short: Detection) -> float | None:
    """Return how much of what only the longer train covers the other date's own strip shows as occupied."""
    whole = dict(long.evidence).get(OCCUPIED)
    both = min(_end(long), _end(short)) - max(_start(long), _start(short))
    rest = length_of(long) - both
    if whole is None or rest <= 0:
        return None
    return float(np.clip((whole * length_of(long) - both) / rest, 0.0, 1.0))


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


def in_place_evidence(matcher: TrainMatcher, track: Track, trains: tuple[Detection, Detection]) -> float:
    """Return what the place says for two trains being one that did not move, log-odds.

    Couplings of a train that stands do not move; those of another train, stopped anywhere, fall where they
    may. Pixels that look the same say a little, and never decide.
    """
    settings = matcher.settings
    start, stop = max(map(_start, trains)), min(map(_end, trains))
    if stop <= start:
        return 0.0
    alike = pixel_similarity(matcher.pair.earlier, matcher.pair.later, body_place(track.line, start, stop))
    most = settings.same_pixels_odds
    pixels = 0.0 if alike is None else float(np.clip((alike - settings.same_pixels_min) * 10, -most, most))
    return pixels + coupling_odds(matcher.pair, *trains, settings)


def same_vehicles(matcher: TrainMatcher, track: Track, stretch_m: tuple[float, float]) -> float | None:
    """Return the log-odds that two dates show the same vehicles along a stretch; None if unseen."""
    pair, settings = matcher.pair, matcher.settings
    one, two = (
        body_profile(date, track.line, stretch_m, matcher.scale) for date in (pair.earlier, pair.later)
    )
    return agreement(one, two, settings)


def there_too(matcher: TrainMatcher, track: Track, train: Detection, occupant: Detection | None) -> float:
    """Return the log-odds that a train without a partner stands on the other date as well.

    Read on the other date's own strip (evidence `OCCUPIED`), against empty track. That the vehicles look
    the same on both dates adds to it, but grey wagons on grey ballast look the same too: it does not
    outweigh a strip that reads as bare, and where no strip was read it leaves a doubt, no more. Where a train
    ``occupant`` there explains the strip, vehicles and couplings decide.
    """
    settings = matcher.settings
    occupied = dict(train.evidence).get(OCCUPIED)
    same = same_vehicles(matcher, track, (_start(train), _end(train))) or 0.0
    if occupant is not None:
        return same + coupling_odds(matcher.pair, train, occupant, settings) - settings.same_vehicles_odds
    vehicles = float(np.clip(same, -settings.cut_against_max, settings.same_vehicles_max))
    if occupied is None:
        return vehicles - settings.same_vehicles_odds
    return _strip_odds(occupied, settings) + vehicles


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
