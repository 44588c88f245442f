"""What the sun throws along the track behind a train is not counted as a wagon."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tumangang_watch.detect.trains.segments import TrainSegment
from tumangang_watch.detect.trains.vehicles import Counted, without_end_shadow
from tumangang_watch.detect.trains.view import Geometry
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.interval import Interval
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()


def vehicle(from_m, to_m, kind="box", black=0.0):
    return Vehicle(
        from_m=from_m,
        to_m=to_m,
        type=kind,
        colour="unknown",
        confidence=0.9,
        types=((kind, 0.9),),
        colours=(("black", black), ("red", 1 - black)),
    )


def train(*vehicles):
    run = TrainSegment(
        from_m=vehicles[0].from_m, to_m=vehicles[-1].to_m, score=30.0, shorter_m=0.5, longer_m=0.5
    )
    return Counted(run, Interval(len(vehicles), len(vehicles), len(vehicles)), vehicles)


def sun_along(metres):
    return Geometry(shadow_side=1, shadow_m=2.0, shadow_along_m=metres, lean_m=0.0, lean_along_m=0.0)


BOXES = vehicle(20, 34), vehicle(35, 49)
SHADE = vehicle(50, 58, "flat", 0.97)


def test_a_black_end_no_longer_than_the_shadow_is_not_counted_but_stays_possible():
    found = without_end_shadow(train(*BOXES, SHADE), sun_along(8.0), SETTINGS)
    assert found.vehicles == BOXES
    assert found.cars == Interval(2, 2, 3)
    assert found.run.to_m == 49
    assert found.run.to_m + found.run.longer_m >= 58


def test_the_same_train_seen_from_its_other_end_is_treated_alike():
    turned = tuple(replace(v, from_m=100 - v.to_m, to_m=100 - v.from_m) for v in (SHADE, *BOXES[::-1]))
    found = without_end_shadow(train(*turned), sun_along(-8.0), SETTINGS)
    assert (found.run.from_m, found.run.to_m) == (51, 80)
    assert found.cars == Interval(2, 2, 3)


@pytest.mark.parametrize(
    ("end", "along_m"),
    [
        (SHADE, -8.0),  # it stands at the sunny end
        (SHADE, 2.0),  # no shadow along the track to speak of
        (SHADE, 0.0),  # the sun is not known
        (vehicle(50, 64, "flat", 0.97), 8.0),  # longer than any shadow
        (vehicle(50, 58, "flat", 0.4), 8.0),  # not black
        (vehicle(50, 58, "locomotive", 0.97), 8.0),  # it has a body
    ],
)
def test_wagons_stay(end, along_m):
    whole = train(*BOXES, end)
    assert without_end_shadow(whole, sun_along(along_m), SETTINGS) == whole


def test_a_single_vehicle_is_never_taken_away():
    alone = train(SHADE)
    assert without_end_shadow(alone, sun_along(8.0), SETTINGS) == alone
