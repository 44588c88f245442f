"""What became of a train is decided on its cars and its place, not on the detector's mood."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import EAST0, observation, straight_site, train_detection

from tumangang_watch.change.trains import Pair, compare_trains
from tumangang_watch.settings.change import ChangeSettings

SITE = straight_site()
PALETTE = np.array(
    [[0.1, 0.1, 0.3], [0.3, 0.12, 0.08], [0.2, 0.2, 0.2], [0.45, 0.45, 0.42], [0.1, 0.25, 0.12]]
)


def paint(trains, date, gain=1.0, seed=0):
    """Ground texture with trains given as (from_m, list of palette indices), 14 m a car."""
    rng = np.random.default_rng(seed)
    rows, cols = 120, 400
    values = np.repeat(rng.normal(0.25, 0.02, (1, rows, cols)), 4, axis=0)
    for from_m, cars in trains:
        for k, colour in enumerate(cars):
            c0 = int((5 + from_m + 14 * k) / 0.5)
            values[:3, 57:63, c0 : c0 + 26] = PALETTE[colour][:, None, None]
            values[3, 57:63, c0 : c0 + 26] = 0.3
    return observation(values * gain, date)


def words(before, after, detections, gain=1.0):
    pair = Pair(paint(before, "earlier"), paint(after, "later", gain, seed=1))
    return [f.change for f in compare_trains(pair, SITE, detections, ChangeSettings())]


def both(a, b, cars_a=4, cars_b=4):
    return (
        train_detection(SITE, "earlier", a, a + 14 * cars_a, cars_a),
        train_detection(SITE, "later", b, b + 14 * cars_b, cars_b),
    )


def test_a_train_that_stayed_is_unchanged():
    assert words([(20, [0, 1, 2, 3])], [(20, [0, 1, 2, 3])], both(20, 20)) == ["unchanged"]


def test_a_change_of_light_is_no_change():
    assert words([(20, [0, 1, 2, 3])], [(20, [0, 1, 2, 3])], both(20, 20), gain=1.15) == ["unchanged"]


def test_the_same_cars_forty_metres_on_have_moved():
    pair = Pair(paint([(20, [0, 1, 2, 3])], "earlier"), paint([(60, [0, 1, 2, 3])], "later", seed=1))
    (finding,) = compare_trains(pair, SITE, both(20, 60), ChangeSettings())
    assert finding.change == "moved"
    assert finding.unit == "m"
    assert finding.amount.low <= 40 <= finding.amount.high


def test_other_cars_in_the_same_place_have_replaced_them():
    assert sorted(words([(20, [0, 1, 2, 3])], [(20, [1, 3, 0, 4])], both(20, 20))) == [
        "appeared",
        "disappeared",
    ]


def test_a_longer_train_is_another_train():
    found = words([(20, [0, 1, 2])], [(20, [0, 1, 2, 3, 4, 1])], both(20, 20, 3, 6))
    assert sorted(found) == ["appeared", "disappeared"]


def test_swapping_the_dates_mirrors_the_findings():
    here = train_detection(SITE, "later", 20, 76)
    assert words([], [(20, [0, 1, 2, 3])], (here,)) == ["appeared"]
    there = train_detection(SITE, "earlier", 20, 76)
    assert words([(20, [0, 1, 2, 3])], [], (there,)) == ["disappeared"]


def test_a_detection_on_one_date_with_the_same_pixels_on_both_is_no_change():
    train = [(20, [0, 1, 2, 3])]
    pair = Pair(paint(train, "earlier"), paint(train, "later", seed=1))
    (finding,) = compare_trains(pair, SITE, (train_detection(SITE, "later", 20, 76),), ChangeSettings())
    assert (finding.change, finding.grade) == ("unchanged", "possible")


def test_nothing_is_claimed_where_the_other_date_saw_nothing():
    later = paint([(20, [0, 1, 2, 3])], "later")
    earlier = paint([], "earlier")
    clear = np.ones(earlier.raster.grid.shape, dtype=bool)
    clear[:, :300] = False
    earlier = replace(earlier, quality=replace(earlier.quality, clear=clear))
    assert (
        compare_trains(
            Pair(earlier, later), SITE, (train_detection(SITE, "later", 20, 76),), ChangeSettings()
        )
        == ()
    )


def test_trains_on_one_track_keep_their_order():
    cars = [(10, [0, 1]), (60, [0, 1])]
    detections = (
        train_detection(SITE, "earlier", 10, 38, 2), train_detection(SITE, "earlier", 60, 88, 2),
        train_detection(SITE, "later", 60, 88, 2), train_detection(SITE, "later", 110, 138, 2),
    )  # fmt: skip
    pair = Pair(paint(cars, "earlier"), paint([(60, [0, 1]), (110, [0, 1])], "later", seed=1))
    matched = [(f.earlier, f.later) for f in compare_trains(pair, SITE, detections, ChangeSettings())]
    assert ("earlier-train-T1-60", "later-train-T1-60") in matched


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_observed_fraction_is_the_clear_share(fraction):
    seen = paint([], "later")
    clear = np.ones(seen.raster.grid.shape, dtype=bool)
    clear[:, : int(400 * (1 - fraction))] = False
    seen = replace(seen, quality=replace(seen.quality, clear=clear))
    place = SITE.areas[0].polygon
    assert seen.observed_fraction(place) == pytest.approx(fraction, abs=0.02)
    assert place.bounds[0] == EAST0
