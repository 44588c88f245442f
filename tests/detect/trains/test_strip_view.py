"""A view is free of a scene's gain and air, and always lies the same way to the sun."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.values import EAST0, NORTH0, observation, straight_site

from tumangang_watch.detect.trains.reading import NetReading, OtherView, against
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.detect.trains.view import CHANNELS, HALF_ROWS, STEP_M, geometry_of, scale_of, view_of
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()
LIGHT, UNLIKE = CHANNELS.index("light"), CHANNELS.index("unlike_row")


def yard(body=None, seed=1):
    """A grey yard of 200 x 60 m with a darker bed; a body from 60 to 100 m with a shadow north of it."""
    rng = np.random.default_rng(seed)
    values = 0.2 + 0.01 * rng.normal(size=(4, 120, 400))
    values[:, 55:66] -= 0.05
    values[:, :2] = 0.02
    if body is not None:
        values[:, 57:64, 130:210] = np.array(body)[:, None, None]
        values[:, 52:57, 130:210] = 0.04
    return values


def view(values, sun=(180.0, 35.0), light=None):
    seen = observation(values, sun=sun)
    strip = sample_strip(seen.image, straight_site().tracks[0], SETTINGS)
    return view_of(strip, seen.scene, light or scale_of([strip]), SETTINGS)


@settings(deadline=None)
@given(gain=st.floats(0.3, 5), haze=st.floats(0, 0.2))
def test_gain_and_path_light_drop_out(gain, haze):
    plain, changed = view(yard((0.1, 0.2, 0.3, 0.4))), view(gain * (yard((0.1, 0.2, 0.3, 0.4)) + haze))
    np.testing.assert_allclose(plain.patch, changed.patch, atol=2e-3)


@pytest.mark.parametrize("azimuth", [180.0, 0.0])
def test_shadows_fall_to_the_left_of_every_view(azimuth):
    values = yard((0.3, 0.3, 0.3, 0.3))
    if azimuth == 0.0:
        # The sun in the north throws the shadow south.
        values[:, 52:57, 130:210] = 0.2
        values[:, 64:69, 130:210] = 0.04
    seen = view(values, sun=(azimuth, 35.0))
    middle = seen.patch.shape[2] // 2 - round(15 / STEP_M)
    left = seen.patch[LIGHT, HALF_ROWS + 4 : HALF_ROWS + 7, middle - 20 : middle + 20].mean()
    right = seen.patch[LIGHT, HALF_ROWS - 6 : HALF_ROWS - 3, middle - 20 : middle + 20].mean()
    assert left < right - 0.3


def test_geometry_follows_sun_and_view():
    seen = observation(yard(), sun=(180.0, 45.0))
    scene = replace(seen.scene, off_nadir_deg=20.0, view_azimuth_deg=0.0)
    strip = sample_strip(seen.image, straight_site().tracks[0], SETTINGS)
    geometry = geometry_of(strip, scene, SETTINGS)
    assert geometry.shadow_side == 1
    assert geometry.shadow_m == pytest.approx(SETTINGS.body_height_m, rel=1e-6)
    # Seen from the north, tops lean south: to the right of a track that runs east.
    assert geometry.lean_m == pytest.approx(-SETTINGS.body_height_m * np.tan(np.radians(20)), rel=1e-6)
    unknown = geometry_of(strip, replace(scene, sun_azimuth_deg=None), SETTINGS)
    assert (unknown.shadow_side, unknown.shadow_along_m) == (0, 0.0)


def test_a_strip_nobody_saw_has_no_light():
    seen = observation(yard())
    strip = sample_strip(seen.image, straight_site().tracks[0], SETTINGS)
    assert scale_of([replace(strip, valid=np.zeros_like(strip.valid))]) is None


def test_another_empty_date_is_the_background():
    train = view(yard((0.15, 0.15, 0.15, 0.15), seed=2))
    empty = view(1.05 * yard(seed=3), light=scale_of([train.strip]))
    n = empty.patch.shape[2]
    nothing = NetReading(np.full(n, -6.0), np.full(n, -6.0), np.zeros((7, n)))
    told = against(train, [OtherView(empty, nothing)], SETTINGS)
    inside = slice(round(65 / STEP_M), round(95 / STEP_M))
    beyond = slice(round(120 / STEP_M), round(170 / STEP_M))
    shadow = told.patch[UNLIKE, HALF_ROWS + 5, inside].mean()
    assert shadow < -0.8
    assert np.abs(told.patch[UNLIKE, HALF_ROWS - 2 : HALF_ROWS + 3, beyond]).mean() < 0.12
    occupied = replace(nothing, occupied=np.full(n, 6.0))
    assert against(train, [OtherView(empty, occupied)], SETTINGS) is train


def test_a_bed_in_a_long_trains_shadow_is_no_background():
    """The row is dark all along: typical of itself, but no bed in the sun."""
    bare, shaded = view(yard(seed=2)), yard(seed=3)
    shaded[:, 55:66] = 0.03
    other = view(shaded, light=scale_of([bare.strip]))
    nothing = NetReading(
        np.full(other.patch.shape[2], -6.0), np.full(other.patch.shape[2], -6.0), np.zeros((7, 1))
    )
    told = against(bare, [OtherView(other, nothing)], SETTINGS)
    bed = slice(HALF_ROWS - 2, HALF_ROWS + 3)
    np.testing.assert_array_equal(told.patch[UNLIKE, bed], bare.patch[UNLIKE, bed])


def test_the_yard_lies_where_the_fixture_says():
    track = straight_site().tracks[0].line
    assert track.coords[0] == (EAST0 + 5, NORTH0 - 30)
