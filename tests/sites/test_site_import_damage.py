"""Damaged sources are refused in words, whatever the library that reads them raises."""

from __future__ import annotations

import json
import random
import sqlite3
import zipfile
from contextlib import closing

import pytest
from support.import_files import drawn

from tumangang_watch.archive.layers import write_layer
from tumangang_watch.errors import InputRefused
from tumangang_watch.sites.importing import ImportOptions, import_sources


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
