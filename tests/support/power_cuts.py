"""What a disk may hold after a power cut, at any call of a run that writes.

`faults.c` notes every such call with its data. A disk keeps what was flushed: a file's content at its last
flush, a folder's names at the folder's. What was written or named since may be there or not, as the ways
below say; a rename is one step.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WAYS = ("all", "names", "content", "flushed", "mixed")
"""What of the unflushed is there: everything, only the names, only the content, nothing, some of each."""
_HEAD = struct.Struct("=c7xQqQQQ")


@dataclass(frozen=True)
class Call:
    """One noted call: ``c`` created, ``w`` wrote, ``a`` holds all this, ``t`` cut to a length, ``f`` flushed,
    ``n`` renamed, ``x`` exchanged, ``l`` linked, ``u`` removed, ``m`` made a folder."""

    kind: str
    number: int
    """The system's number of the file, which may be given again."""
    where: int
    data: bytes
    one: str
    two: str


def read_calls(log: Path) -> Iterator[Call]:
    """Yield the calls that a run noted."""
    content, at = log.read_bytes(), 0
    while at < len(content):
        kind, number, where, size, one, two = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        names = content[at : at + one].decode(), content[at + one : at + one + two].decode()
        at += one + two
        yield Call(kind.decode(), number, where, content[at : at + size], *names)
        at += size


@dataclass(eq=False)
class _Thing:
    """A file or a folder, whatever its names."""

    folder: bool = False
    kept: bytes = b""
    """What of a file is on the disk for sure."""
    since: list[Call] = field(default_factory=list)
    """What was written to it since."""
    flushes: int = -1
    """The step at which it was last flushed."""


Names = dict[tuple[_Thing, str], _Thing]
"""What stands in which folder under which name."""


@dataclass(frozen=True)
class _Step:
    """A change of names, which is one step for the disk."""

    at: int
    changes: tuple[tuple[_Thing, str, _Thing | None], ...]

    def apply(self, names: Names) -> None:
        for folder, name, thing in self.changes:
            if thing is None:
                names.pop((folder, name), None)
            else:
                names[folder, name] = thing

    @property
    def is_kept(self) -> bool:
        """Whether a folder it concerns was flushed since."""
        return any(folder.flushes > self.at for folder, _, _ in self.changes)


class Disk:
    """The folder of a run, call by call; ``outside`` names files in it that are not on this disk."""

    def __init__(self, root: Path, outside: tuple[str, ...] = ()) -> None:
        self._root, self._outside = root, outside
        self._now: Names = {}
        self._numbers: dict[int, _Thing] = {}
        things: dict[Path, _Thing] = {}
        for path in (root, *sorted(root.rglob("*"))):
            thing = _Thing(path.is_dir(), b"" if path.is_dir() else path.read_bytes())
            things[path] = self._numbers[path.stat().st_ino] = thing
            if path != root:
                self._now[things[path.parent], path.name] = thing
        self._top = things[root]
        self._before = dict(self._now)
        self._steps: list[_Step] = []
        self._count = 0

    def do(self, call: Call) -> None:
        """Do one noted call."""
        self._count += 1
        thing = self._numbers.get(call.number)
        if call.kind in "cm":
            thing = self._numbers[call.number] = _Thing(call.kind == "m")
            self._step((*self._place(call.one or call.two), thing))
        elif call.kind in "wat" and thing is not None:
            thing.since.append(call)
            if any(self._now.get((self._top, name)) is thing for name in self._outside):
                self._flush(thing)
        elif call.kind == "f" and thing is not None:
            self._flush(thing)
        elif call.kind == "u":
            self._step((*self._place(call.two), None))
        elif call.kind in "nxl":
            one, two = self._place(call.one), self._place(call.two)
            source = {"n": None, "x": self._now.get(two), "l": self._now[one]}[call.kind]
            self._step((*one, source), (*two, self._now[one]))

    def _flush(self, thing: _Thing) -> None:
        thing.kept, thing.since, thing.flushes = _written(thing.kept, thing.since), [], self._count

    def _place(self, path: str) -> tuple[_Thing, str]:
        folder, *names = self._top, *Path(path).relative_to(self._root).parts
        for name in names[:-1]:
            folder = self._now[folder, name]
        return folder, names[-1]

    def _step(self, *changes: tuple[_Thing, str, _Thing | None]) -> None:
        step = _Step(self._count, changes)
        step.apply(self._now)
        self._steps.append(step)

    def after_cut(self, way: str, rng: random.Random) -> dict[str, bytes | None]:
        """Return what the disk holds, by relative path; None for a folder."""
        # Names reach a disk in order: of the mixed ones some of the last did not.
        last = {"all": len(self._steps), "names": len(self._steps)}.get(way, 0)
        last = rng.randint(0, len(self._steps)) if way == "mixed" else last
        names = dict(self._before)
        for number, step in enumerate(self._steps):
            if number < last or step.is_kept:
                step.apply(names)
        inside: dict[_Thing, dict[str, _Thing]] = {}
        for (folder, name), thing in names.items():
            inside.setdefault(folder, {})[name] = thing
        found: dict[str, bytes | None] = {}

        def fill(folder: _Thing, path: str) -> None:
            for name, thing in sorted(inside.get(folder, {}).items()):
                written = [c for c in thing.since if way != "mixed" or rng.random() < 0.5]
                written = written if way in ("all", "content", "mixed") else []
                found[path + name] = None if thing.folder else _written(thing.kept, written)
                fill(thing, f"{path}{name}/")

        fill(self._top, "")
        return found


def _written(content: bytes, calls: list[Call]) -> bytes:
    """Return a file's content after some writes."""
    data = bytearray(content)
    for call in calls:
        if call.kind == "a":
            data = bytearray(call.data)
        elif call.kind == "t":
            data = data[: call.where] + bytes(max(0, call.where - len(data)))
        else:
            data += bytes(max(0, call.where - len(data)))
            data[call.where : call.where + len(call.data)] = call.data
    return bytes(data)


def put(root: Path, content: dict[str, bytes | None]) -> None:
    """Write what a disk holds into a folder."""
    root.mkdir()
    for name, data in content.items():
        if data is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(data)


def digest_of(content: dict[str, bytes | None]) -> str:
    """Return the same text for the same content."""
    whole = hashlib.sha256()
    for name, data in content.items():
        whole.update(f"{name}\0{-1 if data is None else len(data)}\0".encode() + (data or b""))
    return whole.hexdigest()
