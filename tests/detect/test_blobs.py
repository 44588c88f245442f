"""Masks become objects with the area and place they had."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumangang_watch.detect.blobs import (
    as_multi,
    colour_name,
    disk,
    half_sample_mode,
    hysteresis,
    outline,
    smooth,
    without_thin,
)
from tumangang_watch.grid import Grid

GRID = Grid(crs="EPSG:32652", west=100.0, north=200.0, pixel_m=0.5, rows=40, cols=60)


def test_an_outline_has_the_place_and_about_the_area_of_its_mask():
    mask = np.zeros((20, 20), bool)
    mask[4:14, 6:16] = True
    mask[8:10, 10:12] = False
    shape = outline(mask, GRID, 5, 7)
    assert shape.area == pytest.approx(mask.sum() * 0.25, rel=0.1)
    assert (shape.centroid.x, shape.centroid.y) == pytest.approx((109.0, 193.0), abs=0.1)
    assert len(shape.geoms[0].interiors) == 1
    assert as_multi(shape) is shape


def test_hysteresis_keeps_the_weak_that_touch_the_strong():
    weak = np.zeros((5, 9), bool)
    weak[1:3, 1:4], weak[1:3, 6:8] = True, True
    strong = np.zeros_like(weak)
    strong[1, 2] = True
    kept = hysteresis(strong, weak)
    assert kept[1:3, 1:4].all()
    assert kept.sum() == 6


def test_slivers_go_and_wide_ground_stays():
    mask = np.zeros((40, 40), bool)
    mask[5:25, 5:25], mask[30:32] = True, True
    kept = without_thin(mask, 6)
    assert kept[8:22, 8:22].all()
    assert not kept[30:32].any()
    assert disk(0.4).shape == (1, 1)


@given(level=st.floats(0.1, 0.6), share=st.floats(0.0, 0.35))
def test_the_mode_is_the_commonest_value_whatever_else_there_is(level, share):
    rng = np.random.default_rng(0)
    values = rng.normal(level, 0.01, 2000)
    values[: int(share * 2000)] = rng.uniform(0, 1, int(share * 2000))
    assert half_sample_mode(values) == pytest.approx(level, abs=0.03)


def test_a_mean_over_usable_pixels_ignores_the_others():
    values, weight = np.full((20, 20), 3.0), np.ones((20, 20), bool)
    values[:, :10], weight[:, :10] = 99.0, False
    assert smooth(values, weight, 1.0)[:, 10:] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0.05, 0.05, 0.05), "black"),
        ((0.3, 0.3, 0.3), "grey"),
        ((0.9, 0.9, 0.9), "white"),
        ((0.4, 0.1, 0.1), "red"),
        ((0.1, 0.2, 0.5), "blue"),
        ((0.1, 0.3, 0.12), "green"),
        ((0.6, 0.5, 0.1), "yellow"),
    ],
)
def test_colours_have_their_names(rgb, name):
    assert colour_name(np.array(rgb), ("red", "green", "blue"), 1.0) == name
    assert colour_name(np.array(rgb[:1]), ("red",), 1.0) == "unknown"
