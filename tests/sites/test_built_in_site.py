"""The built-in site agrees with what is published, and says where each feature comes from."""

from __future__ import annotations

import json
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from pyproj import Geod, Transformer
from shapely import Point

from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.sites import built_in_site_path, fixtures_dir, load_site
from tumangang_watch.sites.file import faults_of

GEOD = Geod(ellps="WGS84")
BRIDGE_RU, BRIDGE_KP = (130.643200, 42.416156), (130.636876, 42.413125)
KHASAN = ((130.644917, 42.430056), (130.645278, 42.428056))
TUMANGANG = (130.6081, 42.4214)


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site()


@pytest.fixture(scope="module")
def features() -> list[dict[str, Any]]:
    return json.loads(built_in_site_path().read_text(encoding="utf-8"))["features"]


def area(site: Site, id_: str) -> Area:
    return next(a for a in site.areas if a.id == id_)


def yard_tracks(site: Site) -> list[Track]:
    return [t for t in site.tracks if t.id.startswith("yard-")]


def metres(site: Site, lonlat: tuple[float, float]) -> Point:
    return Point(*Transformer.from_crs("EPSG:4326", site.crs, always_xy=True).transform(*lonlat))


def degrees(site: Site, xy: tuple[float, ...]) -> tuple[float, float]:
    return Transformer.from_crs(site.crs, "EPSG:4326", always_xy=True).transform(*xy[:2])


def test_it_is_sound_and_in_its_zone(site: Site) -> None:
    assert faults_of(built_in_site_path()) == []
    assert (site.id, site.name, site.crs) == ("tumangang", "Tumangang", "EPSG:32652")
    assert fixtures_dir().is_dir()


def test_every_feature_says_its_source_and_accuracy(features: list[dict[str, Any]]) -> None:
    for feature in features:
        properties = feature["properties"]
        assert properties["source"].strip(), properties["id"]
        assert properties["accuracy_m"] > 0, properties["id"]


def test_the_bridge_is_623_m_long_at_237_degrees_between_the_published_ends(site: Site) -> None:
    (track,) = (t for t in site.tracks if t.id == "bridge-1")
    start, end = degrees(site, track.line.coords[0]), degrees(site, track.line.coords[-1])
    bearing, _, length_m = GEOD.inv(*start, *end)
    assert length_m == pytest.approx(623, abs=2)
    assert bearing % 360 == pytest.approx(237, abs=0.5)
    assert GEOD.inv(*start, *BRIDGE_RU)[2] < 5
    assert GEOD.inv(*end, *BRIDGE_KP)[2] < 5
    bridge = area(site, "friendship_bridge")
    assert bridge.role == "bridge"
    assert bridge.polygon.area / bridge.polygon.length * 2 == pytest.approx(14, abs=0.6)
    assert site.area_of(track) is bridge


def test_the_yard_has_three_tracks_five_metres_apart_marked_as_a_model(site: Site) -> None:
    tracks = yard_tracks(site)
    assert [t.id for t in tracks] == ["yard-1", "yard-2", "yard-3"]
    for track in tracks:
        assert track.provisional
        assert track.accuracy_m is not None
        assert track.accuracy_m >= 100
        assert track.gauge_mm == 1520
        assert 400 <= track.line.length <= 445
        assert site.area_of(track) is area(site, "secure_yard")
        assert area(site, "secure_yard").polygon.covers(track.line)
    for first, second in ((tracks[0], tracks[1]), (tracks[1], tracks[2])):
        # Ends are staggered: only where the neighbour runs alongside is it across the track.
        steps = np.linspace(40, second.line.length - 40, 50)
        apart = [first.line.distance(second.line.interpolate(s)) for s in steps]
        assert 4.5 <= min(apart) <= max(apart) <= 5.5


def test_the_yard_lies_about_a_kilometre_west_south_west_of_the_bridge(site: Site) -> None:
    centre = degrees(site, area(site, "secure_yard").polygon.centroid.coords[0])
    bearing, _, distance_m = GEOD.inv(*BRIDGE_KP, *centre)
    assert distance_m == pytest.approx(1000, abs=150)
    assert bearing % 360 == pytest.approx(255, abs=10)
    yard = area(site, "secure_yard").polygon
    assert yard.area == pytest.approx(480 * 130, rel=0.1)


def test_the_stations_lie_on_their_published_points(site: Site) -> None:
    khasan = area(site, "khasan_station")
    assert all(khasan.polygon.covers(metres(site, point)) for point in KHASAN)
    corners = [degrees(site, c) for c in khasan.polygon.exterior.coords]
    sides = [GEOD.inv(*a, *b) for a, b in pairwise(corners)]
    bearing, _, length_m = max(sides, key=lambda side: side[2])
    assert length_m == pytest.approx(1200, abs=20)
    assert bearing % 180 == pytest.approx(172, abs=0.2)
    tumangang = area(site, "tumangang_station")
    assert tumangang.polygon.covers(metres(site, TUMANGANG))
    assert tumangang.occluded_from is not None
    assert tumangang.occluded_from.isoformat() == "2024-12-03"
    assert khasan.occluded_from is None


def test_aprons_lie_in_the_handling_area_clear_of_tracks_and_of_one_another(site: Site) -> None:
    handling = area(site, "freight_handling").polygon
    grounds = [*site.having("apron"), *site.having("stable")]
    assert {g.id for g in site.having("apron")} == {"storage_ground", "unloading_platform"}
    for ground in grounds:
        assert handling.buffer(0.1).covers(ground.polygon), ground.id
        for track in site.tracks:
            # Half a loading gauge is 1.7 m: a wagon does not overhang the ground.
            assert ground.polygon.distance(track.line) > 1.7, (ground.id, track.id)
    for first, second in combinations(grounds, 2):
        assert first.polygon.intersection(second.polygon).area == 0
    assert handling.area > 2 * sum(g.polygon.area for g in grounds), "no room to grow"


def test_no_shift_by_a_track_and_no_half_turn_lays_the_yard_on_itself(site: Site) -> None:
    """A fit one track off must be told from the right one: tracks differ in place and length."""
    from shapely.affinity import rotate

    lengths = [t.line.length for t in yard_tracks(site)]
    grounds = [*site.having("apron"), *site.having("stable")]
    assert min(abs(a - b) for a, b in combinations(lengths, 2)) > 1
    yard = area(site, "secure_yard").polygon
    turned = [rotate(g.polygon, 180, origin=yard.centroid) for g in grounds]
    shared = sum(t.intersection(g.polygon).area for t in turned for g in grounds)
    assert shared < 0.05 * sum(g.polygon.area for g in grounds)
