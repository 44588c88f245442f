"""Cut the power at every call that writes, of every command that writes, and see what the disk then holds.

``python -m scripts.power_cut --per 40``: a preloaded library notes every call that makes, writes, flushes or
names a file, with its data. At ``--per`` of the calls of each command, spread evenly (0: at all), the folder
is built again as a disk may hold it after a power cut there, in the ways of `tests.support.power_cuts`: with
all that was not flushed, with none of it, with its names or its content only, with some of it.

Of each such folder: what stood there before or what is new is whole; what a command that had ended said it
did is there; the archive and every visible report pass their checks; and one more run ends as an undisturbed
one does and leaves nothing hidden behind. Exit 1 where any does not hold.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

from scripts.torture import (
    FORESEEN,
    Bench,
    differences,
    import_all,
    judge_state,
    restore,
    spread,
    undisturbed,
)
from tests.support import faulted_cases as cases
from tests.support.faulted_runs import NOTED, FaultedRuns, start_in_folder
from tests.support.power_cuts import WAYS, Disk, digest_of, put, read_calls

OUTSIDE = ("told",)
"""What was sent away stays sent."""


def main() -> int:
    """Cut the power and print what it led to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per", type=int, default=40, help="cuts of each command; 0: at every call")
    parser.add_argument("--only", default="", help="commands whose name holds this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside is None:
        return start_in_folder("power_cut", "no power was cut")
    import_all()
    start, tried, wrong = time.monotonic(), Counter[str](), list[str]()
    record = asked.inside / "record"
    runs = FaultedRuns(asked.inside / "run")
    runs.run(lambda: cases.make_record(record))
    for case in cases.CASES:
        if asked.only in case.name:
            cut(case, runs, record, asked, tried, wrong)
    for name, number in tried.items():
        print(f"{number:6d}  {name}")
    print(f"{tried.total()} states after a power cut, {time.monotonic() - start:.0f} s")
    for words in wrong:
        print(f"NOT AS PROMISED  {words}")
    print(f"{len(wrong)} not as promised")
    return int(bool(wrong))


def cut(
    case: cases.FaultedCase,
    runs: FaultedRuns,
    record: Path,
    asked: argparse.Namespace,
    tried: Counter[str],
    wrong: list[str],
) -> None:
    """Cut the power of one command at many of its calls."""
    bench = undisturbed(case, runs, record)
    if isinstance(bench, str):
        wrong.append(bench)
        return
    restore(runs, bench.model)
    disk = Disk(runs.root, OUTSIDE)
    runs.log.unlink(missing_ok=True)
    runs.run(lambda: case.work(runs.root), NOTED)
    calls = list(read_calls(runs.log))
    chosen, seen = {len(calls), *spread(list(range(1, len(calls) + 1)), asked.per)}, set[str]()
    real = {
        path.relative_to(runs.root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in runs.root.rglob("*")
    }
    for number, call in enumerate(calls, start=1):
        disk.do(call)
        for way in WAYS if number in chosen else ():
            rng = random.Random(f"{asked.seed}-{case.name}-{number}-{way}")
            content = disk.after_cut(way, rng)
            if number == len(calls) and way == "all":
                # What was noted is all there was: else the other folders would mean nothing.
                wrong += [f"{case.name}: not all was noted: {n}" for n in unlike(content, real)]
            ended = number == len(calls)
            if (digest := f"{digest_of(content)} {ended}") in seen:
                continue
            seen.add(digest)
            tried[case.name] += 1
            shutil.rmtree(runs.root)
            put(runs.root, content)
            found = judge(bench, ended=ended)
            wrong += [f"{case.name}: cut after call {number} of {len(calls)}, {way}: {w}" for w in found]
    print(f"{case.name}: {len(calls)} calls, {len(seen)} states, {len(wrong)} faults so far", flush=True)


def unlike(one: dict[str, bytes | None], other: dict[str, bytes | None]) -> list[str]:
    """Return the names under which two folders do not hold the same."""
    return sorted(n for n in one.keys() | other.keys() if one.get(n, b"?") != other.get(n, b"?"))


def judge(bench: Bench, *, ended: bool) -> list[str]:
    """Return what of a folder after a power cut is not as promised, and of one more run."""
    case, runs = bench.case, bench.runs
    state = cases.look(runs.root)
    wrong = [f"it had ended well, but {d}" for d in differences(bench.new, state)[:1]] if ended else []
    wrong += judge_state(bench, state)
    try:
        wrong += cases.faults_of(runs.root)
    except Exception as error:
        wrong.append(f"the archive: {error}")
    again = runs.run(lambda: case.work(runs.root))
    if again.status not in FORESEEN:
        wrong.append(f"the run after it ends with {again.status}: {again.words[-600:]}")
    wrong += [f"after another run {words}" for words in differences(bench.new, cases.look(runs.root))]
    return wrong + [f"not swept: {name}" for name in cases.leftovers(runs.root)]


if __name__ == "__main__":
    sys.exit(main())
