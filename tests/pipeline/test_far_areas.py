"""Areas that lie far apart: each has its window, and what lies between is not read, kept or worked on."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from shapely import box
from support.command import run
from support.scene_files import BGRN, CRS, box_px, ground, opened, read, write
from support.values import native_image

from tumangang_watch.grid import Grid, grid_about, grid_over, sparse_zeros
from tumangang_watch.pipeline import RunContext, working_grid
from tumangang_watch.pipeline.prepare import read_image
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.shipped import fixtures_dir
from tumangang_watch.sites import built_in_site_path, load_site

EDGES = st.floats(0, 900)
PLACES = st.lists(st.tuples(EDGES, EDGES, st.floats(5, 120), st.floats(5, 120)), min_size=1, max_size=6)
EARLIER, LATER = "tumangang_2022-11-30_painted", "tumangang_2022-12-01_painted"
STATION_EAST_DEG = 0.0185
"""1.5 km."""
ELSEWHERE = ("friendship_bridge", "bridge-1", "khasan_station", "tumangang_station")


def bounds_of(places):
    return [(x, y, x + wide, y + high) for x, y, wide, high in places]


@given(places=PLACES, pixel_m=st.sampled_from((0.25, 0.5, 1.0, 3.0)))
def test_windows_hold_every_place_once_and_are_the_same_ground_at_every_pixel_size(places, pixel_m):
    bounds = bounds_of(places)
    whole = grid_over((0, 0, 1020, 1020), pixel_m, CRS)
    grid = whole.looking_at(bounds)
    parts = [box(*part.bounds) for _, part in grid.pieces]
    for place in bounds:
        assert sum(part.contains(box(*place)) for part in parts) == 1
    for k, part in enumerate(parts):
        assert all(part.intersection(other).area == 0 for other in parts[k + 1 :])
    assert grid.pixels == sum(
        (cut[0].stop - cut[0].start) * (cut[1].stop - cut[1].start) for cut, _ in grid.pieces
    )
    coarser = grid.at(3.0)
    assert [p.bounds for _, p in coarser.pieces] == [p.bounds for _, p in grid.pieces]


def test_places_side_by_side_are_looked_at_as_one_and_far_ones_apart():
    near = grid_about([(0, 0, 100, 100), (110, 0, 200, 100)], 0.5, CRS)
    far = grid_about([(0, 0, 100, 100), (900, 800, 1000, 900)], 0.5, CRS)
    assert not near.looked_at
    assert len(far.looked_at) == 2
    assert far.pixels < 0.05 * far.rows * far.cols
    assert far.part(*far.pieces[0][0])[1].looked_at == ()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_zeros_between_windows_take_no_memory():
    def held():
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    before = held()
    zeros = sparse_zeros((4, 20_000, 20_000), np.float32)
    assert zeros.nbytes > 6e9
    zeros[:, 500:700, 3000:4000] = 1
    assert zeros[:, ::50, ::50].sum() == 4 * 4 * 20
    assert held() - before < 60e6


def test_windows_of_a_scene_hold_what_all_of_it_holds_and_nothing_lies_between(tmp_path):
    scene = opened(write(tmp_path / "s.tif", ground(rows=400, cols=600)))
    whole = read(scene)
    grid = Grid(crs=CRS, west=500_001.0, north=4_699_998.0, pixel_m=0.5, rows=390, cols=588)
    parts = grid.looking_at([box_px(20, 20, 110, 90), box_px(480, 300, 560, 380)])
    run = RunContext(None, Settings(), lambda _: None)
    some, all_of_it = read_image(scene, parts, run), read_image(scene, grid, run)
    assert len(some.read) == 2
    assert some.to_pixel == all_of_it.to_pixel
    one, other = some.on_grid(parts), all_of_it.on_grid(grid)
    between = np.ones(grid.shape, bool)
    for cut, _ in parts.pieces:
        assert np.array_equal(one.values[:, *cut], other.values[:, *cut])
        assert one.valid[cut].all()
        between[cut] = False
    assert not one.valid[between].any()
    assert not one.values[:, between].any()
    assert some.valid.sum() < 0.2 * whole.valid.sum()
    light = one.luminance()
    for cut, piece in one.pieces():
        assert np.array_equal(piece.luminance(), light[cut])


def test_the_middle_of_an_image_is_that_of_its_largest_window():
    image = native_image(np.ones((4, 300, 400), np.float32))
    assert image.middle(100) == (slice(100, 200), slice(150, 250))
    parts = type(image)(
        **{**image.__dict__, "read": ((slice(0, 40), slice(0, 40)), (slice(200, 300), slice(10, 60)))}
    )
    assert parts.middle(20) == (slice(240, 260), slice(25, 45))


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Both fixtures with fields to the east, and a site with a station there."""
    folder = tmp_path_factory.mktemp("wide")
    for name in (EARLIER, LATER):
        facts = json.loads((fixtures_dir() / f"{name}_metadata.json").read_text())
        (folder / f"{name}_metadata.json").write_text(json.dumps(facts))
        with rasterio.open(fixtures_dir() / f"{name}.tif") as scene:
            values, profile, names = scene.read(), dict(scene.profile), scene.descriptions
            tags = scene.tags()
        rows, cols = values.shape[1:]
        fields = np.pad(values[:, 430:rows], ((0, 0), (0, 430), (0, 2600)), mode="reflect")
        fields[:, :, :cols] = values
        profile.update(width=fields.shape[2])
        with rasterio.open(folder / f"{name}.tif", "w", **profile) as out:
            out.write(fields)
            out.update_tags(**tags)
            for k, band in enumerate(names or BGRN, start=1):
                out.set_band_description(k, band or BGRN[k - 1])
    site = json.loads(built_in_site_path().read_text())
    site["features"] = [f for f in site["features"] if f["properties"]["id"] not in ELSEWHERE]
    station = copy.deepcopy(
        next(f for f in site["features"] if f["properties"]["id"] == "unloading_platform")
    )
    station["properties"] |= {"role": "station", "id": "far_station", "name": "far station"}
    station["geometry"]["coordinates"] = [
        [[lon + STATION_EAST_DEG, lat] for lon, lat in ring] for ring in station["geometry"]["coordinates"]
    ]
    site["features"].append(station)
    (folder / "site.geojson").write_text(json.dumps(site))
    return folder


def test_a_pair_with_far_areas_tells_what_its_yard_alone_tells_and_that_the_station_was_seen(wide, tmp_path):
    scenes = [wide / f"{name}.tif" for name in (EARLIER, LATER)]
    site = load_site(wide / "site.geojson")
    opened_scenes = tuple(open_scene(path, SceneOptions(), Settings().read) for path in scenes)
    grid = working_grid(opened_scenes, RunContext(site, Settings(), lambda _: None))
    assert len(grid.looked_at) == 2

    alone = [fixtures_dir() / f"{name}.tif" for name in (EARLIER, LATER)]
    reports = []
    for folder, pair in (("wide", scenes), ("alone", alone)):
        out = tmp_path / folder
        command = ["compare", *pair, "--site", wide / "site.geojson", "--out", out, "--no-detectability"]
        run(*command, status=0)
        reports.append(json.loads((out / "report.json").read_text()))
    told, plain = ([(f["kind"], f["change"], f["grade"], f["track"]) for f in r["findings"]] for r in reports)
    assert sorted(map(str, told)) == sorted(map(str, plain))
    status = {area["id"]: area["status"] for area in reports[0]["areas"]}
    assert status["far_station"] == "observed"
    assert {area["id"]: area["status"] for area in reports[1]["areas"]}["far_station"] == "not_observable"
    east, north = (r["registration"]["shift_m"] for r in reports)
    assert np.allclose(east, north, atol=0.05)
