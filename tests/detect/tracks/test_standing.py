"""Where wagons of a painted yard stand in a row a track is told, unless its rails were traced."""

import numpy as np
import pytest
import shapely
from support.values import native_image

from tumangang_watch.detect.tracks.standing import tracks_under_trains
from tumangang_watch.detect.tracks.trace import TracedTrack
from tumangang_watch.detect.tracks.view import TraceScene, trace_scene
from tumangang_watch.grid import grid_over
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image, exact_scene

SETTINGS = TraceSettings()


@pytest.fixture(scope="module")
def yard():
    """A painted yard with a long train, its plain picture read, and its rails."""
    pair = make_pair(split_seeds("train")[3], 0.5, trains=(0, 3), tracks=4, length_m=220.0)
    rails = shapely.union_all([t.line for t in pair.world.rails])
    area = shapely.union_all([t.line for t in pair.world.site.tracks]).buffer(15)
    west, south, east, north = pair.world.bounds
    image = exact_image(pair.later, ((west + east) / 2, (south + north) / 2))
    grid = grid_over(area.bounds, 1.0, pair.world.site.crs)
    return trace_scene(image, exact_scene(pair.later, "later"), area, grid, SETTINGS.gsd_max_m), rails


def test_tracks_lie_under_trains(yard):
    scene, rails = yard
    found = tracks_under_trains((scene,), (), SETTINGS)
    assert found
    on = sum(t.line.intersection(rails.buffer(2.0)).length for t in found)
    assert on > 0.7 * sum(t.line.length for t in found)


def test_what_was_traced_is_not_told_again(yard):
    scene, _ = yard
    found = tracks_under_trains((scene,), (), SETTINGS)
    traced = tuple(TracedTrack(line=t.line, accuracy_m=0.3, confidence=0.9, evidence=2.0) for t in found)
    assert tracks_under_trains((scene,), traced, SETTINGS) == ()


def test_even_ground_has_none():
    image = native_image(np.full((4, 160, 160), 0.2, np.float32))
    area = shapely.box(500_000, 4_699_920, 500_080, 4_700_000)
    grid = grid_over(area.bounds, 1.0, "EPSG:32652")
    scene = trace_scene(image, None, area, grid, SETTINGS.gsd_max_m)
    assert scene.plain is not None
    assert tracks_under_trains((scene,), (), SETTINGS) == ()


def test_a_scene_whose_plain_picture_was_not_read_shows_none(yard):
    scene, _ = yard
    assert tracks_under_trains((TraceScene(scene.image, scene.scene),), (), SETTINGS) == ()
