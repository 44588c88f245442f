"""The network of track groups and what it sees: in bed units, on steps in metres, whatever the pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumangang_watch.detect.coarse.find import detect_group_trains
from tumangang_watch.detect.coarse.ground import in_bed_units
from tumangang_watch.detect.coarse.groups import sample_corridor, windows_in
from tumangang_watch.detect.coarse.reading import read_track
from tumangang_watch.detect.coarse.states import displacements_of
from tumangang_watch.detect.coarse.view import ACROSS_M, ALONG_M, CHANNELS, HALF_ROWS, view_of
from tumangang_watch.grid import grid_over
from tumangang_watch.settings.groups import GroupSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_observation
from tumangang_watch.simulate.paint import paint_views

SETTINGS = GroupSettings()
ROW = {name: k for k, name in enumerate(CHANNELS)}
GSDS = (1.5, 2.5)


@pytest.fixture(scope="module")
def painted():
    """Return a painted day with a train, and the same day without it, at both pixel sizes."""
    pair = make_pair(
        split_seeds("validation")[7], 1.5, trains=(1, 1), tracks=3, length_m=220, season="summer"
    )
    day, sensor = replace(pair.days[0], snow_cover=0.0), pair.sensors[0]
    sensors = [replace(sensor, gsd_m=g) for g in GSDS]
    grid = grid_over(pair.world.site.bounds, 1.5, pair.world.site.crs)
    seen = [
        [exact_observation(p, "later", grid) for p in paint_views(pair.world, d, sensors, 1)]
        for d in (day, replace(day, trains=()))
    ]
    return pair.world.site, day.trains[0], seen


def corridors(observation, tracks):
    windows = windows_in(tracks, observation.image.gsd_m, SETTINGS)
    return [sample_corridor(observation.image, window.tracks, SETTINGS) for window in windows]


def view_of_first(observation, tracks):
    every = corridors(observation, tracks)
    lights = displacements_of(every[0], observation.scene, SETTINGS)
    return every[0], view_of(every[0], in_bed_units(every)[0], 0, lights, SETTINGS)


def test_a_view_lies_on_its_track_in_metres(painted):
    site, _, (full, _) = painted
    for observation in full:
        corridor, view = view_of_first(observation, site.tracks)
        assert view.patch.shape[:2] == (len(CHANNELS), 2 * HALF_ROWS + 1)
        length_m = corridor.tracks[0].line.length
        assert view.patch.shape[2] == pytest.approx(length_m / ALONG_M, abs=2)
        body = view.patch[ROW["body"], :, 40]
        assert body.argmax() == pytest.approx(HALF_ROWS, abs=1.5 / ACROSS_M)
        assert np.isfinite(view.patch).all()


def test_a_view_does_not_depend_on_gain_and_offset(painted):
    site, _, (full, _) = painted
    seen = full[0]
    _, one = view_of_first(seen, site.tracks)
    darker = replace(seen, image=replace(seen.image, values=np.float32(0.6) * seen.image.values + 0.02))
    _, other = view_of_first(darker, site.tracks)
    np.testing.assert_allclose(one.patch, other.patch, atol=2e-3)


def test_where_the_sun_is_not_known_no_shadow_is_drawn(painted):
    site, _, (full, _) = painted
    dark = replace(full[0], scene=replace(full[0].scene, sun_azimuth_deg=None, sun_elevation_deg=None))
    assert view_of_first(full[0], site.tracks)[1].patch[ROW["shade"]].max() > 0.1
    assert view_of_first(dark, site.tracks)[1].patch[ROW["shade"]].max() == 0


def test_the_network_sees_the_train_and_not_the_empty_track(painted):
    site, train, (full, empty) = painted
    for with_it, without in zip(full, empty, strict=True):
        odds = []
        for observation in (with_it, without):
            every = corridors(observation, site.tracks)
            units = in_bed_units(every)
            at = next(n for n, c in enumerate(every) if train.track in [t.id for t in c.tracks])
            corridor = every[at]
            k = [t.id for t in corridor.tracks].index(train.track)
            lights = displacements_of(corridor, observation.scene, SETTINGS)
            view = view_of(corridor, units[at], k, lights, SETTINGS)
            odds.append(read_track(view, corridor.s_m.size))
        inside = (corridor.s_m > train.from_m + 8) & (corridor.s_m < train.to_m - 8)
        assert np.median(odds[0][inside]) > 1 > -1 > np.median(odds[1][inside])


def test_a_train_is_found_with_the_length_it_has_and_nothing_where_it_is_not(painted):
    site, train, (full, empty) = painted
    for with_it, without in zip(full, empty, strict=True):
        (found,) = detect_group_trains(with_it, site, list(site.tracks), SETTINGS)
        assert (found.track, found.grade) == (train.track, "detected")
        assert found.length_m.low <= train.to_m - train.from_m <= found.length_m.high
        bare = detect_group_trains(without, site, list(site.tracks), SETTINGS)
        assert [d for d in bare if d.grade == "detected"] == []
