"""Earlier scenes as background, by the installed command on painted scenes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from shapely.geometry import shape
from support import command
from support.schema import schema

from tumangang_watch.pipeline.background import bytes_of, within_memory
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.pair import earlier_days, write_earlier
from tumangang_watch.simulate.world import Block, footprint
from tumangang_watch.simulate.write import lonlat, write_scene

QUICK = ("--no-detectability", "--overwrite")


def run(*arguments, status=0):
    return command.run(*arguments, status=status).stderr


def on_apron(apron, share: float, size, paint: str) -> Block:
    """Goods along an apron's long side, at a share of its length."""
    import numpy as np

    corners = np.asarray(apron.minimum_rotated_rectangle.exterior.coords)
    sides = np.diff(corners, axis=0)
    k = int(np.argmax(np.hypot(*sides[:2].T)))
    ends = (corners[k] + corners[k - 1]) / 2, (corners[k + 1] + corners[k + 2]) / 2
    x, y = ends[0] + share * (ends[1] - ends[0])
    heading = float(np.degrees(np.arctan2(*sides[k])))
    return Block.at((float(x), float(y)), heading, size, paint)


class Yard:
    """A painted pair, its earlier dates, and what stands where."""

    def __init__(self, folder: Path) -> None:
        seed = split_seeds("train")[45]
        pair = make_pair(
            seed,
            0.5,
            tracks=1,
            length_m=150.0,
            season="summer",
            trains=(1, 1),
            no_change=True,
            geolocation_error_max_m=4.0,
        )
        apron = pair.world.site.having("apron")[0].polygon
        fixed, new = (on_apron(apron, at, (7.0, 3.0, 2.6), "blue") for at in (0.3, 0.7))
        first, second = (replace(day, cargo=(fixed,)) for day in pair.days)
        pair = replace(pair, days=(first, replace(second, cargo=(fixed, new))))
        days = (replace(day, cargo=(fixed,)) for day in earlier_days(pair, 3))
        self.root = folder
        self.past = write_earlier(pair, tuple(days), folder / "past")
        snowed = replace(first, acquired=first.acquired - timedelta(days=2), snow_cover=0.95, season="winter")
        write_scene(paint(pair.world, snowed, pair.sensors[0], 40), folder / "past", "snowed")
        other = make_pair(seed + 1, 0.5, tracks=1, length_m=150.0, season="summer", site_features="full")
        moved = replace(other.world, bounds=pair.world.bounds)
        day = replace(other.days[0], acquired=first.acquired - timedelta(days=3))
        write_scene(paint(moved, day, pair.sensors[1], 41), folder / "past", "elsewhere")
        self.earlier, self.later, self.site, _ = pair.write(folder)
        self.fixed, self.new = (lonlat(footprint(b), pair.world.site.crs) for b in (fixed, new))

    def report(self, out: str) -> dict:
        report = json.loads((self.root / out / "report.json").read_text())
        jsonschema.validate(report, schema())
        return report


@pytest.fixture(scope="module")
def yard(tmp_path_factory) -> Yard:
    return Yard(tmp_path_factory.mktemp("yard"))


@pytest.fixture(scope="module")
def alone(yard) -> dict:
    out = yard.root / "alone"
    run("compare", yard.earlier, yard.later, "--site", yard.site, "--out", out, *QUICK)
    return yard.report("alone")


@pytest.fixture(scope="module")
def told(yard) -> tuple[dict, str]:
    """The pair with a folder of earlier scenes, in which other things lie as well."""
    past = yard.root / "past"
    (past / "hostile.tif").write_bytes(b"II*\0" + bytes(50))
    (past / "vendor").mkdir()
    for path in past.glob("past01*"):
        path.rename(past / "vendor" / path.name)
    for path in yard.root.glob("later*"):
        if path.is_file():
            shutil.copy(path, past / path.name)
    said = run(
        "compare",
        yard.earlier,
        yard.later,
        "--site",
        yard.site,
        "--out",
        yard.root / "told",
        "--history",
        past,
        *QUICK,
    )
    return yard.report("told"), said


def changes(report, place, kind="cargo"):
    return [
        f
        for f in report["findings"]
        if f["kind"] == kind and f["change"] != "unchanged" and shape(f["geometry"]).intersects(place)
    ]


def test_what_is_used_and_what_is_left_out_is_said(yard, told):
    report, said = told
    history = report["history"]
    assert history["used"] == 3
    assert history["for"] == {"tracks": 3, "aprons": 3, "ground": 3}
    assert {s["id"] for s in history["scenes"]} == {"past00", "past01", "past02"}
    assert {s["sha256"] for s in history["scenes"]} == {b["sha256"] for b in report["background"]}
    assert all(s["acquired"] < report["scenes"]["later"]["acquired"] for s in history["scenes"])
    assert history["offered"] == history["used"] + history["left_out_count"] == 7
    why = {item["name"]: item["why"] for item in history["left_out"]}
    assert why["later"].startswith("not acquired before")
    assert why["snowed"].startswith("snow on the ground: full")
    assert why["elsewhere"].startswith("it does not register")
    assert "hostile.tif" in why
    assert said.count("Left out of the background:") == 2
    assert any("hostile.tif" in c for c in report["caveats"])
    page = (yard.root / "told" / "report.html").read_text()
    assert "3 earlier dates" in page
    assert "3 for tracks, 3 for aprons, 3 for ground" in page


def test_without_earlier_scenes_nothing_is_said_of_them(alone):
    assert "history" not in alone
    assert alone["background"] == []
    assert "earlier date" not in json.dumps(alone["detections"])


def test_what_stands_on_every_date_is_listed_but_has_not_appeared(yard, told):
    report, _ = told
    assert changes(report, yard.fixed) == []
    (found,) = (
        d
        for d in report["detections"]
        if d["kind"] == "cargo" and d["date"] == "later" and shape(d["geometry"]).intersects(yard.fixed)
    )
    assert found["grade"] == "detected"
    assert "stood there on 4 of 4 earlier dates" in found["caveats"]


def test_what_is_new_is_found_at_least_as_surely(yard, alone, told):
    before, after = changes(alone, yard.new), changes(told[0], yard.new)
    assert after
    assert {(f["change"], f["grade"]) for f in after} == {("appeared", "detected")}
    assert min(f["confidence"] for f in after) >= min(f["confidence"] for f in before)


def test_there_are_no_more_findings_than_without(alone, told):
    counts = [sum(f["change"] != "unchanged" for f in r["findings"]) for r in (alone, told[0])]
    assert counts[1] <= counts[0]


def test_what_a_folder_or_an_archive_must_be(yard, tmp_path):
    detect = ("detect", yard.later, "--site", yard.site, "--out", tmp_path / "out", *QUICK)
    assert "no such" in run(*detect, "--history", tmp_path / "missing", status=3).lower()
    (tmp_path / "empty").mkdir()
    assert "it holds no scene" in run(*detect, "--history", tmp_path / "empty", status=3)
    (tmp_path / "notes.txt").write_text("no archive")
    assert "neither a folder of scenes nor an archive" in run(
        *detect, "--history", tmp_path / "notes.txt", status=3
    )
    (tmp_path / "record.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100))
    for option in ("--history", "--archive"):
        assert "archive" in run(*detect, option, tmp_path / "record.sqlite", status=6)
    assert not (tmp_path / "out").exists()


def test_a_record_stands_behind_a_scene_as_far_as_its_files_do(yard, tmp_path):
    """`watch` uses the record itself, `detect --archive` uses what `watch` recorded."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    for name in ("past00", "past02", "earlier"):
        for path in (*yard.root.glob(f"past/{name}*"), *yard.root.glob(f"{name}*")):
            if path.is_file():
                shutil.copy(path, inbox / path.name)
    record = tmp_path / "record.sqlite"
    run(
        "watch",
        inbox,
        "--archive",
        record,
        "--reports",
        tmp_path / "reports",
        "--site",
        yard.site,
        "--settle",
        0,
        "--no-detectability",
    )
    folders = sorted(p for p in (tmp_path / "reports").iterdir() if (p / "manifest.json").exists())
    last = json.loads((folders[-1] / "report.json").read_text())
    assert last["scenes"]["later"]["id"] == "earlier"
    assert (last["history"]["used"], len(last["background"])) == (1, 1)
    assert "1 earlier date" in (folders[-1] / "report.html").read_text()
    (inbox / "past02.tif").unlink()
    said = run(
        "detect",
        yard.later,
        "--site",
        yard.site,
        "--out",
        tmp_path / "out",
        "--archive",
        record,
        "--no-detectability",
    )
    history = json.loads((tmp_path / "out" / "report.json").read_text())["history"]
    assert {s["id"] for s in history["scenes"]} == {"past00", "earlier"}
    assert "past02: its file is not where the record says" in said


def test_what_there_is_no_memory_for_is_dropped_tracks_first():
    import numpy as np

    from tumangang_watch.detect.ground.history import BackgroundGround
    from tumangang_watch.detect.history import BackgroundDate, Window, WindowPixels
    from tumangang_watch.detect.trains.reading import TrackReading
    from tumangang_watch.detect.trains.strips import Strip
    from tumangang_watch.grid import Grid
    from tumangang_watch.track_frame import TrackFrame

    flat, seen = np.zeros((4, 10, 10), np.float32), np.ones((10, 10), bool)
    line = np.zeros(10)
    strip = Strip(
        track=None,
        s_m=line,
        y_m=line,
        values=np.zeros((4, 100, 100), np.float32),
        valid=seen,
        frame=TrackFrame(line, line),
        bands=("red",),
    )
    cut = slice(0, 10), slice(0, 10)
    one = flat[0]
    date = BackgroundDate(
        scene=None,
        windows=(Window("a", cut, Grid(crs="EPSG:32652", west=0, north=0, pixel_m=0.5, rows=10, cols=10)),),
        patches=(WindowPixels(("red",), flat, seen, seen),),
        ground=BackgroundGround(
            acquired=None,
            cut=cut,
            usable=seen,
            log_brightness=one,
            saturation=one,
            green=one,
            has_nir=True,
            worked=one,
        ),
        tracks=TrackReading(None, (strip,), ()),
    )
    whole = bytes_of(date)
    assert within_memory(date, whole) == date
    no_tracks = within_memory(date, whole - 1)
    assert (no_tracks.tracks, no_tracks.patches) == (None, date.patches)
    ground_alone = within_memory(date, bytes_of(no_tracks) - 1)
    assert (ground_alone.patches, ground_alone.ground is None) == ((), False)
    assert bytes_of(within_memory(date, 0)) == 0
