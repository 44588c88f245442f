"""Write a checked site file: whole or absent, never over another without being what to."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tumangang_watch.errors import InputRefused, OutputFailed
from tumangang_watch.model.site import Site
from tumangang_watch.sites.collection import collection_faults
from tumangang_watch.sites.read import load_site

WHAT = "cannot write the file"


def check_room(path: Path, overwrite: bool, endings: tuple[str, ...] = (".geojson", ".json")) -> None:
    """Refuse an output that is something else, or a file that is not to be replaced.

    Raises
    ------
    OutputFailed
        Before any work was done.
    """
    if path.suffix.lower() not in endings:
        raise OutputFailed(
            WHAT, path, f"it is written as {endings[0]}", f"Give a name that ends in {endings[0]}"
        )
    try:
        if path.is_dir() or (path.exists() and not path.is_file()):
            raise OutputFailed(WHAT, path, "it exists and is not a file", "Give another --out")
        if path.exists() and not overwrite:
            raise OutputFailed(
                WHAT, path, "it exists already", "Give another --out, or --overwrite to replace it"
            )
        if not path.absolute().parent.is_dir():
            raise OutputFailed(WHAT, path, "its folder does not exist", "Make the folder first")
    except (OSError, ValueError) as error:
        raise _failed(path, error) from error


def refuse_source(path: Path, sources: Iterable[Path]) -> None:
    """Refuse an output that is one of the inputs.

    Raises
    ------
    OutputFailed
        Writing would destroy what is read.
    """
    for source in sources:
        if source.absolute() == path.absolute() or (
            path.exists() and source.exists() and path.samefile(source)
        ):
            raise OutputFailed(WHAT, path, "it is also a source", "Give another --out")


def write_site(collection: dict[str, Any], path: Path, *, overwrite: bool = False) -> Site:
    """Write a FeatureCollection as a site file and return it as it reads back.

    It is checked, written beside its place under a temporary name, made durable, read back, and
    only then given its name.

    Raises
    ------
    InputRefused
        The collection has a fault; nothing was written.
    OutputFailed
        It could not be written, or ``path`` exists and ``overwrite`` is False.
    """
    check_room(path, overwrite)
    faults = collection_faults(collection)
    if faults:
        raise InputRefused("site refused", path, str(faults[0]), faults[0].todo)
    text = json.dumps(collection, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    put_file(path, text.encode(), overwrite=overwrite, check=load_site)
    return load_site(path)


def put_file(
    path: Path, content: bytes, *, overwrite: bool, check: Callable[[Path], Any] = lambda _: None
) -> None:
    """Write a file whole or not at all: aside, made durable, checked, and only then named.

    Raises
    ------
    OutputFailed
        It could not be written, or ``path`` exists and ``overwrite`` is False.
    """
    temporary = None
    folder = path.absolute().parent
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:60]}.", suffix=".partial", dir=folder)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        check(temporary)
        _into_place(temporary, path, overwrite)
        _settle(folder)
    except (OSError, ValueError) as error:
        raise _failed(path, error) from error
    finally:
        if temporary is not None:
            with suppress(FileNotFoundError):
                temporary.unlink()


def _into_place(temporary: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)  # Unlike a rename, a link never replaces what came there meanwhile.
    except FileExistsError as error:
        raise OutputFailed(WHAT, path, "it exists already", "Give another --out, or --overwrite") from error
    except OSError:
        temporary.replace(path)  # A file system without hard links.


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _failed(path: Path, error: Exception) -> OutputFailed:
    why = getattr(error, "strerror", None) or str(error)
    return OutputFailed(WHAT, path, why, "Give a folder that can be written to, with room left")
