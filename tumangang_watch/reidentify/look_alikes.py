"""Trains made up alike: matches that say nothing in such a record are withdrawn.

Two trains seen at two places at one time are not one, however well they agree. Where such pairs agree like
one train, or many trains of few cuts agree with one another, agreement says little.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log2

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.sightings import Sighting, Stay
from tumangang_watch.reidentify.compare import same_train
from tumangang_watch.reidentify.model import MATCHES, Pair, StayMatch
from tumangang_watch.reidentify.null_model import scored, upper_offset
from tumangang_watch.reidentify.prefilter import quick_bits, record_mix
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings

ALIKE_TAIL_BITS = 8.0
"""Of n unrelated pairs hardly one reaches log2 n less so many bits, nor any bit at all: their tail lies lower
by 3 bits or more in each of 45 kinds (``benchmarks/same_train.py tail``)."""
MIN_CHECKED = 24
"""Impossible pairs scored as a check, those most alike, or a tenth of them if that is more."""


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
