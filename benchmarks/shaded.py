"""Print what is told of goods whose place lies in a train's shadow on the other date.

``python -m benchmarks.shaded --split train --first 3000`` paints goods beside a train, and an earlier
winter day with the place in the train's shadow, with and without them: what is told, and the share of an
object's contrast that the earlier date shows in its place.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from shapely import LineString, Point
from shapely.ops import nearest_points, substring

from benchmarks.ground import normalised, observed, painted_trains
from tumangang_watch.change.cargo import compare_cargo
from tumangang_watch.detect.cargo.find import detect_cargo
from tumangang_watch.detect.shadows import swept
from tumangang_watch.grid import grid_over, pixel_size_for
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.traffic import make_train
from tumangang_watch.simulate.world import Block, footprint, shifted

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.simulate import Pair
    from tumangang_watch.simulate.world import Train

HEAPS, CRATES = (
    ("coal", "soil", "timber", "gravel"),
    ("timber", "brown", "grey", "green", "blue", "red", "white"),
)


def shaded_pair(seed: int, gsd_m: float, present: bool) -> Pair | None:
    """Return two winter days with a train beside an apron; goods in its shadow on the later or on both.

    None where a yard has no track beside an apron.
    """
    pair = make_pair(seed, gsd_m, length_m=220.0, no_change=True, season="winter", trains=(0, 0))
    rng = np.random.default_rng([seed, 991])
    aprons = pair.world.site.having("apron")
    near = [
        (a.polygon, t, t.line.intersection(a.polygon.buffer(9))) for a in aprons for t in pair.world.rails
    ]
    near = [n for n in near if n[2].length > 30 and n[1].line.distance(n[0]) < 7]
    if not near:
        return None
    apron, track, stretch = near[-1]
    middle = stretch.interpolate(stretch.length / 2)
    edge = nearest_points(middle, apron)[1]
    sun_deg = np.degrees(np.arctan2(middle.x - edge.x, middle.y - edge.y)) + rng.uniform(-35, 35)
    train = _train(track.id, track.line, track.line.project(middle), rng)
    days = [
        replace(
            day, trains=(train,) if k == 0 or rng.random() < 0.6 else (), cargo=(), vehicles=(), puddles=(),
            wetness=0.0, sun_azimuth_deg=float((sun_deg + rng.uniform(-12, 12)) % 360),
            sun_elevation_deg=float(rng.uniform(14, 30)),
        )
        for k, day in enumerate(pair.days)
    ]  # fmt: skip
    body = substring(track.line, train.from_m, train.to_m).buffer(1.5, cap_style="flat")
    shade = swept(body, days[0].sun_azimuth_deg, days[0].sun_elevation_deg, 3.6)
    goods = _goods(apron, shade.intersection(apron).difference(body.buffer(2.2)), track.line, rng)
    days[1] = replace(days[1], cargo=goods)
    days[0] = replace(days[0], cargo=goods if present else ())
    return replace(pair, days=tuple(days)) if goods else None


def _train(track: str, line: LineString, middle_m: float, rng: np.random.Generator) -> Train:
    kinds = [
        (str(rng.choice(["box", "container"])), str(rng.choice(["grey", "red", "blue"]))) for _ in range(4)
    ]
    train = make_train(track, 0.0, kinds, rng)
    return shifted(train, float(np.clip(middle_m - train.to_m / 2, 2, max(line.length - train.to_m - 2, 2))))


def _goods(
    apron: BaseGeometry, zone: BaseGeometry, line: LineString, rng: np.random.Generator
) -> tuple[Block, ...]:
    """Draw up to four objects of which at least half lies in a zone."""
    out: list[Block] = []
    along = np.subtract(line.coords[-1], line.coords[0])
    for _ in range(300 if zone.area > 15 else 0):
        spot = Point(rng.uniform(*zone.bounds[::2]), rng.uniform(*zone.bounds[1::2]))
        size = float(rng.uniform(3.5, 9)), float(rng.uniform(2.2, 3.8)), float(rng.uniform(0.9, 2.4))
        heading, heap = (
            float(np.degrees(np.arctan2(*along[:2])) + rng.normal(0, 6)),
            bool(rng.random() < 0.45),
        )
        paint = str(rng.choice(HEAPS if heap else CRATES))
        block = Block.at((spot.x, spot.y), heading, size, paint, "pile" if heap else "flat")
        shape = footprint(block)
        fits = zone.contains(spot) and apron.buffer(0.3).contains(shape)
        clear = all(shape.distance(footprint(b)) > 1.0 for b in out)
        if len(out) < 4 and fits and clear and shape.intersection(zone).area > 0.5 * shape.area:
            out.append(block)
    return tuple(out)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=17)
    parser.add_argument("--first", type=int, default=3000)
    parser.add_argument("--gsd", type=float, default=0.5)
    chosen = parser.parse_args()
    settings, counts = Settings(), dict[tuple[bool, str, str], int]()
    for seed in split_seeds(chosen.split)[chosen.first : chosen.first + chosen.pairs]:
        for present in (False, True):
            pair = shaded_pair(seed, chosen.gsd, present)
            if pair is None:
                continue
            site, pixel_m = pair.world.site, pixel_size_for(chosen.gsd)
            grid = grid_over(site.bounds, pixel_m, site.crs)
            one = observed(pair, 0, grid)
            dates = one, normalised(one, observed(pair, 1, grid))
            trains = painted_trains(pair, 0) + painted_trains(pair, 1)
            cargo = detect_cargo(dates, site, trains, settings.cargo).detections
            found = compare_cargo(DatePair(*dates), cargo, settings.change, trains)
            for item in (d for d in cargo if d.date == "later" and d.grade == "detected"):
                known = dict(item.evidence)
                told = [(f.change, f.grade) for f in found if item.id in (f.later, *f.members)]
                for change, grade in told:
                    counts[present, change, grade] = counts.get((present, change, grade), 0) + 1
                seen = " ".join(f"{n} {known.get(f'other_{n}')}" for n in ("goods", "shadow", "contrast"))
                print(f"{seed} {'there' if present else 'bare'}: {seen} told {told}")
    for (present, change, grade), count in sorted(counts.items()):
        print(f"{'there' if present else 'bare'} on the earlier date, told {change} ({grade}): {count}")


if __name__ == "__main__":
    main()
