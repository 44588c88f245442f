"""Exchange, cut or remove a scene at every call that opens or reads it, and see what comes of it.

``python -m scripts.exchange --per 10``: a preloaded library numbers the calls, of each command that reads
scenes, that open or read one of them. At a chosen number another scene takes its name or is written into it,
half or all of it is cut off, or it is removed; ``--per`` numbers are tried of each command and way, spread
evenly, ``--per 0`` tries all.

A run ends well only with what it gives, undisturbed, of the scene that was there or of the one that came;
else it says in one line that the scene changed (75), or refuses what is left of it (3), and leaves nothing;
one of the background is left out and named.
`watch` records nothing of it that it would not record undisturbed, and takes in the first scene when that
is back. Exit 1 where any does not hold.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.torture import import_all, spread
from tests.support import faulted_cases as cases
from tests.support import quick_watch as quick
from tests.support.crashes import EXCHANGE, SOUND, WAYS, calls_met, exchanging
from tests.support.faulted_runs import Ended, FaultedRuns, start_in_folder

REPORT = "--site @/site.geojson --out @/out --no-detectability"
COMMANDS = {
    "compare, later": f"compare @/in/day000.tif @/one.tif {REPORT}",
    "compare, earlier": f"compare @/one.tif @/in/day009.tif {REPORT}",
    "compare, history": f"compare @/in/day000.tif @/in/day009.tif {REPORT} --history @/one",
    "detect": f"detect @/one.tif {REPORT}",
    "inspect": "inspect @/one.tif --site @/site.geojson --quicklook @/look.png --json",
    "site show": "site show @/site.geojson @/one.tif --out @/map.png",
    "site import": "site import @/site.geojson --scene @/one.tif --out @/made.geojson",
    "site add-reference": "site add-reference @/site.geojson @/one.tif --as-it-lies",
}
TAKE_IN = next(case for case in cases.CASES if case.name == "watch")
FORESEEN = (0, 3, 75)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One command, and the scene that something befalls."""

    name: str
    work: Callable[[], object]
    scene: str
    """Its path from the folder of the run."""
    several: bool = False
    """It notes what it refused, and goes on another time."""


@dataclass(frozen=True)
class Ends:
    """What a run may give, and another one once the first scene is back."""

    ends: list[cases.Look]
    next_ends: list[cases.Look]


def main() -> int:
    """Try the exchanges and print what they led to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per", type=int, default=10, help="call numbers of each command and way; 0: all")
    parser.add_argument("--only", default="", help="commands whose name holds this")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside is None:
        return start_in_folder("exchange", "nothing was exchanged", (EXCHANGE,))
    import_all()
    start, tried, wrong = time.monotonic(), Counter[str](), list[str]()
    bench = Bench(asked.inside)
    for trial in trials(bench.runs.root):
        if asked.only in trial.name:
            number, found = bench.exchange(trial, asked.per)
            tried[trial.name] += number
            wrong += found
            print(f"{trial.name}: {number} exchanges, {len(wrong)} faults so far", flush=True)
    print(f"{tried.total()} exchanges, {time.monotonic() - start:.0f} s")
    print(f"{len(wrong)} not as promised")
    return int(bool(wrong))


def trials(root: Path) -> list[Trial]:
    """Return what is tried: each command, and the intake of one new scene."""
    found = []
    for name, words in COMMANDS.items():
        scene = "one/one.tif" if name.endswith("history") else "one.tif"
        case = cases.FaultedCase(name, words)
        found.append(Trial(name=name, work=lambda case=case: case.work(root), scene=scene))
    take_in = Trial(name="watch", work=lambda: TAKE_IN.work(root), scene="in/day006.tif", several=True)
    return [*found, take_in]


def make_scenes(record: Path) -> None:
    """Write scenes, a site and a record of three dates, and the scene that comes in another's place."""
    cases.make_record(record)
    quick.write_scene(record / "in", 9)
    quick.take_in_here(record)
    quick.write_scene(record / "in", 6)
    for folder in (record, record / "one"):
        quick.write_scene(folder, 3, "one")
    quick.write_scene(record / "aside", 12).rename(record / "other")
    shutil.rmtree(record / "aside")


class Bench:
    """Runs of one command after the other, with the scenes as they were."""

    def __init__(self, inside: Path) -> None:
        self.runs, self.record = FaultedRuns(inside / "run"), inside / "record"
        self.count, self.by, self.other = inside / "count", inside / "by.tif", inside / "record" / "other"
        self.runs.run(lambda: make_scenes(self.record))

    def run(self, trial: Trial, way: str = SOUND[0], at: int = 0) -> Ended:
        """Run a command; at a call of a number something befalls its scene."""
        shutil.copy(self.other, self.by)
        around = exchanging(self.count, self.runs.root / trial.scene, way, at, self.by)
        return self.runs.run(lambda: (os.environ.update(around), trial.work()))

    def restore(self) -> None:
        """Put everything back to what stood there before."""
        shutil.rmtree(self.runs.root, ignore_errors=True)
        shutil.copytree(self.record, self.runs.root)

    def bring_back(self, trial: Trial) -> None:
        """Put the first scene back."""
        shutil.copy(self.record / trial.scene, self.runs.root / trial.scene)

    def seen(self, trial: Trial) -> cases.Look:
        """Return what runs gave: everything but the scenes, and which files hold them."""
        seen = cases.look(self.runs.root)
        apart = ("in/", "one", "record.sqlite:files")
        return {name: digest for name, digest in seen.items() if not name.startswith(apart)}

    def ends_of(self, trial: Trial, way: str) -> Ends:
        """Return how undisturbed runs end: of the first scene, and where this befell it before."""
        ends, next_ends = [], []
        for befallen in (False, True):
            self.restore()
            if befallen:
                befall(way, self.runs.root / trial.scene, self.other)
            ended = self.run(trial)
            if ended.status not in FORESEEN or (ended.status and not befallen):
                raise RuntimeError(f"{trial.name}: undisturbed it ends with {ended.status}: {ended.words}")
            ends.append(self.seen(trial))
            if trial.several:
                self.bring_back(trial)
                self.run(trial)
                next_ends.append(self.seen(trial))
        return Ends(ends, next_ends)

    def exchange(self, trial: Trial, per: int) -> tuple[int, list[str]]:
        """Let everything befall one command's scene; return how often, and what was not as promised."""
        tried, wrong = 0, []
        for way in WAYS:
            allowed = self.ends_of(trial, way)
            self.restore()
            before = self.seen(trial)
            self.run(trial)
            calls = calls_met(self.count)
            for at in spread(list(range(1, calls + 1)), per):
                self.restore()
                ended, tried = self.run(trial, way, at), tried + 1
                found = judge(trial, way, ended, self.seen(trial), [*allowed.ends, before])
                if trial.several:
                    self.bring_back(trial)
                    self.run(trial)
                    if self.seen(trial) not in allowed.next_ends:
                        found.append("the next run, with the scene back, gives something else")
                found = [f"{trial.name}: {way} at call {at} of {calls}: {words}" for words in found]
                print("".join(f"NOT AS PROMISED  {words}\n" for words in found), end="", flush=True)
                wrong += found
        return tried, wrong


def befall(way: str, scene: Path, other: Path) -> None:
    """Do to a scene what befalls it in a run."""
    if way in SOUND:
        shutil.copy(other, scene)
    elif way == "away":
        scene.unlink()
    else:
        os.truncate(scene, scene.stat().st_size // 2 if way == "cut" else 0)


def judge(trial: Trial, way: str, ended: Ended, seen: cases.Look, allowed: list[cases.Look]) -> list[str]:
    """Return what is wrong with a run while something befell its scene; last is the look before."""
    wrong, lines = [], [line for line in ended.words.splitlines() if line.startswith("tumangang-watch: ")]
    if "Traceback" in ended.words or ended.status not in FORESEEN:
        return [f"status {ended.status}: {ended.words[-1200:]}"]
    left_out = trial.name.endswith("history") and "could not be used: one.tif" in ended.words
    if not left_out and seen not in (allowed if trial.several or ended.status == 0 else allowed[-1:]):
        last = allowed[0]
        differ = [n for n in seen.keys() | last.keys() if seen.get(n) != last.get(n)]
        wrong.append(
            f"status {ended.status}, and what stands there is neither: {differ[:3]} {ended.words[-300:]}"
        )
    if trial.several:
        return wrong
    if len(lines) != (ended.status != 0):
        wrong.append(f"{len(lines)} lines: {ended.words[-600:]}")
    if ended.status == 3 and way in SOUND:
        wrong.append(f"a sound scene is refused: {ended.words[-300:]}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
