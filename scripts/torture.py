"""Break every call that writes, one at a time, of every command that writes, and see what stands after it.

``make torture`` (``python -m scripts.torture --per 40``): a preloaded library numbers the calls that open to
write, write, flush, name or cut a file; at a chosen number the run is killed, the call fails (full disk,
broken disk, disk that cannot be written, too few open files), or writes less than asked. Of each kind of
fault and command ``--per`` numbers are tried, spread evenly; ``--per 0`` tries all of them.

After each: what stood there before or what is new is whole; no traceback, and a run that says it ended well
did; the archive and every visible report pass their checks; and one more run ends as an undisturbed one does
and leaves nothing hidden behind. Exit 1 where any does not hold.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import shutil
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import tumangang_watch
from tests.support import faulted_cases as cases
from tests.support.faulted_runs import FAULTS, Ended, Fault, FaultedRuns, start_in_folder

FORESEEN = (0, 3, 5, 6, 10, 75)
"""Statuses of runs that met a fault; a traceback is 1."""


@dataclass
class Tally:
    """What the faults led to."""

    tried: Counter[str] = field(default_factory=Counter)
    possible: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    uneven: set[str] = field(default_factory=set)
    """Files whose bytes differ from run to run without a fault."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One command, what stood before it, and what it should end with."""

    case: cases.FaultedCase
    runs: FaultedRuns
    model: Path
    old: cases.Look
    new: cases.Look
    status: int
    calls: str
    """Of what kind its calls that write are."""


def main() -> int:
    """Try the faults and print what they led to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per", type=int, default=40, help="call numbers of each kind of fault; 0: all")
    parser.add_argument("--only", default="", help="commands whose name holds this")
    parser.add_argument("--fault", default="", help="faults whose name holds this")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside is None:
        return start_in_folder("torture", "no fault was tried")
    import_all()
    start, tally = time.monotonic(), Tally()
    record = asked.inside / "record"
    runs = FaultedRuns(asked.inside / "run")
    runs.run(lambda: cases.make_record(record))
    for case in cases.CASES:
        if asked.only in case.name:
            _try_case(case, runs, record, tally, asked)
    return _print(tally, time.monotonic() - start)


def import_all() -> None:
    """Import whatever a command may, once for all runs."""
    for module in pkgutil.walk_packages(tumangang_watch.__path__, "tumangang_watch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("pyarrow.parquet", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg"):
        with suppress(ImportError):
            importlib.import_module(name)


def _try_case(
    case: cases.FaultedCase, runs: FaultedRuns, record: Path, tally: Tally, asked: argparse.Namespace
) -> None:
    bench = undisturbed(case, runs, record)
    if isinstance(bench, str):
        tally.wrong.append(bench)
        return
    tally.uneven |= {f"{case.name}: {name}" for name, value in bench.new.items() if not value}
    for fault in FAULTS:
        if asked.fault in fault.name:
            numbers = [n for n, kind in enumerate(bench.calls, start=1) if kind in fault.kinds]
            tally.possible[f"{case.name}: {fault.name}"] += len(numbers)
            for number in spread(numbers, asked.per):
                tally.tried[f"{case.name}: {fault.name}"] += 1
                tally.wrong += [
                    f"{case.name}: {fault.name} at call {number}: {words}"
                    for words in _try(bench, fault, number)
                ]
    print(f"{case.name}: {len(bench.calls)} calls, {len(tally.wrong)} faults so far", flush=True)


def undisturbed(case: cases.FaultedCase, runs: FaultedRuns, record: Path) -> Bench | str:
    """Return how a command ends that nothing disturbs, or why it cannot be tried."""
    model = runs.root.with_name("model")
    case.prepare(runs.root, record, runs.run)
    shutil.rmtree(model, ignore_errors=True)
    runs.root.rename(model)
    old = restore(runs, model)
    ended = runs.run(lambda: case.work(runs.root))
    new = cases.look(runs.root)
    if ended.status not in FORESEEN[:1] or (new == old and not case.several):
        return f"{case.name}: undisturbed it ends with {ended.status}: {ended.words[-800:]}"
    restore(runs, model)
    runs.run(lambda: case.work(runs.root))
    uneven = {name for name, value in cases.look(runs.root).items() if new.get(name) != value}
    even = {name: "" if name in uneven else value for name, value in new.items()}
    return Bench(case=case, runs=runs, model=model, old=old, new=even, status=ended.status, calls=ended.calls)


def spread(numbers: list[int], most: int) -> list[int]:
    """Return at most so many of some numbers, evenly; 0 stands for all."""
    if not most or len(numbers) <= most:
        return numbers
    return [numbers[(2 * k + 1) * len(numbers) // (2 * most)] for k in range(most)]


def restore(runs: FaultedRuns, model: Path) -> cases.Look:
    """Put the folder of runs back to what stood there before; return how it looks."""
    shutil.rmtree(runs.root, ignore_errors=True)
    shutil.copytree(model, runs.root)
    return cases.look(runs.root)


def _try(bench: Bench, fault: Fault, number: int) -> list[str]:
    """Run with one fault, and once more without; return what was not as promised."""
    case, runs = bench.case, bench.runs
    restore(runs, bench.model)
    ended = runs.run(lambda: case.work(runs.root), fault, number)
    wrong = _judge_run(bench, ended, cases.look(runs.root))
    try:
        wrong += cases.faults_of(runs.root)
    except Exception as error:
        wrong.append(f"the archive: {error}")
    again = runs.run(lambda: case.work(runs.root))
    if again.status not in FORESEEN:
        wrong.append(f"the run after it ends with {again.status}: {again.words[-600:]}")
    wrong += [f"after another run {words}" for words in differences(bench.new, cases.look(runs.root))]
    wrong += [f"not swept: {name}" for name in cases.leftovers(runs.root)]
    return wrong


def _judge_run(bench: Bench, ended: Ended, seen: cases.Look) -> list[str]:
    wrong = []
    if "Traceback" in ended.words or (ended.status >= 0 and ended.status not in FORESEEN):
        wrong.append(f"status {ended.status}: {ended.words[-1200:]}")
    to_new = differences(bench.new, seen)
    if ended.status == bench.status and to_new:
        wrong.append(f"it ended well, but {to_new[0]}")
    return wrong + judge_state(bench, seen)


def judge_state(bench: Bench, seen: cases.Look) -> list[str]:
    """Return what is neither whole as it was nor whole as it should become."""
    to_new, to_old = differences(bench.new, seen), differences(bench.old, seen)
    if not bench.case.several:
        return [f"neither old nor new: {to_old[0]}; {to_new[0]}"] if to_new and to_old else []
    kept = {n: v for n, v in bench.old.items() if ":" not in n and n != "told" and bench.new.get(n) == v}
    return [f"lost: {name}" for name, value in kept.items() if seen.get(name) != value]


def differences(wanted: cases.Look, seen: cases.Look) -> list[str]:
    """Return in what a state is another; files that differ from run to run need only be there."""
    names = sorted(wanted.keys() | seen.keys())
    return [
        f"{name} is {'missing' if name not in seen else 'there' if name not in wanted else 'another'}"
        for name in names
        if (name in wanted) != (name in seen) or (wanted[name] and wanted[name] != seen[name])
    ]


def _print(tally: Tally, seconds: float) -> int:
    for name in tally.possible:
        print(f"{tally.tried[name]:6d} of {tally.possible[name]:6d}  {name}")
    tried, possible = tally.tried.total(), tally.possible.total()
    print(
        f"{tried} runs with a fault of {possible} possible ({tried / max(possible, 1):.0%}), {seconds:.0f} s"
    )
    for name in sorted(tally.uneven):
        print(f"differs from run to run: {name}")
    for words in tally.wrong:
        print(f"NOT AS PROMISED  {words}")
    print(f"{len(tally.wrong)} not as promised")
    return int(bool(tally.wrong))


if __name__ == "__main__":
    sys.exit(main())
