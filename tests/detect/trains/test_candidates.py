"""A train's track is open where the fit to the site is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.values import observation, straight_site, train_detection

from tumangang_watch.detect.trains.candidates import name_candidates
from tumangang_watch.model.observation import Registration

SITE = straight_site(tracks=4)


def seen(*rivals):
    fit = Registration(status="degraded", rivals_m=rivals)
    return replace(observation(np.full((4, 120, 400), 0.2)), site_fit=fit)


def test_a_fit_without_rivals_leaves_no_track_open():
    train = train_detection(SITE, "later", 40.0, 100.0, track="T2")
    assert name_candidates(seen(), (train,), SITE) == (train,)


def test_other_places_of_the_scene_are_other_tracks_of_the_train():
    train = train_detection(SITE, "later", 40.0, 100.0, track="T2")
    # Content that lies 5 m further north than believed stands a track further south.
    (named,) = name_candidates(seen((0.0, 5.0), (0.0, -5.0)), (train,), SITE)
    assert named.tracks == ("T1", "T2", "T3")
    assert "track 1, track 2 or track 3" in named.caveats[-1]
    assert (named.track, named.grade) == ("T2", "detected")
    (south,) = name_candidates(seen((0.0, 5.0)), (train,), SITE)
    assert south.tracks == ("T2", "T3")


def test_a_place_without_a_track_is_none():
    train = train_detection(SITE, "later", 40.0, 100.0, track="T1")
    assert name_candidates(seen((0.0, -40.0)), (train,), SITE) == (train,)
