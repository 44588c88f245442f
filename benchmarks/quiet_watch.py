"""What `watch` takes where nothing is new: ``python -m benchmarks.quiet_watch [--scenes 100000]``.

An inbox of so many scene files in one folder (of a byte each: none is opened), an archive that knows them
all, and a folder for each report. The first run looks at all of them; the others find that nothing changed.
Each is the command itself, timed from its start to its end.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.record import fill, sha
from tests.support.quick_watch import write_site
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.record import add_file
from tumangang_watch.files import CLOCK_MARGIN_NS


def prepare(root: Path, scenes: int) -> None:
    """Make the inbox, the record that knows it, and the folders of the reports."""
    inbox, reports = root / "in", root / "reports"
    inbox.mkdir()
    reports.mkdir()
    write_site(root / "toy.geojson")
    fill(root / "record.sqlite", scenes)
    long_ago = time.time() - 1e6
    with open_archive(root / "record.sqlite", write=True) as archive, archive.transaction() as connection:
        for k in range(scenes):
            path = inbox / f"s{k}.tif"
            path.write_bytes(b"x")
            os.utime(path, (long_ago, long_ago))
            add_file(connection, path.name, (1, path.stat().st_mtime_ns), sha(k))
            (reports / f"r{k}").mkdir()


def timed(root: Path) -> str:
    """Run the command; return its times from start to end and of processor, in words."""
    program = str(Path(sys.executable).with_name("tumangang-watch"))
    words = [program, "watch", f"{root}/in", "--archive", f"{root}/record.sqlite"]
    words += ["--reports", f"{root}/reports", "--site", f"{root}/toy.geojson"]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode or done.stderr:
        raise SystemExit(f"status {done.returncode}: {done.stderr}")
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{time.perf_counter() - start:6.2f} s, of processor time {worked:.2f} s"


def main() -> None:
    """Print the times of four runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=100_000)
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root, chosen.scenes)
        for run in ("first", "second", "third", "fourth"):
            # As cron does: of what changed just now nothing is noted.
            time.sleep(1.1e-9 * CLOCK_MARGIN_NS)
            print(f"{chosen.scenes} known scenes, {run} run  {timed(root)}", flush=True)


if __name__ == "__main__":
    main()
