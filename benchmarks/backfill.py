"""What more processes bring to a backfill: ``python -m benchmarks.backfill [--dates 8] [--seed 0]``.

Painted dates of one yard go through the installed command on one process, on two, and on a Dask cluster of
two workers that were started before. Whole commands are timed; ratios of one run are what is compared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tumangang_watch.simulate import split_seeds
from tumangang_watch.simulate.weeks.draw import draw_week
from tumangang_watch.simulate.write import write_site


def timed(folder: Path, name: str, *more: str) -> float:
    """Return how long a backfill of the folder's scenes takes, seconds of wall time."""
    words = [str(Path(sys.executable).with_name("tumangang-watch")), "backfill", str(folder / "in")]
    words += ["--archive", str(folder / f"{name}.sqlite"), "--reports", str(folder / name)]
    start = time.perf_counter()
    done = subprocess.run(
        [*words, "--site", str(folder / "site.geojson"), *more], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"status {done.returncode}: {done.stderr}")
    return time.perf_counter() - start


def main() -> None:
    """Print the times and their ratios."""
    from distributed import LocalCluster

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dates", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0, help="of the validation seeds")
    chosen = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        dates = draw_week(split_seeds("validation")[chosen.seed], chosen.dates)
        write_site(dates[0].world, folder / "site.geojson")
        for date in dates:
            date.write(folder / "in")
        one, two = (timed(folder, f"jobs-{jobs}", "--jobs", str(jobs)) for jobs in (1, 2))
        print(f"{len(dates)} dates: one process {one:.1f} s, two {two:.1f} s: {one / two:.2f} times as fast")
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
            dask = timed(folder, "dask", "--scheduler", cluster.scheduler_address)
        print(f"two workers of Dask {dask:.1f} s: {two / dask:.2f} times as fast as two processes")


if __name__ == "__main__":
    main()
