"""Is it the same train? Two consists compared as sequences, with the chance of a false match.

::

    from tumangang_watch.confidence.same_train import same_train
    answer = same_train(first.rolling_stock, second.rolling_stock, comparisons=M)
    answer.verdict      # "likely the same", "consistent with" or "cannot be told"
    answer.e_value      # matches as good as this expected among M comparisons of unrelated trains
    answer.aligned      # ((index in first, index in second), ...): indices of the tuples given
    answer.direction    # "same" or "reversed": the second train counted from its other end
    answer.statement    # a sentence with the numbers, for people

``first`` and ``second`` are tuples of `Vehicle` in order along their tracks, from any two scenes; the
vehicles' posteriors ``types`` and ``colours`` are used where they are filled, else the names. A length
outside 8-30 m (0, say) counts as not measured. ``comparisons`` is M: how many pairs of trains were
compared to find this one; both directions are already in the p-value. Locomotives are left out.
"Cannot be told" is not "another train". Nothing here looks at dates or places: whether a train could
have got there in time is the caller's to check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.alignment import best_path, cells, log2_ratio
from tumangang_watch.reidentify.wagon_model import Chain, learn, likelihoods
from tumangang_watch.settings.reidentify import SameTrainSettings

Verdict = Literal["consistent with", "likely the same", "cannot be told"]
HEADS: dict[str, str] = {
    "likely the same": "Likely the same train",
    "consistent with": "Consistent with the same train",
    "cannot be told": "Whether it is the same train cannot be told",
}


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
    direction: Literal["same", "reversed"]
    aligned: tuple[tuple[int, int], ...]
    """Matched vehicles, in the order of the first train; indices of the tuples given."""
    colour_changes: int
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
    settings : SameTrainSettings, optional

    Returns
    -------
    SameTrain

    Raises
    ------
    ValueError
        ``comparisons`` is below 1.
    """
    if comparisons < 1:
        raise ValueError(f"comparisons must be 1 or more, not {comparisons}")
    settings = settings or SameTrainSettings()
    wagons = tuple([k for k, v in enumerate(t) if not is_locomotive(v)] for t in (first, second))
    if not wagons[0] or not wagons[1]:
        words = "One of the trains shows no wagons: whether it is the same train cannot be told."
        left = tuple(wagons[0]), tuple(wagons[1])
        return SameTrain(
            bits=0.0,
            p_value=1.0,
            e_value=float(comparisons),
            verdict="cannot be told",
            direction="same",
            aligned=(),
            colour_changes=0,
            only_first=left[0],
            only_second=left[1],
            statement=words,
        )
    a, b = (
        likelihoods(tuple(t[k] for k in chosen), settings)[None]
        for t, chosen in zip((first, second), wagons, strict=True)
    )
    bits, direction, path, changes = _align(a, b, settings)
    p = float(p_value(np.array(bits), settings))
    verdict = verdict_of(p, p * comparisons, len(path), changes, settings)
    aligned = tuple((wagons[0][i], wagons[1][j]) for i, j in path)
    matched = {i for i, _ in aligned}, {j for _, j in aligned}
    alone = [tuple(k for k in w if k not in m) for w, m in zip(wagons, matched, strict=True)]
    way = " in reverse order" if direction == "reversed" else " in order"
    words = (
        f"{HEADS[verdict]}: {len(path)} wagons of {len(wagons[0])} and {len(wagons[1])} agree{way}, with "
        f"{changes} changes of colour; {p * comparisons:.2g} such matches expected by chance "
        f"(comparisons made: {comparisons})."
    )
    return SameTrain(
        bits=bits,
        p_value=p,
        e_value=p * comparisons,
        verdict=verdict,
        direction=direction,
        aligned=aligned,
        colour_changes=changes,
        only_first=alone[0],
        only_second=alone[1],
        statement=words,
    )


def _align(
    a: NDArray[np.float64], b: NDArray[np.float64], settings: SameTrainSettings
) -> tuple[float, Literal["same", "reversed"], tuple[tuple[int, int], ...], int]:
    """Return the bits of both directions, the better direction, its matched wagons and colour changes."""
    chain = learn((a, b), settings)
    same, turned = _scores(a, b, chain, settings)
    bits = float(_both_ways(same, turned, settings)[0])
    forward = same[0] >= turned[0]
    path = best_path(cells(a, b if forward else b[:, ::-1], chain, settings), chain, settings)
    if not forward:
        path = tuple((i, b.shape[1] - 1 - j) for i, j in path)
    return bits, "same" if forward else "reversed", path, _changes(a[0], b[0], chain, path)


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
    """Return the bits of either direction, each with its prior."""
    turn = settings.reversed_prior
    return np.asarray(np.logaddexp2(same + np.log2(1 - turn), turned + np.log2(turn)))


def p_value(
    bits: NDArray[np.float64], settings: SameTrainSettings, offset_bits: float | None = None
) -> NDArray[np.float64]:
    """Return an upper bound of the probability of so many bits between unrelated trains.

    An exponential tail: a likelihood ratio cannot fall off slower than one bit a bit (Markov's
    inequality), and the offset is measured: ``offset_bits``, or for any two trains that of the settings.
    Without a bit gained p is 1, whatever agrees: two trains of one colour agree in every wagon.
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


def is_locomotive(vehicle: Vehicle) -> bool:
    """Return whether a vehicle is read as a locomotive."""
    return vehicle.type == "locomotive" or dict(vehicle.types).get("locomotive", 0.0) >= 0.5


def _changes(
    a: NDArray[np.float64], b: NDArray[np.float64], chain: Chain, path: tuple[tuple[int, int], ...]
) -> int:
    """Count changes of colour along a path, each wagon's colour being what both readings favour."""
    looks = np.array([(a[i] * b[j] * chain.mix[0]).sum(axis=0) for i, j in path])
    best = looks.argmax(axis=1)
    return int((best[1:] != best[:-1]).sum())


def verdict_of(p: float, e: float, cars: int, changes: int, settings: SameTrainSettings) -> Verdict:
    """Return what a match of so many wagons with so many changes of colour, p-value and E-value is called."""
    enough = cars >= settings.likely_cars and changes >= settings.likely_changes
    if enough and e <= settings.likely_e and p <= settings.likely_p:
        return "likely the same"
    some = cars >= settings.consistent_cars and changes >= settings.consistent_changes
    return "consistent with" if some and e <= settings.consistent_e else "cannot be told"
