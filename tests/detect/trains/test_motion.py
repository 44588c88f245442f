"""A train whose bands lie apart along the track moves; one on a misregistered scene does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift
from support.values import NORTH0, native_image, observation, straight_site, train_detection

from tumangang_watch.detect.trains.body import sample_body
from tumangang_watch.detect.trains.motion import band_offsets, flagged, measure_motion
from tumangang_watch.detect.trains.speed import speed_of
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, paint, set_in_motion
from tumangang_watch.track_frame import frame_along

SETTINGS = Settings().motion
STILL = (0.0, 0.0, 0.0, 0.0)
FRAME = frame_along(straight_site().tracks[0].line, np.array([90.0, 100.0]), 3.0)
SCENE = observation(np.full((4, 8, 8), 0.2)).scene


def scene(seed, motion_m=STILL, shift_px=((0.0, 0.0),) * 4, pixel_m=0.5):
    """Rough ground and a train of nine wagons on track 1, each band shown where it was when taken."""
    rng = np.random.default_rng(seed)
    rows, cols = round(60 / pixel_m), round(240 / pixel_m)
    ground = 0.16 + 0.03 * gaussian_filter(rng.standard_normal((rows, cols)), 1.2) / 0.25
    along = (np.arange(cols) + 0.5) * pixel_m - 5.0
    across = NORTH0 - 30.0 - (NORTH0 - (np.arange(rows) + 0.5) * pixel_m)
    paints = rng.uniform(0.05, 0.5, (9, 1)) * rng.uniform(0.7, 1.4, (9, 4))
    starts = 60.0 + np.concatenate([[0.0], np.cumsum(rng.choice([12.0, 13.9, 17.0], 9))])
    values = []
    for band in range(4):
        picture = ground * rng.uniform(0.8, 1.2)
        for k, paint_ in enumerate(paints):
            start, stop = starts[k] + motion_m[band], starts[k + 1] - 1.1 + motion_m[band]
            here = (along > start) & (along < stop)
            picture[np.ix_(np.abs(across) < 1.5, here)] = paint_[band]
        blurred = gaussian_filter(picture, 0.6)
        values.append(shift(blurred, tuple(shift_px[band])[::-1], order=3, mode="nearest"))
    noise = 0.003 * rng.standard_normal((4, rows, cols))
    return native_image(np.array(values) + noise, pixel_m)


def measured(image, low=60.0, high=185.0):
    site = straight_site(240.0)
    train = train_detection(site, "later", low, high, cars=9)
    body = sample_body(image, train, site.tracks[0], SETTINGS)
    return train, None if body is None else measure_motion(image, body, band_offsets(image), SETTINGS)


@pytest.mark.parametrize("speed", [-9.0, 6.0, 15.0])
def test_imposed_motion_is_recovered(speed):
    times = np.array([0.0, 0.35, 0.2, 0.6])
    imposed = tuple(speed * (times - times.mean()))
    shifts = np.random.default_rng(4).uniform(-0.45, 0.45, (4, 2))
    image = scene(round(abs(speed)), imposed, shifts)
    train, motion = measured(image)
    assert motion.moving
    assert np.abs(motion.offset_m - imposed).max() < 0.4
    told = flagged(train, motion, speed_of(motion.offset_m, SCENE, image, SETTINGS), FRAME)
    assert {v.colour for v in told.rolling_stock} == {"unknown"}
    assert dict(told.evidence)["band_offset_m"] == pytest.approx(np.ptp(imposed), abs=0.5)
    assert any("in motion" in c for c in told.caveats)
    assert told.length_m.low < train.length_m.low
    assert told.cars == train.cars


def test_a_standing_train_on_a_misregistered_scene_is_not_moving():
    for seed in range(5):
        shifts = np.random.default_rng(seed).uniform(-0.45, 0.45, (4, 2))
        image = scene(seed, STILL, shifts)
        assert np.abs(band_offsets(image) - (shifts - shifts.mean(axis=0))).max() < 0.2
        _, motion = measured(image)
        assert not motion.moving
        assert motion.spread_m < 0.5


def test_empty_track_and_short_trains_say_nothing():
    site = straight_site(240.0)
    image = scene(1)
    short = train_detection(site, "later", 60.0, 74.0, cars=1)
    assert sample_body(image, short, site.tracks[0], SETTINGS) is None
    empty = train_detection(site, "later", 5.0, 50.0)
    body = sample_body(image, empty, site.tracks[0], SETTINGS)
    motion = measure_motion(image, body, np.zeros((4, 2)), SETTINGS)
    assert not motion.moving


def test_what_is_not_seen_is_not_judged():
    image = scene(2)
    valid = image.valid.copy()
    valid[:, 200:300] = False
    _, motion = measured(replace(image, valid=valid))
    assert motion is None


def test_the_painter_shows_each_band_of_a_moving_train_where_it_was():
    pair = make_pair(73, 1.0, tracks=2, length_m=110, trains=(1, 1))
    day = pair.days[0]
    track = day.trains[0].track
    place = pair.world.track(track).line.interpolate(day.trains[0].from_m)
    around = (place.x - 60, place.y - 60, place.x + 60, place.y + 60)
    world = replace(pair.world, bounds=around)
    still = paint(world, day, replace(pair.sensors[0], noise=0.0), 1).values.astype(float)
    moved_day = set_in_motion(day, track, 10.0, (0.0, 0.0, 0.4, 0.0))
    moved = paint(world, moved_day, replace(pair.sensors[0], noise=0.0), 1).values.astype(float)
    changed = [float((np.abs(a - b) > 40).mean()) for a, b in zip(still, moved, strict=True)]
    assert changed[2] > 0.001
    assert max(changed[0], changed[1], changed[3]) == 0.0
    assert moved_day.trains[0].band_offset_m == (0.0, 0.0, 4.0, 0.0)
