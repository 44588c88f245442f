"""A line is smoothed without leaning, and goes on along its arc."""

import numpy as np
import shapely

from tumangang_watch.detect.tracks.curve import extended, smoothed


def test_a_straight_row_of_measures_stays_and_one_wild_measure_of_little_weight_hardly_moves_it():
    straight = 0.3 * np.arange(40.0)
    np.testing.assert_allclose(smoothed(straight, np.ones(40), 30.0), straight, atol=1e-3)
    wild, weight = straight.copy(), np.ones(40)
    wild[20], weight[20] = 50.0, 0.003
    assert np.abs(smoothed(wild, weight, 30.0) - straight).max() < 0.2


def test_an_arc_is_continued_along_its_circle():
    turn = np.linspace(0, 0.5, 80)
    arc = shapely.LineString(np.stack([400 * np.sin(turn), 400 * (1 - np.cos(turn))], axis=1))
    longer = extended(arc, 60.0)
    away = np.abs(np.hypot(longer[:, 0], longer[:, 1] - 400) - 400)
    assert away.max() < 1.5
    assert np.hypot(*np.diff(longer, axis=0).T).sum() > arc.length + 100
