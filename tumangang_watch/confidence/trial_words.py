"""What the trials of one date say, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tumangang_watch.confidence.detectability import Detectability
    from tumangang_watch.confidence.found_rate import FoundRate

SURE = 0.95
"""From this rate on nothing is said of a single kind of vehicle."""
MOST_TRACKS = 3
"""Tracks named one by one."""


def statements(result: Detectability) -> tuple[str, ...]:
    """Return what could have been missed on one date: the averages, the worst case, and what was not seen."""
    said = []
    if result.rates:
        anywhere = [r for r in result.rates if r.track is None]
        said.append(_overall(anywhere, sum(r.trials for r in anywhere)))
        said += _hardest(result.rates)
        said += result.caveats
    elif result.note:
        said.append(f"What could have been missed is not known: {result.note}.")
    hidden = [t for t in result.tracks if t.status == "not_observable"]
    if hidden:
        named = ", ".join(f"{t.track} ({'; '.join(t.reasons)})" for t in hidden)
        said.append(f"Not observable: {named}. Nothing is said of what stands there.")
    return tuple(said)


def _overall(rates: list[FoundRate], trials: int) -> str:
    single, cuts = ([r for r in rates if (r.specimen.cars == 1) is one] for one in (True, False))
    mean = [float(np.mean([r.rate.estimate for r in part])) for part in (single, cuts)]
    worst = min(single, key=lambda r: r.rate.estimate)
    text = (
        f"Of {trials} vehicles and cuts inserted on trial into the empty tracks: a single vehicle is found "
        f"in {percent(mean[0])} on average over types and tones, a cut of three in {percent(mean[1])}"
    )
    if worst.rate.estimate < SURE:
        text += f"; hardest to find is a {worst.specimen.words}: {share_of(worst)}"
    return text + "."


def _hardest(rates: tuple[FoundRate, ...]) -> list[str]:
    """Return the tracks on which a single vehicle is missed most, each with its worst case."""
    worst: dict[str, FoundRate] = {}
    for rate in rates:
        if rate.track is None or rate.specimen.cars > 1:
            continue
        if rate.track not in worst or rate.rate.estimate < worst[rate.track].rate.estimate:
            worst[rate.track] = rate
    order = sorted(worst.values(), key=lambda r: (r.rate.estimate, r.track or ""))
    return [
        f"A {r.specimen.words} on {r.track} would be found in {share_of(r)} of cases."
        for r in order[:MOST_TRACKS]
        if r.rate.estimate < SURE
    ]


def share_of(rate: FoundRate) -> str:
    """Return a rate with its 90 % interval."""
    return f"{percent(rate.rate.estimate)} ({100 * rate.rate.low:.0f}-{100 * rate.rate.high:.0f})"


def percent(share: float) -> str:
    """Return a share in percent, never a round 0 or 100 that trials cannot show."""
    return f"{np.clip(100 * round(share, 3), 1, 99):.0f} %"
