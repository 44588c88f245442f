"""Geometric doubts are imposed one at a time on a site without any, and each is told with its place."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from pyproj import Transformer
from support.command import run

from tumangang_watch.sites import examine_site
from tumangang_watch.sites.remarks import EXPLANATIONS

EAST, NORTH = 500_000.0, 4_700_000.0
LONLAT = Transformer.from_crs("EPSG:32652", "EPSG:4326", always_xy=True)


def place(x: float, y: float) -> list[float]:
    return [round(w, 8) for w in LONLAT.transform(EAST + x, NORTH + y)]


def box(x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    ring = [place(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]
    return {"type": "Polygon", "coordinates": [ring]}


def line(*points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [place(*p) for p in points]}


def feature(role: str, id_: str, geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    own = {"role": role, "id": id_, "accuracy_m": 1, **properties}
    return {"type": "Feature", "properties": own, "geometry": geometry}


def sound() -> dict[str, dict[str, Any]]:
    features = (
        feature("yard", "yard", box(0, 0, 600, 100)),
        feature("handling", "ground", box(0, 60, 300, 100)),
        feature("apron", "apron", box(50, 62, 200, 70)),
        feature("track", "T1", line((0, 50), (300, 50), (600, 50))),
        feature("track", "T2", line((0, 55), (600, 55))),
    )
    return {f["properties"]["id"]: f for f in features}


def write(folder: Path, features: dict[str, dict[str, Any]]) -> Path:
    file = folder / "yard.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": list(features.values())}))
    return file


def arc(radius: float) -> dict[str, Any]:
    """A quarter of a circle with a vertex every 3 m."""
    steps = int(radius * math.pi / 2 / 3)
    turns = [k / steps * math.pi / 2 for k in range(steps + 1)]
    return line(*((50 + radius * math.sin(t), 50 - radius * (1 - math.cos(t))) for t in turns))


def impose(kind: str, features: dict[str, dict[str, Any]]) -> str:
    """Make one doubt true; return the id it concerns."""
    if kind == "tracks_close":
        features["T2"]["geometry"] = line((0, 52), (600, 52.4))
        return "T2"
    if kind == "apron_on_track":
        features["apron"]["geometry"] = box(50, 52, 200, 70)
        return "apron"
    if kind == "no_handling":
        del features["ground"]
        return "yard"
    if kind == "accuracy_poor":
        features["T1"]["properties"]["accuracy_m"] = 20
        return "T1"
    if kind == "accuracy_unknown":
        del features["T1"]["properties"]["accuracy_m"]
        return "T1"
    if kind == "outside_areas":
        features["T2"]["geometry"] = line((400, 55), (900, 55))
        return "T2"
    if kind == "repeated_vertex":
        features["T1"]["geometry"]["coordinates"].insert(1, features["T1"]["geometry"]["coordinates"][1])
        return "T1"
    if kind == "kink":
        features["T1"]["geometry"] = line((0, 50), (300, 50), (480, 5))
        return "T1"
    if kind == "provisional":
        features["T2"]["properties"]["provisional"] = True
        return "T2"
    if kind == "no_fit_ground":
        del features["apron"]
        return ""
    raise AssertionError(kind)


def test_a_site_without_doubts_has_none(tmp_path: Path) -> None:
    assert examine_site(write(tmp_path, sound())) == []


@pytest.mark.parametrize(
    "kind",
    [
        "tracks_close",
        "apron_on_track",
        "no_handling",
        "accuracy_poor",
        "accuracy_unknown",
        "outside_areas",
        "repeated_vertex",
        "kink",
        "provisional",
        "no_fit_ground",
    ],
)
def test_an_imposed_doubt_is_told_and_is_the_only_one(kind: str, tmp_path: Path) -> None:
    features = sound()
    concerned = impose(kind, features)
    (remark,) = examine_site(write(tmp_path, features))
    assert (remark.kind, remark.level) == (kind, "doubt")
    assert concerned in str(remark)
    assert remark.matters
    assert remark.todo


@pytest.mark.parametrize(("radius", "told"), [(100, True), (140, True), (160, False), (300, False)])
def test_a_curve_is_told_when_wagons_cannot_follow_it(radius: float, told: bool, tmp_path: Path) -> None:
    features = sound()
    features["T1"]["geometry"] = arc(radius)
    del features["T2"], features["apron"]
    features["yard"]["geometry"] = box(0, -300, 600, 100)
    features["ground"]["geometry"] = box(400, 60, 600, 100)
    kinds = {remark.kind for remark in examine_site(write(tmp_path, features))}
    assert ("kink" in kinds) is told


def test_tracks_that_part_at_a_switch_are_no_doubt(tmp_path: Path) -> None:
    """Two tracks drawn through one 1:9 turnout share its stem, and part at 6.3 degrees."""
    features = sound()
    features["T2"]["geometry"] = line((180, 50), (200, 50), (245, 55), (600, 55))
    assert examine_site(write(tmp_path, features)) == []


def test_the_place_of_a_doubt_is_where_it_was_imposed(tmp_path: Path) -> None:
    features = sound()
    impose("kink", features)
    (remark,) = examine_site(write(tmp_path, features))
    assert remark.lonlat == pytest.approx(place(300, 50), abs=1e-6)


def test_check_explains_faults_and_doubts_on_the_command_line(tmp_path: Path) -> None:
    features = sound()
    impose("kink", features)
    file = write(tmp_path, features)
    done = run("site", "check", file)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("sound, 1 doubt", "why it matters", "what to do", "radius"):
        assert words in done.stdout
    features["T2"]["properties"]["role"] = "rail\x1b[31m"
    features["yard"]["properties"]["id"] = "T1"
    write(tmp_path, features)
    done = run("site", "check", file)
    assert done.returncode == 3
    (line_,) = done.stderr.splitlines()
    assert line_.startswith("tumangang-watch: site refused: ")
    assert "(and 1 more)" in line_
    assert done.stdout.count("why it matters") == 2
    assert "\x1b" not in done.stdout
    document = json.loads(run("site", "check", file, "--json").stdout)
    assert document["sound"] is False
    assert [r["kind"] for r in document["remarks"]] == ["duplicate_id", "role"]


def test_every_explanation_is_a_sentence_without_its_full_stop() -> None:
    for matters, todo in EXPLANATIONS.values():
        assert matters
        assert todo
        assert not matters.endswith(".")
        assert not todo.endswith(".")
