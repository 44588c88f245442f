"""Digests of the archive's rows: content that was changed behind the program's back is found.

Every report's rows have one digest together, every review and every row of the small tables one each,
written in the transaction that writes the rows. SQLite's own check sees broken pages, not changed values.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_REPORTS = """SELECT id, site, scene, earlier, folder, manifest_sha256, inputs_sha256, part, revision,
    changed, registration, tool_version, settings_sha256, look, caveats
    FROM reports WHERE id BETWEEN ? AND ? ORDER BY id"""
_SITES = "SELECT * FROM sites WHERE id IN (SELECT site FROM reports WHERE id BETWEEN ? AND ?)"
_SCENES = """WITH r AS (SELECT scene, earlier FROM reports WHERE id BETWEEN ? AND ?)
    SELECT * FROM scenes WHERE id IN (SELECT scene FROM r UNION SELECT earlier FROM r)"""
_OF_REPORT = (
    *(
        f"SELECT r.report, r.* FROM {table} AS r WHERE r.report BETWEEN ? AND ? ORDER BY r.report, {key}"
        for table, key in (
            ("backgrounds", "scene"),
            ("failed_pairs", "scene"),
            ("superseded", "folder"),
            ("area_dates", "area"),
            ("track_dates", "track"),
            ("track_areas", "track, area"),
            ("detections", "id"),
            ("findings", "id"),
        )
    ),
    *(
        f"""SELECT r.report, t.* FROM detections AS r JOIN {table} AS t ON t.detection = r.id
            WHERE r.report BETWEEN ? AND ? ORDER BY r.report, t.detection, t.{key}"""
        for table, key in (("vehicles", "position"), ("detection_areas", "area"))
    ),
)
"""The rows that are of one report each, after its number."""
_AT_ONCE = 1000
"""Reports whose rows are read together."""
_REVIEW = "SELECT * FROM reviews WHERE id = ?"
_SMALL = ("refusals", "files", "notices", "state")
"""Tables whose rows carry their digest in their last column."""
_CURRENT = """SELECT folder FROM reports
    WHERE current <> (folder NOT IN (SELECT folder FROM superseded)) ORDER BY folder"""


def row_digest(*values: object) -> str:
    """Return the digest of a row's values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()


def add_row(connection: sqlite3.Connection, table: str, *values: object) -> None:
    """Write a row of one of the small tables, with its digest, in place of one of the same key."""
    marks = ", ".join("?" * (len(values) + 1))
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (*values, row_digest(*values)))


def seal_report(connection: sqlite3.Connection, key: int) -> None:
    """Record the digest of a report's rows; inside the transaction that writes the last of them."""
    _seal(connection, "report", key, _report_digest(connection, key))


def seal_review(connection: sqlite3.Connection, key: int) -> None:
    """Record the digest of a review; inside the transaction that writes it."""
    _seal(connection, "review", key, _review_digest(connection, key))


def seal_all(connection: sqlite3.Connection) -> None:
    """Record every digest anew: what another version wrote had others, or none."""
    _seal(connection, "schema", 0, _schema_digest(connection))
    for key, sha256 in list(_report_digests(connection)):
        _seal(connection, "report", key, sha256)
    for (key,) in connection.execute("SELECT id FROM reviews").fetchall():
        seal_review(connection, key)
    for table in _SMALL:
        for row in connection.execute(f"SELECT * FROM {table}").fetchall():
            add_row(connection, table, *row[:-1])


def _seal(connection: sqlite3.Connection, subject: str, key: int, sha256: str) -> None:
    connection.execute("INSERT OR REPLACE INTO digests VALUES (?, ?, ?)", (subject, key, sha256))


def _report_digest(connection: sqlite3.Connection, key: int) -> str:
    return next(_digests_between(connection, key, key))[1]


def _report_digests(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """Yield number and digest of every report, by number."""
    keys = [key for (key,) in connection.execute("SELECT id FROM reports ORDER BY id")]
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        yield from _digests_between(connection, some[0], some[-1])


def _digests_between(connection: sqlite3.Connection, first: int, last: int) -> Iterator[tuple[int, str]]:
    """Yield the digests of reports of neighbouring numbers: of what `repr` writes of a list of rows a table.

    A row is written when it comes, one that reports share once, and the lists are put together as text.
    """

    def ask(question: str) -> Iterator[tuple[Any, ...]]:
        return connection.execute(question, (first, last))

    sites, scenes = ({row[0]: repr(row) for row in ask(question)} for question in (_SITES, _SCENES))
    tables = [_text_by_report(ask(question)) for question in _OF_REPORT]
    for key, site, scene, earlier, *values in ask(_REPORTS):
        lists = [repr(tuple(values)), sites.get(site, ""), scenes.get(scene, ""), scenes.get(earlier, "")]
        lists += [rows.get(key, "") for rows in tables]
        yield key, hashlib.sha256(f"([{'], ['.join(lists)}])".encode()).hexdigest()


def _text_by_report(rows: Iterator[tuple[Any, ...]]) -> dict[int, str]:
    """Return rows as text by the number of their report, which comes first."""
    texts: dict[int, str] = {}
    for key, *values in rows:
        text = repr(tuple(values))
        texts[key] = f"{texts[key]}, {text}" if key in texts else text
    return texts


def _review_digest(connection: sqlite3.Connection, key: int) -> str:
    return row_digest(connection.execute(_REVIEW, (key,)).fetchone())


def damage_of(connection: sqlite3.Connection) -> list[str]:
    """Return everything that is wrong with an archive's own content, in words; nothing is changed."""
    found = []
    for check in (_pages, _references, _tables, _current, _reports, _reviews, _rows):
        try:
            found += list(check(connection))
        except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:
            found.append(f"database: {str(error)[:200] or type(error).__name__}")
    return list(dict.fromkeys(found))


def _pages(connection: sqlite3.Connection) -> Iterator[str]:
    for (row,) in connection.execute("PRAGMA integrity_check(20)"):
        if row != "ok":
            yield f"database: {row}"


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield f"a row of {row[0]} refers to nothing in {row[2]}"


def _tables(connection: sqlite3.Connection) -> Iterator[str]:
    """Tell whether the tables, views and triggers are those that were made."""
    known = connection.execute("SELECT sha256 FROM digests WHERE subject = 'schema'").fetchone()
    if known != (_schema_digest(connection),):
        yield "database: its tables are not those that were made"


def _schema_digest(connection: sqlite3.Connection) -> str:
    question = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    return row_digest(connection.execute(question).fetchall())


def _current(connection: sqlite3.Connection) -> Iterator[str]:
    for (folder,) in connection.execute(_CURRENT):
        yield f"{folder}: superseded, but standing, or the reverse"


@contextmanager
def _one_state(connection: sqlite3.Connection) -> Iterator[None]:
    """Let several questions be answered from one state, whatever another run writes meanwhile."""
    begun = not connection.in_transaction
    if begun:
        connection.execute("BEGIN")
    try:
        yield
    finally:
        if begun and connection.in_transaction:
            connection.execute("ROLLBACK")


def _reports(connection: sqlite3.Connection) -> Iterator[str]:
    with _one_state(connection):
        known = dict(connection.execute("SELECT key, sha256 FROM digests WHERE subject = 'report'"))
        changed = {key for key, sha256 in _report_digests(connection) if known.pop(key, None) != sha256}
        folders = connection.execute("SELECT id, folder FROM reports ORDER BY folder").fetchall()
    for key, folder in folders:
        if key in changed:
            yield f"{folder}: its rows are not those that were recorded"
    for key in known:
        yield f"a report is missing (number {key})"


def _reviews(connection: sqlite3.Connection) -> Iterator[str]:
    known = dict(connection.execute("SELECT key, sha256 FROM digests WHERE subject = 'review'"))
    for (key,) in connection.execute("SELECT id FROM reviews ORDER BY id").fetchall():
        if known.pop(key, None) != _review_digest(connection, key):
            yield f"review {key}: its content is not what was recorded"
    for key in known:
        yield f"review {key}: it is missing"


def _rows(connection: sqlite3.Connection) -> Iterator[str]:
    for table in _SMALL:
        for *values, sha256 in connection.execute(f"SELECT * FROM {table}"):
            if sha256 != row_digest(*values):
                yield f"a row of {table} is not what was recorded ({str(values[0])[:60]})"
