"""Couplings that are there are found and counted; what is unsure is said to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumangang_watch.detect.trains.couplings import divide, narrowest
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()
STEP = 0.25
GAP = SETTINGS.coupling_mean_m


def train(lengths_over, strength=9.0):
    """Gain along a train of vehicles of given lengths over couplers, and its length over bodies."""
    length = sum(lengths_over) - GAP
    middles = np.cumsum(lengths_over)[:-1] - GAP / 2
    at = (np.arange(int(length / STEP)) + 0.5) * STEP
    gain = np.full(at.size, -3.0)
    for m in middles:
        gain = np.maximum(gain, -3.0 + (strength + 3.0) * np.exp(-0.5 * ((at - m) / 0.5) ** 2))
    return gain, length, middles


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([12.02, 13.92, 14.73, 17.0, 19.2, 24.5]), min_size=1, max_size=25))
def test_plain_couplings_are_counted_and_placed(lengths):
    gain, length, middles = train(lengths)
    consist = divide(gain, length, STEP, SETTINGS)
    assert consist.count == len(lengths)
    assert consist.low <= len(lengths) <= consist.high
    np.testing.assert_allclose(consist.couplings_m, middles, atol=0.4)
    assert len(consist.certainty) == consist.count


def test_sixty_vehicles_and_more_than_eight_hundred_metres():
    gain, length, _ = train([13.92] * 60)
    consist = divide(gain, length, STEP, SETTINGS)
    assert length > 800
    assert (consist.count, consist.low, consist.high) == (60, 60, 60)


def test_without_couplings_the_count_is_an_interval():
    gain, length, _ = train([15.8] * 10)
    consist = divide(np.full_like(gain, 0.0), length, STEP, SETTINGS)
    assert consist.low <= 10 <= consist.high
    assert consist.high - consist.low >= 2
    assert np.mean(consist.certainty) < 0.6


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=12), st.floats(0.05, 0.98))
def test_the_interval_of_a_count_is_the_narrowest_about_the_likeliest(weights, share):
    one_peak = [*sorted(weights[::2]), *sorted(weights[1::2], reverse=True)]
    posterior = np.array([0.0, *one_peak]) / sum(weights)
    low, high = narrowest(posterior, share)
    held = posterior[low : high + 1].sum()
    assert 1 <= low <= posterior.argmax() <= high < posterior.size
    assert held >= min(share, 1.0) - 1e-9
    if low < high:
        assert held - min(posterior[low], posterior[high]) < share


def test_one_vehicle_is_one():
    gain, length, _ = train([13.92])
    consist = divide(gain, length, STEP, SETTINGS)
    assert (consist.count, consist.couplings_m) == (1, ())
    assert consist.certainty[0] == pytest.approx(1.0, abs=0.05)


def test_direction_does_not_matter():
    gain, length, _ = train([12.02, 12.02, 17.0, 13.92, 24.5, 14.73])
    gain = gain + np.random.default_rng(2).normal(0, 0.5, gain.size)
    ahead, back = divide(gain, length, STEP, SETTINGS), divide(gain[::-1], length, STEP, SETTINGS)
    assert ahead.count == back.count
    whole = gain.size * STEP
    np.testing.assert_allclose([whole - c for c in reversed(back.couplings_m)], ahead.couplings_m, atol=0.5)


@pytest.mark.parametrize("seen_m", [2.5, 6.0, 11.0])
@pytest.mark.parametrize("at_start", [False, True])
def test_a_vehicle_of_which_the_picture_shows_a_piece_is_a_vehicle(seen_m, at_start):
    gain, _, middles = train([13.92] * 5)
    keep = round((middles[3] + GAP / 2 + seen_m) / STEP)
    part = gain[:keep][:: -1 if at_start else 1]
    consist = divide(part, keep * STEP, STEP, SETTINGS, (at_start, not at_start))
    assert consist.count == 5
    expected = keep * STEP - middles[3::-1] if at_start else middles[:4]
    np.testing.assert_allclose(consist.couplings_m, expected, atol=0.4)
    assert min(consist.certainty) > 0.9


def test_of_a_whole_train_nothing_changes_where_seeing_ends_with_it():
    gain, length, _ = train([13.92] * 4)
    seen, cut = divide(gain, length, STEP, SETTINGS), divide(gain, length, STEP, SETTINGS, (True, True))
    assert seen.count == cut.count == 4
    np.testing.assert_allclose(cut.couplings_m, seen.couplings_m, atol=0.1)


def test_a_short_vehicle_counts_though_its_end_is_measured_short():
    """Two-axle wagons measure 9.2 m over couplers; of the last one 0.7 m is not read."""
    gain, length, middles = train([15.0, 9.2])
    short = gain[: gain.size - round(0.7 / STEP)]
    consist = divide(short, length - 0.7, STEP, SETTINGS)
    assert consist.count == 2
    np.testing.assert_allclose(consist.couplings_m, middles, atol=0.4)
