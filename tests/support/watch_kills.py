"""Kill the taking-in of scenes at random points and count what it costs.

Most of the time, and so most of the kills, falls into the writing. Every trial ends with an undisturbed
run, whose output must be that of a run that was never killed. At every stop the state on the disk is looked
at: no report may be visible by half, none recorded may be lost, and of the run's processes none is left.

With a start method of workers (``fork``, ``spawn``) the command ``watch --jobs 2`` itself is run and killed.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive, check_folder
from tumangang_watch.cli import main
from tumangang_watch.commands import watch as command
from tumangang_watch.watch.executors import Processes

from . import quick_watch
from .quick_watch import state, take_in_here, write_scene, write_site

LEFT_S = 20.0
"""How long what a killed run started may take to end."""


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
    workers: int = 0
    """Processes that were left after a kill."""
    where: dict[str, int] = field(default_factory=dict)


def quick_work(work: tuple[Callable[[Any], Any], Any]) -> Any:
    """Do a piece of work in a process of its own with the quick measuring."""
    function, task = work
    with quick_watch.quick():
        return function(task)


class QuickProcesses(Processes):
    """The program's own processes of workers, who measure quickly."""

    def submit(self, function: Callable[[Any], Any], task: Any, key: Any) -> None:
        super().submit(quick_work, (function, task), key)


def watch_here(root: Path, start: str, notify: str = "cat >> @/told") -> None:
    """Run the command ``watch`` with two workers; the process ends with its status.

    Findings are told to a command of the shell, in which ``@`` stands for the folder.
    """

    @contextmanager
    def quick_executor(jobs: int, _: object, limit_s: float, attempts: int) -> Iterator[Processes]:
        place = QuickProcesses(jobs, limit_s, attempts)
        try:
            yield place
        finally:
            place.close()

    context = multiprocessing.get_context(start)
    places = {"--archive": "record.sqlite", "--reports": "reports", "--site": "site.geojson"}
    words = ["watch", f"{root}/in", "--settle", "0", "--jobs", "2", "--no-detectability", "-q"]
    words += [word for name, file in places.items() for word in (name, f"{root}/{file}")]
    words += ["--notify-command", f"/bin/sh -c '{notify.replace('@', str(root))}'"]
    with (
        mock.patch.object(command, "executor", quick_executor),
        mock.patch.object(multiprocessing, "get_context", return_value=context),
    ):
        main(words)


def run_killed(root: Path, after_s: float | None, start: str | None = None) -> tuple[bool, int]:
    """Take in, in a child that is killed after a while.

    Returns
    -------
    bool
        It was killed.
    int
        Processes that it left.

    Raises
    ------
    RuntimeError
        It failed, or ended unlike runs do that meet one file which is no image.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            if start is None:
                take_in_here(root)
                status = 0
            else:
                watch_here(root, start)
        except SystemExit as end:
            status = 0 if end.code in (0, 3) else 1
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
        finally:
            os._exit(status)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    until = time.monotonic() + LEFT_S
    # One look can miss a process that was made while it went through the list.
    while (left := [*of_session(child), *of_session(child)]) and time.monotonic() < until:
        time.sleep(0.01)
    left = sorted(set(left))
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)
    while of_session(child):
        time.sleep(0.01)  # What it locked is free when it is gone.
    if os.WIFSIGNALED(status):
        return True, len(left)
    if os.WEXITSTATUS(status):
        raise RuntimeError("a run failed")
    return False, len(left)


def of_session(session: int) -> list[str]:
    """Return the processes of a session that are not yet dead."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = path.read_text().rsplit(")", 1)[1].split()[:4]
        except OSError:
            continue
        if int(number) == session and state != "Z":
            found.append(path.parent.name)
    return found


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


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What trials are held against."""

    reference: dict[str, Any]
    whole_s: float
    """How long an undisturbed run takes."""
    start: str | None


def trial(root: Path, bench: Bench, rng: random.Random, counts: Counts) -> None:
    """Take in five scenes, a late one after the first run, with kills in between."""
    recorded: set[str] = set()
    for stage in ("first", "late"):
        if stage == "late":
            write_scene(root / "in", 4)
        for _ in range(rng.randrange(1, 4)):
            killed, left = run_killed(root, rng.uniform(0.0, 1.1 * bench.whole_s), bench.start)
            counts.workers += left
            if not killed:
                break
            counts.kills += 1
            recorded = look_at_stop(root, recorded, counts)
        run_killed(root, None, bench.start)
        recorded = look_at_stop(root, recorded, counts)
    counts.trials += 1
    end = state(root)
    for part, value in end.items():
        if value != bench.reference[part]:
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


def measure(kills: int, seed: int, start: str | None = None) -> Counts:
    """Return what so many kills cost, or those until an interrupt."""
    counts, rng = Counts(), random.Random(seed)
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        prepare(model)
        shutil.copytree(model, Path(folder) / "warm")
        take_in_here(Path(folder) / "warm")  # What is loaded once is not loaded by every fork.
        begun = time.perf_counter()
        run_killed(model, None, start)
        whole_s = time.perf_counter() - begun
        write_scene(model / "in", 4)
        run_killed(model, None, start)
        bench = Bench(reference=state(model), whole_s=whole_s, start=start)
        with suppress(KeyboardInterrupt):
            while counts.kills < kills:
                root = Path(folder) / f"trial{counts.trials}"
                prepare(root)
                trial(root, bench, rng, counts)
                shutil.rmtree(root)
    return counts
