"""Small files that are there whole or not at all, and what killed runs left of larger ones."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from tumangang_watch.errors import OutputFailed

PARTIAL = "partial-"
"""What is being written is hidden and has this in its name, with the number of the process."""


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all; leave it alone if it says the same.

    Raises
    ------
    OutputFailed
        It cannot be written.
    """
    aside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
        flush_folder(path.parent)
    except OSError as error:
        raise OutputFailed(
            "cannot write", path, error.strerror or str(error), "Give a place that can be written"
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def sweep(folders: list[Path]) -> None:
    """Remove what killed runs left half-written; what another run is writing right now is held, and stays."""
    for folder in folders:
        for left in sorted(folder.glob(f".*.{PARTIAL}*")) if folder.is_dir() else []:
            if left.is_dir():
                _remove_unheld(left)
            else:
                left.unlink(missing_ok=True)


def _remove_unheld(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """Make a rename durable: without it a power cut can leave an empty file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
