"""What a scene cannot tell is taken from a train, and said; the unknown limits nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.values import straight_site, train_detection

from tumangang_watch.detectability.limits import (
    QUANTITIES,
    WORSE,
    Conditions,
    abilities,
    can_show,
    within_limits,
)
from tumangang_watch.settings import Settings

LIMITS = Settings().limits
RGBN = frozenset({"red", "green", "blue", "nir"})
GOOD = Conditions(
    gsd_m=0.5,
    bands=RGBN,
    sun_elevation_deg=35.0,
    off_nadir_deg=10.0,
    haze=0.0,
    snow_state="none",
    cloud_fraction=0.0,
)


def told(**changes):
    return abilities(replace(GOOD, **changes), LIMITS)


def coloured_train():
    train = train_detection(straight_site(), "later", 40.0, 100.0)
    stock = tuple(
        replace(v, types=(("box", 0.9),), colours=(("grey", 0.8),), load="empty", load_evidence="x")
        for v in train.rolling_stock
    )
    return replace(train, rolling_stock=stock)


def test_a_good_scene_tells_all_and_the_load_only_as_a_hint():
    verdicts = {a.quantity: a.verdict for a in told(gsd_m=0.3)}
    assert verdicts.pop("load") == "limited"
    assert set(verdicts.values()) == {"yes"}
    train = coloured_train()
    assert within_limits(train, told(gsd_m=0.3)) == train


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"gsd_m": 3.0}, {"track", "count", "type", "colours", "load"}),
        ({"gsd_m": 1.5}, {"count", "type", "colours", "load"}),
        ({"haze": 0.5}, {"colours", "load"}),
        ({"sun_elevation_deg": 10.0}, {"colours", "load"}),
        ({"snow_state": "full"}, {"colours", "load"}),
        ({"off_nadir_deg": 42.0}, {"type", "load"}),
        ({"bands": frozenset({"pan"})}, {"colours"}),
        ({"cloud_fraction": 1.0}, set(QUANTITIES)),
    ],
)
def test_each_quantity_has_limits_of_its_own(changes, lost):
    assert {a.quantity for a in told(**changes) if a.verdict == "no"} == lost
    assert all(a.reasons for a in told(**changes) if a.verdict != "yes")


def test_a_nominal_metre_is_a_metre():
    assert told(gsd_m=1.02)[QUANTITIES.index("colours")].verdict == "limited"


@given(
    st.floats(0.2, 4.9),
    st.floats(-5, 80),
    st.floats(0, 60),
    st.floats(0, 1),
    st.sampled_from(["none", "partial", "full", "unknown"]),
)
def test_worse_conditions_never_tell_more(gsd, sun, view, haze, snow):
    here = Conditions(
        gsd_m=gsd, bands=RGBN, sun_elevation_deg=sun, off_nadir_deg=view, haze=haze, snow_state=snow
    )
    before = abilities(here, LIMITS)
    for worse in (
        replace(here, gsd_m=gsd * 1.3),
        replace(here, sun_elevation_deg=sun - 5),
        replace(here, off_nadir_deg=view + 8),
        replace(here, haze=haze + 0.2),
        replace(here, snow_state="full"),
    ):
        for a, b in zip(before, abilities(worse, LIMITS), strict=True):
            assert WORSE[b.verdict] >= WORSE[a.verdict]


def test_what_cannot_be_told_is_unknown_and_null_never_a_guess():
    train = coloured_train()
    hazy = within_limits(train, told(haze=0.5))
    assert hazy.cars == train.cars
    assert {(v.colour, v.colours) for v in hazy.rolling_stock} == {("unknown", ())}
    assert {v.type for v in hazy.rolling_stock} == {"box"}
    assert {v.load for v in hazy.rolling_stock} == {None}
    assert any("haze" in c for c in hazy.caveats)
    coarse = within_limits(train, told(gsd_m=1.5))
    assert coarse.cars is None
    assert coarse.rolling_stock == ()
    assert coarse.length_m == train.length_m
    assert coarse.grade == "detected"


def test_a_limited_presence_is_only_possible():
    low = within_limits(coloured_train(), told(sun_elevation_deg=6.0))
    assert low.grade == "possible"
    assert any("6 degrees" in c for c in low.caveats)


def test_applying_limits_twice_changes_nothing_more():
    once = within_limits(coloured_train(), told(sun_elevation_deg=6.0, haze=0.5, gsd_m=0.9))
    assert within_limits(once, told(sun_elevation_deg=6.0, haze=0.5, gsd_m=0.9)) == once


def test_goods_are_left_alone():
    goods = replace(coloured_train(), kind="cargo")
    assert within_limits(goods, told(gsd_m=3.0)) is goods


def test_can_show_says_the_same_as_the_abilities():
    for gsd in (0.3, 0.5, 0.9, 1.5, 3.0):
        shown = can_show(replace(GOOD, gsd_m=gsd), LIMITS)
        for ability in told(gsd_m=gsd):
            assert shown["quantities"][ability.quantity]["told"] == ability.verdict
        assert shown["cars_counted"] == (
            "count" not in {a.quantity for a in told(gsd_m=gsd) if a.verdict == "no"}
        )
    unknown = can_show(Conditions(gsd_m=0.5, bands=RGBN), LIMITS)
    assert unknown["train_presence"] == "track"
    assert any("sun position unknown" in note for note in unknown["limits"])
