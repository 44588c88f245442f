"""GeoPackages that are whole: where a write fails GDAL drops an index, a trigger or rows without a word."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pyogrio

_AGAIN = ".again"
_OPTIONS = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "MEMORY"}
"""The file is built aside, and flushed to the disk when it is whole."""
_DATE = "OGR_CURRENT_DATE"
"""GDAL's option for a file's own time stamps: without a fixed date the bytes differ from run to run."""
MAX_OBJECTS = 20_000
"""Tables, indexes, triggers and views of somebody's GeoPackage: 500 layers have some 7 000. SQLite takes time
by their square, again for each layer: 300 000 had not been opened after 90 s."""


def tamed_tables(copy: Path) -> set[str]:
    """Check that a copy of somebody's GeoPackage is whole and drop what runs by itself; return its tables.

    A view may never end, and GDAL asks tables of its own making by name without asking what they are.

    Raises
    ------
    sqlite3.Error, UnicodeError
        It is damaged.
    ValueError
        It holds too much.
    """
    with closing(sqlite3.connect(copy)) as database:
        database.execute("PRAGMA trusted_schema = OFF")
        (objects,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if objects > MAX_OBJECTS:
            raise ValueError(f"it has {objects} tables, indexes, triggers and views, more than {MAX_OBJECTS}")
        (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(str(state)[:80])
        database.execute("PRAGMA journal_mode = DELETE")
        programs = "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')"
        for kind, name in database.execute(programs).fetchall():
            quoted = str(name).replace('"', '""')
            database.execute(f'DROP {kind} IF EXISTS "{quoted}"')
        database.commit()
        return {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def write_geopackage(
    path: Path, moment: str, rows: Mapping[str, int], write: Callable[[Path], object]
) -> None:
    """Write a GeoPackage that stands nowhere yet, twice, and read it back.

    A single write that failed without a word makes the two differ; what fails each time alike leaves
    something missing, which `geopackage_faults` finds.

    Parameters
    ----------
    path : Path
        Where it is built. A second copy lies beside it for a moment.
    moment : str
        ISO 8601 in UTC with ``Z``: the date that the file gives as its own.
    rows : mapping
        How many rows each layer is to have.
    write : callable
        Writes all of it to a path.

    Raises
    ------
    OSError
        It was not written whole.
    """
    again = path.with_stem(path.stem + _AGAIN)
    options = _OPTIONS | {_DATE: moment if "." in moment else moment.replace("Z", ".000Z")}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        for copy in (path, again):
            write(copy)
    finally:
        pyogrio.set_gdal_config_options(before)
    if path.read_bytes() != again.read_bytes():
        raise OSError(errno.EIO, "it was written twice, and not alike", path.name)
    again.unlink()
    _give_rights_of_umask(path, again)
    if faults := geopackage_faults(path, rows):
        raise OSError(errno.EIO, f"it could not be read back ({faults[0]})", path.name)


def _give_rights_of_umask(path: Path, probe: Path) -> None:
    """Give a file the rights that other new files get: SQLite never lets a group write."""
    probe.touch(exist_ok=False)
    path.chmod(probe.stat().st_mode & 0o777)
    probe.unlink()


def geopackage_faults(path: Path, rows: Mapping[str, int] | None = None) -> list[str]:
    """Return what is not whole: pages, layers, rows, their counts, extents and spatial indexes."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            whole = [row[0] for row in file.execute("PRAGMA integrity_check(3)")]
            if whole != ["ok"]:
                return [f"damaged: {whole[0]}"]
            layers = [row[0] for row in file.execute("SELECT table_name FROM gpkg_contents ORDER BY 1")]
            if rows is not None and layers != sorted(rows):
                return [f"its layers are {', '.join(layers) or 'none'}"]
            found = [_layer_fault(file, name, None if rows is None else rows[name]) for name in layers]
            return [words for words in found if words]
    except (sqlite3.Error, ValueError) as error:
        return [str(error)]


def _layer_fault(file: sqlite3.Connection, name: str, wanted: int | None) -> str:
    """Return what a layer lacks, or nothing."""

    def one(question: str, *values: str) -> object:
        row = file.execute(question, values).fetchone()
        return row and row[0]

    count = one(f'SELECT count(*) FROM "{name}"')
    noted = one("SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?", name)
    if count != noted or wanted not in (None, count):
        return f"layer {name} has {count} rows, noted are {noted}, to be {wanted}"
    column = one("SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", name)
    if column is None:
        return ""
    # Bit 4 of the fourth byte says that an outline is empty (OGC 12-128, clause 2.1.3): the index holds none.
    filled = f"substr(hex(substr(\"{column}\", 4, 1)), 1, 1) IN ('0', '2')"
    placed = one(f'SELECT count(*) FROM "{name}" WHERE {filled}')
    extension = "SELECT 1 FROM gpkg_extensions WHERE table_name = ? AND extension_name = 'gpkg_rtree_index'"
    if not one(extension, name):
        return f"layer {name} has no spatial index"
    # The index's own table rather than the index: not every SQLite can read that.
    indexed = one(f'SELECT count(*) FROM "rtree_{name}_{column}_rowid"')
    if indexed != placed:
        return f"layer {name} has {placed} outlines, of which its index holds {indexed}"
    if placed and one("SELECT min_x FROM gpkg_contents WHERE table_name = ?", name) is None:
        return f"layer {name} has no extent"
    return ""
