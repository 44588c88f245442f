"""A scene is put on the tracks it shows, or the fit is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter
from shapely import LineString, box
from support.values import EAST0, NORTH0, native_image, straight_site

from tumangang_watch.grid import Grid, grid_over
from tumangang_watch.model.site import Area, Site
from tumangang_watch.preprocess.site_fit.fit import _alone, _tried, fit_to_site
from tumangang_watch.preprocess.site_fit.georeferencing import Geolocation
from tumangang_watch.preprocess.site_fit.outlines import Picture
from tumangang_watch.preprocess.site_fit.template import template_of
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.places.bridges import draw_bridge, draw_day, draw_sensor

PIXEL_M = 0.5
ROWS, COLS = 320, 640
GRID = Grid(crs="EPSG:32652", west=EAST0, north=NORTH0, pixel_m=PIXEL_M, rows=ROWS, cols=COLS)
APRON = box(EAST0 + 90, NORTH0 - 68, EAST0 + 200, NORTH0 - 50)


def yard_site(tracks=3, apron=True):
    site = straight_site(length_m=310.0, rows_m=150.0, tracks=tracks)
    lines = tuple(replace(t, line=type(t.line)([(x, y) for x, y in t.line.coords])) for t in site.tracks)
    areas = site.areas + ((Area(id="apron", role="apron", polygon=APRON, name="apron"),) if apron else ())
    return replace(site, areas=areas, tracks=lines)


def picture(site, east_m=0.0, north_m=0.0, bed=0.16, ground=0.3, trains=()):
    """Paint rails on ballast, an apron and trains where the site says, displaced."""
    rng = np.random.default_rng(0)
    x = EAST0 + (np.arange(COLS) + 0.5) * PIXEL_M - east_m
    y = NORTH0 - (np.arange(ROWS) + 0.5) * PIXEL_M - north_m
    values = np.full((ROWS, COLS), ground) + 0.02 * gaussian_filter(rng.normal(size=(ROWS, COLS)), 2) * 6
    along = (x > EAST0 + 5) & (x < EAST0 + 305)
    for track in site.tracks:
        middle = track.line.coords[0][1]
        across = np.abs(y - middle)
        values[np.ix_(across < 2.9, along)] = bed
    for track in site.tracks:
        across = np.abs(y - track.line.coords[0][1])
        values[np.ix_(np.abs(across - 0.76) < 0.3, along)] = bed + 0.08
    if any(a.role == "apron" for a in site.areas):
        west, south, east, north = APRON.bounds
        values[np.ix_((y > south) & (y < north), (x > west) & (x < east))] = 0.45
    for number, start, stop in trains:
        middle = site.tracks[number].line.coords[0][1]
        values[np.ix_(np.abs(y - middle) < 1.5, (x > EAST0 + start) & (x < EAST0 + stop))] = 0.55
    values = gaussian_filter(values, 0.6) + rng.normal(0, 0.005, values.shape)
    return native_image(np.stack([values] * 4), PIXEL_M)


def fit(site, image):
    return fit_to_site((image,), site, GRID, RegistrationSettings())


@pytest.mark.parametrize(("east", "north"), [(0.0, 0.0), (7.0, -5.0), (-9.5, 8.0), (2.5, 4.9)])
@pytest.mark.parametrize("bed", [0.16, 0.42])
def test_the_displacement_is_found_whatever_the_ballast_tone(east, north, bed):
    site = yard_site()
    found = fit(site, picture(site, east, north, bed=bed))
    assert found.status != "failed", found.reason
    assert found.shift_m[1] == pytest.approx(-north, abs=0.5)
    assert found.shift_m[0] == pytest.approx(-east, abs=2.0)


def test_trains_on_two_tracks_do_not_draw_the_fit_to_the_next_track():
    site = yard_site()
    found = fit(site, picture(site, 3.0, -4.0, trains=((0, 20, 200), (1, 60, 250))))
    assert found.status != "failed", found.reason
    assert found.shift_m[1] == pytest.approx(4.0, abs=0.8)


def test_a_second_picture_of_one_ground_weighs_no_more_than_the_first():
    # A train hides the rails under it, and bare ones beside it speak for the next track: on every date.
    site = yard_site()
    image = picture(site, 3.0, -4.0, trains=((0, 20, 200), (1, 60, 250)))
    one, two = (fit_to_site((image,) * n, site, GRID, RegistrationSettings()) for n in (1, 2))
    assert two.shift_m == pytest.approx(one.shift_m)
    assert two.rails_odds == pytest.approx(one.rails_odds)
    assert (two.status, two.rivals_m) == (one.status, one.rivals_m)


def test_tracks_alone_leave_the_position_along_them_open_and_say_so():
    site = yard_site(apron=False)
    long = picture(replace(site, tracks=site.tracks), 0.0, 3.0)
    found = fit(site, long)
    assert found.shift_m[1] == pytest.approx(-3.0, abs=0.6)


def test_a_site_with_nothing_to_fit_to_says_so():
    site = replace(yard_site(apron=False), tracks=())
    found = fit(site, picture(yard_site()))
    assert found.status == "degraded"
    assert found.shift_m == (0.0, 0.0)
    assert "georeferencing" in found.reason


def test_where_nothing_is_seen_the_georeferencing_stands_and_the_ways_out_are_named():
    site = yard_site()
    rng = np.random.default_rng(5)
    blank = native_image(np.repeat(rng.normal(0.3, 0.01, (1, ROWS, COLS)), 4, axis=0), PIXEL_M)
    found = fit(site, blank)
    assert found.status == "degraded"
    assert np.hypot(*found.shift_m) < 2.3
    assert found.rivals_m
    assert "--site-shift" in found.reason
    assert "--geolocation-accuracy" in found.reason


@dataclass
class Rails:
    """Rails that are seen in one place across the tracks."""

    pictures: tuple[Picture, ...]
    site: Site
    axes: np.ndarray
    settings: RegistrationSettings
    at_m: float

    def at(self, along_m):
        moves = np.arange(-19.0, 19.1, 0.25)
        return moves, 120.0 * np.exp(-0.5 * ((moves - self.at_m) / 0.5) ** 2), 40


@pytest.mark.parametrize("snowy", [False, True])
def test_edges_that_contradict_the_rails_do_not_count_under_snow(snowy):
    """A pavement's edges lie six metres from where the rails have it, and outweigh them."""
    site, settings = yard_site(), RegistrationSettings()
    template = template_of(site, GRID.bounds, settings.site_points_max)
    pictures = (Picture.of(picture(site, 0.0, 6.0).on_grid(GRID), template),)
    axes = np.array([[0.0, 1.0], [-1.0, 0.0]])
    known = Geolocation(ce90_m=15.0)
    for at_m, taken in ((-6.0, -6.0 if snowy else 6.0), (6.0, 6.0)):
        search = _tried(Rails(pictures, site, axes, settings, at_m), template, known, lambda: snowy)
        assert search.u[(search.shown + search.prior).argmax()] == pytest.approx(taken, abs=1.0)


def test_only_tracks_with_others_beside_them_can_be_taken_for_one_another():
    assert _alone(straight_site(length_m=310.0, rows_m=150.0, tracks=1))
    assert not _alone(yard_site())


def test_what_is_seen_is_followed_farther_than_a_product_errs_but_not_than_a_person_states():
    site = yard_site()
    image = picture(site, 0.0, 9.0)
    settings = RegistrationSettings()
    product = fit_to_site((image,), site, GRID, settings, Geolocation(ce90_m=1.0))
    assert product.shift_m[1] == pytest.approx(-9.0, abs=0.5)
    stated = fit_to_site((image,), site, GRID, settings, Geolocation(ce90_m=1.0, stated=True))
    assert stated.status == "failed" or abs(stated.shift_m[1]) <= 4.8


def test_one_bright_patch_does_not_settle_the_position_along_the_tracks():
    """The apron is toned like its ground; a patch that ends eight metres further on looks like its end."""
    painted = picture(yard_site(apron=False))
    values = painted.values.copy()
    x = EAST0 + (np.arange(COLS) + 0.5) * PIXEL_M
    y = NORTH0 - (np.arange(ROWS) + 0.5) * PIXEL_M
    rows, cols = np.ix_((y > NORTH0 - 68) & (y < NORTH0 - 50), (x > EAST0 + 180) & (x < EAST0 + 208))
    values[:, rows, cols] = 0.45
    found = fit(yard_site(), native_image(values, PIXEL_M))
    assert found.status == "degraded"
    assert "along the tracks" in found.reason


def ladder_site():
    """Three tracks that come together at both ends, turnouts of 1 in 8, and no apron."""
    site = yard_site(apron=False)
    middle = site.tracks[1].line.coords[0][1]
    lines = []
    for side in (-1, 0, 1):
        offsets = ((15, 0.4), (55, 5.0), (255, 5.0), (295, 0.4)) if side else ((5, 0.0), (305, 0.0))
        lines.append(LineString([(EAST0 + s, middle + side * o) for s, o in offsets]))
    return replace(site, tracks=tuple(replace(t, line=w) for t, w in zip(site.tracks, lines, strict=True)))


def picture_of_lines(site, east_m):
    rng = np.random.default_rng(1)
    x = EAST0 + (np.arange(COLS) + 0.5) * PIXEL_M - east_m
    y = NORTH0 - (np.arange(ROWS) + 0.5) * PIXEL_M
    points = shapely.points(*np.meshgrid(x, y))
    away = np.array([shapely.distance(points, t.line) for t in site.tracks])
    values = 0.3 + 0.02 * gaussian_filter(rng.normal(size=(ROWS, COLS)), 2) * 6
    values[away.min(axis=0) < 2.6] = 0.2
    values[(np.abs(away - 0.76) < 0.3).any(axis=0)] = 0.28
    values = gaussian_filter(values, 0.6) + rng.normal(0, 0.005, values.shape)
    return native_image(np.stack([values] * 4), PIXEL_M)


@pytest.mark.parametrize("east", [-7.0, 0.0, 9.0])
def test_turnouts_tell_the_position_along_tracks_without_an_apron(east):
    site = ladder_site()
    found = fit(site, picture_of_lines(site, east))
    assert found.status != "failed", found.reason
    assert found.shift_m[0] == pytest.approx(-east, abs=2.5)


def test_tracks_of_another_place_do_not_disturb_the_fit():
    """A site holds the yard, the bridge and Khasan: a scene of one shows none of the others' tracks."""
    site = yard_site()
    elsewhere = LineString([(EAST0 + 9000, NORTH0), (EAST0 + 9000, NORTH0 + 4000)])
    more = tuple(replace(site.tracks[0], id=f"far-{k}", line=elsewhere) for k in range(5))
    image = picture(site, 6.0, -4.0)
    alone, among = fit(site, image), fit(replace(site, tracks=site.tracks + more), image)
    assert among.status == alone.status != "failed"
    assert among.shift_m == pytest.approx(alone.shift_m)


@pytest.mark.parametrize("kind", ["truss", "girder", "embankment"])
def test_a_bridge_is_laid_on_its_track_and_not_moved_along_it_where_nothing_along_it_tells(kind):
    world, bridge = draw_bridge(7, kind)
    vehicles = {"truss": 0, "girder": 3, "embankment": 0}[kind]
    painted = paint(world, draw_day(world, bridge, 0, vehicles), draw_sensor(7, 0.7), 0)
    grid = grid_over(world.bounds, 0.7, world.site.crs)
    west, south, east, north = grid.bounds
    line = np.array(world.site.tracks[0].line.coords)
    along = (line[-1] - line[0]) / np.hypot(*(line[-1] - line[0]))
    across = np.array([-along[1], along[0]])
    for error in (4.0 * across - 5.0 * along, -6.0 * across):
        image = exact_image(painted, ((west + east) / 2, (south + north) / 2), tuple(-error))
        found = fit_to_site((image,), world.site, grid, RegistrationSettings())
        assert found.status == "degraded"
        left = -np.array(found.shift_m) - error
        assert abs(left @ across) < 1.0
        # The prior on the georeferencing draws a place of which nothing is known towards none.
        assert abs(np.array(found.shift_m) @ along) < 5.0
