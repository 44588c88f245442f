"""Judge what ``watch`` and ``compare`` tell of painted weeks, date by date.

``python -m benchmarks.weeks --split test --weeks 6`` draws weeks of yards: trains come, stay,
move, part, are replaced in their place and leave; cargo comes and goes; light, air, cameras (0.4-0.8 m)
differ; some dates are hours apart, on some nothing changes. Each week goes through the installed
``watch`` with an archive, and each two successive scenes through ``compare``. A date is told right when every
painted change is told once, as what it is, in its place, and nothing else is told as sure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

from tumangang_watch.evaluate.story import story_faults
from tumangang_watch.model.document import FindingDocument
from tumangang_watch.simulate import split_seeds
from tumangang_watch.simulate.weeks.changes import PaintedChange, changes_between, shaded_share
from tumangang_watch.simulate.weeks.draw import MAX_SHADED, draw_week
from tumangang_watch.simulate.weeks.shots import PaintedDate
from tumangang_watch.simulate.write import write_site

PROGRAM = Path(sys.executable).parent / "tumangang-watch"


def run(*arguments: object) -> str:
    """Run the installed command; return what it printed, after its complaint where it has one."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1])
    return done.stdout


def watched(scenes: list[Path], site: Path, folder: Path) -> dict[str, list[FindingDocument]]:
    """Return what ``watch`` tells of each scene, by the scene's name."""
    where = ("--archive", folder / "record.sqlite", "--reports", folder / "reports", "--site", site)
    run("watch", scenes[0].parent, *where, "--settle", 0, "--no-detectability")
    told: dict[str, list[FindingDocument]] = {}
    for file in sorted((folder / "reports").glob("*/report.json")):
        report = json.loads(file.read_text())
        told.setdefault(report["scenes"]["later"]["id"], []).extend(report["findings"])
    return told


def compared(earlier: Path, later: Path, site: Path, folder: Path) -> list[FindingDocument] | None:
    """Return what ``compare`` tells of two scenes; None where it tells nothing."""
    out = folder / f"{later.stem}_compared"
    text = run("compare", earlier, later, "--site", site, "--out", out, "--json", "--no-detectability")
    return json.loads(text)["findings"] if text else None


def parted(before: PaintedDate, after: PaintedDate) -> tuple[list[PaintedChange], list[PaintedChange]]:
    """Return the changes that two scenes show, and those whose place a train shades on either."""
    changes = changes_between(after.world, before.day, after.day)
    hidden = [
        c.kind == "cargo"
        and max(shaded_share(after.world, d.day, c.place) for d in (before, after)) >= MAX_SHADED
        for c in changes
    ]
    return (
        [c for c, shade in zip(changes, hidden, strict=True) if not shade],
        [c for c, shade in zip(changes, hidden, strict=True) if shade],
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--first", type=int, default=0, help="the first seed of the split to take")
    parser.add_argument("--dates", type=int, default=6)
    parser.add_argument("--keep", type=Path, help="folder that keeps the scenes and reports")
    arguments = parser.parse_args()
    right: Counter[str] = Counter()
    total = 0
    for seed in split_seeds(arguments.split)[arguments.first : arguments.first + arguments.weeks]:
        dates = draw_week(seed, arguments.dates)
        with tempfile.TemporaryDirectory() as temporary:
            folder = arguments.keep / str(seed) if arguments.keep else Path(temporary)
            site = write_site(dates[0].world, folder / "site.geojson")
            scenes = [date.write(folder / "in") for date in dates]
            told = watched(scenes, site, folder)
            for (before, after), (one, two) in zip(pairwise(dates), pairwise(scenes), strict=True):
                crs, total = after.world.site.crs, total + 1
                seen, hidden = parted(before, after)
                for way, findings, must, may in (
                    ("watch", told.get(after.name), [*seen, *hidden], []),
                    ("compare", compared(one, two, site, folder), seen, hidden),
                ):
                    faults = ["no report"] if findings is None else story_faults(findings, must, may, crs)
                    right[way] += not faults
                    for fault in faults:
                        print(f"{after.name} {way}: {fault}", flush=True)
        print(f"after {seed}: of {total} dates told right:", dict(right), flush=True)


if __name__ == "__main__":
    main()
