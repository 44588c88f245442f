"""Reviews of a long record, and readers who err: ``python -m benchmarks.review [--scenes 30000]``.

First the time that commands take on a drawn record, from start to end and of processor time. Then readers who
err at known rates judge drawn detections whose confidence is known to hold: how often the 90 % intervals of
kappa and of the share that holds cover the truth, and what a recalibration does to a confidence that holds
and to one that does not, on detections it was not fitted to.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.record import fill, timed
from tumangang_watch.review.agreement import agreement, share
from tumangang_watch.review.calibration import Outcome, fit, reliability
from tumangang_watch.settings.records import ReviewSettings
from tumangang_watch.simulate import split_seeds

SETTINGS = ReviewSettings()
OUTLINE = '{"type":"Polygon","coordinates":[[[130.0,42.0],[130.01,42.0],[130.01,42.01],[130.0,42.0]]]}'


def speed(scenes: int) -> None:
    """Print what commands take."""
    os.environ["TUMANGANG_WATCH_READER"] = "benchmark"
    program = str(Path(sys.executable).with_name("tumangang-watch"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "record.sqlite"
        fill(path, scenes, tracks=3)
        connection = sqlite3.connect(path)
        connection.execute(
            "UPDATE detections SET geometry = ?, cars_low = 8, cars_high = 10, length_low_m = 128, "
            "length_high_m = 132",
            (OUTLINE,),
        )
        connection.commit()
        (count,) = connection.execute("SELECT count(*) FROM detections").fetchone()
        report, name = connection.execute(
            "SELECT r.folder, d.detection FROM detections d JOIN reports r ON r.id = d.report "
            "ORDER BY d.id DESC LIMIT 1"
        ).fetchone()
        connection.close()
        print(f"record of {scenes} dates, {count} trains")
        at = ("--archive", str(path))
        for words, arguments in (
            ("list, all", ("list", *at)),
            ("list, one month", ("list", "--since", "2001-01-01", "--until", "2001-01-31", *at)),
            ("accept by report and id", ("accept", f"{report}/{name}", *at)),
            (
                "export, one month",
                ("export", f"{folder}/look.gpkg", "--since", "2001-01-01", "--until", "2001-01-31", *at),
            ),
        ):
            print(f"  review {words:<24} {timed(program, 'review', *arguments)}")
        for how in ("without", "with"):
            print(f"  series --review {how:<15} {timed(program, 'series', *at, '--json', '--review', how)}")


def readers(seed: int, trials: int) -> None:
    """Print how far intervals cover, and what a recalibration does."""
    rng = np.random.default_rng(seed)
    print(f"readers who err in 5 and 10 % of cases, {trials} trials")
    for count in (30, 100, 300):
        kappas = shares = 0
        for _ in range(trials):
            stated = rng.uniform(0.3, 0.99, count)
            real = rng.random(count) < stated
            said = [np.where(rng.random(count) < rate, ~real, real) for rate in (0.05, 0.10)]
            found = agreement(list(zip(said[0].tolist(), said[1].tolist(), strict=True)))
            yes = [p * (1 - r) + (1 - p) * r for p, r in ((0.645, 0.05), (0.645, 0.10))]
            agree = 0.95 * 0.90 + 0.05 * 0.10
            chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
            truth = (agree - chance) / (1 - chance)
            kappas += found.kappa is not None and found.kappa.low <= truth <= found.kappa.high
            held = share(int(said[0].sum()), count)
            shares += held is not None and held.low <= yes[0] <= held.high
        print(
            f"  {count:4d} judged: kappa covered {kappas / trials:.2f}, "
            f"share that holds {shares / trials:.2f}"
        )
    print("recalibration: calibration error on 5 000 others, as stated and mended")
    for words, truth_of in (("holds", lambda p: p), ("too sure", lambda p: p**2)):
        for count in (30, 100, 300, 1000):
            before, after = [], []
            for _ in range(max(trials // 20, 3)):
                mine, others = (_drawn(rng, n, truth_of) for n in (count, 5000))
                curve = fit(mine, SETTINGS)
                mended = curve([o.confidence for o in others])
                changed = [Outcome(float(p), o.real, o.scene) for p, o in zip(mended, others, strict=True)]
                before.append(reliability(others, SETTINGS)["calibration_error"])
                after.append(reliability(changed, SETTINGS)["calibration_error"])
            print(
                f"  confidence {words:<9} fitted on {count:4d}: {np.mean(before):.3f} -> "
                f"{np.mean(after):.3f} (worst {max(after):.3f})"
            )


def _drawn(rng: np.random.Generator, count: int, truth_of) -> list[Outcome]:  # type: ignore[no-untyped-def]
    stated = rng.uniform(0.3, 0.99, count)
    real = rng.random(count) < truth_of(stated)
    return [
        Outcome(float(p), bool(r), f"s{k % 20}") for k, (p, r) in enumerate(zip(stated, real, strict=True))
    ]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=30_000)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    chosen = parser.parse_args()
    if chosen.scenes:
        speed(chosen.scenes)
    readers(split_seeds(chosen.split)[0], chosen.trials)


if __name__ == "__main__":
    main()
