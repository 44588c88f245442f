"""Damage everything the program reads at random: every mutant is read or refused in words.

``python -m scripts.fuzz --mutants 10000`` spreads the mutants over all kinds of input (`fuzz_seeds`) and
prints what became of them; exit 1 where one ended in anything but an answer or a refusal, took over ten
seconds of processor time or two minutes, killed its process, left a file, or where an archive whose rows
changed passed its check. A run is repeated by its ``--seed``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import random
import re
import signal
import sqlite3
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np

from scripts.fuzz_seeds import BOUNDS, CRS, IMAGES, RECORD, TEXTS, TIME, Seeds, make_seeds, zipped
from tests.support.faulted_cases import archive_rows
from tumangang_watch.cli import main as run_command
from tumangang_watch.errors import WatchError
from tumangang_watch.scenes import SceneOptions, open_scene, read_native
from tumangang_watch.settings.scenes import ReadSettings
from tumangang_watch.sites import load_site
from tumangang_watch.sites.importing import ImportOptions, import_sources

LIMIT_S, WAIT_S = 10, 120
"""Processor time, and time that passes: a machine busy with other things makes nothing slow."""
BATCH = 250
DATABASES, ZIPS = (".gpkg", ".sqlite"), (".zip", ".kmz")
BINARY = (".tif", ".jp2", ".ntf", ".shp", ".shx", ".dbf", *DATABASES, *ZIPS)
PARTS = (".shp", ".shx", ".dbf", ".prj")
REFUSED = (2, 3, 4, 6)
TOKENS = (
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"[]",
    b"{}",
    b"true",
    b'"',
    b"<",
    b">",
    b"&x;",
    b"\0",
    b"9" * 400,
    b"../x",
)
ODD = (
    "null", "[]", "{}", "true", "-1", "0", "1e308", "-1e308", "1e-320", "9" * 400,
    '""', '"x"', '"NaN"', "[[[]]]",
    '"../../x.tif"', '"http://127.0.0.1:9/a.tif"', '"2022-13-45T99:99:99Z"', '"0001-01-01T00:00:00+14:00"',
    '{"a": {"a": []}}', "[1, 2, 3]", "[null]", '"' + "a" * 5000 + '"', "9999999999", '"\\u0000"', "Infinity",
)  # fmt: skip
ODD_CELLS = (
    None,
    -1,
    0,
    2**63 - 1,
    1e308,
    "",
    "x",
    "{}",
    "[]",
    "null",
    "a" * 5000,
    "\0",
    b"",
    b"GP\0\1",
    b"\xff" * 40,
)


def main() -> int:
    """Try the mutants, batch by batch in processes of their own, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds whose name matches this pattern")
    asked = parser.parse_args()
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        seeds = make_seeds(Path(place))
        kinds = [name for name in seeds if re.search(asked.only, name)]
        tally.update(try_whole(seeds, kinds))
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            try_all(seeds, kinds, asked, tally)
    for line, count in sorted(tally.items()):
        print(f"{count:8d}  {line}")
    return int(any("FAULT" in line for line in tally))


def try_all(seeds: Seeds, kinds: list[str], asked: argparse.Namespace, tally: Counter[str]) -> None:
    """Try the mutants, a process for each batch; what was tried until an interrupt counts."""
    for start in range(0, asked.mutants, BATCH):
        queue: multiprocessing.Queue[tuple[str, str]] = multiprocessing.Queue()
        numbers = range(start, min(start + BATCH, asked.mutants))
        work = [(number, kinds[number % len(kinds)]) for number in numbers]
        child = multiprocessing.Process(target=try_some, args=(seeds, asked.seed, work, queue))
        child.start()
        for number in numbers:
            try:
                family, outcome = queue.get(timeout=WAIT_S * 2)
            except Exception:
                family, outcome = "any", f"FAULT process ended at mutant {number} of seed {asked.seed}"
                tally[f"{family}: {outcome}"] += 1
                break
            tally[f"{family}: {outcome}"] += 1
        child.kill()
        child.join()


def try_whole(seeds: Seeds, kinds: list[str]) -> list[str]:
    """Return a fault for each sound file that is not read: its mutants would try nothing."""
    faults = []
    for name in kinds:
        with tempfile.TemporaryDirectory() as place:
            if (outcome := attempt(put(seeds, Path(place), name, seeds[name]), seeds)) != "read":
                faults.append(f"{name}: FAULT the sound file is {outcome}")
    return faults


def put(seeds: Seeds, place: Path, name: str, content: bytes) -> Path:
    """Write a file, with the sound ones that belong beside it."""
    if name in IMAGES and name != "a.tif":
        (place / "a.json").write_text(TEXTS["a.json"].replace("a.tif", name))
    elif name in TEXTS:
        (place / "a.tif").write_bytes(seeds["a.tif"])
    beside = {
        "review.gpkg": [RECORD],
        "report.json": ["truth.json"],
        "truth.json": ["report.json"],
        **{f"import{end}": [f"import{part}" for part in PARTS] for end in PARTS},
    }
    for other in beside.get(name, ()):
        (place / other).write_bytes(seeds[other])
    (place / name).write_bytes(content)
    return place / name


def try_some(seeds: Seeds, seed: int, work: list[tuple[int, str]], queue: multiprocessing.Queue) -> None:
    """Try some mutants in a process of their own."""

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.signal(signal.SIGPROF, late)
    for number, name in work:
        mutant = mutated(name, seeds[name], random.Random(f"{seed}-{number}"))
        with tempfile.TemporaryDirectory() as place:
            path = put(seeds, Path(place), name, mutant)
            before = sorted(Path(place).iterdir())
            signal.alarm(WAIT_S)
            signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
            try:
                outcome = attempt(path, seeds)
            except TimeoutError:
                outcome = f"FAULT over {LIMIT_S} s of work or {WAIT_S} s, mutant {number}"
            except BaseException as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                place_of = f"{Path(where.filename).name}:{where.lineno}"
                outcome = f"FAULT {type(error).__name__} {place_of}, mutant {number}"
            signal.alarm(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
            # Who writes to the archive may leave a journal and a copy of the reviews beside it.
            left = [p for p in sorted(Path(place).iterdir()) if not p.name.startswith(RECORD)]
            if left != [p for p in before if not p.name.startswith(RECORD)]:
                outcome = f"FAULT wrote a file, mutant {number}"
        queue.put((name, outcome))


def attempt(path: Path, seeds: Seeds) -> str:
    """Open a mutant as its user would."""
    try:
        if path.name == "site.geojson":
            load_site(path)
            return "read"
        if path.name.startswith("import."):
            main_part = path.with_suffix(".shp") if path.suffix in PARTS else path
            import_sources([main_part], ImportOptions(name="made"))
            return "read"
        if path.name in (RECORD, "review.gpkg", "report.json", "truth.json"):
            return attempt_command(path, seeds)
        # Half of the images tell no date, nor does a list of files; a user then gives it.
        stated = TIME if path.suffix in (".tif", ".jp2", ".ntf") or path.name == "manifest.json" else None
        scene = open_scene(path, SceneOptions(acquired=stated), ReadSettings())
        image = read_native(scene, BOUNDS, CRS, ReadSettings())
        return "read" if np.isfinite(image.values).all() else "FAULT values are not finite"
    except WatchError:
        return "refused"


def attempt_command(path: Path, seeds: Seeds) -> str:
    """Run the command that reads a file of the program's own."""
    record = path.with_name(RECORD)
    words = {
        RECORD: f"archive check --archive {record}",
        "review.gpkg": f"review import {path} --archive {record} --reader kim",
    }.get(path.name, f"evaluate {path.parent / 'report.json'} {path.parent / 'truth.json'}")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            run_command(words.split())
        except SystemExit as end:
            status = end.code
    if status in REFUSED:
        return "refused"
    if path.name == RECORD:
        sound = path.with_name("sound.sqlite")
        sound.write_bytes(seeds[RECORD])
        same = archive_rows(record) == archive_rows(sound)
        sound.unlink()
        if not same:
            return "FAULT it passes its check with other rows"
    return "read" if status == 0 else f"FAULT status {status}"


def mutated(name: str, content: bytes, rng: random.Random) -> bytes:
    """Return a damaged copy: bytes changed, or what stands in the format replaced by odd values."""
    end = Path(name).suffix
    inside = rng.random() < 0.6
    if end in ZIPS and inside:
        return repacked(content, rng)
    if end in DATABASES and inside:
        return edited(content, rng)
    return bend(content, rng) if end not in BINARY and inside else damage(content, rng)


def repacked(content: bytes, rng: random.Random) -> bytes:
    """Damage one file of a zip archive, or its name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(files))
    if rng.random() < 0.1:
        odd = ("../../x.kml", "/x.shp", "x\\y.kml", "\u202ex.kml", "a" * 300 + ".kml", "x.geojson")
        files[rng.choice(odd)] = files.pop(name)
    else:
        files[name] = mutated(name, files[name], rng)
    return zipped(files)


def edited(content: bytes, rng: random.Random) -> bytes:
    """Replace values in a database by odd ones, its triggers and checks out of the way."""
    with closing(sqlite3.connect(":memory:")) as file:
        file.deserialize(content)
        file.execute("PRAGMA ignore_check_constraints = ON")
        file.execute("PRAGMA writable_schema = ON")
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'rtree%'"
        for (trigger,) in file.execute(triggers).fetchall():  # They call functions of GDAL's own.
            file.execute(f'DROP TRIGGER "{trigger}"')
        tables = [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for _ in range(rng.randint(1, 3)):
            table = rng.choice(tables)
            with contextlib.suppress(sqlite3.Error, OverflowError):  # One before may have broken its index.
                columns = [row[1] for row in file.execute(f'PRAGMA table_info("{table}")')]
                where = (
                    f'rowid = (SELECT rowid FROM "{table}" ORDER BY rowid LIMIT 1 OFFSET {rng.randint(0, 2)})'
                )
                update = f'UPDATE "{table}" SET "{rng.choice(columns)}" = ? WHERE {where}'
                file.execute(update, (rng.choice(ODD_CELLS),))
        file.commit()
        return file.serialize()


def bend(content: bytes, rng: random.Random) -> bytes:
    """Put odd values in place of a text's values, so that it still parses."""
    text = content.decode()
    values = list(re.finditer(r'(?<=[>:=\[,])\s*("[^"]*"|[^<>"\[\]{},;:=\s]+)', text))
    for match in sorted(rng.sample(values, min(rng.randint(1, 3), len(values))), key=lambda m: -m.start()):
        text = text[: match.start()] + rng.choice(ODD) + text[match.end() :]
    return text.encode()


def damage(content: bytes, rng: random.Random) -> bytes:
    """Change bytes, cut, repeat or put in what parsers trip over."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data)) if rng.random() < 0.6 else rng.randrange(min(len(data), 600))
        kind = rng.random()
        if kind < 0.5:
            data[place] = rng.randrange(256)
        elif kind < 0.7:
            token = rng.choice(TOKENS)
            data[place : place + rng.choice((0, len(token)))] = token
        elif kind < 0.8:
            del data[place : place + rng.randint(1, 40)]
        elif kind < 0.9:
            data[place:place] = data[place : place + rng.randint(1, 200)] * rng.randint(1, 20)
        else:
            del data[place:]
        if not data:
            return b""
    return bytes(data)


if __name__ == "__main__":
    sys.exit(main())
