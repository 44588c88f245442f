"""Whether anything has changed since a run of `watch` found nothing to do: then there is nothing to do.

All that decides what a run does is brought into one digest: every folder and file of the inbox by number,
size and times, the archive and what lies beside it, the folder of reports, the site file, version, settings
and options. A run with nothing to do that ends with the digest it began with notes it beside the archive.
Whatever changes a file changes the time of change that the file system keeps of it, which programs cannot set
back; so that two changes in one moment of its clock cannot pass for one, nothing is noted of what changed
just now. What is noted may be removed at any time: the next run looks at everything.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tumangang_watch.errors import Busy, OutputFailed
from tumangang_watch.files import CLOCK_MARGIN_NS, write_whole
from tumangang_watch.plain_files import read_text
from tumangang_watch.text import json_text

NOTE_END = ".quiet"
BITS = (1 << 64) - 1


@dataclass(frozen=True)
class Moment:
    """What a run met."""

    digest: str
    latest_ns: int
    """When the last change of all happened."""
    at_ns: int

    @property
    def settled(self) -> bool:
        """Whether a further change would have another time than those that were met."""
        return self.latest_ns < self.at_ns - CLOCK_MARGIN_NS


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What decides what a run of `watch` does."""

    inbox: Path
    archive: Path
    reports: Path
    site_file: Path
    options: tuple[str, ...]
    """Version, settings, and what the run was asked for."""

    def moment(self) -> Moment | None:
        """Return what is met now; None where something cannot be read, or a database's write is under way."""
        at_ns = time.time_ns()
        beside = [Path(f"{self.archive}{end}") for end in ("", "-journal", ".reviews.jsonl")]
        pages = [self.reports / name for name in ("index.html", "feed.xml")]
        others = [self.reports.parent / name for name in ("series/series.html", "trains/trains.html")]
        try:
            if beside[1].exists() or not beside[0].is_file():
                return None
            single = [*beside, self.site_file, self.reports, self.reports / "refused", *pages]
            marks = [(str(path), *_mark(path)) for path in single]
            folders = list(_folders(self.inbox))
        except OSError:
            return None
        latest_ns = max([max(row[3:5]) for row in marks] + [max(row[3:5]) for row in folders])
        latest_ns = max([latest_ns, *(row[-1] for row in folders)])
        whole = [self.options, [path.is_file() for path in others], marks, folders]
        return Moment(hashlib.sha256(json.dumps(whole).encode()).hexdigest(), latest_ns, at_ns)

    def note_file(self) -> Path:
        """Return where it is noted that there was nothing to do."""
        return Path(f"{self.archive}{NOTE_END}")


@dataclass(frozen=True)
class Begun:
    """What a run met when it began."""

    around: Surroundings
    before: Moment | None

    @classmethod
    def now(cls, around: Surroundings) -> Begun:
        """Return the beginning of a run."""
        return cls(around, around.moment())

    def noted(self) -> str | None:
        """Return what was passed over when a run had nothing to do, if all is as it was then; or None."""
        if self.before is None:
            return None
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            note = json.loads(read_text(self.around.note_file()))
            return str(note["passed_over"]) if note["digest"] == self.before.digest else None
        return None

    def note(self, passed_over: str) -> None:
        """Note that this run had nothing to do, where nothing has changed since it began."""
        if self.before is None or not self.before.settled:
            return
        now = self.around.moment()
        if now is not None and now.digest == self.before.digest:
            with suppress(OutputFailed, Busy):  # It only spares work.
                text = json_text({"digest": now.digest, "passed_over": passed_over})
                write_whole(self.around.note_file(), text)


def _mark(path: Path) -> tuple[int, int, int, int]:
    """Return number, size and times of a file or folder; zeros where it is missing."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0, 0, 0
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _folders(inbox: Path) -> Iterator[tuple[str, int, int, int, int, int, int]]:
    """Yield each folder under the inbox: its name, number, its files' number and marks, the latest change."""
    waiting = [str(inbox)]
    while waiting:
        folder = waiting.pop()
        status = os.stat(folder)
        count = total = latest_ns = 0
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name[0] == ".":
                    continue
                file = entry.stat(follow_symlinks=False)
                count += 1
                if stat.S_ISDIR(file.st_mode):
                    waiting.append(entry.path)
                    continue
                changed_ns = file.st_ctime_ns
                # Sums do not depend on the order in which a system names the files of a folder.
                total += hash((file.st_ino, file.st_mode, file.st_size, file.st_mtime_ns, changed_ns))
                if changed_ns > latest_ns:
                    latest_ns = changed_ns
        yield folder, status.st_ino, count, status.st_mtime_ns, status.st_ctime_ns, total & BITS, latest_ns
