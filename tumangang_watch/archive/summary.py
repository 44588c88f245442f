"""What stood in an area on a date, in one row: sums over its detections with 90 % intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from tumangang_watch.model.interval import Z90

Row = dict[str, Any]
TAIL = 0.05
EMPTY: Row = dict.fromkeys(
    (
        "trains",
        "trains_low",
        "trains_high",
        "cars",
        "cars_low",
        "cars_high",
        "uncounted",
        "length_m",
        "length_low_m",
        "length_high_m",
        "fill",
        "fill_low",
        "fill_high",
        "cargo",
        "cargo_low",
        "cargo_high",
        "cargo_m2",
        "cargo_low_m2",
        "cargo_high_m2",
        "worked_m2",
        "worked_low_m2",
        "worked_high_m2",
    )
)
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
    row = dict(EMPTY)
    row["trains"], row["trains_low"], row["trains_high"] = count(trains)
    row["cargo"], row["cargo_low"], row["cargo_high"] = count(cargo)
    row["uncounted"] = sum(d["cars"] is None for d in trains if d["grade"] == "detected")
    cars = total(trains, "cars")
    if row["uncounted"]:
        row["cars_low"] = cars[1]
    else:
        row["cars"], row["cars_low"], row["cars_high"] = cars
    lengths = total(trains, "length_m")
    row["length_m"], row["length_low_m"], row["length_high_m"] = lengths
    if observed_track_m:
        row["fill"], row["fill_low"], row["fill_high"] = (
            round(min(v / observed_track_m, 1.0), 5) for v in lengths
        )
    row["cargo_m2"], row["cargo_low_m2"], row["cargo_high_m2"] = total(cargo, "area_m2")
    if surfaces:
        row["worked_m2"], row["worked_low_m2"], row["worked_high_m2"] = total(surfaces, "area_m2")
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


def total(found: Sequence[Mapping[str, Any]], measure: str) -> tuple[float, float, float]:
    """Return the sum of a measure over what was detected, with its 90 % interval.

    Errors of measures are taken as independent and add in quadrature; so does the doubt whether a
    thing is real at all. What is only possible raises the upper bound by its expected amount.
    """
    estimate = below = above = beyond = 0.0
    for detection in found:
        value = detection[measure]
        if value is None:
            continue
        amount, confidence = float(value["estimate"]), float(detection["confidence"])
        doubt = Z90**2 * confidence * (1 - confidence) * amount**2
        if detection["grade"] == "detected":
            estimate += amount
            below += (amount - value["low"]) ** 2 + doubt
            above += (value["high"] - amount) ** 2
        else:
            beyond += confidence * amount
            above += doubt
    low, high = max(0.0, estimate - sqrt(below)), estimate + beyond + sqrt(above)
    return round(estimate, 3), round(low, 3), round(high, 3)
