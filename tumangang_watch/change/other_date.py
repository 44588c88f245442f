"""Whether vehicles that one date shows stand on the other date too: read on its strip, and by their looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Self

import numpy as np
from scipy.special import logit
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from tumangang_watch.change.beside import LightOfPair, light_of, looks_changed
from tumangang_watch.change.looks import Laid, looks_of
from tumangang_watch.change.profiles import (
    PairScale,
    agreement,
    body_place,
    body_profile,
    coupling_odds,
    pair_scale,
    pixel_similarity,
)
from tumangang_watch.change.seen import BareTrack, bare_track, times_bare
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.change import ChangeSettings

OCCUPIED = "other_occupied"
"""Evidence of a train: how likely the other date's own strip shows its place as occupied."""


@dataclass(frozen=True, kw_only=True)
class TrainMatcher:
    """A pair of dates with what is needed to compare vehicles on both."""

    pair: DatePair
    scale: PairScale
    settings: ChangeSettings
    bare: BareTrack | None = None
    """How the dates differ along bare track, where that is known."""
    light: Callable[[], LightOfPair] | None = None
    """Gives where the dates differ in light, where that is known."""
    bodies: tuple[BaseGeometry, ...] = ()
    """Of the trains of both dates: no ground."""
    _known: dict[BaseGeometry, float] = field(default_factory=dict)
    """How likely the looks of a place changed."""

    @classmethod
    def of(
        cls,
        pair: DatePair,
        site: Site,
        trains: tuple[Detection, ...],
        settings: ChangeSettings,
        light: Callable[[], LightOfPair] | None = None,
    ) -> Self:
        """Return a pair of dates, ready for the vehicles of its trains; ``light`` as it is asked for."""
        scale = pair_scale(pair.earlier, pair.later, settings)
        return cls(
            pair=pair,
            scale=scale,
            settings=settings,
            bare=bare_track(pair, site, trains, scale, settings),
            light=light or cache(partial(light_of, pair, settings)),
            bodies=tuple(t.geometry for t in trains),
        )

    def looks(self, odds: float, *places: BaseGeometry) -> float:
        """Return what looks say for vehicles being the same, log-odds, in the light of their places.

        Vehicles whose looks light or snow have changed look like any others: the likelihoods are mixed.
        """
        if self.light is None:
            return odds
        changed = max(map(self._changed, places))
        return float(np.logaddexp(np.log1p(-changed) + odds, np.log(max(changed, 1e-9))))

    def by_roofs(
        self,
        lines: tuple[LineString, LineString],
        where: Laid,
        odds: float,
        *,
        stands: bool = False,
        backwards: bool = False,
    ) -> tuple[float, float | None]:
        """Return the log-odds that vehicles alike in pieces are the same, and how alike their roofs are.

        Vehicles as grey as others, or of one type, look alike in pieces: of what their roofs show, and of
        colour apart from brightness, is asked where they do.
        """
        dates, settings = (self.pair.earlier, self.pair.later), self.settings
        weights, play_m = settings.moved_looks, settings.end_play_m
        if stands:
            weights, play_m = settings.stands_looks, settings.stands_play_m
        looks = None
        if odds > 0:
            looks = looks_of(dates, lines, where, self.scale, play_m=play_m, backwards=backwards)
        if looks is None:
            return odds, None
        return float(np.dot(weights, looks.terms(odds))), looks.pattern

    def _changed(self, place: BaseGeometry) -> float:
        """Return how likely light has changed the looks of a place; many ways of a train are asked of one."""
        if place not in self._known and self.light is not None:
            light, bodies = self.light(), list(self.bodies)
            self._known[place] = looks_changed(light, self.pair, place, bodies, self.settings)
        return self._known[place]


def change_seen(
    matcher: TrainMatcher, track: Track, train: Detection, stretch_m: tuple[float, float]
) -> bool:
    """Return False where one date alone shows a train and both look as much alike as along bare track.

    True where it cannot be told: the other date was not read, or shows no bare track.
    """
    if matcher.bare is None or OCCUPIED not in dict(train.evidence):
        return True
    times = times_bare(matcher.pair, track.line, train, stretch_m, matcher.bare, matcher.scale)
    return times is None or times >= matcher.settings.seen_times_min


def alike_along(pair: DatePair, track: Track, stretch_m: tuple[float, float]) -> float | None:
    """Return how alike the pixels of a stretch of track are (`pixel_similarity`); None if unseen."""
    return pixel_similarity(pair.earlier, pair.later, body_place(track.line, *stretch_m))


def alike_in_place(pair: DatePair, track: Track, trains: tuple[Detection, Detection]) -> float | None:
    """Return how alike the pixels are of the stretch that two trains of a track both cover."""
    return alike_along(pair, track, (max(map(start_m, trains)), min(map(end_m, trains))))


def stands_odds(
    matcher: TrainMatcher,
    track: Track,
    trains: tuple[Detection, Detection],
    odds: float,
    *,
    roofs: bool = True,
) -> float:
    """Return what their place says for two trains being one that did not move, log-odds.

    ``odds`` are what pieces of their vehicles say. Couplings of a train that stands do not move; those of
    another train, stopped anywhere, fall where they may. The pattern of pixels along a train speaks for it
    as well, and hardly against: sun and shade differ. Where neither it nor that of the roofs clearly does so,
    and the pieces are alike, as those of many trains are, ``roofs`` decide.
    """
    settings, both, places = matcher.settings, overlap_m(*trains), [t.geometry for t in trains]
    if both <= 0:
        return matcher.looks(odds, *places)
    couplings = coupling_odds(matcher.pair, *trains, settings)
    alike = alike_in_place(matcher.pair, track, trains)
    clear = alike is not None and alike >= settings.stands_alike_min and both >= settings.stands_clear_m
    if roofs and not clear:
        middle = max(map(start_m, trains)) + both / 2
        lines, where = (track.line, track.line), (middle, middle, both)
        by_roofs, pattern = matcher.by_roofs(lines, where, odds, stands=True)
        if pattern is not None and pattern < settings.stands_alike_min:
            return matcher.looks(by_roofs, *places) + couplings
    most = min(settings.same_pixels_odds * both / settings.half_vehicle_m, settings.same_pattern_max)
    limits = (-settings.same_pixels_odds, most)
    pixels = 0.0 if alike is None else float(np.clip((alike - settings.same_pixels_min) * 10, *limits))
    return matcher.looks(odds, *places) + couplings + pixels


def stands_by_pixels(matcher: TrainMatcher, track: Track, trains: tuple[Detection, Detection]) -> bool:
    """Tell whether most of two trains of a track lies in one place and is the same there on both dates.

    A train that moved on brings other vehicles there, like ones in hardly the same place.
    """
    if overlap_m(*trains) < matcher.settings.part_common_min * min(map(length_of, trains)):
        return False
    alike = alike_in_place(matcher.pair, track, trains)
    return alike is not None and alike >= matcher.settings.stands_alike_min


def strip_odds(occupied: float, settings: ChangeSettings) -> float:
    """Return what the other date's strip says for vehicles standing there, log-odds."""
    return float(np.clip(logit(occupied), -settings.strip_odds_max, settings.strip_odds_max))


def pieces_odds(matcher: TrainMatcher, track: Track, stretch_m: tuple[float, float]) -> float | None:
    """Return what pieces of a stretch say for the same vehicles on both dates, log-odds; None if unseen."""
    pair = matcher.pair
    one, two = (
        body_profile(date, track.line, stretch_m, matcher.scale) for date in (pair.earlier, pair.later)
    )
    return agreement(one, two, matcher.settings)


def same_vehicles(matcher: TrainMatcher, track: Track, stretch_m: tuple[float, float]) -> float | None:
    """Return the log-odds that two dates show the same vehicles along a stretch; None if unseen."""
    odds = pieces_odds(matcher, track, stretch_m)
    return None if odds is None else matcher.looks(odds, body_place(track.line, *stretch_m))


def same_there(matcher: TrainMatcher, track: Track, stretch_m: tuple[float, float]) -> float:
    """Return the log-odds that vehicles along a stretch stand there on both dates, by their looks.

    Brightness and colour that agree speak for it only where the pixels follow the same pattern: wagons as
    bright as the bed look like bare track, but have ends, roofs and loads that it has not.
    """
    same = same_vehicles(matcher, track, stretch_m) or 0.0
    if same <= 0:
        return same
    alike = alike_along(matcher.pair, track, stretch_m)
    return same if alike is None or alike >= matcher.settings.same_pixels_min else 0.0


def pattern_odds(matcher: TrainMatcher, track: Track, stretch_m: tuple[float, float]) -> float:
    """Return what one pattern of all pixels says for the same on both dates, log-odds, 0 or more.

    Bare track hardly shows the pattern of a train that stood on it: where both dates show one pattern along
    a whole train, one of the two strips was misread. Against it a pattern says nothing: sun and shade turn.
    """
    pair, settings = matcher.pair, matcher.settings
    if max(pair.earlier.image.gsd_m, pair.later.image.gsd_m) > settings.bare_gsd_max_m:
        return 0.0
    alike = alike_along(pair, track, stretch_m)
    return settings.place_pattern_odds if alike is not None and alike >= settings.place_pattern_min else 0.0


def there_too(
    matcher: TrainMatcher, track: Track, train: Detection, occupant: Detection | None, *, shared: bool = False
) -> float:
    """Return the log-odds that a train without a partner stands on the other date as well.

    Read on the other date's own strip (evidence `OCCUPIED`), against empty track. That the vehicles look
    the same on both dates adds to it, but grey wagons on grey ballast look the same too: that does not
    outweigh a strip that reads as bare, and where no strip was read it leaves a doubt, no more. One pattern
    of all pixels along it on both dates says more (`pattern_odds`). Where a train
    ``occupant`` there explains the strip, vehicles and couplings decide; ``shared`` where the occupant holds
    a train that stands beside this one on both dates: then this is more likely a piece that was read apart.
    """
    settings = matcher.settings
    occupied = dict(train.evidence).get(OCCUPIED)
    if occupant is not None:
        both = max(start_m(train), start_m(occupant)), min(end_m(train), end_m(occupant))
        rest = max(length_of(train), length_of(occupant)) - overlap_m(train, occupant)
        whole = rest <= 2 * settings.same_place_m
        prior = settings.in_place_odds if shared or whole else -settings.same_vehicles_odds
        # Light or shade may change all looks at once; ends, couplings and the pattern it does not move.
        pieces = max(pieces_odds(matcher, track, both) or 0.0, -settings.looks_against_max)
        odds = prior + stands_odds(matcher, track, (train, occupant), pieces, roofs=shared or whole)
        # What both cover says nothing of the rest: a doubt, no more.
        return odds if shared or whole else min(odds, 0.0)
    stretch_m = (start_m(train), end_m(train))
    same = same_there(matcher, track, stretch_m)
    vehicles = float(np.clip(same, -settings.cut_against_max, settings.same_vehicles_max))
    vehicles += pattern_odds(matcher, track, stretch_m)
    if occupied is None:
        return vehicles - settings.same_vehicles_odds
    return strip_odds(occupied, settings) + vehicles


def start_m(train: Detection) -> float:
    """Return where a train begins along its track, metres."""
    return train.from_m or 0.0


def end_m(train: Detection) -> float:
    """Return where a train ends along its track, metres."""
    return train.to_m or 0.0


def length_of(train: Detection) -> float:
    """Return a train's length along its track, metres."""
    return end_m(train) - start_m(train)


def overlap_m(a: Detection, b: Detection) -> float:
    """Return the metres of track that two trains of one track both cover; below 0 is the gap between them."""
    return min(end_m(a), end_m(b)) - max(start_m(a), start_m(b))
