"""The errors a user can meet, each with the exit status the command line gives it."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

SHORTAGES = (errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""The machine lacks something for now: another time the same may be well."""


_OUT_OF_MEMORY = (
    os.strerror(errno.ENOMEM),
    "failed to map segment from shared object",
    "cannot allocate memory in static TLS block",
    "(-4:Insufficient memory)",
    "Unable to allocate",
    "std::bad_alloc",
    "Can't allocate memory for compression object",
    "can't start new thread",
)
"""What the loader, numpy, OpenCV, zlib, C++ and Python say of it, where they have no error for it."""


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


class NotYetAcquired(InputRefused):
    """A scene is dated after this machine's clock: one of the two is wrong, and the clock may be set right.

    Parameters
    ----------
    file, why : str
        As of every error.
    acquired : str
        The scene's date (ISO 8601, UTC).
    """

    refused = "date refused"

    def __init__(self, file: object, why: str, acquired: str) -> None:
        todo = "Set the clock right, or the date with --acquired"
        super().__init__(self.refused, file, why, todo)
        self.acquired = acquired


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
    return is_short_of_memory(error) or any(
        getattr(one, "errno", None) in SHORTAGES or any(os.strerror(code) in str(one) for code in SHORTAGES)
        for one in _errors_behind(error)
    )


def is_short_of_memory(error: BaseException | None) -> bool:
    """Return whether an error, or one it came from, is that there was too little memory."""
    return any(
        isinstance(one, MemoryError)
        or type(one).__name__ == "CPLE_OutOfMemoryError"
        or getattr(one, "errno", None) == errno.ENOMEM
        or (not isinstance(one, WatchError) and any(words in str(one) for words in _OUT_OF_MEMORY))
        for one in _errors_behind(error)
    )


def _errors_behind(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those it came from."""
    met: set[int] = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
