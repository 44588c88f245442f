"""Ground that goes back and forth with the seasons is no growth; new ground is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from shapely import box
from test_ground_change import BROWN, GRASS, GRAVEL, HANDLING, NEW, ground, observe, site_of

from tumangang_watch.detect.ground.find import measure_handling
from tumangang_watch.detect.ground.history import EarlierGround, keep_ground, unsettled
from tumangang_watch.detect.ground.surface import path_light, surface_of
from tumangang_watch.detect.history import BackgroundDate
from tumangang_watch.settings.cargo import HandlingSettings
from tumangang_watch.settings.change import HistorySettings

SETTINGS, LIMITS = HandlingSettings(), HistorySettings()
START = datetime(2024, 6, 1, tzinfo=UTC)
BARE = GRAVEL
"""A field that is bare and grey for a part of the year looks as gravel does."""


def on(values: np.ndarray, day: int, date: str = "earlier"):
    seen = observe(values, date)
    return replace(seen, scene=replace(seen.scene, acquired=START + timedelta(days=day)))


def compared(later: np.ndarray, past: list[np.ndarray], earlier: np.ndarray | None = None):
    pair = on(ground(GRASS) if earlier is None else earlier, 0), on(later, 30, "later")
    path = path_light(pair, SETTINGS)
    kept = [
        keep_ground(on(values, -10 * (k + 1)), site_of(), SETTINGS, path) for k, values in enumerate(past)
    ]
    return measure_handling(pair, site_of(), (), SETTINGS, dates_of(kept), LIMITS)


def dates_of(grounds):
    """Return background dates of which nothing but the ground is known."""
    scene = observe(ground(GRASS), "earlier").scene
    return [BackgroundDate(scene=scene, ground=one) for one in grounds if one is not None]


def green(n: int) -> list[np.ndarray]:
    return [ground(GRASS, seed=10 + k) for k in range(n)]


def test_a_patch_that_was_bare_before_is_season_and_not_growth():
    later = ground(GRASS, NEW, BARE, seed=2)
    without = compared(later, []).growth[0]
    assert without.grown_m2.low > 500
    flickered = [*green(2), ground(GRASS, NEW, BARE, seed=20), ground(GRASS, NEW, BARE, seed=21)]
    with_record = compared(later, flickered).growth[0]
    assert with_record.grown_m2.estimate == 0
    assert with_record.grown_m2.high >= 700
    assert with_record.grown.is_empty
    assert any("looked so before" in c for c in with_record.caveats)


@pytest.mark.parametrize("past", [1, 3, 8])
@pytest.mark.parametrize("field", [GRASS, BROWN])
def test_new_ground_stays_growth_against_a_record_of_fields(past, field):
    later = ground(field, NEW, seed=2)
    fields = [ground((GRASS, BROWN)[k % 2], seed=10 + k) for k in range(past)]
    assert compared(later, fields).growth == compared(later, []).growth


def test_one_odd_date_of_eight_does_not_deny_new_ground():
    later = ground(GRASS, NEW, seed=2)
    change = compared(later, [*green(7), ground(GRASS, NEW, seed=30)]).growth[0]
    assert change.grown_m2.estimate == pytest.approx(800, rel=0.1)


def test_work_beside_a_field_that_flickers_is_parted_from_it():
    """The patch is new in its southern half; its northern half is bare now and then."""
    later = ground(GRASS, NEW, BARE, seed=2)
    half = (NEW[0], 80.0, NEW[2], NEW[3])
    past = [*green(3), ground(GRASS, half, BARE, seed=20), ground(GRASS, half, BARE, seed=21)]
    change = compared(later, past).growth[0]
    assert change.grown_m2.estimate == pytest.approx(400, rel=0.15)
    assert change.grown_m2.low < 400 < 800 <= change.grown_m2.high + 60


def test_only_dates_before_both_can_deny():
    """What a date between the two shows is the growth itself."""
    pair = on(ground(GRASS), 0), on(ground(GRASS, NEW, seed=2), 30, "later")
    between = keep_ground(on(ground(GRASS, NEW, seed=3), 15), site_of(), SETTINGS, path_light(pair, SETTINGS))
    change = measure_handling(pair, site_of(), (), SETTINGS, dates_of([between]), LIMITS).growth[0]
    assert change.grown_m2.estimate == pytest.approx(800, rel=0.1)


def test_ground_lost_for_a_season_is_not_lost():
    """The earlier date alone is odd: the field was bare on it and is green again as always."""
    odd = ground(GRASS, NEW, BARE, seed=2)
    assert compared(ground(GRASS, seed=3), [], odd).growth[0].lost_m2.low > 500
    assert compared(ground(GRASS, seed=3), green(3), odd).growth[0].lost_m2.estimate == 0


def test_unsettled_ground_widens_the_area_of_one_date():
    past = [*green(2), ground(GRASS, NEW, BARE, seed=20), ground(GRASS, NEW, BARE, seed=21)]
    sure, unsure = compared(ground(seed=2), green(4)), compared(ground(seed=2), past)
    (narrow,), (wide,) = ([d for d in r.detections if d.date == "later"] for r in (sure, unsure))
    assert wide.area_m2.estimate == narrow.area_m2.estimate
    assert wide.area_m2.width > narrow.area_m2.width


def test_a_record_of_one_kind_unsettles_nothing():
    pair = on(ground(), 0), on(ground(seed=2), 30, "later")
    path = path_light(pair, SETTINGS)
    record = EarlierGround(
        tuple(keep_ground(on(v, -9 - k), site_of(), SETTINGS, path) for k, v in enumerate(green(4))), LIMITS
    )
    surface = surface_of(pair[1], (), SETTINGS, path)
    inside = surface.grid.mask([HANDLING.buffer(-3)])
    assert (unsettled(record, surface, START, SETTINGS) & inside).mean() < 0.02


def test_a_date_of_one_band_or_beyond_the_polygon_tells_nothing():
    path = path_light((on(ground(), 0),), SETTINGS)
    assert keep_ground(on(ground()[:1], 0), site_of(), SETTINGS, path) is None
    assert keep_ground(on(ground(), 0), site_of(box(900, 900, 950, 950)), SETTINGS, path) is None
