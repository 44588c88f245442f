"""Points, directions and offsets in the frame of a track."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, box

from tumangang_watch.track_frame import (
    bearing,
    frame_along,
    lengthened,
    lines_of,
    middles,
    nearest_on,
    points_along,
    stretches,
)

NORTH_EAST = LineString([(10, 20), (110, 120)])


def test_directions_follow_the_line_and_the_mesh_lies_to_its_left():
    s = middles(NORTH_EAST.length, 2.0)
    frame = frame_along(NORTH_EAST, s, 3.0)
    np.testing.assert_allclose(frame.ahead, np.full((2, s.size), np.sqrt(0.5)))
    x, y = frame.mesh(np.array([-2.0, 0.0, 5.0]))
    assert x.shape == y.shape == (3, s.size)
    assert NORTH_EAST.distance(Point(x[2, 7], y[2, 7])) == pytest.approx(5.0)
    assert y[2, 7] > y[1, 7] > y[0, 7]


def test_offsets_are_told_along_and_across():
    frame = frame_along(NORTH_EAST, np.array([30.0, 60.0]), 3.0)
    places = frame.points + 4.0 * frame.left - 1.5 * frame.ahead
    across, along = frame.offsets_of(places)
    np.testing.assert_allclose(across, 4.0)
    np.testing.assert_allclose(along, 1.5)
    at, near = nearest_on(NORTH_EAST, places)
    np.testing.assert_allclose(at, [28.5, 58.5])
    np.testing.assert_allclose(near, frame.points - 1.5 * frame.ahead)


def test_a_bend_is_smoothed_over_the_base_and_ends_are_ends():
    bent = LineString([(0, 0), (50, 0), (50, 50)])
    ahead = frame_along(bent, np.array([0.0, 50.0, 100.0]), 5.0).ahead
    np.testing.assert_allclose(ahead.T, [[1, 0], [np.sqrt(0.5), np.sqrt(0.5)], [0, 1]], atol=1e-12)
    np.testing.assert_allclose(points_along(bent, np.array([-5.0, 120.0])).T, [[0, 0], [50, 50]])
    one_sided = frame_along(bent, np.array([50.0]), 1.0, 0.0)
    np.testing.assert_allclose(one_sided.left, [[-1.0], [0.0]], atol=1e-12)


def test_bearings_count_clockwise_from_north():
    np.testing.assert_allclose(
        [bearing(0), bearing(90), bearing(225)], [(0, 1), (1, 0), (-np.sqrt(0.5),) * 2], atol=1e-12
    )


def test_stretches_are_the_runs_of_true():
    assert stretches(np.array([1, 1, 0, 0, 1, 0, 1], bool)) == [(0, 2), (4, 5), (6, 7)]
    assert stretches(np.zeros(3, bool)) == []


def test_a_lengthened_line_goes_straight_on_at_both_ends():
    bent = lengthened(LineString([(0, 0), (50, 0), (50, 50)]), 10.0)
    assert list(bent.coords) == [(-10, 0), (0, 0), (50, 0), (50, 50), (50, 60)]


@given(st.lists(st.integers(0, 3), min_size=3, max_size=40))
def test_a_straight_track_of_many_vertices_lies_on_its_ground_in_one_piece(bits):
    north = 4_696_487.5
    line = LineString([(634_000 + 96.55 * k, north - 1e-9 * b) for k, b in enumerate(bits)])
    ground = box(633_900, north - 20, 634_100 + line.length, north + 20)
    (inside,) = lines_of(line.intersection(ground))
    assert inside.coords[0] == line.coords[0]
    assert inside.coords[-1] == line.coords[-1]
    hole = line.interpolate(0.4, normalized=True).buffer(1)
    before, beyond = sorted(lines_of(line.difference(hole)), key=lambda one: one.coords[0])
    assert before.length + beyond.length == pytest.approx(line.length - 2, abs=0.01)
    assert before.coords[0] < before.coords[-1] < beyond.coords[0] < beyond.coords[-1]


def test_what_touches_the_ground_at_a_point_has_no_line_there():
    assert lines_of(LineString([(0, 0), (1, 1)]).intersection(box(1, 1, 2, 2))) == []
    assert lines_of(LineString([(0, 0), (1, 1)]).intersection(box(5, 5, 6, 6))) == []
