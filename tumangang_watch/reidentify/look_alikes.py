"""Trains made up alike: what pairs that cannot be one train, and crowds that agree, take from a match.

Two trains seen at two places at one time are not one, however well they agree. Where such pairs agree like
one train, agreement says little in this record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import factorial, log2

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.reidentify.compare import p_value, same_train
from tumangang_watch.reidentify.model import Seen, Sighting, TrainStay
from tumangang_watch.reidentify.null_model import scored, upper_offset
from tumangang_watch.reidentify.prefilter import quick_bits, record_mix
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings

MATCHES = ("same train", "could be")
ALIKE_TAIL_BITS = 8.0
"""Of n unrelated pairs hardly one reaches log2 n less so many bits, nor any bit at all: their tail lies lower
by 3 bits or more in each of 45 kinds (``benchmarks/same_train.py tail``)."""
FEWEST_CHECKED = 24
"""Impossible pairs scored as a check, those most alike, or a tenth of them if that is more."""


@dataclass(frozen=True, kw_only=True)
class Consists:
    """The consists that are compared, by stay."""

    stays: tuple[TrainStay, ...]
    chosen: dict[int, Sighting]
    read: dict[int, NDArray[np.float64]]
    settings: JourneySettings
    alike: SameTrainSettings

    def others(self, but: set[int]) -> list[NDArray[np.float64]]:
        """Return the consists of all stays but some."""
        return [self.read[k] for k in self.read if k not in but]


@dataclass(frozen=True)
class Impossible:
    """Pairs that cannot be one train: how well unrelated trains of this record agree at best."""

    pairs: tuple[tuple[int, int], ...]
    bits: NDArray[np.float64]
    """Of each pair; NaN where the quick alignment leaves it far behind the others."""

    def alike(self) -> tuple[tuple[int, int], ...]:
        """Return the pairs that agree better than trains with nothing in common ever do."""
        least = max(log2(max(len(self.pairs), 1)) - ALIKE_TAIL_BITS, 0.0)
        return tuple(pair for pair, bits in zip(self.pairs, self.bits, strict=True) if bits >= least)

    def of(self, family: set[int]) -> tuple[NDArray[np.float64], int]:
        """Return the bits of the pairs that some of these trains take part in, falling, and their number."""
        own = [k for k, pair in enumerate(self.pairs) if family & set(pair)]
        bits = self.bits[own]
        return np.sort(bits[~np.isnan(bits)])[::-1], len(own)


def order_p(match: Seen, crowd: int, consists: Consists) -> float:
    """Return the least probability of a match of a train of few cuts that many others match as well.

    These may be one train seen often, or many trains made up of the same few cuts: a train as common as
    that would have its cuts in the same order by chance in one of so many orders.
    """
    few = match.colour_changes < consists.alike.likely_changes
    if match.verdict not in MATCHES or crowd < consists.settings.crowd or not few:
        return 0.0
    orders = max(factorial(match.colour_changes + 1) / 2, 1.0)
    return (crowd + 1.0) / (len(consists.read) + 1.0) / orders


def at_least(match: Seen, p: float, consists: Consists, comparisons: int) -> Seen:
    """Return a match with its probability raised to at least ``p``, and what that leaves of its verdict."""
    if p <= match.p_value:
        return match
    e, verdict = p * comparisons, match.verdict
    if verdict == "same train" and (e > consists.alike.likely_e or p > consists.alike.likely_p):
        verdict = "could be"
    if e > consists.settings.max_expected_false:
        verdict = "not told apart"
    return replace(match, p_value=p, e_value=e, verdict=verdict)


def doubted(
    consists: Consists,
    seen: tuple[Seen, ...],
    impossible: Impossible,
    alike_pairs: tuple[tuple[int, int], ...],
    comparisons: int,
) -> tuple[Seen, ...]:
    """Return the pairs with what trains made up alike take from them.

    Two that cannot be one train and agree all the same have so many changes of colour: matches that rest on
    no more than one beyond that are as likely by chance as such pairs are. No match is called sure.
    """
    chosen, alike = consists.chosen, consists.alike
    changes = [
        same_train(chosen[i].vehicles, chosen[j].vehicles, 1, alike).colour_changes for i, j in alike_pairs
    ]
    bits, count = impossible.of(set(chosen))
    out = []
    for pair in seen:
        if pair.verdict not in MATCHES:
            out.append(pair)
        elif pair.colour_changes <= max(changes) + 1:
            share = (float((bits >= pair.bits).sum()) + 1.0) / (count + 1.0)
            out.append(at_least(pair, share, consists, comparisons))
        else:
            out.append(pair)
    out = [replace(s, verdict="could be") if s.verdict == "same train" else s for s in out]
    return tuple(out)


def alike_p(value: float, impossible: tuple[NDArray[np.float64], int], consists: Consists) -> float:
    """Return the least probability that pairs which cannot be one train allow for so many bits.

    It is 0 unless these agree better than trains with nothing in common ever do. Then trains are made up
    alike, how their bits fall off is not known, and no match is surer than one in the number of those pairs.
    """
    bits, count = impossible
    settings = consists.settings
    if not len(bits):
        return 0.0
    offset = upper_offset(bits, count, settings.null_tail)
    if offset >= settings.null_alike_offset:
        return 0.0
    share = (float((bits >= value).sum()) + 1.0) / (count + 1.0)
    return max(float(p_value(np.array(value), consists.alike, offset)), share)


def score_impossible(consists: Consists, pairs: list[tuple[int, int]]) -> Impossible:
    """Score the pairs that cannot be one train, those most alike in full."""
    bits = np.full(len(pairs), np.nan)
    if pairs:
        read, settings = consists.read, consists.settings
        mix = record_mix([read[k] for k in sorted(read)])
        one, two = [read[i] for i, _ in pairs], [read[j] for _, j in pairs]
        quick = quick_bits(one, two, mix, settings.quick_gap_bits)
        best = np.argsort(-quick, kind="stable")[: max(FEWEST_CHECKED, len(pairs) // 10)]
        bits[best] = scored([one[k] for k in best], [two[k] for k in best], consists.alike)
    return Impossible(tuple(pairs), bits)
