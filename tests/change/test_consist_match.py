"""Whether two dates show one train is read from pixels along it, in one light, wagon by wagon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import box
from support.values import observation, straight_site, train_detection

from tumangang_watch.change.consist_match import match_trains, same_length
from tumangang_watch.change.other_date import OCCUPIED, TrainMatcher, same_vehicles, there_too
from tumangang_watch.change.profiles import (
    agreement,
    body_place,
    body_profile,
    coupling_odds,
    lean_m,
    pair_scale,
    piece_distances,
    pixel_similarity,
)
from tumangang_watch.change.trains import alone_words, compare_trains, match_words
from tumangang_watch.change.words import difference, span, train_words
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings

SETTINGS, SITE = ChangeSettings(), straight_site()
LINE = SITE.tracks[0].line
CARS = (0.08, 0.45, 0.2, 0.08)


def date(label, from_m, cars=CARS, gain=1.0, haze=0.0):
    rng = np.random.default_rng(len(label))
    values = np.repeat(rng.normal(0.25, 0.02, (1, 120, 400)), 4, axis=0)
    for k, level in enumerate(cars):
        start = int((5 + from_m + 14 * k) / 0.5)
        values[:, 57:63, start : start + 26] = level
    return observation(haze + gain * values, label)


def matcher(one, two):
    return TrainMatcher(pair=DatePair(one, two), scale=pair_scale(one, two, SETTINGS), settings=SETTINGS)


def test_gain_and_haze_do_not_change_how_alike_pixels_are():
    one, two = date("earlier", 20), date("later", 20, gain=1.4, haze=0.05)
    place = body_place(LINE, 20, 76)
    assert pixel_similarity(one, two, place) > 0.95
    assert pixel_similarity(one, date("later", 20, CARS[::-1]), place) < 0.5
    assert pixel_similarity(one, two, box(0, 0, 1, 1)) is None


def test_a_roof_leans_away_from_the_satellite():
    east = observation(np.full((4, 120, 400), 0.2), off_nadir_deg=20.0, view_azimuth_deg=0.0)
    assert lean_m(east, LINE, 50.0) == pytest.approx(-3.0 * np.tan(np.radians(20.0)), abs=1e-6)
    assert lean_m(observation(np.full((4, 120, 400), 0.2)), LINE, 50.0) == 0.0


def test_profiles_of_one_train_agree_and_of_another_do_not():
    one, two = date("earlier", 20), date("later", 60, gain=1.1)
    scale = pair_scale(one, two, SETTINGS)
    here, there = (body_profile(o, LINE, (at, at + 56.0), scale) for o, at in ((one, 20.0), (two, 60.0)))
    assert here.shape == (56, 4)
    assert agreement(here, there, SETTINGS) > 2
    assert agreement(here, here[::-1] + np.linspace(0, 1, 56)[:, None], SETTINGS) < 0
    assert piece_distances(here, here, SETTINGS)[0].max() == 0
    assert agreement(np.full((20, 4), np.nan), here[:20], SETTINGS) is None


def test_a_moved_train_is_matched_with_its_shift_and_another_is_not():
    trains = (train_detection(SITE, "earlier", 20, 76), train_detection(SITE, "later", 60, 116))
    (match,) = match_trains(matcher(date("earlier", 20), date("later", 60)), SITE, trains)
    assert (match.shift_m, match.in_place, match.turned) == (40.0, False, False)
    other = date("later", 60, (0.45, 0.2, 0.08, 0.45))
    assert match_trains(matcher(date("earlier", 20), other), SITE, trains) == ()


def test_a_moved_train_is_matched_though_one_end_was_misread():
    for which, name in enumerate(("earlier", "later")):
        trains = [train_detection(SITE, "earlier", 20, 76), train_detection(SITE, "later", 60, 116)]
        start, stop = (20 + 40 * which, 90 + 40 * which)
        length = Interval(stop - start, stop - start - 11.0, stop - start + 2.0)
        trains[which] = replace(train_detection(SITE, name, start, stop), length_m=length)
        (match,) = match_trains(matcher(date("earlier", 20), date("later", 60)), SITE, tuple(trains))
        assert (match.shift_m, match.in_place, match.part) == (40.0, False, False)


def test_a_train_whose_ends_were_read_elsewhere_did_not_move_where_its_middle_is_the_same():
    dates = date("earlier", 20, (0.45,) * 6), date("later", 20, (0.45,) * 6)
    trains = train_detection(SITE, "earlier", 20, 90, 5), train_detection(SITE, "later", 34, 104, 5)
    (finding,) = compare_trains(DatePair(*dates), SITE, trains, SETTINGS)
    assert (finding.change, finding.grade) == ("unchanged", "possible")
    assert any("14 m apart" in c for c in finding.caveats)


def test_a_single_vehicle_is_not_turned_round_and_a_misread_end_moves_no_train():
    one, two = date("earlier", 20, (0.45,)), date("later", 20, (0.45,))
    for stop in (33, 40, 47):
        length = Interval(stop - 20.0, 12.0, stop - 18.0)
        trains = (
            replace(train_detection(SITE, "earlier", 20, 33, 1), evidence=((OCCUPIED, 0.97),)),
            replace(
                train_detection(SITE, "later", 20, stop, 1), length_m=length, evidence=((OCCUPIED, 0.5),)
            ),
        )
        for pair in ((one, two), (two, one)):
            dates = [replace(d, date=name) for d, name in zip(pair, ("earlier", "later"), strict=True)]
            found = compare_trains(DatePair(*dates), SITE, trains, SETTINGS)
            assert not [f for f in found if f.change == "moved"]
            assert not [f for f in found if f.change != "unchanged" and f.grade == "detected"]


@pytest.mark.parametrize("whole", ["earlier", "later"])
def test_a_train_read_as_two_on_one_date_is_no_change(whole):
    apart = "later" if whole == "earlier" else "earlier"
    read = [train_detection(SITE, whole, 20, 76)]
    read += [
        replace(train_detection(SITE, apart, a, b, cars=2), id=f"{apart}{a}") for a, b in ((20, 47), (49, 76))
    ]
    trains = tuple(replace(t, evidence=((OCCUPIED, 0.97),)) for t in read)
    one, two = date("earlier", 20), date("later", 20)
    found = compare_trains(DatePair(one, two), SITE, trains, SETTINGS)
    assert {f.change for f in found} == {"unchanged"}


def test_a_change_of_a_train_that_is_not_surely_read_is_only_possible():
    pair = DatePair(date("earlier", 20, ()), date("later", 20))
    train = replace(train_detection(SITE, "later", 20, 76), evidence=((OCCUPIED, 0.0),))
    for confidence, grade in ((0.95, "detected"), (0.5, "possible")):
        (found,) = compare_trains(pair, SITE, (replace(train, confidence=confidence),), SETTINGS)
        assert (found.change, found.grade) == ("appeared", grade)


def test_wagons_as_bright_as_the_bed_say_nothing_of_bare_track():
    """Brightness that agrees counts where the pixels follow one pattern too."""
    bare, grey = date("earlier", 20, ()), date("later", 20, (0.3, 0.3, 0.3, 0.3))
    train = replace(train_detection(SITE, "later", 20, 76), evidence=((OCCUPIED, 0.02),))
    assert there_too(matcher(bare, grey), SITE.tracks[0], train, None) < SETTINGS.there_doubt


def test_vehicles_that_stand_in_place_are_the_same_there():
    one, two, gone = date("earlier", 20), date("later", 20), date("later", 20, ())
    trains = (train_detection(SITE, "earlier", 20, 76), train_detection(SITE, "later", 20, 76))
    assert same_vehicles(matcher(one, two), SITE.tracks[0], (20.0, 76.0)) > SETTINGS.same_vehicles_odds
    assert same_vehicles(matcher(one, gone), SITE.tracks[0], (20.0, 76.0)) < 0
    assert same_length(*trains, SETTINGS)
    assert not same_length(trains[0], train_detection(SITE, "later", 20, 100), SETTINGS)


def test_the_strip_decides_not_that_both_look_alike_but_one_pattern_leaves_a_doubt():
    one, two = date("earlier", 20), date("later", 20)
    train = train_detection(SITE, "later", 20, 76)

    def odds(occupied, pattern_min):
        read = replace(train, evidence=((OCCUPIED, occupied),))
        compared = matcher(one, two)
        compared = replace(compared, settings=replace(compared.settings, place_pattern_min=pattern_min))
        return there_too(compared, SITE.tracks[0], read, None)

    never, seen = 1.1, 0.8
    assert odds(0.0, never) < SETTINGS.there_doubt < odds(0.05, never) < 0 < odds(0.5, never)
    assert SETTINGS.there_doubt < odds(0.0, seen) < 0 < odds(0.05, seen) < odds(0.5, seen)


@pytest.mark.parametrize(("shift", "stands"), [(0.0, True), (0.8, True), (3.5, False), (7.0, False)])
def test_couplings_of_a_train_that_stands_do_not_move(shift, stands):
    one, two = (
        replace(
            train_detection(SITE, label, at, at + 14 * count, count),
            cars=Interval(count, count, count),
            rolling_stock=tuple(
                Vehicle(from_m=m + 0.5, to_m=m + 13.5, type="box", colour="red", confidence=1)
                for m in (at + 14 * k for k in range(count))
            ),
        )
        for label, at, count in (("earlier", 20.0, 8), ("later", 20.0 + 28 + shift, 3))
    )
    pair = DatePair(date("earlier", 20), date("later", 20))
    odds = coupling_odds(pair, one, two, SETTINGS)
    assert odds == coupling_odds(pair, two, one, SETTINGS)
    assert odds > 1 if stands else odds < -2


def test_wagons_that_came_at_both_ends_need_more_to_be_believed_than_at_one():
    def odds(at_one_end):
        cars = (*CARS, 0.3, 0.5) if at_one_end else (0.3, *CARS, 0.5)
        start = 34 if at_one_end else 20
        one, two = date("earlier", 34), date("later", start, cars)
        trains = (
            train_detection(SITE, "earlier", 34, 90),
            train_detection(SITE, "later", start, start + 84, cars=6),
        )
        (match,) = match_trains(matcher(one, two), SITE, trains)
        assert match.part
        assert match.shift_m == 0
        return match.odds

    assert odds(at_one_end=False) == pytest.approx(
        odds(at_one_end=True) + SETTINGS.part_both_ends_odds, abs=0.3
    )


def test_sentences_name_sizes_tracks_and_dates():
    one, two = date("earlier", 20), date("later", 60)
    trains = (train_detection(SITE, "earlier", 20, 76), train_detection(SITE, "later", 60, 116))
    (match,) = match_trains(matcher(one, two), SITE, trains)
    tracks = {t.id: t for t in SITE.tracks}
    text = match_words(DatePair(one, two), tracks, match, "moved", Interval.around(40, 2))
    assert "stands 40 m further along the track (towards increasing distance)" in text
    gone = alone_words(DatePair(one, two), SITE.tracks[0], trains[0], "disappeared", None)
    assert gone.endswith("is gone: on 2022-12-01 the place was seen and no train was detected.")
    assert train_words(trains[0]) == "A train of 4 (3-5) cars, 56 (54-58) m long,"
    assert span(Interval(8, 8, 8)) == "8"


def test_a_difference_of_trains_is_told_in_cars():
    long, short = (train_detection(SITE, "later", 20, 20 + 14 * n, n) for n in (6, 4))
    amount, unit = difference(short, long)
    assert (amount.estimate, unit) == (2, "cars")
    assert (amount.low, amount.high) == (1, 3)
