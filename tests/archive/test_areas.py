"""What stands on a track that runs through two areas is summed where it stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from support import issued_reports as make

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.areas import areas_of, part_in, shared_m, stretches_of
from tumangang_watch.archive.check import check_archive
from tumangang_watch.archive.record import Issued, add_report
from tumangang_watch.archive.schema import VERSION

BRIDGE = (320.0, 432.0, {"bridge": 112.0})
BOTH = (230.0, 370.0, {"yard": 70.0, "bridge": 70.0})


def filled(path, *documents):
    with open_archive(path, write=True, create=True) as archive, archive.transaction():
        for k, document in enumerate(documents):
            add_report(archive, Issued(document, f"r{k}", make.sha(k)))
    return path


def sums(path, columns):
    with open_archive(path) as archive:
        rows = archive.connection.execute(f"SELECT area, {columns} FROM area_dates ORDER BY report, area")
        return [(area, *(round(value, 3) for value in values)) for area, *values in rows]


def test_a_train_wholly_on_the_bridge_is_none_of_the_yard(tmp_path):
    path = filled(tmp_path / "a.sqlite", make.through(0, BRIDGE, seen=((0.0, 200.0), (300.0, 500.0))))
    assert sums(path, "trains, cars, length_m, fill") == [("bridge", 1, 8, 112, 0.56), ("yard", 0, 0, 0, 0)]


def test_a_train_in_two_areas_is_shared_between_them_and_nothing_of_it_is_lost(tmp_path):
    path = filled(tmp_path / "a.sqlite", make.through(0, BOTH))
    assert sums(path, "trains, cars, length_m") == [("bridge", 1, 5, 70), ("yard", 1, 5, 70)]
    with open_archive(path) as archive:
        count = archive.connection.execute("SELECT count(*) FROM current_detections").fetchone()[0]
    assert count == 1, "it is one train of the record"


def test_the_vehicles_of_an_area_are_those_whose_middle_stands_in_it():
    (found,) = make.through(0, (250.0, 348.0, {"yard": 50.0, "bridge": 48.0}))["detections"]
    parts = [part_in(found, a, {"1": e}) for a, e in (("yard", [[0, 300]]), ("bridge", [[300, 500]]))]
    assert [p["cars"]["estimate"] for p in parts] == [4, 3]
    assert [v for p in parts for v in p["rolling_stock"]] == found["rolling_stock"]
    assert sum(p["length_m"]["estimate"] for p in parts) == pytest.approx(98)
    assert all(p["cars"]["low"] <= p["cars"]["estimate"] <= p["cars"]["high"] for p in parts)


def test_older_reports_name_one_area_and_are_summed_as_ever():
    document = make.report(0, found=[make.train("t1")])
    assert areas_of(document["detections"][0]) == {"yard": 112.0}
    assert stretches_of(document["tracks"][0]) == {"yard": [[0.0, 500.0]]}
    assert shared_m([(0, 10), (20, 30)], [(5, 25)]) == 10


def test_an_archive_of_the_schema_before_gets_one_area_a_train_and_track(tmp_path):
    path = filled(tmp_path / "a.sqlite", make.report(0, found=[make.train("t1"), make.cargo("c1")]))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP VIEW leading_findings")
        connection.execute("ALTER TABLE findings DROP COLUMN with_finding")
        connection.execute("DROP VIEW current_detections_by_area")
        for name in ("detection_areas", "track_areas", "digests"):
            connection.execute(f"DROP TABLE {name}")
        for name in ("refusals", "files", "notices", "state"):
            connection.execute(f"ALTER TABLE {name} DROP COLUMN digest")
        connection.execute("PRAGMA user_version = 2")
    with open_archive(path, write=True) as archive:
        ask = archive.connection.execute
        assert ask("SELECT area, length_m FROM detection_areas ORDER BY detection").fetchall() == [
            ("yard", 112.0),
            ("yard", None),
        ]
        assert ask("SELECT area, stretches FROM track_areas").fetchall() == [("yard", "[[0.0,500.0]]")]
        assert ask("PRAGMA user_version").fetchone() == (VERSION,)
        assert check_archive(archive) == []
