"""Do everything in one process many times, and see that it takes no more for it.

``python -m scripts.leaks --runs 1000``: each run opens two small scenes, compares them with
``tumangang_watch`` as a notebook does, writes the report and reads it back; every tenth takes a scene that
is refused as well. After a fifth of the runs what is held is noted: open files, threads, temporary files
and memory. Exit 1 where any has grown at the end, memory by more than 20 MiB.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import tumangang_watch as tw
from tests.support import quick_watch as quick
from tumangang_watch.errors import InputRefused

GROWTH_MB = 20.0
"""Memory that the allocator may keep besides: what leaks grows with the runs."""
SETTLED = 0.2
"""Share of the runs after which everything is loaded and every cache filled."""


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    files: tuple[str, ...]
    threads: int
    temporary: int
    resident_mb: float

    @classmethod
    def now(cls) -> Held:
        """Return what this process holds."""
        places = Counter(_target(handle) for handle in Path("/proc/self/fd").iterdir())
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            files=tuple(sorted(places.elements())),
            threads=threading.active_count(),
            temporary=len(os.listdir(tempfile.gettempdir())),
            resident_mb=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        )

    def grown_since(self, before: Held) -> list[str]:
        """Return what is more than it was."""
        more = list((Counter(self.files) - Counter(before.files)).elements())
        grown = [f"open: {place}" for place in more]
        if self.threads > before.threads:
            grown.append(f"threads: {self.threads}, {before.threads} before")
        if self.temporary > before.temporary:
            grown.append(f"temporary files: {self.temporary}, {before.temporary} before")
        if self.resident_mb > before.resident_mb + GROWTH_MB:
            grown.append(f"memory: {self.resident_mb:.0f} MB, {before.resident_mb:.0f} before")
        return grown


def _target(handle: Path) -> str:
    """Return what an open file is; the folder that lists them is none."""
    try:
        return os.readlink(handle)
    except FileNotFoundError:
        return "/proc"


def one_run(root: Path, number: int) -> None:
    """Compare, write, read; refuse."""
    comparison = tw.compare(
        root / "in" / "day000.tif", root / "in" / "day003.tif", root / "site.geojson", detectability=False
    )
    tw.write_report(comparison, root / "out", overwrite=number > 0)
    tw.read_report(root / "out")
    if number % 10 == 0:
        try:
            tw.open_scene(root / "in" / "broken.tif")
        except InputRefused:
            return
        raise SystemExit("a broken scene was taken")


def main() -> int:
    """Run, compare what is held, print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    chosen = parser.parse_args()
    settled = max(1, int(SETTLED * chosen.runs))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "temporary").mkdir()
        tempfile.tempdir = os.environ["TMPDIR"] = str(root / "temporary")
        quick.write_site(root / "site.geojson")
        whole = [quick.write_scene(root / "in", day) for day in (0, 3)]
        (root / "in" / "broken.tif").write_bytes(whole[0].read_bytes()[:20_000])
        before, start = Held.now(), time.monotonic()
        for number in range(chosen.runs):
            one_run(root, number)
            if number + 1 == settled:
                before = Held.now()
            if (number + 1) % max(1, chosen.runs // 10) == 0:
                held = Held.now()
                passed = time.monotonic() - start
                print(
                    f"{number + 1} runs, {passed:.0f} s: {len(held.files)} files, {held.threads} threads, "
                    f"{held.resident_mb:.1f} MB",
                    flush=True,
                )
        grown = Held.now().grown_since(before)
    for line in grown:
        print(f"grown since run {settled}: {line}")
    print(f"{chosen.runs} runs, {'something' if grown else 'nothing'} has grown since run {settled}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
