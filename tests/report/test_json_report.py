"""report.json holds what the contract names, in numbers that JSON can hold."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
import shapely
from support.report_scene import painted_comparison, single_scene
from support.schema import schema

from tumangang_watch.report.folder import json_text
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.report.summary import summary_rows, summary_text


@pytest.fixture(scope="module")
def comparison():
    return painted_comparison()


@pytest.mark.parametrize("make", [painted_comparison, single_scene])
def test_report_obeys_its_schema(make):
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(json_text(report_dict(make(), "1.2"))), schema())


def test_schema_refuses_a_report_without_a_field(comparison):
    report = report_dict(comparison, "1.2")
    del report["findings"][0]["amount"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema())


def test_the_same_comparison_gives_the_same_text(comparison):
    assert json_text(report_dict(comparison, "1")) == json_text(report_dict(painted_comparison(), "1"))


def test_residuals_are_in_pixels_of_the_working_grid(comparison):
    report = report_dict(comparison, "1")
    assert report["registration"]["residual_median_px"] == pytest.approx(0.06 / 0.5)
    assert report["registration"]["shift_m"] == [3.25, -1.5]


def test_one_scene_is_the_later_one_and_finds_no_change():
    report = report_dict(single_scene(), "1")
    assert list(report["scenes"]) == ["later"]
    assert report["findings"] == []
    assert all(a["observed_fraction"]["earlier"] is None for a in report["areas"])


def test_geometry_is_lonlat_wound_by_the_right_hand_rule(comparison):
    for found in report_dict(comparison, "1")["detections"]:
        assert set(found["geometry"]) == {"type", "coordinates"}
        shape = shapely.geometry.shape(found["geometry"])
        west, south, east, north = shape.bounds
        assert 128.9 < west <= east < 129.1
        assert 42.4 < south <= north < 42.5
        assert shape.exterior.is_ccw


def test_a_polygon_over_the_antimeridian_is_cut():
    from tumangang_watch.report.geography import geojson

    cut = geojson(shapely.box(690_000, 6_000_000, 705_000, 6_010_000), "EPSG:32660")
    assert cut["type"] == "MultiPolygon"
    lons = [x for polygon in cut["coordinates"] for ring in polygon for x, _ in ring]
    assert max(lons) == 180.0
    assert min(lons) == -180.0
    assert all(abs(x) > 179 for x in lons)


def test_what_is_not_finite_becomes_null(comparison):
    assert report_dict(comparison, "1")["detectability"][1]["odd"] is None


def test_sure_changes_come_first_and_what_stayed_last(comparison):
    changes = [(f["change"], f["grade"]) for f in report_dict(comparison, "1")["findings"]]
    assert changes[-1][0] == "unchanged"
    assert changes.index(("appeared", "possible")) == len(changes) - 2


def test_summary_says_what_was_seen_and_what_changed(comparison):
    text = summary_text(comparison)
    assert "2022-11-30 02:15 UTC" in text
    assert "residual 0.06 m" in text
    assert "bridge bridge: NOT OBSERVABLE" in text
    assert "3 changes detected, 1 possible:" in text
    assert "Unchanged: 1 train." in text
    assert max(map(len, text.splitlines())) < 160


def test_a_change_that_is_hardly_likely_is_not_counted_and_stands_last(comparison):
    possible = next(f for f in comparison.findings if f.grade == "possible" and f.change != "unchanged")
    remote = replace(possible, id=f"{possible.id}-2", confidence=0.01)
    done = replace(comparison, findings=(remote, *comparison.findings))
    assert "3 changes detected, 1 possible, 1 hardly likely:" in summary_text(done)
    assert [row.certainty for row in summary_rows(done)][-1].endswith(", 1 %")


def test_summary_keeps_hostile_text_on_its_line(comparison):
    bad = replace(comparison.findings[2], statement="A\x1b[2J\nFAKE LINE\u202e")
    text = summary_text(replace(comparison, findings=(bad,)))
    assert "\nFAKE" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_summary_of_one_scene_counts_trains():
    assert "2 trains:" in summary_text(single_scene())


def test_fill_is_told_for_each_date_and_apron(comparison):
    later = report_dict(comparison, "1")["fill"][1]
    assert (later["date"], later["area"]) == ("later", "apron")
    assert later["share"] == {"estimate": 0.15, "low": 0.12, "high": 0.18}
    assert later["rows"] == [{"track": "T3", "from_m": 60, "to_m": 72}]
    assert [f["date"] for f in report_dict(single_scene(), "1")["fill"]] == ["later"]
