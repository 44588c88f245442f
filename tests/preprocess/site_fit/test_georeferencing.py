"""What a scene shows is weighed against what its georeferencing is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.values import grid_of, scene_on

from tumangang_watch.preprocess.site_fit.georeferencing import (
    NEVER,
    Choice,
    Geolocation,
    TriedShifts,
    both_together,
    choose_place,
    geolocation_of,
    log_prior,
)
from tumangang_watch.settings.preprocess import RegistrationSettings

SETTINGS = RegistrationSettings()
SCENE = scene_on(grid_of(np.zeros((1, 4, 4))))


@pytest.mark.parametrize(
    ("provider", "ce90_m"),
    [
        ("SkySat", 10.0),
        ("planetscope", 10.0),
        ("Maxar WV03", 5.0),
        ("WorldView-2", 5.0),
        ("QuickBird", 21.0),
        ("PLEIADES PHR 1A", 10.0),
        ("PNEO 3", 5.0),
        ("KOMPSAT-3A", 48.0),
        ("swisstopo", 1.0),
        ("NAIP aerial", 1.0),
        ("unknown", 15.0),
        ("somebody", 15.0),
    ],
)
def test_a_product_is_worth_what_it_is_known_for_and_a_word_of_the_user_more(provider, ce90_m):
    scene = replace(SCENE, provider=provider)
    known, stated = (
        geolocation_of(scene, SETTINGS),
        geolocation_of(replace(scene, geolocation_m=2.0), SETTINGS),
    )
    assert (known.ce90_m, known.stated) == (ce90_m, False)
    assert (stated.ce90_m, stated.stated) == (2.0, True)
    assert known.source
    assert stated.source == "--geolocation-accuracy"


def test_a_product_is_believed_of_itself_better_and_worse():
    scene = replace(SCENE, provider="PHR 1B", product_ce90_m=3.5)
    assert geolocation_of(scene, SETTINGS).ce90_m == 3.5
    assert "metadata" in geolocation_of(scene, SETTINGS).source
    doubted = geolocation_of(replace(scene, location_doubt="its ground control failed"), SETTINGS)
    assert doubted.ce90_m == SETTINGS.geolocation_unknown_m
    assert "ground control failed" in doubted.source


def test_a_pair_is_weighed_by_what_both_scenes_are_worth():
    good, poor = Geolocation(ce90_m=3.0), Geolocation(ce90_m=12.0)
    for first, second, share in ((good, poor, 1 / 17), (poor, good, 16 / 17), (good, good, 0.5)):
        place = both_together(first, second, (4.0, -2.0), SETTINGS)
        assert (place.east_m, place.north_m) == pytest.approx((4.0 * share, -2.0 * share))
        assert place.known.ce90_m < min(first.ce90_m, second.ce90_m)
    apart = both_together(poor, good, (30.0, 0.0), SETTINGS)
    assert (apart.east_m, apart.known) == (30.0, good)
    assert both_together(good, good, (30.0, 0.0), SETTINGS).east_m == 0.0


def test_a_product_may_lie_farther_off_than_it_is_known_for_and_not_than_was_stated():
    away = np.array([0.0, 2.0, 12.0])
    known, stated = (log_prior(away, Geolocation(ce90_m=1.0, stated=s), SETTINGS) for s in (False, True))
    assert known[0] > known[1] > known[2] > known[0] - 12
    assert stated[2] == NEVER


def search(shown, *, seen=True, prior_m=15.0, stated=False):
    u = np.arange(-12.0, 13.0)
    odds = np.zeros(len(u))
    for at, value in shown.items():
        odds[u == at] = value
    known = Geolocation(ce90_m=prior_m, stated=stated)
    prior = log_prior(np.abs(u), known, SETTINGS)
    tried = TriedShifts(u=u, v=np.zeros(len(u)), shown=odds, prior=prior, across=True, seen=seen)
    return lambda alone=False: choose_place(tried, 10.0, known, SETTINGS, alone=alone)


def test_a_clear_place_is_taken_and_of_two_alike_the_one_the_scene_says():
    assert search({5: 200, 0: 20})() == Choice((5.0, 0.0))
    assert search({10: 100, 5: 98, 0: 20})() == Choice((5.0, 0.0), ((10.0, 0.0),))


def test_where_the_rails_are_not_seen_the_scene_stays_and_more_places_are_left_open():
    choice = search({-9: 150, 6: 130, 1: 112}, seen=False)()
    assert choice.stands
    assert choice.place == (0.0, 0.0)
    assert set(choice.rivals) == {(-9.0, 0.0), (6.0, 0.0)}


def test_a_second_place_beside_a_lone_track_is_doubt_and_no_rival():
    assert search({5: 100, 7: 95})(alone=True) == Choice((5.0, 0.0), (), near=True)


def test_what_is_seen_against_what_was_stated_is_refused_and_said():
    told = search({11: 100}, prior_m=2.0, stated=True)()
    assert isinstance(told, str)
    assert "11 m" in told
    assert "known to 2 m" in told
    assert isinstance(search({11: 100, 0: 95}, prior_m=2.0, stated=True)(), Choice)
