"""The parts of the site fit: what geometry predicts, and where outlines, centrelines and bends lie."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter
from shapely import LineString, box
from support.values import EAST0, NORTH0, native_image, straight_site

from tumangang_watch.grid import Grid
from tumangang_watch.model.site import Area
from tumangang_watch.preprocess.site_fit.outlines import GROUP_CAP, Picture, score_groups
from tumangang_watch.preprocess.site_fit.sections import block_starts, centredness, sections_of, shape_odds
from tumangang_watch.preprocess.site_fit.template import BED_HALF_M, ends_of, template_of
from tumangang_watch.settings.preprocess import RegistrationSettings

SETTINGS = RegistrationSettings()
ROWS, COLS = 220, 640
GRID = Grid(crs="EPSG:32652", west=EAST0, north=NORTH0, pixel_m=0.5, rows=ROWS, cols=COLS)
APRON = box(EAST0 + 90, NORTH0 - 78, EAST0 + 200, NORTH0 - 60)
EAST, NORTH = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@cache
def yard():
    """Three tracks that come together at both ends, and an apron south of them."""
    site = straight_site(length_m=310.0, rows_m=110.0, tracks=3)
    lines = []
    for side in (-1, 0, 1):
        offsets = ((15, 0.4), (55, 5.0), (255, 5.0), (295, 0.4)) if side else ((5, 0.0), (305, 0.0))
        lines.append(LineString([(EAST0 + s, NORTH0 - 40 + side * o) for s, o in offsets]))
    apron = Area(id="apron", role="apron", polygon=APRON, name="apron")
    tracks = tuple(replace(t, line=line) for t, line in zip(site.tracks, lines, strict=True))
    return replace(site, areas=(*site.areas, apron), tracks=tracks)


@cache
def picture(east_m=0.0, north_m=0.0):
    """Paint rails on darker ballast and a bright apron where the yard lies, displaced."""
    rng = np.random.default_rng(1)
    x = EAST0 + (np.arange(COLS) + 0.5) * 0.5 - east_m
    y = NORTH0 - (np.arange(ROWS) + 0.5) * 0.5 - north_m
    points = shapely.points(*np.meshgrid(x, y))
    away = np.array([shapely.distance(points, t.line) for t in yard().tracks])
    values = 0.3 + 0.12 * gaussian_filter(rng.normal(size=(ROWS, COLS)), 2)
    values[away.min(axis=0) < 2.6] = 0.2
    values[(np.abs(away - 0.76) < 0.3).any(axis=0)] = 0.28
    values[shapely.contains(APRON, points)] = 0.45
    values = gaussian_filter(values, 0.6) + rng.normal(0, 0.005, values.shape)
    return Picture.of(native_image(np.stack([values] * 4), 0.5).on_grid(GRID), template())


@cache
def template():
    return template_of(yard(), GRID.bounds, SETTINGS.site_points_max)


def test_the_template_sets_beds_against_open_ground_and_the_apron_against_its_surroundings():
    points = shapely.points(template().x, template().y)
    of_track = template().heading[template().group] >= 0
    away = np.min([shapely.distance(points, t.line) for t in yard().tracks], axis=0)
    assert (away[of_track & template().inner] <= BED_HALF_M + 0.1).all()
    assert (away[of_track & ~template().inner] > BED_HALF_M).all()
    assert (shapely.contains(APRON, points) == template().inner)[~of_track].all()
    for group in range(template().groups):
        assert set(template().inner[template().group == group]) == {True, False}


def test_only_ends_of_outlines_tell_a_move_along_and_points_stay_within_the_limit():
    along = np.array([NORTH[1], NORTH[0]])
    alone = ends_of(template(), along)
    assert 0 < alone.groups < template().groups
    # The apron's long sides run beside the tracks, and none of its pieces goes round a corner.
    assert (np.abs(alone.facing @ along) > 0.9).all()
    assert ends_of(template(), NORTH).groups > alone.groups
    assert (alone.heading == -1).all()
    assert set(alone.group) == set(range(alone.groups))
    assert (shapely.distance(shapely.points(alone.x, alone.y), APRON.exterior) < 6).all()
    assert template_of(yard(), GRID.bounds, 1500).x.size <= 1500 + template().groups
    assert template_of(yard(), (0.0, 0.0, 1.0, 1.0), 1500).groups == 0


@pytest.mark.parametrize("shift", [(0.0, 0.0), (4.0, -3.0)])
def test_outlines_fit_best_at_the_shift_that_was_imposed(shift):
    tried = np.array([(e, n) for e in (-4.0, 0.0, 4.0, 8.0) for n in (-6.0, -3.0, 0.0, 3.0)])
    arguments = picture(*shift), template(), tried[:, 0], tried[:, 1], SETTINGS.site_correlation_m2
    groups = score_groups(*arguments)
    assert tuple(tried[groups.sum(axis=1).argmax()]) == shift
    layers = len(arguments[0].plain) + 1
    assert np.abs(groups).max() <= layers * GROUP_CAP


def test_a_template_with_one_side_missing_is_refused():
    whole = template()
    kept = whole.inner | (whole.group > 0)
    parts = {name: getattr(whole, name)[kept] for name in ("x", "y", "group", "inner")}
    with pytest.raises(ValueError, match="lacks one of its sides"):
        score_groups(picture(), replace(whole, **parts), np.zeros(1), np.zeros(1), 12.0)


@pytest.mark.parametrize("north", [-3.0, 0.0, 2.0])
def test_centrelines_run_where_the_tracks_were_moved(north):
    sections = sections_of(picture(0.0, north), yard(), np.zeros(2), NORTH, SETTINGS)
    np.testing.assert_allclose(sections.cosine, 1.0, atol=0.02)
    moves = np.arange(-6.0, 6.1, 0.25)
    odds = centredness(sections, moves, SETTINGS)
    assert np.abs(odds).max() <= SETTINGS.section_cap
    assert moves[odds.sum(axis=0).argmax()] == pytest.approx(north, abs=0.5)


def test_long_tracks_are_read_in_evenly_spread_blocks():
    assert block_starts(1000, 120.0, 0.5) == list(range(0, 960, 120))
    assert block_starts(1000, 120.0, 2.5) == [0, 360, 720]
    assert block_starts(10, 120.0, 1.0) == [0]


@pytest.mark.parametrize("east", [-7.0, 0.0, 9.0])
def test_bends_tell_a_move_along_the_tracks(east):
    moves = np.arange(-14.0, 14.1, 1.0)
    odds = shape_odds(picture(east, 0.0), yard(), np.zeros(2), EAST, moves, SETTINGS)
    weight = np.exp(odds - odds.max())
    assert weight @ moves / weight.sum() == pytest.approx(east, abs=2.5)
