"""The trains command as installed: on a record of painted scenes, and on records made up."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from support import browser
from support.record_of_trains import consist, fill, twice_seen

PROGRAM = os.path.join(os.path.dirname(sys.executable), "tumangang-watch")


def run(*arguments, status=0, command="trains"):
    done = subprocess.run(
        [PROGRAM, command, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return twice_seen(tmp_path_factory.mktemp("trains") / "record.sqlite")


def test_a_train_that_came_back_turned_round_is_known_and_its_timeline_says_what_was_seen(record, tmp_path):
    out = tmp_path / "out"
    done = run("--archive", record, "--out", out, "--json")
    told = json.loads(done.stdout)
    assert told == json.loads((out / "trains.json").read_text())
    (journey,) = told["journeys"]
    assert journey["statement"] == "yard 2022-01-02 to 2022-01-03, yard 2022-01-06, not observed since"
    (match,) = told["matches"]
    assert (match["direction"], len(match["only_earlier"]), match["only_later"]) == ("reversed", 2, [])
    assert told["comparisons"]["made"] == 1
    first, second = told["stays"]
    assert (first["before"]["acquired"][:10], first["before"]["observed"]) == ("2022-01-04", 0.97)
    assert second["later_dates_not_showing_the_place"] == 1
    assert "not observed since: 1 later date does not show the place" in done.stderr
    assert "gone by 2022-01-04 (the place seen then; area 0.97 observed)" in done.stderr


def test_the_folder_is_whole_and_the_same_each_time(record, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for out in (one, two):
        run("--archive", record, "--out", out)
    files = sorted(p.relative_to(one).as_posix() for p in one.rglob("*") if p.is_file())
    assert files == ["manifest.json", "pictures/j1.png", "trains.csv", "trains.html", "trains.json"]
    assert [(one / f).read_bytes() for f in files] == [(two / f).read_bytes() for f in files]
    manifest = json.loads((one / "manifest.json").read_text())["files"]
    assert set(manifest) == set(files) - {"manifest.json"}
    for name, told in manifest.items():
        assert hashlib.sha256((one / name).read_bytes()).hexdigest() == told["sha256"]
    with (one / "trains.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["journey"], r["step"], r["aligned"]) for r in rows] == [("j1", "1", ""), ("j1", "2", "12")]
    run("--archive", record, "--out", one, status=5)
    run("--archive", record, "--out", one, "--overwrite")
    (two / "trains.json").rename(two / "report.json")
    run("--archive", record, "--out", two, "--overwrite", status=5)
    assert (two / "report.json").is_file()


def test_what_is_asked_for_is_looked_at_and_nothing_else(record, tmp_path):
    told = json.loads(run("--archive", record, "--json", "--until", "2022-01-03").stdout)
    assert (told["comparisons"]["made"], told["journeys"], len(told["stays"])) == (0, [], 1)
    assert told["stays"][0]["before"]["acquired"][:10] == "2022-01-04"
    assert json.loads(run("--archive", record, "--json", "--within-days", 1).stdout)["journeys"] == []
    wide = ("--since", "0001-01-01", "--until", "9998-12-31", "--within-days", 1e300)
    assert len(json.loads(run("--archive", record, "--json", *wide).stdout)["journeys"]) == 1
    strict = json.loads(run("--archive", record, "--json", "--max-expected-false", 1e-12).stdout)
    assert strict["journeys"] == []
    assert len(json.loads(run("--archive", record, "--json", "--area", "yard").stdout)["journeys"]) == 1


def test_what_cannot_be_meant_is_refused_in_one_line(record, tmp_path):
    whole = record.read_bytes()
    (tmp_path / "half.sqlite").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.sqlite").write_text("no archive")
    cases = [
        (("--archive", tmp_path / "none.sqlite"), 3),
        (("--archive", tmp_path / "half.sqlite"), 6),
        (("--archive", tmp_path / "text.sqlite"), 6),
        (("--archive", record, "--site", "elsewhere"), 2),
        (("--archive", record, "--area", "elsewhere"), 2),
        (("--archive", record, "--since", "yesterday"), 2),
        (("--archive", record, "--max-expected-false", "0"), 2),
        (("--archive", record, "--within-days", "nan"), 2),
        (("--archive", record, "--out", record), 5),
    ]
    for arguments, status in cases:
        done = run(*arguments, status=status)
        (line,) = [x for x in done.stderr.splitlines() if x.startswith("tumangang-watch: ")]
        assert done.stdout == ""
        assert line.count(": ") >= 3


def test_with_review_rejected_trains_are_left_out_and_a_readers_colours_are_taken(record, tmp_path):
    path = tmp_path / "record.sqlite"
    shutil.copy(record, path)

    def told(review):
        return json.loads(run("--archive", path, "--json", "--review", review).stdout)

    reader = ("--archive", path, "--reader", "kim")
    run("correct", "r5/t1", "--colours", ",".join(["grey"] * 12), *reader, command="review")
    assert told("without") == json.loads(run("--archive", path, "--json").stdout)
    assert len(told("without")["journeys"]) == 1
    changed = told("with")
    assert (changed["journeys"], changed["review"]["counts"]) == ([], {"corrected": 1})
    run("reject", "r5/t1", "--reason", "other", "--remark", "scaffolding", *reader, command="review")
    assert len(told("with")["stays"]) == 1


def test_a_row_that_no_report_can_have_given_is_a_damaged_archive(record, tmp_path):
    import sqlite3

    for column, value in (("types", "{"), ("colours", "[1]")):
        path = tmp_path / f"{column}.sqlite"
        shutil.copy(record, path)
        with sqlite3.connect(path) as connection:
            connection.execute(f"UPDATE vehicles SET {column} = ?", (value,))
        connection.close()
        (line,) = run("--archive", path, status=6).stderr.splitlines()
        assert line.startswith("tumangang-watch: archive damaged: ")


def test_coal_rakes_are_left_out_and_possible_trains_only_possible(tmp_path):
    coal = [consist("t1", 20.0 + 25 * k, ["grey"] * 14, ["open"] * 14) for k in range(4)]
    path = fill(tmp_path / "coal.sqlite", {2 * k: ([train], 1.0) for k, train in enumerate(coal)})
    told = json.loads(run("--archive", path, "--json").stdout)
    assert (told["comparisons"]["made"], told["journeys"]) == (0, [])
    assert list(told["trains"]["not_compared"].values()) == [4]
    doubted = {
        1: ([consist("t1", 20.0)], 1.0),
        4: ([consist("t1", 90.0, grade="possible", confidence=0.5)], 1.0),
    }
    told = json.loads(run("--archive", fill(tmp_path / "doubt.sqlite", doubted), "--json").stdout)
    (journey,) = told["journeys"]
    assert (journey["verdict"], journey["possible"]) == ("could be", True)


def test_the_page_opens_shows_each_car_and_loads_nothing(record, tmp_path):
    out = tmp_path / "out"
    run("--archive", record, "--out", out, "--reports", tmp_path / "gone")
    done = browser.opened(out / "trains.html", tmp_path / "profile")
    assert "CONSOLE" not in done.stderr
    assert 'alt="Cars of journey j1, aligned. Same train: yard' in done.stdout
    assert done.stdout.count("<td>–</td>") == 2
    assert "turned round: drawn from its other end" in done.stdout


def test_the_painted_train_of_khasan_is_known_again_in_the_yard(tmp_path):
    """Two painted scenes through `watch`, as a user runs it: eight wagons, their locomotive gone."""
    from tumangang_watch.simulate.sequence import SEQUENCE, paint_sequence, sequence_site
    from tumangang_watch.simulate.write import site_geojson
    from tumangang_watch.sites import load_site

    site = sequence_site(load_site())
    (tmp_path / "site.geojson").write_text(json.dumps(site_geojson(site)))
    days = {"2022-11-29": "khasan_station", "2022-11-30": "secure_yard"}
    shots = tuple(s for s in SEQUENCE if days.get(s.acquired[:10]) == s.place)
    (tmp_path / "in").mkdir()
    assert len(list(paint_sequence(site, tmp_path / "in", shots))) == 2
    record, reports, out = tmp_path / "record.sqlite", tmp_path / "reports", tmp_path / "out"
    run(
        tmp_path / "in",
        "--archive",
        record,
        "--reports",
        reports,
        "--site",
        tmp_path / "site.geojson",
        "--no-detectability",
        "--settle",
        0,
        command="watch",
    )
    told = json.loads(run("--archive", record, "--reports", reports, "--out", out, "--json").stdout)
    (journey,) = told["journeys"]
    assert [s["statement"].split(",")[0] for s in journey["steps"]] == ["khasan_station", "secure_yard"]
    (match,) = told["matches"]
    assert len(match["aligned"]) >= 7
    assert match["e_value"] <= 0.1
    assert (out / "trains.html").read_text().count("data:image/png;base64,") == 1
