"""``reproduce`` as installed, on the shipped painted scenes; and the painted sequence itself."""

from __future__ import annotations

import json
from pathlib import Path

from support.command import run

from tumangang_watch.reproduce import load_observations
from tumangang_watch.simulate.sequence import SEQUENCE, paint_sequence, sequence_site
from tumangang_watch.sites import fixtures_dir, load_site
from tumangang_watch.sites.file import faults_of


def test_own_scenes_are_matched_and_judged_and_painted_ones_say_so(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("reproduce", "--scenes", fixtures_dir(), "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == json.loads((out / "reproduction.json").read_text())
    by_id = {o.id for o in load_observations()}
    assert {line["observation"] for line in told["claims"]} == by_id
    with_scene = {line["observation"] for line in told["claims"] if line["verdict"] != "no scene"}
    assert with_scene == {"38n-2022-11-04a", "38n-2022-11-30", "voa-2022-11-30", "38n-2022-12-01"} | (
        with_scene & {"38n-2022-12-01-next"}
    )
    assert all(line["painted"] == (line["scene"] is not None) for line in told["claims"])
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Page: ")]
    assert all(line.startswith("PAINTED  ") for line in lines)
    assert sum(told["counts"].values()) == len(told["claims"])
    page = (out / "reproduction.html").read_text()
    assert "PAINTED, NOT EVIDENCE" in page
    assert page.count("(PAINTED)") == sum(line["painted"] for line in told["claims"])
    names = set(json.loads((out / "manifest.json").read_text())["files"])
    assert names == {"reproduction.json", "reproduction.html"}
    standing = [x for x in told["claims"] if x["claim"] == "a train stands there" and x["scene"]]
    assert {x["verdict"] for x in standing} == {"reproduced"}
    again = run("reproduce", "--scenes", fixtures_dir(), "--out", out)
    assert again.returncode == 5
    assert len(again.stderr.splitlines()) >= 1


def test_a_folder_without_scenes_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "half.tif").write_bytes(b"II*\x00")
    for folder in (tmp_path / "none", tmp_path):
        done = run("reproduce", "--scenes", folder, "--out", tmp_path / "out")
        assert done.returncode == 3
        (line,) = done.stderr.splitlines()
        assert line.startswith("tumangang-watch: scenes refused: ")
        assert not (tmp_path / "out").exists()


def test_the_sequence_covers_every_claim_of_its_time_and_paints_the_same_bytes(tmp_path: Path) -> None:
    site = sequence_site(load_site())
    assert len({shot.acquired[:10] for shot in SEQUENCE}) >= 8
    places = {shot.place for shot in SEQUENCE}
    assert places == {"secure_yard", "khasan_station", "bridge_ru_end", "friendship_bridge"}
    shot = (next(s for s in SEQUENCE if s.place == "khasan_station"),)
    first, second = (next(paint_sequence(site, tmp_path / name, shot)) for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    assert json.loads(first.with_name(f"{first.stem}_metadata.json").read_text())["notice"] == (
        "PAINTED, NOT EVIDENCE"
    )


def test_the_painted_site_is_sound(tmp_path: Path) -> None:
    from tumangang_watch.simulate.write import write_site

    site = sequence_site(load_site())
    file = tmp_path / "painted.geojson"
    feature_file = write_site(type("W", (), {"site": site})(), file)
    assert faults_of(feature_file) == []


def test_a_place_that_is_taken_is_refused_before_the_scenes_are_looked_at(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "note.txt").write_text("mine")
    done = run("reproduce", "--scenes", tmp_path / "none", "--out", out)
    assert done.returncode == 5
    assert "not empty" in done.stderr
    assert [p.name for p in out.iterdir()] == ["note.txt"]
