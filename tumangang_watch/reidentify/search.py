"""Which stays of a record are one train seen again, every comparison counted.

Each stay speaks by its best-read sighting, chosen before anything is compared. All pairs that a train could
have made in time are compared; a match's E-value is its probability among unrelated trains of this record
times the number of those comparisons: the expected number of matches as good by chance. Pairs that no train
could have made (two places at one time) are scored as well and show whether that probability holds here.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import log2

import numpy as np

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting, Stay, hours_between
from tumangang_watch.reidentify.alignment import quick_bits, record_mix
from tumangang_watch.reidentify.compare import LOCOMOTIVE_FROM, bits_for, p_value, same_train, verdict_of
from tumangang_watch.reidentify.model import Compared, MatchVerdict, Pair, StayMatch
from tumangang_watch.reidentify.null_model import (
    Consists,
    Impossible,
    common,
    doubted,
    offset_bits,
    score_impossible,
    scored,
    withdrawn,
)
from tumangang_watch.reidentify.vehicle_model import COLOUR_NAMES, colour_likelihood, likelihoods
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings


def compare_stays(
    stays: tuple[Stay, ...], settings: JourneySettings, alike: SameTrainSettings, made: int = 0
) -> Compared:
    """Compare every two stays that may be one train.

    Parameters
    ----------
    stays : tuple of Stay
        By time of first sight.
    settings, alike : JourneySettings, SameTrainSettings
        Which pairs are compared, and how.
    made : int
        Comparisons that were made to find these stays: so many count at least.
    """
    alike = replace(
        alike,
        consistent_e=settings.max_expected_false,
        likely_e=min(alike.likely_e, settings.sure_share * settings.max_expected_false),
    )
    places = [best_read(stay, alike) for stay in stays]
    chosen = {k: stays[k].sightings[p] for k, p in enumerate(places) if p is not None}
    read = {k: likelihoods(without_locomotives(s), alike) for k, s in chosen.items()}
    consists = Consists(stays=stays, chosen=chosen, read=read, settings=settings, alike=alike)
    pairs, impossible, far = [], [], 0
    for i, j in combinations(sorted(chosen), 2):
        if not feasible(stays[i], stays[j], settings):
            impossible.append((i, j))
        elif _apart_days(stays[i], stays[j]) > settings.within_days:
            far += 1
        else:
            pairs.append((i, j))
    hopeful = _hopeful(consists, pairs, made)
    null = score_impossible(consists, impossible)
    comparisons, look_alikes = max(len(pairs), made, 1), null.look_alikes()
    matches = _judged(consists, hopeful, null, comparisons)
    if look_alikes:
        matches = doubted(consists, matches, look_alikes, comparisons)
    return Compared(
        stays=stays,
        chosen=tuple(places),
        comparisons=max(len(pairs), made),
        pairs=matches,
        all_scored=len(hopeful) == len(pairs),
        too_fast=len(impossible),
        too_far_apart=far,
        look_alikes=look_alikes,
    )


def without_locomotives(sighting: Sighting) -> tuple[Vehicle, ...]:
    """Return a sighting's vehicles without its locomotives."""
    return tuple(v for v in sighting.vehicles if v.locomotive_chance() < LOCOMOTIVE_FROM)


def best_read(stay: Stay, alike: SameTrainSettings) -> int | None:
    """Return the sighting whose vehicles are read best; None where none has a consist that can be compared.

    A consist of fewer vehicles or changes of colour than a match needs can never be one: it is left out
    before it is compared, so it costs no comparison.
    """
    scores = []
    for k, sighting in enumerate(stay.sightings):
        vehicles = without_locomotives(sighting)
        if len(vehicles) < alike.consistent_cars:
            continue
        colours = np.array([colour_likelihood(v, alike) for v in vehicles])
        best = colours.argmax(axis=1)[colours.max(axis=1) > 1.0 + 1e-6]
        if (best[1:] == best[:-1]).all():
            continue
        share = colours / colours.sum(axis=1, keepdims=True)
        known_bits = log2(len(COLOUR_NAMES)) + (share * np.log2(np.maximum(share, 1e-12))).sum(axis=1)
        sure = sighting.grade == "detected"
        scores.append((sure, round(float(known_bits.sum()), 6), -k, k))
    return max(scores)[-1] if scores else None


def feasible(one: Stay, two: Stay, settings: JourneySettings) -> bool:
    """Return whether one train can have been at both places at all times it was seen there."""
    return all(_reachable(a, b, settings) for a in one.sightings for b in two.sightings)


def _reachable(one: Sighting, two: Sighting, settings: JourneySettings) -> bool:
    if one.acquired == two.acquired:
        return False
    hours = abs(hours_between(one.acquired, two.acquired))
    return one.distance_m(two) <= hours * settings.max_speed_kmh * 1000.0


def interleaved(one: Stay, two: Stay) -> bool:
    """Return whether one stay began before the other ended: then the first was not there all the time."""
    return one.last.acquired >= two.first.acquired and two.last.acquired >= one.first.acquired


def _apart_days(one: Stay, two: Stay) -> float:
    gap = max(
        hours_between(one.last.acquired, two.first.acquired),
        hours_between(two.last.acquired, one.first.acquired),
    )
    return gap / 24.0


def _hopeful(consists: Consists, pairs: list[Pair], made: int) -> list[Pair]:
    """Return the pairs to score in full."""
    settings = consists.settings
    level = min(settings.max_expected_false / max(len(pairs), made, 1), 1.0)
    needed = bits_for(level, consists.alike, settings.null_offset_max)
    if len(pairs) <= settings.score_all_up_to:
        return pairs
    read, gap = consists.read, settings.quick_gap_bits
    mix = record_mix([read[k] for k in sorted(read)])
    trains = list(read.values())
    own = dict(zip(read, quick_bits(trains, trains, mix, gap), strict=True))
    quick = quick_bits([read[i] for i, _ in pairs], [read[j] for _, j in pairs], mix, gap)
    limits = [
        max(needed + settings.quick_more_bits, settings.quick_share * min(own[i], own[j])) for i, j in pairs
    ]
    return [pair for pair, bits, low in zip(pairs, quick, limits, strict=True) if bits >= low]


def _judged(
    consists: Consists, pairs: list[Pair], impossible: Impossible, comparisons: int
) -> tuple[StayMatch, ...]:
    """Return every pair scored, with its probability under the record's null, and its verdict."""
    settings, alike, read = consists.settings, consists.alike, consists.read
    bits = scored([read[i] for i, _ in pairs], [read[j] for _, j in pairs], alike)
    alone = p_value(bits, alike)
    partners: dict[int, set[int]] = {}
    for (i, j), p in zip(pairs, alone, strict=True):
        if p * comparisons <= 1.0:
            partners.setdefault(i, set()).add(j)
            partners.setdefault(j, set()).add(i)
    offsets: dict[int, float | None] = {}

    def offset(k: int) -> float | None:
        if k not in offsets:
            others = [read[n] for n in read if n not in partners.get(k, set()) | {k}]
            offsets[k] = offset_bits(read[k], consists.chosen[k].key, others, settings, alike)
        return offsets[k]

    found = []
    for (i, j), value, p in zip(pairs, bits, alone, strict=True):
        best = float(p_value(value, alike, settings.null_offset_max))
        hope = best * comparisons <= settings.max_expected_false
        alike_others = hope and impossible.agree(
            {i, j} | partners.get(i, set()) | partners.get(j, set()), consists
        )
        numbers = [o for o in map(offset, (i, j)) if o is not None] if hope and not alike_others else []
        match = StayMatch(
            first=i,
            second=j,
            bits=float(value),
            p_value=float(p),
            p_alone=float(p),
            null="two trains",
            e_value=float(p) * comparisons,
            verdict="different" if value <= settings.different_bits else "not told apart",
            possible=consists.stays[i].possible or consists.stays[j].possible,
        )
        if len(numbers) == 2:
            p = float(p_value(value, alike, min(numbers)))
            match = replace(match, p_value=p, e_value=p * comparisons, null="record")
        match = withdrawn(match, comparisons) if alike_others else _with_verdict(match, consists)
        crowd = max(len(partners.get(k, ())) for k in (i, j))
        found.append(withdrawn(match, comparisons) if common(match, crowd, consists) else match)
    return tuple(found)


def _with_verdict(match: StayMatch, consists: Consists) -> StayMatch:
    """Return a pair with its verdict; the vehicles are aligned where it may be a match."""
    alike, chosen = consists.alike, consists.chosen
    if match.e_value > consists.settings.max_expected_false:
        return match
    answer = same_train(chosen[match.first].vehicles, chosen[match.second].vehicles, 1, alike)
    called = verdict_of(match.p_value, match.e_value, len(answer.aligned), answer.colour_changes, alike)
    verdict: MatchVerdict = match.verdict
    if called != "cannot be told":
        verdict = "same train" if called == "likely the same" and not match.possible else "could be"
    return replace(
        match,
        verdict=verdict,
        direction=answer.direction,
        aligned=answer.aligned,
        only_first=answer.only_first,
        only_second=answer.only_second,
        colour_changes=answer.colour_changes,
    )
