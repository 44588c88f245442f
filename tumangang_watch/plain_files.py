"""Files from outside, opened to read: plain ones only.

A pipe or a device in a file's place may never begin or never end, and whoever opens it waits.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path


def opened(path: Path) -> BufferedReader:
    """Open a plain file to read its bytes.

    Raises
    ------
    OSError
        As the system says, or it is no plain file: neither is waited for.
    """
    # Without O_NONBLOCK opening a pipe waits for a writer that may never come.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def read_bytes(path: Path) -> bytes:
    """Return all of a plain file; see `opened`."""
    with opened(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """Return the text of a plain file in UTF-8; see `opened`.

    Raises
    ------
    ValueError
        It is not UTF-8.
    """
    return read_bytes(path).decode("utf-8")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a plain file's bytes; see `opened`."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
