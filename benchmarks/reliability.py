"""Is a stated probability true? Reliability tables and expected calibration error (ECE) on painted pairs.

``python -m benchmarks.reliability --split validation --pairs 8`` runs the detector on painted scenes and
checks the ``confidence`` of trains and of vehicles, and the posteriors of type and colour, against the exact
truth. A train and a vehicle are right when they overlap a painted one by half of their union. ``--rows FILE``
keeps each stated probability as a JSON line, for fitting.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from tumangang_watch.errors import WatchError

BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
TRAIN_IOU = 0.5
VEHICLE_IOU = 0.5


def calibration_error(stated: Any, right: Any) -> float:
    """Return the expected calibration error: gaps of stated and true rates, weighted by their bins."""
    stated, right = np.asarray(stated, float), np.asarray(right, float)
    place = np.clip(np.digitize(stated, BINS[1:-1]), 0, len(BINS) - 2)
    gaps = [
        abs(stated[place == k].mean() - right[place == k].mean()) * (place == k).mean()
        for k in range(len(BINS) - 1)
        if (place == k).any()
    ]
    return float(sum(gaps))


def chance_error(stated: Any, rng: np.random.Generator | None = None) -> float:
    """Return the ECE that perfectly stated probabilities would show by chance alone at this sample size."""
    rng = rng or np.random.default_rng(0)
    stated = np.asarray(stated, float)
    return float(np.mean([calibration_error(stated, rng.random(stated.size) < stated) for _ in range(200)]))


def reliability_table(stated: Any, right: Any) -> str:
    """Return a table of stated against true rates, and the ECE."""
    stated, right = np.asarray(stated, float), np.asarray(right, float)
    if not stated.size:
        return "  nothing to judge"
    lines = ["  stated      n   mean stated   true"]
    place = np.clip(np.digitize(stated, BINS[1:-1]), 0, len(BINS) - 2)
    for k in range(len(BINS) - 1):
        inside = place == k
        if inside.any():
            lines.append(
                f"  {BINS[k]:.1f}-{BINS[k + 1]:.1f} {inside.sum():6}   {stated[inside].mean():11.3f}"
                f"   {right[inside].mean():.3f}"
            )
    lines.append(
        f"  ECE {calibration_error(stated, right):.3f} over {stated.size}"
        f" (by chance alone {chance_error(stated):.3f});"
        f" mean stated {stated.mean():.3f}, true {right.mean():.3f}"
    )
    return "\n".join(lines)


def overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return intersection over union of two stretches."""
    inner = min(a[1], b[1]) - max(a[0], b[0])
    return max(inner, 0.0) / max(max(a[1], b[1]) - min(a[0], b[0]), 1e-9)


def judge(detections: Any, truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for every stated probability of the trains of one date.

    Parameters
    ----------
    detections : tuple of Detection
    truth : list of dict
        Trains of the same date, as in a painted pair's truth.
    """
    rows: list[dict[str, Any]] = []
    for train in (d for d in detections if d.kind == "train" and d.from_m is not None):
        there = [t for t in truth if t["track"] == train.track]
        best = max(
            (overlap((train.from_m, train.to_m), (t["from_m"], t["to_m"])) for t in there), default=0.0
        )
        inner = max(
            (min(train.to_m, t["to_m"]) - max(train.from_m, t["from_m"]) for t in there), default=0.0
        ) / max(train.to_m - train.from_m, 1e-9)
        rows.append(
            {"what": "train", "stated": train.confidence, "right": best >= TRAIN_IOU, "grade": train.grade}
        )
        rows.append({"what": "train, any of it", "stated": train.confidence, "right": inner > 0.3})
        cars = [c for t in there for c in t["vehicles"]]
        for vehicle in train.rolling_stock:
            rows += _vehicle_rows(vehicle, cars)
    return rows


def _vehicle_rows(vehicle: Any, cars: list[dict[str, Any]]) -> list[dict[str, Any]]:
    match = max(
        cars, key=lambda c: overlap((vehicle.from_m, vehicle.to_m), (c["from_m"], c["to_m"])), default=None
    )
    hit = (
        match is not None
        and overlap((vehicle.from_m, vehicle.to_m), (match["from_m"], match["to_m"])) >= VEHICLE_IOU
    )
    rows = [{"what": "vehicle", "stated": vehicle.confidence, "right": hit}]
    if not hit or match is None:
        return rows
    for what, stated, true in (
        ("type", dict(vehicle.types), match["type"]),
        ("colour", dict(vehicle.colours), match["seen_colour"]),
    ):
        if stated:
            top = max(stated, key=lambda k: stated[k])
            rows.append({"what": f"{what}, likeliest", "stated": stated[top], "right": top == true})
            rows += [{"what": f"{what}, each", "stated": p, "right": k == true} for k, p in stated.items()]
    named = {"type": (vehicle.type, match["type"]), "colour": (vehicle.colour, match["seen_colour"])}
    for what, (said, true) in named.items():
        rows.append({"what": f"{what} named", "stated": float(said != "unknown"), "right": said == true})
    return rows


def shown(train: dict[str, Any], site: Any, off_m: Any) -> dict[str, Any]:
    """Return a true train where a fit that is off by (east, north) metres shows it along its track.

    Along straight tracks a fit can be off by metres: that is the fit's error, stated as ``degraded``, and no
    false train.
    """
    line = next(t.line for t in site.tracks if t.id == train["track"])
    a, b = line.interpolate(train["from_m"]), line.interpolate(train["to_m"])
    along = float(np.array([b.x - a.x, b.y - a.y]) @ off_m / max(np.hypot(b.x - a.x, b.y - a.y), 1e-9))
    moved = {key: train[key] + along for key in ("from_m", "to_m")}
    cars = [{**c, "from_m": c["from_m"] + along, "to_m": c["to_m"] + along} for c in train["vehicles"]]
    return {**train, **moved, "vehicles": cars}


def run_pair(seed: int, gsd_m: float, **options: Any) -> list[dict[str, Any]]:
    """Paint one pair, detect on both dates alone, and judge."""
    from tumangang_watch.detect.trains.find import detect_trains
    from tumangang_watch.pipeline import RunContext
    from tumangang_watch.pipeline.prepare import observe, read_image, working_grid
    from tumangang_watch.preprocess.site_fit.fit import fit_to_site
    from tumangang_watch.scenes import SceneOptions, open_scene
    from tumangang_watch.settings import Settings
    from tumangang_watch.simulate import make_pair
    from tumangang_watch.sites import load_site

    pair = make_pair(seed, gsd_m, **options)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        *paths, site_path, _ = pair.write(Path(folder))
        run = RunContext(load_site(site_path), Settings())
        for path, date in zip(paths, ("earlier", "later"), strict=True):
            scene = open_scene(path, SceneOptions(), run.settings.read)
            grid = working_grid((scene,), run)
            image = read_image(scene, grid, run)
            fit = fit_to_site((image,), run.site, grid, run.settings.registration)
            if fit.status == "failed":
                continue
            seen = observe(date, scene, image.registered(fit.affine), grid, fit, run)
            found = detect_trains(seen, run.site, run.settings.trains)
            error_m = pair.truth["registration"]["geolocation_error_m"][date]
            off = np.array(fit.shift_m) + np.array(error_m)
            truth = [shown(t, run.site, off) for t in pair.truth["trains"] if t["date"] == date]
            rows += [{"seed": seed, "gsd_m": gsd_m, **r} for r in judge(found, truth)]
    return rows


def main() -> None:
    """Run the benchmark and print a table for each kind of stated probability."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=6, help="pairs for each resolution")
    parser.add_argument("--first", type=int, default=200, help="first seed of the split to take")
    parser.add_argument("--gsd", type=float, nargs="+", default=[0.3, 0.5, 0.7, 1.0])
    parser.add_argument("--rows", type=Path)
    arguments = parser.parse_args()
    from tumangang_watch.simulate import split_seeds

    seeds = split_seeds(arguments.split)
    rows: list[dict[str, Any]] = []
    for number, gsd_m in enumerate(arguments.gsd):
        first = arguments.first + number * arguments.pairs
        for seed in seeds[first : first + arguments.pairs]:
            options = {"snow": 0.6} if seed % 6 == 0 else {}
            try:
                new = run_pair(seed, gsd_m, season_change=seed % 4 == 0, **options)
            except WatchError as error:
                print(f"refused {seed}: {error.why}")
                continue
            rows += new
            if arguments.rows:
                with arguments.rows.open("a", encoding="utf-8") as target:
                    target.writelines(json.dumps(row, default=float) + "\n" for row in new)
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["what"]].append(row)
        if row["what"] == "train":
            groups[f"train at {row['gsd_m']} m"].append(row)
    for what, group in sorted(groups.items()):
        print(what)
        print(reliability_table([r["stated"] for r in group], [r["right"] for r in group]))


if __name__ == "__main__":
    main()
