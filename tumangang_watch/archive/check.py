"""Is the archive whole, and does it agree with the reports on the disk?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tumangang_watch.archive.digests import damage_of
from tumangang_watch.archive.file import Archive, database_errors
from tumangang_watch.archive.reviews import COLUMNS, is_sound
from tumangang_watch.plain_files import read_bytes, sha256_of

MANIFEST = "manifest.json"


def check_archive(archive: Archive, reports: Path | None = None, *, files: bool = False) -> list[str]:
    """Return every fault, each in words; an empty list means sound.

    Parameters
    ----------
    archive : Archive
        The open archive.
    reports : Path, optional
        Folder of the reports: their manifests are compared with the archive's digests.
    files : bool
        Read every file of every report and compare it with its manifest as well.
    """
    with database_errors(archive.path):
        ask = archive.connection.execute
        digests = list(ask("SELECT folder, manifest_sha256 FROM reports ORDER BY folder"))
        answers = list(ask(f"SELECT id, {', '.join(COLUMNS)} FROM reviews ORDER BY id"))
    faults = damage_of(archive.connection)
    faults += [
        f"review {number}: its content is not what was recorded"
        for number, *values in answers
        if not is_sound(dict(zip(COLUMNS, values, strict=True)))
    ]
    if reports is not None:
        for folder, manifest_sha256 in digests:
            faults += check_folder(reports / folder, manifest_sha256, files=files)
    return list(dict.fromkeys(faults))


def check_folder(folder: Path, manifest_sha256: str | None, *, files: bool = True) -> list[str]:
    """Return what is wrong with a report's folder; see `check_archive`."""
    try:
        content = read_bytes(folder / MANIFEST)
        if manifest_sha256 not in (None, hashlib.sha256(content).hexdigest()):
            return [f"{folder.name}: its manifest is not the one that was recorded"]
        listed = json.loads(content)["files"] if files else {}
        wrong = []
        for name, facts in listed.items():
            if sha256_of(folder / name) != facts["sha256"]:
                wrong.append(f"{folder.name}/{name}: its content is not that of the manifest")
        return wrong
    except OSError as error:
        return [f"{folder.name}: {error.strerror or error}"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [f"{folder.name}: its manifest cannot be read"]
