"""A GeoPackage that lacks anything is told, and one that was written unlike its copy is not taken."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from tumangang_watch.archive.layers import write_layer
from tumangang_watch.geopackage import MAX_OBJECTS, geopackage_faults, tamed_tables, write_geopackage

MOMENT = "2022-11-30T02:10:00Z"
ROWS = {"places": 2, "words": 1}
POINT = '{"type": "Point", "coordinates": [130.6, 42.4]}'


def write(path):
    write_layer(path, "places", {"id": "text"}, {"id": ["a", "b"]}, [POINT, None])
    write_layer(path, "words", {"id": "text"}, {"id": ["c"]}, None)


@pytest.fixture
def made(tmp_path):
    path = tmp_path / "a.gpkg"
    write_geopackage(path, MOMENT, ROWS, write)
    return path


def test_it_is_whole_dated_and_alone(made, tmp_path):
    assert geopackage_faults(made, ROWS) == []
    assert [p.name for p in tmp_path.iterdir()] == ["a.gpkg"]
    with closing(sqlite3.connect(made)) as file:
        dates = {row[0] for row in file.execute("SELECT last_change FROM gpkg_contents")}
    assert dates == {"2022-11-30T02:10:00.000Z"}


@pytest.mark.parametrize(("umask", "rights"), [(0o077, 0o600), (0o002, 0o664)])
def test_it_has_the_rights_that_the_umask_gives(tmp_path, umask, rights):
    before = os.umask(umask)
    try:
        write_geopackage(tmp_path / "a.gpkg", MOMENT, ROWS, write)
    finally:
        os.umask(before)
    assert (tmp_path / "a.gpkg").stat().st_mode & 0o777 == rights


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM words", "layer words has 0 rows"),
        ("DELETE FROM gpkg_contents WHERE table_name = 'words'", "its layers are places"),
        ("UPDATE gpkg_ogr_contents SET feature_count = 9", "noted are 9"),
        ("DELETE FROM gpkg_extensions WHERE table_name = 'places'", "no spatial index"),
        ("DELETE FROM rtree_places_geom_rowid", "its index holds 0"),
        ("DROP TABLE rtree_places_geom_rowid", "no such table"),
        ("UPDATE gpkg_contents SET min_x = NULL", "no extent"),
    ],
)
def test_whatever_it_lacks_is_told(made, damage, told):
    with closing(sqlite3.connect(made)) as file, file:
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{trigger}"')
        file.execute(damage)
    assert told in geopackage_faults(made, ROWS)[0]


def test_torn_pages_are_told(made):
    made.write_bytes(made.read_bytes()[:-4096])
    assert geopackage_faults(made)


def test_two_copies_that_differ_are_refused(tmp_path):
    def once(path, written=[]):  # noqa: B006
        write(path)
        if not written:
            with closing(sqlite3.connect(path)) as file, file:
                file.execute("DROP TRIGGER trigger_insert_feature_count_words")
        written.append(path)

    with pytest.raises(OSError, match="not alike"):
        write_geopackage(tmp_path / "a.gpkg", MOMENT, ROWS, once)


ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x FROM r"


def test_what_runs_by_itself_is_dropped_from_a_copy(made):
    with closing(sqlite3.connect(made)) as file:
        file.execute(f'CREATE VIEW "an ""endless"" one" AS {ENDLESS}')
        file.execute("CREATE TRIGGER t AFTER DELETE ON words BEGIN SELECT 1; END")
        file.commit()
    assert {"places", "words", "gpkg_contents"} <= tamed_tables(made)
    with closing(sqlite3.connect(made)) as file:
        kinds = {row[0] for row in file.execute("SELECT type FROM sqlite_master")}
    assert kinds == {"table", "index"}


def test_a_copy_of_too_many_objects_is_refused(made):
    with closing(sqlite3.connect(made)) as file:
        file.execute("PRAGMA writable_schema = ON")
        file.executemany(
            "INSERT INTO sqlite_master VALUES ('trigger', ?, 'words', 0, ?)",
            (
                (f"t{k}", f"CREATE TRIGGER t{k} AFTER DELETE ON words BEGIN SELECT 1; END")
                for k in range(MAX_OBJECTS)
            ),
        )
        file.commit()
    with pytest.raises(ValueError, match=rf"triggers and views, more than {MAX_OBJECTS}"):
        tamed_tables(made)
