"""A train is known again by its wagons' order; unrelated trains and trains of one colour are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.compare import p_value, same_train
from tumangang_watch.reidentify.vehicle_model import COLOUR_NAMES
from tumangang_watch.settings.reidentify import SameTrainSettings

KHASAN = ("grey", "grey", "red", "red", "grey", "grey", "light_grey", "brown")
"""The train of 29 November 2022 from its locomotive back, as 38 North describes it."""
MIXED = (*KHASAN, "brown", "brown", "blue", "blue", "green", "grey", "grey")


def train(colours, kinds=None, lengths=None):
    at, out = 0.0, []
    for k, colour in enumerate(colours):
        length = lengths[k] if lengths else 0.0
        out.append(
            Vehicle(
                from_m=at,
                to_m=at + length,
                type=kinds[k] if kinds else "unknown",
                colour=colour,
                confidence=1.0,
            )
        )
        at += length + 1.1
    return tuple(out)


LOCOMOTIVE = Vehicle(from_m=0.0, to_m=17.0, type="locomotive", colour="green", confidence=1.0)


def test_the_train_of_khasan_is_found_in_the_yard_without_its_locomotive():
    answer = same_train((LOCOMOTIVE, *train(KHASAN)), train(KHASAN))
    assert answer.verdict == "consistent with"
    assert answer.e_value < 1e-3
    assert answer.aligned == tuple((k + 1, k) for k in range(8))
    assert (answer.direction, answer.colour_changes) == ("same", 4)
    assert answer.only_first == answer.only_second == ()


def test_the_train_of_khasan_seen_from_its_other_end():
    answer = same_train(train(KHASAN), (*train(KHASAN[::-1]), LOCOMOTIVE))
    assert answer.direction == "reversed"
    assert answer.aligned == tuple((k, 7 - k) for k in range(8))


def test_a_long_mixed_train_is_likely_the_same():
    assert same_train(train(MIXED), train(MIXED)).verdict == "likely the same"


@pytest.mark.parametrize("cars", [1, 8, 30])
def test_trains_of_one_colour_are_never_the_same(cars):
    kinds = ["open"] * cars
    answer = same_train(train(["brown"] * cars, kinds), train(["brown"] * cars, kinds))
    assert answer.verdict == "cannot be told"
    assert answer.p_value > 0.01


def test_many_comparisons_raise_the_e_value():
    one, many = (same_train(train(MIXED), train(MIXED), comparisons=m) for m in (1, 10_000))
    assert many.e_value == pytest.approx(10_000 * one.p_value)
    with pytest.raises(ValueError, match="comparisons"):
        same_train(train(MIXED), train(MIXED), comparisons=0)


def test_a_hidden_wagon_is_stepped_over():
    seen = MIXED[:6] + MIXED[7:]
    answer = same_train(train(MIXED), train(seen))
    assert answer.only_first == (6,)
    assert (7, 6) in answer.aligned


def test_a_cut_left_behind_is_found_within_the_train():
    answer = same_train(train(MIXED), train(MIXED[3:]))
    assert answer.aligned[0] == (3, 0)
    assert len(answer.aligned) == len(MIXED) - 3


def test_other_types_and_lengths_speak_against_the_same_colours():
    kinds, lengths = ["box", "open", "tank"] * 5, [13.6, 12.8, 10.9] * 5
    alike = same_train(train(MIXED, kinds, lengths), train(MIXED, kinds, lengths))
    other = same_train(train(MIXED, kinds, lengths), train(MIXED, kinds[::-1], lengths[::-1]))
    assert alike.bits > same_train(train(MIXED), train(MIXED)).bits > other.bits


def test_probabilities_of_the_reading_count_before_its_name():
    def sure(colour):
        return Vehicle(
            from_m=0.0,
            to_m=0.0,
            type="unknown",
            colour="unknown",
            confidence=1.0,
            colours=((colour, 0.95), ("unknown", 0.05)),
        )

    vague = tuple(
        Vehicle(
            from_m=0.0, to_m=0.0, type="unknown", colour=c, confidence=1.0, colours=((c, 0.4), ("grey", 0.35))
        )
        for c in MIXED
    )
    told = tuple(sure(c) for c in MIXED)
    assert same_train(told, told).bits > same_train(vague, vague).bits + 5


def test_no_wagons_cannot_be_told():
    answer = same_train((LOCOMOTIVE,), train(KHASAN))
    assert (answer.verdict, answer.e_value) == ("cannot be told", 1.0)
    assert answer.only_second == tuple(range(8))


colours = st.lists(st.sampled_from(COLOUR_NAMES), min_size=1, max_size=9)


@given(colours, colours)
@settings(max_examples=12, deadline=None)
def test_neither_order_nor_direction_of_both_trains_matters(one, two):
    bits = same_train(train(one), train(two)).bits
    assert same_train(train(two), train(one)).bits == pytest.approx(bits, abs=1e-6)
    assert same_train(train(one[::-1]), train(two[::-1])).bits == pytest.approx(bits, abs=1e-6)
    assert same_train(train(one[::-1]), train(two)).bits == pytest.approx(bits, abs=1e-6)


@given(st.lists(st.floats(-50, 2000), min_size=2, max_size=20))
def test_more_bits_are_never_less_significant(bits):
    p = p_value(np.sort(bits), SameTrainSettings())
    assert ((p >= 0) & (p <= 1)).all()
    assert (np.diff(p) <= 0).all()


def cuts(n, stay, mix, rng):
    out = []
    while len(out) < n:
        out.append(out[-1] if out and rng.random() < stay else str(rng.choice(COLOUR_NAMES, p=mix)))
    return out


@pytest.mark.parametrize("stay", [0.5, 0.92])
def test_unrelated_trains_in_cuts_of_like_wagons_are_not_taken_for_one(stay):
    rng = np.random.default_rng([20_000, round(100 * stay)])
    mix = rng.dirichlet(np.full(len(COLOUR_NAMES), 0.7))
    pairs = [(cuts(14, stay, mix, rng), cuts(18, stay, mix, rng)) for _ in range(40)]
    p = np.array([same_train(train(a), train(b)).p_value for a, b in pairs])
    assert (p <= 0.05).sum() <= 5
    assert (p <= 0.001).sum() == 0
