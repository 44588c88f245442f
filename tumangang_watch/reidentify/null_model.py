"""How well unrelated trains of a record match: its own colours, types and cuts, not a flat model.

A train is held against trains drawn from cuts of the record's other trains (a block bootstrap, so that runs
of like vehicles and the readings' own errors are kept) and against those other trains as they are. Unrelated
trains fall off by at least one bit a bit (`alignment`; ``benchmarks/same_train.py tail``), so a few
upper quantiles give a line ``-log2 p = offset + bits`` that bounds the tail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.reidentify.compare import score_batch
from tumangang_watch.reidentify.prefilter import quick_bits, record_mix
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings


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
