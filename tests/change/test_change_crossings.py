"""A train on a bridge is an event of its minute: told on its date alone, and alike with the dates swapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import box
from support.values import EAST0, NORTH0, change_of, observation, straight_site, train_detection

from tumangang_watch.change.crossings import as_crossings, crossings_of
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Area

GROUND = np.full((4, 8, 8), 0.2)
SPEED = (("speed_kmh", 25.0), ("speed_kmh_low", 20.0), ("speed_kmh_high", 30.0))


def site():
    """A bridge over a straight track, a yard west of it and a station east."""
    plain = straight_site(400.0)
    places = (("bridge", "bridge", 150, 300), ("west", "yard", -300, 10), ("east", "station", 390, 800))
    areas = (
        Area(id=i, role=role, polygon=box(EAST0 + a, NORTH0 - 60, EAST0 + b, NORTH0), name=i.title())
        for i, role, a, b in places
    )
    return replace(plain, areas=tuple(areas))


def train(date, from_m, to_m, *evidence):
    where = site()
    areas = where.areas_along(where.tracks[0], from_m, to_m)
    found = train_detection(where, date, from_m, to_m)
    return replace(found, area=areas[0][0] if areas else None, areas=areas, evidence=evidence)


def crossings(*trains, dates=("later",)):
    return crossings_of([observation(GROUND, date) for date in dates], site(), trains)


def test_a_train_on_the_bridge_is_told_with_its_minute_in_both_clocks():
    (found,) = crossings(train("later", 180.0, 240.0))
    assert (found.area, found.speed_kmh, found.towards) == ("bridge", None, None)
    assert found.on_bridge_m == pytest.approx(60.0)
    assert found.statement == (
        "A train of 4 (3-5) cars, 60 (58-62) m long, was on Bridge at 2022-12-01 00:00 UTC "
        "(09:00 Korean time)."
    )
    assert crossings() == ()


@pytest.mark.parametrize(("from_m", "to_m"), [(20.0, 80.0), (85.0, 148.0), (290.0, 380.0)])
def test_what_stands_beside_the_bridge_or_reaches_over_its_end_does_not_cross(from_m, to_m):
    assert crossings(train("later", from_m, to_m)) == ()


@pytest.mark.parametrize(("bearing", "place"), [(90.0, "East"), (270.0, "West")])
def test_a_moving_train_heads_for_the_place_that_lies_ahead(bearing, place):
    (found,) = crossings(train("later", 180.0, 240.0, *SPEED, ("heading_deg", bearing)))
    assert found.heading_deg == pytest.approx(bearing)
    assert found.towards == place
    assert found.speed_kmh == Interval(25.0, 20.0, 30.0)
    way = f"moving to the {place.lower()} (towards {place}) at 25 (20-30) km/h."
    assert found.statement.endswith(way)


def test_a_train_whose_direction_is_not_known_has_a_speed_alone():
    (found,) = crossings(train("later", 180.0, 240.0, *SPEED))
    assert (found.heading_deg, found.towards) == (None, None)
    assert found.statement.endswith("moving at 25 (20-30) km/h.")


def test_swapped_dates_tell_the_same_crossing_and_two_are_two_events():
    pair = DatePair(observation(GROUND, "earlier"), observation(GROUND, "later"))
    told = []
    for date, change in (("earlier", "disappeared"), ("later", "appeared")):
        one = train(date, 180.0, 240.0)
        finding = change_of(one, change, amount=Interval(4, 3, 5), with_finding="other")
        (event,) = as_crossings(pair, [finding], crossings(one, dates=("earlier", "later")))
        assert event.crossing
        assert event.with_finding is None
        assert (event.change, event.later, event.earlier) == (change, finding.later, finding.earlier)
        told.append(event.statement)
    assert told[0].endswith("at 2022-11-30 00:00 UTC (09:00 Korean time); on 2022-12-01 it was not there.")
    assert told[1].endswith("at 2022-12-01 00:00 UTC (09:00 Korean time); on 2022-11-30 it was not there.")


def test_trains_elsewhere_and_trains_in_their_place_stay_as_they_were_told():
    pair = DatePair(observation(GROUND, "earlier"), observation(GROUND, "later"))
    yard, bridge = train("later", 20.0, 80.0), train("later", 180.0, 240.0)
    findings = [
        change_of(yard, "appeared", amount=Interval(4, 3, 5)),
        change_of(bridge, "unchanged", amount=Interval(4, 3, 5)),
    ]
    assert as_crossings(pair, findings, crossings(yard, bridge)) == tuple(findings)
