"""Which stays of a record are one train seen again, every comparison counted.

Each stay speaks by its best-read sighting, chosen before anything is compared. All pairs that a train could
have made in time are compared; a match's E-value is its probability among unrelated trains of this record
times the number of those comparisons: the expected number of matches as good by chance. Pairs that no train
could have made (two places at one time) are scored as well and show whether that probability holds here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import log2
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.compare import bits_for, is_locomotive, p_value, same_train, verdict_of
from tumangang_watch.reidentify.look_alikes import (
    Consists,
    Impossible,
    alike_p,
    at_least,
    doubted,
    order_p,
    score_impossible,
)
from tumangang_watch.reidentify.model import Seen, SeenVerdict, Sighting, TrainStay, distance_m, hours_between
from tumangang_watch.reidentify.null_model import offset_bits, scored
from tumangang_watch.reidentify.prefilter import quick_bits, record_mix
from tumangang_watch.reidentify.wagon_model import HUES, hue_likelihood, likelihoods
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings

Null = Literal["record", "two trains"]
RECORD: Null = "record"
TWO_TRAINS: Null = "two trains"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Every comparison of a record."""

    chosen: tuple[int | None, ...]
    comparisons: int
    pairs: tuple[Seen, ...]
    all_scored: bool
    too_fast: int
    too_far_apart: int
    look_alikes: tuple[tuple[int, int], ...]
    """Pairs that cannot be one train and agree as well as a match must."""


def compare_stays(
    stays: tuple[TrainStay, ...], settings: JourneySettings, alike: SameTrainSettings
) -> Compared:
    """Compare every two stays that may be one train.

    Parameters
    ----------
    stays : tuple of TrainStay
        By time of first sight.
    settings, alike : JourneySettings, SameTrainSettings
        Which pairs are compared, and how.
    """
    alike = replace(
        alike,
        consistent_e=settings.max_expected_false,
        likely_e=min(alike.likely_e, settings.sure_share * settings.max_expected_false),
    )
    places = [best_read(stay, alike) for stay in stays]
    chosen = {k: stays[k].sightings[p] for k, p in enumerate(places) if p is not None}
    read = {k: likelihoods(wagons_of(s), alike) for k, s in chosen.items()}
    consists = Consists(stays=stays, chosen=chosen, read=read, settings=settings, alike=alike)
    pairs, impossible, far = [], [], 0
    for i, j in combinations(sorted(chosen), 2):
        if not feasible(stays[i], stays[j], settings):
            impossible.append((i, j))
        elif _apart_days(stays[i], stays[j]) > settings.within_days:
            far += 1
        else:
            pairs.append((i, j))
    hopeful = _hopeful(consists, pairs)
    bits = scored([read[i] for i, _ in hopeful], [read[j] for _, j in hopeful], alike)
    null = score_impossible(consists, impossible)
    seen = _judged(consists, hopeful, bits, null, max(len(pairs), 1))
    alike_pairs = null.alike()
    if alike_pairs:
        seen = doubted(consists, seen, null, alike_pairs, max(len(pairs), 1))
    return Compared(
        chosen=tuple(places),
        comparisons=len(pairs),
        pairs=seen,
        all_scored=len(hopeful) == len(pairs),
        too_fast=len(impossible),
        too_far_apart=far,
        look_alikes=alike_pairs,
    )


def wagons_of(sighting: Sighting) -> tuple[Vehicle, ...]:
    """Return a sighting's vehicles without its locomotives."""
    return tuple(v for v in sighting.vehicles if not is_locomotive(v))


def best_read(stay: TrainStay, alike: SameTrainSettings) -> int | None:
    """Return the sighting whose wagons are read best; None where none has a consist that can be compared.

    A consist of fewer wagons or changes of colour than a match needs can never be one: it is left out
    before it is compared, so it costs no comparison.
    """
    scores = []
    for k, sighting in enumerate(stay.sightings):
        wagons = wagons_of(sighting)
        if len(wagons) < alike.consistent_cars:
            continue
        hues = np.array([hue_likelihood(v, alike) for v in wagons])
        best = hues.argmax(axis=1)[hues.max(axis=1) > 1.0 + 1e-6]
        if (best[1:] == best[:-1]).all():
            continue
        share = hues / hues.sum(axis=1, keepdims=True)
        told = log2(len(HUES)) + (share * np.log2(np.maximum(share, 1e-12))).sum(axis=1)
        sure = sighting.grade == "detected"
        scores.append((sure, round(float(told.sum()), 6), -k, k))
    return max(scores)[-1] if scores else None


def feasible(one: TrainStay, two: TrainStay, settings: JourneySettings) -> bool:
    """Return whether one train can have been at both places at all times it was seen there."""
    return all(_reachable(a, b, settings) for a in one.sightings for b in two.sightings)


def _reachable(one: Sighting, two: Sighting, settings: JourneySettings) -> bool:
    if one.acquired == two.acquired:
        return False
    hours = abs(hours_between(one.acquired, two.acquired))
    return distance_m(one, two) <= hours * settings.max_speed_kmh * 1000.0


def interleaved(one: TrainStay, two: TrainStay) -> bool:
    """Return whether one stay began before the other ended: then the first was not there all the time."""
    return one.last.acquired >= two.first.acquired and two.last.acquired >= one.first.acquired


def _apart_days(one: TrainStay, two: TrainStay) -> float:
    gap = max(
        hours_between(one.last.acquired, two.first.acquired),
        hours_between(two.last.acquired, one.first.acquired),
    )
    return gap / 24.0


def _hopeful(consists: Consists, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs to score in full."""
    settings = consists.settings
    level = min(settings.max_expected_false / max(len(pairs), 1), 1.0)
    needed = bits_for(level, consists.alike, settings.null_offset_max)
    if len(pairs) <= settings.score_all_up_to:
        return pairs
    read, gap = consists.read, settings.quick_gap_bits
    mix = record_mix([read[k] for k in sorted(read)])
    trains = list(read.values())
    own = dict(zip(read, quick_bits(trains, trains, mix, gap), strict=True))
    quick = quick_bits([read[i] for i, _ in pairs], [read[j] for _, j in pairs], mix, gap)
    least = [
        max(needed + settings.quick_more_bits, settings.quick_share * min(own[i], own[j])) for i, j in pairs
    ]
    return [pair for pair, bits, low in zip(pairs, quick, least, strict=True) if bits >= low]


def _judged(
    consists: Consists,
    pairs: list[tuple[int, int]],
    bits: NDArray[np.float64],
    impossible: Impossible,
    comparisons: int,
) -> tuple[Seen, ...]:
    """Return every scored pair with its probability under the record's null, and its verdict."""
    settings, alike = consists.settings, consists.alike
    alone = p_value(bits, alike)
    partners: dict[int, set[int]] = {}
    for (i, j), p in zip(pairs, alone, strict=True):
        if p * comparisons <= 1.0:
            partners.setdefault(i, set()).add(j)
            partners.setdefault(j, set()).add(i)
    offsets: dict[int, float | None] = {}

    def offset(k: int) -> float | None:
        if k not in offsets:
            others = consists.others(partners.get(k, set()) | {k})
            offsets[k] = offset_bits(consists.read[k], consists.chosen[k].key, others, settings, alike)
        return offsets[k]

    seen = []
    for (i, j), value, p in zip(pairs, bits, alone, strict=True):
        own, null = float(p), TWO_TRAINS
        best = float(p_value(value, alike, settings.null_offset_max))
        if best * comparisons <= settings.max_expected_false:
            family = {i, j} | partners.get(i, set()) | partners.get(j, set())
            floor = alike_p(float(value), impossible.of(family), consists)
            hope = max(best, floor) * comparisons <= settings.max_expected_false
            numbers = [o for o in map(offset, (i, j)) if o is not None] if hope else []
            if len(numbers) == 2:
                own, null = float(p_value(value, alike, min(numbers))), RECORD
            own = max(own, floor)
        crowd = max(len(partners.get(k, ())) for k in (i, j))
        found = _seen(consists, (i, j), (float(value), float(p), own, null), comparisons)
        seen.append(at_least(found, order_p(found, crowd, consists), consists, comparisons))
    return tuple(seen)


def _seen(
    consists: Consists, pair: tuple[int, int], numbers: tuple[float, float, float, Null], comparisons: int
) -> Seen:
    """Return one pair with its verdict; the wagons are aligned where it is a match."""
    bits, alone, p, null = numbers
    i, j = pair
    alike, settings = consists.alike, consists.settings
    possible = any(consists.stays[k].possible for k in pair)
    e = p * comparisons
    verdict: SeenVerdict = "different" if bits <= settings.different_bits else "not told apart"
    blank = Seen(
        first=i,
        second=j,
        bits=bits,
        p_value=p,
        p_alone=alone,
        null=null,
        e_value=e,
        verdict=verdict,
        direction="same",
        aligned=(),
        only_first=(),
        only_second=(),
        colour_changes=0,
        possible=possible,
    )
    if e > settings.max_expected_false:
        return blank
    answer = same_train(consists.chosen[i].vehicles, consists.chosen[j].vehicles, 1, alike)
    said = verdict_of(p, e, len(answer.aligned), answer.colour_changes, alike)
    if said == "likely the same":
        verdict = "could be" if possible else "same train"
    elif said == "consistent with":
        verdict = "could be"
    return replace(
        blank,
        verdict=verdict,
        direction=answer.direction,
        aligned=answer.aligned,
        only_first=answer.only_first,
        only_second=answer.only_second,
        colour_changes=answer.colour_changes,
    )
