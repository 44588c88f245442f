"""At 3 m: presence by track group and a wide length, never a count; nothing on empty track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from shapely import LineString
from support.values import native_image, observation, straight_site

from tumangang_watch.detect.coarse.groups import group_tracks, sample_corridor, unlooked_parts, windows_of
from tumangang_watch.detect.coarse.states import likeliest_path, state_table
from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.model.site import Track
from tumangang_watch.settings import Settings

SETTINGS = Settings().trains
GSD = 3.0
LENGTH = 420.0


def yard(tracks=4):
    return straight_site(LENGTH, 90.0, tracks)


def scene(seed, trains, sun=(180.0, 35.0), tracks=4):
    """Ballast, grass beyond, and trains (track index, from, to, brightness) with shadows to the north."""
    rng = np.random.default_rng(seed)
    step = 0.5
    rows, cols = round(90 / step), round(LENGTH / step)
    texture = gaussian_filter(rng.standard_normal((rows, cols)), 3) / 0.1
    fine = np.full((4, rows, cols), 0.12)
    y = -(np.arange(rows) + 0.5) * step
    beds = np.min([np.abs(y + 30 + 5 * k) for k in range(tracks)], axis=0) < 2.4
    fine[:, beds] = 0.17
    fine[0] *= 0.8
    fine *= 1 + 0.03 * texture
    x = (np.arange(cols) + 0.5) * step - 5.0
    for track, low, high, tone in trains:
        along = (x > low) & (x < high)
        middle = -30.0 - 5 * track
        reach = 3.8 / np.tan(np.radians(sun[1]))
        shaded = (y > middle + 1.5) & (y < middle + 1.5 + reach)
        fine[np.ix_(range(4), shaded, along)] *= 0.2
        fine[np.ix_(range(4), np.abs(y - middle) < 1.5, along)] = tone
    k = round(GSD / step)
    blurred = np.stack([gaussian_filter(band, 0.55 * k) for band in fine])
    coarse = blurred.reshape(4, rows // k, k, cols // k, k).mean(axis=(2, 4))
    noisy = coarse + 0.002 * rng.standard_normal(coarse.shape)
    return observation(noisy, pixel_m=GSD, sun=sun)


def test_trains_are_told_by_group_and_not_counted():
    truth = [(1, 60.0, 200.0, 0.3), (3, 230.0, 330.0, 0.06)]
    found = detect_trains(scene(1, truth), yard(), SETTINGS)
    assert [d.track for d in found] == ["T2", "T4"]
    for train, (_, low, high, _) in zip(found, truth, strict=True):
        assert train.grade == "detected"
        assert train.cars is None
        assert train.rolling_stock == ()
        assert abs(train.from_m - low) < 10
        assert abs(train.to_m - high) < 10
        assert train.length_m.low <= high - low <= train.length_m.high
        assert any("T1, T2, T3, T4 cannot be told apart" in c for c in train.caveats)
        assert 0.5 < dict(train.evidence)["shadow"] < 1.5


def test_empty_track_holds_no_train():
    for seed in range(2):
        found = detect_trains(scene(seed, []), yard(), SETTINGS)
        assert [d for d in found if d.grade == "detected"] == []


def test_a_nearly_full_track_is_found_against_its_neighbours():
    found = detect_trains(scene(5, [(2, 10.0, 330.0, 0.25)]), yard(), SETTINGS)
    assert [d.track for d in found if d.grade == "detected"] == ["T3"]


def test_without_the_sun_a_train_is_only_possible():
    dark = scene(1, [(1, 60.0, 200.0, 0.3)])
    unknown = replace(dark, scene=replace(dark.scene, sun_azimuth_deg=None, sun_elevation_deg=None))
    found = detect_trains(unknown, yard(), SETTINGS)
    assert found
    assert {d.grade for d in found} == {"possible"}


def test_another_date_shows_what_always_lies_there():
    """A dark strip of ground beside the track on both dates is no train."""
    truth = [(1, 60.0, 200.0, 0.3)]
    one, two = scene(7, truth), scene(8, [])
    found = detect_trains(one, yard(), SETTINGS, two)
    assert [d.track for d in found if d.grade == "detected"] == ["T2"]
    assert [d for d in detect_trains(two, yard(), SETTINGS, one) if d.grade == "detected"] == []


def test_finer_scenes_are_read_track_by_track():
    rng = np.random.default_rng(2)
    fine = observation(rng.uniform(0.1, 0.2, (4, 120, 400)), pixel_m=0.5)
    found = detect_trains(fine, straight_site(), SETTINGS)
    assert all(not any("told apart" in c for c in d.caveats) for d in found)


def test_tracks_nearer_than_three_pixels_are_one_group():
    lines = {"A": 0.0, "B": 5.0, "C": 12.0, "D": 40.0}
    tracks = tuple(Track(id=n, line=LineString([(0, y), (300, y)]), name=n) for n, y in lines.items())
    assert [[t.id for t in g] for g in group_tracks(tracks, 9.0)] == [["A", "B", "C"], ["D"]]
    crossing = Track(id="E", line=LineString([(0, -60), (300, 60)]), name="E")
    assert [crossing] in [list(g) for g in group_tracks((*tracks, crossing), 9.0)]


@given(st.integers(1, 14), st.integers(3, 6))
def test_every_track_of_a_group_is_spoken_for_once(count, most):
    tracks = tuple(
        Track(id=f"T{k}", line=LineString([(0, 5 * k), (300, 5 * k)]), name="") for k in range(count)
    )
    windows = windows_of(tracks, most)
    assert sorted(t.id for _, own in windows for t in own) == sorted(t.id for t in tracks)
    assert all(set(own) <= set(seen) and len(seen) <= most for seen, own in windows)


def test_a_ribbon_knows_where_each_track_lies():
    short = Track(id="S", line=LineString([(500_100.0, 4_699_960.0), (500_200.0, 4_699_960.0)]), name="S")
    long = Track(id="L", line=LineString([(500_005.0, 4_699_955.0), (500_395.0, 4_699_955.0)]), name="L")
    corridor = sample_corridor(native_image(np.ones((4, 30, 140)), 3.0), (short, long), SETTINGS.groups)
    assert [t.id for t in corridor.tracks] == ["L", "S"]
    inside = (corridor.s_m > 100) & (corridor.s_m < 190)
    assert np.allclose(corridor.offset_m[1, inside], 5.0)
    assert np.isnan(corridor.offset_m[1, corridor.s_m < 90]).all()


def test_the_path_keeps_to_what_the_evidence_pays_for():
    states = state_table(2)
    log_likelihood = np.repeat([[0.0], [-0.5], [-0.5], [-1.0]], 60, axis=1)
    log_likelihood[1, 20:40] = 2.0
    log_likelihood[3, 20:40] = 1.0
    path = likeliest_path(log_likelihood, states, 7.0)
    assert (states[path.best][20:40] == [True, False]).all()
    assert not states[path.best][:19].any()
    assert path.chance[0, 30] > 0.99
    assert path.chance[1, 30] < 0.01
    assert path.chance.min() >= 0
    assert path.chance.max() <= 1 + 1e-9
    weak = likeliest_path(
        np.where(np.arange(60) == 30, 3.0, 0.0) * np.array([[0], [1], [0], [0]]), states, 7.0
    )
    assert not states[weak.best].any()


@pytest.mark.parametrize("sun", [(0.0, 35.0), (180.0, 20.0)])
def test_the_shadow_falls_where_the_sun_says(sun):
    found = detect_trains(scene(3, [(2, 80.0, 240.0, 0.3)]), yard(), SETTINGS)
    assert [d.track for d in found if d.grade == "detected"] == ["T3"]
    other = scene(3, [(2, 80.0, 240.0, 0.3)])
    wrong = replace(other, scene=replace(other.scene, sun_azimuth_deg=sun[0]))
    if sun[0] == 0.0:
        away = detect_trains(wrong, yard(), SETTINGS)
        assert all(dict(d.evidence)["log_odds"] < dict(found[0].evidence)["log_odds"] for d in away)


def test_stretches_beyond_the_longest_track_are_named():
    long = Track(id="long", line=LineString([(0, 0), (300, 0)]), name="")
    beyond = Track(id="beyond", line=LineString([(200, 5), (380, 5)]), name="")
    within = Track(id="within", line=LineString([(50, 10), (250, 10)]), name="")
    ((track, from_m, to_m),) = unlooked_parts((long, beyond, within), GSD, SETTINGS.groups)
    assert track == "beyond"
    assert (from_m, to_m) == pytest.approx((101.0, 180.0), abs=2.0)
    assert unlooked_parts((long, within), GSD, SETTINGS.groups) == []
