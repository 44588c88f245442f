"""Reviews are only ever added, outlive reports and archives, and are taken by several readers at once."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support import issued_reports as make
from support.command import run

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive
from tumangang_watch.archive.export import table
from tumangang_watch.archive.layers import export_geopackage
from tumangang_watch.archive.rebuild import adopt, rebuild
from tumangang_watch.archive.reviews import add_reviews, all_reviews, copy_path, read_copy
from tumangang_watch.archive.schema import VERSION
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.errors import Busy
from tumangang_watch.model.review import TERMINAL, Answer, Correction, Review


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    make.put(folder, make.report(0, found=[make.train()], issue=make.issue()), "a")
    found = [make.train("t1", 8), make.train("t2", None, from_m=200), make.cargo()]
    make.put(
        folder, make.report(3, earlier=0, found=found, findings=[make.finding()], issue=make.issue()), "b"
    )
    return folder


@pytest.fixture
def archive_file(tmp_path, reports):
    path = tmp_path / "record.sqlite"
    with open_archive(path, write=True, create=True) as archive:
        adopt(archive, reports, {})
    return path


def said(archive, name, verdict="accepted", reader="kim", made="2026-01-01T00:00:00.000Z", **more):
    subject = next(s for s in subjects(archive, "toy") if s.id == name)
    return Review(
        about=subject.about, reader=reader, answer=Answer(verdict, **more), made=made, origin=TERMINAL
    )


def answers(path):
    with open_archive(path) as archive:
        return [(r.reader, r.answer.verdict, r.about.key) for r in all_reviews(archive)]


def test_what_can_be_reviewed_is_what_stands(archive_file):
    with open_archive(archive_file) as archive:
        found = subjects(archive, "toy")
    assert [(s.folder, s.id, s.about.word, s.covered) for s in found] == [
        ("a", "t1", "detection", False),
        ("b", "f1", "finding", False),
        ("b", "t1", "detection", True),
        ("b", "t2", "detection", False),
        ("b", "c1", "detection", False),
    ]
    assert found[1].about.evidence["later"]["cars"] == {"estimate": 8.0, "low": 7.0, "high": 9.0}
    assert found[1].about.evidence["later"]["colours"] == ["grey"] * 8


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews SET verdict = 'rejected'",
        "DELETE FROM reviews",
        "INSERT OR REPLACE INTO reviews SELECT * FROM reviews",
        "REPLACE INTO reviews SELECT NULL, uid, key, about, site, scene, earlier, kind, area, evidence, "
        "reader, 'rejected', reason, remark, correction, made, origin FROM reviews",
    ],
)
def test_no_review_is_changed_by_any_program(archive_file, statement):
    with open_archive(archive_file, write=True) as archive:
        add_reviews(archive, [said(archive, "t2")])
    other = sqlite3.connect(archive_file)
    with pytest.raises(sqlite3.IntegrityError, match="reviews are never"):
        other.execute(statement)
    other.close()
    assert [verdict for _, verdict, _ in answers(archive_file)] == ["accepted"]


def test_an_edited_review_is_found(archive_file):
    with open_archive(archive_file, write=True) as archive:
        add_reviews(archive, [said(archive, "t2"), said(archive, "c1")])
        assert check_archive(archive) == []
    other = sqlite3.connect(archive_file)
    other.execute("DROP TRIGGER reviews_are_not_changed")
    other.execute("UPDATE reviews SET reader = 'lee' WHERE id = 2")
    other.commit()
    other.close()
    assert (
        "review 2: its content is not what was recorded"
        in run("archive", "check", "--archive", archive_file, status=6).stderr
    )


def test_the_same_review_is_recorded_once(archive_file):
    with open_archive(archive_file, write=True) as archive:
        one = said(archive, "t2")
        assert len(add_reviews(archive, [one])) == 1
        assert add_reviews(archive, [one]) == []
        later = replace(one, made="2026-01-02T00:00:00.000Z")
        assert len(add_reviews(archive, [one, later])) == 1


def test_what_a_reader_says_comes_back_as_it_was(archive_file):
    outline = {
        "type": "Polygon",
        "coordinates": [[[130.0, 42.0], [130.1, 42.0], [130.1, 42.1], [130.0, 42.0]]],
    }
    given = Correction(
        kind="train",
        track="1",
        from_m=0.0,
        to_m=99.5,
        cars=(6, 7),
        area_m2=None,
        colours=("red",) * 6,
        types=("box",) * 6,
        outline=outline,
    )
    with open_archive(archive_file, write=True) as archive:
        one = said(
            archive, "t2", "corrected", reason="wrong_count", remark="zwei\nZeilen ü", correction=given
        )
        add_reviews(archive, [one])
        (back,) = all_reviews(archive)
    assert (back.answer, back.about, back.uid) == (one.answer, one.about, one.uid)


def test_a_file_of_the_first_schema_is_brought_up_to_date(tmp_path):
    path = tmp_path / "record.sqlite"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "archive_v1.sqlite.gz").read_bytes()))
    before = sqlite3.connect(path)
    assert before.execute("PRAGMA user_version").fetchone() == (1,)
    rows = before.execute("SELECT * FROM detections ORDER BY id").fetchall()
    before.close()
    assert "older version" in run("review", "list", "--archive", path, status=3).stderr
    run("archive", "check", "--archive", path, status=0)
    after = sqlite3.connect(path)
    assert after.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert after.execute("SELECT * FROM detections ORDER BY id").fetchall() == rows
    after.close()
    assert len(run("review", "list", "--archive", path, status=0).stdout.splitlines()) == 4


@pytest.mark.parametrize("state", ["sound", "lost", "garbage", "cut", "no copy"])
def test_rebuilding_keeps_every_review(archive_file, reports, state):
    with open_archive(archive_file, write=True) as archive:
        add_reviews(archive, [said(archive, "t2", reader=name) for name in ("kim", "lee")])
        add_reviews(
            archive, [said(archive, "t2", "rejected", "kim", "2026-02-01T00:00:00.000Z", reason="snow")]
        )
        columns, before = table(archive, "reviews")
    if state == "lost":
        archive_file.unlink()
    elif state == "garbage":
        archive_file.write_bytes(b"nothing")
    elif state == "cut":
        archive_file.write_bytes(archive_file.read_bytes()[:8192])
    elif state == "no copy":
        copy_path(archive_file).unlink()
    rebuild(archive_file, reports, list)
    with open_archive(archive_file) as archive:
        assert table(archive, "reviews") == (columns, before)
        assert check_archive(archive) == []
    assert len(read_copy(archive_file)) == 3


def test_a_copy_that_was_cut_or_edited_is_mended(archive_file):
    with open_archive(archive_file, write=True) as archive:
        add_reviews(archive, [said(archive, name) for name in ("t2", "c1", "f1")])
    path = copy_path(archive_file)
    lines = path.read_bytes().splitlines(keepends=True)
    edited = json.dumps({**json.loads(lines[1]), "verdict": "rejected"}).encode() + b"\n"
    path.write_bytes(lines[0] + edited + lines[2][:40])
    assert len(read_copy(archive_file)) == 1
    with open_archive(archive_file, write=True) as archive:
        add_reviews(archive, [said(archive, "f1", reader="lee")])
    assert [row["reader"] for row in read_copy(archive_file)] == ["kim", "kim", "kim", "lee"]
    assert [name for name, _, _ in answers(archive_file)] == ["kim", "kim", "kim", "lee"]


def test_reviews_are_exported(archive_file, tmp_path):
    import pyogrio

    with open_archive(archive_file, write=True) as archive:
        add_reviews(archive, [said(archive, "t2", "rejected", reason="shadow", remark="=1+1")])
        export_geopackage(archive, tmp_path / "out.gpkg")
    assert pyogrio.read_info(tmp_path / "out.gpkg", layer="reviews")["features"] == 1
    run("archive", "export", "--archive", archive_file, "--out", tmp_path / "csv", "--review", status=0)
    text = (tmp_path / "csv" / "reviews.csv").read_text()
    assert ",rejected,shadow,'=1+1," in text
    detections = (tmp_path / "csv" / "detections.csv").read_text()
    assert ",review,readers,geometry" in detections
    assert ",rejected,kim," in detections
    assert ",unreviewed,," in detections


READERS = """
import sys
from pathlib import Path
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.reviews import add_reviews
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.model.review import TERMINAL, Answer, Review
for k in range(15):
    with open_archive(Path(sys.argv[1]), write=True) as archive:
        about = subjects(archive, "toy")[k % 5].about
        made = f"2026-01-01T00:00:{k:02d}.000Z"
        reader, answer = sys.argv[2], Answer("accepted")
        add_reviews(archive, [Review(about=about, reader=reader, answer=answer, made=made, origin=TERMINAL)])
"""


def test_two_readers_at_once_lose_nothing(archive_file):
    working = [
        subprocess.Popen([sys.executable, "-c", READERS, str(archive_file), name]) for name in ("kim", "lee")
    ]
    assert [process.wait(120) for process in working] == [0, 0]
    told = answers(archive_file)
    assert [sum(name == reader for reader, _, _ in told) for name in ("kim", "lee")] == [15, 15]
    assert {row["uid"] for row in read_copy(archive_file)} == {r.uid for r in _all(archive_file)}


def _all(path):
    with open_archive(path) as archive:
        return all_reviews(archive)


def test_a_busy_archive_takes_no_answer(archive_file, monkeypatch):
    with open_archive(archive_file) as archive:
        one = said(archive, "t2")
    monkeypatch.setattr("tumangang_watch.archive.file.BUSY_S", 0.05)
    other = sqlite3.connect(archive_file, isolation_level=None)
    with open_archive(archive_file, write=True) as archive:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            add_reviews(archive, [one])
        other.execute("ROLLBACK")
    other.close()
    assert answers(archive_file) == []
    assert read_copy(archive_file) == []
