"""Outlines near a place: what a user would get by laying all of them beside it."""

import numpy as np
import pytest
from shapely import Point, box

from tumangang_watch.detect.outlines import Outlines


@pytest.mark.parametrize("reach_m", [0.0, 1.5, 6.0, 500.0])
def test_the_ring_about_a_place_is_that_which_all_outlines_leave(reach_m):
    rng = np.random.default_rng(4)
    shapes = [Point(*xy).buffer(rng.uniform(0.5, 3)) for xy in rng.uniform(0, 80, (60, 2))]
    every = Outlines.of(shapes)
    for shape in shapes[:20]:
        ring = shape.buffer(reach_m)
        left = ring.difference(every.near(shape, reach_m))
        assert left.symmetric_difference(ring.difference(every.whole)).area == pytest.approx(0, abs=1e-9)


def test_where_nothing_lies_near_nothing_is_given():
    assert Outlines.of([box(0, 0, 1, 1)]).near(Point(50, 0), 10).is_empty
    assert Outlines.of([]).near(Point(0, 0), 10).is_empty
