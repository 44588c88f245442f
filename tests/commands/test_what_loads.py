"""What reads only an archive or a report loads nothing that reads imagery, measures or draws."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support import issued_reports as make
from support import record_of_trains

from tumangang_watch.report.names import chip_name, strip_name

RUN = """
import sys
from tumangang_watch.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""
HEAVY = {"rasterio", "cv2", "scipy", "skimage", "pyogrio", "pyproj", "PIL", "matplotlib", "rich"}
TABLES_ALONE = HEAVY | {"numpy", "shapely", "jinja2"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("record")
    record_of_trains.twice_seen(place / "record.sqlite")
    (place / "report.json").write_text(
        json.dumps(make.report(1, found=[record_of_trains.consist("t1", 20.0)]))
    )
    (place / "truth.json").write_text(json.dumps({"trains": [], "cargo": [], "new_ground": []}))
    return place


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        ("archive check --archive record.sqlite", TABLES_ALONE),
        ("archive export --archive record.sqlite --out csv --format csv", TABLES_ALONE),
        ("archive export --archive record.sqlite --out marked --format csv --review", HEAVY),
        ("series --archive record.sqlite --json", HEAVY | {"jinja2"}),
        ("series --archive record.sqlite --out series --no-pictures", HEAVY),
        ("trains --archive record.sqlite --json", HEAVY | {"jinja2"}),
        ("review list --archive record.sqlite --json", HEAVY),
        ("review summary --archive record.sqlite --json", HEAVY),
        ("evaluate report.json truth.json", HEAVY),
    ],
)
def test_a_command_that_reads_a_record_loads_nothing_heavy(place, words, absent):
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words.split()], cwd=place, capture_output=True, text=True, check=True
    )
    status, *loaded = done.stderr.splitlines()[-1].split()
    assert status == "0", done.stderr
    assert not absent & set(loaded)


def test_pictures_have_names_of_their_own():
    for name in (chip_name, strip_name):
        assert name("a/b") != name("a-b")
        assert "/" not in name("a/b")
