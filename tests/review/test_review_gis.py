"""Answers given in a GIS: all of a file's or none, the evidence untouched, each taken once."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from support import gis, review_runs
from support import quick_watch as quick

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.export import TABLES, table

FIRST, SECOND, THIRD = (f"2022-01-0{day}T020000Z_day00{day - 1}" for day in (1, 4, 7))
M_EAST = 1 / 82_000
"""A metre in degrees of longitude, near enough, at 42.4 degrees north."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A record that `watch` made of three dates of a yard with one track of 48 m."""
    root = tmp_path_factory.mktemp("record")
    quick.write_site(root / "site.geojson")
    for day in (0, 3, 6):
        quick.write_scene(root / "in", day)
    quick.take_in_here(root)
    return root


@pytest.fixture
def root(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "record"))


def run(root, command, *arguments, **how):
    return review_runs.run("review", command, *arguments, "--archive", root / "record.sqlite", **how)


def export(root, **how):
    path = root / "look.gpkg"
    run(root, "export", path, **how)
    return path


def take_back(root, path, *more, **how):
    return run(root, "import", path, "--site-file", root / "site.geojson", *more, **how)


def everything(root):
    with open_archive(root / "record.sqlite") as archive:
        return {name: table(archive, name) for name in TABLES}


def reviews(root):
    columns, rows = everything(root)["reviews"]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_nothing_edited_is_no_answer(root):
    before = everything(root)
    done = take_back(root, export(root))
    assert "0 new answers" in done.stderr
    assert "note:" not in done.stderr
    assert everything(root) == before


def test_answers_come_back_once_and_the_evidence_stays(root):
    path, before = export(root), everything(root)
    with gis.editing(path) as file:
        gis.fill(
            file, "detections", FIRST, "later-1", verdict="rejected", reason="shadow", remark=" dark\r\nbed "
        )
        gis.fill(file, "findings", SECOND, "f1", verdict="Corrected", new_cars="1")
        gis.fill(
            file, "detections", THIRD, "later-1", verdict="accepted", confidence=0.1, kind="cargo", id="x"
        )
        file.execute("UPDATE areas SET complete = 'yes' WHERE report = ?", (THIRD,))
    done = take_back(root, path, installed=True)
    assert "4 new answers" in done.stderr
    assert done.stderr.count("evidence was edited and is passed over: kind, confidence, id") == 1
    after = everything(root)
    assert {name: rows for name, rows in after.items() if name != "reviews"} == {
        name: rows for name, rows in before.items() if name != "reviews"
    }
    told = {(r["about"], r["verdict"], r["reason"], r["remark"]) for r in reviews(root)}
    assert told == {
        ("detection", "rejected", "shadow", "dark\nbed"),
        ("finding", "corrected", "wrong_count", ""),
        ("detection", "accepted", None, ""),
        ("area", "complete", None, ""),
    }
    assert "0 new answers, 4 known before" in take_back(root, path).stderr
    run(root, "reject", f"{THIRD}/later-1", "--reason", "snow")
    assert "0 new answers" in take_back(root, path).stderr
    assert len(reviews(root)) == 5


SOME = st.sampled_from(
    [
        ("accept",),
        ("reject", "--reason", "snow", "--remark", "a, 'b'\nÜ"),
        ("correct", "--cars", "6-7"),
        ("correct", "--colours", "red*2, light_grey", "--types", "box*2,tank"),
        ("correct", "--track", "track"),
        ("correct", "--from-m", "3.3333333333333335", "--to-m", "17.1", "--kind", "train"),
        ("correct", "--kind", "cargo", "--area-m2", "12345.678-23456.789"),
        ("withdraw",),
    ]
)


@given(st.lists(st.tuples(st.sampled_from([FIRST, SECOND, THIRD]), SOME), max_size=5))
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_export_and_import_change_nothing(made, tmp_path_factory, answers):
    root = Path(shutil.copytree(made, tmp_path_factory.mktemp("same") / "record"))
    answered = set()
    for report, (command, *values) in answers:
        if command != "withdraw" or report in answered:
            run(root, command, f"{report}/later-1", *values)
            answered.add(report)
    before = everything(root)
    assert "0 new answers" in take_back(root, export(root)).stderr
    assert "0 new answers" in take_back(root, export(root, reader="lee"), reader="lee").stderr
    assert everything(root) == before


def test_own_answers_are_filled_in_and_others_are_not(root):
    run(root, "reject", f"{FIRST}/later-1", "--reason", "shadow", reader="lee")
    outline = "POLYGON((129.4862 42.406, 129.4863 42.406, 129.4863 42.40605, 129.4862 42.406))"
    values = ("--from-m", "3", "--to-m", "20", "--cars", "2", "--colours", "red,blue", "--outline", outline)
    run(root, "correct", f"{SECOND}/later-1", *values)
    before = reviews(root)
    path = export(root)
    with gis.editing(path) as file:
        rows = file.execute("SELECT report, verdict, new_from_m, new_colours FROM detections").fetchall()
    assert [row for row in rows if row[1]] == [(SECOND, "corrected", 3.0, "red, blue")]
    assert "0 new answers" in take_back(root, path).stderr
    assert reviews(root) == before
    with gis.editing(path) as file:
        gis.fill(file, "detections", SECOND, "later-1", new_cars="3", new_colours="")
    take_back(root, path)
    last = json.loads(reviews(root)[-1]["correction"])
    assert last["cars"] == [3, 3]
    assert last["outline"] == json.loads(before[-1]["correction"])["outline"]


def test_a_moved_outline_is_a_corrected_extent_along_its_track(root):
    path = export(root)
    with gis.editing(path) as file:
        fid = gis.fid_of(file, "detections", SECOND, "later-1")
        (blob,) = file.execute("SELECT geom FROM detections WHERE fid = ?", (fid,)).fetchone()
        moved = translate(gis.shape_of(blob), 5 * M_EAST, 0)
        file.execute("UPDATE detections SET geom = ? WHERE fid = ?", (gis.blob_of(moved), fid))
    done = take_back(root, path)
    assert "its outline was moved by 5.0 m: taken as corrected extent" in done.stderr
    (review,) = reviews(root)
    given = json.loads(review["correction"])
    assert (review["verdict"], review["reason"]) == ("corrected", "wrong_extent")
    # The drawn outline covers the track from 4 to 17 m, as the report says, so the moved one from 9 to 22 m.
    assert (given["from_m"], given["to_m"]) == (pytest.approx(9, abs=0.1), pytest.approx(22, abs=0.1))
    (part,) = moved.geoms
    assert shapely.equals_exact(shapely.from_geojson(json.dumps(given["outline"])), part, 1e-6)


@pytest.mark.parametrize(
    ("east_m", "values", "why"),
    [
        (5, {"verdict": "accepted"}, "accepted, but moved"),
        (4000, {}, "it was moved off the finding"),
        (100, {}, "it does not cover track"),
    ],
)
def test_outlines_that_cannot_be_meant_are_refused(root, east_m, values, why):
    path = export(root)
    with gis.editing(path) as file:
        fid = gis.fid_of(file, "detections", SECOND, "later-1")
        (blob,) = file.execute("SELECT geom FROM detections WHERE fid = ?", (fid,)).fetchone()
        moved = gis.blob_of(translate(gis.shape_of(blob), east_m * M_EAST, 0))
        file.execute("UPDATE detections SET geom = ? WHERE fid = ?", (moved, fid))
        if values:
            gis.fill(file, "detections", SECOND, "later-1", **values)
    done = take_back(root, path, status=3)
    assert f"refused: detections, row {fid}: " in done.stderr
    assert why in done.stderr
    assert reviews(root) == []


def test_another_site_file_is_refused(root):
    path = export(root)
    with gis.editing(path) as file:
        gis.add(file, "missed", shapely.box(129.4862, 42.4059, 129.4863, 42.4061), report=FIRST, kind="train")
    done = run(root, "import", path, status=3)
    assert "another site file: the built-in site" in done.stderr


def test_what_is_drawn_is_added(root):
    path = export(root)
    outline = shapely.box(129.48655, 42.40595, 129.4866, 42.4061)
    with gis.editing(path) as file:
        gis.add(file, "missed", outline, report=FIRST, cars="2", kind="train", remark="behind the shed")
        gis.add(file, "missed", outline, report=SECOND, kind="cargo", reason="seen_clearly")
        gis.add(file, "detections", outline, report=THIRD, kind="train", new_cars="2-3")
    assert "3 new answers" in take_back(root, path).stderr
    told = [(r["verdict"], r["kind"], r["reason"], json.loads(r["correction"])) for r in reviews(root)]
    assert sorted((v, k, reason) for v, k, reason, _ in told) == [
        ("added", "cargo", "seen_clearly"),
        ("added", "train", "missed"),
        ("added", "train", "missed"),
    ]
    train = next(given for _, kind, _, given in told if kind == "train" and given["cars"] == [2, 2])
    assert train["track"] == "track"
    assert 2 < train["to_m"] - train["from_m"] < 7
    assert "0 new answers, 3 known before" in take_back(root, path).stderr


ROWS = [
    ({"verdict": "rejected"}, "no reason: --reason: a rejection needs one"),
    ({"verdict": "rejected", "reason": "moon"}, "reason refused: 'moon'"),
    ({"verdict": "rejected", "reason": "other"}, "no remark"),
    ({"verdict": "yes"}, "unknown verdict: 'yes'"),
    ({"remark": "hm"}, "no verdict: remark"),
    ({"new_cars": "7"}, "no verdict: cars"),
    ({"verdict": "corrected", "new_cars": "many"}, "not a number or range"),
    ({"verdict": "corrected", "new_from_m": 40.0, "new_to_m": 3.0}, "not a stretch of track"),
    ({"verdict": "accepted", "key": "0" * 64}, "unknown key"),
]


@pytest.mark.parametrize(("values", "why"), ROWS)
def test_a_row_that_cannot_be_meant_is_named_and_nothing_is_taken(root, values, why):
    path = export(root)
    with gis.editing(path) as file:
        fid = gis.fill(file, "detections", SECOND, "later-1", **values)
        gis.fill(file, "detections", FIRST, "later-1", verdict="accepted")
    done = take_back(root, path, status=3)
    assert f"refused: detections, row {fid}: {why}" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("tumangang-watch: review refused: ")
    assert reviews(root) == []


def test_a_copied_feature_is_refused(root):
    path = export(root)
    with gis.editing(path) as file:
        gis.fill(file, "detections", SECOND, "later-1", verdict="accepted")
        columns = ", ".join(
            row[1] for row in file.execute("PRAGMA table_info(detections)") if row[1] != "fid"
        )
        file.execute(
            f"INSERT INTO detections ({columns}) SELECT {columns} FROM detections WHERE verdict <> ''"
        )
    assert "given twice" in take_back(root, path, status=3).stderr
    assert reviews(root) == []


def test_a_deleted_feature_is_no_answer(root):
    path = export(root)
    with gis.editing(path) as file:
        file.execute("DELETE FROM detections")
        gis.fill(file, "findings", SECOND, "f1", verdict="accepted")
    done = take_back(root, path)
    assert "1 new answers" in done.stderr
    assert "3 exported rows are missing: no answer" in done.stderr


def test_layers_saved_elsewhere_are_known_by_their_columns(root):
    """A GIS may write one layer to a new file: renamed, in metres, columns in another order."""
    path, other = export(root), root / "saved.gpkg"
    with gis.editing(path) as file:
        gis.fill(file, "detections", SECOND, "later-1", verdict="rejected", reason="snow")
    meta, _, outlines, columns = pyogrio.raw.read(path, layer="detections")
    from pyproj import Transformer

    to_metres = Transformer.from_crs("EPSG:4326", "EPSG:32652", always_xy=True)
    moved = shapely.transform(
        shapely.from_wkb(outlines), lambda x, y: to_metres.transform(x, y), interleaved=False
    )
    names = list(meta["fields"])[::-1]
    pyogrio.raw.write(
        other,
        shapely.to_wkb(moved),
        columns[::-1],
        names,
        layer="My review",
        driver="GPKG",
        geometry_type=meta["geometry_type"],
        crs="EPSG:32652",
    )
    done = take_back(root, other)
    assert "1 new answers" in done.stderr
    assert "moved" not in done.stderr
    assert reviews(root)[0]["reason"] == "snow"


def test_what_an_open_gis_keeps_beside_the_file_is_read(root):
    path = export(root)
    with gis.editing(path, wal=True) as file:
        gis.fill(file, "detections", SECOND, "later-1", verdict="accepted")
        file.commit()
        assert path.with_name("look.gpkg-wal").stat().st_size > 0
        before = path.read_bytes()
        assert "1 new answers" in take_back(root, path).stderr
        assert path.read_bytes() == before


def test_a_file_exported_before_a_report_was_made_again_is_read(root):
    path = export(root)
    with gis.editing(path) as file:
        gis.fill(file, "findings", THIRD, "f1", verdict="accepted")
        gis.fill(file, "detections", THIRD, "later-1", verdict="accepted")
    quick.write_scene(root / "in", 5)
    assert f"{THIRD}_r2" in quick.take_in_here(root).made
    assert "2 new answers" in take_back(root, path).stderr
    listed = json.loads(run(root, "list", "--all", "--detections", "--json").stdout)
    states = {one["about"]: one["state"] for one in listed if one["report"] == f"{THIRD}_r2"}
    # It was compared with another date: what was said of the change is of what stood before.
    assert states == {"finding": "stale", "detection": "accepted"}
    run(root, "reject", f"{SECOND}/f1", "--reason", "misregistration")
    before = {p: p.read_bytes() for p in (root / "reports").glob("*/*") if p.is_file()}
    quick.take_in_here(root)
    page = (root / "reports" / "index.html").read_text()
    assert "Reviewed: 1 accepted, 1 stale" in page
    assert "(rejected by kim)" in page
    assert "Review: rejected by kim." in (root / "reports" / "feed.xml").read_text()
    assert before == {p: p.read_bytes() for p in (root / "reports").glob("*/*") if p.is_file()}


HOSTILE = ["missing", "folder", "empty", "text", "cut", "garbage", "sqlite", "report", "view", "fifo"]


@pytest.mark.parametrize("how", HOSTILE)
def test_what_is_no_whole_review_file_is_refused_in_one_line(root, how):
    path = export(root)
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "folder":
        path.unlink()
        path.mkdir()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("fid,verdict\n1,accepted\n")
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "garbage":
        path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    elif how == "sqlite":
        path = root / "record.sqlite"
    elif how == "report":
        path = next((root / "reports").glob("*/findings.gpkg"))
    elif how == "view":
        endless = (
            "WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) "
            "SELECT fid, 'accepted' AS verdict FROM n"
        )
        with gis.editing(path) as file:
            for name in ("findings", "detections", "missed", "areas"):
                file.execute("DELETE FROM gpkg_contents WHERE table_name = ?", (name,))
            file.execute(f"CREATE VIEW endless AS {endless}")
            file.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
                "VALUES ('endless', 'attributes', 'x')"
            )
    else:
        path.unlink()
        os.mkfifo(path)
    done = take_back(root, path, status=3)
    assert done.stderr.startswith("tumangang-watch: review file refused: ")
    assert done.stderr.count("\n") == 1
    assert reviews(root) == []


def test_the_file_says_what_each_column_takes(root):
    file = sqlite3.connect(export(root))
    values = {}
    for name, value, words in file.execute(
        "SELECT constraint_name, value, description FROM gpkg_data_column_constraints"
    ):
        values.setdefault(name, {})[value] = words
    assert values["review_reason"]["shadow"] == "a shadow, not a thing"
    assert set(values["review_report"]) == {FIRST, SECOND, THIRD}
    rows = file.execute(
        "SELECT column_name, constraint_name FROM gpkg_data_columns WHERE table_name = 'detections'"
    )
    domains = dict(rows.fetchall())
    assert (domains["verdict"], domains["reason"]) == ("review_verdict", "review_reason")
    file.close()


def test_an_export_leaves_no_side_file_of_an_earlier_one(root):
    path = export(root)
    path.with_name("look.gpkg-wal").write_bytes(b"of an earlier file")
    assert export(root).is_file()
    assert [p.name for p in root.glob("*look.gpkg*")] == ["look.gpkg"]
