"""Make the archive again from the reports and scenes on the disk."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Container
from contextlib import closing, suppress
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import Any, cast

from tumangang_watch.archive.check import MANIFEST, check_folder
from tumangang_watch.archive.digests import add_row, row_digest
from tumangang_watch.archive.file import Archive, create_empty, open_archive, refuse_beside
from tumangang_watch.archive.record import Issued, add_file, add_refusal, add_report, note_inbox
from tumangang_watch.archive.reviews import carry_over, write_copy
from tumangang_watch.archive.schema import Refusal
from tumangang_watch.errors import InputRefused
from tumangang_watch.files import failing_as, keep, whole_files
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.plain_files import read_text, sha256_of

NOT_OWN = "it is not what `watch` made under this name: a copy, renamed, or of another command"
REFUSED = "refused"
"""Folder beside the reports that holds one small document a refused scene."""
MAX_DOCUMENT_BYTES = 64 * 2**20
_STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z_")
Locate = Callable[[], list[tuple[str, tuple[int, int], str]]]
"""Returns path, (bytes, mtime_ns) and sha256 of every scene file."""


def read_issued(folder: Path, *, verify: bool = True) -> Issued:
    """Return a report as it stands in its folder.

    Raises
    ------
    InputRefused
        It is not whole: a file is missing or its digest is wrong.
    """
    faults = check_folder(folder, None, files=verify)
    if faults:
        raise InputRefused("report refused", folder.name, faults[0], "Remove the folder: it is made again")
    try:
        digest = sha256_of(folder / MANIFEST)
        path = folder / "report.json"
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise ValueError("it is too large")
        report = json.loads(read_text(path))
        if not isinstance(report, dict):
            raise ValueError("it is not a report")
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(
            "report refused", folder.name, str(error)[:200], "Remove the folder: it is made again"
        ) from error
    return Issued(cast(ReportDocument, report), folder.name, digest)


def read_refusals(reports: Path) -> list[Refusal]:
    """Return the refusals that were written beside the reports."""
    names = {f.name for f in fields(Refusal)}
    found = []
    for path in sorted((reports / REFUSED).glob("*.json")):
        try:
            document: dict[str, Any] = json.loads(read_text(path))
            found.append(Refusal(**{name: document[name] for name in names}))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputRefused(
                "refusal cannot be read", path.name, str(error)[:200], "Remove the file: it is made again"
            ) from error
    return found


def adopt(
    archive: Archive,
    reports: Path,
    known: dict[str, str],
    note: Callable[[ReportDocument, str], None] | None = None,
    strange: Callable[[str], None] | None = None,
) -> list[str]:
    """Record every report on the disk that the archive does not hold; return the names of their folders.

    A run that was killed between writing a report and recording it leaves such a folder. ``note`` is
    called with the report and its folder inside the transaction that records it.

    Copies, renamed reports and those of ``compare`` are taken where their scene has no other. With
    ``strange`` they are left alone, like damaged ones, and it is called with a line for each.

    Raises
    ------
    InputRefused
        Without ``strange``: a report is damaged, or it does not fit and is no copy.
    """
    adopted = []
    for folder in _unrecorded(reports, known):
        try:
            issued = read_issued(folder)
            if strange is not None and not is_own(issued):
                raise InputRefused("report refused", folder.name, NOT_OWN, "Move it elsewhere")
            with archive.transaction():
                add_report(archive, issued)
                if note is not None:
                    note(issued.report, issued.folder)
            adopted.append(folder.name)
        except InputRefused as error:
            if strange is None and not _is_copy(archive, folder):
                raise
            if strange is not None:
                strange(f"{folder.name}: {error.why}")
    return adopted


def _unrecorded(reports: Path, known: Container[str]) -> list[Path]:
    """Return the folders with a manifest that are not known; those named like reports of `watch` first."""
    names = [name for name in names_in(reports) if name not in known]
    names.sort(key=lambda name: (not _STAMPED.match(name), name))
    return [reports / name for name in names if (reports / name / MANIFEST).is_file()]


def names_in(reports: Path) -> set[str]:
    """Return the names of what lies in the folder of reports and is not hidden; it may be missing."""
    return {name for name in os.listdir(reports) if name[0] != "."} if reports.is_dir() else set()


def folder_name(acquired: str, scene_id: str) -> str:
    """Return what the folder names of a scene's reports begin with."""
    return f"{acquired.split('.')[0].rstrip('Z').replace(':', '')}Z_{scene_id}"


def folder_end(part: int, revision: int) -> str:
    """Return what tells the folder of a part and revision from a scene's first one."""
    return (f"_part{part + 1}" if part else "") + (f"_r{revision}" if revision != 1 else "")


def is_own(issued: Issued) -> bool:
    """Return whether a folder is a report of `watch` under the name that it was given."""
    try:
        scene, issue = issued.report["scenes"]["later"], issued.report["issue"]
        start = folder_name(scene["acquired"], scene["id"])
        end = folder_end(issue["part"], issue["revision"])
        return issued.folder in (start + end, f"{start}_{scene['sha256'][:8]}{end}")
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _is_copy(archive: Archive, folder: Path) -> bool:
    """Return whether the scene of a sound report has another report that stands."""
    try:
        scene = read_issued(folder).report["scenes"]["later"]["sha256"]
    except (InputRefused, KeyError, TypeError):
        return False
    question = "SELECT 1 FROM current_reports WHERE scene_sha256 = ?"
    return archive.connection.execute(question, (scene,)).fetchone() is not None


def rebuild(
    path: Path, reports: Path, locate: Locate, *, inbox: Path | None = None
) -> tuple[int, Path | None]:
    """Make an archive from the reports and scenes on the disk; return how many reports it holds.

    The file that was there is kept beside it under another name, whatever its state; its path is
    returned too. The new one is built aside and takes its place only when it is whole. Reviews are taken
    over from the earlier file and from their copy beside it, and from the file what is still to be told: no
    report holds them. ``inbox`` is the folder
    that the paths of scenes count from.
    """
    if not reports.is_dir():
        raise InputRefused("cannot rebuild", reports, "there is no such folder", "Give the folder of reports")
    refuse_beside(path)
    what = "cannot rebuild the archive"
    journal = path.with_name(path.name + "-journal")
    with whole_files(path, what=what, drop=[journal]) as (part,):
        create_empty(part)
        with open_archive(part, write=True) as archive:
            reports_in = len(adopt(archive, reports, {}))
            with archive.transaction() as connection:
                for refusal in read_refusals(reports):
                    add_refusal(connection, refusal)
                for place, stamp, sha256 in locate():
                    add_file(connection, place, stamp, sha256)
                if inbox is not None:
                    note_inbox(connection, str(inbox.absolute()))
            carry_over(archive, path if path.is_file() else None, path)
            _carry_notices(archive, path)
        kept = _keep(path, journal)
    with failing_as(what, path), open_archive(path, write=True) as archive:
        # Once more: a reader may have answered while the new file was made.
        carry_over(archive, kept, path)
        write_copy(archive)
    return reports_in, kept


def _carry_notices(archive: Archive, path: Path) -> None:
    """Take over which findings of these reports are still to be told, as far as the earlier file says it."""
    if not path.is_file():
        return
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as old,
    ):
        rows = [tuple(row) for row in old.execute("SELECT * FROM notices")]
        with archive.transaction() as connection:
            question = "SELECT r.folder, f.finding FROM findings AS f JOIN reports AS r ON r.id = f.report"
            known = set(connection.execute(question))
            for *values, sha256 in rows:
                if tuple(values[:2]) in known and sha256 == row_digest(*values):
                    add_row(connection, "notices", *values)


def _keep(path: Path, journal: Path) -> Path | None:
    """Give an earlier archive, and a journal that belongs to it, a second name."""
    if not os.path.lexists(path):
        return None
    names = (path.with_name(f"{path.name}.before-rebuild-{number}") for number in count(1))
    kept = next(name for name in names if not os.path.lexists(name))
    if journal.exists():
        keep(journal, kept.with_name(kept.name + "-journal"))
    keep(path, kept)
    return kept
