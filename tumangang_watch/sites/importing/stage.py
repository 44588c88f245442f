"""Bring a source into a folder of our own, bounded and checked, before any library opens it.

GDAL guesses a driver from content and some drivers follow links to other files and addresses, so
what a file is gets decided here, and only formats that hold their own data are passed on.

The one error of an import.

See that a staged file is whole and harmless before a library opens it.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from xml.parsers import expat

from tumangang_watch.errors import InputRefused
from tumangang_watch.settings.scenes import SiteSettings


def refusal(source: Path, why: str, todo: str) -> InputRefused:
    """Return the error for a source that cannot be imported."""
    return InputRefused("import refused", source, why, todo)


NEEDED_PARTS = (".shx", ".dbf")
KML_DEPTH = 100
"""Elements nested deeper than this are no person's work."""


def check_staged(staged: Staged, limits: SiteSettings) -> None:
    """Refuse a staged file that is cut short or hostile."""
    if staged.kind == "shp":
        _check_shape(staged)
    elif staged.kind == "gpkg":
        _check_geopackage(staged)
    else:
        size = staged.path.stat().st_size
        if size > limits.json_bytes:
            raise refusal(
                staged.source, f"{size} bytes of text, more than {limits.json_bytes}", "Cut it to the site"
            )
        if staged.kind == "kml":
            _check_kml(staged)


def _check_shape(staged: Staged) -> None:
    for suffix in NEEDED_PARTS:
        if not staged.path.with_suffix(suffix).is_file():
            raise refusal(staged.source, f"its {suffix} is missing", "Copy all parts of the Shapefile")
    for suffix in (".shp", ".shx"):
        part = staged.path.with_suffix(suffix)
        head = part.read_bytes()[:100]
        said = int.from_bytes(head[24:28], "big") * 2 if len(head) == 100 else 100
        if part.stat().st_size < said:
            raise refusal(
                staged.source,
                f"its {suffix} has {part.stat().st_size} of {said} bytes",
                "Copy it again, whole",
            )
    part = staged.path.with_suffix(".dbf")
    head = part.read_bytes()[:32]
    if len(head) < 32:
        raise refusal(staged.source, "its .dbf is cut short", "Copy it again, whole")
    records, header, record = struct.unpack("<IHH", head[4:12])
    if part.stat().st_size < header + records * record:
        raise refusal(
            staged.source,
            f"its .dbf has {part.stat().st_size} of {header + records * record} bytes",
            "Copy it again, whole",
        )


def _check_geopackage(staged: Staged) -> None:
    """Refuse a damaged database, and layers that are programs (views) instead of tables."""
    try:
        database = sqlite3.connect(staged.path)
        try:
            database.execute("PRAGMA trusted_schema = OFF")
            kinds = dict(database.execute("SELECT name, type FROM sqlite_master"))
            system = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")
            for table in system:
                if kinds.get(table) != "table":
                    raise refusal(staged.source, f"no GeoPackage: its {table} is missing", "Export it again")
            (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise refusal(staged.source, "the database is damaged or incomplete", "Copy it again, whole")
            layers = database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")
            for (name,) in layers.fetchall():
                if kinds.get(name) != "table":
                    told = f"layer {str(name)[:40]!r} is a view, not a table"
                    raise refusal(staged.source, told, "Export the layer to a GeoPackage of its own")
        finally:
            database.close()
    except sqlite3.Error as error:
        raise refusal(
            staged.source, f"the database is damaged or incomplete ({error})", "Copy it again, whole"
        ) from error


def _check_kml(staged: Staged) -> None:
    """Refuse KML that is not well-formed to its end, that declares entities, or is nested too deeply."""
    depth = 0
    parser = expat.ParserCreate()

    def start(_: str, __: object) -> None:
        nonlocal depth
        depth += 1
        if depth > KML_DEPTH:
            raise refusal(staged.source, "its elements are nested too deeply", "Flatten its folders")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise refusal(
            staged.source, "it declares a document type, which KML has none of", "Save it again as KML"
        )

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        with staged.path.open("rb") as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise refusal(
            staged.source, f"not well-formed XML ({error})", "Copy or export it again, whole"
        ) from error


Kind = Literal["geojson", "kml", "gpkg", "shp"]
READ = "GeoJSON, KML, KMZ, GeoPackage and Shapefile (zipped too) are read"
SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
HEAD_BYTES = 4096
CHUNK = 1 << 20


@dataclass(frozen=True)
class Staged:
    """One readable file in the staging folder."""

    kind: Kind
    path: Path
    label: str
    """What messages and layers call it: the file's own stem."""
    source: Path
    """The file the user gave."""


def stage(source: Path, folder: Path, limits: SiteSettings) -> list[Staged]:
    """Copy a source into ``folder``, unpacked, and return what can be read there.

    Raises
    ------
    InputRefused
        It is not a regular file, too large, of no known format, cut short, or a bomb.
    """
    head = _copy(source, folder / "source", limits.import_bytes)
    copied = folder / "source"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _unzip(source, copied, folder, limits)
    kind = _kind(source, head)
    target = folder / f"layer.{kind}"
    copied.rename(target)
    if kind == "shp":
        for suffix in SHAPE_PARTS[1:]:
            part = _beside(source, suffix)
            if part is not None:
                _copy(part, target.with_suffix(suffix), limits.import_bytes)
    if kind == "gpkg":
        log = source.with_name(f"{source.name}-wal")  # What an open QGIS has not yet written into it.
        if log.is_file() and log.stat().st_size:
            _copy(log, target.with_name(f"{target.name}-wal"), limits.import_bytes)
    staged = Staged(kind, target, source.stem, source)
    check_staged(staged, limits)
    return [staged]


def _copy(source: Path, target: Path, most_bytes: int) -> bytes:
    """Copy a regular file, at most ``most_bytes``; return its first bytes."""
    try:
        # Without O_NONBLOCK opening a pipe waits for a writer that never comes.
        if not stat.S_ISREG(os.stat(source).st_mode):
            raise refusal(source, "it is not a regular file", "Give one file")
        handle = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise refusal(source, why, "Give an existing file") from error
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise refusal(source, "it is not a regular file", "Give one file")
        if status.st_size == 0:
            raise refusal(source, "it is empty", "Export it again")
        if status.st_size > most_bytes:
            raise refusal(
                source, f"it has {status.st_size} bytes, more than {most_bytes}", "Cut it to the site"
            )
        with target.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK)
    with target.open("rb") as stream:
        return stream.read(HEAD_BYTES)


def _beside(source: Path, suffix: str) -> Path | None:
    for name in (source.with_suffix(suffix), source.with_suffix(suffix.upper())):
        if name.is_file():
            return name
    return None


def _kind(source: Path, head: bytes) -> Kind:
    """Return what a file is, from its first bytes."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x1e")
    if head.startswith(b"SQLite format 3\0"):
        if head[68:72] in (b"GPKG", b"GP10", b"GP11"):
            return "gpkg"
        raise refusal(
            source, "an SQLite database that is no GeoPackage", f"{READ}: export it as one of these"
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refusal(source, "it is in UTF-16, not in UTF-8", "Save it again in UTF-8")
    if head.startswith(b"\x00\x00\x27\x0a"):
        return "shp"
    if text.startswith(b"{"):
        return "geojson"
    if text.startswith(b"<"):
        return _xml_kind(source, text)
    if source.suffix.lower() in (".dbf", ".shx", ".prj", ".cpg"):
        raise refusal(
            source, "it is one part of a Shapefile", "Give the .shp; the others are found beside it"
        )
    if head[4:13] == b"\n\tOSMHead" or b"OSMHeader" in head[:64]:
        raise refusal(source, "an OpenStreetMap PBF file", "Make GeoJSON of it: osmium export -o x.geojson")
    raise refusal(source, "its format is not known", f"{READ}: export it as one of these")


def _xml_kind(source: Path, text: bytes) -> Kind:
    root = re.search(rb"<(?:[A-Za-z0-9_.-]+:)?([A-Za-z]+)[\s>/]", re.sub(rb"<[?!][^>]*>", b"", text))
    name = root.group(1).decode("ascii") if root else "?"
    if name == "kml" or (source.suffix.lower() == ".kml" and b"<kml" in text):
        return "kml"
    if b"\x00" in text[:64] or source.suffix.lower() == ".kml":
        raise refusal(source, "it is not KML in UTF-8", "Save it again as KML")
    if name == "osm":
        raise refusal(source, "OpenStreetMap's own XML", "Export GeoJSON (overpass turbo), or osmium export")
    raise refusal(source, f"XML of another kind (<{name[:20]}>)", f"{READ}: export it as one of these")


def _unzip(source: Path, copied: Path, folder: Path, limits: SiteSettings) -> list[Staged]:
    """Unpack what can be read from a zip archive (a KMZ is one)."""
    try:
        with zipfile.ZipFile(copied) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and "__MACOSX" not in m.filename]
            _see_bomb(source, members, limits)
            staged = []
            for number, (label, parts) in enumerate(sorted(_wanted(members).items())):
                place = folder / f"member{number}"
                place.mkdir()
                for suffix, member in parts.items():
                    _extract(source, archive, member, place / f"layer{suffix}", limits)
                main = next(s for s in (".shp", ".kml", ".gpkg", ".geojson", ".json") if s in parts)
                path = place / f"layer{main}"
                with path.open("rb") as stream:
                    kind = _kind(Path(f"{source}/{parts[main].filename}"), stream.read(HEAD_BYTES))
                item = Staged(kind, path, label, source)
                check_staged(item, limits)
                staged.append(item)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, struct.error) as error:
        raise refusal(source, f"a broken or incomplete zip archive ({error})", "Copy it again") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise refusal(
            source, f"the zip archive cannot be unpacked ({error})", "Unpack it yourself"
        ) from error
    if not staged:
        raise refusal(source, "a zip archive without a layer in it", READ)
    return staged


def _see_bomb(source: Path, members: list[zipfile.ZipInfo], limits: SiteSettings) -> None:
    todo = "Unpack it yourself and give the layer"
    if len(members) > limits.zip_members:
        raise refusal(source, f"a zip archive of {len(members)} files, more than {limits.zip_members}", todo)
    total = sum(member.file_size for member in members)
    if total > limits.import_bytes:
        raise refusal(source, f"it unpacks to {total} bytes, more than {limits.import_bytes}", todo)
    for member in members:
        if member.flag_bits & 1:
            raise refusal(source, "the zip archive is encrypted", todo)
        packed = max(member.compress_size, 1)
        if member.file_size > CHUNK and member.file_size / packed > limits.zip_ratio:
            ratio = member.file_size / packed
            raise refusal(
                source, f"a zip bomb: {member.filename!r} unpacks to {ratio:.0f} times its size", todo
            )


def _wanted(members: list[zipfile.ZipInfo]) -> dict[str, dict[str, zipfile.ZipInfo]]:
    """Group the members that make a layer: a Shapefile's parts together, of a KMZ its main KML."""
    groups: dict[str, dict[str, zipfile.ZipInfo]] = {}
    kmls = sorted(
        (m for m in members if m.filename.lower().endswith(".kml")),
        key=lambda m: (
            m.filename.count("/"),
            PurePosixPath(m.filename).name.lower() != "doc.kml",
            m.filename,
        ),
    )
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        suffix = name.suffix.lower()
        stem = str(name.with_suffix("")) if suffix else str(name)
        if suffix in SHAPE_PARTS:
            groups.setdefault(stem, {})[suffix] = member
        elif suffix in (".gpkg", ".geojson", ".json"):
            groups[f"{stem}{suffix}"] = {suffix: member}
    if kmls:
        groups[str(PurePosixPath(kmls[0].filename).with_suffix(""))] = {".kml": kmls[0]}
    whole = {s: g for s, g in groups.items() if set(g) & {".shp", ".kml", ".gpkg", ".geojson", ".json"}}
    return {PurePosixPath(stem).name if len(whole) == 1 else stem: group for stem, group in whole.items()}


def _extract(
    source: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, limits: SiteSettings
) -> None:
    """Unpack one member, never more bytes than it says it has."""
    with archive.open(member) as stream, target.open("wb") as out:
        left = min(member.file_size, limits.import_bytes)
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise refusal(
                    source, f"a zip bomb: {member.filename!r} is larger than it says", "Do not use it"
                )
            out.write(chunk)
