"""Bridges are drawn by their seed alone, and a train stands wholly on one."""

from __future__ import annotations

import pytest
from shapely.ops import substring

from tumangang_watch.simulate.places.bridges import KINDS, draw_bridge, draw_day


@pytest.mark.parametrize("kind", KINDS)
def test_a_bridge_is_that_of_its_seed_and_kind(kind):
    world, bridge = draw_bridge(3, kind)
    again, same = draw_bridge(3, kind)
    assert bridge == same
    assert bridge.kind == kind
    assert world.blocks == again.blocks
    assert [t.line for t in world.rails] == [t.line for t in again.rails]
    (area,) = world.site.having("bridge")
    for track in world.site.tracks:
        assert area.polygon.intersection(track.line).length == pytest.approx(bridge.length_m, rel=0.02)


@pytest.mark.parametrize("vehicles", [1, 3, 10])
def test_a_train_stands_wholly_on_the_bridge(vehicles):
    world, bridge = draw_bridge(5)
    assert draw_day(world, bridge, 0, 0).trains == ()
    (train,) = draw_day(world, bridge, vehicles, vehicles).trains
    assert 1 <= len(train.cars) <= vehicles
    (area,) = world.site.having("bridge")
    assert area.polygon.buffer(1).covers(substring(world.track(train.track).line, train.from_m, train.to_m))
