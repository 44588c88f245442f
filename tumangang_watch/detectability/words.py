"""What the trials of one date say of vehicles and goods that could be missed, in rows and sentences."""

from __future__ import annotations

from math import sqrt

import numpy as np

from tumangang_watch.detectability.rates import FoundRate
from tumangang_watch.detectability.run import Detectability
from tumangang_watch.model.document_trials import CargoRateDocument
from tumangang_watch.model.fill import CargoTrial, Fill
from tumangang_watch.model.interval import Z90

FEW = 4
"""Fewer trials of one kind say nothing."""


def cargo_rows(fill: tuple[Fill, ...], date: str) -> list[CargoRateDocument]:
    """Return what was tried on the aprons of a date, by size and brightness; of all aprons and of each."""
    here = [f for f in fill if f.date == date and f.trials]
    every = [t for f in here for t in f.trials]
    kinds = sorted({(t.size_m2, t.brightness) for t in every})
    anywhere = [_row(None, [t for t in every if (t.size_m2, t.brightness) == kind]) for kind in kinds]
    return anywhere + [_row(f.area, [t]) for f in here for t in f.trials]


def _row(area: str | None, trials: list[CargoTrial]) -> CargoRateDocument:
    found, tried = sum(t.found for t in trials), sum(t.tried for t in trials)
    low, high = wilson(found, tried)
    return {
        "area": area,
        "size_m2": trials[0].size_m2,
        "tone": trials[0].brightness,
        "trials": tried,
        "found": found,
        "rate": {"estimate": round(found / tried, 3), "low": round(low, 3), "high": round(high, 3)},
    }


def wilson(found: int, tried: int) -> tuple[float, float]:
    """Return the 90 % interval of a rate (Wilson 1927)."""
    p, z2 = found / tried, Z90**2
    middle = (p + z2 / (2 * tried)) / (1 + z2 / tried)
    half = Z90 / (1 + z2 / tried) * sqrt(p * (1 - p) / tried + z2 / (4 * tried**2))
    return max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p))


def cargo_statement(rows: list[CargoRateDocument]) -> str | None:
    """Return one sentence on what size of goods would have been found; None where nothing was tried."""
    anywhere = [r for r in rows if r["area"] is None]
    if not anywhere:
        return None
    parts = []
    for size in sorted({r["size_m2"] for r in anywhere}):
        own = [r for r in anywhere if r["size_m2"] == size]
        found, tried = sum(r["found"] for r in own), sum(r["trials"] for r in own)
        low, high = wilson(found, tried)
        parts.append(f"{size:.0f} m² in {100 * found / tried:.0f} % ({100 * low:.0f}-{100 * high:.0f})")
    tried = sum(r["trials"] for r in anywhere)
    text = f"Of {tried} simulated boxes 1.2 m high, added as a test to the aprons' empty ground, were found: "
    text += ", ".join(parts)
    enough = [r for r in anywhere if r["trials"] >= FEW]
    worst = min(enough, key=lambda r: (r["rate"]["estimate"], r["size_m2"]), default=None)
    if worst is not None and worst["rate"]["estimate"] < 1:
        share = 100 * worst["rate"]["estimate"]
        kind = f"toned {worst['tone']}" if worst["tone"].startswith("like") else worst["tone"]
        text += f"; missed most are those of {worst['size_m2']:.0f} m², {kind} ({share:.0f} % found)"
    return text + "."


SURE = 0.95
"""From this rate on nothing is said of a single kind of vehicle."""
MAX_TRACKS = 3
"""Tracks named one by one."""


def statements(result: Detectability) -> tuple[str, ...]:
    """Return what could have been missed on one date: the averages, the worst case, and what was not seen."""
    out = []
    if result.rates:
        anywhere = [r for r in result.rates if r.track is None]
        out.append(_overall(anywhere, sum(r.trials for r in anywhere)))
        out += [*_hardest(result.rates), *result.caveats]
    elif result.note:
        out.append(f"What could have been missed is not known: {result.note}.")
    hidden = [t for t in result.tracks if t.status == "not_observable"]
    if hidden:
        named = ", ".join(f"{t.track} ({'; '.join(t.reasons)})" for t in hidden)
        out.append(f"Not observable: {named}. Nothing is said of what stands there.")
    return tuple(out)


def _overall(rates: list[FoundRate], trials: int) -> str:
    single, cuts = ([r for r in rates if (r.specimen.cars == 1) is one] for one in (True, False))
    mean = [float(np.mean([r.rate.estimate for r in part])) for part in (single, cuts)]
    worst = min(single, key=lambda r: r.rate.estimate)
    text = (
        f"As a test, {trials} simulated vehicles and cuts were added to the empty tracks: single vehicles "
        f"were found in {percent(mean[0])} on average over types and tones, cuts of three in "
        f"{percent(mean[1])}"
    )
    if worst.rate.estimate < SURE:
        text += f"; hardest to find is {worst.specimen.words}: {share_of(worst)}"
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
        f"{r.specimen.words.capitalize()} on {r.track} would be found in {share_of(r)} of cases."
        for r in order[:MAX_TRACKS]
        if r.rate.estimate < SURE
    ]


def share_of(rate: FoundRate) -> str:
    """Return a rate with its 90 % interval."""
    return f"{percent(rate.rate.estimate)} ({100 * rate.rate.low:.0f}-{100 * rate.rate.high:.0f})"


def percent(share: float) -> str:
    """Return a share in percent, never a round 0 or 100 that trials cannot show."""
    return f"{np.clip(100 * round(share, 3), 1, 99):.0f} %"
