"""What people said of findings: rows that are only ever added, and a copy of them beside the archive.

The archive can be made again from reports; reviews cannot. So each is also a line of
``<archive>.reviews.jsonl``, from which `rebuild` takes them where the archive itself is lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tumangang_watch.archive.digests import seal_review
from tumangang_watch.archive.file import Archive, database_errors
from tumangang_watch.files import append_whole, failing_as
from tumangang_watch.model.review import About, Answer, Correction, Review
from tumangang_watch.plain_files import read_bytes
from tumangang_watch.text import json_line

Document = dict[str, Any]
_COLUMN_TEXT = (
    "uid, key, about, site, scene, earlier, kind, area, evidence, reader, verdict, reason, remark, "
    "correction, made, origin"
)
COLUMNS = tuple(_COLUMN_TEXT.split(", "))
_ALL = f"SELECT {_COLUMN_TEXT} FROM reviews ORDER BY id"
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def row_of(review: Review) -> Document:
    """Return a review as a row; maps are JSON text."""
    about, answer = review.about, review.answer
    return {
        "uid": review.uid,
        "key": about.key,
        "about": about.word,
        "site": about.site,
        "scene": about.scene,
        "earlier": about.earlier,
        "kind": about.kind,
        "area": about.area,
        "evidence": json_line(about.evidence),
        "reader": review.reader,
        "verdict": answer.verdict,
        "reason": answer.reason,
        "remark": answer.remark,
        "correction": json_line(answer.correction.as_dict()),
        "made": review.made,
        "origin": review.origin,
    }


def review_of(row: Document, number: int = 0) -> Review:
    """Return the review of a row."""
    about = About(
        word=row["about"],
        site=row["site"],
        scene=row["scene"],
        earlier=row["earlier"],
        kind=row["kind"],
        area=row["area"],
        evidence=json.loads(row["evidence"]),
    )
    correction = Correction.of(json.loads(row["correction"]))
    answer = Answer(row["verdict"], row["reason"], row["remark"], correction)
    return Review(
        about=about,
        reader=row["reader"],
        answer=answer,
        made=row["made"],
        origin=row["origin"],
        number=number,
    )


def all_reviews(archive: Archive, site: str | None = None) -> list[Review]:
    """Return the reviews of a site, or of all, in the order they were made."""
    with database_errors(archive.path):
        rows = archive.connection.execute(
            f"SELECT id, {_COLUMN_TEXT} FROM reviews WHERE :site IS NULL OR site = :site ORDER BY id",
            {"site": site},
        ).fetchall()
    return [review_of(dict(zip(COLUMNS, row[1:], strict=True)), row[0]) for row in rows]


def add_reviews(archive: Archive, reviews: Sequence[Review]) -> list[Review]:
    """Record reviews, all or none, each once; return those that are new.

    The copy beside the archive is written after the archive holds them, and whatever one of the two lacks
    is taken from the other.

    Raises
    ------
    Busy, OutputFailed
        Nothing was recorded; or, of the copy, that it could not be written (the archive holds them).
    """
    with archive.transaction() as connection:
        added = [review for review in reviews if _insert(connection, row_of(review))]
        for row in read_copy(archive.path):
            _insert(connection, row)
    write_copy(archive)
    return added


def _insert(connection: sqlite3.Connection, row: Document) -> bool:
    if connection.execute("SELECT 1 FROM reviews WHERE uid = ?", (row["uid"],)).fetchone():
        return False
    marks = ", ".join(f":{name}" for name in COLUMNS)
    cursor = connection.execute(f"INSERT INTO reviews ({_COLUMN_TEXT}) VALUES ({marks})", row)
    seal_review(connection, int(cursor.lastrowid or 0))
    return True


def copy_path(archive_file: Path) -> Path:
    """Return where the copy of an archive's reviews lies."""
    return archive_file.with_name(archive_file.name + ".reviews.jsonl")


def read_copy(archive_file: Path) -> list[Document]:
    """Return the rows of the copy; a line that was cut off or edited is passed over."""
    path = copy_path(archive_file)
    with failing_as("cannot read the reviews beside the archive", path, "See that it can be read"):
        return _sound_rows(read_bytes(path)) if path.exists() else []


def _sound_rows(content: bytes) -> list[Document]:
    rows = []
    for line in content.split(b"\n"):
        try:
            given = json.loads(line)
            row = {name: given[name] for name in COLUMNS}
        except _BROKEN:
            continue
        if is_sound(row):
            rows.append(row)
    return rows


def is_sound(row: Document) -> bool:
    """Return whether a row says what it said when it was made: its digests are those of its content."""
    try:
        review = review_of(row)
        return bool(review.uid == row["uid"] and review.about.key == row["key"])
    except _BROKEN:
        return False


def write_copy(archive: Archive) -> None:
    """Append what the copy beside the archive lacks."""
    path = copy_path(archive.path)
    rows = archive.connection.execute(_ALL).fetchall()
    if not rows:
        return

    def lacking(content: bytes) -> bytes:
        known = {row["uid"] for row in _sound_rows(content)}
        lines = [
            json_line(dict(zip(COLUMNS, row, strict=True))).encode() + b"\n"
            for row in rows
            if row[0] not in known
        ]
        cut = lines and content and not content.endswith(b"\n")
        return (b"\n" if cut else b"") + b"".join(lines)

    todo = "The archive holds them; see that the copy can be written"
    with failing_as("cannot write the reviews beside the archive", path, todo):
        append_whole(path, lacking)


def carry_over(archive: Archive, kept: Path | None, home: Path) -> None:
    """Take the reviews of an earlier archive, and of the copy beside it, into one made again.

    Parameters
    ----------
    archive : Archive
        The new archive.
    kept : Path or None
        The earlier file, in whatever state.
    home : Path
        Where the archive lies (its copy of the reviews lies beside it).
    """
    rows = [*(_salvage(kept) if kept is not None else []), *read_copy(home)]
    with archive.transaction() as connection:
        for row in rows:
            _insert(connection, row)


def _salvage(path: Path) -> list[Document]:
    """Return what can still be read of an earlier file's reviews; it is not modified."""
    found: list[Document] = []
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as old,
    ):
        old.execute("PRAGMA trusted_schema = OFF")
        for row in old.execute(_ALL):
            found.append(dict(zip(COLUMNS, row, strict=True)))
    return [row for row in found if is_sound(row)]
