"""Open, make and migrate the archive's file; say in one line what is wrong with it."""

from __future__ import annotations

import errno
import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tumangang_watch.archive.digests import damage_of, seal_all
from tumangang_watch.archive.schema import APPLICATION_ID, MIGRATIONS, VERSION
from tumangang_watch.errors import ArchiveDamaged, Busy, InputRefused, OutputFailed, UsageError, WatchError
from tumangang_watch.files import failing_as, locked, make_folder, sweep_target, whole_files

MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
_BESIDE = ("-journal", "-wal", "-shm")
"""Endings of the names of files that the database reads and writes beside its own."""
BUSY_S = 30.0
"""How long a writer waits for another: with 0 s 350 of 400 writes met a busy file, with 30 s none."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
_UNWRITABLE = (
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
)
REBUILD = "Restore a copy, or make it anew: tumangang-watch archive rebuild"


@dataclass(frozen=True)
class Archive:
    """An open archive."""

    path: Path
    connection: sqlite3.Connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit everything done inside, or nothing of it.

        Raises
        ------
        Busy, ArchiveDamaged, OutputFailed
            As the database says; nothing was written.
        """
        with database_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise


@contextmanager
def open_archive(path: Path, *, write: bool = False, create: bool = False) -> Iterator[Archive]:
    """Open an archive.

    Parameters
    ----------
    path : Path
        The file.
    write : bool
        Allow changes, and bring an older file to the present schema.
    create : bool
        Make the file where there is none.

    Raises
    ------
    InputRefused
        There is no such file, or it is not a regular file.
    ArchiveDamaged
        It is not an archive, not whole, or made by a newer version. It was not modified.
    Busy
        Another run is writing to it.
    """
    path = Path(path)
    if create and not os.path.lexists(path):
        make_archive(path)
    _look_at(path)
    with database_errors(path):
        connection = _connect(path, write)
    try:
        with _naming_damage(path, connection), database_errors(path):
            _careful(connection)
            if not write:
                connection.execute("PRAGMA query_only = ON")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version < VERSION and not write:
                raise InputRefused(
                    "archive is of an older version",
                    path,
                    f"its schema is {version}, not {VERSION}",
                    "Run `tumangang-watch archive check` once: it brings it up to date",
                )
        archive = Archive(path, connection)
        if version < VERSION:
            _migrate(archive, version)
        with _naming_damage(path, connection), database_errors(path):
            yield archive
    finally:
        connection.close()


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Keep other runs from working on the same archive; a killed run's hold ends with it.

    Raises
    ------
    Busy
        Another run holds it.
    """
    with failing_as("cannot lock the archive", path):
        make_folder(path.parent)
    lock = path.with_name(path.name + ".lock")
    with locked(lock, "archive is busy", path, "another run is taking in scenes"):
        sweep_target(path, "archive is busy")
        yield


def make_archive(path: Path) -> None:
    """Make an empty archive: built aside and renamed, so that no half-made file can be met.

    Raises
    ------
    OutputFailed
        It cannot be written.
    """
    try:
        with whole_files(path, what="cannot make the archive", replace=False) as (part,):
            create_empty(part)
    except OutputFailed:
        if not path.is_file():
            raise


def create_empty(path: Path) -> None:
    """Create the file of an empty archive where no reader can meet it yet."""
    path.touch(exist_ok=False)  # With the rights that the umask gives; SQLite would take others.
    with database_errors(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            _careful(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            _migrate(Archive(path, connection), 0)
        finally:
            connection.close()


def _connect(path: Path, write: bool) -> sqlite3.Connection:
    """Return a connection. Readers may write too: a killed run's journal has to be rolled back."""
    mode = "rw" if os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK) else "ro"
    if write and mode == "ro":
        raise OutputFailed("cannot write the archive", path, "no permission", "Give it, or another --archive")
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_S, isolation_level=None
    )


def _careful(connection: sqlite3.Connection) -> None:
    """Rollback journal, every commit on the disk before it returns, references held.

    A journal whose removal is not on the disk takes back a commit after a power cut: EXTRA flushes that too.
    """
    for setting in (
        "journal_mode = DELETE",
        "synchronous = EXTRA",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        connection.execute(f"PRAGMA {setting}")


def _migrate(archive: Archive, version: int) -> None:
    """Bring a file to the present schema in one transaction: old or new, never between."""
    with archive.transaction() as connection:
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        seal_all(connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _look_at(path: Path) -> None:
    """Refuse what is no whole archive from its header, before the database touches it."""
    try:
        if not path.is_file():
            why = "it is not a file" if os.path.lexists(path) else "there is no such file"
            raise InputRefused("cannot open the archive", path, why, "Give the file that `watch` made")
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
        refuse_beside(path)
    except OSError as error:
        raise InputRefused(
            "cannot open the archive", path, error.strerror or str(error), "Give a file that can be read"
        ) from error
    if len(header) < HEADER_BYTES or header[:16] != MAGIC:
        why = "it is empty" if not size else "it is not an SQLite database"
        raise ArchiveDamaged("archive damaged", path, why, REBUILD)
    (application,) = struct.unpack(">I", header[68:72])
    (version,) = struct.unpack(">I", header[60:64])
    if application != APPLICATION_ID:
        raise ArchiveDamaged(
            "not an archive", path, "it is another program's database", "Give the file that `watch` made"
        )
    if version > VERSION:
        raise ArchiveDamaged(
            "archive is of a newer version",
            path,
            f"its schema is {version}, known is {VERSION}",
            "Use the version of tumangang-watch that made it, or a newer one",
        )
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    valid = header[24:28] == header[92:96]
    journal = path.with_name(path.name + "-journal")
    if valid and not journal.exists() and size < pages * (65536 if page == 1 else page):
        raise ArchiveDamaged("archive damaged", path, "its end is missing", REBUILD)


def refuse_beside(path: Path) -> None:
    """Refuse an archive beside which a pipe or the like has the name of a journal: the database would wait.

    Raises
    ------
    InputRefused
        There is one.
    """
    for beside in (path.with_name(path.name + end) for end in _BESIDE):
        if beside.exists() and not beside.is_file():
            why = f"{beside.name}, which lies beside it, is not a regular file"
            raise InputRefused("cannot open the archive", path, why, "Move that away")


@contextmanager
def _naming_damage(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """Tell of damage where anything unforeseen, or nothing of what was asked for, is met."""
    try:
        yield
    except Exception as error:
        # What was asked for may be missing because it was damaged.
        if isinstance(error, WatchError) and not isinstance(error, UsageError):
            raise
        if connection.in_transaction:
            connection.rollback()
        if faults := damage_of(connection):
            raise ArchiveDamaged("archive damaged", path, " ".join(faults[0].split()), REBUILD) from error
        raise


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Turn the database's errors into those for the user."""
    try:
        yield
    except sqlite3.Error as error:
        raise _user_error(error, path) from error


def _user_error(error: sqlite3.Error, path: Path) -> Exception:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    why = str(error) or type(error).__name__
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy("archive is busy", path, "another run is writing to it", "Try again when it is done")
    lacks = code == sqlite3.SQLITE_ERROR and ("no such table" in why or "no such column" in why)
    if lacks or code in _DAMAGED:
        return ArchiveDamaged("archive damaged", path, why, REBUILD)
    if code in _UNWRITABLE:
        full = code == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) == errno.ENOSPC
        return OutputFailed(
            "cannot write the archive", path, why, "Free some space" if full else "See that it can be written"
        )
    return error
