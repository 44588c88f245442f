"""Strips keep what a track shows, and leave out what is hidden."""

from __future__ import annotations

import numpy as np
from support.values import observation, straight_site

from tumangang_watch.detect.trains.strips import only_clear, sample_strip
from tumangang_watch.settings.trains import TrainSettings


def strip_of(values):
    seen = observation(values)
    return seen, sample_strip(seen.image, straight_site().tracks[0], TrainSettings())


def test_a_plane_of_tone_stays_a_plane():
    east = np.linspace(0.1, 0.5, 400)[None, None]
    _, strip = strip_of(np.broadcast_to(east, (4, 120, 400)))
    middle = strip.values[0, strip.y_m.size // 2]
    np.testing.assert_allclose(
        middle, np.interp(5 + strip.s_m, (np.arange(400) + 0.5) / 2, east[0, 0]), atol=1e-3
    )
    assert np.ptp(strip.values[0], axis=0).max() < 1e-3


def test_left_is_north_of_a_track_that_runs_east():
    values = np.full((4, 120, 400), 0.2)
    values[:, :60] = 0.4
    _, strip = strip_of(values)
    assert strip.values[0, strip.rows(2, 6)].min() > 0.38
    assert strip.values[0, strip.rows(-6, -2)].max() < 0.22


def test_what_lies_under_cloud_is_not_valid():
    seen, strip = strip_of(np.full((4, 120, 400), 0.2))
    clear = np.ones(seen.raster.grid.shape, bool)
    assert only_clear(strip, clear, seen.raster.grid) is strip
    clear[:, 200:] = False
    hidden = only_clear(strip, clear, seen.raster.grid)
    boundary = 100 - 5
    assert hidden.valid[:, strip.s_m < boundary - 1].all()
    assert not hidden.valid[:, strip.s_m > boundary + 1].any()
    assert strip.valid.all()
