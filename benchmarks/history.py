"""Print what earlier dates as background bring: whole ``compare`` runs with 0, 3 and 8 of them.

``python -m benchmarks.history --split validation --pairs 6`` paints as many quiet pairs (every other one
across seasons) and as many pairs with changes, each with eight earlier dates of the same yard, on which other
trains and goods stood; patches of another pavement lie on the aprons on all dates. Every pair is compared
without, with three and with all of them. ``--keep FOLDER`` keeps the painted scenes for the next run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from shapely import Point
from shapely.geometry import shape
from shapely.ops import unary_union

from tumangang_watch import __version__
from tumangang_watch.errors import WatchError
from tumangang_watch.evaluate.scoring import score_report
from tumangang_watch.pipeline import RunContext, compare, open_pair
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import Pair, make_pair, split_seeds
from tumangang_watch.simulate.pair import earlier_days, write_earlier
from tumangang_watch.simulate.world import Surface
from tumangang_watch.sites import load_site

COUNTS = (0, 3, 8)


def draw_pair(seed: int, quiet: bool, gsd_m: float) -> Pair:
    """Return a small yard's pair with patches of another pavement on its aprons."""
    options: dict[str, Any] = {"tracks": 3, "length_m": 220.0, "trains": (1, 3)}
    if quiet:
        options |= {"no_change": True, "season_change": seed % 2 == 0}
    else:
        options |= {"growth_m2": 500.0 + 60.0 * (seed % 9), "season_change": seed % 2 == 0}
    pair = make_pair(seed, gsd_m, **options)
    rng = np.random.default_rng([seed, 310])
    marks = []
    for area in pair.world.site.having("apron"):
        west, south, east, north = area.polygon.bounds
        while len(marks) < 3:
            spot = Point(rng.uniform(west, east), rng.uniform(south, north))
            mark = spot.buffer(float(rng.uniform(1.2, 2.5)), quad_segs=1)
            if area.polygon.contains(mark):
                marks.append(Surface(mark, str(rng.choice(["asphalt", "concrete", "cinder", "gravel"]))))
    return replace(pair, world=replace(pair.world, surfaces=(*pair.world.surfaces, *marks)))


def paint(pair: Pair, folder: Path) -> None:
    """Write a pair and its earlier dates, once."""
    if not (folder / "truth.json").exists():
        write_earlier(pair, earlier_days(pair, max(COUNTS), seasons=True), folder / "past")
        pair.write(folder)


def run(folder: Path, count: int) -> dict[str, Any]:
    """Compare a painted pair with some of its earlier dates as background."""
    settings = Settings().with_trials(False)
    paths = folder / "earlier.tif", folder / "later.tif"
    scenes = open_pair(paths, (SceneOptions(), SceneOptions()), settings)
    past = sorted((folder / "past").glob("*.tif"))[:count]
    background = [open_scene(path, SceneOptions(), settings.read) for path in past]
    start = time.process_time()
    made = compare(
        *scenes, RunContext(load_site(folder / "site.geojson"), settings), background if count else None
    )
    report = report_dict(made, __version__)
    return {**report, "seconds": time.process_time() - start}


def judge(report: dict[str, Any], truth: dict[str, Any], quiet: bool) -> Counter[str]:
    """Count what is right and what is false in one report."""
    out: Counter[str] = Counter(pairs=1, used=report.get("history", {}).get("used", 0))
    changes = [f for f in report["findings"] if f["change"] != "unchanged"]
    scores = score_report(report, truth)
    for kind in ("trains", "cargo"):
        for key in ("true_positives", "false_positives", "false_negatives"):
            out[f"{kind} {key}"] += scores[kind][key]
    if quiet:
        out["false"] += sum(f["grade"] == "detected" for f in changes)
        out["false, possible"] += sum(f["grade"] == "possible" for f in changes)
        for f in changes:
            out[f"  {f['kind']} {f['change']} {f['grade']}"] += 1
        return out
    ground = scores["new_ground"]
    out["growth there"] += len(truth["new_ground"])
    out["growth found"] += ground["true_positives"]
    out["growth false"] += ground["false_positives"]
    out["growth interval holds"] += bool(ground.get("area_interval_covers"))
    _judge_goods(changes, truth, out)
    return out


def _judge_goods(changes: list[dict[str, Any]], truth: dict[str, Any], out: Counter[str]) -> None:
    """Count goods that came and went, found as sure changes, and such changes where none was."""
    goods = {
        date: [shape(c["geometry"]) for c in truth["cargo"] if c["date"] == date]
        for date in ("earlier", "later")
    }
    said = [
        (f["change"], shape(f["geometry"]))
        for f in changes
        if f["kind"] == "cargo" and f["grade"] == "detected"
    ]
    for change, date, other in (("appeared", "later", "earlier"), ("disappeared", "earlier", "later")):
        there = unary_union(goods[other])
        moved = [g for g in goods[date] if g.intersection(there).area < 0.2 * g.area]
        claims = [s for c, s in said if c == change]
        out["goods came or went"] += len(moved)
        out["found"] += sum(any(s.intersects(g) for s in claims) for g in moved)
        out["goods false"] += sum(not any(s.intersects(g) for g in moved) for s in claims)


def main() -> None:
    """Run the benchmark and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=6, help="quiet pairs, and as many with changes")
    parser.add_argument("--first", type=int, default=400)
    parser.add_argument("--gsd", type=float, default=0.5)
    parser.add_argument("--keep", type=Path, help="folder for painted scenes, used again")
    chosen = parser.parse_args()
    totals = {(kind, n): Counter[str]() for kind in ("quiet", "changed") for n in COUNTS}
    seconds: dict[int, list[float]] = {n: [] for n in COUNTS}
    with tempfile.TemporaryDirectory() as spare:
        for k, seed in enumerate(split_seeds(chosen.split)[chosen.first : chosen.first + 2 * chosen.pairs]):
            kind = "quiet" if k < chosen.pairs else "changed"
            folder = (chosen.keep or Path(spare)) / f"{seed}-{chosen.gsd}-{kind}"
            paint(draw_pair(seed, kind == "quiet", chosen.gsd), folder)
            truth = json.loads((folder / "truth.json").read_text())
            for count in COUNTS:
                try:
                    report = run(folder, count)
                except WatchError as error:
                    totals[kind, count]["refused"] += 1
                    print(f"{seed} refused: {error.why}")
                    continue
                seconds[count].append(report["seconds"])
                counted = judge(report, truth, kind == "quiet")
                totals[kind, count] += counted
                brief = {k: v for k, v in counted.items() if "_" not in k}
                print(f"{seed} {kind} {count}: {brief}", flush=True)
    for kind in ("quiet", "changed"):
        names = list(dict.fromkeys(name for n in COUNTS for name in totals[kind, n]))
        print(f"\n{kind} pairs, {chosen.split} seeds, {chosen.gsd} m; earlier dates: {COUNTS}")
        for name in names:
            print(f"  {name:32}" + "".join(f"{totals[kind, n][name]:8d}" for n in COUNTS))
    means = "".join(f"{np.mean(seconds[n]) if seconds[n] else 0:8.1f}" for n in COUNTS)
    print(f"\n  {'processor seconds a run':32}{means}")


if __name__ == "__main__":
    main()
