"""Looking again where vehicles were inserted finds what looking at everything finds there."""

import numpy as np
from support.values import observation, straight_site

from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.detect.trains.strips import SampledAgain, strips_of
from tumangang_watch.detectability.model import Placement
from tumangang_watch.detectability.plan import SPECIMENS
from tumangang_watch.detectability.search import TrialSearch
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()
SITE = straight_site(240.0, tracks=3)


def bare(seed=1):
    ground = np.random.default_rng(seed).normal(0.2, 0.01, (4, 80, 500))
    return observation(ground)


def with_body(date, track, from_m, to_m):
    """The same date with a dark body on a track, and the native window that it changed."""
    line = next(t.line for t in SITE.tracks if t.id == track)
    x, y = np.array([line.interpolate(s).coords[0] for s in (from_m, to_m)]).T
    row, col = date.image.pixel_of(x, y)
    window = (slice(int(row.min()) - 2, int(row.max()) + 4), slice(int(col.min()), int(col.max()) + 1))
    values = date.image.values.copy()
    values[:, *window] = 0.05
    return observation(values), window


def test_a_strip_sampled_again_is_the_strip_of_the_changed_image():
    date = bare()
    changed, window = with_body(date, "T2", 100.0, 160.0)
    tracks = list(SITE.tracks)
    wanted = strips_of(changed, SITE, tracks, SETTINGS)
    for strip, whole in zip(strips_of(date, SITE, tracks, SETTINGS), wanted, strict=True):
        first = SampledAgain.of_strip(strip, date.image)
        again = first.of(changed.image, [window], SETTINGS)
        np.testing.assert_array_equal(again.values, whole.values)
        np.testing.assert_array_equal(again.valid, whole.valid)
        far = (slice(0, 3), slice(0, 3))
        assert first.of(changed.image, [far], SETTINGS) is strip


def test_trains_found_again_are_those_of_the_whole_detector_where_asked():
    date, other = bare(), bare(2)
    search = TrialSearch(date, SITE, SETTINGS, other)
    found = 0
    for track, from_m in (("T1", 40.0), ("T2", 100.0), ("T3", 150.0)):
        changed, window = with_body(date, track, from_m, from_m + 56.0)
        place = Placement(specimen=SPECIMENS[0], track=track, from_m=from_m, to_m=from_m + 56.0, seed=1)
        whole = [
            d
            for d in detect_trains(changed, SITE, SETTINGS, other)
            if d.track == track and d.from_m < place.to_m and d.to_m > from_m
        ]
        again = search.trains(changed, [place], [window])
        assert [(d.track, d.from_m, d.to_m, d.grade, d.confidence) for d in again] == [
            (d.track, d.from_m, d.to_m, d.grade, d.confidence) for d in whole
        ]
        found += len(again)
    assert found
