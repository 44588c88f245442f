"""Bodies in a row are a chain along their middles; side by side, short or broad things are none."""

import cv2
import numpy as np
from shapely import LineString
from support.values import grid_of

from tumangang_watch.detect.vehicles.chain import find_bodies, find_chains
from tumangang_watch.detect.vehicles.read import VehicleMap
from tumangang_watch.settings.vehicles import VehicleSettings

SETTINGS = VehicleSettings()


def drawn(boxes):
    """A map on which rectangles (x, y, length, width, degrees clockwise, metres) are bodies."""
    body = np.full((200, 320), -5, np.float32)
    for x, y, length, width, turn in boxes:
        corners = cv2.boxPoints(((x * 2 - 0.5, y * 2 - 0.5), (length * 2, width * 2), turn))
        cv2.fillPoly(body, [np.rint(corners).astype(np.int32)], 5.0)
    nothing = np.full(body.shape, -5, np.float32)
    grid = grid_of(body[None], 0.5)
    seen = np.ones(body.shape, bool)
    return VehicleMap(grid=grid, body=body, end=nothing, track=nothing, heading=nothing, seen=seen)


def test_wagons_in_a_row_are_one_chain_in_any_direction():
    turn = np.radians(25)
    boxes = [(30 + k * 15 * np.cos(turn), 30 + k * 15 * np.sin(turn), 13.5, 3, 25) for k in range(5)]
    found = drawn(boxes)
    (chain,) = find_chains(found, SETTINGS)
    assert chain.count == 5
    ends = [found.grid.to_metres(y * 2 - 0.5, x * 2 - 0.5) for x, y, *_ in (boxes[0], boxes[-1])]
    assert chain.line.hausdorff_distance(LineString(ends).intersection(chain.line.buffer(3))) < 8
    assert abs(chain.line.length - (4 * 15 + 13.5)) < 2


def test_a_curved_train_that_does_not_part_is_one_chain():
    found = drawn([])
    t = np.linspace(-0.2, 0.2, 50)
    arc = np.stack([160 + 500 * np.sin(t), 60 + 500 * (1 - np.cos(t))], axis=1)
    cv2.polylines(found.body, [np.rint(arc).astype(np.int32)], False, 5.0, 5)
    (chain,) = find_chains(found, SETTINGS)
    assert abs(chain.line.length - 100) < 5


def test_trailers_side_by_side_and_halls_are_none():
    side_by_side = [(20 + 3.5 * k, 30, 2.6, 14, 0) for k in range(10)]
    hall = [(110, 60, 40, 12, 10)]
    assert len(find_bodies(drawn(side_by_side), SETTINGS).middle) == 10
    assert find_chains(drawn(side_by_side + hall), SETTINGS) == ()
    assert find_chains(drawn([]), SETTINGS) == ()
