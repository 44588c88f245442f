"""A train came or went for sure only where the dates differ by more than along bare track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.values import observation, straight_site, train_detection

from tumangang_watch.change.other_date import OCCUPIED
from tumangang_watch.change.profiles import pair_scale
from tumangang_watch.change.seen import bare_track, times_bare
from tumangang_watch.change.trains import compare_trains
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings

SETTINGS, SITE = ChangeSettings(), straight_site()
LINE = SITE.tracks[0].line


def date(label, cars=(), seed=0):
    """A track of patchy ground, with wagons of 14 m from 20 m on."""
    values = np.repeat(np.random.default_rng(5).normal(0.25, 0.03, (1, 120, 400)), 4, axis=0)
    values += np.random.default_rng([seed, len(label)]).normal(0, 0.02, values.shape)
    for k, level in enumerate(cars):
        values[:, 57:63, 50 + 28 * k : 76 + 28 * k] = level
    return observation(values, label)


def read_on(label, confidence=0.95):
    train = train_detection(SITE, label, 20, 76)
    return replace(train, evidence=((OCCUPIED, 0.0),), confidence=confidence)


@pytest.mark.parametrize("on", ["earlier", "later"])
@pytest.mark.parametrize("cars", [(), (0.1, 0.4, 0.4, 0.1)])
def test_a_train_that_no_pixel_shows_did_not_surely_come_or_go(on, cars):
    pair = DatePair(*(date(d, cars if d == on else ()) for d in ("earlier", "later")))
    (found,) = compare_trains(pair, SITE, (read_on(on),), SETTINGS)
    assert found.change == ("appeared" if on == "later" else "disappeared")
    assert found.grade == ("detected" if cars else "possible")


def test_bare_track_differs_by_as_much_as_bare_track_and_a_train_by_more():
    for cars, few in (((), True), ((0.45,) * 4, False)):
        pair, train = DatePair(date("earlier"), date("later", cars)), read_on("later")
        scale = pair_scale(pair.earlier, pair.later, SETTINGS)
        bare = bare_track(pair, SITE, (train,), scale, SETTINGS)
        assert bare is not None
        times = times_bare(pair, LINE, train, (20.0, 76.0), bare, scale)
        assert times is not None
        assert (times < 1.5) is few


def test_nothing_is_said_without_bare_track():
    pair = DatePair(date("earlier"), date("later"))
    scale = pair_scale(pair.earlier, pair.later, SETTINGS)
    whole = train_detection(SITE, "later", 5, 185)
    assert bare_track(pair, SITE, (whole,), scale, SETTINGS) is None
