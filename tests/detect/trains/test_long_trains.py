"""Long trains stay whole, cuts are told apart: painted at 0.5 m on one track of 950 m."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumangang_watch.detect.trains.find import read_trains
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image, exact_scene
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.traffic import make_train
from tumangang_watch.simulate.world import Train

SETTINGS = TrainSettings()


@pytest.fixture(scope="module")
def yard():
    return make_pair(split_seeds("train")[41], 0.5, tracks=1, length_m=950.0, season="summer", trains=(0, 0))


def found_on(yard, trains):
    painted = paint(yard.world, replace(yard.days[0], trains=trains), yard.sensors[0], 1)
    image, about = exact_image(painted, yard.world.site.bounds[:2]), exact_scene(painted, "long")
    strips = [sample_strip(image, t, SETTINGS) for t in yard.world.site.tracks]
    return [t for t in read_trains(strips, about, SETTINGS)[0] if t.false_alarms <= 0.01]


def test_a_train_of_sixty_wagons_is_one_train(yard):
    rng = np.random.default_rng(1)
    kinds = (
        [("open", "brown")] * 20 + [("box", "red")] * 10 + [("tank", "black")] * 20 + [("open", "grey")] * 10
    )
    train = make_train("T1", 30.0, kinds, rng)
    assert train.to_m - train.from_m > 800
    found = found_on(yard, (train,))
    assert len(found) == 1
    assert found[0].cars.low <= 60 <= found[0].cars.high
    assert abs(found[0].run.from_m - train.from_m) < 1.5
    assert abs(found[0].run.to_m - train.to_m) < 1.5


def test_uncoupled_cuts_are_trains_of_their_own(yard):
    rng = np.random.default_rng(2)
    first = make_train("T1", 100.0, [("box", "red")] * 5, rng)
    second = make_train("T1", first.to_m + 5.5, [("box", "light_grey")] * 4, rng)
    found = found_on(yard, (Train("T1", first.cars), Train("T1", second.cars)))
    assert [round(t.cars.estimate) for t in found] == [5, 4]
    assert found[1].run.from_m - found[0].run.to_m == pytest.approx(second.from_m - first.to_m, abs=1.0)
