"""Is it the same train? Two consists compared as sequences, with the chance of a false match.

``same_train(first, second, comparisons=M)`` takes vehicles in order along their tracks, from any two scenes;
their posteriors ``types`` and ``colours`` are used where they are filled, else the names. A length outside
8-30 m (0, say) counts as not measured. M is how many pairs of trains were compared to find this one; both
directions are already in the p-value. Locomotives are left out. "Cannot be told" is not "another train".
Nothing here looks at dates or places: whether a train could have got there in time is the caller's to check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.alignment import best_path, cells, log2_ratio
from tumangang_watch.reidentify.model import Direction, Pair
from tumangang_watch.reidentify.vehicle_model import Chain, learn, likelihoods
from tumangang_watch.settings.reidentify import SameTrainSettings

Verdict = Literal["consistent with", "likely the same", "cannot be told"]
HEADS: dict[str, str] = {
    "likely the same": "Likely the same train",
    "consistent with": "Consistent with the same train",
    "cannot be told": "Whether it is the same train cannot be told",
}

LOCOMOTIVE_FROM = 0.5
"""Probability of a locomotive from which a vehicle is left out of the comparison."""


@dataclass(frozen=True, kw_only=True)
class SameTrain:
    """How well two consists agree, and how often unrelated ones would as well."""

    bits: float
    """log2 of the likelihood ratio of one train seen twice against two trains."""
    p_value: float
    """Probability of as many bits between two unrelated trains."""
    e_value: float
    """Expected number of such matches among the comparisons made: M times p."""
    verdict: Verdict
    direction: Direction = "same"
    """"reversed": the second train counted from its other end."""
    aligned: tuple[Pair, ...] = ()
    """Matched vehicles, in the order of the first train; indices of the tuples given."""
    colour_changes: int = 0
    """Changes of colour along the matched vehicles, as both trains show them."""
    only_first: tuple[int, ...]
    """Vehicles without a partner, locomotives left out."""
    only_second: tuple[int, ...]
    statement: str


def same_train(
    first: tuple[Vehicle, ...],
    second: tuple[Vehicle, ...],
    comparisons: int = 1,
    settings: SameTrainSettings | None = None,
) -> SameTrain:
    """Compare two consists in both directions.

    Parameters
    ----------
    first, second : tuple of Vehicle
        In order along their tracks.
    comparisons : int
        Pairs of trains that were compared in the search, 1 or more.

    Raises
    ------
    ValueError
        ``comparisons`` is below 1.
    """
    if comparisons < 1:
        raise ValueError(f"comparisons must be 1 or more, not {comparisons}")
    settings = settings or SameTrainSettings()
    ours, theirs = (
        [k for k, v in enumerate(t) if v.locomotive_chance() < LOCOMOTIVE_FROM] for t in (first, second)
    )
    if not ours or not theirs:
        return _unread(tuple(ours), tuple(theirs), comparisons)
    a = likelihoods(tuple(first[k] for k in ours), settings)[None]
    b = likelihoods(tuple(second[k] for k in theirs), settings)[None]
    chain = learn((a, b), settings)
    same, turned = _scores(a, b, chain, settings)
    bits, forward = float(_both_ways(same, turned, settings)[0]), bool(same[0] >= turned[0])
    path = best_path(cells(a, b if forward else b[:, ::-1], chain, settings), chain, settings)
    if not forward:
        path = tuple((i, len(theirs) - 1 - j) for i, j in path)
    changes = _changes(a[0], b[0], chain, path)
    p = float(p_value(np.array(bits), settings))
    verdict = verdict_of(p, p * comparisons, len(path), changes, settings)
    return SameTrain(
        bits=bits,
        p_value=p,
        e_value=p * comparisons,
        verdict=verdict,
        direction="same" if forward else "reversed",
        aligned=tuple((ours[i], theirs[j]) for i, j in path),
        colour_changes=changes,
        only_first=tuple(k for n, k in enumerate(ours) if n not in {i for i, _ in path}),
        only_second=tuple(k for n, k in enumerate(theirs) if n not in {j for _, j in path}),
        statement=f"{HEADS[verdict]}: {len(path)} wagons of {len(ours)} and {len(theirs)} agree in "
        f"{'' if forward else 'reverse '}order, with {changes} changes of colour; {p * comparisons:.2g} such "
        f"matches expected by chance (comparisons made: {comparisons}).",
    )


def _unread(ours: tuple[int, ...], theirs: tuple[int, ...], comparisons: int) -> SameTrain:
    return SameTrain(
        bits=0.0,
        p_value=1.0,
        e_value=float(comparisons),
        verdict="cannot be told",
        only_first=ours,
        only_second=theirs,
        statement="One of the trains shows no wagons: whether it is the same train cannot be told.",
    )


def score_batch(
    first: NDArray[np.float64], second: NDArray[np.float64], settings: SameTrainSettings
) -> NDArray[np.float64]:
    """Return the bits of many pairs at once: likelihoods (batch, n, ...) against (batch, m, ...)."""
    same, turned = _scores(first, second, learn((first, second), settings), settings)
    return _both_ways(same, turned, settings)


def _scores(
    first: NDArray[np.float64], second: NDArray[np.float64], chain: Chain, settings: SameTrainSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bits of a batch if both trains run the same way, and if the other way round.

    Each is the mean of reading both trains from the front and both from the back.
    """
    first, second = (np.concatenate([s, s[:, ::-1]]) for s in (first, second))
    batch = len(first) // 2
    ways = np.concatenate([first, first]), np.concatenate([second, np.roll(second, batch, axis=0)])
    chain = chain.repeated(4)
    bits = log2_ratio(cells(*ways, chain, settings), chain, settings).reshape(4, batch)
    return np.logaddexp2(bits[0], bits[1]) - 1, np.logaddexp2(bits[2], bits[3]) - 1


def _both_ways(
    same: NDArray[np.float64], turned: NDArray[np.float64], settings: SameTrainSettings
) -> NDArray[np.float64]:
    turn = settings.reversed_prior
    return np.asarray(np.logaddexp2(same + np.log2(1 - turn), turned + np.log2(turn)))


def p_value(
    bits: NDArray[np.float64], settings: SameTrainSettings, offset_bits: float | None = None
) -> NDArray[np.float64]:
    """Return an upper bound of the probability of so many bits between unrelated trains.

    An exponential tail: a likelihood ratio cannot fall off slower than one bit a bit (Markov's
    inequality), and the offset is measured: ``offset_bits``, or for any two trains that of the settings.
    Without a bit gained p is 1, whatever agrees: two trains of one colour agree in every vehicle.
    """
    gained = np.maximum(np.asarray(bits, float), 0.0)
    offset = settings.tail_offset_bits if offset_bits is None else offset_bits
    rise = max(offset + settings.tail_from_bits, 0.0) / settings.tail_from_bits
    strength = np.maximum(np.minimum(rise * gained, offset + gained), 0.0)
    return np.asarray(np.exp2(-np.minimum(strength, 1000.0)))


def bits_for(p: float, settings: SameTrainSettings, offset_bits: float) -> float:
    """Return the bits at which `p_value` comes down to ``p``."""
    strength = -float(np.log2(p))
    rise = (offset_bits + settings.tail_from_bits) / settings.tail_from_bits
    return max(strength / rise, strength - offset_bits, 0.0)


def _changes(a: NDArray[np.float64], b: NDArray[np.float64], chain: Chain, path: tuple[Pair, ...]) -> int:
    """Count changes of colour along a path, each vehicle's colour being what both readings favour."""
    both = np.array([(a[i] * b[j] * chain.mix[0]).sum(axis=0) for i, j in path])
    best = both.argmax(axis=1)
    return int((best[1:] != best[:-1]).sum())


def verdict_of(p: float, e: float, cars: int, changes: int, settings: SameTrainSettings) -> Verdict:
    """Return what a match with so many vehicles, changes of colour, p-value and E-value is called."""
    enough = cars >= settings.likely_cars and changes >= settings.likely_changes
    if enough and e <= settings.likely_e and p <= settings.likely_p:
        return "likely the same"
    some = cars >= settings.consistent_cars and changes >= settings.consistent_changes
    return "consistent with" if some and e <= settings.consistent_e else "cannot be told"
