"""Cells of a scene: a gain changes nothing that is told of them, and dates of one ground are alike."""

from __future__ import annotations

import numpy as np
import pytest
from support.values import grid_of

from tumangang_watch.model.image import Raster
from tumangang_watch.preprocess.cloud_cells import alike, cells_of, features_of, light_of


def cells(seed, gain=1.0, bands=("blue", "green", "red")):
    values = np.random.default_rng(seed).uniform(0.1, 0.3, (len(bands), 120, 160)).astype(np.float32) * gain
    valid = np.ones(values.shape[1:], bool)
    valid[:, :7] = False
    return cells_of(Raster(values, valid, grid_of(values, 1.0), bands))


def test_a_cell_is_seen_where_all_of_it_is_imaged_and_gain_changes_nothing():
    one, other = cells(0), cells(0, gain=900.0)
    assert one.seen.shape == (30, 40)
    assert not one.seen[:, :2].any()
    assert one.seen[:, 2:].all()
    assert np.allclose(light_of(one), light_of(other), atol=1e-3)


def test_dates_of_one_ground_are_alike_and_of_other_ground_are_not():
    assert np.median(alike(cells(0), cells(0, gain=2.0))) > 0.95
    assert abs(np.median(alike(cells(0), cells(1)))) < 0.2


@pytest.mark.parametrize("bands", [("pan",), ("blue", "green", "red"), ("blue", "green", "red", "nir")])
def test_every_product_gives_the_network_the_same_values(bands):
    alone, beside = (
        features_of(cells(0, bands=bands)),
        features_of(cells(0, bands=bands), cells(1, bands=bands)),
    )
    assert alone.shape == beside.shape == (len(alone), 30 * 40)
    assert np.isfinite(beside).all()
