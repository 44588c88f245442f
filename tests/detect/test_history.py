"""What earlier dates say of the ground goods stand on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from support.values import EAST0, NORTH0, observation, straight_site, thing

from tumangang_watch.detect.cargo.history import weigh_cargo
from tumangang_watch.detect.history import (
    WindowPixels,
    baseline_of,
    before,
    footprint_of,
    place_state,
    window_pixels,
    windows_of,
    windows_of_date,
)
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.site import Area
from tumangang_watch.settings.change import HistorySettings

SETTINGS = HistorySettings()
DAY0 = datetime(2022, 11, 1, tzinfo=UTC)
APRON = box(EAST0 + 5, NORTH0 - 55, EAST0 + 95, NORTH0 - 5)
PLACE = box(EAST0 + 40, NORTH0 - 34, EAST0 + 46, NORTH0 - 30)
PAVEMENT, RUST, BLUE = (0.20, 0.22, 0.24, 0.28), (0.06, 0.08, 0.16, 0.2), (0.3, 0.16, 0.08, 0.1)
SITE = replace(straight_site(), areas=(Area(id="a", role="apron", polygon=APRON, name="apron"),))


def ground(seed: int, thing: tuple[float, ...] | None = None, light: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.array(PAVEMENT)[:, None, None] * (1 + rng.normal(0, 0.03, (4, 120, 200)))
    if thing is not None:
        values[:, 60:68, 80:92] = np.array(thing)[:, None, None]
    return light * values


def seen(seed: int, day: int, thing: tuple[float, ...] | None = None, light: float = 1.0):
    return observation(ground(seed, thing, light), acquired=DAY0 + timedelta(days=day), sha256=f"{day:064d}")


WINDOWS = windows_of(SITE, seen(0, 0).raster.grid, SETTINGS)


def past(*things: tuple[float, ...] | None, light: float = 1.0):
    return tuple(windows_of_date(seen(k + 5, k, thing, light), WINDOWS) for k, thing in enumerate(things))


def goods(height: float | None = 2.0, confidence: float = 0.7, place=PLACE) -> Detection:
    return thing(
        "cargo",
        "later",
        place,
        area="a",
        confidence=confidence,
        area_m2=Interval.around(place.area, 3.0),
        label="surface change",
        height_m=None if height is None else Interval.around(height, 0.5),
    )


def weighed(item: Detection, dates, thing=RUST) -> Detection:
    (out,) = weigh_cargo(seen(1, 30, thing), (item,), dates, None, SETTINGS)
    return out


# Statistics of pixels


@given(st.permutations(range(5)), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_usual_look_is_the_median_of_what_was_seen_in_any_order(order, seed):
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.05, 0.5, (5, 2, 6, 7)).astype(np.float32)
    sunlit = rng.random((5, 6, 7)) < 0.6
    patches = [WindowPixels(("green", "red"), v, s, s) for v, s in zip(values, sunlit, strict=True)]
    typical = baseline_of([patches[k] for k in order])
    assert (typical.count == sunlit.sum(axis=0)).all()
    for k in range(2):
        for r in range(6):
            for c in range(7):
                known = values[sunlit[:, r, c], k, r, c]
                if known.size:
                    assert typical.median[k, r, c] == pytest.approx(np.median(known))
                    assert typical.mad[k, r, c] == pytest.approx(np.median(np.abs(known - np.median(known))))
                else:
                    assert typical.median[k, r, c] == 0


def test_dates_of_other_bands_are_told_by_the_common_ones():
    full = window_pixels(seen(1, 1), WINDOWS[0])
    visual = WindowPixels(("blue", "green", "red"), full.values[:3], full.seen, full.sunlit)
    assert baseline_of([full, visual]).bands == ("blue", "green", "red")
    assert baseline_of([]) is None


# What another date shows in a place


@pytest.mark.parametrize("light", [0.8, 1.0, 1.3])
@pytest.mark.parametrize(
    ("there", "expected"), [(RUST, "same"), (None, "empty"), (BLUE, "other")], ids=["same", "bare", "other"]
)
def test_what_another_date_shows_in_a_place_whatever_its_light(there, expected, light):
    place = footprint_of(PLACE, WINDOWS[0], PLACE, SETTINGS)
    now, then = (
        window_pixels(seen(k, k, t, f), WINDOWS[0]) for k, (t, f) in enumerate(((RUST, 1), (there, light)))
    )
    assert place_state(now, then, place, SETTINGS)[0] == expected


def test_a_place_in_shadow_or_under_cloud_says_nothing():
    place = footprint_of(PLACE, WINDOWS[0], PLACE, SETTINGS)
    now, then = window_pixels(seen(1, 1, RUST), WINDOWS[0]), window_pixels(seen(2, 2), WINDOWS[0])
    hidden = np.zeros_like(then.seen)
    assert place_state(now, replace(then, seen=hidden, sunlit=hidden), place, SETTINGS)[0] == "unseen"
    shaded = then.sunlit.copy()
    shaded[place.cut] &= ~place.body
    assert place_state(now, replace(then, sunlit=shaded), place, SETTINGS)[0] == "unseen"


# Goods against the record


def test_goods_that_stand_on_all_dates_stay_and_say_so():
    found = weighed(goods(), past(RUST, RUST, RUST))
    assert (found.grade, found.confidence) == ("detected", 0.7)
    assert "stood there on 3 of 3 earlier dates" in found.caveats


def test_a_flat_mark_on_all_dates_is_less_sure():
    found = weighed(goods(height=None), past(RUST, RUST, RUST))
    assert found.grade == "possible"
    assert found.confidence < 0.5
    assert any("a mark of the ground" in c for c in found.caveats)


def test_without_a_sun_nothing_is_known_to_be_flat():
    now = replace(seen(1, 30, RUST), scene=replace(seen(1, 30).scene, sun_azimuth_deg=None))
    (found,) = weigh_cargo(now, (goods(height=None),), past(RUST, RUST, RUST), None, SETTINGS)
    assert found.grade == "detected"


def test_what_is_new_against_bare_ground_is_surer_the_more_dates_there_are():
    one, four = (weighed(goods(), past(*[None] * n)).confidence for n in (1, 4))
    assert 0.7 < one < four
    assert weighed(goods(), past(*[None] * 4), BLUE).evidence


def test_other_goods_in_the_same_place_are_neither_bare_ground_nor_the_same():
    found = weighed(goods(), past(BLUE, BLUE))
    assert dict(found.evidence)["earlier_same"] == 0
    assert dict(found.evidence)["earlier_bare"] == 0


def test_ground_that_varies_as_much_makes_a_finding_less_sure():
    """Wet and dry by turns: what lies within the spread is nothing unusual."""
    wet = tuple(0.55 * v for v in PAVEMENT)
    faint = tuple(0.8 * v for v in PAVEMENT)
    found = weighed(goods(height=None), past(wet, None, wet, None), faint)
    assert found.confidence < 0.7
    assert any("varies" in c for c in found.caveats)


def test_a_busy_apron_is_no_ground_that_varies():
    """Other goods stood there by turns: that makes goods no less sure."""
    grey = tuple(0.5 for _ in PAVEMENT)
    for height in (None, 2.0):
        found = weighed(goods(height=height), past(BLUE, None, grey, None, BLUE, RUST, None), (0.1,) * 4)
        assert found.confidence >= 0.7


things = st.sampled_from([None, RUST, BLUE, tuple(0.55 * v for v in PAVEMENT)])


@given(st.lists(things, max_size=4), st.floats(0.01, 0.99), st.booleans(), things)
@settings(max_examples=25, deadline=None)
def test_nothing_is_taken_off_the_list_and_confidence_is_a_probability(dates, confidence, tall, thing):
    item = goods(2.0 if tall else None, confidence)
    found = weighed(item, past(*dates), thing)
    assert (found.id, found.geometry, found.area_m2) == (item.id, item.geometry, item.area_m2)
    assert 0 < found.confidence < 1
    if found.confidence < item.confidence:
        assert len(found.caveats) > len(item.caveats)
    if not dates:
        assert found == item


def test_only_earlier_dates_of_other_content_count():
    dates = past(RUST, RUST)
    late = windows_of_date(seen(9, 40, RUST), WINDOWS)
    now = seen(1, 30, RUST)
    assert before((*dates, late, windows_of_date(now, WINDOWS)), now) == dates


def test_what_the_compared_date_and_those_before_both_show_is_noted():
    compared = windows_of_date(replace(seen(20, 10), date="earlier"), WINDOWS)
    between = windows_of_date(seen(21, 20, RUST), WINDOWS)
    (found,) = weigh_cargo(seen(1, 30, RUST), (goods(),), (*past(RUST, RUST), between), compared, SETTINGS)
    evidence = dict(found.evidence)
    assert (evidence["before_same"], evidence["before_seen"]) == (2, 2)
    assert abs(evidence["compared_share"]) < 0.2
    assert (evidence["earlier_same"], evidence["earlier_dates"]) == (3, 4)


def test_an_apron_beyond_the_grid_has_no_window():
    far = replace(SITE, areas=(Area(id="far", role="apron", polygon=box(0, 0, 9, 9), name="far"),))
    assert windows_of(far, seen(0, 0).raster.grid, SETTINGS) == ()
    assert weigh_cargo(seen(1, 9), (), past(None), None, SETTINGS) == ()


def test_the_last_bare_date_before_is_told_until_one_shows_the_same():
    def days(*things):
        return dict(weighed(goods(), past(*things)).evidence).get("bare_days_before")

    assert days(None) == 30.0
    assert days(None, None) == 29.0
    assert days(RUST, None) == 29.0
    assert days(None, RUST) is None
