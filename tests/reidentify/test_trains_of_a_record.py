"""From the archive to the folder: each part of `trains` says what is true of a known record."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import issued_reports as make
from support.record_of_trains import COLOURS, KINDS, twice_seen

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.record import Issued, add_report
from tumangang_watch.commands.options.record import trains
from tumangang_watch.errors import OutputFailed, UsageError
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.alignment import best_path, cells, log2_ratio
from tumangang_watch.reidentify.columns import Strips
from tumangang_watch.reidentify.document import Asked, document, step_table, text_lines
from tumangang_watch.reidentify.null_model import Impossible, offset_bits, upper_offset, withdrawn
from tumangang_watch.reidentify.run import (
    RecordPart,
    coverages,
    find,
    moment,
    track_lengths,
    trains_of,
    with_review,
)
from tumangang_watch.reidentify.stays import train_stays
from tumangang_watch.reidentify.vehicle_model import learn, likelihoods
from tumangang_watch.reidentify.words import rounded, stay_line
from tumangang_watch.reidentify.write import write_trains
from tumangang_watch.settings import Settings
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings

ALIKE, PLAIN = SameTrainSettings(), JourneySettings()
ASKED = Asked(site="toy", areas=(), since=None, until=None, within_days=60.0, min_vehicles=5)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return twice_seen(tmp_path_factory.mktemp("record") / "record.sqlite")


@pytest.fixture(scope="module")
def archive(path):
    with open_archive(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def search(archive):
    return find(archive, RecordPart("toy"), Settings())[0]


def read(colours, kinds):
    cars = [
        Vehicle(from_m=14.0 * k, to_m=14.0 * k + 12.8, type=kind, colour=colour, confidence=0.9)
        for k, (colour, kind) in enumerate(zip(colours, kinds, strict=True))
    ]
    return likelihoods(tuple(cars), ALIKE)


def rakes(count, seed):
    rng = np.random.default_rng(seed)
    return [read([str(rng.choice(COLOURS)) for _ in range(12)], KINDS[:12]) for _ in range(count)]


@pytest.mark.parametrize("left", [0, 3])
def test_an_imposed_cut_is_recovered_by_the_likeliest_alignment(left):
    one, two = read(COLOURS, KINDS)[None], read(COLOURS[left:], KINDS[left:])[None]
    chain = learn((one, two), ALIKE)
    both = cells(one, two, chain, ALIKE)
    assert best_path(both, chain, ALIKE) == tuple((k + left, k) for k in range(14 - left))
    other = cells(one, two[:, ::-1], chain, ALIKE)
    assert log2_ratio(both, chain, ALIKE)[0] > 10 > log2_ratio(other, chain, ALIKE)[0]


def test_the_archive_gives_each_train_with_its_vehicles_and_what_was_seen(archive):
    found = trains_of(archive, RecordPart("toy"))
    assert [(s.key, s.cars, len(s.vehicles)) for s in found] == [
        ("r1/t1", 14, 14),
        ("r2/t1", 14, 14),
        ("r5/t1", 12, 12),
    ]
    assert found[0].vehicles[0].colours == (("grey", 0.85), ("unknown", 0.15))
    assert trains_of(archive, RecordPart("toy", areas=("elsewhere",))) == []
    assert len(trains_of(archive, RecordPart("toy", since=found[1].acquired, until=found[2].acquired))) == 1
    assert [c.observed for c in coverages(archive, RecordPart("toy"))] == [1.0, 1.0, 1.0, 0.97, 1.0, 0.1]
    assert set(track_lengths(archive, "toy")) == {(f"r{k}", "1") for k in (0, 1, 2, 3, 5, 6)}


def test_a_train_in_two_areas_is_one_train_and_each_area_shows_the_track(tmp_path):
    both = (200.0, 354.0, {"yard": 100.0, "bridge": 54.0})
    with open_archive(tmp_path / "a.sqlite", write=True, create=True) as archive:
        add_report(archive, Issued(make.through(0, both, seen=((0.0, 320.0),)), "r0", make.sha(0)))
        (train,) = trains_of(archive, RecordPart("toy"))
        covered = coverages(archive, RecordPart("toy"))
    assert (train.area, train.cars, len(train.vehicles)) == ("yard", 11, 11)
    assert [(c.area, c.tracks) for c in covered] == [(a, {"1": ((0.0, 320.0),)}) for a in ("bridge", "yard")]


def test_a_train_that_shifted_by_half_a_vehicle_stayed_and_one_further_off_is_another(archive):
    found, covered = trains_of(archive, RecordPart("toy"))[:2], coverages(archive, RecordPart("toy"))
    moved = replace(found[1], from_m=found[0].from_m + 16.0, to_m=found[0].to_m + 16.0)
    for second, count in ((found[1], 1), (moved, 2)):
        stays = train_stays([found[0], second], covered, lambda *_: False, PLAIN)
        assert len(stays) == count
    assert len(train_stays(found, covered, lambda *_: True, PLAIN)) == 2


def test_without_reviews_every_train_stands_as_detected(archive):
    found = trains_of(archive, RecordPart("toy"))
    assert with_review(archive, "toy", found) == (found, {})


def test_document_table_and_terminal_say_the_same_of_a_journey(search):
    content = document(search, ASKED, "0", "0" * 64)
    (journey,) = content["journeys"]
    lines = text_lines(search, ASKED)
    assert any(journey["statement"] in line for line in lines)
    assert [f"       {s['statement']}" for s in journey["steps"]] == [
        x for x in lines if x.startswith("     ")
    ]
    columns, rows = step_table(search)
    first, second = (dict(zip(columns, row, strict=True)) for row in rows)
    assert (first["first_seen"][:10], first["aligned"]) == ("2022-01-02", None)
    assert (second["matched_with_step"], second["direction"], second["aligned"]) == (1, "reversed", 12)
    assert stay_line(search.stays[1]).endswith("not observed since: 1 later date does not show the place")
    assert rounded(0.0012345) == 0.00123


def test_the_null_is_drawn_anew_alike_and_is_never_surer_than_its_bound():
    train, *others = rakes(9, 1)
    first, second = (offset_bits(train, "a", others, PLAIN, ALIKE) for _ in range(2))
    assert first == second <= PLAIN.null_offset_max
    like = offset_bits(train, "a", [*others, *([train] * 4)], PLAIN, ALIKE)
    assert like < first, "where others are made up like a train, agreement with it says less"
    assert offset_bits(train, "a", others[:2], PLAIN, ALIKE) is None
    assert upper_offset(np.array([20.0, 1.0]), 2, 0.05) < upper_offset(np.array([2.0, 1.0]), 2, 0.05)


def test_look_alikes_are_pairs_that_unrelated_trains_never_reach_and_what_is_withdrawn_says_nothing(search):
    pairs = ((0, 1), (0, 2), (1, 2))
    assert Impossible(pairs, np.array([12.0, -3.0, np.nan])).look_alikes() == ((0, 1),)
    (match,) = search.matches()
    gone = withdrawn(match, 7)
    assert (gone.verdict, gone.p_value, gone.e_value) == ("not told apart", 1.0, 7.0)


def test_a_day_lasts_to_its_end_and_no_date_is_refused():
    assert moment("2022-11-30", "--until", end=True) == "2022-12-01T00:00:00Z"
    assert moment("2022-11-30T02:00:00+09:00", "--since", end=False) == "2022-11-29T17:00:00Z"
    with pytest.raises(UsageError):
        moment("yesterday", "--since", end=False)


def test_a_folder_that_holds_something_else_is_left_alone(search, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    content = document(search, ASKED, "0", "0" * 64)
    with pytest.raises(OutputFailed):
        write_trains(search, content, tmp_path, Strips(None, {}), PLAIN, overwrite=True)
    out = tmp_path / "out"
    write_trains(search, content, out, Strips(None, {}), PLAIN, overwrite=False)
    with (out / "trains.csv").open(newline="") as file:
        assert [row["journey"] for row in csv.DictReader(file)] == ["j1", "j1"]


def test_the_page_of_trains_names_each_of_its_options():
    text = (Path(__file__).resolve().parents[2] / "docs" / "trains.md").read_text(encoding="utf-8")
    assert [o.opts[0] for o in trains.params if o.opts[0] not in text] == []
