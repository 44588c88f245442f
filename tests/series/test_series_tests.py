"""What a series says is true of series whose truth is known; nothing missing counts as zero."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumangang_watch.model.series import TrackDate
from tumangang_watch.model.sightings import Bound, Sighting
from tumangang_watch.series.stays import stays
from tumangang_watch.series.tests import _counted, _ordered, change_points, exposure_of, ranks, unusual
from tumangang_watch.settings.records import SeriesSettings

START = datetime(2022, 1, 1, tzinfo=UTC)


def day(number):
    return (START + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def times(days):
    return np.array([day(t).rstrip("Z") for t in days], dtype="datetime64[s]")


def train(when, from_m, to_m, cars=10):
    return Sighting(
        area="yard", track="1", acquired=day(when), from_m=from_m, to_m=to_m, cars=cars, confidence=0.9
    )


@given(st.lists(st.integers(0, 12), min_size=1, max_size=80), st.sampled_from([0.02, 0.05, 0.1]))
@settings(max_examples=150, deadline=None)
def test_the_stated_rate_is_the_exact_level_whatever_the_values(values, rate):
    """Put each value last in turn: so many as stated are called unusual."""
    stated = unusual(values, rate).false_rate[-1]
    called = 0
    for k in range(len(values)):
        last = unusual([*values[:k], *values[k + 1 :], values[k]], rate)
        called += int(last.high[-1] or last.low[-1])
    assert called / len(values) == pytest.approx(stated)
    assert stated <= 2 * rate + 1e-9


def by_definition(values, rate):
    """Each value held against a sorted list of those up to it."""
    from bisect import bisect_left, bisect_right, insort

    ordered, found = [], []
    for n, value in enumerate(values, start=1):
        insort(ordered, value)
        most = int(rate * n + 1e-9)
        high, low, beyond = False, False, 0
        if most:
            upper, lower = ordered[n - most - 1], ordered[most]
            high, low = value > upper, value < lower
            beyond = n - bisect_right(ordered, upper) + bisect_left(ordered, lower)
        above, below = n - bisect_left(ordered, value), bisect_right(ordered, value)
        found.append((high, low, above / n, below / n, beyond / n, n - 1))
    return found


@given(
    st.one_of(
        st.lists(st.integers(0, 9), max_size=200), st.lists(st.floats(0, 1), min_size=70, max_size=200)
    ),
    st.sampled_from([0.02, 0.05, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_each_value_is_held_against_those_before(values, rate):
    tests = unusual(values, rate)
    names = ("high", "low", "p_high", "p_low", "false_rate", "before")
    rows = list(zip(*(getattr(tests, name).tolist() for name in names), strict=True))
    assert rows == by_definition(values, rate)
    assert tests.alarms() == [k for k, row in enumerate(rows) if row[0] or row[1]]


def test_quiet_series_raise_as_many_alarms_as_stated():
    rng = np.random.default_rng(5)
    stated = raised = 0.0
    for _ in range(150):
        mean, count = rng.uniform(0.5, 20), int(rng.integers(60, 150))
        quiet = rng.negative_binomial(4, 4 / (4 + mean), count).tolist()
        tests = unusual(quiet, 0.05)
        stated += tests.false_rate.sum()
        raised += len(tests.alarms())
    assert raised / stated == pytest.approx(1.0, abs=0.2)


def test_a_record_number_of_cars_is_called_unusual():
    rng = np.random.default_rng(1)
    before = rng.integers(0, 21, 60).tolist()
    tests = unusual([*before, 73], 0.02)
    assert (tests.high[-1], tests.low[-1], tests.before[-1]) == (True, False, 60)
    assert tests.p_high[-1] == pytest.approx(1 / 61)
    assert not unusual([*before[:30], 73], 0.02).high[-1], "thirty dates cannot show one in fifty"


def test_ranks_count_from_the_highest_and_ties_share_the_better_one():
    assert ranks([3, 9, 3, 1]).tolist() == [2, 1, 2, 4]


@pytest.mark.parametrize("step", [4, 8])
def test_a_lasting_change_is_found_where_it_happened(step):
    rng = np.random.default_rng(2)
    values = [*rng.poisson(6, 60), *rng.poisson(6 + step, 50), *rng.poisson(6, 40)]
    found = change_points(values, 0.01, 8)
    assert [abs(c.index - truth) <= 6 for c, truth in zip(found, (60, 110), strict=True)] == [True, True]
    assert found[0].after > found[0].before


def test_quiet_series_have_few_change_points():
    rng = np.random.default_rng(3)
    assert sum(len(change_points(rng.poisson(5, 80), 0.01, 8)) for _ in range(300)) <= 9


def test_the_chance_of_missing_a_stay_is_that_of_drawing_one():
    rng = np.random.default_rng(4)
    seen = np.cumsum(rng.exponential(4.0, 60))
    stated = exposure_of(times(seen), (1.0, 5.0)).unseen
    begins = rng.uniform(seen[0], seen[-1], 20_000)
    for stay in (1.0, 5.0):
        following = seen[np.searchsorted(seen, begins).clip(max=len(seen) - 1)]
        assert stated[stay] == pytest.approx((following > begins + stay).mean(), abs=0.02)


def test_exposure_counts_days_not_scenes():
    found = exposure_of(times((0, 0.2, 4)), (1.0,))
    assert (found.days_passed, found.days_observed, found.longest_gap_days) == (5, 2, pytest.approx(3.8))


WHOLE = ((0.0, 500.0),)


@given(
    st.floats(5, 60),
    st.floats(0.5, 30),
    st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=2, max_size=25),
)
@settings(max_examples=150, deadline=None)
def test_a_stay_lies_within_its_bounds(arrives, lasts, looks):
    """Whatever dates there are: the true arrival and departure lie in the stated intervals."""
    looks = sorted({round(t, 3): seen for t, seen in looks}.items())
    dates = [TrackDate("1", "yard", 500.0, day(t), f"r{t}", WHOLE if seen else ()) for t, seen in looks]
    there = [t for t, seen in looks if seen and arrives <= t < arrives + lasts]
    found = stays([train(t, 100.0, 240.0) for t in there], dates, SeriesSettings())
    assert len(found) == bool(there)
    for stay in found:
        assert len(stay.sightings) == len(there)
        assert stay.after is None or stay.after.acquired <= day(arrives)
        assert stay.first.acquired == day(there[0])
        assert stay.before is None or stay.before.acquired >= day(arrives + lasts)
        seen_before = [t for t, seen in looks if seen and t < arrives]
        assert stay.after == (Bound(day(seen_before[-1])) if seen_before else None)


def test_another_train_in_the_same_place_is_another_stay():
    dates = [TrackDate("1", "yard", 500.0, day(t), f"r{t}", WHOLE) for t in (0, 1, 2)]
    trains = [train(0, 100.0, 240.0), train(1, 90.0, 380.0, 20)]
    first, second = stays(trains, dates, SeriesSettings())
    assert (first.before, second.after, second.before) == (Bound(day(1)), Bound(day(0)), Bound(day(2)))
    assert second.longest_days == pytest.approx(2.0)


def test_counting_kinds_and_keeping_order_say_the_same():
    rng = np.random.default_rng(7)
    for kinds in (1, 2, 9, 40):
        values = rng.integers(0, kinds, 300).astype(float)
        limits = (0.05 * np.arange(1, 301) + 1e-9).astype(int)
        assert (_counted(values, limits) == _ordered(values, limits)).all()
