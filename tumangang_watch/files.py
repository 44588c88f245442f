"""Outputs that are there whole or not at all, and the small things every writer of files needs.

An output is written in a hidden folder beside its place (``.NAME.partial-PID``), flushed, and only then
exchanged with what stands there: at every moment the earlier output or the new one is whole. The next run
removes what a killed one left; an earlier output that had no name just then gets it back.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import glob
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tumangang_watch.errors import Busy, OutputFailed

PARTIAL, EARLIER = ".partial-", ".earlier"
"""Begin of a hidden folder's ending, before the process's number; ending of what stepped aside in it."""
CANNOT_WRITE, OTHER_OUT = "cannot write the file", "Give another --out"
OR_OVERWRITE = f"{OTHER_OUT}, or --overwrite to replace it"
CLOCK_MARGIN_NS = 3_000_000_000
"""A change longer ago than this never has the time of one to come: clocks of file systems tick every 2 s."""
_WRITERS, _EXCHANGE, _AT_FDCWD = ("pyogrio", "rasterio", "sqlite3"), 2, -100
_FULL, _NO_LINKS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG), (errno.EPERM, errno.ENOTSUP, errno.EMLINK)


@dataclass(frozen=True)
class FolderKind:
    """What a command writes as a folder: ``cannot write the report``, ``a report``, how one is known."""

    what: str
    noun: str
    is_one: Callable[[Path], bool]


@contextmanager
def whole_folder(out: Path, kind: FolderKind, *, overwrite: bool) -> Iterator[Path]:
    """Give a folder to write into; it is made durable and takes its place when the block ends well.

    Raises
    ------
    OutputFailed, Busy
        ``out`` holds something else, nothing could be written, or another run is writing it; what was
        there is still there.
    """
    check_folder(out, kind, overwrite=overwrite)
    target = Path(os.path.abspath(out))
    with failing_as(kind.what, out), _hidden_folder(target, kind.what) as hidden:
        part = hidden / target.name
        part.mkdir()
        yield part
        _into_place([(part, target)], replace=True)


@contextmanager
def whole_files(
    *paths: Path, what: str = CANNOT_WRITE, replace: bool = True, drop: Sequence[Path] = ()
) -> Iterator[list[Path]]:
    """Give places to write files of one folder; all take their names when the block ends well, or none.

    The folder is made where it is missing. Without ``replace`` a file that is there is a failure. What lies
    beside earlier files and belongs to them (``drop``) goes with them.

    Raises
    ------
    OutputFailed, Busy
        Nothing was written; what was there is still there.
    """
    targets = [Path(os.path.abspath(path)) for path in paths]
    with failing_as(what, paths[0]), _hidden_folder(targets[0], what) as hidden:
        parts = [hidden / target.name for target in targets]
        yield parts
        for path in paths:
            _check_plain(path, what, links=True)
        dropped = [path for path in drop if path.exists()]
        _into_place(list(zip(parts, targets, strict=True)), replace=replace, dropped=dropped)


def write_whole(path: Path, content: str | bytes, *, what: str = CANNOT_WRITE, replace: bool = True) -> None:
    """Write a small file whole or not at all; leave it alone if it says the same. See `whole_files`."""
    data = content.encode() if isinstance(content, str) else content
    with failing_as(what, path):
        sweep_target(path, what)
        if replace and path.is_file() and path.read_bytes() == data:
            return
    with whole_files(path, what=what, replace=replace) as (part,):
        part.write_bytes(data)


def check_folder(out: Path, kind: FolderKind, *, overwrite: bool) -> None:
    """Refuse an output folder that `whole_folder` would refuse, before the work for it is done.

    Raises
    ------
    OutputFailed, Busy
        ``out`` holds anything but, with ``overwrite``, an earlier output of the kind.
    """
    if not out.name or out.name in (".", ".."):
        raise OutputFailed(kind.what, out, "not the name of a new folder", OTHER_OUT)
    with failing_as(kind.what, out):
        sweep_target(out, kind.what)
        if out.is_symlink() or (out.exists() and not out.is_dir()):
            raise OutputFailed(kind.what, out, "it exists and is not a folder", OTHER_OUT)
        if not out.is_dir() or not any(out.iterdir()):
            return
        if not kind.is_one(out):
            why = f"the folder is not empty and not {kind.noun}"
            raise OutputFailed(kind.what, out, why, f"{OTHER_OUT}, or empty it")
        if not overwrite:
            raise OutputFailed(kind.what, out, f"{kind.noun} is there already", OR_OVERWRITE)


def check_file(path: Path, *, overwrite: bool, what: str = CANNOT_WRITE, links: bool = False) -> None:
    """Refuse an output file before the work for it is done; with ``links`` a link may be replaced.

    Raises
    ------
    OutputFailed, Busy
        It is no plain file, it is there and not to be replaced, or another run is writing it.
    """
    with failing_as(what, path):
        sweep_target(path, what)
        _check_plain(path, what, links=links)
        if path.exists() and not overwrite:
            raise OutputFailed(what, path, "it exists already", OR_OVERWRITE)


def _check_plain(path: Path, what: str, *, links: bool) -> None:
    if (path.is_symlink() and not links) or (path.exists() and not path.is_file()):
        raise OutputFailed(what, path, "it exists and is not a file", OTHER_OUT)


@contextmanager
def failing_as(what: str, path: Path, todo: str = "Give a place that can be written") -> Iterator[None]:
    """Turn any error of the system, of GDAL and of SQLite into one line for the user, an OutputFailed."""
    try:
        yield
    except OSError as error:
        named = f" ({Path(os.fsdecode(error.filename)).name})" if error.filename else ""
        why = f"{error.strerror or str(error) or type(error).__name__}{named}"
        todo = "Free some space" if error.errno in _FULL else todo
        raise OutputFailed(what, path, " ".join(why.split()), todo) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _WRITERS:
            raise
        why = f"it cannot be written (...{' '.join(str(error).split())[-80:]})"
        raise OutputFailed(what, path, why, todo) from error


@contextmanager
def _hidden_folder(target: Path, what: str) -> Iterator[Path]:
    sweep_target(target, what)
    make_folder(target.parent)
    hidden = target.with_name(f".{target.name}{PARTIAL}{os.getpid()}")
    hidden.mkdir()
    try:
        with locked(hidden, what, target.name, "another run is writing it"):
            yield hidden
    finally:
        _discard(hidden)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing; their names are flushed."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        _fsync(path.parent)


def _into_place(pairs: list[tuple[Path, Path]], *, replace: bool, dropped: Sequence[Path] = ()) -> None:
    """Flush what was made and give it its names; on failure every earlier output has its name again."""
    for part, _ in pairs:
        for path in (*sorted(part.rglob("*"), reverse=True), part):
            _fsync(path)
    undo: list[Callable[[], object]] = []
    away = [(path, pairs[0][0].with_name(path.name)) for path in dropped]
    try:
        for part, target in (*away, *pairs):
            undo.append(_give_name(part, target, replace=replace or (part, target) in away))
        _fsync(pairs[0][1].parent)
    except BaseException:
        for step in reversed(undo):
            with suppress(OSError):
                step()
        raise


def _give_name(part: Path, target: Path, *, replace: bool) -> Callable[[], object]:
    """Put one output in its place; return what undoes it."""
    if not replace:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "it exists already")
        try:
            os.link(part, target)  # Unlike a rename, a link never replaces what came there meanwhile.
            return target.unlink
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
    if not os.path.lexists(target):
        os.rename(part, target)
        return lambda: os.rename(target, part)
    if _exchange(part, target):
        return lambda: _exchange(part, target)
    earlier = part.with_name(part.name + EARLIER)
    if target.is_dir():
        os.rename(target, earlier)
        os.rename(part, target)
        return lambda: os.rename(target, part)  # `_discard` puts the earlier one back.
    keep(target, earlier)
    os.rename(part, target)
    return lambda: os.rename(earlier, target)


def keep(path: Path, other: Path) -> None:
    """Give a file a second name, which must be free; where the file system has no links, copy it."""
    try:
        os.link(path, other)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with path.open("rb") as source, other.open("xb") as copy:
            shutil.copyfileobj(source, copy)
        _fsync(other)


def sweep_target(target: Path, what: str) -> None:
    """Remove what killed runs of one output left; raise Busy if another run is writing it."""
    for left in sorted(target.parent.glob(f".{glob.escape(target.name)}{PARTIAL}*")):
        with locked(left, what, target.name, "another run is writing it"):
            _discard(left)


def sweep(folders: list[Path]) -> None:
    """Remove what killed runs left; what another run is writing right now is held, and stays."""
    for folder in folders:
        for left in sorted(folder.glob(f".*{PARTIAL}*")) if folder.is_dir() else []:
            with suppress(Busy), locked(left, "", left.name, ""):
                _discard(left)


def _discard(hidden: Path) -> None:
    """Remove a hidden folder, but never the only copy of an earlier output: that gets its name back."""
    name = re.sub(rf"^\.|{re.escape(PARTIAL)}[^.]*$", "", hidden.name)
    earlier, target = hidden / (name + EARLIER), hidden.with_name(name)
    if earlier.is_dir() and not os.path.lexists(target):
        os.rename(earlier, target)
        _fsync(target.parent)
    shutil.rmtree(hidden, ignore_errors=True)
    if not hidden.is_dir():
        hidden.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, what: str, name: object, why: str) -> Iterator[None]:
    """Hold a folder, or a file made where it is missing, or raise Busy; a killed run's hold ends with it."""
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(what, name, why, "Try again when it is done") from error
        yield
    finally:
        os.close(handle)


def append_whole(path: Path, lacking: Callable[[bytes], bytes]) -> None:
    """Append what ``lacking`` returns for a file's content, or nothing; others that append wait."""
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        content = file.read()
        try:
            data = lacking(content)
            while data:
                data = data[file.write(data) :]
            for changed in (path,) if content else (path, path.parent):
                _fsync(changed)
        except BaseException:
            file.truncate(len(content))
            raise


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; return False where the system cannot."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if not call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE):
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))
