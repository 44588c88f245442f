"""What repeats along a bridge is taken off; what stands on it stays, under beams as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from support.values import observation, straight_site

from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.detect.trains.structure import free_of_structure, hidden_on_bridges, structure_of
from tumangang_watch.detect.trains.view import log_share, scale_of, shares
from tumangang_watch.grid import grid_over
from tumangang_watch.settings.trains import StructureSettings, TrainSettings
from tumangang_watch.simulate.exact import exact_observation
from tumangang_watch.simulate.light import sun_position
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.places.from_site import world_from_site
from tumangang_watch.simulate.traffic import make_train
from tumangang_watch.simulate.world import DayState, Sensor, shifted
from tumangang_watch.sites import load_site

SETTINGS, STRUCTURE = TrainSettings(), StructureSettings()
PANEL_M, BODY = 8.4, (100.0, 130.0)


def panelled(*, body=None, jump=0):
    """Return a strip whose deck has a beam in every panel; after ``jump`` columns the panels begin anew."""
    rng = np.random.default_rng(1)
    strip = sample_strip(observation(np.full((4, 80, 460), 0.2)).image, straight_site().tracks[0], SETTINGS)
    at = strip.s_m.copy()
    at[at.size // 2 :] += jump
    values = np.full(strip.values.shape, 0.06, np.float32)
    deck = np.abs(strip.y_m) <= 3
    values[:, deck] = 0.2
    values[:, deck] = np.where((at % PANEL_M < 0.6), 0.4, values[:, deck])
    if body:
        inside = (strip.s_m > body[0]) & (strip.s_m < body[1]) & (at % PANEL_M >= 0.6)
        core = np.ix_(np.arange(4), np.flatnonzero(np.abs(strip.y_m) <= 1.5), np.flatnonzero(inside))
        values[core] = 0.5
    values += rng.normal(0, 0.004, values.shape).astype(np.float32)
    return replace(strip, values=values, valid=np.ones(strip.valid.shape, bool))


@pytest.mark.parametrize("jump", [0, 3])
def test_a_panel_that_comes_again_is_found_though_spans_jump(jump):
    strip = panelled(jump=jump)
    seen = log_share(shares(strip.values, scale_of([strip]), limit=np.inf)).astype(float)
    found = structure_of(strip, seen, strip.valid, np.ones(strip.s_m.size, bool), STRUCTURE)
    assert found.period_m == pytest.approx(PANEL_M, rel=0.05)
    left = np.abs(seen - found.typical)[:, np.abs(strip.y_m) <= 1.5]
    assert np.median(left) < 0.05
    assert 0.05 < found.hidden.mean() < 0.4


def test_columns_under_beams_are_told_whether_a_train_stands_there_or_not():
    for body in (None, BODY):
        strip = panelled(body=body)
        strip = replace(strip, bridges_m=((0.0, float(strip.s_m[-1])),))
        hidden, beam = hidden_on_bridges(strip, SETTINGS), strip.s_m % PANEL_M < 0.6
        assert hidden[beam].mean() > 0.9
        assert hidden[~beam].mean() < 0.25
    assert not hidden_on_bridges(replace(strip, bridges_m=()), SETTINGS).any()


def test_an_empty_deck_becomes_plain_and_a_body_stays():
    core = np.abs(panelled().y_m) <= 1.5
    most = (20.0, 150.0)
    for body in (None, BODY, most):
        strip = panelled(body=body)
        length = float(strip.s_m[-1])
        # A body over most of the bridge is told from it by where nothing is seen to stand.
        empty = (strip.s_m < most[0]) | (strip.s_m > most[1]) if body == most else strip.s_m >= 0
        freed = free_of_structure(strip, (0.0, length), empty, scale_of([strip]), STRUCTURE).values[0][core]
        first, last = body or BODY
        inside = (strip.s_m > first + 1) & (strip.s_m < last - 1)
        away = (strip.s_m < first - 5) | (strip.s_m > last + 5)
        assert np.percentile(freed[:, away], 98) < 1.25 * np.median(freed[:, away])
        if body:
            assert np.median(freed[:, inside]) > 1.5 * np.median(freed[:, away])
            # Beams lay over it: it is filled from beside them.
            assert np.percentile(freed[:, inside], 5) > 1.5 * np.median(freed[:, away])


def test_a_short_bridge_and_the_track_beyond_are_left_alone():
    strip = panelled(body=BODY)
    light, empty = scale_of([strip]), strip.s_m >= 0
    assert free_of_structure(strip, (20.0, 60.0), empty, light, STRUCTURE) is strip
    freed = free_of_structure(strip, (50.0, 200.0), empty, light, STRUCTURE)
    outside = (strip.s_m < 49.5) | (strip.s_m > 200.5)
    np.testing.assert_array_equal(freed.values[:, :, outside], strip.values[:, :, outside])


@pytest.mark.parametrize("month", [7, 12])
@pytest.mark.parametrize("loaded", [False, True])
def test_the_trusses_of_the_built_in_bridge_are_no_train_and_a_train_between_them_is(month, loaded):
    site = load_site()
    track = next(t for t in site.tracks if t.id == "bridge-1")
    middle = track.line.interpolate(0.5, normalized=True)
    world = world_from_site(site, 38, middle.buffer(130).bounds)
    when = datetime(2022, month, 1, 2, 10, tzinfo=UTC)
    azimuth, elevation = sun_position(when, 130.64, 42.41)
    rng = np.random.default_rng(4)
    kinds = [("locomotive", "green"), ("box", "light_blue"), ("box", "blue"), ("box", "brown")]
    train = shifted(make_train("bridge-1", 0.0, kinds, rng), track.line.length / 2 - 30)
    day = DayState(
        acquired=when,
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        trains=(train,) if loaded else (),
        season="summer" if month == 7 else "winter",
    )
    painted = paint(world, day, Sensor(), 1)
    seen = exact_observation(painted, "later", grid_over(world.bounds, 0.5, site.crs))
    found = [d for d in detect_trains(seen, site, SETTINGS) if d.grade == "detected"]
    assert len(found) == loaded
    for one in found:
        assert abs(one.cars.estimate - 4) <= 1
        assert one.from_m == pytest.approx(train.from_m, abs=20)
