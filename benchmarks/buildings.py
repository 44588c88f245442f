"""Are new buildings inside a handling polygon told, and only those?

``python -m benchmarks.buildings --split test --pairs 12`` adds a flat roof of 120 to 420 m2, 3 to 8 m high,
to the later date of every other painted pair (0.5 m, in the site's frame) and prints how many are told.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.ground import normalised, observed, painted_trains
from tumangang_watch.detect.ground.find import measure_handling
from tumangang_watch.grid import grid_over, pixel_size_for
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import Pair, make_pair, split_seeds
from tumangang_watch.simulate.world import Block, footprint

GSD_M = 0.5


def with_building(pair: Pair) -> tuple[Pair, Block] | None:
    """Return the pair with a new roof on its later date, off the aprons; None where there is no room."""
    site, rng = pair.world.site, np.random.default_rng([pair.seed, 5])
    polygon = site.having("handling")[0].polygon
    aprons = [a.polygon for a in site.having("apron")]
    west, south, east, north = polygon.bounds
    for _ in range(300):
        size = float(rng.uniform(14, 30)), float(rng.uniform(9, 14)), float(rng.uniform(3, 8))
        paint = str(rng.choice(["grey", "blue", "red", "light_grey"]))
        spot = float(rng.uniform(west, east)), float(rng.uniform(south, north))
        block = Block.at(spot, float(rng.uniform(0, 180)), size, paint)
        shape = footprint(block)
        if polygon.buffer(-3).contains(shape) and all(shape.distance(a) > 5 for a in aprons):
            later = replace(pair.days[1], cargo=(*pair.days[1].cargo, block))
            return replace(pair, days=(pair.days[0], later)), block
    return None


def main() -> None:
    """Print a line a pair that tells a building or has one, then the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=12, help="pairs with a building, and as many without")
    parser.add_argument("--first", type=int, default=500)
    arguments = parser.parse_args()
    settings, told, there, false, quiet, off = Settings(), 0, 0, 0, 0, []
    for number, seed in enumerate(split_seeds(arguments.split)[arguments.first :][: 2 * arguments.pairs]):
        pair = make_pair(seed, GSD_M, season_change=seed % 3 == 0)
        built = with_building(pair) if number % 2 else None
        pair = built[0] if built else pair
        site = pair.world.site
        grid = grid_over(site.bounds, pixel_size_for(GSD_M), site.crs)
        one = observed(pair, 0, grid)
        dates = one, normalised(one, observed(pair, 1, grid))
        trains = painted_trains(pair, 0) + painted_trains(pair, 1)
        said = [
            w for c in measure_handling(dates, site, trains, settings.handling).growth for w in c.buildings
        ]
        there, quiet = there + bool(built), quiet + (not built)
        if built:
            told += any("is new" in w for w in said)
            heights = [float(w.split("about ")[1].split()[0]) for w in said if "is new" in w]
            off += [built[1].height_m - max(heights)] if heights else []
        false += len(said) - bool(built and any("is new" in w for w in said))
        if said or built:
            print(seed, f"{built[1].height_m:.1f} m high" if built else "none", "|", "; ".join(said) or "-")
    print(f"{told} of {there} buildings told; {false} false in {there + quiet} pairs, {quiet} without one")
    if off:
        worst = max(map(abs, off))
        print(f"height said {np.median(off):.1f} m too low in the median, {worst:.1f} m off at most")


if __name__ == "__main__":
    main()
