"""Sums of measures: errors are in part common, and the possible bounds them; log-odds and back again."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumangang_watch.model.interval import SURE, Z90, Interval, Summand, log_odds, logistic, total

TWO = [Summand(value=Interval.around(10, 3)), Summand(value=Interval.around(20, 4))]


@pytest.mark.parametrize(("shared", "half"), [(0.0, 5.0), (0.5, 37**0.5), (1.0, 7.0)])
def test_errors_of_a_sum_lie_between_independent_and_common_ones(shared, half):
    assert total(TWO, shared) == Interval.around(30, half)


def test_one_thing_sums_to_itself_and_nothing_to_none():
    lopsided = Interval(8, 7, 12)
    assert total([Summand(value=lopsided, confidence=0.6)], 0.4) == lopsided
    assert total([]) == Interval(0, 0, 0)


def test_what_is_only_possible_raises_the_upper_bound_at_most_by_all_of_it():
    maybe = Summand(value=Interval.around(12, 0), sure=False, confidence=0.5)
    with_maybe = total([*TWO, maybe], 0.0)
    assert (with_maybe.estimate, with_maybe.low) == (30, 25)
    assert 35 < with_maybe.high <= 30 + 12 + 5
    assert total([maybe]).high == 12
    many = total([maybe] * 100)
    assert many.estimate == many.low == 0
    assert many.high == pytest.approx(600 + Z90 * (100 * 36) ** 0.5)


@pytest.mark.parametrize("number", [1, 2, 6])
def test_interval_of_a_sum_holds_nine_in_ten_where_the_shared_share_is_true(number):
    rng, shared, sd = np.random.default_rng(5), 0.4, 3.0
    common = rng.normal(0, sd * shared**0.5, (4000, 1))
    said = 30 + common + rng.normal(0, sd * (1 - shared) ** 0.5, (4000, number))
    halves = [total([Summand(value=Interval.around(v, Z90 * sd)) for v in row], shared) for row in said]
    held = np.mean([i.low <= 30 * number <= i.high for i in halves])
    assert 0.88 < held < 0.92


@given(st.floats(SURE, 1 - SURE))
def test_a_probability_comes_back_from_its_log_odds(chance: float) -> None:
    assert logistic((1.0,), (log_odds(chance),)) == pytest.approx(chance)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_what_is_sure_has_log_odds_all_the_same(chance: float) -> None:
    assert abs(log_odds(chance)) == pytest.approx(log((1 - SURE) / SURE))


def test_terms_are_weighed_one_by_one_and_none_is_left_out() -> None:
    assert logistic((1.0, -2.0), (3.0, 1.5)) == 0.5
    with pytest.raises(ValueError, match="shorter"):
        logistic((1.0, 2.0), (1.0,))
