"""Calibrate what counts as "the same" between two dates, on painted train seeds in exact registration.

``python -m benchmarks.change --split train --pairs 12`` prints, for places that did not change and for
places that did, the distribution of the pixel similarity and of the step in colour between pieces of wagons.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from shapely.ops import substring

from tumangang_watch.change.profiles import (
    body_place,
    body_profile,
    pair_scale,
    piece_distances,
    pixel_similarity,
)
from tumangang_watch.grid import grid_over
from tumangang_watch.model.detection import Detection, Vehicle
from tumangang_watch.model.interval import Interval
from tumangang_watch.settings.change import ChangeSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_observation


def detection(train: Any, date: Any, line: Any) -> Detection:
    """Return a perfect detection of a painted train."""
    stock = tuple(
        Vehicle(from_m=c.from_m, to_m=c.to_m, type=c.type, colour=c.colour, confidence=1.0)
        for c in train.cars
    )
    length = train.to_m - train.from_m
    return Detection(
        id=f"{date}-{train.track}-{train.from_m:.0f}",
        date=date,
        kind="train",
        area=None,
        geometry=substring(line, train.from_m, train.to_m).buffer(1.6),
        confidence=1.0,
        grade="detected",
        observed_fraction=1.0,
        track=train.track,
        from_m=train.from_m,
        to_m=train.to_m,
        length_m=Interval(length, length, length),
        rolling_stock=stock,
    )


def measure(seed: int, gsd_m: float, rows: dict[str, list[float]], **options: Any) -> None:
    """Add one pair's similarities to the table."""
    pair = make_pair(seed, gsd_m, **options)
    west, south, east, north = pair.world.site.bounds
    grid = grid_over(
        (west - 20, south - 20, east + 20, north + 20), 0.5 if gsd_m >= 0.45 else 0.25, pair.world.site.crs
    )
    one = exact_observation(pair.earlier, "earlier", grid)
    two = exact_observation(pair.later, "later", grid)
    light = pair_scale(one, two, ChangeSettings())
    lines = {t.id: t.line for t in pair.world.site.tracks}
    for day, other, date in ((pair.days[0], pair.days[1], "earlier"), (pair.days[1], pair.days[0], "later")):
        for train in day.trains:
            place = body_place(lines[train.track], train.from_m, train.to_m)
            alike = pixel_similarity(one, two, place)
            kept = any(
                t.track == train.track and t.from_m == train.from_m and t.cars == train.cars
                for t in other.trains
            )
            free = not any(
                t.track == train.track and t.from_m < train.to_m and t.to_m > train.from_m
                for t in other.trains
            )
            if alike is not None:
                rows[
                    "similarity, same train"
                    if kept
                    else "similarity, train and empty"
                    if free
                    else "similarity, other train"
                ].append(alike)
            if date == "earlier":
                for candidate in other.trains:
                    if candidate.track == train.track and len(candidate.cars) == len(train.cars):
                        same = candidate.cars == train.cars or [c.colour for c in candidate.cars] == [
                            c.colour for c in train.cars
                        ]
                        line, half = lines[train.track], (train.to_m - train.from_m) / 2
                        middle = (candidate.from_m + candidate.to_m) / 2
                        a = body_profile(one, line, (train.from_m, train.to_m), light)
                        b = body_profile(two, line, (middle - half, middle + half), light)
                        steps, _ = piece_distances(a, b, ChangeSettings())
                        rows["piece step, same" if same else "piece step, other"] += steps.tolist()


def main() -> None:
    """Print quantiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--gsd", type=float, default=0.5)
    arguments = parser.parse_args()
    names = (
        "similarity, same train",
        "similarity, train and empty",
        "similarity, other train",
        "piece step, same",
        "piece step, other",
    )
    rows: dict[str, list[float]] = {name: [] for name in names}
    for seed in split_seeds(arguments.split)[: arguments.pairs]:
        measure(seed, arguments.gsd, rows)
        measure(seed + 5000, arguments.gsd, rows, no_change=True)
    for name, values in rows.items():
        quantiles = np.quantile(values, (0.02, 0.1, 0.5, 0.9, 0.98)).round(2).tolist() if values else []
        print(f"{name:28} n={len(values):4}  2/10/50/90/98 %: {quantiles}")


if __name__ == "__main__":
    main()
