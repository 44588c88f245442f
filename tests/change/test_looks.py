"""Vehicles elsewhere are the same where their roofs show the same, whatever the light; like tones are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.values import observation, straight_site, train_detection

from tumangang_watch.change.consist_match import match_trains
from tumangang_watch.change.looks import CHROMA_UNKNOWN, MOST, Looks, compared, roofs
from tumangang_watch.change.other_date import TrainMatcher
from tumangang_watch.change.profiles import pair_scale
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings

SETTINGS, SITE = ChangeSettings(), straight_site()
LINE = SITE.tracks[0].line
TONE = 0.3


def roof(period_m: float) -> np.ndarray:
    """Return a roof (rows, cols) of 3 m x 13 m with hatches so far apart, its mean that of any other."""
    along, across = np.meshgrid((np.arange(26) + 0.5) * 0.5, np.linspace(-1, 1, 6))
    shown = 0.04 * np.sin(2 * np.pi * along / period_m) * np.cos(across)
    return TONE + shown - shown.mean()


def date(label, from_m, period_m, gain=1.0, haze=0.0, colour=(1.0, 1.0, 1.0, 1.0)):
    rng = np.random.default_rng(len(label))
    values = np.repeat(rng.normal(0.25, 0.01, (1, 120, 400)), 4, axis=0)
    start = round((5 + from_m) / 0.5)
    for band, tint in enumerate(colour):
        values[band, 57:63, start : start + 26] = roof(period_m) * tint
    return observation(haze + gain * values, label)


def matches(one, two, at_m):
    pair = DatePair(one, two)
    matcher = TrainMatcher(pair=pair, scale=pair_scale(one, two, SETTINGS), settings=SETTINGS)
    trains = tuple(
        train_detection(SITE, label, at, at + 13, 1)
        for label, at in zip(("earlier", "later"), at_m, strict=True)
    )
    return match_trains(matcher, SITE, trains)


@pytest.mark.parametrize(("gain", "haze"), [(1.0, 0.0), (1.1, 0.0), (0.9, 0.03)])
def test_a_vehicle_is_known_elsewhere_by_its_roof_and_another_of_its_tone_is_not(gain, haze):
    one = date("earlier", 20, 3.1)
    (match,) = matches(one, date("later", 80, 3.1, gain, haze), (20, 80))
    assert match.shift_m == 60.0
    assert matches(one, date("later", 80, 5.3, gain, haze), (20, 80)) == ()


def test_a_vehicle_of_another_colour_and_the_same_brightness_is_another():
    one = date("earlier", 20, 3.1)
    assert matches(one, date("later", 80, 3.1, colour=(1.2, 1.0, 0.8, 1.0)), (20, 80)) == ()


def test_swapped_dates_know_the_same_vehicle():
    one, two = date("earlier", 20, 3.1), date("later", 80, 3.1, gain=1.1)
    (there,), (back,) = matches(one, two, (20, 80)), matches(two, one, (80, 20))
    assert there.odds == pytest.approx(back.odds)
    assert there.shift_m == -back.shift_m


def test_roofs_are_compared_within_the_play_of_their_ends():
    one, two = date("earlier", 20, 3.1), date("later", 80, 3.1)
    scale = pair_scale(one, two, SETTINGS)
    short = roofs(one, LINE, (20, 33), scale)
    assert short.shape == (4, 7, 26)
    for off in (-2.5, 0.0, 2.0):
        found = compared(short, roofs(two, LINE, (77 + off, 96 + off), scale))
        assert found is not None
        assert found.pattern > 0.9
        assert found.chroma < 0.02
    assert compared(np.full((4, 7, 26), np.nan), short) is None
    single = compared(short[:1], short[:1])
    assert single == Looks(pytest.approx(1.0), CHROMA_UNKNOWN, 13.0)


@given(st.floats(1, 500), st.floats(-1, 1), st.floats(-20, 20))
def test_a_long_train_counts_as_some_vehicles(length_m, pattern, odds):
    terms = Looks(pattern, 0.0, length_m).terms(odds)
    assert 0 < terms[4] <= MOST
    assert terms[1] == odds
    assert terms[3] == pytest.approx(terms[2] * terms[4])


def test_a_train_twice_as_long_has_not_moved():
    one, two = date("earlier", 20, 3.1), date("later", 80, 5.3)
    pair = DatePair(one, two)
    matcher = TrainMatcher(pair=pair, scale=pair_scale(one, two, SETTINGS), settings=SETTINGS)
    short = train_detection(SITE, "later", 80, 93, 1)
    long = train_detection(SITE, "earlier", 20, 44, 2)
    short, long = replace(short, length_m=Interval(13, 9, 16)), replace(long, length_m=Interval(24, 20, 27))
    assert match_trains(matcher, SITE, (long, short)) == ()


@pytest.mark.parametrize(("period_m", "told"), [(3.1, True), (5.3, False)])
def test_a_vehicle_that_stands_is_surely_the_same_only_by_its_roof(period_m, told):
    one, two = date("earlier", 20, 3.1), date("later", 20, period_m)
    found = matches(one, two, (20, 20))
    assert (
        [m.in_place and not m.doubtful for m in found] == [True]
        if told
        else not any(m.in_place and not m.doubtful for m in found)
    )
