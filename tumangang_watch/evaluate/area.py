"""Area from a map and an analyst's reference points (Olofsson et al. 2013, 2014).

The map decides where points are drawn; the points decide how large the area is. Stratified estimator:
``p = sum_i W_i n_i1 / n_i`` with variance ``sum_i W_i^2 p_i (1 - p_i) / (n_i - 1)``, where stratum ``i``
has the share ``W_i`` of the ground and ``n_i1`` of its ``n_i`` points are of the class.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from shapely import contains_xy, prepare
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.interval import Z90, Interval

FEW_POINTS = 50
"""Fewer points in the stratum of change make a wide interval (Olofsson et al. 2014, section 5.1)."""
MOST_TRIES = 100_000


@dataclass(frozen=True)
class Tally:
    """What an analyst said of one stratum's points."""

    stratum: str
    area_m2: float
    points: int
    of_class: int
    """Points at which the class is really there."""


@dataclass(frozen=True, kw_only=True)
class AdjustedArea:
    """The area of a class, corrected for the map's errors."""

    area_m2: Interval
    mapped_m2: float
    users_accuracy: float
    """Share of the mapped class that is right."""
    producers_accuracy: float
    """Share of the class that the map holds."""
    caveats: tuple[str, ...]


def draw_points(
    polygon: BaseGeometry, count: int, rng: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    """Draw points evenly at random inside a polygon.

    Returns
    -------
    tuple of (x, y)
        Fewer than ``count`` only for an empty or degenerate polygon.
    """
    if polygon.is_empty or polygon.area <= 0:
        return ()
    prepare(polygon)
    west, south, east, north = polygon.bounds
    points: list[tuple[float, float]] = []
    for _ in range(MOST_TRIES // 1000):
        x, y = rng.uniform(west, east, 1000), rng.uniform(south, north, 1000)
        inside = contains_xy(polygon, x, y)
        points += [(float(a), float(b)) for a, b in zip(x[inside], y[inside], strict=True)]
        if len(points) >= count:
            break
    return tuple(points[:count])


def adjusted_area(tallies: tuple[Tally, ...], mapped: str) -> AdjustedArea:
    """Return the error-adjusted area of a class with its 90 % interval.

    Parameters
    ----------
    tallies : tuple of Tally
        One for each stratum of the map, together all the ground.
    mapped : str
        The stratum that the map calls the class.

    Raises
    ------
    ValueError
        A stratum has fewer than two labelled points, or no ground.
    """
    total = sum(t.area_m2 for t in tallies)
    if total <= 0:
        raise ValueError("the strata have no area")
    for tally in tallies:
        if tally.points < 2:
            raise ValueError(f"stratum {tally.stratum} has {tally.points} labelled points; two are needed")
    shares = {t.stratum: t.area_m2 / total for t in tallies}
    found = {t.stratum: shares[t.stratum] * t.of_class / t.points for t in tallies}
    part = sum(found.values())
    variance = 0.0
    for tally in tallies:
        # With none or all of the class a sample says little of its spread: Jeffreys' half point.
        p = tally.of_class / tally.points
        if p in (0.0, 1.0):
            p = (tally.of_class + 0.5) / (tally.points + 1)
        variance += shares[tally.stratum] ** 2 * p * (1 - p) / (tally.points - 1)
    half = Z90 * sqrt(variance) * total
    own = next(t for t in tallies if t.stratum == mapped)
    caveats = []
    if own.points < FEW_POINTS:
        caveats.append(f"only {own.points} points in the mapped class; {FEW_POINTS} or more are advised")
    estimate = min(part, 1.0) * total
    return AdjustedArea(
        area_m2=Interval(estimate, max(0.0, estimate - half), min(total, estimate + half)),
        mapped_m2=own.area_m2,
        users_accuracy=own.of_class / own.points,
        producers_accuracy=found[mapped] / part if part > 0 else 1.0,
        caveats=tuple(caveats),
    )
