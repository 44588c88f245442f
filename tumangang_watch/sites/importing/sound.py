"""See that a staged file is whole and harmless before a library opens it."""

from __future__ import annotations

import sqlite3
import struct
from typing import TYPE_CHECKING

from tumangang_watch.sites.importing.refusal import refusal

if TYPE_CHECKING:
    from tumangang_watch.settings.site import SiteSettings
    from tumangang_watch.sites.importing.stage import Staged

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
            staged.source, f"its .dbf has {part.stat().st_size} of {header + records * record} bytes",
            "Copy it again, whole",
        )  # fmt: skip


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
    from xml.parsers import expat

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
