"""The parts of a coarse reading: bed units, the empty ground, the states and the trains of a corridor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import multivariate_normal
from shapely import box
from support.values import observation, straight_site

from tumangang_watch.detect.coarse.find import confidence_of, cues_of, detect_group_trains, runs_of
from tumangang_watch.detect.coarse.ground import in_bed_units, learn_ground, near_tracks
from tumangang_watch.detect.coarse.groups import sample_corridor
from tumangang_watch.detect.coarse.infer import read_groups
from tumangang_watch.detect.coarse.states import (
    BLOCK,
    Displacement,
    EmptyGround,
    footprints,
    likelihoods,
    state_table,
)
from tumangang_watch.settings.groups import GroupSettings

SETTINGS = GroupSettings()
GSD, LENGTH, TRACKS = 3.0, 300.0, 2
SITE = straight_site(LENGTH, 66.0, TRACKS)
LOW, HIGH = 90.0, 210.0


def scene(train=True, seed=4):
    """Two beds on darker ground; a bright train on the first, its shadow to the north."""
    rng, step = np.random.default_rng(seed), 0.5
    y, x = -(np.arange(132) + 0.5) * step + 30, (np.arange(600) + 0.5) * step - 5
    fine = np.full((y.size, x.size), 0.12)
    fine[(np.abs(y) < 2.4) | (np.abs(y + 5) < 2.4)] = 0.17
    fine *= 1 + 0.3 * gaussian_filter(rng.standard_normal(fine.shape), 3)
    if train:
        along = (x > LOW) & (x < HIGH)
        fine[np.ix_((y > 1.5) & (y < 6.9), along)] *= 0.2
        fine[np.ix_(np.abs(y) < 1.5, along)] = 0.35
    coarse = gaussian_filter(fine, 3.3).reshape(22, 6, 100, 6).mean(axis=(1, 3))
    gains = np.array([0.8, 1.0, 1.0, 1.1])[:, None, None]
    return observation(gains * coarse + 0.001 * rng.standard_normal((4, 22, 100)), pixel_m=GSD)


def corridor_of(seen):
    return sample_corridor(seen.image, SITE.tracks, SETTINGS)


def test_bed_units_do_not_depend_on_gain_and_offset():
    corridor = corridor_of(scene(train=False))
    (units,) = in_bed_units([corridor])
    bed = near_tracks(corridor) & corridor.valid
    np.testing.assert_allclose(np.median(units[:, bed], axis=1), 1.0, atol=1e-5)
    gains = np.array([2.0, 0.5, 3.0, 1.0], np.float32)[:, None, None]
    (other,) = in_bed_units([replace(corridor, values=gains * corridor.values + np.float32(0.1))])
    np.testing.assert_allclose(other[:, corridor.valid], units[:, corridor.valid], atol=1e-3)
    assert in_bed_units([replace(corridor, valid=np.zeros_like(corridor.valid))]) == []


def test_the_empty_ground_is_learned_from_beside_a_train_and_not_from_it():
    bare, full = (corridor_of(scene(train)) for train in (False, True))
    occupied = (full.s_m > LOW) & (full.s_m < HIGH)
    units, empty = in_bed_units([full, bare])
    weight = np.broadcast_to(~occupied, full.valid.shape).astype(float)
    ground = learn_ground(full, units, weight, SETTINGS)
    middle = np.abs(full.s_m - 150) < 45
    bed = near_tracks(full)[:, middle]
    error = np.abs(ground.expected - empty)[:, :, middle][:, bed].mean()
    assert error < 0.5 * np.abs(units - empty)[:, :, middle][:, bed].mean()
    painted = np.where(occupied, 7.0, units)
    np.testing.assert_allclose(learn_ground(full, painted, weight, SETTINGS).expected, ground.expected)


def test_the_states_say_which_track_is_occupied_where():
    (reading,) = read_groups(scene(), list(SITE.tracks), SETTINGS)
    assert reading.own == reading.group == SITE.tracks
    assert reading.sun_known
    s_m = reading.corridor.s_m
    inside, outside = (s_m > LOW + 10) & (s_m < HIGH - 10), (s_m < LOW - 10) | (s_m > HIGH + 10)
    lead = reading.corridor.tracks.index(SITE.tracks[0])
    assert reading.path.chance[lead, inside].min() > 0.9
    assert reading.path.chance[1 - lead, inside].max() < 0.1
    assert reading.path.chance[:, outside].max() < 0.1
    assert reading.empty[:, outside].min() > 0.9 > reading.empty[:, inside].min()
    assert np.median(reading.odds[lead, inside]) > 2 > -2 > np.median(reading.odds[lead, outside])


def test_the_trains_of_a_corridor_are_its_detections():
    seen = scene()
    (reading,) = read_groups(seen, list(SITE.tracks), SETTINGS)
    (run,) = runs_of(reading, SETTINGS)
    assert (run.from_m, run.to_m) == pytest.approx((LOW, HIGH), abs=8.0)
    assert run.sure_m <= run.reach_m
    assert run.sure_m > 0.5 * (HIGH - LOW)
    assert min(run.score, run.ground) > 50
    assert SETTINGS.shadow_like[0] < run.shadow < SETTINGS.shadow_like[1]
    assert runs_of(replace(reading, own=SITE.tracks[1:]), SETTINGS) == []
    (found,) = detect_group_trains(seen, SITE, list(SITE.tracks), SETTINGS)
    assert (found.track, found.from_m, found.to_m) == ("T1", run.from_m, run.to_m)
    west, _, east, north = SITE.bounds
    yard = replace(SITE.areas[0], polygon=box(west, north - 66, west + 80, north))
    bridge = replace(yard, id="bridge", role="bridge", polygon=box(west + 80, north - 66, east, north))
    (there,) = detect_group_trains(seen, replace(SITE, areas=(yard, bridge)), list(SITE.tracks), SETTINGS)
    assert (there.area, [name for name, _ in there.areas]) == ("bridge", ["bridge"])
    assert detect_group_trains(scene(train=False), SITE, list(SITE.tracks), SETTINGS) == ()


def test_confidence_is_a_logistic_of_what_was_found_and_of_the_sun_that_is_known():
    (reading,) = read_groups(scene(), list(SITE.tracks), SETTINGS)
    (run,) = runs_of(reading, SETTINGS)
    assert run.cues == cues_of(run.score, run.ground, run.to_m - run.from_m, GSD, SETTINGS)
    odds = float(np.dot(run.cues, SETTINGS.confidence_weights))
    assert run.confidence == pytest.approx(1 / (1 + np.exp(-odds)))
    assert run.confidence > SETTINGS.confidence_detected
    (found,) = detect_group_trains(scene(), SITE, list(SITE.tracks), SETTINGS)
    assert found.confidence == run.confidence
    (dark,) = runs_of(replace(reading, sun_known=False), SETTINGS)
    assert dark.cues == run.cues
    assert dark.confidence == pytest.approx(1 / (1 + np.exp(-np.dot(run.cues, SETTINGS.no_sun_weights))))
    weak = cues_of(0.1 * run.score, run.ground, run.to_m - run.from_m, GSD, SETTINGS)
    assert confidence_of(weak, True, SETTINGS) < run.confidence


def test_likelihoods_are_those_of_the_gaussians_that_the_states_are():
    corridor = corridor_of(scene())
    (units,) = in_bed_units([corridor])
    rng = np.random.default_rng(3)
    rows, bands = len(corridor.y_m), len(units)
    loose = rng.standard_normal((rows, rows))
    ground = EmptyGround(
        expected=np.ones_like(units),
        turn=np.eye(bands),
        colour=np.linspace(0.1, 0.6, bands),
        rows=0.02 * loose @ loose.T / rows + 0.01 * np.eye(rows),
        unknown=np.zeros(units.shape[1:]),
    )
    states, light = state_table(TRACKS), Displacement(shadow_m=4.0, lean_m=-1.0)
    found = likelihoods(corridor, units, ground, states, light, SETTINGS)
    prints = footprints(corridor, 4, states, light, SETTINGS)
    clutter = SETTINGS.bed_spread**2 * prints.bodies.T @ prints.bodies / SETTINGS.body_spread**2
    expected = np.zeros((len(states), BLOCK))
    for k, (state, shade) in enumerate(zip(states, prints.shade, strict=True)):
        here = prints.bodies[state]
        for variance, seen in zip(ground.colour, units[:, :, :BLOCK] - 1, strict=True):
            spread = ground.rows + variance * (here.T @ here + clutter)
            spread = spread + SETTINGS.shadow_spread**2 * np.outer(shade, shade)
            dark = multivariate_normal(-SETTINGS.shadow_depth * shade, spread)
            expected[k] += dark.logpdf(seen.T)
    np.testing.assert_allclose(found[:, :BLOCK], expected - expected[:1], rtol=1e-7, atol=1e-7)
