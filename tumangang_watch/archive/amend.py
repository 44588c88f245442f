"""Reports that are gone from the disk: noted, and recorded anew when they stand there again."""

from __future__ import annotations

import sqlite3

from tumangang_watch.archive.digests import add_row
from tumangang_watch.text import json_line


def forget_report(connection: sqlite3.Connection, folder: str) -> None:
    """Remove what the archive holds of a report, inside the transaction that records it anew."""
    connection.execute(
        "DELETE FROM digests WHERE subject = 'report' AND key = (SELECT id FROM reports WHERE folder = ?)",
        (folder,),
    )
    connection.execute("DELETE FROM reports WHERE folder = ?", (folder,))


def note_made_again(connection: sqlite3.Connection, folders: list[str]) -> None:
    """Record which reports are gone from the disk: one that stands there again later is recorded anew."""
    add_row(connection, "state", "made_again", json_line(folders))
