"""Each fault of a site file is refused, in one line, with its place."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tumangang_watch.errors import InputRefused
from tumangang_watch.sites import load_site
from tumangang_watch.sites.file import faults_of

SQUARE = [[8.0, 47.0], [8.002, 47.0], [8.002, 47.001], [8.0, 47.001], [8.0, 47.0]]
LINE = [[8.0, 47.0], [8.001, 47.0002], [8.002, 47.0]]


def area(role: Any = "yard", id_: Any = "a", ring: Any = None, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [copy.deepcopy(SQUARE) if ring is None else ring]}
    return {"type": "Feature", "properties": {"role": role, "id": id_, **properties}, "geometry": geometry}


def track(points: Any = None, id_: str = "t", **properties: Any) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": LINE if points is None else points}
    return {"type": "Feature", "properties": {"role": "track", "id": id_, **properties}, "geometry": geometry}


def moved(vertex: int, value: Any) -> dict[str, Any]:
    feature = area()
    feature["geometry"]["coordinates"][0][vertex] = value
    return feature


def with_geometry(geometry: Any, role: str = "yard") -> dict[str, Any]:
    return {**area(role=role), "geometry": geometry}


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def write(folder: Path, *features: Any, **members: Any) -> Path:
    file = folder / "place.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", **members, "features": list(features)}))
    return file


HOLE_OUTSIDE = {
    "type": "Polygon",
    "coordinates": [SQUARE, [[8.1, 47.1], [8.101, 47.1], [8.101, 47.101], [8.1, 47.1]]],
}
BOW_TIE = [[8.0, 47.0], [8.002, 47.002], [8.002, 47.0], [8.0, 47.002], [8.0, 47.0]]
FAR = [[lon + 2, lat] for lon, lat in SQUARE]

FAULTS = {
    "no properties": ([{"type": "Feature"}], ["feature 0", "no properties"]),
    "not an object": ([area(), 7], ["feature 1", "no properties"]),
    "unknown role": ([area("yards")], ["feature 0 ('a')", "'yards' is unknown", "handling"]),
    "role is a list": ([area([])], ["feature 0 ('a')", "role a list is unknown"]),
    "role is nested": ([area(deep(400))], ["feature 0", "role a list is unknown"]),
    "no id": ([area(id_=None)], ["feature 0 (no id)", "no id"]),
    "empty id": ([area(id_="")], ["feature 0", "no id"]),
    "id climbs": ([area(id_="../x")], ["feature 0 ('../x')", "letters, digits"]),
    "id hidden": ([area(id_="..")], ["feature 0 ('..')", "no '.' first"]),
    "id too long": ([area(id_="x" * 121)], ["feature 0", "1 to 120"]),
    "id a number": ([area(id_=3)], ["feature 0 (3)", "not text"]),
    "id with a line end": ([area(id_="a\nb")], ["feature 0 ('a\\nb')"]),
    "duplicate id": ([area(), area("apron")], ["feature 1 ('a')", "used already by feature 0"]),
    "track as polygon": ([area("track")], ["feature 0 ('a')", "LineString, not 'Polygon'"]),
    "area as line": (
        [with_geometry({"type": "LineString", "coordinates": LINE})],
        ["feature 0", "Polygon, not 'LineString'"],
    ),
    "two parts": (
        [with_geometry({"type": "MultiPolygon", "coordinates": [[SQUARE], [FAR]]})],
        ["feature 0 ('a')", "2 parts"],
    ),
    "null geometry": ([with_geometry(None)], ["feature 0 ('a')", "no geometry"]),
    "empty polygon": ([with_geometry({"type": "Polygon", "coordinates": []})], ["feature 0", "empty"]),
    "empty ring": ([area(ring=[])], ["feature 0 ('a')", "empty"]),
    "three positions": ([area(ring=SQUARE[:2] + SQUARE[:1])], ["feature 0", "3 positions, fewer than 4"]),
    "unclosed": ([area(ring=SQUARE[:4])], ["feature 0", "not closed", "(8.0, 47.001)", "(8.0, 47.0)"]),
    "self-crossing": ([area(ring=BOW_TIE)], ["feature 0 ('a')", "Self-intersection[8.001 47.001]"]),
    "no area": (
        [area(ring=[[8, 47], [8.001, 47.001], [8.002, 47.002], [8, 47]])],
        ["feature 0", "no area", "(8, 47)"],
    ),
    "one point": ([area(ring=[[8, 47]] * 4)], ["feature 0", "no area", "(8, 47)"]),
    "hole outside": ([with_geometry(HOLE_OUTSIDE)], ["feature 0 ('a')", "Hole lies outside shell[8.1 47.1]"]),
    "NaN": ([moved(2, [float("nan"), 47.0])], ["feature 0", "ring 0 vertex 2", "(nan, 47.0)"]),
    "infinite": ([moved(1, [8.0, float("inf")])], ["ring 0 vertex 1", "not a pair of numbers"]),
    "huge integer": ([moved(3, [10**400, 47.0])], ["ring 0 vertex 3", "a huge number"]),
    "text": ([moved(1, ["8.0", "47.0"])], ["ring 0 vertex 1", "('8.0', '47.0')"]),
    "true": ([moved(1, [True, 47.0])], ["ring 0 vertex 1", "not a pair of numbers"]),
    "one number": ([moved(1, [8.0])], ["ring 0 vertex 1", "not a pair of numbers"]),
    "metres": ([moved(1, [480000.0, 5260000.0])], ["ring 0 vertex 1", "480000.0", "not WGS 84"]),
    "swapped": (
        [area(ring=[[42.41, 130.64], [42.41, 130.65], [42.42, 130.65], [42.41, 130.64]])],
        ["feature 0 ('a')", "ring 0 vertex 0 (42.41, 130.64)", "longitude first", "swap"],
    ),
    "swapped track": ([track([[42.4, 130.6], [42.4, 130.7]])], ["feature 0 ('t')", "vertex 0", "swap"]),
    "track of one": ([track([[8.0, 47.0]])], ["feature 0 ('t')", "fewer than 2"]),
    "short track": ([track([[8.0, 60.0], [8.0001, 60.0]])], ["feature 0 ('t')", "5.6 m", "less than 10 m"]),
    "track a point": ([track([[8.0, 47.0], [8.0, 47.0]])], ["feature 0 ('t')", "0.0 m"]),
    "crossing track": (
        [track([[8, 47], [8.01, 47.01], [8.01, 47], [8, 47.01]])],
        ["feature 0 ('t')", "crosses itself", "(8.0050000, 47.0050000)"],
    ),
    "track doubles back": ([track([[8, 47], [8.01, 47], [8.005, 47]])], ["feature 0 ('t')", "doubles back"]),
    "track of too many vertices": (
        [track([[8 + k * 1e-6, 47.0] for k in range(10_001)])],
        ["feature 0 ('t')", "10001 vertices, more than 10000"],
    ),
    "too many tracks": (
        [track([[8, 47 + k * 1e-5], [8.01, 47 + k * 1e-5]], id_=f"t{k}") for k in range(1001)],
        ["1001 tracks, more than 1000"],
    ),
    "not a date": ([area(occluded_from="2024-13-03")], ["occluded_from '2024-13-03'", "YYYY-MM-DD"]),
    "date and junk": ([area(occluded_from="2024-12-03x")], ["feature 0 ('a')", "'2024-12-03x'"]),
    "date a number": ([track(occluded_from=20241203)], ["feature 0 ('t')", "occluded_from 20241203"]),
    "negative accuracy": ([area(accuracy_m=-1)], ["feature 0 ('a')", "accuracy_m -1"]),
    "accuracy text": ([area(accuracy_m="5")], ["feature 0 ('a')", "accuracy_m '5'"]),
    "gauge NaN": ([track(gauge_mm=float("nan"))], ["feature 0 ('t')", "gauge_mm nan"]),
    "provisional text": ([track(provisional="false")], ["feature 0 ('t')", "provisional 'false'"]),
    "nothing to report on": ([area("stable"), area("ignore", "b")], ["neither a track nor an area"]),
    "two places": ([area(), area(id_="b", ring=FAR)], ["feature 0 ('a') and feature 1 ('b')", "km apart"]),
    "across 180": ([track([[179.99, 10.0], [-179.99, 10.0]])], ["feature 0 ('t')", "longitude 180"]),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_refused_in_one_line_that_names_its_place(case: str, tmp_path: Path) -> None:
    features, words = FAULTS[case]
    file = write(tmp_path, *features)
    with pytest.raises(InputRefused) as refusal:
        load_site(file)
    message = str(refusal.value)
    assert "\n" not in message
    assert len(message) < 500
    assert message.startswith(f"site refused: {file}: ")
    for word in words:
        assert word in message
    assert refusal.value.exit_status == 3
    assert refusal.value.todo


def test_check_names_all_faults_in_file_order_and_the_reader_raises_the_first(tmp_path: Path) -> None:
    file = write(tmp_path, area("yards"), area(id_="b", ring=BOW_TIE), track(id_="c"), area(id_="c"))
    faults = list(map(str, faults_of(file)))
    assert [fault.split(":")[0] for fault in faults] == [
        "feature 0 ('a')",
        "feature 1 ('b')",
        "feature 3 ('c')",
    ]
    with pytest.raises(InputRefused) as refusal:
        load_site(file)
    assert refusal.value.why == faults[0]


def test_check_finds_nothing_in_a_sound_file(tmp_path: Path) -> None:
    assert faults_of(write(tmp_path, area(), track())) == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not JSON"),
        (b"{'type': 1}", "not JSON"),
        (b'{"type": "FeatureCollection", "features": [', "not JSON"),
        (b"\xff\xfe\x00\x00", "not JSON"),
        (b"II*\x00" + bytes(100), "not JSON"),
        (b"[" * 100_000, "too deeply"),
        (b"[]", "not a GeoJSON FeatureCollection"),
        (b'{"type": "Feature"}', "not a GeoJSON FeatureCollection"),
        (b'{"type": "FeatureCollection"}', "no features"),
        (b'{"type": "FeatureCollection", "features": []}', "no features"),
        (b'{"type": "FeatureCollection", "features": {"a": 1}}', "no features"),
        (b'{"type": "FeatureCollection", "features": [' + b"9" * 5000 + b"]}", "not JSON"),
    ],
)
def test_what_is_not_a_feature_collection_is_refused(content: bytes, word: str, tmp_path: Path) -> None:
    file = tmp_path / "place.geojson"
    file.write_bytes(content)
    with pytest.raises(InputRefused, match=word):
        load_site(file)
    assert len(faults_of(file)) == 1


def test_a_file_that_is_not_one_is_refused_without_waiting(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.geojson"
    os.mkfifo(fifo)
    for path, word in (
        (fifo, "not a regular file"),
        (tmp_path, "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
        (tmp_path / "none.geojson", "No such file"),
        (tmp_path / ("x" * 300), "too long"),
        (Path("a\0b"), "null"),
    ):
        with pytest.raises(InputRefused, match=word):
            load_site(path)


def test_a_file_too_big_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "big.geojson"
    with file.open("wb") as stream:
        stream.truncate(16 * 1024 * 1024 + 1)
    with pytest.raises(InputRefused, match="16777217 bytes"):
        load_site(file)


@pytest.mark.parametrize(
    "name",
    ["EPSG:32652", "urn:ogc:def:crs:EPSG::3857", "EPSG:43260", "urn:ogc:def:crs:EPSG::43261", "", 4326, None],
)
def test_another_reference_system_is_refused(name: Any, tmp_path: Path) -> None:
    file = write(tmp_path, area(), crs={"type": "name", "properties": {"name": name}})
    with pytest.raises(InputRefused, match="crs"):
        load_site(file)


@pytest.mark.parametrize(
    "name",
    [
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "urn:ogc:def:crs:EPSG::4326",
        "EPSG:4326",
    ],
)
def test_wgs84_by_its_names_is_accepted(name: str, tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert load_site(write(tmp_path, area(), crs=crs)).areas[0].id == "a"


def test_a_tangle_of_a_track_is_refused_at_once(tmp_path: Path) -> None:
    """Every pair of its segments would be checked by a search that does not stop at the first crossing."""
    points = [[8 + (k % 7) * 1e-4, 47 + (k % 11) * 1e-4] for k in range(20_000)]
    (fault,) = map(str, faults_of(write(tmp_path, track(points))))
    assert "crosses itself" in fault
