"""Gain and offset between two dates are recovered from ground that did not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from support.values import observation

from tumangang_watch.preprocess.normalise import apply, normalise_pair
from tumangang_watch.settings.preprocess import NormaliseSettings

SETTINGS = NormaliseSettings()


def ground(seed=0):
    rng = np.random.default_rng(seed)
    fields = [gaussian_filter(rng.standard_normal((200, 240)), 6.0) for _ in range(4)]
    return np.stack([0.2 + 0.05 * f / f.std() for f in fields])


def fitted(one, two, usable=None):
    a, b = observation(one, "earlier"), observation(two)
    usable = a.quality.clear if usable is None else usable
    return normalise_pair(a.raster, b.raster, usable, None, SETTINGS), b


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.6, 1.6), offset=st.floats(-0.05, 0.05), changed=st.floats(0, 0.3))
def test_an_imposed_light_is_recovered_whatever_changed(gain, offset, changed):
    one = ground()
    two = (one - offset) / gain + np.random.default_rng(1).normal(0, 0.002, one.shape)
    two[:, :, : int(changed * 240)] = 0.5
    found, later = fitted(one, two)
    assert found.status == "ok"
    assert found.gain == pytest.approx((gain,) * 4, rel=0.02)
    assert found.offset == pytest.approx((offset,) * 4, abs=0.005)
    same = apply(found, later.image).values[:, :, 100:]
    assert np.abs(same - one[:, :, 100:]).mean() < 0.01


def test_unlike_or_hidden_ground_is_refused_and_left_as_it_is():
    found, later = fitted(ground(), ground(7))
    assert found.status == "failed"
    assert apply(found, later.image) is later.image
    hidden, _ = fitted(ground(), ground(), np.zeros((200, 240), bool))
    assert (hidden.status, hidden.cells) == ("failed", 0)


def test_only_common_bands_are_fitted():
    a, b = observation(ground(), "earlier"), observation(ground() * 0.9)
    visual = replace(b.raster, values=b.raster.values[:3], bands=b.raster.bands[:3])
    found = normalise_pair(a.raster, visual, a.quality.clear, None, SETTINGS)
    assert found.bands == ("blue", "green", "red")


@pytest.mark.parametrize("curve", [0.6, 0.75, 1.3])
@pytest.mark.parametrize("eye", ["earlier", "later"])
def test_a_picture_made_for_the_eye_is_straightened(curve, eye):
    measured, rng = ground(), np.random.default_rng(5)
    picture = np.clip((measured - 0.02) / 0.5, 0, 1) ** curve
    one, two = (picture, measured) if eye == "earlier" else (measured, picture)
    two = two + rng.normal(0, 0.004, two.shape)
    two[:, :, :60] = 0.4
    a, b = observation(one, "earlier"), observation(two)
    found = normalise_pair(a.raster, b.raster, a.quality.clear, None, SETTINGS, toned=True)
    straight = normalise_pair(a.raster, b.raster, a.quality.clear, None, SETTINGS)
    assert found.status == "ok"
    # The exponents tried are 15 % apart, and the picture's black lies above that of the measurement.
    assert found.exponent == pytest.approx(curve if eye == "earlier" else 1 / curve, rel=0.2)

    def left(fit):
        return float(np.median(np.abs(apply(fit, b.image).values - one)[:, :, 80:]))

    assert left(found) < left(straight)
