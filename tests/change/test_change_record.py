"""What looks new beside one date, though the dates before show it there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely import box
from support.values import EAST0, NORTH0, change_of, observation, thing

from tumangang_watch.change.record import stood_before
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings import Settings

PLACE = box(EAST0, NORTH0 - 10, EAST0 + 5, NORTH0 - 6)


def pair():
    import numpy as np

    values = np.full((4, 20, 20), 0.2)
    return DatePair(observation(values, "earlier"), observation(values, "later"))


def goods(name="later-cargo-1", **evidence) -> Detection:
    label, known = "pile or stacked goods", tuple(sorted(evidence.items()))
    return thing("cargo", "later", PLACE, name, area="a", label=label, evidence=known)


APPEARED = change_of(
    goods(),
    "appeared",
    id="f",
    track="T1",
    amount=Interval(20, 15, 25),
    statement="Pile or stacked goods, not there before.",
    train="later-train-1",
)


def judged(*items, finding=APPEARED):
    (out,) = stood_before(pair(), (finding,), items, Settings())
    return out


def test_what_both_dates_and_those_before_show_has_not_come():
    found = judged(goods(before_seen=4, before_same=4, compared_share=0.5))
    assert (found.change, found.grade, found.train, found.track) == ("unchanged", "possible", None, None)
    assert "on 4 of 4 dates before" in found.statement
    assert found.caveats


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"before_seen": 4, "before_same": 4, "compared_share": 0.1},
        {"before_seen": 4, "before_same": 2, "compared_share": 0.5},
        {"before_seen": 1, "before_same": 1, "compared_share": 0.9},
        {"before_seen": 0, "before_same": 0, "compared_share": 0.9},
    ],
    ids=["no record", "bare on the other date", "half of the dates", "one date", "never seen"],
)
def test_it_came_where_the_record_does_not_say_otherwise(evidence):
    assert judged(goods(**evidence)) == APPEARED


def test_a_finding_of_several_objects_stands_as_long_as_one_of_them_is_new():
    old = goods(before_seen=4, before_same=4, compared_share=0.5)
    new = goods("later-cargo-2", before_seen=4, before_same=0, compared_share=0.0)
    both = replace(APPEARED, members=(old.id, new.id))
    assert judged(old, new, finding=both) == both
    assert judged(old, finding=replace(APPEARED, members=(old.id,))).change == "unchanged"


def test_other_changes_are_left_alone():
    grown = replace(APPEARED, change="grown")
    assert judged(goods(before_seen=4, before_same=4, compared_share=0.9), finding=grown) == grown
