"""Which train of one date is which of the other: decided on the order of vehicles, not on pixels in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from tumangang_watch.change.looks import Laid, spans_of
from tumangang_watch.change.other_date import (
    TrainMatcher,
    end_m,
    length_of,
    overlap_m,
    stands_by_pixels,
    stands_odds,
    start_m,
)
from tumangang_watch.change.profiles import agreement, body_profile
from tumangang_watch.change.rest import Rest, length_odds, maybe_same_length, rest_of
from tumangang_watch.grid import Float64
from tumangang_watch.model.detection import Detection
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
    rest: Rest | None = None
    """What only the longer train covers, where they are a train and a part of it that did not move."""
    shift_m: float = 0.0
    """How far the common part went along its track, positive with increasing distance."""
    ends_apart: bool = False
    """Its ends were read elsewhere on the two dates, but what lies between is the same in its place."""
    lengths_differ: bool = False
    """By more than two readings of one length mostly do: an end was misread, if it is one train."""
    doubted: bool = False
    """It stands where one stood, but what its roofs show does not make that surely the same."""
    unlike: bool = False
    """Its vehicles look unlike on both dates, as in the light of its place the same ones may."""

    @property
    def doubtful(self) -> bool:
        """Whether it may well be another train."""
        return self.unlike or self.ends_apart or self.lengths_differ or self.doubted


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
    return (start_m(one.earlier) < start_m(two.earlier)) == (start_m(one.later) < start_m(two.later))


def _best(
    matcher: TrainMatcher, tracks: tuple[Track, Track], trains: tuple[Detection, Detection]
) -> Match | None:
    """Return the likeliest way in which two detections are one train, or None."""
    a, b = trains
    settings = matcher.settings
    ways: list[Match] = []
    if same_length(a, b, settings):
        ways = _whole(matcher, tracks, trains)
    elif maybe_same_length(a, b, settings):
        ways = [_misread(way, settings) for way in _whole(matcher, tracks, trains) if not way.in_place]
    if tracks[0] is tracks[1] and not any(way.in_place for way in ways):
        ways += [] if same_length(a, b, settings) and ways else _partial(matcher, tracks[0], trains)
    likely = [way for way in ways if way.odds > _least(way, settings)]
    return max(likely, key=lambda m: (m.odds, -abs(m.shift_m)), default=None)


def _least(way: Match, settings: ChangeSettings) -> float:
    """Return the log-odds from which a match is told: of what stands, that it is likelier than not."""
    stands = way.in_place or (way.part and not way.shift_m)
    return 0.0 if stands else settings.moved_sure


def _misread(way: Match, settings: ChangeSettings) -> Match:
    """Return a match of two trains that differ in length, as likely as their lengths were so misread."""
    return replace(way, odds=way.odds + length_odds(way.earlier, way.later), lengths_differ=True)


def _whole(
    matcher: TrainMatcher, tracks: tuple[Track, Track], trains: tuple[Detection, Detection]
) -> list[Match]:
    """Return the matches of two trains of one length, either way round."""
    a, b = trains
    settings = matcher.settings
    one_track = tracks[0] is tracks[1]
    against = not one_track and _against(tracks)
    out = []
    seen: dict[Laid, Profiles] = {}
    end_stands = one_track and _end_stands(a, b, settings)
    for turned in (False, True):
        for where in _laid(a, b, turned != against, settings):
            shift = where[1] - where[0] if one_track else 0.0
            in_place = one_track and abs(shift) <= settings.moved_min_m
            if end_stands and not in_place and not turned:
                continue
            still = in_place and not turned
            ends_apart = one_track and not in_place and not turned
            ends_apart = ends_apart and stands_by_pixels(matcher, tracks[0], trains)
            elsewhere = settings.moved_odds if one_track else settings.other_track_odds
            prior = settings.in_place_odds if in_place else elsewhere
            profiles = seen.get(where) or seen.setdefault(where, profiles_at(matcher, tracks, where))
            odds = best_agreement(profiles, turned != against, settings)
            if turned and odds is not None:
                straight = best_agreement(profiles, against, settings)
                if straight is not None and odds - straight <= settings.turned_gain_min:
                    continue
            if odds is not None:
                unlike = odds < 0
                if still:
                    odds = stands_odds(matcher, tracks[0], trains, odds)
                elif ends_apart:
                    odds = matcher.looks(odds, a.geometry, b.geometry)
                else:
                    odds = _elsewhere(matcher, tracks, trains, where, odds, backwards=turned != against)
                odds += prior + (settings.turned_odds if turned else 0.0)
                out.append(
                    Match(
                        earlier=a,
                        later=b,
                        odds=odds,
                        in_place=still or ends_apart,
                        ends_apart=ends_apart,
                        turned=turned,
                        shift_m=shift,
                        doubted=still and not unlike and odds < settings.stands_sure,
                        unlike=unlike,
                    )
                )
            elif still:
                # Too little was seen of the bodies: only the place and the length speak.
                out.append(Match(earlier=a, later=b, odds=prior, in_place=True))
    return out


def _elsewhere(
    matcher: TrainMatcher,
    tracks: tuple[Track, Track],
    trains: tuple[Detection, Detection],
    where: Laid,
    odds: float,
    *,
    backwards: bool = False,
) -> float:
    """Return what pieces, roofs and light say for vehicles being the same ones elsewhere, log-odds."""
    lines = (tracks[0].line, tracks[1].line)
    odds, _ = matcher.by_roofs(lines, where, odds, backwards=backwards)
    return matcher.looks(odds, *(t.geometry for t in trains))


def _end_stands(a: Detection, b: Detection, settings: ChangeSettings) -> bool:
    """Return True where two trains of a track begin, or end, in one place: none of the two moved along it."""
    apart = min(abs(start_m(a) - start_m(b)), abs(end_m(a) - end_m(b)))
    return overlap_m(a, b) > 0 and apart <= settings.same_place_m


def _laid(a: Detection, b: Detection, backwards: bool, settings: ChangeSettings) -> list[Laid]:
    """Return how two trains of one length may lie on one another: by their middles, or, where an end of one
    was misread, by either end.
    """
    length = min(length_of(a), length_of(b))
    out = [(_middle(a), _middle(b), length)]
    if abs(length_of(a) - length_of(b)) > settings.end_play_m:
        half = length / 2
        ours, theirs = ((start_m(t) + half, end_m(t) - half) for t in (a, b))
        out += [(x, y, length) for x, y in zip(ours, theirs[::-1] if backwards else theirs, strict=True)]
    return out


def _partial(matcher: TrainMatcher, track: Track, trains: tuple[Detection, Detection]) -> list[Match]:
    """Return the matches of a train with what is left of it (or with what it grew into)."""
    a, b = trains
    settings = matcher.settings
    short, long = (a, b) if length_of(a) < length_of(b) else (b, a)
    length = length_of(short)
    half = length / 2
    places: set[Laid] = {
        (start_m(a) + half, start_m(b) + half, length),
        (end_m(a) - half, end_m(b) - half, length),
    }
    first, last = max(start_m(a), start_m(b)), min(end_m(a), end_m(b))
    if last - first >= settings.part_common_min * length:
        # What both cover, where it stands: vehicles may have gone at both ends, or an end was misread.
        places.add(((first + last) / 2, (first + last) / 2, last - first))
    out = []
    for where in sorted(places):
        shift = where[1] - where[0]
        odds = best_agreement(profiles_at(matcher, (track, track), where), False, settings)
        if odds is None:
            continue
        unlike = odds < 0
        if abs(shift) > settings.moved_min_m:
            odds = _elsewhere(matcher, (track, track), trains, where, odds)
        else:
            odds = stands_odds(matcher, track, trains, odds)
        odds += settings.part_odds
        ends = (start_m(a) + shift - start_m(b), end_m(a) + shift - end_m(b))
        odds += settings.part_both_ends_odds if min(map(abs, ends)) > settings.same_place_m else 0.0
        if abs(shift) > settings.moved_min_m:
            odds += settings.part_moved_odds
            moved = Match(earlier=a, later=b, odds=odds, in_place=False, part=True)
            out.append(replace(moved, shift_m=shift, unlike=unlike))
            continue
        rest = rest_of(matcher, track, long, short)
        still = rest.stands > 0
        out.append(
            Match(earlier=a, later=b, odds=odds, in_place=still, part=not still, rest=rest, unlike=unlike)
        )
    return out


Profiles = tuple[tuple[Float64, Float64], ...]
"""Of a stretch as long as it is and of one that reaches farther, one a date, either date first."""


def profiles_at(matcher: TrainMatcher, tracks: tuple[Track, Track], where: Laid) -> Profiles:
    """Return the profiles of two stretches that may be one train's, within the error of their ends."""
    dates, out = (matcher.pair.earlier, matcher.pair.later), []
    for k, spans in enumerate(spans_of(where, int(np.ceil(matcher.settings.end_play_m)))):
        both = [body_profile(dates[j], tracks[j].line, spans[j], matcher.scale) for j in (0, 1)]
        out.append((both[k], both[1 - k]))
    return tuple(out)


def best_agreement(profiles: Profiles, backwards: bool, settings: ChangeSettings) -> float | None:
    """Return the best agreement of two stretches within the error of their ends."""
    step = -1 if backwards else 1
    scores = [agreement(still, wide[::step], settings) for still, wide in profiles]
    return max((s for s in scores if s is not None), default=None)


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


def _middle(train: Detection) -> float:
    return 0.5 * (start_m(train) + end_m(train))
