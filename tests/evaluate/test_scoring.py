"""The scores of `evaluate` follow from their definitions."""

from __future__ import annotations

import json
from math import cos, radians
from pathlib import Path

import pytest
from support.command import run

from tumangang_watch.cli import main
from tumangang_watch.evaluate.labels import Label, TruthDocument, fault_of
from tumangang_watch.evaluate.scoring import score_report


def square(lon, lat, size=1e-4):
    ring = [[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def train(from_m, to_m, track="T1", date="later", **more):
    return {
        "id": f"{track}-{from_m}",
        "kind": "train",
        "date": date,
        "track": track,
        "from_m": from_m,
        "to_m": to_m,
        "grade": "detected",
        "cars": {"estimate": 8, "low": 7, "high": 9},
        "length_m": {"estimate": to_m - from_m, "low": to_m - from_m - 2, "high": to_m - from_m + 2},
        **more,
    }


def report(*detections, findings=()):
    return {
        "scenes": {"earlier": {}, "later": {}},
        "detections": list(detections),
        "findings": list(findings),
    }


def test_a_train_is_a_hit_only_on_its_track_and_date():
    truth = {"trains": [{"date": "later", "track": "T1", "from_m": 12, "to_m": 120, "cars": 8}]}
    scores = score_report(report(train(10, 121), train(10, 121, "T2"), train(10, 121, date="earlier")), truth)
    assert (scores["trains"]["true_positives"], scores["trains"]["false_positives"]) == (1, 2)
    assert scores["trains"]["cars_within_1"] == 1.0
    assert scores["trains"]["length_error_median_m"] == 3


def test_possible_counts_only_when_asked():
    truth = {"trains": [{"date": "later", "track": "T1", "from_m": 10, "to_m": 120, "cars": 8}]}
    doubtful = report(train(10, 120, grade="possible"))
    assert score_report(doubtful, truth)["trains"]["recall"] == 0
    assert score_report(doubtful, truth, possible=True)["trains"]["recall"] == 1


def test_two_pieces_of_one_train_are_one_hit_and_one_false():
    truth = {"trains": [{"date": "later", "track": "T1", "from_m": 0, "to_m": 100, "cars": 8}]}
    scores = score_report(report(train(0, 60), train(62, 100)), truth)["trains"]
    assert (scores["true_positives"], scores["false_positives"], scores["false_negatives"]) == (1, 1, 0)


def test_ground_is_found_when_half_of_it_is_covered_and_area_is_the_amount():
    truth = {"new_ground": [{"geometry": square(130.6, 42.4)}]}
    amount = {"estimate": 90.0, "low": 80.0, "high": 100.0, "unit": "m2"}
    growth = {"kind": "handling_area", "change": "grown", "grade": "detected", "amount": amount}
    hit = score_report(report(findings=[{**growth, "geometry": square(130.6, 42.4)}]), truth)["new_ground"]
    miss = score_report(report(findings=[{**growth, "geometry": square(130.7, 42.4)}]), truth)["new_ground"]
    assert (hit["recall"], hit["precision"]) == (1, 1)
    true_m2 = 11.13 * 11.13 * cos(radians(42.4))
    assert hit["area_error"] == pytest.approx(1 - 90 / true_m2, abs=0.005)
    assert (miss["recall"], miss["false_positives"]) == (0, 1)


def test_a_truth_file_that_ships_has_the_labels_that_are_scored():
    file = Path(__file__).parents[2] / "fixtures" / "truth_2022-11-30_2022-12-01.json"
    truth = json.loads(file.read_text(encoding="utf-8"))
    assert {"trains", "cargo", "new_ground"} <= set(truth) & set(TruthDocument.__annotations__)
    named = {"date", "track", "from_m", "to_m", "cars", "colours"}
    assert all(named <= set(train) & set(Label.__annotations__) for train in truth["trains"])


@pytest.mark.parametrize(
    ("truth", "fault"),
    [
        ({"trains": {}}, "trains is not a list"),
        ({"trains": [7]}, "trains, label 1: it is not an object"),
        ({"trains": [{"track": "T1", "from_m": 0, "to_m": 9}, {"track": "T1"}]}, "label 2: it has no from_m"),
        ({"trains": [{"track": "T1", "from_m": "0", "to_m": 9}]}, "its from_m is not a number"),
        ({"trains": [{"track": "T1", "from_m": 0, "to_m": 9, "date": "2022"}]}, "neither earlier nor later"),
        ({"cargo": [{"date": "later"}]}, "cargo, label 1: it has no geometry"),
        ({"cargo": [{"geometry": {"type": "Polygon"}}]}, "its geometry cannot be read"),
        ({"rejected": [{"kind": "train", "to_m": 9}]}, "it has no track"),
        ({"coverage": [{"date": "later", "kind": "train"}]}, "it has no area"),
    ],
)
def test_a_truth_file_that_does_not_fit_the_contract_is_refused_in_one_line(truth, fault, tmp_path, capsys):
    (tmp_path / "report.json").write_text(json.dumps(report(train(0, 9))))
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(tmp_path), str(tmp_path / "truth.json")])
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 3
    assert line.startswith("tumangang-watch: not a truth: ")
    assert fault in line


def test_a_report_that_lacks_what_the_contract_promises_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "report.json").write_text(json.dumps(report({"kind": "train"})))
    (tmp_path / "truth.json").write_text("{}")
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(tmp_path), str(tmp_path / "truth.json")])
    assert ended.value.code == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", ["truth_2022-11-04_2022-11-30.json", "truth_2022-11-30_2022-12-01.json"])
def test_the_truth_of_the_fixtures_fits_the_contract(name):
    fixtures = Path(__file__).resolve().parents[2] / "fixtures"
    assert fault_of(json.loads((fixtures / name).read_text())) is None


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity"])
def test_a_report_with_a_number_that_is_none_is_refused_in_words(tmp_path, number):
    cars = f'{{"estimate": {number}, "low": 1, "high": 2}}'
    text = f'{{"scenes": {{}}, "findings": [], "detections": [{{"kind": "train", "cars": {cars}}}]}}'
    (tmp_path / "report.json").write_text(text)
    (tmp_path / "truth.json").write_text("{}")
    done = run("evaluate", tmp_path / "report.json", tmp_path / "truth.json", status=3)
    assert number in done.stderr
