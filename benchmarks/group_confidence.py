"""Fit how likely a train on a track group is one, and say how well it holds.

``python -m benchmarks.group_confidence read --split validation --first 400 --pairs 40 --gsd 1.5 1.8 2 2.5 3
--rows V`` paints the scenes of ``benchmarks.limits --groups`` (``--empty`` yards without a train), reads both
dates with the sun stated and without, and keeps of every train the reader proposes what its confidence rests
on and whether a painted one stands there. ``fit --rows V E`` prints `GroupSettings.confidence_weights` and
``no_sun_weights``; ``table --rows V E`` says how often trains of each confidence were there, with the
settings as they are.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.limits import JITTER, matches, painted_at, pair_of, seen
from benchmarks.reliability import calibration_error, chance_error
from benchmarks.varied_ground import PRIOR_SD
from tumangang_watch.detect.coarse.find import confidence_of, runs_of
from tumangang_watch.detect.coarse.infer import read_groups
from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.settings.groups import GroupSettings
from tumangang_watch.simulate import split_seeds

BINS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Bounds of the table's rows of stated confidence."""


def rows_of(date: Any, day: Any, site: Any) -> list[dict[str, Any]]:
    """Return every train that is proposed on one date, whatever its confidence, and whether it is one."""
    settings = GroupSettings()
    judged = read_groups(date, list(site.tracks), settings)
    found = [run for part in judged for run in runs_of(part, settings)]
    spans = [Proposed(run.track.id, run.from_m, run.to_m) for run in found]
    right = {i for i, _ in matches(spans, day, site, settings.apart_px * date.image.gsd_m)}
    return [{"cues": run.cues, "train": i in right} for i, run in enumerate(found)]


@dataclass(frozen=True)
class Proposed:
    """Where a train may stand."""

    track: str
    from_m: float
    to_m: float


def read(seeds: range, gsds_m: list[float], empty: bool, target: Path) -> None:
    """Read painted scenes and keep one line of JSON a scene."""
    with target.open("a") as out:
        for seed in seeds:
            pair = pair_of(seed, gsds_m[0], empty)
            for gsd_m, painted in zip(gsds_m, painted_at(pair, gsds_m), strict=True):
                for which, view in enumerate(painted):
                    day = pair.days[which]
                    about = {"seed": seed, "date": which, "gsd_m": gsd_m, "trains": len(day.trains)}
                    for sun in (True, False):
                        date = seen(pair, which, view, JITTER * gsd_m, sun)
                        rows = rows_of(date, day, pair.world.site)
                        print(json.dumps(about | {"sun": sun, "proposed": rows}), file=out, flush=True)


def fit(scenes: list[dict[str, Any]]) -> None:
    """Print the logistic fits of all trains proposed, with the sun stated and without."""
    for sun, name in ((True, "confidence_weights"), (False, "no_sun_weights")):
        rows = [r for s in scenes if s["sun"] is sun for r in s["proposed"]]
        cues, true = (np.array([r[name] for r in rows], float) for name in ("cues", "train"))
        none = np.zeros(cues.shape[1])
        weights, covariance = fit_logistic(cues, true, none, none + PRIOR_SD)
        print(f"{name} {np.round(weights, 2).tolist()}: {true.size} trains proposed, {true.sum():.0f} there")
        print(f"  standard errors {np.round(np.sqrt(np.diag(covariance)), 2).tolist()}")


def table(scenes: list[dict[str, Any]]) -> None:
    """Print how often trains of each confidence were there, and what is told surely."""
    settings = GroupSettings()
    for sun in (True, False):
        own = [s for s in scenes if s["sun"] is sun]
        stated = [[confidence_of(r["cues"], sun, settings) for r in s["proposed"]] for s in own]
        said = np.array([c for scene in stated for c in scene])
        true = np.array([r["train"] for s in own for r in s["proposed"]], bool)
        told = said >= settings.confidence_possible
        print(
            f"sun {'' if sun else 'not '}stated, {len(own)} scenes: calibration error "
            f"{calibration_error(said[told], true[told]):.3f} ({chance_error(said[told]):.3f} by chance), "
            f"{told.sum()} trains told"
        )
        for low, high in itertools.pairwise(BINS):
            part = (said >= low) & (said < high)
            if part.any():
                print(
                    f"  {low} to {high}: said {said[part].mean():.2f}, "
                    f"true {true[part].mean():.2f} of {part.sum()}"
                )
        if sun:
            _told(own, stated, settings)


def _told(scenes: list[dict[str, Any]], stated: list[list[float]], settings: GroupSettings) -> None:
    """Print F1 and the false trains a scene of what is told surely, by pixel size."""
    for gsd_m in sorted({s["gsd_m"] for s in scenes}):
        counts = np.zeros(4, int)
        for scene, confidences in zip(scenes, stated, strict=True):
            if scene["gsd_m"] == gsd_m:
                sure = [c >= settings.confidence_detected for c in confidences]
                right = [a and r["train"] for a, r in zip(sure, scene["proposed"], strict=True)]
                counts += (1, sum(right), sum(sure) - sum(right), scene["trains"])
        dates, hit, false, trains = counts
        f1 = f"F1 {2 * hit / max(hit + false + trains, 1):.3f}, {hit} of {trains} found, " if trains else ""
        print(f"  {gsd_m} m: {f1}{false} false on {dates} scenes ({false / dates:.3f} a scene)")


def main() -> None:
    """Read, fit or print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("read", "fit", "table"))
    parser.add_argument("--rows", type=Path, nargs="+", required=True, help="with read: one file, added to")
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--first", type=int, default=400, help="first seed of the split")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--gsd", type=float, nargs="+", default=[1.5, 1.8, 2.0, 2.5, 3.0])
    parser.add_argument("--empty", action="store_true", help="yards without a train alone")
    arguments = parser.parse_args()
    if arguments.what == "read":
        seeds = split_seeds(arguments.split)[arguments.first : arguments.first + arguments.pairs]
        read(seeds, arguments.gsd, arguments.empty, arguments.rows[0])
        return
    scenes = [json.loads(line) for file in arguments.rows for line in file.read_text().splitlines()]
    (fit if arguments.what == "fit" else table)(scenes)


if __name__ == "__main__":
    main()
