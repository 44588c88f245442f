"""The errors a user can meet, each with the exit status the command line gives it."""

from __future__ import annotations

import errno
import os
import traceback
from pathlib import Path

SHORTAGES = (errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""The machine lacks something for now: another time the same may be well."""


class WatchError(Exception):
    """Base of every error that is told to the user in one line.

    Parameters
    ----------
    what : str
        What was being done or what is wrong, in a few words.
    file : str
        The file (or argument) it concerns.
    why : str
        The value or state at fault.
    todo : str
        What the user can do about it.
    """

    exit_status = 1

    def __init__(self, what: str, file: object, why: str, todo: str) -> None:
        self.what, self.file, self.why, self.todo = what, str(file), why, todo
        super().__init__(f"{what}: {file}: {why}. {todo}")


class UsageError(WatchError):
    """The command was called with arguments that cannot be meant (exit status 2)."""

    exit_status = 2


class InputRefused(WatchError):
    """A scene, site or metadata file cannot be used (exit status 3)."""

    exit_status = 3


class NotComparable(WatchError):
    """The inputs are sound but cannot be compared, or the place cannot be seen (exit status 4)."""

    exit_status = 4


class OutputFailed(WatchError):
    """The result could not be written (exit status 5)."""

    exit_status = 5


class Busy(WatchError):
    """Another run holds the output, or an input is still growing (exit status 75)."""

    exit_status = 75


class ArchiveDamaged(WatchError):
    """The archive is not whole, or is no archive; it was not modified (exit status 6)."""

    exit_status = 6


def scene_refused(file: object, why: str, todo: str) -> InputRefused:
    """Return the error for a scene that cannot be used."""
    return InputRefused("scene refused", file, why, todo)


UNEXPECTED = "unexpected fault"


def fault_words(error: Exception) -> str:
    """Return why something failed, in one line: an error's own words, or the fault and where it was met."""
    if isinstance(error, WatchError):
        return error.why
    frames = traceback.extract_tb(error.__traceback__)
    where = f", {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""
    text = " ".join(str(error).split())
    return f"{UNEXPECTED} ({type(error).__name__}{where}{': ' + text[:200] if text else ''})"


def is_shortage(error: BaseException | None) -> bool:
    """Return whether an error, or one it came from, is that the machine was short of memory or open files."""
    met: set[int] = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        short = isinstance(error, MemoryError) or getattr(error, "errno", None) in SHORTAGES
        if short or any(os.strerror(code) in str(error) for code in SHORTAGES):
            return True
        error = error.__cause__ or error.__context__
    return False
