"""``site import``: what was drawn in any format comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from support.import_files import (
    EAST,
    NORTH,
    OSM,
    TRACKS,
    UTM,
    YARD,
    drawn,
    extract,
    metres,
    refused,
    taken,
    vector,
    way,
)

from tumangang_watch.sites import load_site


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "kml", "kmz", "zip"])
def test_what_was_drawn_comes_back_from_every_format(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / "my.geojson"
    collection = taken(drawn(tmp_path, suffix), "--out", out)
    assert [f["properties"]["role"] for f in collection["features"]] == ["yard", "track", "track"]
    assert [f["properties"]["id"] for f in collection["features"]] == ["Guterhof", "T1", "T2"]
    assert collection["features"][0]["properties"]["name"] == "Güterhof"
    site = load_site(out)
    assert site.crs == UTM
    for track, points in zip(site.tracks, TRACKS, strict=True):
        assert shapely.hausdorff_distance(track.line, shapely.LineString(metres(points))) < 0.03
    assert site.areas[0].polygon.area == pytest.approx(30_000, rel=1e-3)


def test_two_shapefiles_make_one_site_and_long_names_survive_their_ten_characters(tmp_path: Path) -> None:
    tracks = vector(
        tmp_path / "tracks.shp",
        [shapely.LineString(metres(TRACKS[0]))],
        kind="LineString",
        provisiona=["true"],
        occluded_f=["2024-12-03"],
    )
    yard = vector(tmp_path / "p.shp", [shapely.Polygon(metres(YARD))], kind="Polygon", note=["x"])
    collection = taken(tracks, yard, "--role", "p=yard", "--out", tmp_path / "my.geojson")
    yard_, track = (f["properties"] for f in collection["features"])
    assert (yard_["role"], track["role"]) == ("yard", "track")
    assert (track["provisional"], track["occluded_from"]) == (True, "2024-12-03")


@pytest.mark.parametrize("lines", [False, True])
def test_an_extract_of_openstreetmap_makes_whole_tracks(lines: bool, tmp_path: Path) -> None:
    out = tmp_path / "my.geojson"
    collection = taken(extract(tmp_path, *OSM, lines=lines), "--out", out)
    by_id = {f["properties"]["id"]: f["properties"] for f in collection["features"]}
    assert {k: v["role"] for k, v in by_id.items()} == {
        "1": "yard",
        "apron-1": "apron",
        "stable-1": "stable",
        "track-1": "track",
        "track-2": "track",
    }
    assert by_id["1"]["name"] == "Двор 1"
    one, two = load_site(out).tracks
    assert one.line.length == pytest.approx(300, abs=0.5)
    assert one.line.coords[0] == pytest.approx((EAST, NORTH + 50), abs=0.05)
    assert (one.gauge_mm, two.gauge_mm) == (None, 1435)
    assert one.source == "OpenStreetMap way/1, way/2, way/3"
    assert "ODbL" in collection["attribution"]
    for words in ("railway=abandoned", "in a tunnel", "points", "shorter than 10 m", "on a bridge", "joined"):
        assert words in collection["stderr"]


def test_without_numbers_the_stem_of_a_switch_goes_with_the_straighter_branch(tmp_path: Path) -> None:
    out = tmp_path / "my.geojson"
    ways = (
        way(1, (0, 50), (100, 50), railway="rail"),
        way(2, (100, 50), (200, 50.5), (300, 51), railway="rail"),
        way(3, (100, 50), (150, 57), (300, 60), railway="rail"),
    )
    taken(extract(tmp_path, *ways), "--out", out)
    lengths = sorted(round(track.line.length) for track in load_site(out).tracks)
    assert lengths == [201, 300]


def test_ways_of_different_numbers_are_never_joined_even_through_one_without(tmp_path: Path) -> None:
    out = tmp_path / "my.geojson"
    ways = (
        way(1, (0, 50), (100, 50), railway="rail", railway__track_ref="1"),
        way(2, (100, 50), (200, 50), railway="rail"),
        way(3, (200, 50), (300, 50), railway="rail", railway__track_ref="2"),
    )
    taken(extract(tmp_path, *ways), "--out", out)
    assert sorted(round(t.line.length) for t in load_site(out).tracks) == [100, 200]


def test_tags_packed_in_one_text_are_read(tmp_path: Path) -> None:
    file = vector(
        tmp_path / "osm.gpkg",
        [shapely.LineString(metres(TRACKS[0]))],
        kind="LineString",
        other_tags=['"railway"=>"rail","gauge"=>"1520","railway:track_ref"=>"7"'],
    )
    (feature,) = taken(file, "--out", tmp_path / "my.geojson")["features"]
    assert (feature["properties"]["id"], feature["properties"]["gauge_mm"]) == ("track-7", 1520)


def test_parts_are_split_chained_and_named_apart(tmp_path: Path) -> None:
    lines = shapely.MultiLineString([metres([(0, 50), (100, 50)]), metres([(100, 50), (200, 50)])])
    grounds = shapely.MultiPolygon(
        [
            shapely.box(EAST, NORTH, EAST + 50, NORTH + 20),
            shapely.box(EAST + 60, NORTH, EAST + 90, NORTH + 20),
        ]
    )
    file = vector(tmp_path / "multi.gpkg", [lines, grounds], role=["track", "apron"], name=["a", "A"])
    features = taken(file, "--out", tmp_path / "my.geojson")["features"]
    assert [f["properties"]["id"] for f in features] == ["A", "A-2", "a-3"]
    assert load_site(tmp_path / "my.geojson").tracks[0].line.length == pytest.approx(200, abs=0.5)


def test_layers_and_ids_can_be_chosen(tmp_path: Path) -> None:
    file = drawn(tmp_path, "gpkg")
    vector(file, [shapely.Point(metres([(1, 1)])[0])], kind="Point", layer="poles", code=["x"])
    out = tmp_path / "my.geojson"
    features = taken(file, "--layer", "lines", "--id-field", "ROLE", "--out", out)["features"]
    assert [f["properties"]["id"] for f in features] == ["track", "Tracks"]
    refused(
        file, "--layer", "nowhere", "--out", tmp_path / "b.geojson", words="Its layers: lines, ground, poles"
    )
    refused(file, "--id-field", "nothing", "--out", tmp_path / "b.geojson", words="'nothing'")


def test_a_polygon_without_a_role_is_a_yard_only_where_it_holds_a_track(tmp_path: Path) -> None:
    shapes = [
        shapely.LineString(metres(TRACKS[0])),
        shapely.Polygon(metres(YARD)),
        shapely.box(EAST, NORTH + 200, EAST + 50, NORTH + 250),
    ]
    collection = taken(vector(tmp_path / "x.gpkg", shapes, n=["", "", ""]), "--out", tmp_path / "my.geojson")
    assert [f["properties"]["role"] for f in collection["features"]] == ["yard", "track"]
    assert "1 (polygons without a role that hold no track)" in collection["stderr"]


def test_a_file_without_reference_system_is_refused_or_told_one(tmp_path: Path) -> None:
    file = vector(
        tmp_path / "t.shp", [shapely.LineString(metres(TRACKS[0]))], kind="LineString", role=["track"]
    )
    (tmp_path / "t.prj").unlink()
    out = tmp_path / "my.geojson"
    refused(file, "--out", out, words="--crs")
    refused(file, "--crs", "EPSG:1", "--out", out, words="reference system")
    taken(file, "--crs", UTM, "--out", out)
    assert load_site(out).tracks[0].line.coords[0] == pytest.approx((EAST + 10, NORTH + 50), abs=0.05)


def test_nothing_is_overwritten_unasked_and_never_a_source(tmp_path: Path) -> None:
    file, out = drawn(tmp_path, "geojson"), tmp_path / "my.geojson"
    taken(file, "--out", out)
    before = out.read_bytes()
    refused(file, "--out", out, words="exists already", status=5)
    refused(file, "--out", file, "--overwrite", words="also a source", status=5)
    refused(file, "--out", tmp_path / "none" / "x.geojson", words="does not exist", status=5)
    refused(file, "--out", tmp_path / "x.shp", words="ends in .geojson", status=5)
    assert out.read_bytes() == before
    taken(file, "--out", out, "--overwrite")
    assert out.read_bytes() == before
    refused(file, "--role", "yards", "--out", tmp_path / "y.geojson", words="unknown role", status=2)


def test_a_source_is_left_as_it_was(tmp_path: Path) -> None:
    file = drawn(tmp_path, "gpkg")
    before, names = file.read_bytes(), sorted(p.name for p in tmp_path.iterdir())
    taken(file, "--out", tmp_path / "my.geojson")
    assert file.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*names, "my.geojson"])
