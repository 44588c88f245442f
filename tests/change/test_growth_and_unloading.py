"""Growth is worded by its net amount; goods beside a train are one finding that names it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from shapely import MultiPolygon, box
from support import values
from support.values import EAST0, NORTH0, change_of, observation, straight_site, train_detection

from tumangang_watch.change.cargo import beside_trains
from tumangang_watch.change.ground import growth_findings
from tumangang_watch.model.finding import HandlingChange
from tumangang_watch.model.interval import SHARED_AREA, Interval, Summand, total
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings

SETTINGS, NONE = ChangeSettings(), Interval(0, 0, 0)
PAIR = DatePair(*(observation(np.full((4, 120, 400), 0.2), d) for d in ("earlier", "later")))


def thing(kind, date, shape, number=1):
    area = Interval.around(shape.area, 2)
    return values.thing(kind, date, shape, f"{date}-{kind}-{number}", area="h", area_m2=area)


@pytest.mark.parametrize(
    ("grown", "lost", "word", "grade"),
    [
        (Interval(500, 400, 600), NONE, "grown", "detected"),
        (Interval(500, 10, 600), NONE, "grown", "possible"),
        (NONE, Interval(300, 200, 400), "shrunk", "possible"),
        (Interval(500, 0, 900), NONE, "unchanged", "detected"),
    ],
)
def test_the_larger_change_counts_where_it_is_above_its_error(grown, lost, word, grade):
    place = MultiPolygon([box(0, 0, 20, 25)])
    change = HandlingChange(
        polygon_id="h",
        grown_m2=grown,
        lost_m2=lost,
        grown=place,
        lost=place,
        confidence=0.9,
        grade="detected",
        observed_fraction=1.0,
        buildings=("a building or a stack of 240 m2, about 4 m high, is new",),
    )
    surfaces = tuple(thing("handling_area", d, box(0, 0, 50, 50)) for d in ("earlier", "later"))
    (finding,) = growth_findings(PAIR, surfaces, (change,), SETTINGS)
    assert (finding.change, finding.grade) == (word, grade)
    assert finding.amount.estimate == abs(grown.estimate - lost.estimate)
    assert "By its shadow a building" in finding.statement


def test_worked_ground_is_surely_given_up_only_after_a_summer():
    place = MultiPolygon([box(0, 0, 20, 15)])
    change = HandlingChange(
        polygon_id="h", grown_m2=NONE, lost_m2=Interval(300, 200, 400), grown=MultiPolygon(), lost=place,
        confidence=0.9, grade="detected", observed_fraction=1.0,
    )  # fmt: skip
    surfaces = tuple(thing("handling_area", d, box(0, 0, 50, 50)) for d in ("earlier", "later"))
    (soon,) = growth_findings(PAIR, surfaces, (change,), SETTINGS)
    assert (soon.change, soon.grade) == ("shrunk", "possible")
    later = PAIR.later.scene
    scene = replace(later, acquired=later.acquired + timedelta(days=365))
    year = DatePair(PAIR.earlier, replace(PAIR.later, scene=scene))
    assert growth_findings(year, surfaces, (change,), SETTINGS)[0].grade == "detected"


@pytest.mark.parametrize(("off_m", "together"), [(6.0, True), (25.0, False)])
def test_goods_beside_a_train_are_one_finding(off_m, together):
    site = straight_site()
    train = train_detection(site, "later", 20, 76)
    south = NORTH0 - 30 + off_m
    boxes = [box(EAST0 + x, south, EAST0 + x + 4, south + 3) for x in (30, 50)]
    cargo = tuple(thing("cargo", "later", shape, k) for k, shape in enumerate(boxes))
    found = beside_trains(PAIR, tuple(change_of(c, "appeared") for c in cargo), (train,), SETTINGS)
    if not together:
        assert [f.train for f in found] == [None, None]
        return
    (one,) = found
    assert (one.train, one.members, one.amount.estimate) == (train.id, tuple(c.id for c in cargo), 24)
    assert "2 objects, 24" in one.statement


@pytest.mark.parametrize("change", ["appeared", "disappeared"])
def test_sure_and_possible_goods_beside_a_train_are_one_finding(change):
    train = train_detection(straight_site(), "later", 20, 76)
    boxes = [box(EAST0 + x, NORTH0 - 24, EAST0 + x + 4, NORTH0 - 21) for x in (30, 40, 50)]
    date = "later" if change == "appeared" else "earlier"
    cargo = [thing("cargo", date, shape, k) for k, shape in enumerate(boxes)]
    apart = [change_of(c, change) for c in cargo]
    apart[1] = replace(apart[1], grade="possible", confidence=0.5, caveats=("in shadow",))
    (one,) = beside_trains(PAIR, tuple(apart), (train,), SETTINGS)
    assert (one.grade, one.members, one.amount.estimate) == ("detected", tuple(c.id for c in cargo), 24)
    assert one.amount.low == pytest.approx(
        total([Summand(value=f.amount) for f in apart[::2]], SHARED_AREA).low
    )
    assert 30 < one.amount.high <= 24 + 12 + 6
    assert one.caveats == ("1 of 3 only possibly: in shadow",)
    assert "2 objects and 1 more possible, 24" in one.statement
    doubtful = tuple(replace(f, grade="possible") for f in apart)
    (all_possible,) = beside_trains(PAIR, doubtful, (train,), SETTINGS)
    assert (all_possible.grade, all_possible.amount.estimate) == ("possible", 36)
