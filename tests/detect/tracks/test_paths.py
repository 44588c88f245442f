"""A path follows what speaks for a track, over a gap, and the network sees nothing where nothing is seen."""

from __future__ import annotations

import numpy as np

from tumangang_watch.detect.tracks.paths import Lattice, find_paths
from tumangang_watch.detect.tracks.view import CHANNELS, SHRINK, track_odds
from tumangang_watch.settings.tracks import TraceSettings

SETTINGS = TraceSettings()
Y = np.arange(-10.0, 10.01, SETTINGS.across_m)
S = (np.arange(50) + 0.5) * SETTINGS.step_m
SLOPES = np.array([-0.02, 0.0, 0.02])


def lattice(offsets_m, hidden=slice(0, 0)):
    evidence = np.full((Y.size, S.size), -3.0, np.float32)
    for at in offsets_m:
        evidence[np.abs(Y - at) < 0.4] = 3.0
    evidence[:, hidden] = -1.0
    return Lattice(np.broadcast_to(evidence, (len(SLOPES), *evidence.shape)), SLOPES, Y, S)


def test_two_tracks_are_two_paths_and_a_train_between_rails_is_crossed():
    paths = find_paths(lattice((-4.5, 2.0), slice(20, 26)), 10, SETTINGS)
    np.testing.assert_allclose(sorted(float(np.median(p.y_m)) for p in paths), [-4.5, 2.0], atol=0.4)
    assert all(p.length_m > 0.95 * (S[-1] - S[0]) for p in paths)


def test_where_nothing_speaks_for_a_track_there_is_no_path():
    assert find_paths(lattice(()), 10, SETTINGS) == ()


def test_the_network_reads_long_views_like_short_ones():
    view = np.random.default_rng(2).normal(0, 0.3, (len(CHANNELS), 31, 400 * SHRINK)).astype(np.float32)
    middle, occupied = track_odds(view)
    assert middle.shape == occupied.shape == (31, 400)
    part, _ = track_odds(view[:, :, 200 * SHRINK :])
    np.testing.assert_allclose(middle[:, 300:], part[:, 100:], atol=1e-3)
