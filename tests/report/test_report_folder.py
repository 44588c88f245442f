"""A report's folder is whole or absent, the same every time, and safe to open."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pyogrio
import pytest
import shapely
from PIL import Image
from support.report_scene import painted_comparison, single_scene, site

from tumangang_watch.errors import Busy, OutputFailed
from tumangang_watch.files import locked
from tumangang_watch.report import folder as folder_module
from tumangang_watch.report.folder import write_report

HOSTILE = "<script>alert(1)</script>\"'&\u202e\n]]>\x00{{ 7*7 }}"


@pytest.fixture(scope="module")
def comparison():
    return painted_comparison()


@pytest.fixture(scope="module")
def report(comparison, tmp_path_factory):
    return write_report(comparison, tmp_path_factory.mktemp("made") / "out", tool_version="1.2")


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_manifest_vouches_for_every_file(report):
    files = contents(report)
    manifest = json.loads(files.pop("manifest.json"))
    assert set(manifest["files"]) == set(files)
    for name, data in files.items():
        assert manifest["files"][name] == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_the_folder_holds_what_the_contract_names(report, comparison):
    names = set(contents(report))
    assert names >= {
        "report.json",
        "report.html",
        "findings.geojson",
        "findings.gpkg",
        "findings.kmz",
        "manifest.json",
    }
    assert sum(name.startswith("chips/") for name in names) == len(comparison.findings)


def test_a_second_run_is_identical_to_the_byte(report, tmp_path):
    again = write_report(painted_comparison(), tmp_path / "again", tool_version="1.2")
    assert contents(report) == contents(again)


def test_geojson_is_rfc_7946(report):
    data = json.loads((report / "findings.geojson").read_text(encoding="utf-8"))
    assert data["type"] == "FeatureCollection"
    assert "crs" not in data
    for feature in data["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.exterior.is_ccw
        assert all(not isinstance(v, (dict, list)) for v in feature["properties"].values())


def test_geopackage_layers_can_be_read_with_their_times(report, comparison):
    path = report / "findings.gpkg"
    counts = {"findings": 5, "detections": 7, "areas": 4}
    assert {name for name, _ in pyogrio.list_layers(path)} == {*counts, "layer_styles"}
    for layer, count in counts.items():
        info = pyogrio.read_info(path, layer=layer)
        assert info["features"] == count
        types = dict(zip(info["fields"], info["ogr_types"], strict=True))
        assert types["begin"] == types["end"] == "OFTDateTime"


def test_kmz_spans_both_dates(report):
    with zipfile.ZipFile(report / "findings.kmz") as archive:
        root = ElementTree.fromstring(archive.read("doc.kml"))
    k = "{http://www.opengis.net/kml/2.2}"
    spans = {(s.find(f"{k}begin").text, s.find(f"{k}end").text) for s in root.iter(f"{k}TimeSpan")}
    assert spans == {("2022-11-30T02:15:00Z", "2022-12-01T02:20:00Z")}
    assert pyogrio.read_info(report / "findings.kmz", layer="Findings")["features"] == 5


def test_chips_are_pairs_of_one_size(report):
    for path in (report / "chips").iterdir():
        with Image.open(path) as picture:
            assert picture.size == (968, 506)


def test_the_page_loads_nothing(report):
    text = (report / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=\s*[\"']?\s*(https?:)?//", text)
    assert "url(" not in text
    assert "default-src 'none'" in html.unescape(text)
    assert len(text) < 15_000_000


def hostile(comparison):
    ids = {d.id: f"{HOSTILE}{d.id}" for d in comparison.detections}
    return replace(
        comparison,
        site=replace(site(name=HOSTILE, site_id=HOSTILE), tracks=comparison.site.tracks),
        detections=tuple(
            replace(d, id=ids[d.id], caveats=(HOSTILE,), label=HOSTILE) for d in comparison.detections
        ),
        findings=tuple(
            replace(
                f,
                id=f"{HOSTILE}/../../{f.id}",
                statement=HOSTILE,
                caveats=(HOSTILE,),
                earlier=ids.get(f.earlier),
                later=ids.get(f.later),
            )
            for f in comparison.findings
        ),
        later=replace(comparison.later, scene=replace(comparison.later.scene, id=HOSTILE, provider=HOSTILE)),
        caveats=(HOSTILE, "\udcff"),
    )


def test_hostile_text_stays_text(comparison, tmp_path):
    made = write_report(hostile(comparison), tmp_path / "out", tool_version="1")
    text = (made / "report.html").read_text(encoding="utf-8")
    assert text.count("<script>") == 1
    assert "\u202e" not in text
    assert "{{ 7*7 }}" in text
    with zipfile.ZipFile(made / "findings.kmz") as archive:
        kml = archive.read("doc.kml").decode()
    assert "<script>" not in kml
    assert "&lt;script&gt;" not in kml.split("<description>", 2)[2].split("</description>")[0]
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


@pytest.mark.parametrize("failing", ["write_json", "write_gpkg", "write_chips", "write_page"])
def test_a_failure_in_the_middle_leaves_nothing_and_loses_nothing(comparison, tmp_path, monkeypatch, failing):
    out = tmp_path / "out"
    write_report(comparison, out, tool_version="1")
    before = contents(out)

    def fail(*_):
        raise OSError(28, "No space left on device")

    real = folder_module.writers()
    writers = tuple(fail if w.__name__ == failing else w for w in real)
    assert fail in writers
    monkeypatch.setattr(folder_module, "writers", lambda: writers)
    with pytest.raises(OutputFailed, match="No space left") as caught:
        write_report(comparison, out, tool_version="2", overwrite=True)
    assert str(out) in str(caught.value)
    assert contents(out) == before
    with pytest.raises(OutputFailed):
        write_report(comparison, tmp_path / "new", tool_version="2")
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_a_damaged_file_is_noticed_before_it_is_shown(comparison, tmp_path, monkeypatch):
    def torn(_, __, folder):
        (folder / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    monkeypatch.setattr(folder_module, "writers", lambda: (folder_module.write_json, torn))
    with pytest.raises(OutputFailed, match=r"torn\.png"):
        write_report(comparison, tmp_path / "out", tool_version="1")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten_unasked(comparison, report, tmp_path):
    with pytest.raises(OutputFailed, match="a report is there already"):
        write_report(comparison, report, tool_version="1")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputFailed, match="not a report"):
        write_report(comparison, tmp_path, tool_version="1", overwrite=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_overwrite_replaces_and_an_empty_folder_is_filled(comparison, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write_report(comparison, out, tool_version="1")
    write_report(comparison, out, tool_version="2", overwrite=True)
    assert json.loads((out / "report.json").read_text())["tool"]["version"] == "2"
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_leftovers_of_killed_runs_are_cleared(comparison, tmp_path):
    (tmp_path / ".out.partial-123" / "out").mkdir(parents=True)
    (tmp_path / ".out.partial-123" / "out" / "report.json").write_text("{")
    write_report(comparison, tmp_path / "out", tool_version="1")
    (tmp_path / ".out.partial-9").mkdir()
    (tmp_path / "out").rename(tmp_path / ".out.partial-9" / "out.earlier")
    with pytest.raises(OutputFailed, match="a report is there already"):
        write_report(comparison, tmp_path / "out", tool_version="1")
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_two_runs_do_not_write_the_same_output(comparison, tmp_path):
    other = tmp_path / ".out.partial-123"
    other.mkdir()
    with locked(other, "", "", ""), pytest.raises(Busy):
        write_report(comparison, tmp_path / "out", tool_version="1")
    assert other.is_dir()


def test_a_parent_that_cannot_hold_it_is_named(comparison, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed, match="file/out"):
        write_report(comparison, tmp_path / "file" / "out", tool_version="1")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_parent_is_named(comparison, tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputFailed, match="Permission denied"):
            write_report(comparison, tmp_path / "out", tool_version="1")
    finally:
        tmp_path.chmod(0o755)


def test_a_refused_folder_is_told_in_one_line(comparison, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(OutputFailed, match="Permission denied") as caught:
        write_report(comparison, tmp_path / "out", tool_version="1")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 5


def test_one_scene_gives_a_whole_report(tmp_path):
    made = write_report(single_scene(), tmp_path / "out", tool_version="1")
    names = set(contents(made))
    assert "report.html" in names
    assert sum(name.startswith("chips/") for name in names) == 4
    assert "data-slider" not in (made / "report.html").read_text()
