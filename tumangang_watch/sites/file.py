"""A site file (GeoJSON FeatureCollection of the contract): read, checked, and written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import shapely
from pyproj import Transformer
from shapely import LineString

from tumangang_watch.errors import InputRefused, OutputFailed
from tumangang_watch.files import CANNOT_WRITE, OTHER_OUT, check_file, failing_as, whole_files
from tumangang_watch.grid import utm_crs
from tumangang_watch.model.site import Area, ReferenceScene, Site, Track
from tumangang_watch.plain_files import opened
from tumangang_watch.shipped import built_in_site_path
from tumangang_watch.sites.collection import collection_faults, day_of, lonlat_of, reference_records
from tumangang_watch.sites.doubts import repeated_vertices, site_doubts
from tumangang_watch.sites.faults import is_number
from tumangang_watch.sites.remarks import Remark, fault
from tumangang_watch.text import json_text

MAX_BYTES = 16 * 1024 * 1024
"""A site is a few dozen features; JSON is read up to 16 MiB (docs/sources.md, hostile files)."""
TEXT_CHARACTERS = 300
"""Names and sources are cut here: they stand in a report's tables."""


def load_site(path: Path | None = None) -> Site:
    """Read a site file; the built-in site when no path is given.

    Raises
    ------
    InputRefused
        At the first fault, with its place.
    """
    file = built_in_site_path() if path is None else Path(path)
    data, sha256 = read_collection(file)
    faults = collection_faults(data)
    if faults:
        raise _refusal(file, str(faults[0]))
    return build_site(file, data, sha256)


def read_collection(file: Path) -> tuple[dict[str, Any], str]:
    """Return a file's FeatureCollection, its features unchecked, and the digest of its bytes.

    Raises
    ------
    InputRefused
        It is no regular file of GeoJSON with features.
    """
    content = _content(file)
    return _parse(file, content), hashlib.sha256(content).hexdigest()


def faults_of(path: Path) -> list[Remark]:
    """Return every fault of a site file, in file order; empty when it is sound."""
    file = Path(path)
    try:
        return collection_faults(read_collection(file)[0])
    except InputRefused as error:
        return [fault("unreadable", error.why)]


def _refusal(file: Path, why: str) -> InputRefused:
    todo = "Correct it; 'tumangang-watch site check' names all faults at once"
    return InputRefused("site refused", file, why, todo)


def _content(file: Path) -> bytes:
    try:
        with opened(file) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MAX_BYTES:
                raise _refusal(file, f"it has {size} bytes, more than {MAX_BYTES}")
            return stream.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputRefused("site refused", file, why, "Give an existing GeoJSON file") from error


def _parse(file: Path, content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise _refusal(file, "it is nested too deeply to be a site") from error
    except ValueError as error:
        raise _refusal(file, f"it is not JSON in UTF-8 ({error})") from error
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise _refusal(file, "it is not a GeoJSON FeatureCollection")
    features = data.get("features")
    if not isinstance(features, list) or not features:
        raise _refusal(file, "it has no features")
    return data


def _text(value: Any, otherwise: str) -> str:
    """Return text of the file on one line, without control characters: terminals obey those."""
    if not isinstance(value, str):
        return otherwise
    printable = "".join(c if c.isprintable() else " " for c in value[:TEXT_CHARACTERS])
    return " ".join(printable.split()) or otherwise


def build_site(file: Path, data: dict[str, Any], sha256: str) -> Site:
    """Return the site of a collection that has no faults, in metres."""
    shapes = [lonlat_of(feature) for feature in data["features"]]
    west, south, east, north = shapely.total_bounds(shapes)
    crs = utm_crs((west + east) / 2, (south + north) / 2)
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    areas, tracks = [], []
    for feature, shape in zip(data["features"], shapes, strict=True):
        properties, placed = feature["properties"], shapely.transform(shape, to_metres, interleaved=False)
        if properties["role"] == "track":
            tracks.append(_track(properties, placed))
        else:
            areas.append(Area(role=properties["role"], polygon=placed, **_common(properties)))
    return Site(
        id=file.stem,
        name=_text(data.get("name"), file.stem),
        sha256=sha256,
        crs=crs,
        areas=tuple(areas),
        tracks=tuple(tracks),
        references=tuple(_reference(file, record) for record in reference_records(data)),
    )


def _reference(file: Path, record: dict[str, Any]) -> ReferenceScene:
    return ReferenceScene(
        name=_text(record["name"], "a scene"),
        sha256=record["sha256"],
        acquired=_text(record.get("acquired"), "") or None,
        image=file.parent / record["image"],
        image_sha256=record["image_sha256"],
    )


def _common(properties: dict[str, Any]) -> dict[str, Any]:
    accuracy = properties.get("accuracy_m")
    return {
        "id": properties["id"],
        "name": _text(properties.get("name"), properties["id"]),
        "accuracy_m": None if accuracy is None else float(accuracy),
        "occluded_from": day_of(properties.get("occluded_from")),
        "source": _text(properties.get("source"), "") or None,
    }


def _track(properties: dict[str, Any], line: LineString) -> Track:
    gauge, sure = properties.get("gauge_mm"), properties.get("confidence")
    return Track(
        line=line,
        gauge_mm=None if gauge is None else round(gauge),
        provisional=properties.get("provisional", False),
        confidence=float(sure) if is_number(sure) and 0 <= sure <= 1 else None,
        **_common(properties),
    )


def examine_site(path: Path) -> list[Remark]:
    """Return the faults of a site file in file order; of a sound file its doubts."""
    file = Path(path)
    faults = faults_of(file)
    if faults:
        return faults
    data, sha256 = read_collection(file)
    return [*repeated_vertices(data["features"]), *site_doubts(build_site(file, data, sha256))]


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


def checked_site(collection: dict[str, Any], path: Path) -> Site:
    """Return the site of a collection that is to be written.

    Raises
    ------
    InputRefused
        The collection has a fault.
    """
    faults = collection_faults(collection)
    if faults:
        raise InputRefused("site refused", path, str(faults[0]), faults[0].todo)
    return build_site(path, collection, "0" * 64)


def put_site(collection: dict[str, Any], part: Path, path: Path) -> None:
    """Write a site file under the name it has before it is whole, and read it back.

    Raises
    ------
    InputRefused
        The collection has a fault.
    """
    checked_site(collection, path)
    part.write_text(json_text(collection, indent=1), encoding="utf-8", newline="\n")
    load_site(part)
