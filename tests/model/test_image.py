"""Maps of images about one origin and another are the same maps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumangang_watch.affine import IDENTITY, about, compose, shift
from tumangang_watch.model.image import ground_levels

small = st.floats(-0.01, 0.01)
metres = st.floats(-500, 500)


def moved(affine, origin, place):
    a, b, c, d, e, f = affine
    dx, dy = place[0] - origin[0], place[1] - origin[1]
    return origin[0] + a * dx + b * dy + c, origin[1] + d * dx + e * dy + f


@given(small, small, metres, metres, metres, metres)
def test_a_map_about_another_origin_moves_every_place_as_before(scale, turn, east, north, x, y):
    affine = (1 + scale, turn, 3.0, -turn, 1 - scale, -2.0)
    here, there = (100.0, 200.0), (100.0 + east, 200.0 + north)
    assert moved(about(affine, here, there), there, (x, y)) == pytest.approx(
        moved(affine, here, (x, y)), abs=1e-6
    )


def test_a_shift_is_the_same_about_every_origin():
    assert about(shift(4.0, -7.0), (0.0, 0.0), (300.0, 10.0)) == pytest.approx(shift(4.0, -7.0))
    assert np.allclose(compose(shift(1, 2), IDENTITY), shift(1, 2))


def test_cloud_over_less_than_half_of_a_scene_is_not_its_typical_ground() -> None:
    ground = np.linspace(0.1, 0.3, 1000, dtype=np.float32)
    dark, typical = ground_levels(ground)
    assert 0 < dark < 0.1 < typical < 0.2
    clouded = np.concatenate([ground, np.full(600, 0.9, np.float32)])
    assert ground_levels(clouded)[1] < ground.max()
    assert ground_levels(clouded[:0]) == (0.0, 1.0)
