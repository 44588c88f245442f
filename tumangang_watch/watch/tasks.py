"""The pieces of work that processes and machines are given: look at a scene, make a report.

Each is a plain value that a function of `watch.work` answers with a plain value, so that it can be done in
another process or on another machine that sees the same folders; done twice, it gives the same folder once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from tumangang_watch.archive.rebuild import read_issued
from tumangang_watch.errors import (
    Busy,
    InputRefused,
    NotYetAcquired,
    OutputFailed,
    WatchError,
    fault_words,
    is_shortage,
)
from tumangang_watch.model.document import IssueDocument
from tumangang_watch.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why a piece of work gave nothing, as the user is told."""

    what: str
    file: str
    why: str
    todo: str
    exit_status: int
    acquired: str | None = None
    unexpected: bool = False
    """A fault of the program rather than of the scene."""
    passing: bool = False
    """The machine was short of memory or open files: nothing is said of the scene."""

    @classmethod
    def of(cls, error: Exception, file: str, acquired: str | None = None) -> Failed:
        """Return an error as a value; one that was not foreseen, as a fault of the scene it was met in."""
        if is_shortage(error):
            return cls.passed(file, fault_words(error), acquired)
        if not isinstance(error, WatchError):
            return cls.unforeseen(file, fault_words(error), acquired)
        return cls(
            what=error.what,
            file=error.file,
            why=error.why,
            todo=error.todo,
            exit_status=error.exit_status,
            acquired=error.acquired if isinstance(error, NotYetAcquired) else acquired,
        )

    @classmethod
    def passed(cls, file: str, why: str, acquired: str | None = None) -> Failed:
        """Return what is told of a scene for which the machine had too little."""
        return cls(
            what="scene passed over",
            file=file,
            why=why,
            todo="The machine was short of memory or open files; the next run tries again",
            exit_status=InputRefused.exit_status,
            acquired=acquired,
            passing=True,
        )

    @classmethod
    def unforeseen(cls, file: str, why: str, acquired: str | None = None) -> Failed:
        """Return what is told of a scene that met a fault of the program."""
        return cls(
            what="scene failed",
            file=file,
            why=why,
            todo="The other scenes were taken in; report this fault with the scene",
            exit_status=InputRefused.exit_status,
            acquired=acquired,
            unexpected=True,
        )

    @property
    def of_scenes(self) -> bool:
        """Whether the scenes are at fault: it would be so another time."""
        return not self.passing and self.exit_status not in (OutputFailed.exit_status, Busy.exit_status)

    def __str__(self) -> str:
        return f"{self.what}: {self.file}: {self.why}. {self.todo}"


@dataclass(frozen=True)
class Made:
    """A report stands in its folder."""

    faults: tuple[Failed, ...] = ()
    """Scenes that it had to do without because of a fault of the program."""


@dataclass(frozen=True)
class LookTask:
    """A scene to look at."""

    path: Path
    site_file: Path | None
    latest: datetime
    """The caller's clock: what is acquired after it is refused."""


@dataclass(frozen=True)
class KnownFile:
    """A scene that was taken in: where it lies, and its content."""

    path: Path
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ReportTask:
    """A report to make."""

    later: KnownFile
    earlier: KnownFile | None
    background: tuple[KnownFile, ...]
    tells: dict[str, tuple[KnownFile, ...]]
    """Areas whose changes it tells, and the later looks at each."""
    site_file: Path | None
    folder: Path
    issue: IssueDocument
    caveats: tuple[str, ...]
    settings: Settings
    tool_version: str
    latest: datetime


def is_made(folder: Path, issue: IssueDocument) -> bool:
    """Return whether a folder holds, whole, the report that another run made from the same inputs."""
    try:
        made = read_issued(folder).report["issue"]
        return all(made[name] == issue[name] for name in ("inputs_sha256", "part", "revision"))
    except (InputRefused, KeyError, TypeError):
        return False


@dataclass(frozen=True)
class Work:
    """A function of `watch.work` by its name: a worker that is sent it gets the function itself, loaded."""

    name: str

    def __call__(self, task: Any) -> Any:
        """Do a piece in this process."""
        return _function(self.name)(task)

    def __reduce__(self) -> tuple[Callable[[str], Any], tuple[str]]:
        return _function, (self.name,)


def _function(name: str) -> Any:
    return getattr(import_module("tumangang_watch.watch.work"), name)


look_at = Work("look_at")
"""`LookTask` to `KnownScene` or `Failed`."""
make_report = Work("make_report")
"""`ReportTask` to `Made` or `Failed`."""
