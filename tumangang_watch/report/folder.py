"""The report's folder: written aside, re-opened and checked, made durable, then renamed into place."""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyogrio
from PIL import Image

from tumangang_watch.errors import Busy, OutputFailed
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.report.chips import write_chips
from tumangang_watch.report.json_report import SCHEMA_VERSION, TOOL, report_dict
from tumangang_watch.report.page import write_page
from tumangang_watch.report.stacked import write_strips
from tumangang_watch.report.vector import write_geojson, write_gpkg, write_kmz

MANIFEST = "manifest.json"
WHAT = "cannot write the report"


def write_report(comparison: Comparison, out: Path, *, tool_version: str, overwrite: bool = False) -> Path:
    """Write a comparison as the folder of the contract.

    Nothing is visible under ``out`` until everything was written, read back and flushed to disk;
    an earlier report there stays whole until the moment it is replaced.

    Parameters
    ----------
    comparison : Comparison
        What to write.
    out : Path
        The folder to make. It may exist when it is empty, or with ``overwrite`` when it is a
        report (has a manifest).
    tool_version : str
        Version of the tool, for provenance.
    overwrite : bool
        Replace an earlier report.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputFailed
        Nothing was written; the message names the path and the reason.
    Busy
        Another run is writing the same output.
    """
    with whole_folder(Path(out), overwrite) as partial:
        _write_all(comparison, partial, tool_version)
    return Path(out)


@contextmanager
def whole_folder(out: Path, overwrite: bool) -> Iterator[Path]:
    """Give a folder to write into; it is made durable and renamed to ``out`` when the block ends well.

    Raises
    ------
    OutputFailed
        ``out`` holds something else, or nothing could be written.
    Busy
        Another run is writing the same output.
    """
    try:
        target = _absolute(out)
        _sweep(target)
        _see_room(target, out, overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
        try:
            os.mkdir(partial)
            with _held(partial):
                yield partial
                _settle(partial)
                _into_place(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise _failed(error, out) from error


def see_room(out: Path, overwrite: bool) -> None:
    """Refuse an output folder that `whole_folder` would refuse, before the work for it is done.

    Raises
    ------
    OutputFailed
        ``out`` holds something else.
    """
    try:
        _see_room(_absolute(out), out, overwrite)
    except OSError as error:
        raise _failed(error, out) from error


def _absolute(out: Path) -> Path:
    if not out.name or out.name in (".", ".."):
        raise OutputFailed(WHAT, out, "not the name of a new folder", "Give another --out")
    return Path(os.path.abspath(out))


def _see_room(target: Path, out: Path, overwrite: bool) -> None:
    """Refuse a target that holds anything but, with ``overwrite``, an earlier report."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise OutputFailed(WHAT, out, "it exists and is not a folder", "Give another --out")
    if target.is_dir() and any(target.iterdir()):
        if not (target / MANIFEST).is_file():
            raise OutputFailed(
                WHAT, out, "the folder is not empty and not a report", "Give another --out, or empty it"
            )
        if not overwrite:
            raise OutputFailed(
                WHAT, out, "a report is there already", "Give another --out, or --overwrite to replace it"
            )


def _sweep(target: Path) -> None:
    """Remove what killed runs of the same output left; put back a report one was about to replace."""
    for aside in sorted(target.parent.glob(f".{_glob_safe(target.name)}.replaced-*")):
        if not target.exists():
            os.rename(aside, target)
        else:
            shutil.rmtree(aside, ignore_errors=True)
    for left in sorted(target.parent.glob(f".{_glob_safe(target.name)}.partial-*")):
        with _held(left):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder while it is worked in; a killed run's hold ends with it.

    Raises
    ------
    Busy
        Another run is writing the same output.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Busy(WHAT, folder.name, "another run is writing it", "Try again when it is done") from error
    finally:
        os.close(handle)


def _glob_safe(name: str) -> str:
    return glob.escape(name)


def _write_all(comparison: Comparison, folder: Path, tool_version: str) -> None:
    """Write every file, read each back, and only then the manifest."""
    report = report_dict(comparison, tool_version)
    for write in writers():
        write(comparison, report, folder)
    check_files(folder)
    _write_manifest(report, folder)


def writers() -> tuple[Callable[[Comparison, dict[str, Any], Path], None], ...]:
    """Return the functions that write the files, in the order they run."""
    return (write_json, write_geojson, write_gpkg, write_kmz, write_chips, write_strips, write_page)


def write_json(_: Comparison, report: dict[str, Any], folder: Path) -> None:
    """Write ``report.json``."""
    (folder / "report.json").write_text(json_text(report), encoding="utf-8", newline="\n")


def json_text(value: Any) -> str:
    """Return JSON text that is the same for the same value and holds no NaN."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _write_manifest(report: dict[str, Any], folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": report["tool"]["version"]},
        "settings_sha256": report["settings_sha256"],
        "site_sha256": report["site"]["sha256"],
        "scenes_sha256": {date: scene["sha256"] for date, scene in report["scenes"].items()},
        "files": {
            p.relative_to(folder).as_posix(): {"bytes": p.stat().st_size, "sha256": sha256(p)} for p in files
        },
    }
    (folder / MANIFEST).write_text(json_text(manifest), encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path) -> None:
    """Re-open every file of a report and see that it can be read.

    Raises
    ------
    OSError
        A file cannot be read back: it was not written whole.
    """
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        check = _CHECKS.get(path.suffix)
        try:
            if path.stat().st_size == 0:
                raise ValueError("it is empty")
            if check is not None:
                check(path)
        except Exception as error:
            raise OSError(errno.EIO, f"could not be read back ({error})", path.name) from error


def _check_json(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


def _check_html(path: Path) -> None:
    if not path.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        raise ValueError("its end is missing")


def _check_png(path: Path) -> None:
    with Image.open(path) as picture:
        picture.load()


def _check_gpkg(path: Path) -> None:
    if not len(pyogrio.list_layers(path)):
        raise ValueError("it has no layers")


def _check_kmz(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise ValueError("its checksum is wrong")
        ElementTree.fromstring(archive.read("doc.kml"))


_CHECKS: dict[str, Callable[[Path], None]] = {
    ".json": _check_json,
    ".geojson": _check_json,
    ".html": _check_html,
    ".png": _check_png,
    ".gpkg": _check_gpkg,
    ".kmz": _check_kmz,
}


def _settle(folder: Path) -> None:
    """Flush every file and folder to the disk: a rename without it can leave empty files."""
    for path in sorted(folder.rglob("*"), reverse=True):
        _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _into_place(partial: Path, target: Path) -> None:
    """Rename the finished folder to its name; an earlier report steps aside and is put back on failure."""
    aside = None
    if target.is_dir():
        if any(target.iterdir()):
            aside = target.with_name(f".{target.name}.replaced-{os.getpid()}")
            os.rename(target, aside)
        else:
            os.rmdir(target)
    try:
        os.rename(partial, target)
    except BaseException:
        if aside is not None:
            os.rename(aside, target)
        raise
    _flush(target.parent)
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)


def _failed(error: OSError, out: Path) -> OutputFailed:
    why = error.strerror or str(error) or type(error).__name__
    named = f" ({Path(os.fsdecode(error.filename)).name})" if error.filename else ""
    todo = "Free some space" if error.errno == errno.ENOSPC else "Give an --out that can be written"
    return OutputFailed(WHAT, out, f"{why}{named}", todo)
