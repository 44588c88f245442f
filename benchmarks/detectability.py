"""Is what the report says could have been missed true? Predicted against true found rates.

``python -m benchmarks.detectability --split test --scenes 40`` paints yards with single vehicles and cuts of
three on their tracks, lets the program predict from insertions into the empty track how often each would be
found, and compares that with what the detector finds of the painted ones: a reliability table, the expected
calibration error (ECE), and rates by resolution, type and tone.

``--calibrate`` (on train seeds) fits the map ``a + b x`` of log-odds and prints it for the settings.
``--rows FILE`` keeps every vehicle as a JSON line and takes up where an earlier run stopped; ``--cache
FOLDER`` keeps the painted scenes, for another detector or other trials.
"""

from __future__ import annotations

import argparse
import json
import pickle
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability import reliability_table
from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.detectability.insert import BRIGHTNESS_OF, LOAD_BRIGHTNESS
from tumangang_watch.detectability.plan import SPECIMENS
from tumangang_watch.detectability.rates import TrialOutcome, expit
from tumangang_watch.errors import NotComparable, WatchError
from tumangang_watch.grid import grid_over, pixel_size_for
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline import RunContext
from tumangang_watch.pipeline.prepare import observe, read_image, working_grid
from tumangang_watch.pipeline.trials import try_date
from tumangang_watch.preprocess.site_fit.fit import fit_to_site
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, paint, split_seeds, write_scene, write_site
from tumangang_watch.simulate.traffic import COLOURS_OF, make_train
from tumangang_watch.simulate.world import DayState, PaintedVehicle, Sensor, Train, shifted
from tumangang_watch.sites import load_site

GSDS = (0.5, 0.3, 0.7, 1.0)
KINDS = ("box", "open", "tank", "flat", "container")
CHANCES = (0.28, 0.32, 0.16, 0.12, 0.12)
APART_M = 32.0
DRAWS = 2
"""Pictures of each yard with other vehicles: the prediction is made on the first."""
SPARSE_M, DENSE_M, SECOND_M = 160.0, 25.0, 80.0
"""Mean further gap between vehicles: in the first and the other pictures, and by the second painter."""


def draw_vehicles(pair: Any, rng: np.random.Generator, apart_m: float) -> tuple[Train, ...]:
    """Draw single vehicles and cuts of three on a yard's tracks, some of them alongside each other."""
    out: list[Train] = []
    for track in pair.world.site.tracks:
        at = float(rng.uniform(8, 30 + apart_m))
        while at < track.line.length - 55 and len(out) < 14:
            kind = str(rng.choice(KINDS, p=CHANCES))
            colour = str(rng.choice(COLOURS_OF[kind]))
            train = make_train(track.id, 0.0, [(kind, colour)] * (3 if rng.random() < 0.3 else 1), rng)
            load = train.cars[0].load
            train = Train(track.id, tuple(replace(c, load=load) for c in train.cars))
            train = shifted(train, at)
            out.append(train)
            at = train.to_m + APART_M + float(rng.exponential(apart_m))
    return tuple(out)


def looks(train: Train) -> tuple[str, str | None, str]:
    """Return the type, load and tone of a painted vehicle, as the trials name them."""
    car = train.cars[0]
    if car.type == "open" and car.load != "none":
        brightness = LOAD_BRIGHTNESS.get(car.load, "mid")
        return car.type, "loaded", "dark" if car.colour == "black" else brightness
    return car.type, "empty" if car.type == "open" else None, BRIGHTNESS_OF[car.colour]


def options_of(seed: int) -> tuple[float, dict[str, Any]]:
    """Return a scene's resolution and what of it is forced."""
    rng = np.random.default_rng([seed, 31])
    options: dict[str, Any] = {
        "trains": (0, 0),
        "tracks": int(rng.integers(2, 6)),
        "length_m": float(rng.uniform(220, 340)),
    }
    if rng.random() < 0.2:
        options["snow"] = float(rng.uniform(0.2, 1.0))
    elif rng.random() < 0.1:
        options["clouds"] = True
    if rng.random() < 0.15:
        options["product"] = "visual"
    return GSDS[seed % len(GSDS)], options


def observed(path: Path, site: Site, run: RunContext, known: Registration | None = None) -> Observation:
    """Open a scene and bring it into the site's frame as ``detect`` does, or by a fit that is known."""
    scene = open_scene(path, SceneOptions(), run.settings.read)
    grid = working_grid((scene,), run)
    image = read_image(scene, grid, run)
    fit = known or fit_to_site((image,), site, grid, run.settings.registration)
    return observe("later", scene, image.registered(fit.affine), grid, fit, run)


def shown_beside(
    train: Train, site: Site, observation: Observation, error_m: tuple[float, float]
) -> tuple[float, float]:
    """Return how far (along, to the left, metres) the fit shows a train from where it stands.

    A fit along straight tracks is off by metres: such a train is found, only said to stand elsewhere.
    """
    line = next(t.line for t in site.tracks if t.id == train.track)
    a, b = line.interpolate(train.from_m), line.interpolate(train.to_m)
    ahead = np.array([b.x - a.x, b.y - a.y]) / np.hypot(b.x - a.x, b.y - a.y)
    off = np.array(observation.site_fit.shift_m) + np.array(error_m)
    return float(off @ ahead), float(off @ np.array([-ahead[1], ahead[0]]))


@dataclass(frozen=True)
class Painted:
    """Looks of one sensor at one yard on one day, as the program sees them; other vehicles stand in each."""

    observations: tuple[Observation, ...]
    site: Site
    days: tuple[DayState, ...]
    sensor: Sensor


def painted_scenes(seed: int, cache: Path | None) -> Painted:
    """Paint a yard with several draws of vehicles, in its site's frame, or take it from the cache."""
    kept = cache / f"{seed}.pickle" if cache else None
    if kept and kept.exists():
        return pickle.loads(kept.read_bytes())
    gsd_m, options = options_of(seed)
    pair = make_pair(seed, gsd_m, **options)
    draws = [
        draw_vehicles(pair, np.random.default_rng([seed, 32, k]), SPARSE_M if k == 0 else DENSE_M)
        for k in range(DRAWS)
    ]
    days = tuple(replace(pair.days[1], trains=trains) for trains in draws)
    seen: list[Observation] = []
    with tempfile.TemporaryDirectory() as folder:
        site = load_site(write_site(pair.world, Path(folder) / "site.geojson", "full"))
        run = RunContext(site, Settings())
        for k, day in enumerate(days):
            path = write_scene(paint(pair.world, day, pair.sensors[1], 1), Path(folder), f"scene{k}")
            seen.append(observed(path, site, run, seen[0].site_fit if seen else None))
    made = Painted(tuple(seen), site, days, pair.sensors[1])
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(made))
    return made


def second_scene(seed: int) -> Painted:
    """Return a yard of the second painter with single vehicles and cuts of three, placed exactly.

    Its vehicles, ground, light and optics are not those that insertions are drawn with.
    """
    from training import yard_painter

    def draw(yard: Any, rng: np.random.Generator) -> None:
        for number, _ in enumerate(yard.v_m):
            at = float(rng.uniform(8, 120))
            while at < yard.length_m - 60:
                kind = KINDS[int(rng.choice(len(KINDS), p=CHANCES))]
                body = float(rng.choice(yard_painter.LENGTHS[kind])) - 1.1
                colour = str(rng.choice(yard_painter.COLOURS, p=yard_painter.COLOUR_CHANCE))
                cars = []
                for _ in range(3 if rng.random() < 0.3 else 1):
                    cars.append(
                        {"from_m": at, "to_m": at + body, "type": kind, "colour": colour, "hidden": 0.0}
                    )
                    at += body + 1.1
                yard.trains.append({"track": f"T{number + 1}", "cars": cars})
                at += APART_M + float(rng.exponential(SECOND_M))

    usual, yard_painter.draw_trains = yard_painter.draw_trains, draw
    try:
        shot = yard_painter.shoot(seed, GSDS[seed % len(GSDS)])
    finally:
        yard_painter.draw_trains = usual
    scene = replace(shot.scene, sha256=f"{seed:064x}")
    site = Site(
        id="second", name="Second painter", sha256="0" * 64, crs=scene.crs, areas=(), tracks=shot.tracks
    )
    west, south, east, north = site.bounds
    grid = grid_over((west - 12, south - 12, east + 12, north + 12), pixel_size_for(scene.gsd_m), scene.crs)
    fit = Registration(status="ok")
    trains = []
    for train in shot.trains:
        # Loads have tones of their own; what is seen from above names them.
        cars = tuple(
            PaintedVehicle(
                from_m=c["from_m"],
                to_m=c["to_m"],
                type=c["type"],
                colour=_seen_paint(c),
                width_m=3.0,
                height_m=3.5,
                load="none" if c["load"] == "none" else "soil",
            )
            for c in train["cars"]
        )
        trains.append(Train(train["track"], cars))
    day = DayState(
        acquired=scene.acquired,
        sun_azimuth_deg=0.0,
        sun_elevation_deg=0.0,
        season="any",
        snow_cover=shot.facts["snow"],
        trains=tuple(trains),
    )
    sensor = Sensor(gsd_m=scene.gsd_m, product=str(shot.facts["product"]))
    return Painted(
        (observe("later", scene, shot.image, grid, fit, RunContext(site, Settings())),), site, (day,), sensor
    )


def _seen_paint(car: dict[str, Any]) -> str:
    return str(car["seen"] if car["seen"] in BRIGHTNESS_OF else car["colour"])


def measure(seed: int, cache: Path | None = None, second: bool = False) -> list[dict[str, Any]]:
    """Return a row for each painted vehicle with its predicted rate and whether it was found."""
    made = second_scene(seed) if second else painted_scenes(seed, cache)
    site, sensor = made.site, made.sensor
    settings = replace(Settings(), detectability=replace(Settings().detectability, calibration=(0.0, 1.0)))
    run = RunContext(site, settings)
    first = made.observations[0]
    if first.site_fit.status == "failed":
        raise NotComparable("cannot be fitted", str(seed), first.site_fit.reason, "")
    detections = [detect_trains(o, site, settings.trains) for o in made.observations]
    start = time.perf_counter()
    result = try_date(run, first, detections[0])
    about = {
        "seed": seed,
        "gsd_m": sensor.gsd_m,
        "season": made.days[0].season,
        "snow": made.days[0].snow_cover,
        "haze": sensor.haze,
        "sun": made.days[0].sun_elevation_deg,
        "product": sensor.product,
        "fit": first.site_fit.status,
        "seconds": time.perf_counter() - start,
        "trials": len(result.outcomes),
        "trials_found": sum(o.found for o in result.outcomes),
    }
    rates = {
        (r.track, r.specimen.kind, r.specimen.load, r.specimen.brightness, r.specimen.cars): r.rate
        for r in result.rates
    }
    rows = [about | {"outcomes": [_plain(o) for o in result.outcomes]}]
    for day, found in zip(made.days, detections, strict=True):
        for train in day.trains:
            key = (train.track, *looks(train), len(train.cars))
            if key not in rates:
                continue
            along, aside = shown_beside(train, site, first, sensor.geolocation_error_m)
            rows.append(
                about
                | {
                    "track": key[0],
                    "kind": key[1],
                    "load": key[2],
                    "tone": key[3],
                    "cars": key[4],
                    "predicted": rates[key].estimate,
                    "low": rates[key].low,
                    "high": rates[key].high,
                    "along": along,
                    "aside": aside,
                    "found": is_found(train, found, along, settings.detectability.overlap),
                }
            )
    return rows


def _plain(outcome: TrialOutcome) -> list[Any]:
    place = outcome.placement
    return [place.track, SPECIMENS.index(place.specimen), outcome.found]


def is_found(train: Train, found: Any, along_m: float, share: float) -> bool:
    """Return True when detected trains cover enough of a painted one, where the fit shows it."""
    covered = sum(
        max(min(d.to_m or 0, train.to_m + along_m) - max(d.from_m or 0, train.from_m + along_m), 0)
        for d in found
        if d.track == train.track and d.grade == "detected"
    )
    return covered >= share * (train.to_m - train.from_m)


def collect(
    seeds: list[int], keep: Path | None, cache: Path | None, second: bool = False
) -> list[dict[str, Any]]:
    """Measure every seed that is not in the file yet; return all rows."""
    rows: list[dict[str, Any]] = []
    done: set[int] = set()
    if keep and keep.exists():
        lines = [json.loads(line) for line in keep.read_text().splitlines()]
        done = {line["seed"] for line in lines}
        rows = [line for line in lines if line["seed"] in set(seeds) and "predicted" in line]
    for seed in seeds:
        if seed in done:
            continue
        try:
            new = measure(seed, cache, second)
        except WatchError as error:
            print(f"refused {seed}: {error.why}", flush=True)
            new = []
        rows += [row for row in new if "predicted" in row]
        if keep:
            with keep.open("a", encoding="utf-8") as target:
                target.writelines(json.dumps(row) + "\n" for row in new or [{"seed": seed}])
    return rows


def fit_calibration(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Return (a, b) of the likeliest ``logit(true) = a + b logit(predicted)``, drawn gently to (0, 1)."""
    from tumangang_watch.detectability.rates import fit_logistic

    p = np.clip([r["predicted"] for r in rows], 1e-4, 1 - 1e-4)
    x = np.stack([np.ones_like(p), np.log(p / (1 - p))], axis=1)
    weights, _ = fit_logistic(
        x, np.array([r["found"] for r in rows], float), np.array([0.0, 1.0]), np.array([1.0, 0.5])
    )
    return float(weights[0]), float(weights[1])


def calibrated(rows: list[dict[str, Any]], ab: tuple[float, float]) -> list[dict[str, Any]]:
    """Return the rows with predicted rates mapped."""
    out = []
    for row in rows:
        p = float(np.clip(row["predicted"], 1e-4, 1 - 1e-4))
        out.append({**row, "predicted": float(expit(ab[0] + ab[1] * np.log(p / (1 - p))))})
    return out


def show(rows: list[dict[str, Any]], title: str) -> None:
    """Print the reliability table and the rates by what a scene and a vehicle are like."""
    print(title, f"({len({r['seed'] for r in rows})} scenes)")
    print(reliability_table([r["predicted"] for r in rows], [r["found"] for r in rows]))
    for name in ("gsd_m", "kind", "load", "tone", "cars", "season", "product", "fit"):
        groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            groups[row[name]].append(row)
        for value, group in sorted(groups.items(), key=lambda g: str(g[0])):
            stated, true = (np.mean([r[key] for r in group]) for key in ("predicted", "found"))
            print(f"  {name:8} {value!s:10} n {len(group):4}  predicted {stated:.2f}  found {true:.2f}")
    print(f"seconds a scene, median {np.median([r['seconds'] for r in rows]):.1f}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--first", type=int, default=300, help="first seed of the split to take")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--second", action="store_true", help="paint with training/yard_painter.py")
    parser.add_argument("--calibrate", action="store_true")
    arguments = parser.parse_args()
    seeds = list(split_seeds(arguments.split)[arguments.first : arguments.first + arguments.scenes])
    rows = collect(seeds, arguments.rows, arguments.cache, arguments.second)
    show(rows, "as predicted, not calibrated")
    ab = fit_calibration(rows) if arguments.calibrate else Settings().detectability.calibration
    if arguments.calibrate:
        print(f"calibration: ({ab[0]:.2f}, {ab[1]:.2f})")
    show(calibrated(rows, ab), f"calibrated by {ab}")


if __name__ == "__main__":
    main()
