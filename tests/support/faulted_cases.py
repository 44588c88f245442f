"""What is run under faults: every command that writes, on the smallest scenes, with an earlier output there.

Only the measuring of pixels is replaced by a quick one (`quick_watch`); what is written is written by the
commands themselves.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import rasterio
from rasterio.transform import Affine

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive, check_folder
from tumangang_watch.archive.export import TABLES, table
from tumangang_watch.cli import main
from tumangang_watch.errors import WatchError

from . import gis
from . import quick_watch as quick
from .faulted_runs import Ended

Look = dict[str, str]
"""Digest of everything a user can see, by its name."""
VOLATILE = ("made", "uid")
REPORT = "2022-01-04T020000Z_day003"
FINDING = f"{REPORT}/f1"


@dataclass(frozen=True)
class FaultedCase:
    """One command with what stood there before."""

    name: str
    words: str
    """Arguments; ``@`` stands for the folder of the run."""
    before: tuple[str, ...] = ()
    """Commands run earlier, undisturbed."""
    several: bool = False
    """It writes several outputs, each whole, and a stop between them is not undone but gone on from."""

    def work(self, root: Path, words: str | None = None) -> None:
        """Run it; the process ends with its status."""
        asked = (words or self.words).replace("@", str(root)).split()
        around = {"TUMANGANG_WATCH_READER": "kim", "HOME": str(root.parent)}
        with quick.quick(), mock.patch.dict(os.environ, around):
            if asked[0] in _STEPS:
                _STEPS[asked[0]](root)
            else:
                main(asked)

    def prepare(self, root: Path, record: Path, run: Callable[[Callable[[], object]], Ended]) -> None:
        """Put in place what stands there before the faulted run."""
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(record, root)
        for words in self.before:
            ended = run(lambda words=words: self.work(root, words))
            if ended.status:
                raise RuntimeError(f"{words}: {ended.words}")


def _take_in(root: Path) -> None:
    """Do what ``watch`` does, and end as the command line ends."""
    try:
        tally = quick.take_in_here(root)
    except WatchError as error:
        print(f"tumangang-watch: {error}")
        raise SystemExit(error.exit_status) from error
    for failed in tally.refused:
        print(f"Refused: {failed}")
    raise SystemExit(3 if tally.faults or tally.refused else 0)


def _add_scene(root: Path) -> None:
    quick.write_scene(root / "in", 6)


def _forget(root: Path) -> None:
    """Leave the inbox alone: the first run of all."""
    shutil.rmtree(root / "reports")
    (root / "record.sqlite").unlink()


def _older(root: Path) -> None:
    """Put the archive of an earlier version in place, which has no reports here."""
    shutil.rmtree(root / "reports")
    (root / "record.sqlite").write_bytes(gzip.decompress(OLDER.read_bytes()))


def _answer(root: Path) -> None:
    """Answer in the exported file."""
    with gis.editing(root / "r.gpkg") as file:
        file.execute("UPDATE detections SET verdict = 'accepted'")


OLDER = Path(__file__).parents[1] / "review" / "archive_v1.sqlite.gz"
_STEPS: dict[str, Callable[[Path], object]] = {
    "take-in": _take_in,
    "new-scene": _add_scene,
    "forget": _forget,
    "older": _older,
    "answer": _answer,
}
"""What is done besides commands."""
_PAIR = "@/in/day000.tif @/in/day003.tif --site @/site.geojson"
_ARCHIVE = "--archive @/record.sqlite"
CASES = (
    FaultedCase(
        "compare",
        f"compare {_PAIR} --out @/out --overwrite --no-detectability",
        ("detect @/in/day000.tif --site @/site.geojson --out @/out --no-detectability",),
    ),
    FaultedCase(
        "detect", "detect @/in/day003.tif --site @/site.geojson --out @/new/out --no-detectability --json"
    ),
    FaultedCase("inspect", "inspect @/in/day003.tif --site @/site.geojson --quicklook @/look.png"),
    FaultedCase("watch", "take-in", ("new-scene",), several=True),
    FaultedCase("watch, first", "take-in", ("forget",), several=True),
    FaultedCase("archive check, older archive", f"archive check {_ARCHIVE}", ("older",)),
    FaultedCase(
        "archive rebuild",
        f"archive rebuild {_ARCHIVE} --reports @/reports --scenes @/in",
        (f"review accept {FINDING} {_ARCHIVE}",),
        several=True,
    ),
    *(
        FaultedCase(
            f"archive export {kind}",
            f"archive export {_ARCHIVE} --out @/out.{kind} --review --format {kind}",
            (f"archive export {_ARCHIVE} --out @/out.{kind} --format {kind}",),
        )
        for kind in ("gpkg", "csv", "parquet")
    ),
    FaultedCase(
        "series",
        f"series {_ARCHIVE} --reports @/reports --out @/series --overwrite",
        (f"series {_ARCHIVE} --out @/series --no-pictures",),
    ),
    FaultedCase("trains", f"trains {_ARCHIVE} --reports @/reports --out @/trains"),
    FaultedCase("review accept", f"review accept {FINDING} {_ARCHIVE}", several=True),
    FaultedCase(
        "review export", f"review export @/r.gpkg {_ARCHIVE}", (f"review export @/r.gpkg {_ARCHIVE} --all",)
    ),
    FaultedCase(
        "review import",
        f"review import @/r.gpkg {_ARCHIVE}",
        (f"review export @/r.gpkg {_ARCHIVE}", "answer"),
        several=True,
    ),
    FaultedCase(
        "review truth",
        f"review truth @/reports/{REPORT} {_ARCHIVE} --out @/truth.json",
        (f"review accept {REPORT}/later-1 {_ARCHIVE}", f"review complete 2022-01-04 {_ARCHIVE}"),
    ),
    FaultedCase(
        "site import",
        "site import @/more.geojson --out @/made.geojson --overwrite",
        ("site import @/site.geojson --out @/made.geojson",),
    ),
    FaultedCase(
        "site import --scene",
        "site import @/more.geojson --scene @/wide3.tif --out @/made.geojson --overwrite",
        ("site import @/site.geojson --scene @/wide0.tif --out @/made.geojson",),
        several=True,
    ),
    FaultedCase(
        "site show",
        "site show @/site.geojson @/in/day003.tif --out @/map.png --overwrite",
        ("site show @/site.geojson @/in/day000.tif --out @/map.png",),
    ),
)


def make_record(root: Path) -> None:
    """Write scenes, sites and a record of two dates with one review."""
    quick.write_site(root / "site.geojson")
    site = json.loads((root / "site.geojson").read_text())
    site["name"] = "more"
    (root / "more.geojson").write_text(json.dumps(site))
    for day in (0, 3):
        _widen(quick.write_scene(root / "in", day), root / f"wide{day}.tif")
    quick.take_in_here(root)


def _widen(scene: Path, path: Path) -> None:
    """Write a scene that shows the site's surroundings too."""
    with rasterio.open(scene) as one:
        values, profile, names = np.tile(one.read(), (1, 7, 7)), one.profile, one.descriptions
    side, shift_m = values.shape[1], 3 * quick.SIZE
    place = Affine(1, 0, quick.WEST - shift_m, 0, -1, quick.NORTH + shift_m)
    with rasterio.open(path, "w", **{**profile, "width": side, "height": side, "transform": place}) as out:
        out.write(values)
        for band, name in enumerate(names, start=1):
            out.set_band_description(band, name)
    facts = scene.with_name(f"{scene.stem}_metadata.json").read_text()
    path.with_name(f"{path.stem}_metadata.json").write_text(facts.replace(scene.stem, path.stem))


def look(root: Path) -> Look:
    """Return everything a user can see."""
    seen = {}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        name = "/".join(parts)
        if not path.is_file() or any(p.startswith(".") for p in parts) or path.suffix in (".lock",):
            continue
        if path.suffix == ".sqlite":
            seen |= {f"{name}:{t}": _digest(rows) for t, rows in archive_rows(path).items()}
        elif ".sqlite" not in name and name != "told":
            seen[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return seen | {"told": _digest(sorted(quick.told(root)))}


def archive_rows(path: Path) -> dict[str, object]:
    """Return the rows of every table, the clock's columns apart; of an older archive that it is one."""
    rows: dict[str, object] = {}
    with suppress(Exception), open_archive(path) as archive:
        for name in TABLES:
            columns, found = table(archive, name)
            kept = [k for k, column in enumerate(columns) if column not in VOLATILE]
            kept = kept if name != "files" else [0, 2]
            rows[name] = sorted(str([row[k] for k in kept]) for row in found)
    return rows or {"unread": path.exists()}


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def faults_of(root: Path) -> list[str]:
    """Return what is not whole: the archive, and any visible report."""
    found = []
    path = root / "record.sqlite"
    if path.exists():
        with open_archive(path, write=True) as archive:
            reports = root / "reports"
            found += check_archive(archive, reports if reports.is_dir() else None, files=True)
    for folder in (*(root / "reports").glob("[!.]*"), root / "out", root / "new" / "out"):
        if folder.is_dir() and folder.name != "refused" and (folder / "report.json").exists():
            found += check_folder(folder, None)
    return found


def leftovers(root: Path) -> list[str]:
    """Return the hidden folders that no run swept."""
    return [p.relative_to(root).as_posix() for p in root.rglob(".*")]
