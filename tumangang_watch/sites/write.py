"""Write a checked site file: whole or absent, never over another without being asked to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tumangang_watch.errors import InputRefused, OutputFailed
from tumangang_watch.files import CANNOT_WRITE, OTHER_OUT, check_file, failing_as, json_text, whole_files
from tumangang_watch.model.site import Site
from tumangang_watch.sites.collection import collection_faults
from tumangang_watch.sites.read import load_site


def check_room(path: Path, overwrite: bool, endings: tuple[str, ...] = (".geojson", ".json")) -> None:
    """Refuse an output that is something else, or a file that is not to be replaced.

    Raises
    ------
    OutputFailed
        Before any work was done.
    """
    if path.suffix.lower() not in endings:
        todo = f"Give a name that ends in {endings[0]}"
        raise OutputFailed(CANNOT_WRITE, path, f"it is written as {endings[0]}", todo)
    check_file(path, overwrite=overwrite, links=True)
    with failing_as(CANNOT_WRITE, path):
        if not path.absolute().parent.is_dir():
            raise OutputFailed(CANNOT_WRITE, path, "its folder does not exist", "Make the folder first")


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
            raise OutputFailed(CANNOT_WRITE, path, "it is also a source", OTHER_OUT)


def write_site(collection: dict[str, Any], path: Path, *, overwrite: bool = False) -> Site:
    """Write a FeatureCollection as a site file and return it as it reads back.

    Raises
    ------
    InputRefused
        The collection has a fault; nothing was written.
    OutputFailed
        It could not be written, or ``path`` exists and ``overwrite`` is False.
    """
    check_room(path, overwrite)
    with whole_files(path, replace=overwrite) as (part,):
        put_site(collection, part, path)
    return load_site(path)


def put_site(collection: dict[str, Any], part: Path, path: Path) -> None:
    """Write a site file under the name it has before it is whole, and read it back.

    Raises
    ------
    InputRefused
        The collection has a fault.
    """
    faults = collection_faults(collection)
    if faults:
        raise InputRefused("site refused", path, str(faults[0]), faults[0].todo)
    part.write_text(json_text(collection, indent=1), encoding="utf-8", newline="\n")
    load_site(part)
