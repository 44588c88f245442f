"""Trials lie on seen and empty track, repeat themselves, and tell the found from the missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.ops import substring
from support.values import observation, straight_site, train_detection

from tumangang_watch.detectability.model import Placement, Specimen
from tumangang_watch.detectability.plan import SPECIMENS, Footing, TrackState, plan_trials
from tumangang_watch.detectability.rates import TrialOutcome, found_rates
from tumangang_watch.detectability.run import Detectability, try_detector
from tumangang_watch.detectability.words import statements
from tumangang_watch.settings.detectability import DetectabilitySettings

SETTINGS = DetectabilitySettings(rounds_max=3)
LENGTH_M = 400.0


def span_of(specimen):
    return 14.0 * specimen.cars - 1.1


FOOTING = Footing(span_of, ((1.0, 5.0), (-0.5, 0.5)), 1.2)


def seen(**fields):
    return observation(np.full((4, 120, round(2 * LENGTH_M)), 0.15), **fields)


def body(site, placement):
    line = next(t.line for t in site.tracks if t.id == placement.track)
    return substring(line, placement.from_m, placement.to_m).buffer(1.6, cap_style="flat")


@given(
    starts=st.lists(st.tuples(st.integers(1, 3), st.floats(10, 300), st.integers(1, 6)), max_size=4),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
)
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_insertions_keep_clear_of_trains_and_of_each_other(starts, digest):
    site = straight_site(LENGTH_M, tracks=3)
    trains = tuple(
        train_detection(site, "later", a, a + 14.0 * n, cars=n, track=f"T{k}") for k, a, n in starts
    )
    plan = plan_trials(seen(sha256=digest), site, trains, FOOTING, SETTINGS)
    for one in plan.rounds:
        bodies = [body(site, p) for p in one]
        for p, own in zip(one, bodies, strict=True):
            for train in trains:
                assert not own.intersects(train.geometry)
                if train.track == p.track:
                    assert p.from_m > train.to_m + 10 or p.to_m < train.from_m - 10
        for k, p in enumerate(one):
            for j in range(k):
                assert bodies[k].distance(bodies[j]) > 2.5
                if one[j].track == p.track:
                    assert max(p.from_m - one[j].to_m, one[j].from_m - p.to_m) >= SETTINGS.gap_m


def test_the_scene_decides_the_plan():
    site = straight_site(LENGTH_M, tracks=2)
    plans = [
        plan_trials(seen(sha256=digest), site, (), FOOTING, SETTINGS)
        for digest in ("a" * 64, "a" * 64, "b" * 64)
    ]
    assert plans[0] == plans[1] != plans[2]
    assert len(plans[0].placements) >= 20
    assert {p.specimen.cars for p in plans[0].placements} == {1, 3}


def test_what_is_hidden_is_not_observable_and_not_tried():
    site = straight_site(LENGTH_M, tracks=3)
    roofed = replace(site.tracks[1], occluded_from=date(2020, 1, 1))
    site = replace(site, tracks=(site.tracks[0], roofed, site.tracks[2]))
    scene = seen()
    clear, cloud = scene.quality.clear.copy(), scene.quality.cloud.copy()
    clear[76:86] = False  # the third track lies 40 m, 80 rows, below the north edge
    cloud[76:86] = True
    scene = replace(scene, quality=replace(scene.quality, clear=clear, cloud=cloud))
    plan = plan_trials(scene, site, (), FOOTING, SETTINGS)
    assert [t.status for t in plan.tracks] == ["observed", "not_observable", "not_observable"]
    assert "roof" in plan.tracks[1].reasons[0]
    assert plan.tracks[2].reasons == ("cloud",)
    assert {p.track for p in plan.placements} == {"T1"}
    result = try_detector(scene, site, plan, lambda *_: lambda: None, lambda _: (), SETTINGS)
    assert {r.track for r in result.rates} == {None, "T1"}
    said = " ".join(statements(result))
    assert "Not observable: T2 (under a roof since 2020-01-01), T3 (cloud)" in said


def test_a_detector_that_sees_only_bright_vehicles_is_said_to():
    site = straight_site(LENGTH_M, tracks=3)
    scene = seen()
    plan = plan_trials(scene, site, (), FOOTING, replace(SETTINGS, rounds_max=12))
    now = []

    def insert(values, placements):
        now[:] = placements
        values += 1.0

        def undo():
            values[...] -= 1.0

        return undo

    def detector(shown):
        assert shown.image.values.max() > 1.0
        with pytest.raises(ValueError, match="read-only"):
            shown.image.values[0, 0, 0] = 0
        return tuple(
            train_detection(site, "later", p.from_m, p.to_m, 1, p.track)
            for p in now
            if p.specimen.brightness == "bright"
        )

    result = try_detector(scene, site, plan, insert, detector, SETTINGS)
    np.testing.assert_allclose(scene.image.values, 0.15)
    rates = {r.specimen: r.rate for r in result.rates if r.track is None}
    for specimen, rate in rates.items():
        assert (rate.estimate > 0.6) == (specimen.brightness == "bright"), specimen
    assert rates[Specimen("open", "dark", "empty", 1)].high < 0.5
    assert "dark" in statements(result)[0] or "mid" in statements(result)[0]


def test_possible_trains_and_slight_overlaps_do_not_count():
    site = straight_site(LENGTH_M)
    place = Placement(specimen=SPECIMENS[0], track="T1", from_m=100.0, to_m=113.0, seed=1)
    plan = replace(plan_trials(seen(), site, (), FOOTING, SETTINGS), rounds=((place,),))
    for train, found in (
        (train_detection(site, "later", 98.0, 116.0, 1), True),
        (train_detection(site, "later", 98.0, 116.0, 1, grade="possible"), False),
        (train_detection(site, "later", 109.0, 140.0, 2), False),
    ):
        result = try_detector(seen(), site, plan, lambda *_: lambda: None, lambda _, t=train: (t,), SETTINGS)
        assert result.outcomes[0].found is found


def test_rates_recover_imposed_ones_and_their_intervals_cover():
    rng = np.random.default_rng(5)
    true = {s: {"dark": 0.55, "mid": 0.85, "bright": 0.97}[s.brightness] for s in SPECIMENS if s.cars == 1}
    covered, errors = [], []
    for _ in range(25):
        outcomes = []
        for k in range(140):
            specimen = list(true)[k % len(true)]
            where = Placement(specimen=specimen, track=f"T{k % 3}", from_m=0.0, to_m=13.0, seed=k)
            outcomes.append(TrialOutcome(where, bool(rng.random() < true[specimen])))
        for rate in found_rates(tuple(outcomes), {"T0": 100.0, "T1": 100.0, "T2": 50.0}, SETTINGS):
            if rate.track is None and rate.specimen in true:
                covered.append(rate.rate.low <= true[rate.specimen] <= rate.rate.high)
                errors.append(rate.rate.estimate - true[rate.specimen])
    assert np.mean(covered) >= 0.85
    assert abs(np.mean(errors)) < 0.05


def test_a_scene_in_which_all_is_found_is_not_said_to_miss_much():
    specimens = [s for s in SPECIMENS if s.cars == 1]
    outcomes = [
        TrialOutcome(
            Placement(specimen=specimens[k % 15], track=f"T{k % 3}", from_m=0, to_m=13, seed=k), k != 7
        )
        for k in range(90)
    ]
    rates = found_rates(tuple(outcomes), {"T0": 1.0, "T1": 1.0, "T2": 1.0}, SETTINGS)
    single = [r.rate.estimate for r in rates if r.specimen.cars == 1]
    assert np.mean(single) > 0.95


def test_nothing_tried_is_said_so():
    state = TrackState(track="T1", status="observed", observed_fraction=1.0, empty_m=0.0)
    said = statements(
        Detectability(
            tracks=(state,), rates=(), outcomes=(), note="no empty track bed was seen: nothing could be tried"
        )
    )
    assert said == (
        "What could have been missed is not known: no empty track bed was seen: nothing could be tried.",
    )
