"""A train says on how many earlier dates its place was occupied, and only of dates that saw it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.values import observation, straight_site, train_detection

from tumangang_watch.detect.history import BackgroundDate
from tumangang_watch.detect.occupancy import add_occupancy, add_other_date
from tumangang_watch.detect.trains.reading import NetReading, TrackReading
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.detect.trains.view import STEP_M
from tumangang_watch.settings.change import HistorySettings
from tumangang_watch.settings.trains import TrainSettings

SITE = straight_site()
SEEN = observation(np.full((4, 120, 400), 0.2))
STRIP = sample_strip(SEEN.image, SITE.tracks[0], TrainSettings())
TRAIN = train_detection(SITE, "later", 60.0, 120.0)


def earlier(from_m, to_m, valid=True):
    """An earlier date on which the track was occupied between two distances."""
    at = (np.arange(round(SITE.tracks[0].line.length / STEP_M)) + 0.5) * STEP_M
    occupied = np.where((at > from_m) & (at < to_m), 5.0, -5.0)
    reading = NetReading(occupied=occupied, coupling=occupied, types=np.zeros((1, at.size)))
    strip = STRIP if valid else replace(STRIP, valid=np.zeros_like(STRIP.valid))
    return BackgroundDate(scene=SEEN.scene, tracks=TrackReading(SEEN.scene, (strip,), (reading,)))


def occupancy(*dates, train=TRAIN):
    (found,) = add_occupancy((train,), dates, HistorySettings())
    evidence = dict(found.evidence)
    return found, (evidence.get("earlier_dates"), evidence.get("earlier_occupied"))


def test_only_dates_that_fill_most_of_its_place_count_as_occupied():
    found, counts = occupancy(earlier(55, 125), earlier(60, 75), earlier(130, 180))
    assert counts == (3.0, 1.0)
    assert found.caveats[-1] == "its place was occupied on 1 of 3 earlier dates"


def test_an_empty_place_is_evidence_and_no_caveat():
    found, counts = occupancy(earlier(130, 180))
    assert counts == (1.0, 0.0)
    assert found.caveats == TRAIN.caveats


def test_dates_that_did_not_see_the_place_do_not_count():
    assert occupancy(earlier(55, 125), earlier(55, 125, valid=False))[1] == (1.0, 1.0)
    unread = BackgroundDate(scene=SEEN.scene)
    for dates in ((), (unread,), (earlier(55, 125, valid=False), unread)):
        assert occupancy(*dates)[0] == TRAIN
    elsewhere = replace(TRAIN, track="T9")
    assert occupancy(earlier(55, 125), train=elsewhere)[0] == elsewhere


def test_a_train_carries_how_likely_the_other_date_shows_its_place_as_occupied():
    def occupied(date):
        (found,) = add_other_date((TRAIN,), date.tracks, HistorySettings())
        return dict(found.evidence).get("other_occupied")

    assert occupied(earlier(55, 125)) > 0.99
    assert occupied(earlier(60, 90)) == 0.5
    assert occupied(earlier(130, 180)) < 0.01
    assert occupied(earlier(55, 125, valid=False)) is None
