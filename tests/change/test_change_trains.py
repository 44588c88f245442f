"""What became of a train is decided on its cars and its place, not on the detector's mood."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.values import EAST0, observation, straight_site, train_detection

from tumangang_watch.change.trains import compare_trains, unseen_trains
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings

SITE = straight_site()
TWO = straight_site(tracks=2)
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
    pair = DatePair(paint(before, "earlier"), paint(after, "later", gain, seed=1))
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
    pair = DatePair(paint([(20, [0, 1, 2, 3])], "earlier"), paint([(60, [0, 1, 2, 3])], "later", seed=1))
    (finding,) = compare_trains(pair, SITE, both(20, 60), ChangeSettings())
    assert finding.change == "moved"
    assert finding.unit == "m"
    assert finding.amount.low <= 40 <= finding.amount.high


def test_other_cars_in_the_same_place_have_replaced_them():
    assert sorted(words([(20, [0, 1, 2, 3])], [(20, [1, 3, 0, 4])], both(20, 20))) == [
        "appeared",
        "disappeared",
    ]


def test_other_wagons_in_a_longer_train_are_another_train():
    found = words([(20, [0, 1, 2])], [(20, [3, 4, 1, 2, 0, 3])], both(20, 20, 3, 6))
    assert sorted(found) == ["appeared", "disappeared"]


EIGHT = [0, 0, 1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize(("at", "left"), [(20, EIGHT[:4]), (76, EIGHT[4:])])
def test_half_of_a_train_gone_is_said_as_such(at, left):
    pair = DatePair(paint([(20, EIGHT)], "earlier"), paint([(at, left)], "later", seed=1))
    (finding,) = compare_trains(pair, SITE, both(20, at, 8, 4), ChangeSettings())
    assert (finding.change, finding.amount.estimate, finding.unit) == ("shrunk", 4, "cars")
    assert "4 (3-5) of 8 (7-9) cars on track 1 are gone" in finding.statement
    assert "remain in the same place" in finding.statement


def test_half_of_a_train_shunted_on_is_said_as_such():
    pair = DatePair(paint([(20, EIGHT)], "earlier"), paint([(60, EIGHT[:4])], "later", seed=1))
    (finding,) = compare_trains(pair, SITE, both(20, 60, 8, 4), ChangeSettings())
    assert finding.change == "shrunk"
    assert "40 m further" in finding.statement


def test_wagons_added_are_growth():
    pair = DatePair(paint([(20, EIGHT[:4])], "earlier"), paint([(20, EIGHT)], "later", seed=1))
    (finding,) = compare_trains(pair, SITE, both(20, 20, 4, 8), ChangeSettings())
    assert (finding.change, finding.amount.estimate) == ("grown", 4)


def test_a_train_turned_round_has_moved():
    cars = [0, 1, 1, 2, 3, 4]
    pair = DatePair(paint([(20, cars)], "earlier"), paint([(20, cars[::-1])], "later", seed=1))
    (finding,) = compare_trains(pair, SITE, both(20, 20, 6, 6), ChangeSettings())
    assert finding.change == "moved"
    assert "turned round" in finding.statement


def test_a_known_train_on_another_track_has_moved_there():
    cars = [0, 1, 1, 2, 3, 4]
    values = np.array(paint([(40, cars)], "later", seed=1).image.values)
    later = observation(np.roll(values, 10, axis=1), "later")
    detections = (
        train_detection(TWO, "earlier", 20, 104, 6, track="T1"),
        train_detection(TWO, "later", 40, 124, 6, track="T2"),
    )
    pair = DatePair(paint([(20, cars)], "earlier"), later)
    (finding,) = compare_trains(pair, TWO, detections, ChangeSettings())
    assert (finding.change, finding.track) == ("moved", "T2")
    assert "from track 1 to track 2" in finding.statement


def test_wagons_of_one_colour_on_another_track_are_not_known_again():
    values = np.array(paint([(20, [1] * 6)], "later", seed=1).image.values)
    later = observation(np.roll(values, 10, axis=1), "later")
    detections = (
        train_detection(TWO, "earlier", 20, 104, 6, track="T1"),
        train_detection(TWO, "later", 20, 104, 6, track="T2"),
    )
    pair = DatePair(paint([(20, [1] * 6)], "earlier"), later)
    changes = [f.change for f in compare_trains(pair, TWO, detections, ChangeSettings())]
    assert sorted(changes) == ["appeared", "disappeared"]


@pytest.mark.parametrize("short", [3, 14])
def test_an_end_seen_short_is_no_change(short):
    # The later date's own strip shows vehicles along the whole of the longer train.
    whole = replace(train_detection(SITE, "earlier", 20, 132, 8), evidence=(("other_occupied", 0.97),))
    detections = (whole, train_detection(SITE, "later", 20, 132 - short, 8 - short // 14))
    pair = DatePair(paint([(20, EIGHT)], "earlier"), paint([(20, EIGHT)], "later", gain=1.1, seed=1))
    assert [f.change for f in compare_trains(pair, SITE, detections, ChangeSettings())] == ["unchanged"]


def test_a_train_seen_in_two_pieces_is_no_change():
    detections = (
        train_detection(SITE, "earlier", 20, 132, 8),
        train_detection(SITE, "later", 20, 75, 4),
        train_detection(SITE, "later", 77, 132, 4),
    )
    pair = DatePair(paint([(20, EIGHT)], "earlier"), paint([(20, EIGHT)], "later", seed=1))
    assert {f.change for f in compare_trains(pair, SITE, detections, ChangeSettings())} == {"unchanged"}


def test_wagons_under_a_cloud_have_not_gone():
    earlier, later = paint([(20, EIGHT)], "earlier"), paint([(20, EIGHT)], "later", seed=1)
    clear = np.ones(later.raster.grid.shape, dtype=bool)
    clear[:, 2 * (5 + 76) :] = False
    later = replace(later, quality=replace(later.quality, clear=clear))
    detections = both(20, 20, 8, 4)
    (finding,) = compare_trains(DatePair(earlier, later), SITE, detections, ChangeSettings())
    assert finding.change == "unchanged"
    assert any("not seen" in c for c in finding.caveats)


def test_a_place_not_seen_on_the_other_date_is_said():
    earlier, later = paint([(20, EIGHT)], "earlier"), paint([], "later", seed=1)
    clear = np.zeros(later.raster.grid.shape, dtype=bool)
    pair = DatePair(earlier, replace(later, quality=replace(later.quality, clear=clear)))
    train = (train_detection(SITE, "earlier", 20, 132, 8),)
    assert compare_trains(pair, SITE, train, ChangeSettings()) == ()
    (said,) = unseen_trains(pair, SITE, train, ChangeSettings())
    assert "not observable" in said


MIRROR = {
    "appeared": "disappeared",
    "disappeared": "appeared",
    "grown": "shrunk",
    "shrunk": "grown",
    "moved": "moved",
    "unchanged": "unchanged",
}
consists = st.lists(st.integers(0, 4), min_size=1, max_size=8)


@given(consists, consists, st.integers(10, 60), st.integers(10, 60), st.booleans())
@example([1], [0, 1, 0], 27, 10, False)
@settings(max_examples=10, deadline=None)
def test_swapping_the_dates_mirrors_every_finding(one, two, at_one, at_two, same):
    two = one if same else two
    scenes = [paint([(at_one, one)], "earlier"), paint([(at_two, two)], "later", seed=1)]
    places = [(at_one, at_one + 14 * len(one), len(one)), (at_two, at_two + 14 * len(two), len(two))]

    def changes(order):
        pair = DatePair(
            *(replace(scenes[k], date=d) for k, d in zip(order, ("earlier", "later"), strict=True))
        )
        detections = tuple(
            train_detection(SITE, d, *places[k]) for k, d in zip(order, ("earlier", "later"), strict=True)
        )
        found = compare_trains(pair, SITE, detections, ChangeSettings())
        return sorted(f.change for f in found)

    assert changes((0, 1)) == sorted(MIRROR[change] for change in changes((1, 0)))


def test_swapping_the_dates_mirrors_the_findings():
    here = train_detection(SITE, "later", 20, 76)
    assert words([], [(20, [0, 1, 2, 3])], (here,)) == ["appeared"]
    there = train_detection(SITE, "earlier", 20, 76)
    assert words([(20, [0, 1, 2, 3])], [], (there,)) == ["disappeared"]


@pytest.mark.parametrize(
    ("occupied", "told"),
    [
        (0.9, ("unchanged", "possible")),
        (0.2, ("unchanged", "possible")),
        (0.05, ("unchanged", "possible")),
        (None, ("unchanged", "possible")),
        (0.0, ("appeared", "possible")),
    ],
)
def test_one_pattern_on_both_dates_outweighs_a_strip_unless_that_surely_reads_as_bare(occupied, told):
    cars = [(20, [0, 1, 2, 3])]
    pair = DatePair(paint(cars, "earlier"), paint(cars, "later", seed=1))
    read = () if occupied is None else (("other_occupied", occupied),)
    train = replace(train_detection(SITE, "later", 20, 76), evidence=read)
    (finding,) = compare_trains(pair, SITE, (train,), ChangeSettings())
    assert (finding.change, finding.grade) == told


def test_a_train_replaced_is_one_event_of_two_findings_that_name_each_other():
    pair = DatePair(paint([(20, [0, 1, 2, 3])], "earlier"), paint([(20, [1, 3, 0, 4])], "later", seed=1))
    found = {f.change: f for f in compare_trains(pair, SITE, both(20, 20), ChangeSettings())}
    assert found["appeared"].with_finding == found["disappeared"].id
    assert found["disappeared"].with_finding == found["appeared"].id
    assert "The train of 4 (3-5) cars that stood on" in found["appeared"].statement
    assert "another (4 (3-5) cars) stands in its place" in found["disappeared"].statement


@pytest.mark.parametrize("coarse", ["earlier", "later"])
def test_a_date_too_coarse_to_count_wagons_does_not_surely_show_another_train(coarse):
    pair = DatePair(paint([(20, [0, 1, 2, 3])], "earlier"), paint([(20, [1, 3, 0, 4])], "later", seed=1))
    trains = tuple(replace(t, cars=None) if t.date == coarse else t for t in both(20, 20))
    found = compare_trains(pair, SITE, trains, ChangeSettings())
    assert found
    assert {f.grade for f in found if f.change != "unchanged"} <= {"possible"}


@pytest.mark.parametrize(("gsd_m", "told"), [(0.5, "detected"), (3.0, "possible")])
def test_a_coarse_date_does_not_surely_show_that_a_track_is_bare(gsd_m, told):
    bare, full = paint([], "earlier"), paint([(20, [0, 1, 2, 3])], "later", seed=1)
    pair = DatePair(replace(bare, image=replace(bare.image, gsd_m=gsd_m)), full)
    train = replace(train_detection(SITE, "later", 20, 76), evidence=(("other_occupied", 0.0),))
    (finding,) = compare_trains(pair, SITE, (train,), ChangeSettings())
    assert (finding.change, finding.grade) == ("appeared", told)


def test_nothing_is_claimed_where_the_other_date_saw_nothing():
    later = paint([(20, [0, 1, 2, 3])], "later")
    earlier = paint([], "earlier")
    clear = np.ones(earlier.raster.grid.shape, dtype=bool)
    clear[:, :300] = False
    earlier = replace(earlier, quality=replace(earlier.quality, clear=clear))
    assert (
        compare_trains(
            DatePair(earlier, later), SITE, (train_detection(SITE, "later", 20, 76),), ChangeSettings()
        )
        == ()
    )


def test_trains_on_one_track_keep_their_order():
    cars = [(10, [0, 1]), (60, [0, 1])]
    detections = (
        train_detection(SITE, "earlier", 10, 38, 2),
        train_detection(SITE, "earlier", 60, 88, 2),
        train_detection(SITE, "later", 60, 88, 2),
        train_detection(SITE, "later", 110, 138, 2),
    )
    pair = DatePair(paint(cars, "earlier"), paint([(60, [0, 1]), (110, [0, 1])], "later", seed=1))
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


def test_a_strip_that_hesitates_makes_a_train_that_came_less_sure():
    pair = DatePair(paint([], "earlier"), paint([(20, [0, 1, 2, 3])], "later", seed=1))

    def confidence(occupied):
        train = replace(train_detection(SITE, "later", 20, 76), evidence=(("other_occupied", occupied),))
        (finding,) = compare_trains(pair, SITE, (train,), ChangeSettings())
        assert finding.change == "appeared"
        return finding.confidence / train.confidence

    assert confidence(0.9) < confidence(0.8) < confidence(0.3)
    assert confidence(0.9) < 0.7
