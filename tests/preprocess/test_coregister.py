"""Two scenes lie where they were put; what moved is no shift; what cannot be told is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import fourier_shift, gaussian_filter
from support.values import EAST0, NORTH0, native_image, straight_site

from tumangang_watch.affine import IDENTITY, compose, shift
from tumangang_watch.grid import Grid
from tumangang_watch.preprocess.coregister import register_pair
from tumangang_watch.settings.preprocess import RegistrationSettings

PIXEL_M = 0.5
ROWS, COLS = 420, 520
GRID = Grid(
    crs="EPSG:32652", west=EAST0 + 20, north=NORTH0 - 20, pixel_m=PIXEL_M, rows=ROWS - 80, cols=COLS - 80
)
SITE = straight_site(length_m=240.0, rows_m=190.0, tracks=3)


def ground(seed=0):
    """Band-limited ground with detail at several scales, periodic so that it can be shifted exactly."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(3, ROWS, COLS))
    detail = sum(gaussian_filter(n, s, mode="wrap") * s for n, s in zip(noise, (1.0, 3.0, 9.0), strict=True))
    return (0.25 + 0.05 * detail / detail.std()).astype(np.float32)


def shifted(values, east_m, north_m):
    spectrum = fourier_shift(np.fft.fft2(values), (-north_m / PIXEL_M, east_m / PIXEL_M))
    return np.fft.ifft2(spectrum).real.astype(np.float32)


def image(values, gain=1.0):
    return native_image(np.stack([values * gain] * 4), PIXEL_M)


def register(one, two):
    return register_pair(one, two, SITE, GRID, RegistrationSettings())


def test_identical_scenes_have_no_shift():
    found = register(image(ground()), image(ground()))
    assert found.status == "ok"
    assert np.hypot(*found.shift_m) < 0.005


@settings(max_examples=6, deadline=None)
@given(east=st.floats(-14, 14), north=st.floats(-14, 14))
def test_an_imposed_shift_is_recovered(east, north):
    found = register(image(ground()), image(shifted(ground(), east, north), gain=1.3))
    assert found.status == "ok"
    assert found.shift_m == pytest.approx((-east, -north), abs=0.05 * PIXEL_M)
    assert found.held_out >= 3


def test_swapping_the_scenes_turns_the_shift_round():
    one, two = image(ground()), image(shifted(ground(), 4.3, -2.6))
    forth, back = register(one, two), register(two, one)
    assert forth.shift_m == pytest.approx([-v for v in back.shift_m], abs=0.03)


def test_thirty_percent_of_new_ground_does_not_matter():
    changed = shifted(ground(), 6.2, 3.1)
    rng = np.random.default_rng(3)
    while (changed != shifted(ground(), 6.2, 3.1)).mean() < 0.3:
        r, c = rng.integers(0, ROWS - 60), rng.integers(0, COLS - 60)
        changed[r : r + 60, c : c + 60] = ground(9)[r : r + 60, c : c + 60]
    found = register(image(ground()), image(changed))
    assert found.shift_m == pytest.approx((-6.2, -3.1), abs=0.1)


def test_a_train_that_moved_is_not_taken_for_a_shift():
    def with_train(from_m):
        values = ground().copy()
        for k in range(8):
            c = int((5 + from_m + 14 * k) / PIXEL_M)
            values[57:83, c : c + 26] = 0.05 + 0.5 * (k % 2)
        return image(values)

    found = register(with_train(20), with_train(60))
    assert found.status == "ok"
    assert np.hypot(*found.shift_m) < 0.05


def test_unrelated_ground_is_refused_with_a_reason():
    found = register(image(ground(1)), image(ground(2)))
    assert found.status == "failed"
    assert found.reason


def two_seasons(down, right, seed=0, drift_sd=0.06):
    """Roofs, roads and fields that keep their edges and none of their tones, the second in snow."""
    rng = np.random.default_rng(seed)
    rows, cols = ROWS + 80, COLS + 80
    tones = np.full((rows, cols), 0.25)
    snow = np.full((rows, cols), 0.7)
    y, x = np.mgrid[:rows, :cols]
    for _ in range(70):
        turn, r, c = rng.uniform(0, np.pi), rng.uniform(0, rows), rng.uniform(0, cols)
        u = (x - c) * np.cos(turn) + (y - r) * np.sin(turn)
        v = (y - r) * np.cos(turn) - (x - c) * np.sin(turn)
        inside = (np.abs(u) < rng.uniform(8, 60)) & (np.abs(v) < rng.uniform(4, 30))
        tones[inside], snow[inside] = rng.uniform(0.1, 0.4), rng.uniform(0.6, 0.78)
    drift = gaussian_filter(rng.normal(size=snow.shape), 1.5) * drift_sd
    one = gaussian_filter(tones, 0.7) + rng.normal(0, 0.004, tones.shape)
    two = gaussian_filter(snow + drift, 0.7) + rng.normal(0, 0.004, snow.shape)
    cut = slice(40, 40 + ROWS), slice(40, 40 + COLS)
    moved = slice(40 - down, 40 - down + ROWS), slice(40 - right, 40 - right + COLS)
    return image(one[cut].astype(np.float32)), image(two[moved].astype(np.float32))


def test_snow_that_changes_every_tone_leaves_the_edges_where_they_are():
    one, two = two_seasons(down=-13, right=22)
    forth, back = register(one, two), register(two, one)
    assert forth.status != "failed", forth.reason
    assert forth.shift_m == pytest.approx((-11.0, -6.5), abs=0.3)
    assert back.shift_m == pytest.approx((11.0, 6.5), abs=0.3)
    assert forth.held_out >= 3


def test_where_no_place_is_a_tie_the_edges_of_the_whole_say_it_and_are_checked_by_parts():
    found = register(*two_seasons(down=-13, right=22, seed=2, drift_sd=0.15))
    assert found.status == "degraded"
    assert "directions of edges" in found.reason
    assert found.shift_m == pytest.approx((-11.0, -6.5), abs=0.3)
    assert found.residual_median_m > 0.1


def test_other_ground_in_snow_is_not_taken_for_this():
    one, _ = two_seasons(0, 0, seed=1)
    _, two = two_seasons(0, 0, seed=2)
    assert register(one, two).status == "failed"


def test_hidden_ground_is_no_tie():
    two = image(shifted(ground(), 3.0, 1.0))
    valid = two.valid.copy()
    valid[:, 300:] = False
    values = two.values.copy()
    values[:, ~valid] = 0
    found = register(image(ground()), replace(two, valid=valid, values=values))
    assert found.status != "failed"
    assert found.shift_m == pytest.approx((-3.0, -1.0), abs=0.1)


def test_affines_compose_in_the_order_they_are_seen():
    outer = (1.01, 0.02, 3.0, -0.02, 0.99, -1.0)
    assert compose(outer, IDENTITY) == pytest.approx(outer)
    assert compose(IDENTITY, outer) == pytest.approx(outer)
    assert compose(shift(1, 2), shift(3, 4)) == pytest.approx(shift(4, 6))
    picture = image(ground())
    x = np.array([[EAST0 + 40.0]])
    y = np.array([[NORTH0 - 55.0]])
    twice = picture.registered(compose(shift(2.0, 0.0), shift(1.0, 0.5)))
    once = picture.registered(IDENTITY)
    assert twice.sample(x, y)[0] == pytest.approx(once.sample(x + 3.0, y + 0.5)[0])
