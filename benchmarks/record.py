"""Speed of a long record, and the alarms of quiet series: ``python -m benchmarks.record [--scenes 100000]``.

The archive is filled with drawn dates of one site with two areas: half-metre and three-metre scenes, trains
on some, one date in six not observable; with ``--tracks`` also which metres of so many tracks were seen, and
the trains on them. Times are from the start of the command to its end, and of processor time within.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.summary import EMPTY
from tumangang_watch.series.tests import unusual
from tumangang_watch.simulate import split_seeds

LATEST = '''
import sys
from pathlib import Path
from tumangang_watch.archive import open_archive
with open_archive(Path(sys.argv[1])) as archive:
    print(archive.connection.execute(
        """SELECT r.folder, s.sha256, e.sha256
           FROM scenes AS s JOIN reports AS r ON r.scene = s.id AND r.current AND r.part = 0
           JOIN sites ON sites.id = r.site LEFT JOIN scenes AS e ON e.id = r.earlier
           WHERE sites.site = 'toy' ORDER BY s.acquired DESC LIMIT 1"""
    ).fetchone())
'''


def sha(text: object) -> str:
    """Return a digest that stands for a content."""
    return hashlib.sha256(str(text).encode()).hexdigest()


def fill(path: Path, scenes: int, seed: int = 1, tracks: int = 0) -> None:
    """Fill an archive by its tables: reading is what is timed here."""
    rng = np.random.default_rng(seed)
    start = datetime(2000, 1, 1, 2, tzinfo=UTC)
    names = [*EMPTY]
    with open_archive(path, write=True, create=True) as archive, archive.transaction() as connection:
        connection.execute("INSERT INTO sites VALUES (1, 'toy', ?, 'Toy', 'EPSG:32652')", (sha("site"),))
        for k in range(scenes):
            when = (start + timedelta(hours=2.3 * k)).strftime("%Y-%m-%dT%H:%M:%SZ")
            gsd_m = 0.5 if k % 5 else 3.0
            connection.execute(
                """INSERT INTO scenes (id, sha256, scene_id, file, acquired, provider, gsd_m, bands, notes)
                   VALUES (?, ?, ?, ?, ?, 'drawn', ?, '{}', '[]')""",
                (k + 1, sha(k), f"s{k}", f"s{k}.tif", when, gsd_m),
            )
            connection.execute(
                """INSERT INTO reports VALUES
                   (?, ?, ?, 1, ?, ?, ?, 0, 1, 1, 0, 'ok', '0.1', ?, NULL, '[]')""",
                (k + 1, f"r{k}", sha(("m", k)), k + 1, k or None, sha(("i", k)), sha("settings")),
            )
            for area, role in (("yard", "yard"), ("bridge", "bridge")):
                trains = int(rng.poisson(0.7 if role == "yard" else 0.05))
                seen = rng.random() > 1 / 6
                row = dict(EMPTY)
                if seen:
                    row.update(dict.fromkeys(names, 0.0))
                    row.update(trains=trains, trains_low=trains, trains_high=trains, uncounted=0)
                    row.update(cargo=0, cargo_low=0, cargo_high=0, cars=9.0 * trains, cars_low=8.0 * trains)
                    row.update(cars_high=10.0 * trains, length_m=130.0 * trains)
                    row.update(length_low_m=127.0 * trains, length_high_m=133.0 * trains)
                connection.execute(
                    f"""INSERT INTO area_dates
                        (report, area, role, speaks, status, observed, reasons, types, {", ".join(names)})
                        VALUES (?, ?, ?, 1, ?, ?, '[]', ?, {", ".join("?" * len(names))})""",
                    (
                        k + 1,
                        area,
                        role,
                        "observed" if seen else "not_observable",
                        float(seen),
                        json.dumps({"open": 9 * trains}) if seen and trains else "{}",
                        *row.values(),
                    ),
                )
                for track in range(tracks if seen and role == "yard" else 0):
                    connection.execute(
                        "INSERT INTO track_dates VALUES (?, ?, 'yard', 600.0, '[[0.0,600.0]]')",
                        (k + 1, f"t{track}"),
                    )
                    connection.execute(
                        "INSERT INTO track_areas VALUES (?, ?, 'yard', '[[0.0,600.0]]')", (k + 1, f"t{track}")
                    )
                    if track < trains:
                        connection.execute(
                            """INSERT INTO detections (report, detection, date, kind, grade, confidence, area,
                               track, from_m, to_m, length_m, cars, geometry, evidence, caveats)
                               VALUES (?, ?, 'later', 'train', 'detected', 0.97, 'yard', ?, ?, ?, 130.0, 9,
                               '{}', '{}', '[]')""",
                            (k + 1, f"d{track}", f"t{track}", *(v + 20.0 * (k % 9) for v in (10.0, 140.0))),
                        )
                        connection.execute(
                            "INSERT INTO detection_areas VALUES (last_insert_rowid(), 'yard', 130.0)"
                        )


def timed(*command: str) -> str:
    """Return the shortest of three times from start to end, and of processor time, in words."""
    times, worked = [], []
    for _ in range(3):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        worked.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return f"{min(times):6.2f} s, of processor time {min(worked):.2f} s"


def quiet(count: int, rate: float, seed: int) -> tuple[float, int, int]:
    """Return the alarms stated and raised, and the dates, of drawn series in which nothing ever changes."""
    rng = np.random.default_rng(seed)
    stated, raised, dates = 0.0, 0, 0
    for _ in range(count):
        mean, shape, length = rng.uniform(0.3, 25), rng.uniform(1, 8), int(rng.integers(60, 300))
        values = rng.negative_binomial(shape, shape / (shape + mean), length)[rng.random(length) > 0.2]
        tests = unusual(values.tolist(), rate)
        stated += float(tests.false_rate.sum())
        raised += len(tests.alarms())
        dates += len(tests.before)
    return stated, raised, dates


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=100_000)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--tracks", type=int, default=0)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    chosen = parser.parse_args()
    stated, raised, dates = quiet(chosen.series, 0.02, seed=split_seeds(chosen.split)[0])
    print(
        f"quiet series {chosen.series}, {chosen.split} seeds, dates {dates}: alarms stated {stated:.1f}, "
        f"raised {raised}"
    )
    print(f"  raised / stated {raised / stated:.3f}; share of dates {raised / dates:.4f}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "record.sqlite"
        fill(path, chosen.scenes, tracks=chosen.tracks)
        program = str(Path(sys.executable).with_name("tumangang-watch"))
        told = (program, "series", "--archive", str(path), "--json")
        series = (*told[:-1], "--out", f"{folder}/out", "--overwrite")
        print(f"archive of {chosen.scenes} scenes, {path.stat().st_size / 1e6:.0f} MB")
        print(f"  latest pair               {timed(sys.executable, '-c', LATEST, str(path))}")
        print(f"  series, told, as JSON     {timed(*told)}")
        print(f"  series, tables too        {timed(*series, '--no-pictures')}")
        print(f"  series, with plots, page  {timed(*series)}")


if __name__ == "__main__":
    main()
