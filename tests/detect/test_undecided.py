"""Where much of the track is not decided, a scene is unlike those the reader learned from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.values import observation, straight_site, train_detection

from tumangang_watch.detect.trains.reading import NetReading, TrackReading
from tumangang_watch.detect.trains.strips import strips_of
from tumangang_watch.detect.undecided import undecided_share, with_doubt
from tumangang_watch.model.observation import Observation
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()
UNDECIDED = -SETTINGS.net_bias
"""Log-odds of the network at which, its bias on, both are as likely."""


def read(odds: np.ndarray, seen: Observation | None = None) -> TrackReading:
    """Read a track of 200 m with these log-odds of its 400 steps."""
    seen = seen or observation(np.ones((4, 120, 400), np.float32))
    site = straight_site()
    strips = strips_of(seen, site, list(site.tracks), SETTINGS)
    reading = NetReading(odds, np.full(odds.size, -5.0), np.zeros((7, odds.size)))
    return TrackReading(seen.scene, tuple(strips), (reading,))


def tempered(share: float | None) -> Any:
    return with_doubt((train_detection(straight_site(), "later", 40.0, 100.0),), share, SETTINGS)[0]


def test_the_share_is_that_of_the_steps_in_doubt() -> None:
    odds = np.full(400, -8.0)
    odds[:100] = 7.0
    odds[300:340] = UNDECIDED
    assert undecided_share(read(odds), SETTINGS) == pytest.approx(0.1, abs=0.01)


def test_ground_that_was_not_seen_does_not_count() -> None:
    seen = observation(np.ones((4, 120, 400), np.float32))
    clear = seen.quality.clear.copy()
    clear[:, 200:] = False
    seen = replace(seen, quality=replace(seen.quality, clear=clear))
    odds = np.full(400, -8.0)
    odds[200:] = UNDECIDED
    share = undecided_share(read(odds, seen), SETTINGS)
    assert share is not None
    assert share < 0.02


def test_nothing_is_said_of_too_little_track() -> None:
    assert undecided_share(TrackReading(read(np.zeros(400)).scene, (), ()), SETTINGS) is None


def test_a_usual_scene_keeps_its_confidence() -> None:
    assert tempered(None).confidence == tempered(SETTINGS.undecided.share_max).confidence == 0.95
    assert not tempered(0.01).caveats


def test_twice_the_usual_share_halves_the_log_odds_and_says_why() -> None:
    train = tempered(2 * SETTINGS.undecided.share_max)
    sure = np.log(0.95 / 0.05)
    assert np.log(train.confidence / (1 - train.confidence)) == pytest.approx(sure / 2)
    assert train.grade == "detected"
    assert dict(train.evidence)["undecided_share"] == pytest.approx(0.12)
    assert any("on more of the track than usual (6%)" in note for note in train.caveats)
