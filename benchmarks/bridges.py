"""Score trains on painted bridges of every kind, empty and not, placed exactly.

``python -m benchmarks.bridges --split validation --bridges 40`` draws bridges with trusses over the track,
girders, open decks, viaducts and embankments, over water of every kind, at 0.3 to 1 m; detects on each
empty and with a train of one to ten vehicles, and prints how often something is `detected` where nothing
stands, and how often the train is found (half of its length or more) and counted within one. With
``--fitted`` each scene is displaced by up to 10 m and laid on its track by the fit; along the track, where
nothing tells, it stays exact.
``--motion`` lets trains of three and more vehicles stand or move at 20 to 60 km/h, and prints how often one
is said to move, how often its direction is right and its speed's interval holds.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.detect.trains.motion import flag_motion
from tumangang_watch.grid import grid_over
from tumangang_watch.preprocess.site_fit.fit import fit_to_site
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import set_in_motion, split_seeds
from tumangang_watch.simulate.exact import exact_image, exact_observation
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.places.bridges import draw_bridge, draw_day, draw_sensor

if TYPE_CHECKING:
    from tumangang_watch.grid import Grid
    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site
    from tumangang_watch.simulate.paint import PaintedScene
    from tumangang_watch.simulate.world import Train

DISPLACED_M = 10.0
"""Farthest that ``--fitted`` displaces a scene."""
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


def fitted(painted: PaintedScene, site: Site, grid: Grid, seed: int) -> Observation | None:
    """Return a scene displaced at random and laid across its track by the fit; None where that refuses."""
    rng = np.random.default_rng([seed, bool(painted.day.trains), 99])
    reach, angle = DISPLACED_M * rng.uniform() ** 0.5, rng.uniform(0, 2 * np.pi)
    error = reach * np.array([np.cos(angle), np.sin(angle)])
    west, south, east, north = grid.bounds
    centre = (west + east) / 2, (south + north) / 2
    image = exact_image(painted, centre, (-error[0], -error[1]))
    fit = fit_to_site((image,), site, grid, Settings().registration)
    if fit.status == "failed":
        return None
    ahead = np.diff(site.tracks[0].line.coords, axis=0)[0]
    left = np.array([-ahead[1], ahead[0]]) / np.hypot(*ahead)
    remains = left * (left @ (-np.array(fit.shift_m) - error))
    laid = exact_image(painted, centre, (float(remains[0]), float(remains[1])))
    return replace(exact_observation(painted, "later", grid), image=laid, raster=laid.on_grid(grid))


def motion(seeds: list[int], *, verbose: bool) -> None:
    """Print how often trains on bridges that move, and such that stand, are said to move."""
    settings = Settings()
    score: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in seeds:
        world, bridge = draw_bridge(seed)
        rng = np.random.default_rng([seed, 520])
        gsd_m, vehicles = float(rng.choice(GRAINS_M[:3])), int(rng.choice([3, 4, 5, 6, 8]))
        speed = float(rng.choice([-1, 1]) * rng.uniform(20, 60) / 3.6)
        gap_s = float(rng.uniform(0.1, 0.5))
        blue, green, red, nir = (float(t) for t in gap_s * rng.permutation(4))
        day = draw_day(world, bridge, vehicles, vehicles)
        if seed % 3:
            day = set_in_motion(day, day.trains[0].track, speed, (blue, green, red, nir))
        shift = tuple((float(a), float(b)) for a, b in rng.uniform(-0.3, 0.3, (4, 2)))
        painted = paint(world, day, replace(draw_sensor(seed, gsd_m), band_shift_px=shift), 1)
        seen = exact_observation(painted, "later", grid_over(world.bounds, gsd_m, world.site.crs))
        found = tuple(detected(detect_trains(seen, world.site, settings.trains)))
        found = flag_motion(seen, found, world.site, settings.motion, settings.trains)
        train = day.trains[0]
        for one in found:
            if not judge([one], train)[0]:
                continue
            evidence, row = dict(one.evidence), Counter({"standing": seed % 3 == 0, "moving": seed % 3 > 0})
            told = "band_offset_m" in evidence
            row["moving told" if seed % 3 else "standing told"] = told
            if told and seed % 3:
                ahead = np.diff(world.track(train.track).line.coords, axis=0)[0] * np.sign(speed)
                bearing = float(np.degrees(np.arctan2(*ahead)) % 360)
                off = abs((evidence.get("heading_deg", bearing + 180) - bearing + 180) % 360 - 180)
                row["right way"] = off < 90
                kmh = 3.6 * abs(speed)
                row["speed held"] = evidence["speed_kmh_low"] <= kmh <= evidence["speed_kmh_high"]
            score["all"] += row
            score[bridge.kind] += row
            if verbose:
                print(
                    seed, bridge.kind, bridge.water, gsd_m, round(3.6 * speed), gap_s, dict(row), flush=True
                )
    for name, s in sorted(score.items()):
        print(
            f"{name:>12}: moving {s['moving']}, told {s['moving told']}, right way {s['right way']}, "
            f"speed held {s['speed held']}; standing {s['standing']}, told to move {s['standing told']}"
        )


def main() -> None:
    """Print the scores by kind of bridge, by grain and in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="validation")
    parser.add_argument("--bridges", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--fitted", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--motion", action="store_true")
    chosen = parser.parse_args()
    seeds = split_seeds(chosen.split)[chosen.first : chosen.first + chosen.bridges]
    if chosen.motion:
        motion(list(seeds), verbose=chosen.verbose)
        return
    score: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in seeds:
        world, bridge = draw_bridge(seed)
        rng = np.random.default_rng([seed, 510])
        gsd_m, vehicles = float(rng.choice(GRAINS_M)), int(rng.choice([1, 2, 3, 4, 5, 6, 8, 10]))
        grid = grid_over(world.bounds, gsd_m, world.site.crs)
        group = "1-2 vehicles" if vehicles < 3 else "3-10 vehicles"
        names = ("all", bridge.kind, f"{gsd_m:g} m", group, bridge.water)
        for number in (0, vehicles):
            day = draw_day(world, bridge, number, number)
            painted = paint(world, day, draw_sensor(seed + number, gsd_m), number)
            if chosen.fitted:
                seen = fitted(painted, world.site, grid, seed)
            else:
                seen = exact_observation(painted, "later", grid)
            if seen is None:
                for name in names:
                    score[name] += Counter(refused=1)
                continue
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
            f"{s['trains']}: found {s['found']}, within one {s['near']}, others beside it {s['beside']}; "
            f"refused {s['refused']}"
        )


if __name__ == "__main__":
    main()
