"""Print the accuracy table: whole ``compare`` runs on painted pairs against their exact truth.

``python -m benchmarks.accuracy --split test --pairs 12`` runs, for each GSD, that many pairs with changes
and as many without, writes them as files and judges the reports that come out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import traceback
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tumangang_watch import __version__
from tumangang_watch.errors import WatchError
from tumangang_watch.evaluate.scoring import score_report
from tumangang_watch.pipeline import RunContext, compare, open_pair
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.scenes import SceneOptions
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.sites import load_site


def run_pair(seed: int, gsd_m: float, **options: Any) -> dict[str, Any]:
    """Paint, write, compare and score one pair."""
    pair = make_pair(seed, gsd_m, **options)
    with tempfile.TemporaryDirectory() as folder:
        first, second, site, _ = pair.write(Path(folder))
        start = time.perf_counter()
        settings = Settings()
        try:
            scenes = open_pair((first, second), (SceneOptions(), SceneOptions()), settings)
            comparison = compare(*scenes, RunContext(load_site(site), settings))
        except WatchError as error:
            return {"seed": seed, "gsd_m": gsd_m, "refused": error.why, "truth": pair.truth}
        report = report_dict(comparison, __version__)
    return {
        "seed": seed,
        "gsd_m": gsd_m,
        "seconds": time.perf_counter() - start,
        "report": report,
        "truth": pair.truth,
        "scores": score_report(report, pair.truth),
        "pair_error_m": _distance(report["registration"]["shift_m"], pair.truth["registration"]["shift_m"]),
        "site_error_m": _distance(
            comparison.earlier.site_fit.shift_m, [-e for e in pair.sensors[0].geolocation_error_m]
        ),
        "status": report["registration"]["status"],
        "site_status": comparison.later.site_fit.status,
    }


def _distance(a: Any, b: Any) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))


def summarise(results: list[dict[str, Any]], quiet: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the runs of one GSD together."""
    done = [r for r in results + quiet if "report" in r]
    errors = [r["pair_error_m"] for r in done]
    site_errors = [r["site_error_m"] for r in done]
    total: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for result in done:
        for kind, score in result["scores"].items():
            for key in ("true_positives", "false_positives", "false_negatives"):
                total[kind][key] += score[key]
    trains = [r["scores"]["trains"] for r in done]
    false = [
        sum(f["change"] != "unchanged" and f["grade"] == "detected" for f in r["report"]["findings"])
        for r in quiet
        if "report" in r
    ]
    areas = [
        r["scores"]["new_ground"]["area_error"] for r in done if "area_error" in r["scores"]["new_ground"]
    ]
    return {
        "pairs": len(results) + len(quiet),
        "reported": len(done) / max(1, len(results) + len(quiet)),
        "pair_error_median_m": _or_none(np.median, errors),
        "pair_error_p90_m": _or_none(lambda e: np.quantile(e, 0.9), errors),
        "ok_above_0.5_m": sum(r["pair_error_m"] > 0.5 and r["status"] == "ok" for r in done),
        "site_error_median_m": _or_none(np.median, site_errors),
        "site_ok_above_2.5_m": sum(r["site_error_m"] > 2.5 and r["site_status"] == "ok" for r in done),
        "trains": dict(total["trains"]) | {"f1": _f1(total["trains"])},
        "length_error_median_m": _mid([t["length_error_median_m"] for t in trains]),
        "cars_within_1": _mean([t["cars_within_1"] for t in trains]),
        "cars_interval_covers": _mean([t["cars_interval_covers"] for t in trains]),
        "cargo": dict(total["cargo"]) | {"f1": _f1(total["cargo"])},
        "false_findings_a_quiet_pair": _or_none(np.mean, false),
        "new_ground": dict(total["new_ground"]),
        "new_ground_area_error_median": _mid(areas),
        "seconds_median": _mid([r["seconds"] for r in done]),
    }


def _or_none(function: Any, values: list[float]) -> float | None:
    return round(float(function(values)), 3) if values else None


def _mid(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return round(median(known), 3) if known else None


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return round(sum(known) / len(known), 3) if known else None


def _f1(counts: dict[str, int]) -> float | None:
    both = 2 * counts["true_positives"] + counts["false_positives"] + counts["false_negatives"]
    return round(2 * counts["true_positives"] / both, 3) if both else None


def main() -> None:
    """Run the benchmark and print one table a GSD."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=6, help="pairs with changes, and as many without, a GSD")
    parser.add_argument("--gsd", type=float, nargs="+", default=[0.3, 0.5, 0.7])
    parser.add_argument("--details", type=Path, help="write every run as JSON lines")
    arguments = parser.parse_args()
    seeds = split_seeds(arguments.split)
    for number, gsd_m in enumerate(arguments.gsd):
        start = number * 2 * arguments.pairs
        changed = [_guarded(s, gsd_m) for s in seeds[start : start + arguments.pairs]]
        quiet_seeds = seeds[start + arguments.pairs : start + 2 * arguments.pairs]
        quiet = [_guarded(s, gsd_m, no_change=True, season_change=s % 3 == 0) for s in quiet_seeds]
        if arguments.details:
            with arguments.details.open("a", encoding="utf-8") as target:
                target.writelines(json.dumps(r) + "\n" for r in changed + quiet)
        print(f"GSD {gsd_m} m, {arguments.split} seeds")
        for key, value in summarise(changed, quiet).items():
            print(f"  {key:32} {value}")
        for result in changed + quiet:
            if "refused" in result:
                print(f"  refused {result['seed']}: {result['refused']}")


def _guarded(seed: int, gsd_m: float, **options: Any) -> dict[str, Any]:
    """A crash is a result too: it counts as not reported."""
    try:
        return run_pair(seed, gsd_m, **options)
    except Exception as error:
        traceback.print_exc()
        return {"seed": seed, "gsd_m": gsd_m, "refused": f"crash: {error!r}", "truth": {}}


if __name__ == "__main__":
    main()
