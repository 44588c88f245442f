"""The painted pixels are where the truth says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from math import cos, radians, sin, tan

import numpy as np
import pytest
from shapely import LineString, box

from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.simulate import (
    Block,
    DayState,
    PaintedVehicle,
    Sensor,
    Surface,
    TrackAppearance,
    Train,
    World,
    make_pair,
    make_world,
    paint,
    split_seeds,
    sun_position,
    truth,
    write_scene,
    write_site,
)
from tumangang_watch.simulate.paint import paint_views
from tumangang_watch.simulate.pair import SPLITS
from tumangang_watch.simulate.world import footprint

X0, Y0 = 472_000.0, 4_695_500.0
NOON = datetime(2022, 6, 1, 3, 0, tzinfo=UTC)
CLEAN = Sensor(gsd_m=0.25, off_nadir_deg=0.0, noise=0.0, blur_px=0.3)


@pytest.fixture(scope="module")
def plain() -> World:
    """Return a small world: one straight track heading east on concrete, nothing else."""
    line = LineString([(X0 + 30, Y0), (X0 + 130, Y0)])
    track = Track(id="T1", line=line, name="Track 1", gauge_mm=1520)
    yard = box(X0 + 25, Y0 - 15, X0 + 135, Y0 + 15)
    site = Site(
        id="plain",
        name="Plain",
        sha256="",
        crs="EPSG:32652",
        areas=(Area(id="yard", role="yard", polygon=yard, name="Yard"),),
        tracks=(track,),
    )
    look = TrackAppearance(
        ballast="ballast_pale", sleeper="sleeper_concrete", shine=0.0, brightness=1.0, oil=0.0, weeds=0.0
    )
    bounds = (X0, Y0 - 60, X0 + 160, Y0 + 60)
    return World(
        seed=1,
        site=site,
        bounds=bounds,
        surfaces=(Surface(box(*bounds), "concrete"),),
        looks=(look,),
        rails=(track,),
        background="concrete",
    )


def light(azimuth: float = 180.0, elevation: float = 45.0, **more: object) -> DayState:
    return DayState(acquired=NOON, sun_azimuth_deg=azimuth, sun_elevation_deg=elevation, **more)  # type: ignore[arg-type]


def difference(world: World, bare: DayState, full: DayState, sensor: Sensor) -> np.ndarray:
    first, second = paint(world, bare, sensor, 1), paint(world, full, sensor, 1)
    return np.abs(second.values.astype(float) - first.values.astype(float)).max(axis=0)


def test_a_painted_car_is_where_the_truth_says(plain: World) -> None:
    car = PaintedVehicle(from_m=40.0, to_m=54.0, type="box", colour="red", width_m=3.2, height_m=4.0)
    bare, full = light(elevation=80.0), light(elevation=80.0, trains=(Train("T1", (car,)),))
    scene = paint(plain, full, CLEAN, 1)
    changed = difference(plain, bare, full, CLEAN) > 120
    rows, cols = np.nonzero(changed)
    x, y = scene.grid.to_metres(rows, cols)
    at_track = np.abs(y - Y0) < 1.0
    # Couplers reach 0.56 m beyond the body; they are narrow, so look beside them.
    beside = at_track & (np.abs(y - Y0) > 0.5)
    assert x[beside].min() == pytest.approx(X0 + 30 + 40, abs=0.3)
    assert x[beside].max() == pytest.approx(X0 + 30 + 54, abs=0.3)
    across = np.abs(x - (X0 + 77)) < 2
    assert y[across].max() - Y0 == pytest.approx(1.6 + 4.0 / tan(radians(80)), abs=0.35)
    assert y[across].min() - Y0 == pytest.approx(-1.6, abs=0.3)


@pytest.mark.parametrize(
    ("azimuth", "elevation"), [(180.0, 30.0), (135.0, 45.0), (250.0, 25.0), (60.0, 40.0)]
)
def test_the_shadow_falls_away_from_the_sun_with_its_height_over_the_tangent(
    plain: World, azimuth: float, elevation: float
) -> None:
    tower = Block.at((X0 + 80, Y0 - 25), 0.0, (2.0, 2.0, 10.0), "concrete")
    bare = light(azimuth, elevation)
    full = replace(bare, vehicles=(tower,))
    changed = difference(plain, bare, full, CLEAN) > 300
    rows, cols = np.nonzero(changed)
    x, y = paint(plain, full, CLEAN, 1).grid.to_metres(rows, cols)
    along = -(x - tower.x) * sin(radians(azimuth)) - (y - tower.y) * cos(radians(azimuth))
    across = (x - tower.x) * cos(radians(azimuth)) - (y - tower.y) * sin(radians(azimuth))
    reach = abs(sin(radians(azimuth))) + abs(cos(radians(azimuth)))
    assert along.max() == pytest.approx(10.0 / tan(radians(elevation)) + reach, abs=0.8)
    assert along.min() > -reach - 0.6
    assert np.abs(across).max() < reach + 0.5


def test_tops_lean_away_from_the_satellite(plain: World) -> None:
    roof = Block.at((X0 + 80, Y0 - 25), 0.0, (6.0, 6.0, 8.0), "roof_white")
    bare, full = light(elevation=70.0), light(elevation=70.0, vehicles=(roof,))
    slanted = replace(CLEAN, off_nadir_deg=25.0, view_azimuth_deg=90.0)
    scene = paint(plain, full, slanted, 1)
    bright = scene.values[2] > paint(plain, bare, slanted, 1).values[2] + 300
    rows, cols = np.nonzero(bright)
    x, y = scene.grid.to_metres(rows, cols)
    assert np.median(x) - roof.x == pytest.approx(-8.0 * tan(radians(25)), abs=0.4)
    assert np.median(y) - roof.y == pytest.approx(0.0, abs=0.4)


@pytest.mark.parametrize("error", [(6.0, -4.5), (-11.25, 7.75)])
def test_the_geolocation_error_moves_the_content_by_exactly_that(error: tuple[float, float]) -> None:
    world = make_world(3, length_m=120.0, tracks=3)
    day = light(150.0, 40.0)
    sensor = replace(CLEAN, gsd_m=0.25, blur_px=0.5)
    still, moved = (
        paint(world, day, sensor, 1),
        paint(world, day, replace(sensor, geolocation_error_m=error), 1),
    )
    dc, dr = round(error[0] / 0.25), round(-error[1] / 0.25)
    n = 60
    inner = still.values[:, n:-n, n:-n].astype(float)
    shifted = moved.values[
        :, n + dr : moved.values.shape[1] - n + dr, n + dc : moved.values.shape[2] - n + dc
    ]
    assert np.abs(inner - shifted).mean() < 1.0
    assert moved.grid == still.grid


def test_the_ground_keeps_its_texture_between_dates() -> None:
    pair = make_pair(8, 0.5, no_change=True, length_m=120.0, tracks=3, geolocation_error_max_m=0.0)
    one = replace(pair.sensors[0], noise=0.0, phase_px=(0.0, 0.0), off_nadir_deg=0.0, haze=0.0)
    two = replace(one, gain=(1.3, 1.2, 1.1, 0.9))
    first = paint(pair.world, pair.days[0], one, 1).values.astype(float)
    second = paint(pair.world, pair.days[0], two, 5).values.astype(float)
    for band in range(4):
        assert np.corrcoef(first[band].ravel(), second[band].ravel())[0, 1] > 0.9999


def test_the_same_seed_paints_the_same_bytes() -> None:
    first, second = (make_pair(11, 0.5, length_m=100.0, tracks=3) for _ in range(2))
    assert first.truth == second.truth
    assert np.array_equal(first.later.values, second.later.values)


def test_cameras_in_one_place_paint_what_each_paints_alone() -> None:
    pair = make_pair(split_seeds("validation")[5], 2.0, snow=0.5, trains=(1, 2), tracks=2, length_m=120)
    finer = replace(pair.sensors[1], gsd_m=1.5, blur_px=0.6, product="visual")
    together = paint_views(pair.world, pair.days[1], [pair.sensors[1], finer], 2)
    alone = [paint(pair.world, pair.days[1], sensor, 2) for sensor in (pair.sensors[1], finer)]
    for one, other in zip(together, alone, strict=True):
        assert one.grid == other.grid
        np.testing.assert_array_equal(one.values, other.values)
    with pytest.raises(ValueError, match="different places"):
        paint_views(pair.world, pair.days[1], [finer, replace(finer, off_nadir_deg=1.0)])


def test_seed_splits_are_disjoint() -> None:
    seen: set[int] = set()
    for kind in SPLITS:
        seeds = set(split_seeds(kind))
        assert seeds
        assert not seeds & seen
        seen |= seeds


@pytest.mark.parametrize("seed", range(40, 52))
def test_pairs_are_consistent(seed: int) -> None:
    pair = make_pair(seed, 0.5, growth_m2=700.0)
    handling = pair.world.site.having("handling")[0].polygon
    aprons = pair.world.site.having("apron")
    for day in pair.days:
        for train in day.trains:
            length = pair.world.track(train.track).line.length
            assert train.from_m > 0
            assert train.to_m < length
            gaps = [b.from_m - a.to_m for a, b in zip(train.cars, train.cars[1:], strict=False)]
            assert all(gap == pytest.approx(1.1, abs=1e-6) for gap in gaps)
        for block in day.cargo:
            assert any(area.polygon.contains(footprint(block)) for area in aprons)
    growth = pair.days[1].growth[0].polygon
    assert growth.area == pytest.approx(700.0, rel=0.2)
    assert handling.buffer(1.0).contains(growth)
    assert sum(item["area_m2"] for item in pair.truth["new_ground"]) == pytest.approx(growth.area, rel=0.01)


def test_no_change_changes_no_content() -> None:
    pair = make_pair(61, 0.5, no_change=True)
    first, second = pair.days
    assert (first.trains, first.cargo, first.growth) == (second.trains, second.cargo, second.growth)
    assert pair.truth["new_ground"] == []


def test_registration_truth_is_the_difference_of_the_geolocation_errors(plain: World) -> None:
    sensors = replace(CLEAN, geolocation_error_m=(3.0, 1.0)), replace(CLEAN, geolocation_error_m=(-2.0, 5.0))
    told = truth(plain, light(), light(), sensors)
    assert told["registration"]["shift_m"] == [5.0, -4.0]


def test_written_files_carry_roles_place_and_notice(plain: World, tmp_path) -> None:
    import rasterio

    scene = paint(plain, light(), replace(CLEAN, gsd_m=0.5), 1)
    path = write_scene(scene, tmp_path, "later")
    with rasterio.open(path) as ds:
        assert ds.descriptions == ("blue", "green", "red", "nir")
        assert ds.crs.to_epsg() == 32652
        assert ds.nodata == 0
        assert ds.tags()["NOTICE"] == "PAINTED, NOT EVIDENCE"
        assert np.array_equal(ds.read(), scene.values)
    metadata = json.loads((tmp_path / "later_metadata.json").read_text())
    assert metadata["properties"]["acquired"] == "2022-06-01T03:00:00Z"
    assert metadata["properties"]["provider"] == "painted"
    site = json.loads(write_site(plain, tmp_path / "site.geojson").read_text())
    assert {f["properties"]["role"] for f in site["features"]} == {"yard", "track"}


@pytest.mark.parametrize(
    ("when", "lon", "lat", "azimuth", "elevation"),
    [
        # Solstice noon at the Tropic of Cancer: overhead. Equinox at Greenwich noon: 90 - latitude.
        (datetime(2022, 6, 21, 12, 2, tzinfo=UTC), 0.0, 23.44, None, 90.0),
        (datetime(2022, 3, 20, 12, 7, tzinfo=UTC), 0.0, 51.48, 180.0, 38.46),
        (datetime(2022, 12, 21, 11, 58, tzinfo=UTC), 0.0, 51.48, 180.0, 15.08),
    ],
)
def test_the_sun_stands_where_the_almanac_says(
    when: datetime, lon: float, lat: float, azimuth: float | None, elevation: float
) -> None:
    az, el = sun_position(when, lon, lat)
    assert el == pytest.approx(elevation, abs=0.1)
    if azimuth is not None:
        assert az == pytest.approx(azimuth, abs=1.0)


def test_new_ground_differs_from_what_lies_below_and_adds_up() -> None:
    for seed in range(70, 76):
        pair = make_pair(seed, 0.5, growth_m2=600.0)
        material = pair.days[1].growth[0].material
        ground = pair.truth["handling_ground_m2"]
        assert sum(ground["earlier"].values()) == pytest.approx(sum(ground["later"].values()), rel=1e-3)
        gained = ground["later"].get(material, 0.0) - ground["earlier"].get(material, 0.0)
        assert gained > 300.0


def test_cars_of_every_type_and_colour_can_be_drawn(plain: World) -> None:
    from tumangang_watch.simulate.traffic import COLOURS_OF, make_train

    for kind, colours in COLOURS_OF.items():
        train = make_train("T1", 5.0, [(kind, colours[0]), (kind, colours[-1])], np.random.default_rng(4))
        scene = paint(plain, light(trains=(train,)), replace(CLEAN, gsd_m=0.5), 1)
        assert scene.values.min() > 0
        row, col = scene.grid.to_pixel(X0 + 30 + (train.cars[0].from_m + train.cars[0].to_m) / 2, Y0)
        bare = paint(plain, light(), replace(CLEAN, gsd_m=0.5), 1)
        there = (slice(None), slice(round(row) - 2, round(row) + 3), slice(round(col) - 4, round(col) + 5))
        assert np.abs(scene.values[there].astype(float) - bare.values[there]).mean() > 60


def test_a_site_with_a_bridge_becomes_a_world_with_a_river() -> None:
    from tumangang_watch.simulate import world_from_site
    from tumangang_watch.simulate.traffic import material_at

    line = LineString([(X0, Y0), (X0 + 150, Y0 + 60)])
    deck = line.interpolate(0.5, normalized=True)
    bridge = Area(id="bridge", role="bridge", polygon=line.buffer(6, cap_style="flat"), name="Bridge")
    site = Site(
        id="b",
        name="Bridge",
        sha256="",
        crs="EPSG:32652",
        areas=(bridge,),
        tracks=(Track(id="B", line=line, name="Bridge track", gauge_mm=1520),),
    )
    world = world_from_site(site, 1, (X0 - 30, Y0 - 40, X0 + 180, Y0 + 100))
    assert material_at(world, deck.buffer(0.1).centroid) == "steel"
    beside = LineString([(deck.x - 8, deck.y + 20), (deck.x - 7.9, deck.y + 20)]).centroid
    assert material_at(world, beside) == "water"
    scene = paint(world, light(), Sensor(), 1)
    row, col = scene.grid.to_pixel(beside.x, beside.y)
    assert scene.values[3, round(row), round(col)] < 0.3 * np.percentile(scene.values[3], 99)


def test_a_clouds_shadow_lies_away_from_the_sun_and_the_cloud_away_from_the_satellite(plain: World) -> None:
    from tumangang_watch.simulate import Cloud

    cloud = Cloud(x=X0 + 80, y=Y0, radius_m=9.0, height_m=24.0, opacity=0.95)
    sensor = replace(CLEAN, gsd_m=0.5, off_nadir_deg=25.0, view_azimuth_deg=90.0)
    bare, full = light(180.0, 45.0), light(180.0, 45.0, clouds=(cloud,))
    scene = paint(plain, full, sensor, 1)
    change = scene.values[2].astype(float) - paint(plain, bare, sensor, 1).values[2]
    for sign, east, north in ((1, -24.0 * tan(radians(25)), 0.0), (-1, 0.0, 24.0)):
        rows, cols = np.nonzero(sign * change > 200)
        x, y = scene.grid.to_metres(rows, cols)
        assert np.median(x) - cloud.x == pytest.approx(east, abs=4.0)
        assert np.median(y) - cloud.y == pytest.approx(north, abs=4.0)


def test_a_written_site_is_read_back_where_it_was_painted(tmp_path) -> None:
    from tumangang_watch.sites import load_site

    world = make_world(17)
    site = load_site(write_site(world, tmp_path / "site.geojson"))
    assert site.crs == world.site.crs
    for read, painted in zip(site.tracks, world.site.tracks, strict=True):
        assert read.line.hausdorff_distance(painted.line) < 0.01
    assert {a.role for a in site.areas} >= {"yard", "handling", "apron", "stable"}
    bare = load_site(write_site(world, tmp_path / "bare.geojson", "tracks_only"))
    assert {a.role for a in bare.areas} == {"yard"}
