"""Reviews of a long record, and readers who err: ``python -m benchmarks.review [--scenes 30000]``.

First the time that commands take on a drawn record, from start to end and of processor time. Then a reader
who errs at a known rate judges drawn detections: how often the 90 % interval of the share that holds covers
the truth.
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
from tumangang_watch.review.summary import share
from tumangang_watch.simulate import split_seeds

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
    """Print how often the interval of the share that holds covers the truth."""
    rng = np.random.default_rng(seed)
    print(f"a reader who errs in 5 % of cases, {trials} trials")
    for count in (30, 100, 300):
        covered = 0
        for _ in range(trials):
            real = rng.random(count) < rng.uniform(0.3, 0.99, count)
            judged = np.where(rng.random(count) < 0.05, ~real, real)
            held = share(int(judged.sum()), count)
            covered += held["low"] <= 0.645 * 0.95 + 0.355 * 0.05 <= held["high"]
        print(f"  {count:4d} judged: share that holds covered {covered / trials:.2f}")


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
