"""Answers taken into a record: found, added, applied, marked, exported as truth and to a GIS."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support import issued_reports as make

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.rebuild import adopt
from tumangang_watch.commands.options.review import review as review_group
from tumangang_watch.commands.review_answer import correction_of
from tumangang_watch.commands.terminal.review_lines import document_of, line_of, lines_of
from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import Answer, Correction
from tumangang_watch.review.add import complete, date_of, missed_review
from tumangang_watch.review.apply import judged_scenes, state_of
from tumangang_watch.review.gis_export import export_review, seen_areas
from tumangang_watch.review.gis_import import import_review
from tumangang_watch.review.session import (
    Reviewer,
    Wanted,
    answer,
    find,
    folder_words,
    marks,
    record,
    under_review,
)
from tumangang_watch.review.truth import labels_in, truth_for

KIM = Reviewer("kim", datetime(2022, 2, 1, tzinfo=UTC))


@pytest.fixture
def record_file(tmp_path):
    found = [make.train("t1", 8), make.train("t2", None, from_m=200), make.cargo()]
    make.put(tmp_path / "reports", make.report(0, found=found, issue=make.issue()), "r0")
    path = tmp_path / "record.sqlite"
    with open_archive(path, write=True, create=True) as archive:
        adopt(archive, tmp_path / "reports", {})
    return path


def test_an_answer_is_found_recorded_once_and_marked(record_file):
    with open_archive(record_file, write=True) as archive:
        found = find(archive, "toy", ["r0/t1"])
        assert answer(archive, found, KIM, Answer("accepted")) == [True]
        assert answer(archive, find(archive, "toy", ["r0/t1"]), KIM, Answer("accepted")) == [False]
        assert marks(archive)["r0", "t1"] == ("accepted", "kim")
        assert marks(archive)["r0", "t2"] == ("unreviewed", "")
        assert folder_words(archive, "toy") == {"r0": "1 accepted, 2 unreviewed"}
        (one,) = under_review(archive, "toy", Wanted(states=("accepted",)))
    assert "accepted" in line_of(one)
    assert any("by kim" in line for line in lines_of(one, None))
    assert document_of(one)["reviews"][0]["verdict"] == "accepted"


def test_a_missed_train_is_added_and_all_that_is_judged_is_truth(record_file):
    report = make.report(0, found=[make.train("t1", 8)], issue=make.issue())
    values = Correction(track="1", from_m=300.0, to_m=370.0, cars=(5, 5))
    with open_archive(record_file, write=True) as archive:
        date = date_of(archive, "toy", "r0")
        added = missed_review(archive, date, "train", None, Answer("added", correction=values), KIM)
        assert record(archive, "toy", [added]) == [added]
        assert len(complete(archive, date, ["yard"], "train", Answer("complete"), KIM)) == 1
        (judged,) = [j for j in judged_scenes(archive, "toy")[date.scene] if j.basis == "added"]
        assert (state_of(judged), judged.thing["cars"]["estimate"]) == ("added", 5.0)
        labels = truth_for(archive, report)
        with pytest.raises(UsageError, match="which date"):
            date_of(archive, "toy", "1999")
    assert labels_in(labels) == 1
    assert labels["trains"][0]["cars"] == 5
    assert labels["not_whole"] == [{"date": "later", "area": "yard", "kind": "train", "open": 2}]


def test_an_export_that_nobody_edits_brings_no_answer(record_file, tmp_path):
    path = tmp_path / "look.gpkg"
    with open_archive(record_file, write=True) as archive:
        counts = export_review(archive, "toy", path, Wanted(), KIM)
        assert counts["detections"] == 3
        assert counts["areas"] == len(seen_areas(archive, "toy", Wanted()))
        back = import_review(archive, "toy", path, KIM, None)
    assert (back.new, back.faults, back.notes) == (0, [], [])


def test_every_subcommand_of_the_contract_is_there():
    assert {"accept", "reject", "correct", "withdraw", "add", "list", "show", "summary"} <= set(
        review_group.commands
    )
    assert {"truth", "export", "import"} <= set(review_group.commands)
    assert correction_of({"cars": "6-7"}).cars == (6, 7)
