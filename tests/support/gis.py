"""A GIS's hand on a GeoPackage, with the spatial functions that the file's triggers call."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager

import shapely

_HEADER_BYTES = 8
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


def shape_of(blob):
    return shapely.from_wkb(bytes(blob[_HEADER_BYTES + _ENVELOPE_BYTES[(blob[3] >> 1) & 7] :]))


def blob_of(shape, srs=4326):
    """A GeoPackage geometry without an envelope (OGC 12-128, clause 2.1.3)."""
    return b"GP\0\1" + srs.to_bytes(4, "little") + shape.wkb


@contextmanager
def editing(path, *, wal=False):
    """Open a file as an editor does; with ``wal`` the content stays in side files while it is open."""
    connection = sqlite3.connect(path)
    connection.create_function("ST_IsEmpty", 1, lambda g: None if g is None else int(shape_of(g).is_empty))
    for k, name in enumerate(("ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY")):
        connection.create_function(name, 1, lambda g, k=k: None if g is None else shape_of(g).bounds[k])
    try:
        if wal:
            connection.execute("PRAGMA journal_mode = WAL")
        yield connection
        connection.commit()
    finally:
        connection.close()


def fid_of(connection, layer, report, name):
    found = connection.execute(f"SELECT fid FROM {layer} WHERE report = ? AND id = ?", (report, name))
    return found.fetchone()[0]


def fill(connection, layer, report, name, **values):
    """Fill in a row's columns."""
    fid = fid_of(connection, layer, report, name)
    names = ", ".join(f"{n} = ?" for n in values)
    connection.execute(f"UPDATE {layer} SET {names} WHERE fid = ?", (*values.values(), fid))
    return fid


def add(connection, layer, shape, **values):
    """Draw a feature."""
    names = ", ".join(["geom", *values])
    marks = ", ".join("?" * (len(values) + 1))
    blob = None if shape is None else blob_of(shape)
    return connection.execute(
        f"INSERT INTO {layer} ({names}) VALUES ({marks})", (blob, *values.values())
    ).lastrowid
