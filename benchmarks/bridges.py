"""Score trains on painted bridges of every kind, empty and not, placed exactly.

``python -m benchmarks.bridges --split validation --bridges 40`` draws bridges with trusses over the track,
girders, open decks, viaducts and embankments, over water of every kind, at 0.3 to 1 m; detects on each
empty and with a train of one to ten vehicles, and prints how often something is `detected` where nothing
stands, and how often the train is found (half of its length or more) and counted within one.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.grid import grid_over
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import split_seeds
from tumangang_watch.simulate.exact import exact_observation
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.places.bridges import draw_bridge, draw_day, draw_sensor

if TYPE_CHECKING:
    from tumangang_watch.model.detection import Detection
    from tumangang_watch.simulate.world import Train

GRAINS_M = (0.3, 0.5, 0.7, 1.0)


def detected(found: tuple[Detection, ...]) -> list[Detection]:
    """Return what is sure."""
    return [d for d in found if d.grade == "detected"]


def judge(found: list[Detection], train: Train) -> tuple[bool, bool, int]:
    """Return whether a train was found, counted within one, and how many others were found beside it."""

    def shared(d: Detection) -> float:
        return min(d.to_m or 0.0, train.to_m) - max(d.from_m or 0.0, train.from_m)

    over = [d for d in found if d.track == train.track and shared(d) > 0]
    best = max(over, key=shared, default=None)
    hit = best is not None and shared(best) >= 0.5 * (train.to_m - train.from_m)
    counted = best is not None and best.cars is not None
    near = hit and counted and abs(best.cars.estimate - len(train.cars)) <= 1  # type: ignore[union-attr]
    return hit, bool(near), len(found) - hit


def main() -> None:
    """Print the scores by kind of bridge, by grain and in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="validation")
    parser.add_argument("--bridges", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args()
    score: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in split_seeds(chosen.split)[chosen.first : chosen.first + chosen.bridges]:
        world, bridge = draw_bridge(seed)
        rng = np.random.default_rng([seed, 510])
        gsd_m, vehicles = float(rng.choice(GRAINS_M)), int(rng.choice([1, 2, 3, 4, 5, 6, 8, 10]))
        grid = grid_over(world.bounds, gsd_m, world.site.crs)
        group = "1-2 vehicles" if vehicles < 3 else "3-10 vehicles"
        names = ("all", bridge.kind, f"{gsd_m:g} m", group, bridge.water)
        for number in (0, vehicles):
            day = draw_day(world, bridge, number, number)
            painted = paint(world, day, draw_sensor(seed + number, gsd_m), number)
            seen = exact_observation(painted, "later", grid)
            found = detected(detect_trains(seen, world.site, Settings().trains))
            row = Counter(empty=1, false=len(found), alarmed=bool(found))
            if day.trains:
                hit, near, beside = judge(found, day.trains[0])
                row = Counter(trains=1, found=hit, near=near, beside=beside)
            for name in names:
                score[name] += row
            if chosen.verbose and (row["false"] or row["beside"] or (day.trains and not row["near"])):
                truth = [(t.track, round(t.from_m), round(t.to_m), len(t.cars)) for t in day.trains]
                said = [
                    (d.track, round(d.from_m or 0), round(d.to_m or 0), d.cars and d.cars.estimate)
                    for d in found
                ]
                print(
                    seed,
                    bridge.kind,
                    len(bridge.tracks_v),
                    bridge.water,
                    gsd_m,
                    round(day.snow_cover, 1),
                    truth,
                    said,
                    flush=True,
                )
    for name, s in sorted(score.items()):
        print(
            f"{name:>16}: empty {s['empty']}, alarmed {s['alarmed']} ({s['false']} trains); with a train "
            f"{s['trains']}: found {s['found']}, within one {s['near']}, others beside it {s['beside']}"
        )


if __name__ == "__main__":
    main()
