"""What a run says: a sentence a change with its time, nothing on a quiet night, and the same as JSON."""

from __future__ import annotations

import json

import pytest
from support import quick_watch as quick
from support.command import run

from tumangang_watch.archive import open_archive
from tumangang_watch.watch.changes import change_lines, new_changes, run_document


@pytest.fixture
def root(tmp_path):
    quick.write_site(tmp_path / "site.geojson")
    for day in (0, 3, 6):
        quick.write_scene(tmp_path / "in", day)
    return tmp_path


def changes_of(root, tally):
    places = quick.places_in(root)
    with open_archive(places.archive) as archive:
        return places, new_changes(archive, places.site.id, tally.made)


def test_every_change_is_one_sentence_with_its_time(root):
    tally = quick.take_in_here(root)
    places, changes = changes_of(root, tally)
    assert [c.report for c in changes] == tally.made[1:]
    first, *rest = change_lines(places, tally, changes)
    assert first.startswith("20")
    assert "2 changes in 3 new reports" in first
    assert len(rest) == 4
    assert rest[0].startswith("2022-01-04 02:00 UTC (11:00 Korean time): ")
    assert rest[1].endswith("/report.html")


def test_a_night_without_a_change_says_nothing(root):
    quick.take_in_here(root)
    again = quick.take_in_here(root)
    places, changes = changes_of(root, again)
    assert changes == []
    assert list(change_lines(places, again, changes)) == []


def test_a_report_made_again_says_only_what_is_new(root):
    quick.take_in_here(root)
    quick.write_scene(root / "in", 2)
    tally = quick.take_in_here(root)
    _, changes = changes_of(root, tally)
    assert "2022-01-03T020000Z_day002" in tally.made
    assert not [c for c in changes if "_r2" in c.report]


def test_the_document_says_the_same(root):
    tally = quick.take_in_here(root)
    places, changes = changes_of(root, tally)
    made = json.loads(json.dumps(run_document(places, tally, changes)))
    assert [c["finding"] for c in made["changes"]] == ["f1", "f1"]
    assert len(made["reports"]) == 3
    assert made["refused"] == made["still_growing"] == []


def test_the_command_prints_one_document_and_stamps_what_is_wrong(tmp_path):
    quick.write_site(tmp_path / "site.geojson")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.tif").write_bytes(b"no image")
    where = ("--archive", "record.sqlite", "--reports", "reports", "--site", "site.geojson", "--settle", 0)
    done = run("watch", "in", *where, "--json", status=3, cwd=tmp_path)
    (line,) = done.stderr.splitlines()
    stamp, _, words = line.partition("  ")
    assert stamp.endswith("Z")
    assert words.startswith("Refused: ")
    assert json.loads(done.stdout)["refused"] == [words.removeprefix("Refused: ")]
    again = run("watch", "in", *where, status=0, cwd=tmp_path)
    assert again.stderr == again.stdout == ""
