"""A peak of correlation lies where a patch was moved to; ties on moved ground say by how much."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import fourier_shift, gaussian_filter
from support.values import EAST0, NORTH0, native_image, straight_site

from tumangang_watch.grid import Grid
from tumangang_watch.preprocess.correlation import find_peaks, orientation, surfaces
from tumangang_watch.preprocess.tiepoints import find_ties
from tumangang_watch.settings.preprocess import RegistrationSettings

TAPER = np.outer(np.hanning(64), np.hanning(64)).astype(np.float32)


def texture(rows=64, cols=64, seed=0):
    rng = np.random.default_rng(seed)
    return sum(gaussian_filter(rng.normal(size=(rows, cols)), s, mode="wrap") * s for s in (1.0, 3.0))


def moved(values, down, right):
    return np.fft.ifft2(fourier_shift(np.fft.fft2(values), (down, right))).real


@pytest.mark.parametrize(("down", "right"), [(0.0, 0.0), (2.3, -1.7), (-4.4, 3.1)])
@pytest.mark.parametrize("gain", [1.0, -1.0])
def test_the_peak_lies_at_the_imposed_shift(down, right, gain):
    one, two = texture()[None].astype(np.float32), moved(texture(), down, right)[None].astype(np.float32)
    lines = [orientation(p) * TAPER for p in (one, gain * two)]
    peaks = find_peaks(surfaces(*lines, whiten=False, sigma_px=0.8), 8)
    assert (peaks.rows[0], peaks.cols[0]) == pytest.approx((down, right), abs=0.3)
    if gain > 0:
        peaks = find_peaks(surfaces(one * TAPER, two * TAPER, whiten=True, sigma_px=1.2), 8)
        assert (peaks.rows[0], peaks.cols[0]) == pytest.approx((down, right), abs=0.15)
        assert peaks.z[0] > 6


def test_a_dark_edge_equals_a_bright_one():
    patch = texture().astype(np.float32)
    assert np.allclose(orientation(patch), orientation(-patch))


def test_ties_show_the_shift_and_leave_the_tracks_out():
    ground = 0.25 + 0.03 * texture(360, 420)
    grid = Grid(crs="EPSG:32652", west=EAST0 + 10, north=NORTH0 - 10, pixel_m=0.5, rows=320, cols=380)
    one, two = (native_image(np.stack([v] * 4)) for v in (ground, moved(ground, -2.0, 3.0)))
    site, settings = straight_site(), RegistrationSettings()
    reference = one.on_grid(grid)
    ties = find_ties(reference, two, site, settings, corridors=True, enough=settings.max_windows)
    assert len(ties.x) >= settings.ties_min
    assert np.median(ties.east) == pytest.approx(1.5, abs=0.05)
    assert np.median(ties.north) == pytest.approx(1.0, abs=0.05)
    every = find_ties(reference, two, site, settings, corridors=False, enough=settings.max_windows)
    assert ties.windows <= every.windows


def test_places_are_looked_at_until_there_are_ties_enough_first_those_that_do_not_overlap():
    rng = np.random.default_rng(4)
    ground = 0.25 + 0.03 * sum(gaussian_filter(rng.normal(size=(1000, 1000)), s) * s for s in (1.0, 3.0))
    grid = Grid(crs="EPSG:32652", west=EAST0 + 10, north=NORTH0 - 10, pixel_m=0.5, rows=960, cols=960)
    one, two = (native_image(np.stack([v] * 4)) for v in (ground, moved(ground, -2.0, 3.0)))
    settings = RegistrationSettings()
    few = find_ties(one.on_grid(grid), two, straight_site(), settings, corridors=False, enough=16)
    assert 16 <= len(few.x) <= few.windows < settings.max_windows
    apart = np.maximum(np.abs(few.x[:, None] - few.x), np.abs(few.y[:, None] - few.y))
    assert apart[~np.eye(len(apart), dtype=bool)].min() >= settings.step_m
    assert np.median(few.east) == pytest.approx(1.5, abs=0.05)
    everywhere = find_ties(one.on_grid(grid), two, straight_site(), settings, corridors=False, enough=999)
    assert everywhere.windows == settings.max_windows


def test_real_and_complex_transforms_give_the_same_surface():
    one, two = texture()[None].astype(np.float32), texture(seed=1)[None].astype(np.float32)
    for whiten in (True, False):
        real = surfaces(one, two, whiten=whiten, sigma_px=1.0)
        other = surfaces(one.astype(np.complex64), two, whiten=whiten, sigma_px=1.0)
        assert np.abs(real - other).max() < 2e-3 * np.abs(real).max()
