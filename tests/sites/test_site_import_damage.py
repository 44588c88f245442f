"""Damaged sources are refused in words, whatever the library that reads them raises."""

from __future__ import annotations

import json
import random
import sqlite3
import struct
import zipfile
from contextlib import closing

import pytest
from support.import_files import drawn

from tumangang_watch.archive.layers import write_layer
from tumangang_watch.errors import InputRefused
from tumangang_watch.sites.importing import ImportOptions, import_sources
from tumangang_watch.sites.importing.checks import MAX_FIELDS
from tumangang_watch.sites.importing.stage import LISTING_BYTES


def yard(*ring):
    geometry = {"type": "Polygon", "coordinates": [list(ring)]}
    feature = {"type": "Feature", "properties": {"role": "yard", "id": "y"}, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


def refusal_of(path):
    with pytest.raises(InputRefused) as caught:
        import_sources([path], ImportOptions(name="made"))
    return str(caught.value)


def test_a_member_that_does_not_unpack(tmp_path):
    text = yard([130, 42], [131, 42], [131, 43]) + "".join(
        map(str, random.Random(1).sample(range(9999), 999))
    )
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", text)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    assert "a broken or incomplete zip archive" in refusal_of(path)


@pytest.mark.parametrize("far", [1e308, -3e9])
def test_a_position_that_is_nowhere(tmp_path, far):
    path = tmp_path / "a.geojson"
    path.write_text(yard([130, 42], [131, 42], [far, 43], [130, 42]))
    assert "no place on Earth" in refusal_of(path)


def test_what_gdal_warns_of_is_a_note_and_not_a_line_on_stderr(tmp_path, recwarn):
    path = tmp_path / "a.prj"
    path.write_text("x")
    refusal_of(path)
    assert not recwarn.list


def test_a_line_without_length(tmp_path):
    path = tmp_path / "a.geojson"
    feature = {"type": "Feature", "properties": {"role": "track"}}
    feature["geometry"] = {"type": "LineString", "coordinates": [[130.008, 42.4], [130.008, 42.4]]}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    refusal_of(path)


def test_a_table_whose_name_is_no_text(tmp_path):
    path = tmp_path / "a.gpkg"
    write_layer(
        path, "places", {"id": "text"}, {"id": ["a"]}, ['{"type": "Point", "coordinates": [130, 42]}']
    )
    path.write_bytes(path.read_bytes().replace(b"placesplaces", b"\xff" * 12))
    assert "damaged" in refusal_of(path)


@pytest.mark.parametrize("away", [0.0, 1e-9])
def test_an_outline_of_one_place(tmp_path, away):
    path = tmp_path / "a.geojson"
    path.write_text(yard([130.01, 42.4], [130.01 + away, 42.4], [130.01, 42.4 + away], [130.01, 42.4]))
    assert "next to no area" in refusal_of(path)


def test_a_view_that_never_ends_is_not_run(tmp_path):
    """GDAL asks the names of columns of it by its name: before, 2.4 GB after 90 s and no end."""
    path = drawn(tmp_path, "gpkg")
    with closing(sqlite3.connect(path)) as file:
        columns = "'lines' AS table_name, 'name' AS column_name, '' AS name, '' AS title, '' AS description"
        rows = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"
        words = f"{rows} SELECT {columns}, '' AS mime_type, '' AS constraint_name FROM r"
        file.execute(f"CREATE VIEW gpkg_data_columns AS {words}")
        file.commit()
    before = path.read_bytes()
    imported = import_sources([path], ImportOptions(name="made"))
    assert len(imported.collection["features"]) == 3
    assert path.read_bytes() == before


def test_a_layer_without_features_is_passed_over(tmp_path):
    """It was refused in GDAL's name, and the sound layers beside it with it."""
    path = drawn(tmp_path, "gpkg")
    write_layer(path, "empty", {"name": "text"}, {"name": []}, [])
    assert len(import_sources([path], ImportOptions(name="made")).collection["features"]) == 3


@pytest.mark.parametrize("wide", [False, True])
def test_the_list_of_a_zip_archive_is_not_read_where_it_is_longer_than_a_drawing_has(tmp_path, wide):
    """Files of more than 65 535 entries state it in another place, and in the first one what they like."""
    path = drawn(tmp_path, "zip")
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    if wide:
        far = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 9, 9, LISTING_BYTES + 1, 0)
        content[end:end] = far + struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    else:
        struct.pack_into("<I", content, end + 12, LISTING_BYTES + 1)
    path.write_bytes(content)
    assert f"has {LISTING_BYTES + 1} bytes, more than {LISTING_BYTES}" in refusal_of(path)


@pytest.mark.parametrize("how", ["data", "schema", "attributes"])
def test_kml_of_more_fields_than_a_table_has(tmp_path, how):
    path, names = drawn(tmp_path, "kml"), [f"n{k}" for k in range(MAX_FIELDS + 1)]
    more = {
        "data": "".join(f'<ExtendedData><Data name="{name}"/></ExtendedData>' for name in names),
        "schema": "".join(f'<Schema><SimpleField name="{name}" type="string"/></Schema>' for name in names),
        "attributes": "<Folder " + " ".join(f'{name}="x"' for name in names) + "/>",
    }[how]
    path.write_text(path.read_text().replace("</Document>", f"{more}</Document>"))
    assert f"more than {MAX_FIELDS} fields" in refusal_of(path)
