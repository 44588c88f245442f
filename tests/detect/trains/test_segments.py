"""Stretches of evidence become trains with the ends and the cuts that they have."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tumangang_watch.detect.trains.segments import find_runs
from tumangang_watch.detect.trains.view import STEP_M
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()


def odds(length_m, *trains, high=5.0, low=-5.0):
    at = (np.arange(round(length_m / STEP_M)) + 0.5) * STEP_M
    inside = np.zeros(at.size, bool)
    for a, b in trains:
        inside |= (at > a) & (at < b)
    return np.where(inside, high, low)


def runs(values, seen=None):
    return find_runs(values, np.ones(values.size, bool) if seen is None else seen, SETTINGS)


@given(start=st.floats(5, 150), length=st.floats(12, 120))
def test_a_train_is_found_where_it_stands(start, length):
    found = runs(odds(300, (start, start + length)))
    assert len(found) == 1
    assert abs(found[0].from_m - start) <= STEP_M
    assert abs(found[0].to_m - start - length) <= STEP_M


def test_no_evidence_no_train():
    assert runs(odds(300)) == []
    assert runs(np.full(400, -1.5)) == []


def test_uncoupled_cuts_are_told_apart_and_couplings_are_not():
    apart = runs(odds(300, (20, 100), (106, 180)))
    assert [(round(r.from_m), round(r.to_m)) for r in apart] == [(20, 100), (106, 180)]
    assert len(runs(odds(300, (20, 100), (102, 180)))) == 1


def test_what_is_too_short_for_a_vehicle_is_none():
    assert runs(odds(300, (50, 50 + SETTINGS.train_min_m - 2))) == []


def test_unseen_track_says_nothing():
    values = odds(300, (50, 120))
    unseen = np.ones(values.size, bool)
    unseen[round(40 / STEP_M) : round(130 / STEP_M)] = False
    assert runs(values, unseen) == []


def test_direction_does_not_matter():
    values = odds(300, (20, 100), (130, 180)) + np.random.default_rng(1).normal(0, 1, 600)
    ahead, back = runs(values), runs(values[::-1])
    assert [(300 - r.to_m, 300 - r.from_m) for r in reversed(back)] == [(r.from_m, r.to_m) for r in ahead]


def test_a_faint_tail_is_no_part_of_a_sure_train():
    values = odds(300, (100, 180))
    tail = slice(round(180 / STEP_M), round(200 / STEP_M))
    values[tail] = -0.5
    assert abs(runs(values)[0].to_m - 180) < 1.5
    # A wagon that reads well above the empty track is one, however sure the others are.
    values[tail] = 2.5
    assert abs(runs(values)[0].to_m - 200) < 1.5


def test_a_train_ends_where_nothing_is_seen_and_may_go_on():
    values, seen = odds(300, (60, 180)), np.ones(600, bool)
    seen[: round(100 / STEP_M)] = False
    seen[round(150 / STEP_M) : round(170 / STEP_M)] = False
    found = runs(values, seen)
    assert [(r.from_m, r.to_m) for r in found] == [(100, 150), (170, 180)]
    assert [r.unseen_m for r in found] == [(100, 20), (20, 0)]
    # What hides no vehicle parts no train.
    seen[round(150 / STEP_M) : round(170 / STEP_M)] = True
    seen[round(150 / STEP_M) : round(156 / STEP_M)] = False
    found = runs(values, seen)
    assert [(r.from_m, r.to_m, r.unseen_m) for r in found] == [(100, 180, (100, 0))]


def test_unseen_track_farther_off_leaves_an_end_as_it_is():
    values, seen = odds(300, (100, 180)), np.ones(600, bool)
    seen[: round(90 / STEP_M)] = seen[round(190 / STEP_M) :] = False
    assert [r.unseen_m for r in runs(values, seen)] == [(0, 0)]
