"""How well unrelated trains of a record match, and which matches say nothing for it.

A train is held against trains drawn from cuts of the record's other trains (a block bootstrap, so that runs
of like vehicles and the readings' own errors are kept) and against those other trains as they are. Unrelated
trains fall off by at least one bit a bit (`alignment`; ``benchmarks/same_train.py tail``), so a few
upper quantiles give a line ``-log2 p = offset + bits`` that bounds the tail.

Two trains seen at two places at one time are not one, however well they agree. Where such pairs agree like
one train, or many trains of few cuts agree with one another, agreement says little: matches are withdrawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log2

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.sightings import Sighting, Stay
from tumangang_watch.reidentify.alignment import quick_bits, record_mix
from tumangang_watch.reidentify.compare import same_train, score_batch
from tumangang_watch.reidentify.model import MATCHES, Pair, StayMatch
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings

ALIKE_TAIL_BITS = 8.0
"""Of n unrelated pairs hardly one reaches log2 n less so many bits, nor any bit at all: their tail lies lower
by 3 bits or more in each of 45 kinds (``benchmarks/same_train.py tail``)."""
MIN_CHECKED = 24
"""Impossible pairs scored as a check, those most alike, or a tenth of them if that is more."""


def offset_bits(
    train: NDArray[np.float64],
    key: str,
    others: Sequence[NDArray[np.float64]],
    settings: JourneySettings,
    alike: SameTrainSettings,
) -> float | None:
    """Return the offset of the tail of unrelated trains' bits against a train.

    Parameters
    ----------
    train : (vehicles, bodies, colours) array
        Likelihoods of its vehicles.
    key : str
        Names the train: the same key draws the same trains.
    others : sequence of (vehicles, bodies, colours) arrays
        The record's other trains, in a fixed order.
    settings, alike : JourneySettings, SameTrainSettings
        How much is drawn; how consists are compared.

    Returns
    -------
    float or None
        ``-log2 p`` is at least offset + bits; None where the record is too small to say.
    """
    vehicles = sum(len(o) for o in others)
    if len(others) < settings.null_pool_trains or vehicles < settings.null_pool_vehicles:
        return None
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    mix = record_mix([train, *others])
    drawn = _drawn(others, settings, np.random.default_rng(seed))
    bits = _upper_bits(train, drawn, mix, settings.null_scored, settings, alike)
    offset = upper_offset(bits, len(drawn), settings.null_tail)
    some = others[:: -(-len(others) // settings.null_others)]
    low, high = (min(len(some) - 1, round(share * len(some))) for share in settings.null_bulk)
    bits = _upper_bits(train, some, mix, high + 4, settings, alike)
    places = np.arange(low, high + 1)
    bulk = float((-np.log2((places + 1.0) / (len(some) + 1.0)) - bits[places]).min())
    return min(offset, bulk, settings.null_offset_max)


def upper_offset(bits: NDArray[np.float64], count: int, share: float) -> float:
    """Return the offset by the highest of unrelated pairs' bits.

    ``bits`` are the highest of ``count`` pairs, falling; ``share`` of the pairs speaks.
    """
    places = np.arange(max(1, min(len(bits), round(share * count))))
    return float((-np.log2((places + 2.0) / (count + 2.0)) - bits[places]).min())


def _upper_bits(
    train: NDArray[np.float64],
    others: Sequence[NDArray[np.float64]],
    mix: NDArray[np.float64],
    count: int,
    settings: JourneySettings,
    alike: SameTrainSettings,
) -> NDArray[np.float64]:
    """Return the bits of the trains most like a train, falling; the quick alignment says which those are."""
    quick = quick_bits([train] * len(others), others, mix, settings.quick_gap_bits)
    best = [others[k] for k in np.argsort(-quick, kind="stable")[:count]]
    return np.sort(scored([train] * len(best), best, alike))[::-1]


def _drawn(
    others: Sequence[NDArray[np.float64]], settings: JourneySettings, rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    """Return trains of the record's middle length put together from its cuts."""
    sizes = np.array([len(o) for o in others])
    length = int(np.median(sizes))
    made = np.empty((settings.null_trains, length, *others[0].shape[1:]))
    for train in made:
        filled = 0
        while filled < length:
            source = others[int(rng.choice(len(others), p=sizes / sizes.sum()))]
            cut = int(rng.geometric(1.0 / settings.null_cut_vehicles))
            start = int(rng.integers(len(source)))
            piece = source[start : start + min(cut, length - filled)]
            train[filled : filled + len(piece)] = piece[::-1] if rng.random() < 0.5 else piece
            filled += len(piece)
    return list(made)


def scored(
    first: Sequence[NDArray[np.float64]], second: Sequence[NDArray[np.float64]], alike: SameTrainSettings
) -> NDArray[np.float64]:
    """Return the bits of pairs of trains of any lengths; pairs of the same lengths are scored together."""
    groups: dict[tuple[int, int], list[int]] = {}
    for k, (a, b) in enumerate(zip(first, second, strict=True)):
        groups.setdefault((len(a), len(b)), []).append(k)
    bits = np.empty(len(first))
    for places in groups.values():
        for start in range(0, len(places), 64):
            part = places[start : start + 64]
            bits[part] = score_batch(
                np.stack([first[k] for k in part]), np.stack([second[k] for k in part]), alike
            )
    return bits


@dataclass(frozen=True, kw_only=True)
class Consists:
    """The consists that are compared, by stay."""

    stays: tuple[Stay, ...]
    chosen: dict[int, Sighting]
    read: dict[int, NDArray[np.float64]]
    """Likelihoods of the vehicles, (vehicles, bodies, colours)."""
    settings: JourneySettings
    alike: SameTrainSettings


@dataclass(frozen=True)
class Impossible:
    """Pairs that cannot be one train: how well unrelated trains of this record agree at best."""

    pairs: tuple[Pair, ...]
    bits: NDArray[np.float64]
    """Of each pair; NaN where the quick alignment leaves it far behind the others."""

    def look_alikes(self) -> tuple[Pair, ...]:
        """Return the pairs that agree better than trains with nothing in common ever do."""
        limit = max(log2(max(len(self.pairs), 1)) - ALIKE_TAIL_BITS, 0.0)
        return tuple(pair for pair, bits in zip(self.pairs, self.bits, strict=True) if bits >= limit)

    def agree(self, family: set[int], consists: Consists) -> bool:
        """Return whether those with one of these trains agree better than unrelated trains ever do."""
        own = [k for k, pair in enumerate(self.pairs) if family & set(pair)]
        bits = self.bits[own]
        bits = np.sort(bits[~np.isnan(bits)])[::-1]
        settings = consists.settings
        return bool(
            len(bits) and upper_offset(bits, len(own), settings.null_tail) < settings.null_alike_offset
        )


def score_impossible(consists: Consists, pairs: list[Pair]) -> Impossible:
    """Score the pairs that cannot be one train, those most alike in full."""
    bits = np.full(len(pairs), np.nan)
    if pairs:
        read = consists.read
        mix = record_mix([read[k] for k in sorted(read)])
        one, two = [read[i] for i, _ in pairs], [read[j] for _, j in pairs]
        quick = quick_bits(one, two, mix, consists.settings.quick_gap_bits)
        best = np.argsort(-quick, kind="stable")[: max(MIN_CHECKED, len(pairs) // 10)]
        bits[best] = scored([one[k] for k in best], [two[k] for k in best], consists.alike)
    return Impossible(tuple(pairs), bits)


def withdrawn(match: StayMatch, comparisons: int) -> StayMatch:
    """Return a match of which nothing is made."""
    return replace(match, p_value=1.0, e_value=float(comparisons), verdict="not told apart")


def common(match: StayMatch, partners: int, consists: Consists) -> bool:
    """Return whether a match is of a train of few cuts with which many others agree.

    These may be one train seen often, or many trains made up of the same few cuts.
    """
    few = match.colour_changes < consists.alike.likely_changes
    return match.verdict in MATCHES and few and partners >= consists.settings.crowd


def doubted(
    consists: Consists, matches: tuple[StayMatch, ...], look_alikes: tuple[Pair, ...], comparisons: int
) -> tuple[StayMatch, ...]:
    """Return the pairs of a record that holds look-alikes.

    Two that cannot be one train and agree all the same have so many changes of colour: matches that rest on
    no more than one beyond that are withdrawn. No match is called sure.
    """
    chosen = consists.chosen
    changes = max(
        same_train(chosen[i].vehicles, chosen[j].vehicles, 1, consists.alike).colour_changes
        for i, j in look_alikes
    )
    found = []
    for match in matches:
        if match.verdict in MATCHES and match.colour_changes <= changes + 1:
            match = withdrawn(match, comparisons)
        elif match.verdict == "same train":
            match = replace(match, verdict="could be")
        found.append(match)
    return tuple(found)
