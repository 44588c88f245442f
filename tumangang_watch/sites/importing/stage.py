"""Bring a source into a folder of our own, bounded and checked, before any library opens it.

GDAL guesses a driver from content and some drivers follow links to other files and addresses, so
what a file is gets decided here, and only formats that hold their own data are passed on.
"""

from __future__ import annotations

import lzma
import os
import re
import shutil
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from tumangang_watch.errors import InputRefused
from tumangang_watch.plain_files import opened
from tumangang_watch.settings.scenes import SiteSettings

SourceKind = Literal["geojson", "kml", "gpkg", "shp"]
MAIN_PARTS = (".shp", ".kml", ".gpkg", ".geojson", ".json")
SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
READ = "GeoJSON, KML, KMZ, GeoPackage and Shapefile (zipped too) are read"
EXPORT = f"{READ}: export it as one of these"
_BROKEN_ZIP = (
    *(zipfile.BadZipFile, NotImplementedError, EOFError, struct.error),
    *(zlib.error, lzma.LZMAError, IndexError, OverflowError),
)
HEAD_BYTES = 4096
CHUNK = 1 << 20
LISTING_BYTES = 1 << 20
"""500 files of names of 2 000 letters. A million took 650 MB and a minute only to be counted."""
ZIP_TAIL_BYTES = 66_000
"""The end of a zip archive with the longest comment it may have (APPNOTE 4.3.16)."""


@dataclass(frozen=True)
class Staged:
    """One readable file in the staging folder."""

    kind: SourceKind
    path: Path
    label: str
    """What messages and layers call it: the file's own stem."""
    source: Path
    """The file the user gave."""


def refusal(source: Path, why: str, todo: str) -> InputRefused:
    """Return the error for a source that cannot be imported."""
    return InputRefused("import refused", source, why, todo)


def stage(source: Path, folder: Path, limits: SiteSettings) -> list[Staged]:
    """Copy a source into ``folder``, unpacked, and return what can be read there.

    Raises
    ------
    InputRefused
        It is not a regular file, too large, of no known format, or a bomb.
    """
    copied = folder / "source"
    _copy(source, copied, limits.import_bytes)
    if _head(copied).startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _unzip(source, copied, folder, limits)
    kind = _kind(source, _head(copied))
    target = folder / f"layer.{kind}"
    copied.rename(target)
    beside = [(source.with_suffix(s), s) for part in SHAPE_PARTS[1:] for s in (part, part.upper())]
    if kind == "gpkg":  # What an open QGIS has not yet written into it.
        beside = [(source.with_name(f"{source.name}-wal"), ".gpkg-wal")]
    for part, suffix in beside if kind in ("shp", "gpkg") else ():
        if part.is_file() and part.stat().st_size:
            _copy(part, target.with_suffix(suffix.lower()), limits.import_bytes)
    return [Staged(kind, target, source.stem, source)]


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES)


def _copy(source: Path, target: Path, max_bytes: int) -> None:
    """Copy a regular file of at most ``max_bytes``."""
    try:
        stream = opened(source)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise refusal(source, why, "Give an existing file") from error
    with stream:
        size = os.fstat(stream.fileno()).st_size
        if size == 0:
            raise refusal(source, "it is empty", "Export it again")
        if size > max_bytes:
            raise refusal(source, f"it has {size} bytes, more than {max_bytes}", "Cut it to the site")
        with target.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK)


def _kind(source: Path, head: bytes) -> SourceKind:
    """Return what a file is, from its first bytes."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x1e")
    if head.startswith(b"SQLite format 3\0"):
        if head[68:72] in (b"GPKG", b"GP10", b"GP11"):
            return "gpkg"
        raise refusal(source, "an SQLite database that is no GeoPackage", EXPORT)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refusal(source, "it is in UTF-16, not in UTF-8", "Save it again in UTF-8")
    if head.startswith(b"\x00\x00\x27\x0a"):
        return "shp"
    if text.startswith(b"{"):
        return "geojson"
    if text.startswith(b"<"):
        return _xml_kind(source, text)
    if source.suffix.lower() in SHAPE_PARTS[1:]:
        todo = "Give the .shp; the others are found beside it"
        raise refusal(source, "it is one part of a Shapefile", todo)
    if b"OSMHeader" in head[:64]:
        raise refusal(source, "an OpenStreetMap PBF file", "Make GeoJSON of it: osmium export -o x.geojson")
    raise refusal(source, "its format is not known", EXPORT)


def _xml_kind(source: Path, text: bytes) -> SourceKind:
    root = re.search(rb"<(?:[A-Za-z0-9_.-]+:)?([A-Za-z]+)[\s>/]", re.sub(rb"<[?!][^>]*>", b"", text))
    name = root.group(1).decode("ascii") if root else "?"
    if name == "kml" or (source.suffix.lower() == ".kml" and b"<kml" in text):
        return "kml"
    if b"\x00" in text[:64] or source.suffix.lower() == ".kml":
        raise refusal(source, "it is not KML in UTF-8", "Save it again as KML")
    if name == "osm":
        raise refusal(source, "OpenStreetMap's own XML", "Export GeoJSON (overpass turbo), or osmium export")
    raise refusal(source, f"XML of another kind (<{name[:20]}>)", EXPORT)


def _unzip(source: Path, copied: Path, folder: Path, limits: SiteSettings) -> list[Staged]:
    """Unpack what can be read from a zip archive (a KMZ is one)."""
    if (listed := _listing_bytes(copied)) > LISTING_BYTES:
        why = f"the list of its files has {listed} bytes, more than {LISTING_BYTES}"
        raise refusal(source, why, "Unpack it yourself and give the layer")
    try:
        with zipfile.ZipFile(copied) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and "__MACOSX" not in m.filename]
            _check_bomb(source, members, limits)
            staged = []
            for number, (label, parts) in enumerate(sorted(_wanted(members).items())):
                place = folder / f"member{number}"
                place.mkdir()
                for suffix, member in parts.items():
                    # Never more bytes than the member says it has, and those are bounded.
                    with archive.open(member) as stream, (place / f"layer{suffix}").open("wb") as out:
                        shutil.copyfileobj(stream, out, CHUNK)
                main = next(s for s in MAIN_PARTS if s in parts)
                path = place / f"layer{main}"
                kind = _kind(Path(f"{source}/{parts[main].filename}"), _head(path))
                staged.append(Staged(kind, path, label, source))
    except _BROKEN_ZIP as error:
        raise refusal(source, f"a broken or incomplete zip archive ({error})", "Copy it again") from error
    except (OSError, ValueError, RuntimeError) as error:
        why = f"the zip archive cannot be unpacked ({error})"
        raise refusal(source, why, "Unpack it yourself") from error
    if not staged:
        raise refusal(source, "a zip archive without a layer in it", READ)
    return staged


def _listing_bytes(copied: Path) -> int:
    """Return how long a zip archive says that the list of its files is, which is read as a whole."""
    with copied.open("rb") as stream:
        stream.seek(max(copied.stat().st_size - ZIP_TAIL_BYTES, 0))
        tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    stated = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    # Archives of many files say it before, in eight bytes: 20 of where that stands, 56 of what it says.
    if end >= 76 and tail[end - 20 : end - 16] == b"PK\x06\x07":
        stated = max(stated % 0xFFFFFFFF, int.from_bytes(tail[end - 36 : end - 28], "little"))
    return stated


def _check_bomb(source: Path, members: list[zipfile.ZipInfo], limits: SiteSettings) -> None:
    todo = "Unpack it yourself and give the layer"
    if len(members) > limits.zip_members:
        raise refusal(source, f"a zip archive of {len(members)} files, more than {limits.zip_members}", todo)
    total = sum(member.file_size for member in members)
    if total > limits.import_bytes:
        raise refusal(source, f"it unpacks to {total} bytes, more than {limits.import_bytes}", todo)
    for member in members:
        ratio = member.file_size / max(member.compress_size, 1)
        if member.flag_bits & 1:
            raise refusal(source, "the zip archive is encrypted", todo)
        if member.file_size > CHUNK and ratio > limits.zip_ratio:
            why = f"a zip bomb: {member.filename!r} unpacks to {ratio:.0f} times its size"
            raise refusal(source, why, todo)


def _wanted(members: list[zipfile.ZipInfo]) -> dict[str, dict[str, zipfile.ZipInfo]]:
    """Group the members that make a layer: a Shapefile's parts together, of a KMZ its main KML."""
    groups: dict[str, dict[str, zipfile.ZipInfo]] = {}
    kmls = []
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        suffix = name.suffix.lower()
        if suffix in SHAPE_PARTS:
            groups.setdefault(str(name.with_suffix("")), {})[suffix] = member
        elif suffix == ".kml":
            kmls.append((len(name.parts), name.name.lower() != "doc.kml", str(name), member))
        elif suffix in MAIN_PARTS:
            groups[str(name)] = {suffix: member}
    if kmls:
        *_, path, member = min(kmls, key=lambda kml: kml[:3])
        groups[str(PurePosixPath(path).with_suffix(""))] = {".kml": member}
    whole = {stem: group for stem, group in groups.items() if set(group) & set(MAIN_PARTS)}
    return {PurePosixPath(stem).name if len(whole) == 1 else stem: group for stem, group in whole.items()}
