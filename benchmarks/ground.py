"""Print how well cargo and growth are found on painted pairs whose frame is known.

``python -m benchmarks.ground --split validation --pairs 10`` paints pairs, brings them into the site's
frame by the painter's truth (so that registration plays no part), hands over the painted trains, and
runs the two ground detectors. Use ``--split train`` to calibrate settings, ``--replaced`` and
``--resized`` to judge what became of goods that others have replaced in their place, or that shrank.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely.ops import substring

from benchmarks.ground_scores import Score, calibrated, report, score_cargo, score_fates, score_growth
from tumangang_watch.change.cargo import compare_cargo
from tumangang_watch.detect.cargo.find import detect_cargo
from tumangang_watch.detect.ground.find import measure_handling
from tumangang_watch.grid import grid_over, pixel_size_for
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.image import frozen
from tumangang_watch.model.observation import DatePair as Two
from tumangang_watch.model.observation import Observation
from tumangang_watch.preprocess.quality import assess_quality
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_observation
from tumangang_watch.simulate.traffic import draw_cargo
from tumangang_watch.simulate.world import Block, footprint

if TYPE_CHECKING:
    from tumangang_watch.grid import Grid
    from tumangang_watch.simulate import Pair


def options_of(seed: int) -> dict[str, Any]:
    """Return what a pair of a seed shows: growth, another season, or no change."""
    each: tuple[dict[str, Any], ...] = (
        {"growth_m2": 300.0 + 100.0 * (seed % 7)},
        {"growth_m2": 0.0, "season_change": True},
        {"no_change": True},
    )
    return {"length_m": 250.0, **each[seed % 3]}


def observed(pair: Pair, index: int, grid: Grid) -> Observation:
    """Return a painted scene in the site's frame, on the grid, its quality judged."""
    painted = pair.earlier if index == 0 else pair.later
    exact = exact_observation(painted, "earlier" if index == 0 else "later", grid)
    scene = replace(exact.scene, id=f"{pair.seed}-{index}", bands={})
    quality = assess_quality(exact.raster, exact.image, scene, Settings().quality)
    return replace(exact, scene=scene, quality=quality)


def normalised(one: Observation, two: Observation) -> Observation:
    """Return the later date in the earlier one's radiometry."""
    from dataclasses import replace

    try:
        from tumangang_watch.preprocess.normalise import apply, normalise_pair
    except ImportError:
        both = one.raster.valid & two.raster.valid
        values = np.stack(
            [
                b * (np.median(a[both]) / max(float(np.median(b[both])), 1e-6))
                for a, b in zip(one.raster.values, two.raster.values, strict=True)
            ]
        )
        return replace(two, raster=replace(two.raster, values=frozen(values.astype(np.float32))))
    usable = one.quality.clear & two.quality.clear
    light = normalise_pair(one.raster, two.raster, usable, None, Settings().normalise)
    image = apply(light, two.image)
    return replace(two, image=image, raster=image.on_grid(two.raster.grid))


def painted_trains(pair: Pair, index: int) -> tuple[Detection, ...]:
    """Return the painted trains as if they had been detected."""
    date: Any = "earlier" if index == 0 else "later"
    out = []
    for k, train in enumerate(pair.days[index].trains, 1):
        line = substring(pair.world.track(train.track).line, train.from_m, train.to_m)
        body = line.buffer(1.6, cap_style="flat")
        out.append(
            Detection(
                id=f"{date}-train-{k}",
                date=date,
                kind="train",
                area="yard",
                geometry=body,
                confidence=0.9,
                grade="detected",
                observed_fraction=1.0,
                track=train.track,
            )
        )
    return tuple(out)


def with_small_goods(pair: Pair) -> Pair:
    """Return a pair with crates and heaps of 4 to 8 m2 among its other goods; empty aprons stay empty.

    The yard painter draws few of that size. Half of them stand on both dates.
    """
    from dataclasses import replace

    rng = np.random.default_rng([pair.seed, 77])
    extra: tuple[list[Block], list[Block]] = ([], [])
    for area in pair.world.site.having("apron"):
        held = [[footprint(b) for b in day.cargo] for day in pair.days]
        if not any(shape.intersects(area.polygon) for shapes in held for shape in shapes):
            continue
        taken = [shape.buffer(1.0) for shapes in held for shape in shapes]
        taken += [footprint(v).buffer(1.0) for day in pair.days for v in day.vehicles]
        for _ in range(4):
            block = _small(area.polygon, rng)
            shape = footprint(block)
            fits = area.polygon.buffer(-0.5).contains(shape) and not any(shape.intersects(t) for t in taken)
            if fits and 4.0 <= shape.area < 8.0:
                taken.append(shape.buffer(1.0))
                kept = (0, 1) if pair.options.no_change or rng.random() < 0.5 else (int(rng.integers(2)),)
                for k in kept:
                    extra[k].append(block)
    days = tuple(replace(d, cargo=(*d.cargo, *e)) for d, e in zip(pair.days, extra, strict=True))
    return replace(pair, days=days)


def _small(apron: Any, rng: np.random.Generator) -> Block:
    """Draw one small object somewhere on an apron."""
    from shapely import Point

    west, south, east, north = apron.bounds
    spot = next(
        (
            p
            for p in (Point(rng.uniform(west, east), rng.uniform(south, north)) for _ in range(80))
            if apron.contains(p)
        ),
        apron.representative_point(),
    )
    pile = bool(rng.random() < 0.4)
    size = float(rng.uniform(2.2, 3.8)), float(rng.uniform(1.9, 2.7))
    paint = str(
        rng.choice(
            ["coal", "soil", "timber", "gravel"]
            if pile
            else ["timber", "brown", "grey", "green", "blue", "red"]
        )
    )
    heading, tall = float(rng.uniform(0, 180)), float(rng.uniform(0.8, 2.2))
    return Block.at((spot.x, spot.y), heading, (*size, tall), paint, "pile" if pile else "flat")


def with_replaced_goods(pair: Pair, resized: bool = False) -> Pair:
    """Return a pair with more goods, half of which others replaced in their place, or shrank."""
    rng = np.random.default_rng([pair.seed, 79])
    cargo = pair.days[0].cargo
    for _ in range(3):
        cargo += draw_cargo(pair.world, rng, avoid=cargo)
    later: list[Block] = []
    for block in cargo:
        taken = [footprint(b).buffer(0.6) for b in (*cargo, *later) if b is not block]
        stays = rng.random() < 0.45
        share = float(rng.uniform(0.25, 0.6)) ** 0.5
        smaller = replace(block, length_m=block.length_m * share, width_m=block.width_m * share)
        other = block if stays else smaller if resized else _in_place_of(block, pair, taken, rng)
        later += [] if other is None else [other]
    days = (replace(pair.days[0], cargo=cargo), replace(pair.days[1], cargo=tuple(later)))
    return replace(pair, days=days)


def _in_place_of(block: Block, pair: Pair, taken: list[Any], rng: np.random.Generator) -> Block | None:
    """Draw goods of any kind about the middle of others; None where they have no room."""
    for _ in range(12):
        shift = rng.normal(0, 0.6, 2)
        for other in draw_cargo(pair.world, rng):
            moved = replace(other, x=block.x + float(shift[0]), y=block.y + float(shift[1]))
            shape = footprint(moved)
            aprons = (a.polygon.buffer(-0.5) for a in pair.world.site.having("apron"))
            if any(a.contains(shape) for a in aprons) and not any(shape.intersects(t) for t in taken):
                return moved
    return None


def run_pair(pair: Pair, score: Score) -> dict[str, Any]:
    """Run both detectors on one pair and add to the score."""
    settings = Settings()
    grid = grid_over(pair.world.site.bounds, pixel_size_for(pair.sensors[0].gsd_m), pair.world.site.crs)
    one, two = observed(pair, 0, grid), observed(pair, 1, grid)
    two = normalised(one, two)
    return judge((one, two), pair, score, settings)


def judge(
    dates: tuple[Observation, Observation], pair: Pair, score: Score, settings: Settings
) -> dict[str, Any]:
    """Run both detectors on two observed dates and add to the score."""
    site = pair.world.site
    trains = painted_trains(pair, 0) + painted_trains(pair, 1)
    found = detect_cargo(dates, site, trains, settings.cargo)
    for k in range(2):
        score_cargo(pair, k, found, score)
    score_fates(pair, compare_cargo(Two(*dates), found.detections, settings.change, trains), score)
    result = measure_handling(dates, site, trains, settings.handling)
    score_growth(pair, result, score)
    return {"dates": dates, "cargo": found, "handling": result}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--gsd", type=float, default=0.5)
    parser.add_argument("--product", default=None)
    parser.add_argument("--replaced", action="store_true", help="other goods come in the place of half")
    parser.add_argument("--resized", action="store_true", help="half of the goods shrink to a part")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--calibrate", action="store_true", help="also fit the confidence in goods")
    chosen = parser.parse_args()
    score = Score()
    for seed in split_seeds(chosen.split)[chosen.first : chosen.first + chosen.pairs]:
        pair = make_pair(seed, chosen.gsd, product=chosen.product, **options_of(seed))
        if chosen.replaced or chosen.resized:
            pair = with_replaced_goods(pair, chosen.resized)
        else:
            pair = with_small_goods(pair)
        run_pair(pair, score)
    if chosen.verbose:
        print("\n".join(score.notes))
    print(report(score))
    if chosen.calibrate:
        print(calibrated(score))


if __name__ == "__main__":
    main()
