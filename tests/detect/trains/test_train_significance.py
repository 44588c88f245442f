"""The expected number of false trains falls with the score and grows with what is searched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumangang_watch.detect.trains.segments import TrainSegment, false_alarms, noise_of
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
