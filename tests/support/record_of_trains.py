"""A record of one track by days: what stands there, as `archive` holds it."""

from __future__ import annotations

from support import issued_reports as make
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.record import Issued, add_report

COLOURS = [
    "grey",
    "red",
    "red",
    "blue",
    "brown",
    "green",
    "green",
    "white",
    "grey",
    "brown",
    "blue",
    "black",
    "yellow",
    "red",
]
KINDS = ("box", "open", "tank", "box", "open", "box", "tank") * 2


def consist(name, from_m, colours=COLOURS, kinds=KINDS, **more):
    """A detected train whose vehicles were read so."""
    found = make.train(name, len(colours), from_m=from_m, **more)
    for vehicle, colour, kind in zip(found["rolling_stock"], colours, kinds, strict=False):
        vehicle.update(colour=colour, type=kind, types={kind: 0.9}, colours={colour: 0.85, "unknown": 0.15})
    return found


def fill(path, days):
    """An archive of one scene a day; ``days`` gives what stands there and the share that was seen."""
    with open_archive(path, write=True, create=True) as archive, archive.transaction():
        for day, (found, seen) in days.items():
            add_report(archive, Issued(make.report(day, found=found, seen=seen), f"r{day}", make.sha(day)))
    return path


def twice_seen(path):
    """A train there on day 1 and 2, gone on day 3, back turned round on day 5; no clear date since."""
    return fill(
        path,
        {
            0: ([], 1.0),
            1: ([consist("t1", 20.0)], 1.0),
            2: ([consist("t1", 21.0)], 1.0),
            3: ([], 0.97),
            5: ([consist("t1", 120.0, COLOURS[::-1][2:], KINDS[::-1][2:])], 1.0),
            6: ([], 0.1),
        },
    )
