"""What became of each train between two dates, track by track."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

from tumangang_watch.change.evidence import body_place, different_cars, pixel_similarity
from tumangang_watch.change.words import car_words, grade_of, train_interval, when
from tumangang_watch.model.finding import ChangeWord, Finding
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site, Track
    from tumangang_watch.settings.change import ChangeSettings


@dataclass(frozen=True)
class Pair:
    """Two dates in one frame."""

    earlier: Observation
    later: Observation

    def other(self, date: str) -> Observation:
        """Return the observation of the other date."""
        return self.later if date == "earlier" else self.earlier


def compare_trains(
    pair: Pair, site: Site, trains: tuple[Detection, ...], settings: ChangeSettings
) -> tuple[Finding, ...]:
    """Decide ``unchanged``, ``moved``, ``appeared`` or ``disappeared`` for every train.

    Two detections are one train when their lengths agree and their cars, aligned in order, have
    the same colours on both dates (measured on pixels, not on colour names).
    """
    findings: list[Finding] = []
    for track in site.tracks:
        earlier = [t for t in trains if t.track == track.id and t.date == "earlier"]
        later = [t for t in trains if t.track == track.id and t.date == "later"]
        matches = _match(pair, track, earlier, later, settings)
        for a, b in matches:
            in_place = _alike_in_place(pair, track, (a, b), settings)
            findings.append(_same_train(track, a, b, in_place, settings))
        matched = {d.id for match in matches for d in match}
        for alone in (*earlier, *later):
            if alone.id not in matched:
                finding = _alone(pair, track, alone, trains, settings)
                if finding is not None:
                    findings.append(finding)
    return tuple(findings)


def _match(
    pair: Pair, track: Track, earlier: list[Detection], later: list[Detection], settings: ChangeSettings
) -> list[tuple[Detection, Detection]]:
    """Match trains of one track, nearest first, each at most once, never past one another."""
    candidates = []
    for a, b in product(earlier, later):
        shift = _shift_m(a, b)
        if _alike_in_place(pair, track, (a, b), settings):
            candidates.append((0.0, a, b))
        elif _same_length(a, b, settings) and _same_consist(pair, track, (a, b), settings):
            candidates.append((abs(shift), a, b))
    matches: list[tuple[Detection, Detection]] = []
    for _, a, b in sorted(candidates, key=lambda c: (c[0], c[1].id, c[2].id)):
        if all(a is not m[0] and b is not m[1] and _in_order(m, (a, b)) for m in matches):
            matches.append((a, b))
    return matches


def _in_order(one: tuple[Detection, Detection], two: tuple[Detection, Detection]) -> bool:
    """Trains on one track cannot pass each other."""
    before = (one[0].from_m or 0.0) < (two[0].from_m or 0.0)
    after = (one[1].from_m or 0.0) < (two[1].from_m or 0.0)
    return before == after


def _shift_m(a: Detection, b: Detection) -> float:
    """Return how far a train went along its track: the mean of its two ends, metres."""
    return 0.5 * ((b.from_m or 0.0) + (b.to_m or 0.0) - (a.from_m or 0.0) - (a.to_m or 0.0))


def _same_length(a: Detection, b: Detection, settings: ChangeSettings) -> bool:
    if a.length_m is None or b.length_m is None:
        return False
    longest = max(a.length_m.estimate, b.length_m.estimate)
    tolerance = settings.same_place_m + settings.length_tolerance * longest
    return abs(a.length_m.estimate - b.length_m.estimate) <= tolerance


def _alike_in_place(
    pair: Pair, track: Track, trains: tuple[Detection, Detection], settings: ChangeSettings
) -> bool:
    """The ground that either train covers looks the same on both dates: nothing moved there.

    Then the ends differ because the detector saw them differently, not because cars came or went.
    What only one of them covers is looked at by itself, so that new cars do not hide behind old.
    """
    a, b = trains
    low, high = sorted((a.from_m or 0.0, b.from_m or 0.0)), sorted((a.to_m or 0.0, b.to_m or 0.0))
    if high[0] <= low[1]:
        return False
    pieces = [(low[1], high[0]), (low[0], low[1]), (high[0], high[1])]
    for start, stop in pieces:
        if stop - start < settings.same_place_m and (start, stop) != pieces[0]:
            continue
        alike = pixel_similarity(pair.earlier, pair.later, body_place(track.line, start, stop))
        if alike is None or alike < settings.same_pixels_min:
            return False
    return True


def _same_consist(
    pair: Pair, track: Track, trains: tuple[Detection, Detection], settings: ChangeSettings
) -> bool:
    a, b = trains
    in_place = abs(_shift_m(a, b)) <= settings.moved_at_least_m
    few = len(a.rolling_stock) <= settings.few_cars
    step = settings.few_cars_step if few else settings.consist_colour_step
    share = different_cars((pair.earlier, pair.later), trains, track.line, step)
    if share is None:
        return in_place
    return share < settings.consist_different_share


def _same_train(
    track: Track, a: Detection, b: Detection, in_place: bool, settings: ChangeSettings
) -> Finding:
    shift = _shift_m(a, b)
    moved = abs(shift) > settings.moved_at_least_m and not in_place
    change: ChangeWord = "moved" if moved else "unchanged"
    confidence = min(a.confidence, b.confidence)
    size = car_words(b)
    if change == "moved":
        end_error = settings.same_place_m / 2
        amount, unit = Interval.around(abs(shift), end_error), "m"
        towards = "increasing" if shift > 0 else "decreasing"
        statement = (
            f"{size} on {track.name} stands {abs(shift):.0f} m further along the track "
            f"(towards {towards} distance); length and car colours agree."
        )
    else:
        (amount, unit), statement = train_interval(b), f"{size} on {track.name} is in the same place."
    return Finding(
        id=f"finding-train-{track.id}-{a.id}",
        kind="train",
        change=change,
        area=b.area or a.area,
        track=track.id,
        earlier=a.id,
        later=b.id,
        amount=amount,
        unit=unit,
        confidence=confidence,
        grade=grade_of(a, b),
        statement=statement,
        geometry=b.geometry,
        observed_fraction=min(a.observed_fraction, b.observed_fraction),
        caveats=tuple(dict.fromkeys((*a.caveats, *b.caveats))),
    )


def _alone(
    pair: Pair,
    track: Track,
    train: Detection,
    trains: tuple[Detection, ...],
    settings: ChangeSettings,
) -> Finding | None:
    """Word a train without a partner on the other date; None when the other date cannot tell."""
    other = pair.other(train.date)
    seen = other.observed_fraction(train.geometry)
    if seen < settings.observed_min:
        return None
    change: ChangeWord = "disappeared" if train.date == "earlier" else "appeared"
    grade, confidence, caveats = train.grade, train.confidence, list(train.caveats)
    occupied = any(
        t.track == track.id and t.date != train.date and t.geometry.intersects(train.geometry) for t in trains
    )
    alike = _alike_along(pair, track, train.from_m or 0.0, train.to_m or 0.0, settings)
    if not occupied and alike is not None and alike >= settings.same_pixels_min:
        change, grade = "unchanged", "possible"
        caveats.append(
            "detected on one date only, but both dates show the same in this place: "
            "the detector, not the yard, may have changed its mind"
        )
    if not occupied:
        confidence *= settings.unmatched_confidence
    amount, unit = train_interval(train)
    ids = (train.id, None) if train.date == "earlier" else (None, train.id)
    return Finding(
        id=f"finding-train-{track.id}-{train.id}",
        kind="train",
        change=change,
        area=train.area,
        track=track.id,
        earlier=ids[0],
        later=ids[1],
        amount=amount,
        unit=unit,
        confidence=confidence,
        grade=grade,
        statement=_alone_words(track, train, other, change, occupied),
        geometry=train.geometry,
        observed_fraction=min(seen, train.observed_fraction),
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _alike_along(
    pair: Pair, track: Track, from_m: float, to_m: float, settings: ChangeSettings
) -> float | None:
    """Return the median similarity of a stretch's pieces: a wrong end does not outweigh the rest."""
    import numpy as np

    count = max(1, round((to_m - from_m) / settings.piece_m))
    edges = np.linspace(from_m, to_m, count + 1)
    pieces = [body_place(track.line, float(a), float(b)) for a, b in pairwise(edges)]
    values = [pixel_similarity(pair.earlier, pair.later, piece) for piece in pieces]
    known = [v for v in values if v is not None]
    return float(np.median(known)) if known else None


def _alone_words(
    track: Track, train: Detection, other: Observation, change: ChangeWord, occupied: bool
) -> str:
    size, date = car_words(train), when(other)
    if change == "unchanged":
        return f"{size} on {track.name}, detected on one date; the pixels of {date} look the same."
    if occupied:
        return f"{size} on {track.name}; on {date} another consist stands there."
    if change == "appeared":
        return f"{size} on {track.name}; on {date} the place was seen and no train was detected there."
    return f"{size} on {track.name} is gone: on {date} the place was seen and no train was detected."
