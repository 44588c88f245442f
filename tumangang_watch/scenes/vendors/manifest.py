"""A delivery's own list of files: is a scene as it was delivered?

Planet's ``manifest.json`` gives each file's size and digests: the only word of a maker's on a whole copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tumangang_watch.errors import InputRefused
from tumangang_watch.model.scene import Scene
from tumangang_watch.plain_files import sha256_of
from tumangang_watch.scenes.vendors.facts import Properties
from tumangang_watch.scenes.vendors.text import load_json
from tumangang_watch.settings.scenes import ReadSettings

MANIFEST = "manifest.json"
FOLDERS_UP = 3
"""Planet's manifest lies in the order's folder, its images one or two folders below."""
MAX_FILES = 20_000
SHOWN = 12
"""Digits of a digest that are shown."""


def warn_of_changes(scene: Scene, digests: Mapping[Path, str], settings: ReadSettings) -> tuple[str, ...]:
    """Return a warning for each of a scene's files that is not as its delivery's manifest says.

    Parameters
    ----------
    digests : dict
        SHA-256 of the files that were read whole already.
    """
    manifest = _nearest(scene.image)
    if manifest is None:
        return ()
    try:
        listed = _listed(load_json(manifest, settings.max_metadata_bytes, settings.max_json_depth))
    except InputRefused as error:
        return (f"{manifest.name} could not be read ({error.why}): the delivery was not checked",)
    found = []
    for file in dict.fromkeys((*digests, *scene.files)):
        entry = _entry(file, manifest.parent, listed)
        why = _difference(file, entry, digests.get(file)) if entry else None
        if why:
            found.append(f"{file.name} is not as delivered: {manifest.name} gives {why}. Download it again")
    return tuple(found)


def _nearest(image: Path) -> Path | None:
    folders = list(image.absolute().parents)[:FOLDERS_UP]
    return next((p for folder in folders if (p := folder / MANIFEST).is_file()), None)


def _listed(data: Properties) -> list[Properties]:
    files = data.get("files")
    return [f for f in files[:MAX_FILES] if isinstance(f, dict)] if isinstance(files, list) else []


def _entry(file: Path, folder: Path, listed: Iterable[Properties]) -> Properties | None:
    """Return a file's entry: by its path from the manifest, which may begin with the order's own name."""
    place = file.absolute().relative_to(folder).as_posix() if folder in file.absolute().parents else file.name
    for entry in listed:
        path = str(entry.get("path", "")).removeprefix("./")
        if path == place or path.partition("/")[2] == place:
            return entry
    return None


def _difference(file: Path, entry: Properties, sha256: str | None) -> str | None:
    """Return what a manifest says of a file that is not so, with both values; None where all is so."""
    size, stated = entry.get("size"), entry.get("digests")
    try:
        own_size = file.stat().st_size
        if isinstance(size, int) and not isinstance(size, bool) and size != own_size:
            return f"{size} bytes, the file has {own_size}"
        if not isinstance(stated, dict):
            return None
        for kind in ("sha256", "md5"):
            wanted = stated.get(kind)
            if isinstance(wanted, str) and wanted:
                own = sha256 if kind == "sha256" and sha256 else _digest(file, kind)
                same = own == wanted.lower()
                return None if same else f"{kind} {wanted[:SHOWN]}..., the file's is {own[:SHOWN]}..."
    except OSError:
        return None
    return None


def _digest(file: Path, kind: str) -> str:
    if kind == "sha256":
        return sha256_of(file)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
