"""What a sound site file becomes: metres in the right zone, nothing lost, nothing invented."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from math import cos, pi, radians, sin
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from tumangang_watch.errors import InputRefused
from tumangang_watch.sites import load_site
from tumangang_watch.sites.file import faults_of

GEOD = Geod(ellps="WGS84")
SQUARE = [[8.0, 47.0], [8.002, 47.0], [8.002, 47.001], [8.0, 47.001], [8.0, 47.0]]
LINE = [[8.0, 47.0005], [8.001, 47.0007], [8.002, 47.0005]]


def feature(role: str, id_: str, coordinates: Any, kind: str = "", **properties: Any) -> dict[str, Any]:
    kind = kind or ("LineString" if role == "track" else "Polygon")
    return {
        "type": "Feature",
        "properties": {"role": role, "id": id_, **properties},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def write(folder: Path, *features: Any, **members: Any) -> Path:
    file = folder / "my place.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", **members, "features": list(features)}))
    return file


def test_all_that_the_file_says_is_kept(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        feature(
            "yard", "y", [SQUARE], name="The yard", accuracy_m=5, source="own", occluded_from="2024-12-03"
        ),
        feature("track", "t", LINE, gauge_mm=1520, accuracy_m=2.5, provisional=True),
        feature("ignore", "_i", [SQUARE]),
        name="My place",
    )
    site = load_site(file)
    assert (site.id, site.name, site.crs) == ("my place", "My place", "EPSG:32632")
    assert site.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    yard, ignore = site.areas
    assert (yard.name, yard.accuracy_m, yard.source) == ("The yard", 5.0, "own")
    assert yard.occluded_from == date(2024, 12, 3)
    assert (ignore.role, ignore.name, ignore.accuracy_m, ignore.source) == ("ignore", "_i", None, None)
    (track,) = site.tracks
    assert (track.name, track.gauge_mm, track.accuracy_m, track.provisional) == ("t", 1520, 2.5, True)


def test_only_a_yard_or_only_a_track_is_a_site(tmp_path: Path) -> None:
    assert load_site(write(tmp_path, feature("yard", "y", [SQUARE]))).tracks == ()
    site = load_site(write(tmp_path, feature("track", "t", LINE)))
    assert site.areas == ()
    assert site.tracks[0].provisional is False
    assert site.name == site.id == "my place"


def test_a_byte_order_mark_heights_and_a_multipolygon_of_one_part_are_read(tmp_path: Path) -> None:
    plain = load_site(write(tmp_path, feature("yard", "y", [SQUARE]), feature("track", "t", LINE)))
    # One position with a height and the next without is legal GeoJSON; so are four ordinates.
    ring = [[*SQUARE[0], 12.0], *SQUARE[1:4], [*SQUARE[4], 12.0, 0.0]]
    file = write(
        tmp_path,
        feature("yard", "y", [[ring]], kind="MultiPolygon"),
        feature("track", "t", [LINE[0], LINE[0], LINE[1], [*LINE[2], 3.0], LINE[2]]),
    )
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    dressed = load_site(file)
    assert dressed.areas[0].polygon.equals_exact(plain.areas[0].polygon, 1e-9)
    assert not dressed.areas[0].polygon.has_z
    assert list(dressed.tracks[0].line.coords) == list(plain.tracks[0].line.coords)


def test_names_reach_no_terminal_with_control_characters(tmp_path: Path) -> None:
    site = load_site(
        write(tmp_path, feature("yard", "y", [SQUARE], name="a\n\x1b[31mb\u202e", source=[1]), name={})
    )
    assert site.areas[0].name == "a [31mb"
    assert site.areas[0].source is None
    assert site.name == "my place"


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (130.62, 42.41, "EPSG:32652"),
        (-58.4, -34.6, "EPSG:32721"),
        (0.001, 51.5, "EPSG:32631"),
        (179.5, -17.0, "EPSG:32760"),
        (-179.5, 66.0, "EPSG:32601"),
    ],
)
def test_metres_are_metres_anywhere_and_come_back_to_the_degrees(
    lon: float, lat: float, crs: str, tmp_path: Path
) -> None:
    line = [[lon, lat], [lon + 0.003, lat + 0.001], [lon + 0.005, lat + 0.004]]
    site = load_site(write(tmp_path, feature("track", "t", line)))
    assert site.crs == crs
    true_m = GEOD.line_length(*zip(*line, strict=True))
    # UTM's scale is 0.9996 at its meridian and at most 1.001 at its edge.
    assert site.tracks[0].line.length == pytest.approx(true_m, rel=1.1e-3)
    back = Transformer.from_crs(site.crs, "EPSG:4326", always_xy=True).transform
    for (x, y), (east, north) in zip(site.tracks[0].line.coords, line, strict=True):
        assert back(x, y) == pytest.approx((east, north), abs=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    radii_m=st.lists(st.floats(15, 800), min_size=3, max_size=12),
    lat=st.floats(-60, 70),
    off_meridian=st.floats(-1.9, 1.9),
    clockwise=st.booleans(),
)
def test_an_accepted_polygon_keeps_its_area(
    tmp_path: Path, radii_m: list[float], lat: float, off_meridian: float, clockwise: bool
) -> None:
    # A star about its centre is simple. Within 2 degrees of the meridian UTM keeps areas to 0.1 %.
    centre = Transformer.from_crs(
        "EPSG:4326", f"+proj=laea +lat_0={lat} +lon_0={9 + off_meridian}", always_xy=True
    )
    turns = [2 * pi * k / len(radii_m) for k in range(len(radii_m))]
    ring = [
        list(centre.transform(r * sin(t), r * cos(t), direction="INVERSE"))
        for r, t in zip(radii_m, turns, strict=True)
    ]
    ring = [*ring, ring[0]][:: -1 if clockwise else 1]
    true_m2 = abs(GEOD.polygon_area_perimeter(*zip(*ring, strict=True))[0])
    polygon = load_site(write(tmp_path, feature("yard", "y", [ring]))).areas[0].polygon
    assert polygon.is_valid
    assert polygon.area == pytest.approx(true_m2, rel=1e-3)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


PLACES = [
    "role",
    "id",
    "occluded_from",
    "geometry",
    "properties",
    "coordinates",
    "type",
    "ring",
    "position",
    "feature",
    "crs",
    "name",
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON_VALUES, at=st.sampled_from(PLACES))
def test_no_json_value_anywhere_makes_it_crash(tmp_path: Path, value: Any, at: str) -> None:
    one: Any = feature("yard", "y", [[list(p) for p in SQUARE]])
    members = {}
    if at in ("role", "id", "occluded_from"):
        one["properties"][at] = value
    elif at in ("geometry", "properties"):
        one[at] = value
    elif at in ("coordinates", "type"):
        one["geometry"][at] = value
    elif at == "ring":
        one["geometry"]["coordinates"][0] = value
    elif at == "position":
        one["geometry"]["coordinates"][0][1] = value
    elif at == "feature":
        one = value
    else:
        members[at] = value
    file = write(tmp_path, one, **members)
    faults = list(map(str, faults_of(file)))
    if not faults:
        load_site(file)
        return
    with pytest.raises(InputRefused) as refusal:
        load_site(file)
    assert "\n" not in str(refusal.value)
    assert faults[0] in (refusal.value.why, str(refusal.value))


def test_degrees_shrink_with_latitude(tmp_path: Path) -> None:
    """A track of 12 m that runs east at 60 degrees north spans twice the degrees it would at the equator."""
    step = 12.0 / (111_320.0 * cos(radians(60)))
    assert load_site(write(tmp_path, feature("track", "t", [[8, 60], [8 + step, 60]]))).tracks[
        0
    ].line.length == pytest.approx(12.0, rel=0.01)


def test_the_example_of_the_documentation_is_sound(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "sites.md").read_text(encoding="utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    file = tmp_path / "example.geojson"
    file.write_text(example, encoding="utf-8")
    site = load_site(file)
    assert site.areas[0].polygon.covers(site.tracks[0].line)
