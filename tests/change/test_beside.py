"""A change beside which the ground differs in light is only possible; a thing's own change stays sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.values import observation, straight_site, train_detection

from tumangang_watch.change.beside import CAVEAT, in_doubtful_light, light_of, looks_changed
from tumangang_watch.change.trains import compare_trains
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings

SITE = straight_site()
SETTINGS = ChangeSettings()


def date(label, train=False, light=1.0, over=None):
    """Ground with a train of four cars on it or none; ``light`` falls on ``over``, or on all of it."""
    rng = np.random.default_rng(0 if label == "earlier" else 1)
    values = np.repeat(rng.normal(0.25, 0.01, (1, 120, 400)), 4, axis=0)
    if train:
        values[:, 57:63, 50:162] = 0.08
    values[(slice(None), *(over or (slice(None), slice(None))))] *= light
    return observation(values, label)


def told(one, two, kind="cargo", before=()):
    """Return what is told of a thing, or a train, that stands on the later date alone."""
    trains = (train_detection(SITE, "later", 20, 76, 4),)
    pair = DatePair(one, two)
    found = compare_trains(pair, SITE, trains, SETTINGS)
    sure = tuple(replace(f, grade="detected", kind=kind) for f in found)
    return in_doubtful_light(pair, sure, (*trains, *before), SETTINGS)[0]


@pytest.mark.parametrize("light", [0.4, 2.5])
def test_a_train_that_came_to_bare_track_is_sure_in_any_light_and_one_in_place_of_another_is_not(light):
    patch = slice(20, 100), slice(100, 180)
    one, two = date("earlier"), date("later", train=True, light=light, over=patch)
    assert told(one, two, kind="train").grade == "detected"
    stood = (train_detection(SITE, "earlier", 40, 90, 4),)
    found = told(one, two, kind="train", before=stood)
    assert (found.grade, CAVEAT in found.caveats) == ("possible", True)


@pytest.mark.parametrize("light", [1.0, 0.7, 1.4])
def test_what_came_is_sure_whatever_light_lies_on_all_of_a_date(light):
    found = told(date("earlier"), date("later", train=True, light=light))
    assert (found.change, found.grade) == ("appeared", "detected")


@pytest.mark.parametrize("light", [0.4, 2.5])
@pytest.mark.parametrize("on", [0, 1])
def test_a_change_in_light_that_differs_beside_it_is_possible_on_either_date(light, on):
    patch = slice(20, 100), slice(100, 180)
    lights = [light if k == on else 1.0 for k in (0, 1)]
    one = date("earlier", light=lights[0], over=patch)
    found = told(one, date("later", train=True, light=lights[1], over=patch))
    assert (found.change, found.grade) == ("appeared", "possible")
    assert CAVEAT in found.caveats


def test_light_that_differs_far_from_a_change_says_nothing_of_it():
    far = slice(0, 120), slice(260, 400)
    assert told(date("earlier"), date("later", train=True, light=2.5, over=far)).grade == "detected"


@pytest.mark.parametrize("sky", [(0.4, 0.3, 0.22, 0.15), (0.3, 0.3, 0.3, 0.3)])
def test_what_lies_in_blue_shade_on_one_date_is_no_other_light(sky):
    shade = slice(None), slice(66, 86), slice(40, 180)
    one, two = date("earlier"), date("later", train=True)
    dark = two.raster.values.copy()
    dark[shade] *= np.array(sky)[:, None, None]
    blue = sky[0] > sky[2]
    assert told(one, observation(dark, "later")).grade == ("detected" if blue else "possible")


def changed_looks(one, two):
    """Return how likely looks changed where the train of `told` stands."""
    train = train_detection(SITE, "later", 20, 76, 4)
    pair = DatePair(one, two)
    return looks_changed(light_of(pair, SETTINGS), pair, train.geometry, [train.geometry], SETTINGS)


def test_looks_may_have_changed_where_light_did_and_not_by_what_clear_pairs_differ_by():
    train = date("later", train=True)
    assert changed_looks(date("earlier"), train) == 0
    spot = slice(44, 50), slice(100, 112)
    light = light_of(DatePair(date("earlier", light=2.5, over=spot), train), SETTINGS)
    assert light.differs.any()
    assert changed_looks(date("earlier", light=2.5, over=spot), train) == 0
    wide = slice(20, 100), slice(40, 180)
    assert changed_looks(date("earlier", light=2.5, over=wide), train) > 0.5


def test_snow_on_one_date_alone_may_have_changed_all_looks():
    bare, white = date("earlier"), date("later", train=True)
    snow = replace(white.quality, snow=np.ones_like(white.quality.snow), snow_state="full")
    snowed = replace(white, quality=snow)
    assert changed_looks(bare, snowed) == SETTINGS.looks_changed_max
    assert changed_looks(replace(bare, quality=snow), snowed) == 0
