"""Two fixed weeks of small painted yards: what stands there is a table, and so is what must be told.

In June trains are replaced within hours, and goods come and go beside one that stands; a scene arrives late.
In October, under a low sun, a train moves along, gets more wagons, and loses half of them.
"""

from __future__ import annotations

from dataclasses import replace

from tumangang_watch.simulate import World, make_world
from tumangang_watch.simulate.weeks.shots import CargoPlace, PaintedDate, Shot, date_of

ONE = ("red", "red", "grey", "white", "white", "brown")
OTHER = ("blue", "light_grey", "light_grey", "green", "brown", "brown")
THIRD = ("brown", "grey", "grey", "green")
FOURTH = ("white", "blue", "blue", "brown", "red")
MORE = (*FOURTH, "grey", "grey", "white")
BESIDE = (
    CargoPlace("apron-1", (-24.0, 3.0), (9.0, 4.2, 2.2), ("timber", "pile")),
    CargoPlace("apron-1", (-2.0, 3.0), (8.0, 4.0, 2.0), ("blue", "tarp")),
    CargoPlace("apron-1", (20.0, 3.0), (8.5, 4.0, 2.0), ("green", "tarp")),
)
APART = (
    CargoPlace("apron-1", (-18.0, 1.0), (9.0, 4.2, 2.2), ("coal", "pile")),
    CargoPlace("apron-1", (12.0, 1.0), (8.0, 4.0, 2.0), ("green", "tarp")),
)
ALL, NONE = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)

JUNE = (
    Shot("2023-06-01T01:30:00Z", "yard", (("T3", ONE, "box", 0.5),)),
    Shot("2023-06-02T02:00:00Z", "yard", (("T3", ONE, "box", 0.5),), ALL),
    Shot("2023-06-02T05:10:00Z", "yard", (("T3", OTHER, "box", 0.5),), ALL),
    Shot("2023-06-04T03:00:00Z", "yard", (("T3", OTHER, "box", 0.5),), NONE),
    Shot("2023-06-05T01:40:00Z", "yard", (("T3", OTHER, "box", 0.5),), NONE),
    Shot("2023-06-07T04:10:00Z", "yard", (("T1", THIRD, "L box", 0.45),), NONE),
)
JUNE_LATE = "painted_2023-06-04T0300Z_yard"
OCTOBER = (
    Shot("2023-10-10T02:00:00Z", "yard", (("T2", FOURTH, "box", 0.35),)),
    Shot("2023-10-11T01:20:00Z", "yard", (("T2", FOURTH, "box", 0.55),)),
    Shot("2023-10-12T01:30:00Z", "yard", (("T2", MORE, "box", 0.64),), (1, 1)),
    Shot("2023-10-12T04:40:00Z", "yard", (("T2", MORE, "box", 0.64),), (1, 1)),
    Shot("2023-10-14T02:30:00Z", "yard", (("T2", MORE[:4], "box", 0.522),), (1, 0)),
    Shot("2023-10-15T03:00:00Z", "yard", (("T1", ONE, "box", 0.6),), (0, 0)),
)
TOLD = {
    # Of each date: change, kind, and track where it is a train.
    "2023-06-02T02:00": [("appeared", "cargo", None)] * 3,
    "2023-06-02T05:10": [("appeared", "train", "T3"), ("disappeared", "train", "T3")],
    "2023-06-04T03:00": [("disappeared", "cargo", None)] * 3,
    "2023-06-05T01:40": [],
    "2023-06-07T04:10": [("appeared", "train", "T1"), ("disappeared", "train", "T3")],
    "2023-10-11T01:20": [("moved", "train", "T2")],
    "2023-10-12T01:30": [("appeared", "cargo", None)] * 2 + [("grown", "train", "T2")],
    "2023-10-12T04:40": [],
    "2023-10-14T02:30": [("disappeared", "cargo", None), ("shrunk", "train", "T2")],
    "2023-10-15T03:00": [
        ("appeared", "train", "T1"),
        ("disappeared", "cargo", None),
        ("disappeared", "train", "T2"),
    ],
}


def yard(seed: int) -> World:
    """Return a small yard with little ground around it, so that scenes are quick."""
    world = make_world(seed, tracks=3, length_m=250.0)
    return replace(world, bounds=world.site.having("yard")[0].polygon.buffer(25.0).bounds)


def june() -> tuple[PaintedDate, ...]:
    """Return the dates of June, at 0.5 m."""
    world = yard(640)
    return tuple(date_of(world, shot, BESIDE) for shot in JUNE)


def october() -> tuple[PaintedDate, ...]:
    """Return the dates of October, at 0.6 m."""
    world = yard(333)
    return tuple(date_of(world, shot, APART, gsd_m=0.6) for shot in OCTOBER)
