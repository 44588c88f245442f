"""The expected number of false trains falls with the score and grows with what is searched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString
from support.strip_views import view

from tumangang_watch.detect.trains.reading import read_again
from tumangang_watch.detect.trains.segments import (
    TrainSegment,
    checked,
    false_alarms,
    find_runs,
    noise_of,
    on_track,
    probability_of,
)
from tumangang_watch.model.site import TRACED, Track
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


@given(score=st.floats(1, 500), odds=st.floats(-12, 12), more=st.floats(0.1, 6))
def test_the_surer_the_second_reader_the_likelier_a_train(score, odds, more):
    one, other = (
        TrainSegment(from_m=0, to_m=60, score=score, second_log_odds=value) for value in (odds, odds + more)
    )
    assert 0 < probability_of(one, SETTINGS) <= probability_of(other, SETTINGS) < 1


@given(score=st.floats(1, 500))
def test_no_length_makes_a_stretch_likely_that_the_second_reader_denies(score):
    """Ballast between dark water is unlike its track for hundreds of metres: its score is a train's."""
    denied, agreed = (
        TrainSegment(from_m=0, to_m=300, score=score, second_log_odds=value) for value in (0.0, 5.0)
    )
    assert probability_of(denied, SETTINGS) < SETTINGS.confidence_detected < probability_of(agreed, SETTINGS)


def test_a_stretch_is_read_again_where_it_lies_whichever_way_its_strip_is_turned():
    ahead, back = view(), view(turned=True)
    run = TrainSegment(from_m=30, to_m=70, score=20.0)
    seen = np.ones(400, bool)
    values = [checked(v, seen, [run])[0].second_log_odds for v in (ahead, back)]
    assert np.isfinite(values).all()
    mirrored = TrainSegment(from_m=130, to_m=170, score=20.0)
    assert checked(back, seen, [mirrored])[0].second_log_odds == pytest.approx(values[0], abs=1e-4)


def test_of_what_is_not_seen_or_lies_on_a_bridge_the_second_reader_says_nothing():
    item, run, seen = view(), TrainSegment(from_m=30, to_m=70, score=20.0), np.ones(400, bool)
    bridge = replace(item, strip=replace(item.strip, bridges_m=((40.0, 60.0),)))
    assert checked(bridge, seen, [run]) == [run]
    seen[60:140] = False
    assert checked(item, seen, [run]) == [run]
    longer = replace(run, score=60.0)
    assert 0 < probability_of(run, SETTINGS) < probability_of(longer, SETTINGS) < 1


def test_a_part_is_read_again_as_the_whole_strip_is():
    item = view(800)
    (whole,) = read_again(item, [slice(0, 800)])
    (part,) = read_again(item, [slice(300, 420)])
    np.testing.assert_allclose(part, whole[300:420], atol=1e-4)


def test_parts_that_rest_on_the_same_ground_are_read_as_each_alone_is():
    parts = [slice(20, 60), slice(140, 190), slice(600, 640)]
    for item in (view(800), view(800, turned=True)):
        for part, together in zip(parts, read_again(item, parts), strict=True):
            np.testing.assert_allclose(together, read_again(item, [part])[0], atol=1e-4)
    assert read_again(view(800), []) == []


def test_a_stretch_found_is_as_long_as_what_stands_out():
    seen, plain = np.ones(400, bool), np.full(400, -8.0)
    plain[100:130] = 9.0
    (run,) = find_runs(plain, seen, SETTINGS)
    assert (run.from_m, run.to_m) == pytest.approx((50.0, 65.0), abs=0.5)


@given(p=st.floats(0.001, 0.999), sure=st.floats(0.05, 0.95), more=st.floats(0.01, 0.05))
def test_a_train_is_as_sure_as_its_track_lets_it_be(p, sure, more):
    assert on_track(p, 1.0, SETTINGS) == pytest.approx(p)
    assert on_track(p, 0.0, SETTINGS) == 0.0
    assert on_track(p, sure, SETTINGS) < on_track(p, sure + more, SETTINGS) < p
    assert on_track(p, sure, SETTINGS) < on_track(min(p + 0.0005, 1.0), sure, SETTINGS)


def test_a_weak_reading_on_a_doubtful_track_is_no_sure_train_and_a_strong_one_is():
    assert on_track(0.85, 0.56, SETTINGS) < 0.5
    assert on_track(0.999, 0.56, SETTINGS) > 0.95


def test_only_a_track_that_was_traced_and_not_reviewed_is_in_doubt():
    traced = Track(
        id="t",
        line=LineString([(0, 0), (100, 0)]),
        name="t",
        provisional=True,
        source=f"{TRACED}scene",
        confidence=0.56,
    )
    assert traced.certainty == 0.56
    assert replace(traced, provisional=False).certainty == 1.0
    assert replace(traced, confidence=None).certainty == 1.0
    assert replace(traced, source="drawn by hand").certainty == 1.0
