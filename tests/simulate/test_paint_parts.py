"""The painter's parts: each states one truth of what it lays down."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from shapely import Point, box

from tumangang_watch.grid import Grid
from tumangang_watch.model.site import Area, Site
from tumangang_watch.simulate.ground import INDEX, burn, ground_of
from tumangang_watch.simulate.objects import Canvas, draw_block
from tumangang_watch.simulate.paint import MARGIN_M, expose, scene_grid
from tumangang_watch.simulate.places.from_site import world_from_site
from tumangang_watch.simulate.places.scenery import YardFrame, ragged
from tumangang_watch.simulate.places.yard import make_world
from tumangang_watch.simulate.sequence import SEQUENCE, sequence_site
from tumangang_watch.simulate.skin import albedo, skin_of
from tumangang_watch.simulate.spectra import COLOURS, MATERIALS, seasonal
from tumangang_watch.simulate.traffic import make_train
from tumangang_watch.simulate.world import Block, DayState, Sensor
from tumangang_watch.sites import load_site

GRID = Grid(crs="EPSG:32652", west=0.0, north=40.0, pixel_m=0.25, rows=160, cols=240)
SENSOR = Sensor(gsd_m=0.5, off_nadir_deg=0.0)


@pytest.fixture(scope="module")
def world():
    return make_world(17, length_m=60.0, tracks=3)


def test_a_polygon_is_burned_with_its_area_and_its_hole() -> None:
    target = np.zeros(GRID.shape, np.uint8)
    burn(target, GRID, box(10, 10, 30, 30).difference(box(18, 18, 22, 22)), 7)
    assert (target == 7).sum() * GRID.pixel_m**2 == pytest.approx(400 - 16, rel=0.05)
    assert target[GRID.rows // 2, GRID.cols // 3] == 0


def test_tracks_lie_on_ballast_and_the_site_lists_those_with_a_number(world) -> None:
    ground = ground_of(world)
    line = world.track("T1").line
    beside = line.interpolate(line.length / 2)
    row, col = ground.grid.to_pixel(beside.x, beside.y)
    bed = {world.looks[0].ballast, world.looks[0].inner, world.looks[0].sleeper, "rail", "rail_rusty"}
    assert ground.material[round(row), round(col)] in {INDEX[name] for name in bed if name}
    assert [track.id for track in world.site.tracks] == ["T1", "T2", "T3"]
    assert not ground.material.flags.writeable


def test_a_box_stands_as_high_and_as_wide_as_it_is_said() -> None:
    canvas = Canvas(GRID, 180.0, 45.0)
    draw_block(canvas, Block.at((30.0, 20.0), 90.0, (12.0, 4.0, 3.0), "concrete"), np.random.default_rng(0))
    assert canvas.height.max() == pytest.approx(3.0)
    assert (canvas.height > 0).sum() * GRID.pixel_m**2 == pytest.approx(48.0, rel=0.1)


def test_ground_without_weeds_reflects_as_its_material_does(world) -> None:
    ground = ground_of(world)
    day = DayState(
        acquired=datetime(2022, 7, 1, 3, tzinfo=UTC), sun_azimuth_deg=180.0, sun_elevation_deg=50.0
    )
    skin = skin_of(ground, Canvas(ground.grid, 180.0, 50.0), day, None)
    concrete = (ground.material == INDEX[world.background]) & (ground.weeds == 0)
    found = albedo(skin, 2)[concrete].mean()
    assert found == pytest.approx(MATERIALS[world.background].spectrum[2], rel=0.12)


def test_exposing_keeps_what_is_even_and_a_shift_moves_it(world) -> None:
    stated = scene_grid(world, SENSOR)
    assert stated.west >= world.bounds[0] + MARGIN_M
    fine = ground_of(world).grid
    even = np.full(fine.shape, 0.2, np.float32)
    assert expose(even, fine, stated, SENSOR, 0) == pytest.approx(0.2, abs=1e-5)


def test_yard_coordinates_turn_and_bend() -> None:
    straight = YardFrame(100.0, 200.0, 90.0, np.inf)
    assert straight(10.0, 3.0) == pytest.approx((110.0, 197.0))
    bent = YardFrame(0.0, 0.0, 0.0, 500.0)
    x, y = bent(50.0, 0.0)
    assert np.hypot(x - 500.0, y) == pytest.approx(500.0)
    assert bent.heading_at(50.0) == pytest.approx(np.degrees(0.1), abs=0.01)


def test_an_edge_wanders_about_its_outline() -> None:
    plain = Point(0, 0).buffer(30)
    found = ragged(plain, 1.5, np.random.default_rng(2))
    assert found.symmetric_difference(plain).area > 5
    assert plain.buffer(-6).within(found)
    assert found.within(plain.buffer(6))


def test_couplers_join_the_vehicles_of_a_train() -> None:
    train = make_train("T1", 20.0, [("box", "red")] * 4, np.random.default_rng(1))
    gaps = [b.from_m - a.to_m for a, b in zip(train.cars, train.cars[1:], strict=False)]
    assert gaps == pytest.approx([1.1] * 3)
    assert train.from_m == pytest.approx(20.55)


def test_every_paint_is_a_reflectance_and_seasons_change_only_what_grows() -> None:
    spectra = [*COLOURS.values(), *(material.spectrum for material in MATERIALS.values())]
    assert all(0 < level < 1 for spectrum in spectra for level in spectrum)
    winter = seasonal("winter")
    assert winter["grass"].spectrum == MATERIALS["dry_grass"].spectrum
    assert winter["concrete"] == MATERIALS["concrete"]


def test_a_site_without_tracks_becomes_a_world_of_its_size() -> None:
    yard = Area(id="yard", role="yard", polygon=box(634_000, 4_696_000, 634_080, 4_696_060), name="Yard")
    site = Site(id="s", name="s", sha256="", crs="EPSG:32652", areas=(yard,), tracks=())
    world = world_from_site(site, 3, margin_m=40.0)
    assert world.rails == ()
    assert world.bounds == pytest.approx((633_960, 4_695_960, 634_120, 4_696_100))


def test_every_scene_of_the_sequence_has_its_tracks() -> None:
    site = sequence_site(load_site())
    ids = {track.id for track in site.tracks}
    assert {train[0] for shot in SEQUENCE for train in shot.trains} <= ids
    assert all(track.provisional for track in site.tracks if track.id.startswith("khasan"))
