"""The archive holds what reports say, whole or not at all, and can be made again from them."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import issued_reports as make
from support.command import run
from support.schema import schema

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.amend import forget_report
from tumangang_watch.archive.check import check_archive
from tumangang_watch.archive.export import TABLES, export_archive, table
from tumangang_watch.archive.rebuild import adopt, rebuild
from tumangang_watch.archive.record import Issued, add_file, add_refusal, add_report
from tumangang_watch.archive.schema import APPLICATION_ID, VERSION, Refusal
from tumangang_watch.archive.summary import EMPTY, count, summarise
from tumangang_watch.errors import ArchiveDamaged, Busy, InputRefused, OutputFailed


@pytest.fixture
def reports(tmp_path):
    """Three dates, the last issued twice."""
    folder = tmp_path / "reports"
    make.put(folder, make.report(0, found=[make.train()], issue=make.issue()), "a")
    second = make.report(
        3,
        earlier=0,
        background=[0],
        found=[make.train("t1", 8), make.train("t2", None), make.cargo()],
        findings=[make.finding()],
        issue=make.issue(),
    )
    make.put(folder, second, "b")
    make.put(folder, make.report(9, earlier=3, seen=0.1, issue=make.issue()), "c")
    again = make.report(9, earlier=3, found=[make.train()], issue=make.issue(2, ["c"]))
    make.put(folder, again, "c_r2")
    return folder


@pytest.fixture
def archive_file(tmp_path, reports):
    path = tmp_path / "record.sqlite"
    with open_archive(path, write=True, create=True) as archive:
        adopt(archive, reports, {})
        with archive.transaction() as connection:
            add_file(connection, "in/scene0.tif", (10, 20), make.sha("scene0"))
    return path


def everything(path, **how):
    with open_archive(path, **how) as archive:
        return {name: table(archive, name) for name in TABLES}


def ask(path, question, *values):
    with open_archive(path) as archive:
        return archive.connection.execute(question, values).fetchall()


def test_reports_of_the_tests_are_of_the_contract(reports):
    for folder in reports.iterdir():
        import json

        jsonschema.validate(json.loads((folder / "report.json").read_text()), schema())


def test_the_file_says_what_it_is(archive_file):
    connection = sqlite3.connect(archive_file)
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    strict = connection.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict")
    assert {row[0] for row in strict} <= {"sqlite_schema", "sqlite_temp_schema"}
    connection.close()
    with open_archive(archive_file, write=True) as archive:
        assert archive.connection.execute("PRAGMA synchronous").fetchone()[0] == 3
        assert archive.connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_rows_are_what_the_reports_say(archive_file):
    rows = ask(
        archive_file,
        """SELECT r.folder, r.current, a.status, a.trains, a.cars, a.cars_low, a.uncounted, a.cargo,
                  a.length_m, round(a.fill, 3)
           FROM reports r JOIN area_dates a ON a.report = r.id ORDER BY r.folder""",
    )
    assert rows == [
        ("a", 1, "observed", 1, 8.0, 7.0, 0, 0, 112.0, 0.28),
        ("b", 1, "observed", 2, None, 7.0, 1, 1, 182.0, 0.455),
        ("c", 0, "not_observable", None, None, None, None, None, None, None),
        ("c_r2", 1, "observed", 1, 8.0, 7.0, 0, 0, 112.0, 0.28),
    ]
    vehicles = ask(archive_file, "SELECT count(*), min(type), min(types) FROM vehicles")
    assert vehicles == [(24, "open", '{"open":0.8}')]
    assert ask(archive_file, "SELECT report, scene FROM backgrounds") == [(2, make.sha("scene0"))]
    current = ask(archive_file, "SELECT DISTINCT folder FROM current_detections ORDER BY folder")
    assert current == [("a",), ("b",), ("c_r2",)]


def test_what_supersedes_stands_whatever_the_order(tmp_path, reports, archive_file):
    other = tmp_path / "other.sqlite"
    with open_archive(other, write=True, create=True) as archive:
        from tumangang_watch.archive.rebuild import read_issued

        for name in ("c_r2", "c", "b", "a"):
            add_report(archive, read_issued(reports / name))
        with archive.transaction() as connection:
            add_file(connection, "in/scene0.tif", (10, 20), make.sha("scene0"))
    assert everything(other) == everything(archive_file)


def test_a_scene_has_one_standing_report(archive_file):
    with open_archive(archive_file, write=True) as archive:
        twice = Issued(make.report(3, earlier=0), "b2", make.sha("b2"))
        with pytest.raises(InputRefused, match="report refused: b2"):
            add_report(archive, twice)
        assert check_archive(archive) == []
    assert ask(archive_file, "SELECT count(*) FROM reports") == [(4,)]


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_report_is_recorded_whole_or_not_at_all(tmp_path_factory, data):
    """Whatever field is missing or of the wrong kind: refused in words, and no row of it stays."""
    document = make.report(5, earlier=0, found=[make.train(), make.cargo()], findings=[make.finding()])
    part = data.draw(
        st.sampled_from(
            [
                document,
                document["scenes"]["later"],
                document["detections"][0],
                document["findings"][0],
                document["areas"][0],
                document["site"],
                document["detections"][0]["rolling_stock"][0],
            ]
        )
    )
    name = data.draw(st.sampled_from(sorted(part)))
    wrong = data.draw(st.sampled_from([None, "gone", [], {}, "text", float("nan"), -1]))
    if wrong == "gone":
        del part[name]
    else:
        part[name] = wrong
    path = tmp_path_factory.mktemp("archive") / "record.sqlite"
    with open_archive(path, write=True, create=True) as archive:
        try:
            add_report(archive, Issued(document, "x", make.sha("x")))
            expected = 1
        except InputRefused:
            expected = 0
        assert archive.connection.execute("SELECT count(*) FROM reports").fetchone() == (expected,)
        if not expected:
            for name in ("scenes", "sites", "detections", "vehicles", "findings", "area_dates"):
                assert archive.connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
        assert check_archive(archive) == []


def test_rebuilding_gives_the_same_rows(tmp_path, reports, archive_file):
    before = everything(archive_file)
    found = [("in/scene0.tif", (10, 20), make.sha("scene0"))]
    count, kept = rebuild(archive_file, reports, lambda: found)
    assert count == 4
    assert everything(archive_file) == before
    assert everything(kept) == before
    archive_file.write_bytes(b"lost")
    _, kept = rebuild(archive_file, reports, lambda: found)
    assert everything(archive_file) == before
    assert kept.read_bytes() == b"lost"


def test_a_report_is_forgotten_whole_and_recorded_anew(reports, archive_file):
    before = everything(archive_file)
    with open_archive(archive_file, write=True) as archive:
        with archive.transaction() as connection:
            forget_report(connection, "b")
        assert archive.connection.execute("SELECT count(*) FROM vehicles").fetchone() == (16,)
        adopt(archive, reports, {"a": "", "c": "", "c_r2": ""})
    assert everything(archive_file) == before


def test_refusals_are_rebuilt(tmp_path, reports, archive_file):
    import dataclasses
    import json

    refusal = Refusal(
        sha256=make.sha(1),
        file="x.tif",
        sidecars_sha256=make.sha(2),
        acquired=None,
        exit_status=3,
        what="refused",
        why="bad",
        todo="do",
        tool_version="0.1",
        site_sha256="s",
        settings_sha256="t",
    )
    with open_archive(archive_file, write=True) as archive, archive.transaction() as connection:
        add_refusal(connection, refusal)
    before = everything(archive_file)["refusals"]
    (reports / "refused").mkdir()
    (reports / "refused" / "x.json").write_text(json.dumps(dataclasses.asdict(refusal)))
    rebuild(archive_file, reports, list)
    assert everything(archive_file)["refusals"] == before
    assert len(before[1]) == 1


def test_a_changed_report_is_named(reports, archive_file):
    with open_archive(archive_file) as archive:
        assert check_archive(archive, reports, files=True) == []
        (reports / "a" / "report.json").write_text("{}")
        assert check_archive(archive, reports) == []
        assert "a/report.json" in check_archive(archive, reports, files=True)[0]
        (reports / "a" / "manifest.json").write_text("{}")
        assert "a: its manifest" in check_archive(archive, reports)[0]
        shutil.rmtree(reports / "a")
        assert "a: No such file" in check_archive(archive, reports)[0]
    (reports / "b" / "report.json").write_text("{")
    with pytest.raises(InputRefused):
        rebuild(archive_file, reports, list)
    with open_archive(archive_file) as archive:
        assert check_archive(archive) == []


# What is no whole archive


def damage(path, how):
    content = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("not a database" * 50)
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "header":
        path.write_bytes(b"\0" * 100 + content[100:])
    elif how == "garbage":
        path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    elif how == "other":
        path.unlink()
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE x (y)")
        connection.close()
    elif how == "newer":
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.close()


@pytest.mark.parametrize("how", ["empty", "text", "cut", "header", "garbage", "other", "newer"])
def test_damage_is_told_and_not_touched(archive_file, tmp_path, how):
    damage(archive_file, how)
    before = archive_file.read_bytes()
    with pytest.raises(ArchiveDamaged) as caught:
        everything(archive_file, write=True, create=True)
    assert str(archive_file) in str(caught.value)
    assert archive_file.read_bytes() == before
    done = run("archive", "export", "--archive", archive_file, "--out", tmp_path / "out", status=6)
    assert done.stderr.startswith("tumangang-watch: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_archive_is_not_made_by_reading(tmp_path):
    run("archive", "check", "--archive", tmp_path / "none", status=3)
    assert not (tmp_path / "none").exists()


def test_a_busy_archive_is_told(archive_file, monkeypatch):
    monkeypatch.setattr("tumangang_watch.archive.file.BUSY_S", 0.05)
    other = sqlite3.connect(archive_file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Busy), open_archive(archive_file, write=True):
        pass
    other.execute("ROLLBACK")
    other.close()


def test_a_full_disk_leaves_the_archive_whole(archive_file):
    before = everything(archive_file)
    with open_archive(archive_file, write=True) as archive:
        pages = archive.connection.execute("PRAGMA page_count").fetchone()[0]
        archive.connection.execute(f"PRAGMA max_page_count = {pages}")
        many = make.report(20, found=[make.train(f"t{k}") for k in range(200)])
        with pytest.raises(OutputFailed):
            add_report(archive, Issued(many, "full", make.sha("full")))
    assert everything(archive_file) == before


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from support import issued_reports as make
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.record import Issued, add_report
from pathlib import Path
with open_archive(Path(sys.argv[2]), write=True, create=True) as archive:
    for day in range(int(sys.argv[3]), 5000):
        found = [make.train(f"t{k}") for k in range(3)]
        add_report(archive, Issued(make.report(day, found=found), f"r{day}", make.sha(day)))
        print(day, flush=True)
"""


def test_killed_writers_lose_nothing(tmp_path):
    """Every report that was acknowledged is there, whole; none is there by half."""
    path, day = tmp_path / "record.sqlite", 0
    for wait_s in (0.0, 0.02, 0.05, 0.11, 0.17, 0.23):
        tests = os.path.dirname(os.path.dirname(__file__))
        arguments = [sys.executable, "-c", WRITER, tests, str(path), str(day)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
            if wait_s:
                writer.stdout.readline()
            time.sleep(wait_s)
            writer.send_signal(signal.SIGKILL)
            writer.stdout.read()
        if not path.exists():
            continue
        with open_archive(path, write=True) as archive:
            assert check_archive(archive) == []
            rows = archive.connection.execute(
                """SELECT r.folder, count(DISTINCT d.id), count(v.detection) FROM reports r
                   LEFT JOIN detections d ON d.report = r.id LEFT JOIN vehicles v ON v.detection = d.id
                   GROUP BY r.id ORDER BY r.id"""
            ).fetchall()
        assert rows == [(f"r{k}", 3, 24) for k in range(len(rows))]
        assert len(rows) >= day
        day = len(rows)
    assert day > 0


def test_an_older_file_is_brought_up_to_date_or_left(archive_file, monkeypatch):
    from tumangang_watch.archive import file

    before = everything(archive_file)
    added = ("ALTER TABLE scenes ADD COLUMN remark TEXT",)
    monkeypatch.setattr(file, "VERSION", VERSION + 1)
    monkeypatch.setattr(file, "MIGRATIONS", (*file.MIGRATIONS, (*added, "CREATE TABLE scenes (x)")))
    with pytest.raises(sqlite3.OperationalError), open_archive(archive_file, write=True):
        pass
    monkeypatch.setattr(file, "MIGRATIONS", (*file.MIGRATIONS[:-1], added))
    with pytest.raises(InputRefused, match="older version"), open_archive(archive_file):
        pass
    with open_archive(archive_file, write=True) as archive:
        assert archive.connection.execute("SELECT remark FROM scenes").fetchall() == [(None,)] * 3
    assert everything(archive_file) == before


# Exports


def test_csv_holds_every_row_and_no_formula(tmp_path, archive_file):
    hostile = make.report(30, findings=[make.finding(statement="=cmd|' /C calc'!A0")])
    with open_archive(archive_file, write=True) as archive:
        add_report(archive, Issued(hostile, "d", make.sha("d")))
    run("archive", "export", "--archive", archive_file, "--out", tmp_path / "csv", status=0)
    tables = everything(archive_file)
    for name, (columns, rows) in tables.items():
        with (tmp_path / "csv" / f"{name}.csv").open(newline="") as file:
            read = list(csv.reader(file))
        assert read[0] == columns
        assert len(read) - 1 == len(rows)
    with (tmp_path / "csv" / "findings.csv").open(newline="") as file:
        assert "'=cmd|' /C calc'!A0" in [row["statement"] for row in csv.DictReader(file)]


def test_parquet_is_typed(tmp_path, archive_file):
    import pyarrow.parquet as parquet

    with open_archive(archive_file) as archive:
        export_archive(archive, tmp_path / "parquet", "parquet")
        export_archive(archive, tmp_path / "parquet", "parquet")
    areas = parquet.read_table(tmp_path / "parquet" / "areas.parquet")
    assert str(areas.schema.field("acquired").type) == "timestamp[ms, tz=UTC]"
    assert areas.column("trains").to_pylist() == [1, 2, None, 1]
    assert str(areas.schema.field("cars").type) == "double"


def test_geopackage_has_layers_with_outlines(tmp_path, archive_file):
    import pyogrio

    out = tmp_path / "record.gpkg"
    run("archive", "export", "--archive", archive_file, "--out", out, status=0)
    layers = dict(pyogrio.list_layers(out))
    assert set(layers) == set(TABLES)
    assert pyogrio.read_info(out, layer="detections")["features"] == 5
    fields, _, geometry, data = pyogrio.raw.read(out, layer="detections")
    assert all(g is not None for g in geometry)
    assert str(data[list(fields["fields"]).index("report_acquired")].dtype).startswith("datetime64")
    first = out.read_bytes()
    run("archive", "export", "--archive", archive_file, "--out", out, status=0)
    assert out.read_bytes() == first


def test_an_export_replaces_only_an_export(tmp_path, archive_file):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "letter.txt").write_text("keep me")
    run("archive", "export", "--archive", archive_file, "--out", out, status=5)
    assert (out / "letter.txt").read_text() == "keep me"
    assert not list(tmp_path.glob(".mine*"))


def test_a_date_sums_what_was_found_with_an_interval_about_it():
    train = {
        "kind": "train",
        "grade": "detected",
        "confidence": 1.0,
        "cars": {"estimate": 8, "low": 7, "high": 9},
        "length_m": {"estimate": 120, "low": 118, "high": 122},
    }
    row = summarise([train, train], observed_track_m=480.0)
    assert (row["trains"], row["trains_low"], row["trains_high"]) == (2, 2, 2)
    assert (row["cars"], row["cars_low"], row["cars_high"]) == (16, 14.586, 17.414)
    one = summarise([{**train, "confidence": 0.9, "cars": {"estimate": 8, "low": 8, "high": 8}}], None)
    assert (one["cars"], one["cars_low"], one["cars_high"]) == (8, 8, 8)
    assert row["fill"] == 0.5
    uncounted = summarise([{**train, "cars": None}], observed_track_m=None)
    assert uncounted["cars"] is None
    assert uncounted["fill"] is EMPTY["fill"] is None
    assert count([{"confidence": 0.5, "grade": "possible"}]) == (0, 0, 1)


@pytest.mark.parametrize(("umask", "rights"), [(0o077, 0o600), (0o002, 0o664), (0o022, 0o644)])
def test_the_file_has_the_rights_that_the_umask_gives(tmp_path, umask, rights):
    before = os.umask(umask)
    try:
        with open_archive(tmp_path / "a.sqlite", create=True, write=True):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "a.sqlite").stat().st_mode & 0o777 == rights
