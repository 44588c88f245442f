"""Heights follow from shadows, names from sizes, and trials count what is found."""

from __future__ import annotations

from math import radians, tan

import numpy as np
import pytest
from shapely import MultiPolygon, Point, box
from shapely.affinity import rotate
from test_cargo import observe, scene_of, site_of

from tumangang_watch.detect.cargo.measure import height_of, is_vehicle_sized, measure, search
from tumangang_watch.detect.cargo.trials import try_cargo
from tumangang_watch.detect.cargo.view import Place, view_apron
from tumangang_watch.detect.shadows import Shadow, shadow_of, swept
from tumangang_watch.settings.cargo import CargoSettings

SETTINGS = CargoSettings()


@pytest.mark.parametrize("elevation", [20.0, 35.0, 55.0])
def test_a_boxs_height_is_its_shadow_times_the_suns_slope(elevation):
    shadow = Shadow(share=1.0, length_m=2.0 / tan(radians(elevation)), spread_m=0.0, reach_m=2.0)
    height = height_of(shadow, MultiPolygon([box(0, 0, 6, 4)]), elevation, SETTINGS)
    assert height.low <= 2.0 <= height.high
    assert height.estimate == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("length_px", [4, 10, 25])
def test_a_painted_shadow_has_its_length(length_px):
    body, shade = np.zeros((60, 20), bool), np.zeros((60, 20), np.float32)
    body[5:15, 4:16] = True
    shade[15 : 15 + length_px, 4:16] = 1.0
    found = shadow_of(body, shade, 0.35, SETTINGS)
    assert found.length_m == pytest.approx(0.35 * length_px, abs=0.36)
    assert found.share == 1.0
    assert shadow_of(body, 0 * shade, 0.35, SETTINGS).share == 0.0


def test_a_body_darkens_the_ground_away_from_the_sun():
    ground = swept(Point(0, 0).buffer(1), 90.0, 45.0, 6.0)
    assert ground.bounds == pytest.approx((-7, -1, 1, 1), abs=0.01)


@pytest.mark.parametrize(("size", "vehicle"), [((2.5, 8.0), True), ((2.0, 2.2), False), ((6.0, 12.0), False)])
def test_a_lorry_has_its_size_however_it_stands(size, vehicle):
    assert is_vehicle_sized(rotate(box(0, 0, *size), 37.0)) is vehicle


def test_one_object_is_measured_and_trials_find_boxes_on_the_empty_rest():
    seen = observe(scene_of(boxes=((50, 40, 56, 44, 2.0),)))
    apron = site_of().having("apron")[0].polygon
    place = Place(area="a", polygon=apron, firm=True, tracks=(), white=0.6, observed_fraction=1.0)
    view = view_apron(seen, apron, MultiPolygon(), MultiPolygon())
    work = search(view, place, seen, SETTINGS)
    assert np.unique(work.labels).size == 2
    found = measure(work, 1)
    assert found.area_m2.low <= 24 <= found.area_m2.high
    assert found.geometry.centroid.distance(Point(53, 42)) < 1
    first, again = (try_cargo(view, place, seen, SETTINGS, seed=3) for _ in range(2))
    assert first == again
    assert sum(t.found for t in first) > 0.4 * sum(t.tried for t in first)
