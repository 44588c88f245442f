"""What the plain picture shows is seen along a guide: where, and how well its direction is the guide's."""

import numpy as np
import pytest
import shapely
from support.values import EAST0, NORTH0, native_image

from tumangang_watch.detect.tracks.view import CHANNELS, GuideFrame, TraceScene, trace_scene, view_of
from tumangang_watch.detect.vehicles.read import CELL_M, VehicleMap
from tumangang_watch.grid import grid_over

BOUNDS = (EAST0, NORTH0 - 80, EAST0 + 160, NORTH0)
ROW = {name: k for k, name in enumerate(CHANNELS)}


def even_ground():
    return native_image(np.full((4, 160, 320), 0.2, np.float32), 0.5)


def plain_picture(heading_rad, track_at_m):
    """A track in one direction everywhere, seen on cells north of a line."""
    grid = grid_over(BOUNDS, CELL_M, "EPSG:32652")
    north = np.broadcast_to(grid.centres[1][:, None] > track_at_m, grid.shape)
    odds = np.where(north, 6.0, -6.0).astype(np.float32)
    heading = np.full(grid.shape, heading_rad, np.float32)
    nothing = np.full(grid.shape, -6.0, np.float32)
    return VehicleMap(
        grid=grid, body=nothing, end=nothing, track=odds, heading=heading, seen=np.ones(grid.shape, bool)
    )


@pytest.mark.parametrize(("turn", "along"), [(0.0, 1.0), (np.pi / 2, -1.0), (np.pi / 4, 0.0)])
def test_a_reading_lies_where_it_was_and_tells_how_it_runs_against_the_guide(turn, along):
    guide = np.array([[EAST0 + 20, NORTH0 - 40], [EAST0 + 140, NORTH0 - 40]])
    scene = TraceScene(even_ground(), None, plain_picture(turn, NORTH0 - 40))
    view = view_of(scene, frame := GuideFrame.along(guide, 20.0), None)
    inner = slice(20, -20)
    left = frame.rows_m > 1
    assert (view[ROW["track"]][left, inner] == 1).all()
    assert (view[ROW["track"]][frame.rows_m < -1, inner] == -1).all()
    np.testing.assert_allclose(view[ROW["along"]][:, inner], along, atol=1e-5)


def test_a_scene_that_is_too_coarse_is_not_read_and_its_view_has_no_reading():
    area = shapely.box(*BOUNDS)
    scene = trace_scene(even_ground(), None, area, grid_over(BOUNDS, 1.0, "EPSG:32652"), gsd_max_m=0.4)
    assert scene.plain is None
    guide = np.array([[EAST0 + 20, NORTH0 - 40], [EAST0 + 140, NORTH0 - 40]])
    assert not view_of(scene, GuideFrame.along(guide, 20.0), None)[ROW["track"] :].any()
