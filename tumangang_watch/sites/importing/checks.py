"""See that a staged file is whole and harmless before a library opens it."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from xml.parsers import expat

from tumangang_watch.geopackage import tamed_tables
from tumangang_watch.settings.scenes import SiteSettings
from tumangang_watch.sites.importing.stage import Staged, refusal

GEOPACKAGE_TABLES = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")
MANY = "Cut it to the site"
KML_DEPTH = 100
"""Elements nested deeper than this are no person's work."""

KML_FIELDS = ("Data", "SimpleField", "SimpleData")
MAX_FIELDS = 2000
"""As many columns as a table of SQLite has. GDAL takes time by their square: 100 000 took over 90 s."""


def check_staged(staged: Staged, limits: SiteSettings) -> None:
    """Refuse a staged file that is cut short or hostile.

    Raises
    ------
    InputRefused
        With the reason.
    """
    if staged.kind == "shp":
        _check_shapefile(staged)
        return
    if staged.kind == "gpkg":
        _check_geopackage(staged)
        return
    size = staged.path.stat().st_size
    if size > limits.json_bytes:
        why = f"{size} bytes of text, more than {limits.json_bytes}"
        raise refusal(staged.source, why, MANY)
    if staged.kind == "kml":
        _check_kml(staged, limits)


def _check_shapefile(staged: Staged) -> None:
    """Refuse missing parts, and parts shorter than their own headers say (ESRI's specification, 1998)."""
    for suffix in (".shx", ".dbf", ".shp"):
        part = staged.path.with_suffix(suffix)
        if not part.is_file():
            raise refusal(staged.source, f"its {suffix} is missing", "Copy all parts of the Shapefile")
        size, head = part.stat().st_size, part.read_bytes()[:100]
        if len(head) < 32:
            raise refusal(staged.source, f"its {suffix} is cut short", "Copy it again, whole")
        if suffix == ".dbf":
            records, header, record = struct.unpack("<IHH", head[4:12])
            needed = header + records * record
        else:
            needed = int.from_bytes(head[24:28], "big") * 2
        if size < max(needed, 100 if suffix != ".dbf" else 0):
            raise refusal(staged.source, f"its {suffix} has {size} of {needed} bytes", "Copy it again, whole")


def _check_geopackage(staged: Staged) -> None:
    """Refuse a damaged database, and layers that are programs (views) instead of tables; drop all others."""
    try:
        tables = tamed_tables(staged.path)
        for table in GEOPACKAGE_TABLES:
            if table not in tables:
                raise refusal(staged.source, f"no GeoPackage: its {table} is missing", "Export it again")
        with closing(sqlite3.connect(staged.path)) as database:
            layers = database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")
            for (name,) in layers:
                if name not in tables:
                    why = f"layer {str(name)[:40]!r} is a view, not a table"
                    raise refusal(staged.source, why, "Export the layer to a GeoPackage of its own")
    except (sqlite3.Error, UnicodeError) as error:
        why = f"the database is damaged or incomplete ({' '.join(str(error).split())[:100]})"
        raise refusal(staged.source, why, "Copy it again, whole") from error
    except ValueError as error:
        raise refusal(staged.source, str(error), MANY) from error


def _check_kml(staged: Staged, limits: SiteSettings) -> None:
    """Refuse KML that is cut short or not well-formed, declares entities, or has many fields or folders, or
    deep ones.
    """
    depth = folders = 0
    fields: set[str] = set()
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, folders
        if name in KML_FIELDS:
            fields.add(attributes.get("name", ""))
        if max(len(fields), len(attributes)) > MAX_FIELDS:
            raise refusal(staged.source, f"it has more than {MAX_FIELDS} fields", MANY)
        depth += 1
        folders += name == "Folder"
        if folders > limits.import_layers:
            raise refusal(staged.source, f"it has more than {limits.import_layers} folders", MANY)
        if depth > KML_DEPTH:
            raise refusal(staged.source, "its elements are nested too deeply", "Flatten its folders")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        why = "it declares a document type, which KML has none of"
        raise refusal(staged.source, why, "Save it again as KML")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        with staged.path.open("rb") as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        why = f"not well-formed XML ({error})"
        raise refusal(staged.source, why, "Copy or export it again, whole") from error
