"""``site import``: what is hostile or cut short is refused in one line, and nothing is written."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.import_files import OSM, TRACKS, degrees, drawn, extract, metres, refused


def hostile(folder: Path, case: str) -> tuple[Path, str]:
    """Make one bad source; return it with a word of its refusal."""
    file = folder / "bad.kml"
    text = drawn(folder, "kml").read_text()
    if case == "billion laughs":
        entities = '<!ENTITY a "ha">' + "".join(
            f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(9)
        )
        file.write_text(text.replace("<kml", f"<!DOCTYPE kml [{entities}]><kml", 1).replace("T1", "&j;"))
        return file, "document type"
    if case == "external entity":
        bomb = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml'
        file.write_bytes(text.replace("<kml", bomb, 1).replace("T1", "&x;").encode("utf-16"))
        return file, "UTF-8"
    if case == "half a kml":
        file.write_text(text[: len(text) // 2])
        return file, "not well-formed"
    if case == "deep kml":
        file.write_text("<kml>" + "<Folder>" * 50_000)
        return file, "nested too deeply"
    if case == "many folders":
        file.write_text(text.replace("</Document>", "<Folder/>" * 501 + "</Document>", 1))
        return file, "more than 500 folders"
    if case == "virtual layer":
        file = folder / "bad.geojson"
        file.write_text('<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource>')
        return file, "XML of another kind"
    if case == "zip bomb":
        file = folder / "bad.kmz"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("doc.kml", "<kml>" + " " * 20_000_000)
        return file, "zip bomb"
    if case == "zip too big":
        file = folder / "bad.kmz"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for k in range(8):
                archive.writestr(f"{k}.kml", b"<kml>" + bytes(20_000_000))
        return file, "unpacks to"
    if case == "half a zip":
        file = drawn(folder, "zip")
        file.write_bytes(file.read_bytes()[:-200])
        return file, "incomplete zip"
    if case == "climbing zip":
        file = folder / "bad.zip"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("../../x.txt", "x")
        return file, "without a layer"
    if case == "half a geopackage":
        file = drawn(folder, "gpkg")
        file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
        return file, "damaged or incomplete"
    if case == "view":
        file = drawn(folder, "gpkg")
        with sqlite3.connect(file) as database:
            database.execute("ALTER TABLE lines RENAME TO hidden")
            database.execute("CREATE VIEW lines AS SELECT * FROM hidden")
            database.execute("UPDATE gpkg_contents SET table_name = 'lines' WHERE table_name = 'hidden'")
        database.close()
        return file, "is a view"
    if case == "other database":
        file = folder / "bad.gpkg"
        with sqlite3.connect(file) as database:
            database.execute("CREATE TABLE t (x)")
        database.close()
        return file, "no GeoPackage"
    if case == "half a shapefile":
        file = drawn(folder, "shp")
        file.write_bytes(file.read_bytes()[:-20])
        return file, "Copy it again"
    if case == "shapefile alone":
        file = drawn(folder, "shp")
        file.with_suffix(".dbf").unlink()
        return file, ".dbf is missing"
    if case == "half a geojson":
        file = drawn(folder, "geojson")
        file.write_text(file.read_text()[:-50])
        return file, "not JSON"
    if case == "not a number":
        return extract(folder, with_positions([[float("nan"), 47.0], [8.0, 47.0]])), "not a pair of numbers"
    if case == "huge number":
        return extract(folder, with_positions([[8.0, 47.0], [10**400, 47.0]])), "cannot be read"
    if case == "text positions":
        return extract(folder, with_positions([["a", "b"], [8.0, 47.0]])), "cannot be read"
    if case == "metres":
        return extract(folder, with_positions(metres(TRACKS[0]))), "not WGS 84"
    if case == "bow tie":
        ring = degrees([(0, 0), (100, 100), (100, 0), (0, 100), (0, 0)])
        feature = {
            "type": "Feature",
            "properties": {"role": "yard", "name": "tie"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        return extract(folder, feature), "Self-intersection"
    if case == "unknown role":
        feature = with_positions(degrees(TRACKS[0]))
        feature["properties"]["role"] = "rail"
        return extract(folder, feature), "role 'rail' is unknown"
    if case == "track as polygon":
        return extract(folder, {**OSM[7], "properties": {"role": "track"}}), "a track is a line"
    if case == "nothing":
        return extract(folder, OSM[5]), "nothing in it can be imported"
    if case == "overpass":
        file = folder / "bad.json"
        file.write_text('{"version": 0.6, "elements": []}')
        return file, "Overpass"
    if case == "no format":
        file = folder / "bad.shp"
        file.write_bytes(bytes(1000))
        return file, "format is not known"
    if case == "empty":
        file = folder / "bad.shp"
        file.write_bytes(b"")
        return file, "empty"
    if case == "folder":
        return folder, "not a regular file"
    raise AssertionError(case)


def with_positions(positions: Any) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": positions}
    return {"type": "Feature", "properties": {"role": "track", "name": "T"}, "geometry": geometry}


HOSTILE = (
    "billion laughs",
    "external entity",
    "half a kml",
    "deep kml",
    "many folders",
    "virtual layer",
    "zip bomb",
    "zip too big",
    "half a zip",
    "climbing zip",
    "half a geopackage",
    "view",
    "other database",
    "half a shapefile",
    "shapefile alone",
    "half a geojson",
    "not a number",
    "huge number",
    "text positions",
    "metres",
    "bow tie",
    "unknown role",
    "track as polygon",
    "nothing",
    "overpass",
    "no format",
    "empty",
    "folder",
)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_or_half_copied_source_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    file, words = hostile(tmp_path, case)
    refused(file, "--out", tmp_path / "my.geojson", words=words)
