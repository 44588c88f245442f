"""Wagons that one date may have missed are told as gone or come only as surely as such were."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.values import straight_site, train_detection

from tumangang_watch.change.rest import Rest, counts_meet, maybe_same_length
from tumangang_watch.model.interval import Interval
from tumangang_watch.settings.change import ChangeSettings

SETTINGS = ChangeSettings()
PLAIN = Rest(stands=-3.0, meets=False, alike=False, unseen_m=0.0)


def test_what_speaks_for_misreading_makes_a_change_less_likely() -> None:
    assert not PLAIN.doubtful(SETTINGS)
    for doubt in (replace(PLAIN, meets=True), replace(PLAIN, alike=True)):
        assert doubt.doubtful(SETTINGS)
        assert doubt.chance(SETTINGS) < PLAIN.chance(SETTINGS)
    assert replace(PLAIN, stands=0.0).doubtful(SETTINGS)


@given(st.floats(-20, 20), st.booleans(), st.booleans())
def test_a_chance_is_one(stands: float, meets: bool, alike: bool) -> None:
    assert 0 <= Rest(stands=stands, meets=meets, alike=alike, unseen_m=0.0).chance(SETTINGS) <= 1


def test_counts_and_lengths_meet_where_their_intervals_have_a_number_in_common() -> None:
    train = train_detection(straight_site(), "later", 20, 104)
    six, seven = (
        replace(
            train, cars=Interval(n, n - 0.5, n + 0.5), length_m=Interval(14.0 * n, 14 * n - 1, 14 * n + 1)
        )
        for n in (6, 7)
    )
    assert counts_meet(six, seven)
    assert not counts_meet(six, replace(seven, cars=Interval(8, 7, 9)))
    assert maybe_same_length(six, six, SETTINGS)
    assert not maybe_same_length(six, replace(seven, length_m=Interval(140, 139, 141)), SETTINGS)
    assert not maybe_same_length(six, replace(seven, length_m=None), SETTINGS)
