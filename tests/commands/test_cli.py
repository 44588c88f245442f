"""The installed command on real files: statuses, one-line errors, clean streams, nothing left behind."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from affine import Affine
from support.command import run

WEST, NORTH = 500_000.0, 4_700_000.0
CRS = "EPSG:32652"


def north_up(west, north, pixel_m):
    return Affine(pixel_m, 0.0, west, 0.0, -pixel_m, north)


def refused(*arguments, status, words):
    done = run(*arguments, status=status)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("tumangang-watch: ")
    assert words in lines[0].lower(), lines[0]
    assert done.stdout == ""


@pytest.fixture
def site(tmp_path):
    from pyproj import Transformer

    lonlat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
    ring = [(20, -20), (180, -20), (180, -80), (20, -80), (20, -20)]
    yard = [list(lonlat(WEST + x, NORTH + y)) for x, y in ring]
    track = [list(lonlat(WEST + x, NORTH - 50)) for x in (25, 100, 175)]
    features = [
        {
            "type": "Feature",
            "properties": {"role": "yard", "id": "yard"},
            "geometry": {"type": "Polygon", "coordinates": [yard]},
        },
        {
            "type": "Feature",
            "properties": {"role": "track", "id": "T1"},
            "geometry": {"type": "LineString", "coordinates": track},
        },
    ]
    file = tmp_path / "small.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def scene(folder, name, *, acquired="2022-11-30T02:00:00Z", values=None, pixel_m=0.5, bands=4, **profile):
    """Write a small scene of random ground with its Planet-style metadata."""
    rows = cols = round(200 / pixel_m)
    if values is None:
        values = np.random.default_rng(1).integers(500, 3000, (bands, rows, cols)).astype("uint16")
    options = {
        "driver": "GTiff",
        "width": values.shape[2],
        "height": values.shape[1],
        "count": values.shape[0],
        "dtype": values.dtype,
        "crs": CRS,
        "transform": north_up(WEST, NORTH, pixel_m),
        "nodata": 0,
        **profile,
    }
    path = folder / f"{name}.tif"
    with rasterio.open(path, "w", **options) as target:
        target.write(values)
        names = ("blue", "green", "red", "nir")
        if values.shape[0] == 4:
            target.descriptions = names
    if acquired:
        facts = {
            "id": name,
            "properties": {"acquired": acquired, "gsd": pixel_m, "item_type": "SkySatCollect"},
        }
        (folder / f"{name}_metadata.json").write_text(json.dumps(facts))
    return path


def test_version_and_help_answer():
    assert "0.1.0" in run("--version", status=0).stdout
    for command in ("compare", "detect", "inspect", "evaluate", "site"):
        assert command in run("--help", status=0).stdout
        run(command, "--help", status=0)


def test_usage_errors_are_one_line():
    refused("compare", status=2, words="usage")
    refused("no-such-command", status=2, words="usage")


BAD = {
    "missing": (lambda d: d / "nowhere.tif", 3, "nowhere.tif"),
    "empty": (lambda d: _bytes(d, b""), 3, "bad.tif"),
    "not a raster": (lambda d: _bytes(d, b"GIF89a not a raster at all"), 3, "bad.tif"),
    "truncated": (lambda d: _truncated(d), 3, "incomplete"),
    "no crs": (lambda d: scene(d, "bad", crs=None), 3, "reference system"),
    "no date": (lambda d: scene(d, "bad", acquired=None), 3, "--acquired"),
    "outside": (lambda d: scene(d, "bad", transform=north_up(WEST + 9000, NORTH, 0.5)), 4, "site"),
    "all nodata": (lambda d: scene(d, "bad", values=np.zeros((4, 400, 400), "uint16")), 4, "bad"),
    "radar": (lambda d: scene(d, "bad", values=np.ones((1, 400, 400), "complex64"), nodata=None), 3, "radar"),
    "coarse": (lambda d: scene(d, "bad", pixel_m=10.0), 3, "5 m"),
    "two bands": (lambda d: scene(d, "bad", bands=2), 3, "--bands"),
}


def _bytes(folder, content):
    path = folder / "bad.tif"
    path.write_bytes(content)
    return path


def _truncated(folder):
    path = scene(folder, "bad")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 9 // 10])
    return path


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(tmp_path, site, case):
    make, status, words = BAD[case]
    out = tmp_path / "out"
    refused("detect", make(tmp_path), "--site", site, "--out", out, status=status, words=words)
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))


def test_dates_must_be_two_and_in_order(tmp_path, site):
    early = scene(tmp_path, "early", acquired="2022-11-04T01:24:00Z")
    late = scene(tmp_path, "late", values=scene_values(2))
    same = scene(tmp_path, "same", values=scene_values(3))
    out = ("--site", site, "--out", tmp_path / "out")
    refused("compare", late, early, *out, status=2, words="swap")
    refused("compare", late, same, *out, status=4, words="both scenes were acquired")
    refused("compare", late, late, *out, status=4, words="same image")


def scene_values(seed):
    return np.random.default_rng(seed).integers(500, 3000, (4, 400, 400)).astype("uint16")


def test_unrelated_scenes_are_laid_on_the_site_each_by_itself_and_nothing_is_sure(tmp_path, site):
    early = scene(tmp_path, "early", acquired="2022-11-04T01:24:00Z", values=scene_values(5))
    late = scene(tmp_path, "late", values=scene_values(6))
    done = run("compare", early, late, "--site", site, "--out", tmp_path / "out", status=0)
    assert "could not be registered to each other" in done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["registration"]["status"] == "degraded"
    assert all(finding["grade"] == "possible" for finding in report["findings"])


def test_inspect_prints_one_json_document(tmp_path):
    done = run("inspect", scene(tmp_path, "early"), "--json", status=0)
    assert json.loads(done.stdout)["acquired"].startswith("2022-11-30T02:00:00")
    assert done.stderr == ""


def test_inspect_is_a_table_for_people_and_lists_a_folder(tmp_path):
    one = scene(tmp_path, "early")
    table = run("inspect", one, status=0).stdout
    assert "2022-11-30 02:00 UTC (11:00 Korean time)" in table
    assert len(table.splitlines()) <= 20
    picture = tmp_path / "look.png"
    run("inspect", one, "--quicklook", picture, status=0)
    assert picture.read_bytes()[:4] == b"\x89PNG"
    scene(tmp_path, "other")
    listed = json.loads(run("inspect", tmp_path, "--json", status=0).stdout)["scenes"]
    assert {s["file"] for s in listed} == {"early.tif", "other.tif"}


def test_hostile_names_stay_on_one_line(tmp_path):
    refused("inspect", tmp_path / "a\nb\x1b[31m.tif", status=3, words="\\n")


def test_evaluate_refuses_what_is_no_report(tmp_path):
    file = tmp_path / "x.json"
    file.write_text("[]")
    refused("evaluate", file, file, status=3, words="report")


def test_site_check_names_the_fault(tmp_path, site):
    run("site", "check", site, status=0)
    swapped = json.loads(site.read_text())
    for feature in swapped["features"]:
        ring = feature["geometry"]["coordinates"]
        ring = ring[0] if feature["geometry"]["type"] == "Polygon" else ring
        for point in ring:
            point[:2] = [point[1], point[0]]
    site.write_text(json.dumps(swapped))
    assert "swap" in run("site", "check", site, status=3).stderr
