"""Make the archive again from the reports and scenes on the disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import Any, cast

from tumangang_watch.archive.check import MANIFEST, check_folder
from tumangang_watch.archive.file import Archive, create_empty, open_archive
from tumangang_watch.archive.record import Issued, Refusal, add_file, add_refusal, add_report, note_inbox
from tumangang_watch.archive.reviews import carry_over, write_copy
from tumangang_watch.errors import InputRefused
from tumangang_watch.files import failing_as, keep, sha256_of, whole_files
from tumangang_watch.model.document import ReportDocument

REFUSED = "refused"
"""Folder beside the reports that holds one small document a refused scene."""
MAX_DOCUMENT_BYTES = 64 * 2**20
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
        report = json.loads(path.read_text(encoding="utf-8"))
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
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
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
) -> list[str]:
    """Record every report on the disk that the archive does not hold; return the names of their folders.

    A run that was killed between writing a report and recording it leaves such a folder. ``note`` is
    called with the report and its folder inside the transaction that records it.
    """
    adopted = []
    for folder in sorted(path.parent for path in reports.glob(f"[!.]*/{MANIFEST}") if path.is_file()):
        if folder.name not in known:
            issued = read_issued(folder)
            with archive.transaction():
                add_report(archive, issued)
                if note is not None:
                    note(issued.report, issued.folder)
            adopted.append(folder.name)
    return adopted


def rebuild(
    path: Path, reports: Path, locate: Locate, *, inbox: Path | None = None
) -> tuple[int, Path | None]:
    """Make an archive from the reports and scenes on the disk; return how many reports it holds.

    The file that was there is kept beside it under another name, whatever its state; its path is
    returned too. The new one is built aside and takes its place only when it is whole. Reviews are taken
    over from the earlier file and from their copy beside it: no report holds them. ``inbox`` is the folder
    that the paths of scenes count from.
    """
    if not reports.is_dir():
        raise InputRefused("cannot rebuild", reports, "there is no such folder", "Give the folder of reports")
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
        kept = _keep(path, journal)
    with failing_as(what, path), open_archive(path, write=True) as archive:
        # Once more: a reader may have answered while the new file was made.
        carry_over(archive, kept, path)
        write_copy(archive)
    return reports_in, kept


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
