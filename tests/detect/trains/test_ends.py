"""A train whose end was not seen is at least as long as what was seen, and says where it may go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.values import observation, straight_site, train_detection

from tumangang_watch.change.words import cars_of, train_words
from tumangang_watch.detect.trains.ends import beyond_m, hidden_by, length_of
from tumangang_watch.detect.trains.segments import TrainSegment
from tumangang_watch.model.detection import UNSEEN_BEYOND
from tumangang_watch.model.image import Raster
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()


def test_unseen_track_lengthens_the_upper_bound_alone():
    seen = TrainSegment(from_m=20, to_m=90, score=50.0)
    cut = replace(seen, unseen_m=(0.0, 40.0))
    whole, part = (length_of(run, 0.5, SETTINGS) for run in (seen, cut))
    assert (part.estimate, part.low) == (whole.estimate, whole.low)
    assert part.high == pytest.approx(whole.high + 40)
    assert beyond_m(replace(seen, unseen_m=(5000.0, 0.0)), SETTINGS) == SETTINGS.unseen_train_max_m


@pytest.mark.parametrize("hidden", ["beyond the picture", "under cloud", "left out or roofed"])
def test_what_hides_the_rest_is_named(hidden):
    site = straight_site(tracks=1)
    seen = observation(np.full((4, 120, 400), 0.15))
    right = np.zeros((120, 400), bool)
    right[:, 200:] = True
    if hidden == "beyond the picture":
        raster = seen.raster
        seen = replace(seen, raster=Raster(raster.values, ~right, raster.grid, raster.bands))
    cloud = right if hidden == "under cloud" else np.zeros_like(right)
    seen = replace(seen, quality=replace(seen.quality, clear=~right, cloud=cloud))
    run = TrainSegment(from_m=20, to_m=95, score=50.0, unseen_m=(0.0, 95.0))
    notes = hidden_by(seen, site.tracks[0], run)
    assert len(notes) == 1
    assert notes[0].startswith("its end was not seen: it may go on")
    assert hidden in notes[0]


def test_words_say_at_least():
    train = train_detection(straight_site(), "later", 20.0, 95.0, cars=5)
    cut = replace(train, evidence=((UNSEEN_BEYOND, 95.0),))
    assert train_words(cut) == "A train of at least 4 cars, 75 m of it seen, one end not,"
    assert cars_of(cut) == "at least 4 cars"
    assert not train.goes_on
