"""The names in a folder, read once for all the images in it: a folder of thousands is looked through once."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tumangang_watch.files import CLOCK_MARGIN_NS

KEPT = 16
"""Folders whose names are kept."""


@dataclass(frozen=True, eq=False)
class Listing:
    """What a folder held: one object as long as the folder stays as it is, for what is kept of it."""

    folder: Path
    names: tuple[str, ...]

    def ending(self, ends: tuple[str, ...]) -> list[Path]:
        """Return the paths whose names end so, in small letters."""
        return [self.folder / name for name in self.names if os.path.splitext(name)[1].lower() in ends]


def listing(folder: Path) -> Listing:
    """Return the names in a folder.

    Raises
    ------
    OSError
        It cannot be read.
    """
    status = folder.stat()
    if time.time_ns() - status.st_mtime_ns < CLOCK_MARGIN_NS:
        return Listing(folder, tuple(os.listdir(folder)))
    return _listed(folder, (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns))


@lru_cache(maxsize=KEPT)
def _listed(folder: Path, stamp: tuple[int, ...]) -> Listing:
    return Listing(folder, tuple(os.listdir(folder)))
