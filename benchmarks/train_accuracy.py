"""The accuracy table of trains and vehicles: whole ``detect`` runs on painted scenes of seeds kept apart.

``python -m benchmarks.train_accuracy --split test --scenes 12`` paints that many pairs a GSD, writes them as
files, runs ``detect`` on both dates and prints the table by GSD, then all of them by season, snow and sun.
``--empty FOLDER`` counts false trains on a bank of empty track (``strip_bank.py --empty --split test``).
The real yard: ``python -m benchmarks.trains --real``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.trains import matches
from tumangang_watch.errors import WatchError
from tumangang_watch.pipeline import RunContext, detect
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.write import seen_colour
from tumangang_watch.sites import load_site

GSDS = (0.3, 0.5, 0.7, 1.0)
EMPTY_SCENE_KM = 3.0
"""Track that one scene of the false-train figure stands for."""


def scenes_of(seed: int, gsd_m: float) -> list[dict[str, Any]]:
    """Paint a pair and return what ``detect`` says of each date beside its truth."""
    snow = 0.3 + 0.1 * (seed % 7) if seed % 6 == 0 else None
    pair = make_pair(seed, gsd_m, trains=(0, 6), season_change=seed % 4 == 0, snow=snow)
    out = []
    with tempfile.TemporaryDirectory() as folder:
        first, second, site_file, _ = pair.write(Path(folder))
        site = load_site(site_file)
        for path, day, sensor in zip((first, second), pair.days, pair.sensors, strict=True):
            facts = {
                "seed": seed,
                "gsd_m": gsd_m,
                "season": day.season,
                "snow": day.snow_cover > 0,
                "sun": "low" if day.sun_elevation_deg < 25 else "high",
                "haze": sensor.haze,
            }
            try:
                report = detect(open_scene(path, SceneOptions(), Settings().read), RunContext(site))
            except WatchError as error:
                out.append({**facts, "refused": error.why})
                continue
            found = [d for d in report.detections if d.kind == "train"]
            out.append({**facts, "found": found, "true": day.trains, "status": report.later.site_fit.status})
    return out


def score(scene: dict[str, Any], into: dict[str, Any]) -> None:
    """Add one scene's hits, misses and errors to a table's column."""
    found = [d for d in scene["found"] if d.grade == "detected"]
    true = list(scene["true"])
    pairs = matches(
        [(d.track, d.from_m, d.to_m) for d in found], [(t.track, t.from_m, t.to_m) for t in true], 0.5
    )
    into["trains"] += np.array([len(pairs), len(found) - len(pairs), len(true) - len(pairs)])
    for i, j in pairs:
        d, t = found[i], true[j]
        length = t.to_m - t.from_m
        into["length"].append(abs(d.length_m.estimate - length))
        into["length_in"].append(d.length_m.low <= length <= d.length_m.high)
        if d.cars is not None:
            into["within_1"].append(abs(d.cars.estimate - len(t.cars)) <= 1)
            into["count_in"].append(d.cars.low <= len(t.cars) <= d.cars.high)
    sure = {k: True for k, _ in pairs}
    into["confidence"] += [(d.confidence, k in sure) for k, d in enumerate(found)]
    vehicles = [(d.track, v) for d in found for v in d.rolling_stock]
    cars = [(t.track, c) for t in true for c in t.cars]
    hits = matches(
        [(k, v.from_m, v.to_m) for k, v in vehicles], [(k, c.from_m, c.to_m) for k, c in cars], 0.5
    )
    into["vehicles"] += np.array([len(hits), len(vehicles) - len(hits), len(cars) - len(hits)])
    for i, j in hits:
        v, c = vehicles[i][1], cars[j][1]
        into["types"].append(_verdict(_group(v.type), _group(c.type)))
        into["colours"].append(_verdict(v.colour, seen_colour(c)))


def _verdict(said: str, true: str) -> str:
    return "unknown" if said == "unknown" else "right" if said == true else "wrong"


def _group(kind: str) -> str:
    """Flats and containers on flats count as one type."""
    return "flat" if kind == "container" else kind


def column() -> dict[str, Any]:
    """Return an empty column."""
    lists = ("length", "length_in", "within_1", "count_in", "confidence", "types", "colours")
    return {"trains": np.zeros(3, int), "vehicles": np.zeros(3, int), **{name: [] for name in lists}}


def tell(name: str, into: dict[str, Any]) -> None:
    """Print one column of the table."""
    hit, false, missed = into["trains"]
    print(f"{name}")
    f1 = _ratio(2 * hit, 2 * hit + false + missed)
    print(f"  trains: {hit} found, {false} false, {missed} missed; F1 {f1}")
    hit, false, missed = into["vehicles"]
    recall, precision = _ratio(hit, hit + missed), _ratio(hit, hit + false)
    print(f"  vehicles: recall {recall}, precision {precision} of {hit + missed}")
    if into["length"]:
        _line("length", f"median error {np.median(into['length']):.2f} m", into["length_in"])
    if into["within_1"]:
        _line("count", f"within 1 {np.mean(into['within_1']):.3f}", into["count_in"])
    for kind in ("types", "colours"):
        said = into[kind]
        if said:
            shares = (f"{v} {said.count(v) / len(said):.3f}" for v in ("right", "unknown", "wrong"))
            print(f"  {kind}: {', '.join(shares)}")
    print(f"  expected calibration error of confidence: {calibration_error(into['confidence']):.3f}")


def _line(name: str, value: str, covered: list[bool]) -> None:
    print(f"  {name}: {value}, interval covers {np.mean(covered):.3f}")


def _ratio(a: int, b: int) -> str:
    return f"{a / b:.3f}" if b else "-"


def calibration_error(pairs: list[tuple[float, bool]]) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    if not pairs:
        return float("nan")
    said, right = (np.array(v, float) for v in zip(*pairs, strict=True))
    bins = np.minimum((said * 10).astype(int), 9)
    return float(
        sum(abs(said[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins))
    )


def false_trains(folder: Path) -> None:
    """Count false trains on a bank of empty track."""
    from training.strip_bank import load
    from tumangang_watch.detect.trains.find import read_trains

    settings = Settings().trains
    by: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3))
    for path in sorted(folder.glob("*.npz")):
        for scene in load(path):
            km = sum(s.track.line.length for s in scene.strips) / 1000
            found = [f for one in read_trains(list(scene.strips), scene.scene, settings) for f in one]
            sure = sum(f.detected(settings) for f in found)
            for name in ("all", scene.facts["season"], "snow" if scene.facts["snow"] else "no snow"):
                by[name] += (km, sure, len(found) - sure)
    for name, (km, sure, possible) in by.items():
        print(
            f"empty track, {name}: {km:.0f} km, {sure:.0f} false trains detected, {possible:.0f} possible: "
            f"{sure / km * EMPTY_SCENE_KM:.4f} a scene of {EMPTY_SCENE_KM:.0f} km"
        )


def main() -> None:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--scenes", type=int, default=6, help="pairs of dates a GSD")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--gsd", type=float, nargs="*", default=list(GSDS))
    parser.add_argument("--empty", type=Path)
    arguments = parser.parse_args()
    groups: dict[str, dict[str, Any]] = defaultdict(column)
    for number, gsd_m in enumerate(arguments.gsd):
        own, refused = column(), []
        start = arguments.first + number * arguments.scenes
        for seed in split_seeds(arguments.split)[start : start + arguments.scenes]:
            for scene in scenes_of(seed, gsd_m):
                if "refused" in scene:
                    refused.append(scene)
                    continue
                score(scene, own)
                keys = (scene["season"], "snow" if scene["snow"] else "no snow", f"{scene['sun']} sun")
                for key in keys:
                    score(scene, groups[key])
        tell(f"GSD {gsd_m} m, {arguments.split} seeds", own)
        for scene in refused:
            print(f"  refused {scene['seed']}: {json.dumps(scene['refused'])}")
    for name, into in sorted(groups.items()):
        tell(f"all GSD, {name}", into)
    if arguments.empty:
        false_trains(arguments.empty)


if __name__ == "__main__":
    main()
