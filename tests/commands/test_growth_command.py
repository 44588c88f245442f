"""The commands that draw reference points and make an area of them, run as installed on a real report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shapely import Point, box
from shapely.geometry import shape
from support.command import run

LON, LAT = 130.6, 42.4


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A site with a handling polygon, and a report that maps a quarter of it as new."""
    from tumangang_watch.sites import load_site

    folder = tmp_path_factory.mktemp("growth")
    ring = [[LON, LAT], [LON + 0.002, LAT], [LON + 0.002, LAT + 0.001], [LON, LAT + 0.001], [LON, LAT]]
    feature = {
        "type": "Feature",
        "properties": {"role": "handling", "id": "h"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    yard = {**feature, "properties": {"role": "yard", "id": "y"}}
    site = folder / "pad.geojson"
    site.write_text(json.dumps({"type": "FeatureCollection", "features": [yard, feature]}))
    grown = box(LON, LAT, LON + 0.0005, LAT + 0.001)
    report = {
        "site": {"id": "pad", "sha256": load_site(site).sha256},
        "scenes": {"later": {"sha256": "ab" * 32}},
        "detections": [],
        "findings": [{"kind": "handling_area", "change": "grown", "geometry": grown.__geo_interface__}],
    }
    (folder / "report.json").write_text(json.dumps(report))
    return folder, site


def test_points_are_drawn_labelled_and_give_the_area(files: tuple[Path, Path], tmp_path: Path) -> None:
    folder, site = files
    out = tmp_path / "points.geojson"
    done = run("growth", "points", folder, "--out", out, "--site", site, "--new", 60, "--other", 90)
    assert done.returncode == 0, done.stderr
    points = json.loads(out.read_text())
    assert len(points["features"]) == 150
    # The map missed a strip and claimed one too many: what is new reaches from 10 % to 30 % of the width.
    truth = box(LON + 0.0002, LAT, LON + 0.0006, LAT + 0.001)
    for feature in points["features"]:
        inside = truth.contains(Point(shape(feature["geometry"])))
        feature["properties"]["label"] = "new" if inside else "not new"
    out.write_text(json.dumps(points))
    said = run("growth", "area", folder, out, "--site", site, "--json")
    assert said.returncode == 0, said.stderr
    result = json.loads(said.stdout)
    whole = result["mapped_m2"] * 4
    assert result["area_m2"]["low"] <= 0.2 * whole <= result["area_m2"]["high"]
    assert result["users_accuracy"] == pytest.approx(0.6, abs=0.2)


def test_bad_labels_and_other_sites_are_refused_in_one_line(files: tuple[Path, Path], tmp_path: Path) -> None:
    folder, site = files
    out = tmp_path / "points.geojson"
    assert run("growth", "points", folder, "--out", out, "--site", site).returncode == 0
    again = run("growth", "points", folder, "--out", out, "--site", site)
    assert again.returncode == 5
    unlabelled = run("growth", "area", folder, out, "--site", site)
    assert unlabelled.returncode == 3
    assert unlabelled.stderr.count("\n") == 1
    out.write_text(out.read_text().replace('"label": ""', '"label": "perhaps"'))
    assert "unknown label" in run("growth", "area", folder, out, "--site", site).stderr
    assert run("growth", "points", folder, "--out", tmp_path / "x").returncode == 3
