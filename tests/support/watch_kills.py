"""Kill the taking-in of scenes at random points and count what it costs.

Most of the time, and so most of the kills, falls into the writing. Every trial ends with an undisturbed
run, whose output must be that of a run that was never killed. At every stop the state on the disk is looked
at: no report may be visible by half, none recorded may be lost.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive, check_folder

from .quick_watch import state, take_in_here, write_scene, write_site


@dataclass
class Counts:
    """What the kills cost."""

    kills: int = 0
    trials: int = 0
    half: int = 0
    """Reports visible and not whole."""
    lost: int = 0
    """Reports recorded and not on the disk as recorded, or gone from the archive between two stops."""
    double: int = 0
    """Scenes with more than one standing report of a part."""
    different: int = 0
    """Trials whose end is not that of an undisturbed run."""
    where: dict[str, int] = field(default_factory=dict)


def run_killed(root: Path, after_s: float | None) -> bool:
    """Take in, in a child that is killed after a while; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            take_in_here(root)
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            os._exit(1)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise RuntimeError("a run failed")
    return False


def look_at_stop(root: Path, before: set[str], counts: Counts) -> set[str]:
    """Look at what a killed run left; return the reports that are recorded."""
    reports = root / "reports"
    for folder in sorted(reports.iterdir()) if reports.is_dir() else []:
        if folder.is_dir() and not folder.name.startswith(".") and folder.name != "refused":
            counts.half += bool(check_folder(folder, None))
    if not (root / "record.sqlite").exists():
        return set()
    with open_archive(root / "record.sqlite", write=True) as archive:
        counts.lost += len(check_archive(archive, reports, files=True))
        recorded = {row[0] for row in archive.connection.execute("SELECT folder FROM reports")}
        counts.double += archive.connection.execute(
            """SELECT count(*) FROM (SELECT 1 FROM reports WHERE current
               GROUP BY scene, part HAVING count(*) > 1)"""
        ).fetchone()[0]
    counts.lost += len(before - recorded)
    return recorded


def trial(root: Path, reference: dict[str, Any], whole_s: float, rng: random.Random, counts: Counts) -> None:
    """Take in five scenes, a late one after the first run, with kills in between."""
    recorded: set[str] = set()
    for stage in ("first", "late"):
        if stage == "late":
            write_scene(root / "in", 4)
        for _ in range(rng.randrange(1, 4)):
            if not run_killed(root, rng.uniform(0.0, 1.1 * whole_s)):
                break
            counts.kills += 1
            recorded = look_at_stop(root, recorded, counts)
        run_killed(root, None)
        recorded = look_at_stop(root, recorded, counts)
    counts.trials += 1
    end = state(root)
    for part, value in end.items():
        if value != reference[part]:
            counts.different += 1
            counts.where[part] = counts.where.get(part, 0) + 1
    counts.half += len(list((root / "reports").rglob(".*")))


def prepare(root: Path) -> None:
    """Put site and first scenes in place: four good ones, a copy of one, and one that is no image."""
    write_site(root / "site.geojson")
    for day in (0, 3, 6, 9):
        write_scene(root / "in", day)
    shutil.copy(root / "in" / "day003.tif", root / "in" / "copy.tif")
    (root / "in" / "bad.tif").write_bytes(b"no image")


def measure(kills: int, seed: int) -> Counts:
    """Return what so many kills cost."""
    counts, rng = Counts(), random.Random(seed)
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        prepare(model)
        start = time.perf_counter()
        run_killed(model, None)
        whole_s = time.perf_counter() - start
        write_scene(model / "in", 4)
        run_killed(model, None)
        reference = state(model)
        while counts.kills < kills:
            root = Path(folder) / f"trial{counts.trials}"
            prepare(root)
            trial(root, reference, whole_s, rng, counts)
            shutil.rmtree(root)
    return counts
