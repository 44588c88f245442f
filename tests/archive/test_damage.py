"""No archive whose content was changed passes, and none ends a command in a traceback."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing

import pytest
from support import issued_reports as make
from support import review_runs

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive
from tumangang_watch.archive.digests import add_row
from tumangang_watch.archive.rebuild import adopt, rebuild
from tumangang_watch.archive.record import add_file, add_refusal
from tumangang_watch.archive.schema import Refusal
from tumangang_watch.errors import ArchiveDamaged, InputRefused


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """An archive with rows in every table."""
    root = tmp_path_factory.mktemp("damage")
    issue = {**make.issue(), "not_comparable_with": [{"sha256": make.sha("x"), "why": "haze"}]}
    first = make.report(0, found=[make.train()], issue=make.issue())
    second = make.report(
        3,
        earlier=0,
        background=[0],
        found=[make.train(), make.cargo()],
        findings=[make.finding()],
        issue=issue,
    )
    again = make.report(0, found=[make.train()], issue=make.issue(2, ["a"]))
    for name, document in {"a": first, "b": second, "a_r2": again}.items():
        make.put(root / "reports", document, name)
    path = root / "record.sqlite"
    with open_archive(path, write=True, create=True) as archive:
        adopt(archive, root / "reports", {})
        with archive.transaction() as connection:
            add_file(connection, "scene0.tif", (10, 20), make.sha("scene0"))
            words = dict.fromkeys(("file", "sidecars_sha256", "what", "why", "todo", "tool_version"), "x")
            more = {"site_sha256": "s", "settings_sha256": "t", "acquired": None, "exit_status": 3}
            add_refusal(connection, Refusal(sha256=make.sha(1), **words, **more))
            add_row(connection, "notices", "b", "f1", "{}")
    done = command(path, "review", "accept", "b/f1", "--reader", "kim")
    assert done.returncode == 0, done.stderr
    return path


def command(path, *words):
    return review_runs._here([*map(str, words), "--archive", str(path)], dict(os.environ))


def content_of(path):
    """Every row of every table, or what hinders reading them."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1"
        ).fetchall()
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for (name,) in names
        }
    finally:
        connection.close()


def names_of(path, table):
    with closing(sqlite3.connect(path)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def other(value):
    if isinstance(value, str):
        return ("b" if value[:1] != "b" else "c") + value[1:]
    return (value or 0) + 1


def test_whatever_value_is_changed_is_found(record, tmp_path):
    """Every column of every table in turn; its constraints aside."""
    passed = []
    tables = content_of(record)
    path = tmp_path / "changed.sqlite"
    assert [name for name, rows in tables.items() if not rows] == []
    for table in tables:
        for column in names_of(record, table):
            path.write_bytes(record.read_bytes())
            connection = sqlite3.connect(path)
            connection.create_function("other", 1, other)
            connection.execute("PRAGMA ignore_check_constraints = ON")
            triggers = connection.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            row = f"(SELECT {column} FROM {table} LIMIT 1)"
            try:
                connection.execute(f"UPDATE {table} SET {column} = other({column}) WHERE {column} IS {row}")
            except sqlite3.IntegrityError:
                connection.close()
                continue
            for _, text in triggers:
                connection.execute(text)
            connection.commit()
            connection.close()
            try:
                with open_archive(path, write=True) as archive:
                    if not check_archive(archive):
                        passed.append(f"{table}.{column}")
            except ArchiveDamaged:
                pass
    assert passed == []


def test_a_row_that_is_gone_is_found(record, tmp_path):
    path = tmp_path / "gone.sqlite"
    for table in ("findings", "vehicles", "backgrounds", "area_dates", "reports", "digests"):
        path.write_bytes(record.read_bytes())
        connection = sqlite3.connect(path)
        connection.execute(f"DELETE FROM {table}")
        connection.commit()
        connection.close()
        with open_archive(path) as archive:
            assert check_archive(archive) != [], table


def damaged(content, rng):
    """Bytes flipped, a stretch overwritten, exchanged, or cut off."""
    data = bytearray(content)
    kind, at = rng.randrange(4), rng.randrange(len(data))
    if kind == 0:
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 1:
        size = rng.randrange(1, 400)
        data[at : at + size] = rng.randbytes(len(data[at : at + size]))
    elif kind == 2:
        one, two = (4096 * rng.randrange(len(data) // 4096) for _ in range(2))
        data[one : one + 4096], data[two : two + 4096] = data[two : two + 4096], data[one : one + 4096]
    else:
        del data[at:]
    return bytes(data)


def test_damage_is_told_or_did_no_harm(record, tmp_path):
    """Of random damage none is passed over that changed a row, and every command ends in one line."""
    rng, content, whole = random.Random(5), record.read_bytes(), content_of(record)
    told = 0
    readers = (
        ("trains", "--json"),
        ("archive", "export", "--out", tmp_path / "csv"),
        ("series", "--no-pictures", "--overwrite", "--out", tmp_path / "series"),
        ("review", "list"),
    )
    for number in range(160):
        path = tmp_path / "damaged.sqlite"
        path.write_bytes(damaged(content, rng))
        before = path.read_bytes()
        try:
            with open_archive(path) as archive:
                faults = check_archive(archive)
        except (ArchiveDamaged, InputRefused):
            faults = ["told"]
        if faults:
            told += 1
        else:
            assert content_of(path) == whole
        done = command(path, *readers[number % len(readers)])
        assert done.returncode in (0, 3, 6), done.stderr
        assert "Traceback" not in done.stderr
        assert path.read_bytes() == before
    assert told > 80


def test_what_damage_took_away_is_damage_and_no_wrong_argument(record, tmp_path):
    path = tmp_path / "a.sqlite"
    path.write_bytes(record.read_bytes())
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DELETE FROM area_dates")
    done = command(path, "series")
    assert (done.returncode, done.stderr.count("\n")) == (6, 1), done.stderr
    assert command(record, "series", "--site", "elsewhere").returncode == 2


def test_what_is_still_to_be_told_outlives_a_rebuild(record, tmp_path):
    root = tmp_path / "record"
    shutil.copytree(record.parent, root)
    path = root / "record.sqlite"
    with open_archive(path, write=True) as archive, archive.transaction() as connection:
        add_row(connection, "notices", "gone", "f1", "{}")
    rebuild(path, root / "reports", list)
    with open_archive(path) as archive:
        assert check_archive(archive) == []
        assert [row[:2] for row in archive.connection.execute("SELECT * FROM notices")] == [("b", "f1")]
