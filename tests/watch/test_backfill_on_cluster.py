"""``backfill --scheduler`` on a real Dask cluster, both as installed, where one scene ends its workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import command
from support import quick_watch as quick
from support.crashes import around, built
from support.faulted_runs import hindrance

DASK = Path(sys.executable).with_name("dask")
DAYS = (0, 3, 6)
LIMIT_S = 20
pytestmark = pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")


@contextmanager
def cluster(folder: Path, workers: dict[str, str]) -> Iterator[str]:
    """Yield the address of a scheduler whose two workers live in an environment; one death is forgiven."""
    about = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    quiet = ["--no-dashboard", "--host", "127.0.0.1"]
    log = (folder / "scheduler.log").open("w+")
    started = [
        subprocess.Popen([DASK, "scheduler", "--port", "0", *quiet], env=about, stderr=log, cwd=folder)
    ]
    try:
        address = None
        while address is None:
            assert started[0].poll() is None
            address = re.search(r"Scheduler at:\s+(tcp://\S+)", (folder / "scheduler.log").read_text())
        words = [DASK, "worker", address.group(1), "--nworkers", "2", "--nthreads", "1", *quiet]
        with (folder / "workers.log").open("w") as errors:
            started.append(subprocess.Popen(words, env=workers, stderr=errors, cwd=folder))
        yield address.group(1)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(60)
        log.close()


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("hang", f"it took longer than {LIMIT_S} s. Deliver it again; give it more time (--time-limit)"),
        (signal.SIGKILL, "every worker that had it died. Deliver it again; report it"),
    ],
)
def test_a_scene_that_ends_its_workers_is_refused_and_the_others_are_done(tmp_path, how, why):
    site = quick.write_site(tmp_path / "site.geojson")
    for day in DAYS:
        quick.write_scene(tmp_path / "in", day)
    words = ["--archive", tmp_path / "a.sqlite", "--reports", tmp_path / "reports", "--site", site]
    words += ["--no-detectability", "--time-limit", LIMIT_S]
    with cluster(tmp_path, around(built(tmp_path), "day003.tif", how)) as address:
        done = command.run("backfill", tmp_path / "in", *words, "--scheduler", address, status=3, timeout=900)
    refused = [line.split("  ", 1)[1] for line in done.stderr.splitlines() if "Refused" in line]
    assert refused == [f"Refused: scene refused: day003.tif: {why} if it is sound"]
    made = sorted(path.parent.name[-6:] for path in tmp_path.glob("reports/*/report.json"))
    assert made == ["day000", "day006"]
    record = ["--archive", tmp_path / "a.sqlite", "--reports", tmp_path / "reports"]
    command.run("archive", "check", *record, "--files", status=0)
