"""Tracks of a painted yard are found, and none where there are none; a site takes them over."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely import LineString, box
from support.values import EAST0, NORTH0, native_image

from tumangang_watch.detect.tracks.adopt import adopt
from tumangang_watch.detect.tracks.trace import TracedTrack, trace_tracks
from tumangang_watch.detect.tracks.view import TraceScene, trace_scene
from tumangang_watch.grid import Grid, grid_over
from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image

SETTINGS = TraceSettings()
PIXEL_M, ROWS, COLS = 0.5, 90, 320
MIDDLES_M = (17.3, 22.2)
"""Distance of the tracks from the north edge."""


def ground(rng, rows=ROWS, cols=COLS):
    """Even ground with grain, (bands, rows, cols)."""
    import cv2

    grain = sum(
        s * cv2.GaussianBlur(rng.normal(size=(rows, cols)).astype(np.float32), (0, 0), w)
        for w, s in ((0.6, 0.03), (2, 0.12), (6, 0.3))
    )
    return np.stack([(0.2 + 0.1 * k) * np.exp(grain) for k in range(4)]).astype(np.float32)


def with_tracks(rng, bright):
    """Two tracks west to east: a bed, sleepers darker than it, and two rails brighter or darker."""
    import cv2

    fine = 8
    values = ground(rng)
    y = (np.arange(ROWS * fine) + 0.5) * PIXEL_M / fine
    factor = np.ones(ROWS * fine)
    for middle in MIDDLES_M:
        away = np.abs(y - middle)
        factor[away < 2.4] *= 1.15
        factor[away < 1.3] *= 0.8
        factor[np.abs(away - 0.765) < 0.1] *= 2.5 if bright else 0.4
    factor = cv2.GaussianBlur(factor[:, None].astype(np.float32), (0, 0), 0.6 * fine)[:, 0]
    return values * factor.reshape(ROWS, fine).mean(axis=1)[None, :, None]


def traced(values, **pixel):
    image = native_image(values, PIXEL_M)
    rows, cols = image.valid.shape
    grid = Grid(crs="EPSG:32652", west=EAST0, north=NORTH0, pixel_m=1.0, rows=rows // 2, cols=cols // 2)
    area = box(*grid.bounds)
    scene = trace_scene(image, None, area, grid, SETTINGS.gsd_max_m)
    return trace_tracks((scene,), area, grid, SETTINGS)


def share_found(tracks, lines, within_m=0.75):
    near = shapely.unary_union([t.line for t in tracks]).buffer(within_m)
    return sum(line.intersection(near).length for line in lines) / sum(line.length for line in lines)


def share_false(tracks, lines, within_m=0.75):
    near = shapely.unary_union(lines).buffer(within_m)
    return sum(t.line.difference(near).length for t in tracks) / sum(t.line.length for t in tracks)


def painted_yard(gsd_m):
    pair = make_pair(split_seeds("train")[5], gsd_m, tracks=3, length_m=180, trains=(1, 1), season="summer")
    area = shapely.unary_union([t.line for t in pair.world.site.tracks]).buffer(15).envelope
    return pair, area, exact_image(pair.earlier, (area.centroid.x, area.centroid.y))


@pytest.mark.parametrize("gsd_m", [0.5, 0.9])
def test_painted_tracks_are_found_and_nothing_else(gsd_m):
    pair, area, image = painted_yard(gsd_m)
    grid = grid_over(area.bounds, 1.0, pair.world.site.crs)
    scene = trace_scene(image, None, area, grid, SETTINGS.gsd_max_m)
    tracks = trace_tracks((scene,), area, grid, SETTINGS)
    every = [t.line for t in pair.world.rails]
    assert share_found(tracks, [t.line.intersection(area) for t in pair.world.site.tracks]) > 0.8
    assert share_false(tracks, every) < 0.1


def test_no_track_is_told_on_ground_that_was_not_seen():
    pair, area, image = painted_yard(0.9)
    _, cols = image.valid.shape
    valid = image.valid.copy()
    valid[:, cols // 2 :] = False
    image = replace(image, valid=valid, values=image.values * valid)
    grid = grid_over(area.bounds, 1.0, pair.world.site.crs)
    scene = trace_scene(image, None, area, grid, SETTINGS.gsd_max_m)
    tracks = trace_tracks((scene,), area, grid, SETTINGS)
    assert tracks
    for track in tracks:
        east, north = np.array(track.line.coords).T
        seen = image.sample_mask(image.valid, east, north)
        assert np.count_nonzero(~seen) * SETTINGS.step_m <= SETTINGS.edge_m


def test_ground_without_tracks_gives_none():
    rng = np.random.default_rng(6)
    field = ground(rng)
    field[:, :, 100:130] *= 0.5
    field[:, 40:54] *= 1.6
    assert traced(field) == ()


def test_too_coarse_a_scene_is_not_traced():
    image = replace(native_image(with_tracks(np.random.default_rng(7), True), PIXEL_M), gsd_m=1.3)
    grid = Grid(crs="EPSG:32652", west=EAST0, north=NORTH0, pixel_m=1.0, rows=ROWS // 2, cols=COLS // 2)
    assert trace_tracks((TraceScene(image, None),), box(*grid.bounds), grid, SETTINGS) == ()


def site_with(*tracks):
    yard = Area(id="yard", role="yard", polygon=box(EAST0, NORTH0 - 60, EAST0 + 200, NORTH0), name="yard")
    return Site(id="test", name="Test", sha256="0" * 64, crs="EPSG:32652", areas=(yard,), tracks=tracks)


def line_at(y_m, start=5.0, stop=195.0):
    return LineString([(EAST0 + start, NORTH0 - y_m), (EAST0 + stop, NORTH0 - y_m)])


def found_at(y_m, **where):
    return TracedTrack(line=line_at(y_m, **where), accuracy_m=0.2, confidence=0.9, evidence=3.0)


def test_a_model_keeps_its_id_and_extent_and_takes_the_traced_line():
    site = site_with(Track(id="A", line=line_at(20, 10, 150), name="A", provisional=True))
    done = adopt(site, (found_at(21.2), found_at(26.0)), "scene", SETTINGS)
    assert done.moved == ("A",)
    assert done.new == ("traced-1",)
    track = done.site.tracks[0]
    assert track.line.length == pytest.approx(140, abs=0.1)
    assert track.line.centroid.y == pytest.approx(NORTH0 - 21.2, abs=0.05)
    assert track.provisional
    assert track.traced


def test_a_traced_line_drawn_the_other_way_does_not_turn_the_track():
    site = site_with(Track(id="A", line=line_at(20), name="A", provisional=True))
    back = replace(found_at(20.5), line=line_at(20.5).reverse())
    track = adopt(site, (back,), "scene", SETTINGS).site.tracks[0]
    assert track.line.coords[0][0] == pytest.approx(EAST0 + 5, abs=0.1)


def test_a_model_far_from_everything_traced_is_left_out():
    site = site_with(Track(id="A", line=line_at(50), name="A", provisional=True))
    done = adopt(site, (found_at(20),), "scene", SETTINGS)
    assert done.dropped == ("A",)
    assert [t.id for t in done.site.tracks] == ["traced-1"]


def test_a_drawn_track_is_never_moved():
    drawn = Track(id="A", line=line_at(20), name="A")
    done = adopt(site_with(drawn), (found_at(20.4),), "scene", SETTINGS)
    assert done.site.tracks == (drawn,)
