"""Clouds, their shadows, snow and haze are found where they were put; bright hard things are no cloud."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support.values import observation

from tumangang_watch.preprocess.quality import UDM_CLOUD, assess_quality
from tumangang_watch.settings.preprocess import QualitySettings

SETTINGS = QualitySettings()
SPECTRUM = np.array((0.10, 0.13, 0.16, 0.24))[:, None, None]


def ground(rows=300, cols=400):
    rng = np.random.default_rng(3)
    values = SPECTRUM * (1 + 0.1 * gaussian_filter(rng.standard_normal((rows, cols)), 2.0))
    values[:, :8, :300] = 0.01
    return values


def judged(values, **scene):
    seen = observation(values, pixel_m=1.0, radiometry="reflectance", **scene)
    return assess_quality(seen.raster, seen.image, seen.scene, SETTINGS)


def disc(row, col, radius, soft=0.0):
    r, c = np.mgrid[:300, :400]
    inside = (np.hypot(r - row, c - col) < radius).astype(float)
    return gaussian_filter(inside, soft) if soft else inside


def test_plain_ground_is_clear():
    quality = judged(ground())
    assert quality.clear.all()
    assert (quality.snow_state, quality.snowy) == ("none", False)
    assert quality.notes == ("cloud mask: own test",)


@pytest.mark.parametrize("level", [0.2, 0.8])
def test_a_scene_of_one_white_has_no_cloud_and_no_warning(level):
    quality = judged(np.full((4, 300, 400), level))
    assert quality.clear.all()
    assert not quality.cloud.any()


def test_what_another_date_shows_as_bright_is_no_cloud():
    roof = disc(100, 250, 45)
    rough = np.random.default_rng(9).normal(1, 0.1, roof.shape)
    white = (ground() * (1 - roof) + 0.7 * roof) * rough
    seen, other = observation(white, pixel_m=1.0), observation(white, "earlier", pixel_m=1.0)
    quality = assess_quality(seen.raster, seen.image, seen.scene, SETTINGS, other.raster)
    assert not quality.cloud.any()
    assert quality.clear.all()


@pytest.mark.parametrize(("share", "state"), [(0.0, "none"), (0.3, "partial"), (0.9, "full")])
def test_scattered_white_is_snow_by_its_share(share, state):
    rng = np.random.default_rng(5)
    field = gaussian_filter(rng.standard_normal((300, 400)), 6.0)
    snow = field > np.quantile(field, 1 - share) if share else np.zeros(field.shape, bool)
    white = 0.75 + 0.03 * rng.standard_normal((300, 400))
    quality = judged(np.where(snow, white, ground()))
    assert quality.snow_state == state
    assert quality.snowy == (state != "none")
    assert quality.snow.mean() == pytest.approx(share, abs=0.03)


def test_haze_and_a_low_sun_are_noted():
    hazy = judged(0.15 + 0.3 * ground(), sun=(180.0, 8.0))
    assert hazy.haze > judged(ground()).haze
    assert any("low sun (8 degrees)" in note for note in hazy.notes)


def test_the_vendors_mask_counts_before_the_own_test():
    seen = observation(ground(), pixel_m=1.0)
    mask = np.zeros((8, 300, 400), np.uint8)
    mask[UDM_CLOUD, 50:100, 50:100] = 1
    image = replace(seen.image, vendor_mask=mask)
    quality = assess_quality(seen.raster, image, seen.scene, SETTINGS)
    assert quality.notes[0] == "cloud mask: the vendor's UDM2 and own test"
    assert quality.cloud[60:90, 60:90].all()
    assert quality.cloud.sum() == 2500


def test_dark_ground_beside_a_thing_is_its_shadow():
    values = ground()
    values[:, 140:150, 100:140] *= 0.3
    dark = judged(values).object_shadow
    assert dark[142:148, 105:135].mean() > 0.9
    assert dark[20:130].mean() < 0.01
