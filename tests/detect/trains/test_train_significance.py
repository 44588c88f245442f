"""The expected number of false trains falls with the score and grows with what is searched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumangang_watch.detect.trains.segments import (
    TrainSegment,
    false_alarms,
    false_alarms_of,
    find_runs,
    noise_of,
)
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()


@given(score=st.floats(0, 40), more=st.floats(0.1, 10), km=st.floats(0.1, 50))
def test_stronger_trains_are_rarer_by_chance(score, more, km):
    assert false_alarms(score + more, km, 1.0, SETTINGS) < false_alarms(score, km, 1.0, SETTINGS)
    assert false_alarms(score, 2 * km, 1.0, SETTINGS) == pytest.approx(
        2 * false_alarms(score, km, 1.0, SETTINGS)
    )


def test_a_quiet_scene_keeps_the_null_and_a_noisy_one_raises_it():
    weak = [TrainSegment(from_m=0, to_m=20, score=2.0)] * 40
    assert noise_of([], 10.0, SETTINGS) == 1.0
    assert noise_of([TrainSegment(from_m=0, to_m=100, score=50.0)] * 40, 10.0, SETTINGS) == 1.0
    assert noise_of(weak, 10.0, SETTINGS) > 5


@given(score=st.floats(0, 200), km=st.floats(0.1, 50))
def test_a_stretch_of_which_the_network_is_not_sure_is_never_rarer_by_chance(score, km):
    sure, unsure = (
        TrainSegment(from_m=0, to_m=60, score=score, log_odds=SETTINGS.unsure_log_odds + away)
        for away in (0.1, -0.1)
    )
    assert false_alarms_of(sure, km, 1.0, SETTINGS) == false_alarms(score, km, 1.0, SETTINGS)
    assert false_alarms_of(unsure, km, 1.0, SETTINGS) >= false_alarms_of(sure, km, 1.0, SETTINGS)


def test_a_long_faint_stretch_is_less_sure_than_a_short_plain_one():
    """Ballast between dark water is unlike its track everywhere, by little; a vehicle is by much."""
    seen = np.ones(400, bool)
    faint, plain = np.full(400, -8.0), np.full(400, -8.0)
    faint[100:160], plain[100:130] = 0.3, 9.0
    one, other = (find_runs(odds, seen, SETTINGS) for odds in (faint, plain))
    assert len(one) == len(other) == 1
    assert one[0].log_odds == pytest.approx(0.3, abs=0.5)
    assert false_alarms_of(one[0], 2.0, 1.0, SETTINGS) > SETTINGS.false_alarms_detected
    assert false_alarms_of(other[0], 2.0, 1.0, SETTINGS) <= SETTINGS.false_alarms_detected
