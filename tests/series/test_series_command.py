"""The series command: gaps are gaps, sensors stay apart, tables and pages agree."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import pytest
from support import browser
from support import issued_reports as make

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.record import Issued, add_report

PROGRAM = os.path.join(os.path.dirname(sys.executable), "tumangang-watch")


def run(*arguments, status=0):
    done = subprocess.run(
        [PROGRAM, "series", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Sixty quiet dates, some not observable, one of 40 cars; and three dates of a coarser sensor."""
    path = tmp_path_factory.mktemp("series") / "record.sqlite"
    with open_archive(path, write=True, create=True) as archive, archive.transaction():
        for k in range(70):
            seen = 0.1 if k % 10 == 7 else 1.0
            cars = 40 if k == 65 else k % 4
            found = [make.train(cars=cars)] if seen > 0.5 and cars else []
            add_report(archive, Issued(make.report(3 * k, found=found, seen=seen), f"r{k}", make.sha(k)))
        for k in range(3):
            coarse = make.report(300 + k, found=[make.train(cars=None)], gsd_m=3.0)
            add_report(archive, Issued(coarse, f"coarse{k}", make.sha(f"c{k}")))
    return path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_hold_every_date_and_leave_gaps_empty(record, tmp_path):
    out = tmp_path / "out"
    content = json.loads(run("--archive", record, "--out", out, "--no-pictures", "--json").stdout)
    rows = rows_of(out / "series.csv")
    assert len(rows) == 73
    gaps = [r for r in rows if r["status"] == "not_observable"]
    assert len(gaps) == 7
    assert {r[name] for r in gaps for name in ("trains", "cars", "cars_low", "fill", "cars_open")} == {""}
    empty = [r for r in rows if r["status"] == "observed" and r["trains"] == "0"]
    assert {r["cars"] for r in empty} == {"0.0"}
    fine, coarse = content["series"]
    assert (fine["sensor"], fine["dates"], coarse["sensor"], coarse["dates"]) == (
        "0.4-0.85 m",
        70,
        "2.5 m and more",
        3,
    )
    assert {r["cars"] for r in rows if r["sensor"] == coarse["sensor"]} == {""}
    cars = [u for u in fine["unusual"] if u["measure"] == "cars" and u["high"]]
    assert [(u["value"], u["rank"], u["of"]) for u in cars] == [(40.0, 1, 63)]
    assert "more than on any of the 59 earlier dates" in cars[0]["statement"]
    assert "at most 3 before" in cars[0]["statement"]
    assert json.loads((out / "series.json").read_text()) == content


def test_without_a_folder_the_same_is_told(record, tmp_path):
    told = run("--archive", record, "--json").stdout
    assert told == run("--archive", record, "--out", tmp_path / "out", "--no-pictures", "--json").stdout


def test_a_long_series_is_drawn_by_its_extremes_and_all_that_is_unusual(record):
    from tumangang_watch.archive import open_archive
    from tumangang_watch.series.build import record_of
    from tumangang_watch.series.page import gaps_of, panels_of, thinned
    from tumangang_watch.settings.records import SeriesSettings

    with open_archive(record) as archive:
        series = record_of(archive, "toy", SeriesSettings()).series[0]
    whole = {p.label: p for p in panels_of(series, 1000)}["cars"]
    few = {p.label: p for p in panels_of(series, 6)}["cars"]
    assert thinned([whole], 1000) == ""
    assert "of 63 dates" in thinned([few], 6)
    assert len(few.values) <= 2 * 6 + len(whole.alarms)
    assert (max(few.values), min(few.values)) == (max(whole.values), min(whole.values))
    assert {few.times[k] for k in few.alarms} == {whole.times[k] for k in whole.alarms}
    assert len(gaps_of(series, 1000)) == 7
    assert gaps_of(series, 6) == []


def test_parquet_holds_the_same_as_csv(record, tmp_path):
    import pyarrow.parquet as parquet

    run("--archive", record, "--out", tmp_path / "out", "--no-pictures")
    table = parquet.read_table(tmp_path / "out" / "series.parquet")
    rows = rows_of(tmp_path / "out" / "series.csv")
    assert table.column_names == list(rows[0])
    assert [v is None for v in table.column("cars").to_pylist()] == [r["cars"] == "" for r in rows]


def test_the_page_draws_each_date_and_loads_nothing(record, tmp_path):
    out = tmp_path / "out"
    run("--archive", record, "--out", out, "--reports", tmp_path / "reports")
    text = (out / "series.html").read_text()
    assert "src=" not in text
    assert (out / "yard-0.4-0.85-m.png").read_bytes()[:4] == b"\x89PNG"
    svg = (out / "yard-0.4-0.85-m.svg").read_bytes()
    run("--archive", record, "--out", out, "--reports", tmp_path / "reports", "--overwrite")
    assert (out / "series.html").read_text() == text
    assert (out / "yard-0.4-0.85-m.svg").read_bytes() == svg
    done = browser.opened(out / "series.html", tmp_path / "profile")
    assert done.stdout.count("<title>not observable") == 4 * 7
    assert done.stdout.count("<title>") - 1 == 4 * (63 + 7)
    assert 'href="../reports/r0/report.html"' in done.stdout


def test_an_earlier_series_is_replaced_only_when_asked(record, tmp_path):
    out = tmp_path / "out"
    run("--archive", record, "--out", out, "--no-pictures")
    run("--archive", record, "--out", out, "--no-pictures", status=5)
    run("--archive", record, "--out", out, "--no-pictures", "--overwrite")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    run("--archive", record, "--out", tmp_path / "mine", "--overwrite", status=5)
    run("--archive", record, "--out", tmp_path / "new", "--site", "elsewhere", status=2)


def test_the_stacked_picture_shows_strips_where_seen_and_grey_where_not(tmp_path):
    from PIL import Image

    from tumangang_watch.model.series import TrackDate
    from tumangang_watch.model.sightings import Sighting
    from tumangang_watch.report.names import strip_name
    from tumangang_watch.report.stacked import HEAD_PX, LABEL_PX, ROW_PX, stacked

    folder = tmp_path / "a" / "strips"
    folder.mkdir(parents=True)
    Image.new("RGB", (800, 32), (10, 200, 10)).save(folder / strip_name("1"))
    date = TrackDate("1", "yard", 400.0, "2022-01-01T00:00:00Z", "a", ((0.0, 200.0),))
    train = Sighting(
        area="yard", track="1", acquired=date.acquired, from_m=50.0, to_m=100.0, cars=3, confidence=0.9
    )
    picture = stacked("1", [date], {("1", date.acquired): [train]}, tmp_path)
    row = HEAD_PX + ROW_PX // 2
    assert picture.getpixel((LABEL_PX + 100, row)) == (10, 200, 10)
    assert picture.getpixel((LABEL_PX + 600, row)) == (213, 217, 224)
    assert picture.getpixel((LABEL_PX + 150, HEAD_PX + ROW_PX + 2)) == (198, 40, 40)
