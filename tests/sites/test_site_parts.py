"""Each part of reading, checking, importing and writing a site does the one thing it is for."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
import shapely

from tumangang_watch.errors import InputRefused, OutputFailed
from tumangang_watch.settings.scenes import SiteSettings
from tumangang_watch.sites.collection import collection_faults, day_of
from tumangang_watch.sites.doubts import site_doubts
from tumangang_watch.sites.faults import extent_faults, geometry_faults
from tumangang_watch.sites.file import load_site, write_site
from tumangang_watch.sites.importing.assemble import SitePiece, collection_of
from tumangang_watch.sites.importing.checks import check_staged
from tumangang_watch.sites.importing.join import Way, join_ways
from tumangang_watch.sites.importing.layers import SourceFeature, SourceReader
from tumangang_watch.sites.importing.pieces import pieces_of
from tumangang_watch.sites.importing.roles import ImportOptions, role_of
from tumangang_watch.sites.importing.stage import Staged, stage

LINE = [[130.0, 42.0], [130.003, 42.0]]
SOURCE = Path("drawn.geojson")


def piece(role="track", **properties):
    shape = shapely.LineString(LINE)
    return SitePiece(role=role, geometry=shape, properties=properties, places=("it",), source=SOURCE)


def feature(geometry, **properties):
    return SourceFeature(source=SOURCE, layer="any", number=0, properties=properties, geometry=geometry)


def test_a_collection_of_pieces_has_no_fault_and_reads_back_in_metres(tmp_path):
    collection = collection_of([piece(name="Main line"), piece(name="Main line")], ImportOptions())
    assert collection_faults(collection) == []
    assert [f["properties"]["id"] for f in collection["features"]] == ["Main-line", "Main-line-2"]
    site = write_site(collection, tmp_path / "my.geojson")
    assert site == load_site(tmp_path / "my.geojson")
    assert site.tracks[0].line.length == pytest.approx(248.6, abs=1)
    assert "tracks_close" in {doubt.kind for doubt in site_doubts(site)}
    with pytest.raises(OutputFailed, match="exists already"):
        write_site(collection, tmp_path / "my.geojson")


def test_a_date_is_a_day_and_nothing_else():
    assert str(day_of("2024-12-03T10:00:00")) == "2024-12-03"
    assert day_of("2024-13-03") is day_of(20241203) is None


def test_features_far_apart_are_not_one_site():
    boxes = {"a": (130.0, 42.0, 130.1, 42.1), "b": (131.0, 42.0, 131.1, 42.1)}
    assert extent_faults({"a": boxes["a"]}) == []
    (fault,) = extent_faults(boxes)
    assert fault.what.startswith("a and b lie 91 km apart")


def test_a_line_is_no_area():
    (fault,) = geometry_faults({"type": "LineString", "coordinates": LINE}, is_track=False)
    assert fault.kind == "geometry_kind"
    assert geometry_faults({"type": "LineString", "coordinates": LINE}, is_track=True) == []


def test_ways_that_go_on_are_one_and_a_corner_is_two():
    straight = [shapely.LineString(p) for p in ([(8.0, 47.0), (8.001, 47.0)], [(8.001, 47.0), (8.002, 47.0)])]
    corner = shapely.LineString([(8.002, 47.0), (8.002, 47.001)])
    ways = [Way(line, None, (k,)) for k, line in enumerate([*straight, corner])]
    assert [way.members for way in join_ways(ways, 0.3, 15.0)] == [(0, 1), (2,)]


def test_a_bare_polygon_is_a_yard_when_it_holds_a_track():
    yard, empty = shapely.box(129.99, 41.99, 130.01, 42.01), shapely.box(131.0, 41.99, 131.01, 42.01)
    left_out: Counter[str] = Counter()
    found = [feature(shapely.LineString(LINE)), feature(yard), feature(empty)]
    pieces = pieces_of(found, ImportOptions(), SiteSettings(), left_out, [])
    assert [p.role for p in pieces] == ["track", "yard"]
    assert sum(left_out.values()) == 1


def test_a_role_of_its_own_goes_before_tags():
    track = feature(shapely.LineString(LINE))
    assert role_of(track, {"role": "Tracks", "railway": "abandoned"}, {}, True).role == "track"
    assert role_of(track, {"railway": "abandoned"}, {}, True).role is None


def test_a_staged_file_reads_as_its_features(tmp_path):
    source = tmp_path / "two.geojson"
    geometry = {"type": "LineString", "coordinates": [[*position, 7.0] for position in LINE]}
    source.write_text(json.dumps({"type": "Feature", "properties": {"Name": "T"}, "geometry": geometry}))
    limits = SiteSettings()
    (staged,) = stage(source, tmp_path, limits)
    (read,) = SourceReader(limits=limits).read(staged)
    assert read.properties == {"name": "T"}
    assert shapely.get_coordinates(read.geometry).tolist() == LINE


def test_a_database_without_the_tables_of_a_geopackage_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "x.gpkg") as database:
        database.execute("CREATE TABLE t (x)")
    database.close()
    with pytest.raises(InputRefused, match="gpkg_contents is missing"):
        check_staged(Staged("gpkg", tmp_path / "x.gpkg", "x", SOURCE), SiteSettings())
