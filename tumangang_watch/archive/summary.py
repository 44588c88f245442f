"""What stood in an area on a date, in one row: sums over its detections with 90 % intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tumangang_watch.model.interval import SHARED_AREA, Interval, Summand, total
from tumangang_watch.model.words import MEASURES

Row = dict[str, Any]
TAIL = 0.05


def ends_of(measure: str) -> tuple[str, str, str]:
    """Return the columns of a measure: its estimate and the ends of its interval."""
    stem, _, unit = measure.partition("_")
    tail = f"_{unit}" if unit else ""
    return measure, f"{stem}_low{tail}", f"{stem}_high{tail}"


EMPTY: Row = dict.fromkeys(("uncounted", *(name for measure in MEASURES for name in ends_of(measure))))
"""A date on which the area could not be observed: unknown, never zero."""


def summarise(found: Sequence[Mapping[str, Any]], observed_track_m: float | None) -> Row:
    """Return the row of an area that could be observed, at least in part.

    Parameters
    ----------
    found : list of dict
        The detections of ``report.json`` that lie in the area on this date.
    observed_track_m : float or None
        Length of its tracks that could be seen; None where the report does not say.
    """
    trains = [d for d in found if d["kind"] == "train"]
    cargo = [d for d in found if d["kind"] == "cargo"]
    surfaces = [d for d in found if d["kind"] == "handling_area" and d["area_m2"]]
    uncounted = sum(d["cars"] is None for d in trains if d["grade"] == "detected")
    cars, lengths = sum_of(trains, "cars"), sum_of(trains, "length_m")
    measured: dict[str, Sequence[float | None]] = {
        "trains": count(trains),
        "cargo": count(cargo),
        "cars": (None, cars[1], None) if uncounted else cars,
        "length_m": lengths,
        "cargo_m2": sum_of(cargo, "area_m2", SHARED_AREA),
    }
    if observed_track_m:
        measured["fill"] = [round(min(v / observed_track_m, 1.0), 5) for v in lengths]
    if surfaces:
        measured["worked_m2"] = sum_of(surfaces, "area_m2", SHARED_AREA)
    row = {**EMPTY, "uncounted": uncounted}
    for measure, values in measured.items():
        row |= zip(ends_of(measure), values, strict=True)
    return row


def vehicle_types(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many vehicles of each type the detected trains have."""
    types = Counter(v["type"] for d in found if d["grade"] == "detected" for v in d["rolling_stock"])
    return dict(sorted(types.items()))


def count(found: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
    """Return how many were detected, and the 5 % and 95 % quantiles of how many are real.

    Each is real with its confidence, independently: the number is Poisson-binomial. What is only
    possible counts for the interval, not for the estimate.
    """
    shares = [1.0]
    for found_one in found:
        p = float(found_one["confidence"])
        shares = [
            (shares[k] * (1 - p) if k < len(shares) else 0.0) + (shares[k - 1] * p if k else 0.0)
            for k in range(len(shares) + 1)
        ]
    detected = sum(d["grade"] == "detected" for d in found)
    low, high, below = None, 0, 0.0
    for k, share in enumerate(shares):
        below += share
        if low is None and below >= TAIL:
            low = k
        if below >= 1 - TAIL - 1e-12:
            high = k
            break
    return detected, min(low or 0, detected), max(high, detected)


def sum_of(
    found: Sequence[Mapping[str, Any]], measure: str, shared: float = 0.0
) -> tuple[float, float, float]:
    """Return the sum of a measure over what was detected, with its 90 % interval, as findings sum it.

    It holds errors of measures, given that the things are there; whether they are is in `count`.
    """
    parts = [
        Summand(
            value=Interval(*(float(d[measure][end]) for end in ("estimate", "low", "high"))),
            sure=d["grade"] == "detected",
            confidence=float(d["confidence"]),
        )
        for d in found
        if d[measure] is not None
    ]
    whole = total(parts, shared)
    return round(whole.estimate, 3), round(whole.low, 3), round(whole.high, 3)
