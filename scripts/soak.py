"""Run `watch` for a while with everything going wrong, and hold what it leaves against a ledger outside.

``python -m scripts.soak --minutes 60``: round after round scenes arrive in three lots. After each lot the
taking-in is disturbed some times: a call that writes is its last, fails or is cut short (`torture`), the
process is killed or ended by a signal at a random moment, may have few files open or write only small ones,
or lives in another time zone. Then one run is left in peace.

The ledger notes after every run which reports are recorded and what was told: what once stood in it may not
be gone; no report may be visible by half, none stand twice; and each round must end as an undisturbed one,
with no process left. Exit 1 where any does not hold.

Where a run that is left in peace fails, its words, the folder as it found it, what befell that folder and
whether the run fails there once more are kept and told, and the soak ends.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from scripts.torture import import_all
from tests.support import faulted_cases as cases
from tests.support import quick_watch as quick
from tests.support.faulted_runs import FAULTS, FaultedRuns, start_in_folder
from tests.support.watch_kills import Counts, look_at_stop, prepare

TAKE_IN = next(case for case in cases.CASES if case.name == "watch")
LOTS = ((0, 3), (6, 9), (4,))
"""Days of the scenes that arrive together; the last comes late."""
ZONES = ("Asia/Pyongyang", "Pacific/Kiritimati", "America/St_Johns", "UTC")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WELL = (0, 3)
"""How a run may end that nothing disturbed: one of the files is no image."""
CALLS = 700
"""About how many calls of a run write."""


def main() -> int:
    """Disturb and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside is None:
        return start_in_folder("soak", "nothing was disturbed")
    import_all()
    rng, until = random.Random(asked.seed), time.monotonic() + 60 * asked.minutes
    runs, counts, befell = FaultedRuns(asked.inside / "run"), Counts(), Counter[str]()
    whole_s = time.monotonic()
    reference = a_round(runs, counts, lambda: "nothing")
    whole_s = (time.monotonic() - whole_s) / len(LOTS)
    wrong: list[str] = []
    while time.monotonic() < until:
        end = a_round(runs, counts, lambda: disturb(runs, rng, whole_s, befell))
        wrong += [f"round {counts.trials}: {part} unlike" for part in end if end[part] != reference[part]]
        wrong += [f"round {counts.trials}: not swept: {name}" for name in cases.leftovers(runs.root)]
    for name, number in sorted(befell.items()):
        print(f"{number:6d}  {name}")
    print(f"{befell.total()} disturbed runs in {counts.trials - 1} rounds, seed {asked.seed}")
    print(f"lost {counts.lost}, doubled {counts.double}, half visible {counts.half}, unlike {len(wrong)}")
    for words in wrong:
        print(f"NOT AS PROMISED  {words}")
    return int(bool(wrong or counts.lost or counts.double or counts.half))


def a_round(runs: FaultedRuns, counts: Counts, disturb_it: Callable[[], str]) -> dict[str, object]:
    """Let the lots arrive, disturb each some times and leave it in peace once; return how it ends."""
    root, recorded, told = runs.root, set[str](), set[str]()
    shutil.rmtree(root, ignore_errors=True)
    prepare(root)
    for path in root.glob("in/day*"):
        path.unlink()
    for lot in LOTS:
        for day in lot:
            quick.write_scene(root / "in", day)
        befell = []
        for attempt in range(4):
            if attempt < 3:
                befell.append(disturb_it())
            else:
                in_peace(runs, befell)
            recorded = look_at_stop(root, recorded, counts)
            counts.lost += len(told - quick.told(root))
            told = quick.told(root)
    counts.trials += 1
    return dict(quick.state(root))


def in_peace(runs: FaultedRuns, befell: list[str]) -> None:
    """Take in with nothing going wrong; where that fails, keep what it met, after what befell the folder."""
    root, found = runs.root, runs.root.with_name("found")
    shutil.rmtree(found, ignore_errors=True)
    shutil.copytree(root, found, symlinks=True)
    if (ended := runs.run(lambda: TAKE_IN.work(root))).status in WELL:
        return
    kept = Path(tempfile.mkdtemp(prefix="tumangang-soak-kept-"))
    shutil.copytree(found, kept / "found", symlinks=True)
    shutil.move(root, kept / "left")
    (kept / "words").write_text(ended.words)
    found.rename(root)
    again = runs.run(lambda: TAKE_IN.work(root))
    (kept / "words again").write_text(again.words)
    how = "the same" if again.status == ended.status else f"{again.status}"
    print(ended.words[-4000:])
    raise SystemExit(
        f"NOT AS PROMISED  after {'; '.join(befell)}: undisturbed it ended with {ended.status}, "
        f"tried again there with {how}: {kept}"
    )


def disturb(runs: FaultedRuns, rng: random.Random, whole_s: float, befell: Counter[str]) -> str:
    """Run once with something going wrong; return what."""
    kind = rng.choice(("fault", "fault", "signal", "few files", "small files", "zone"))
    fault, at, name, after_s = None, 0, kind, 0.0
    sent, zone, most = rng.choice(SIGNALS), rng.choice(ZONES), rng.randint(14, 60)
    if kind == "fault":
        fault, at = rng.choice(FAULTS), rng.randint(1, CALLS)
        name = fault.name
    elif kind == "signal":
        name, after_s = sent.name, rng.uniform(0, whole_s)

    def work() -> None:
        if kind == "signal":
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            timer = threading.Timer(after_s, lambda: os.kill(os.getpid(), sent))
            timer.daemon = True
            timer.start()
        elif kind == "few files":
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        elif kind == "small files":
            resource.setrlimit(resource.RLIMIT_FSIZE, (most * 4096, most * 4096))
        os.environ["TZ"] = zone
        time.tzset()
        TAKE_IN.work(runs.root)

    ended = f"ended with {runs.run(work, fault, at).status}"
    befell[f"{name}, {ended}"] += 1
    return f"{name} ({at=}, {after_s=:.3f}, {most=}), {ended}"


if __name__ == "__main__":
    sys.exit(main())
