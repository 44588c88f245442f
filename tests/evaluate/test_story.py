"""A story is right when everything painted is told once, as what it is, in its place, and nothing else."""

from __future__ import annotations

import pytest
from shapely import box
from shapely.geometry import mapping

from tumangang_watch.evaluate.story import story_faults
from tumangang_watch.simulate.weeks.changes import PaintedChange
from tumangang_watch.simulate.write import lonlat

CRS, X, Y = "EPSG:32652", 633_000.0, 4_696_000.0


def place(x, length=80.0):
    return box(X + x, Y, X + x + length, Y + 3)


def change(word, x=0.0, track="T1", kind="train"):
    return PaintedChange(kind=kind, change=word, place=place(x), track=track, amount=5)


def finding(word, x=0.0, track="T1", kind="train", grade="detected", length=80.0):
    geometry = mapping(lonlat(place(x, length), CRS))
    return {
        "kind": kind,
        "change": word,
        "track": track,
        "grade": grade,
        "geometry": geometry,
        "statement": f"{kind} {word}",
    }


def faults(findings, must, may=()):
    return story_faults(findings, must, may, CRS)


def test_what_is_told_once_in_its_place_is_right():
    must = [change("disappeared"), change("appeared"), change("appeared", kind="cargo", track=None)]
    said = [
        finding("disappeared", 3.0),
        finding("appeared", -2.0),
        finding("appeared", 10.0, kind="cargo", track="T1"),
        finding("unchanged", 300.0),
        finding("appeared", 300.0, grade="possible"),
    ]
    assert faults(said, must) == []
    assert faults([], []) == []


def test_one_finding_may_tell_of_several_piles():
    must = [change("appeared", x, kind="cargo", track=None) for x in (0.0, 100.0)]
    assert faults([finding("appeared", -5.0, kind="cargo", length=200.0)], must) == []


@pytest.mark.parametrize(
    "wrong",
    [
        finding("disappeared"),
        finding("appeared", 60.0),
        finding("appeared", track="T2"),
        finding("appeared", kind="cargo"),
    ],
)
def test_another_change_place_track_or_kind_is_not_told_and_told_without_cause(wrong):
    assert faults([wrong], [change("appeared")]) == [
        "not told: train of 5 appeared on T1",
        f"told: {wrong['statement']}",
    ]


def test_what_is_only_possible_or_told_twice_is_a_fault():
    assert faults([finding("appeared", grade="possible")], [change("appeared")])
    assert faults([finding("appeared"), finding("appeared", 5.0)], [change("appeared")]) == [
        "told again (train of 5 appeared on T1): train appeared"
    ]


def test_piles_side_by_side_are_told_one_by_one():
    must = [change("appeared", x, kind="cargo", track=None) for x in (0.0, 84.0)]
    said = [finding("appeared", x, kind="cargo") for x in (1.0, 84.0)]
    assert faults(said, must) == []
    assert len(faults([*said, finding("appeared", 2.0, kind="cargo")], must)) == 1


def test_what_may_be_told_need_not_be():
    may = [change("appeared", kind="cargo", track=None)]
    assert faults([], [], may) == []
    assert faults([finding("appeared", kind="cargo")], [], may) == []
    assert faults([finding("appeared")], [], may) == ["told: train appeared"]
