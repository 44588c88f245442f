"""Cloud, thin cloud and its shadow are masked where they lie; roofs, concrete, sand and snow are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support.values import grid_of

from tumangang_watch.model.image import Raster
from tumangang_watch.preprocess.cloud import cloud_over
from tumangang_watch.settings.preprocess import CloudSettings

SETTINGS = CloudSettings()
SHAPE = 300, 400
SPECTRUM = np.array((0.10, 0.13, 0.16, 0.24))[:, None, None]
SKYLIGHT = np.array((0.30, 0.23, 0.18, 0.11))[:, None, None]


def ground(seed=3):
    """Ground of grass, soil and a paved yard, with things standing about."""
    rng = np.random.default_rng(seed)
    kinds = gaussian_filter(np.random.default_rng(7).standard_normal(SHAPE), 12.0)
    values = SPECTRUM * np.where(kinds > 0, 1.2, 0.8)
    things = gaussian_filter(np.random.default_rng(8).standard_normal(SHAPE), 1.2)
    values = values * (1 + 1.2 * np.clip(things, -0.6, 0.6)) * rng.normal(1, 0.02, SHAPE)
    values[:, 200:, :100] = np.array((0.22, 0.24, 0.25, 0.27))[:, None, None] * rng.normal(
        1, 0.04, (100, 100)
    )
    return values


def raster(values):
    return Raster(
        np.asarray(values, np.float32),
        np.ones(SHAPE, bool),
        grid_of(values, 1.0),
        ("blue", "green", "red", "nir"),
    )


def patch(row, col, radius, soft):
    r, c = np.mgrid[: SHAPE[0], : SHAPE[1]]
    wave = 1 + 0.2 * np.sin(3 * np.arctan2(r - row, c - col))
    return gaussian_filter((np.hypot(r - row, c - col) < radius * wave).astype(float), soft)


@pytest.mark.parametrize("with_other", [False, True])
@pytest.mark.parametrize("soft", [0.5, 10.0])
def test_cloud_is_masked_and_clear_ground_is_not(soft, with_other):
    cover = patch(140, 260, 70, soft)
    values = ground() * (1 - cover) + 0.7 * cover
    cloud, shadow = cloud_over(raster(values), SETTINGS, raster(ground(4)) if with_other else None)
    assert cloud[cover > 0.9].mean() > 0.97
    far = patch(140, 260, 110, 1.0) < 0.01
    assert (cloud | shadow)[far].mean() < 0.02


def test_grey_cloud_over_most_of_a_scene_is_masked_from_one_date():
    """The typical ground is cloud itself then."""
    cover = patch(150, 200, 120, 8.0)
    values = ground() * (1 - cover) + 0.3 * cover
    assert cloud_over(raster(values), SETTINGS)[0][cover > 0.9].mean() > 0.9


def test_thin_cloud_is_masked_where_another_date_shows_the_ground():
    cover = 0.5 * patch(140, 260, 80, 12.0)
    values = ground() * (1 - cover) + 0.7 * cover
    assert cloud_over(raster(values), SETTINGS, raster(ground(4)))[0][cover > 0.45].mean() > 0.8


def test_shadow_is_masked_where_another_date_shows_the_ground():
    shade = 0.85 * patch(140, 260, 70, 3.0)
    values = ground() * (SKYLIGHT + (1 - SKYLIGHT) * (1 - shade))
    cloud, shadow = cloud_over(raster(values), SETTINGS, raster(ground(4)))
    assert (cloud | shadow)[shade > 0.8].mean() > 0.8
    assert (cloud | shadow)[patch(140, 260, 110, 1.0) < 0.01].mean() < 0.02


def test_clear_ground_is_clear_and_new_concrete_a_roof_and_sand_are_no_cloud():
    plain = raster(ground())
    assert not any(m.any() for m in cloud_over(plain, SETTINGS, raster(ground(4))))
    assert not any(m.any() for m in cloud_over(plain, SETTINGS))
    rng = np.random.default_rng(5)
    built = ground()
    built[:, 40:80, 150:260] = np.array((0.27, 0.29, 0.30, 0.33))[:, None, None] * rng.normal(
        1, 0.04, (40, 110)
    )
    built[:, 120:150, 300:340] = 0.6
    built[:, 220:280, 200:280] = np.array((0.16, 0.22, 0.29, 0.36))[:, None, None] * rng.normal(
        1, 0.03, (60, 80)
    )
    for other in (None, raster(ground(4)), raster(built)):
        cloud, shadow = cloud_over(raster(built), SETTINGS, other)
        assert (cloud | shadow).mean() < 0.02


def test_the_vendors_mask_is_not_believed_where_another_date_shows_the_same_ground():
    said = patch(140, 260, 40, 0.0) > 0.5
    assert cloud_over(raster(ground()), SETTINGS, vendor=said)[0][said].all()
    assert cloud_over(raster(ground()), SETTINGS, raster(ground(4)), said)[0].mean() < 0.01


@pytest.mark.parametrize("gone", [False, True])
def test_a_train_that_came_or_went_with_its_shadow_is_neither_cloud_nor_shadow(gone):
    bare = ground()
    stood = ground(4)
    stood[:, 210:214, 20:180] = 0.05
    stood[:, 214:232, 20:180] *= SKYLIGHT
    one, other = (bare, stood) if gone else (stood, bare)
    cloud, shadow = cloud_over(raster(one), SETTINGS, raster(other))
    assert not (cloud | shadow)[200:240, 10:190].any()
