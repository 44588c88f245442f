"""The KMZ opens in Google Earth over the yard, with chips, a legend, names, and each thing at its date."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from PIL import Image
from support.report_scene import painted_comparison, single_scene

from tumangang_watch.report.folder import write_report
from tumangang_watch.report.gis.kmz import KML
from tumangang_watch.report.gis.legend import ROWS, legend_picture
from tumangang_watch.report.palette import CHANGE_COLOURS, DATE_COLOURS

K = f"{{{KML}}}"
TIMES = {"Earlier": "2022-11-30T02:15:00Z", "Later": "2022-12-01T02:20:00Z"}


def opened(comparison, out):
    file = write_report(comparison, out, tool_version="1") / "findings.kmz"
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    return ElementTree.fromstring(held["doc.kml"]), held


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return opened(painted_comparison(), tmp_path_factory.mktemp("kmz") / "out")


def folders(root):
    return {folder.find(f"{K}name").text: folder for folder in root.iter(f"{K}Folder")}


def test_every_picture_it_names_is_inside_and_opens(made):
    root, held = made
    text = held["doc.kml"].decode()
    named = set(re.findall(r'src=&quot;([^&]+)&quot;|src="([^"]+)"', text))
    pictures = {a or b for a, b in named} | {e.text for e in root.iter(f"{K}href")}
    assert pictures == set(held) - {"doc.kml"}
    assert len(pictures) > 3
    for name in pictures:
        with Image.open(io.BytesIO(held[name])) as picture:
            picture.load()


def test_every_balloon_of_a_finding_holds_its_chip_and_statement(made):
    root, _ = made
    marks = folders(root)["Findings"].findall(f"{K}Placemark")
    assert len(marks) == 5
    for mark in marks:
        text = mark.find(f"{K}description").text
        assert text.startswith('<img src="chips/')
        assert "confidence" in text


def test_detections_stand_at_their_own_date(made):
    root, _ = made
    dated = {name: f for name, f in folders(root).items() if name != "Findings"}
    assert len(dated) == 2
    for name, folder in dated.items():
        when = {e.text for e in folder.iter(f"{K}when")}
        assert when == {TIMES[name.split(":")[0]]}
        assert "Korean time" in name


def test_names_are_words_and_not_ids(made):
    root, _ = made
    names = {m.find(f"{K}name").text for m in root.iter(f"{K}Placemark")}
    assert "Train disappeared, track 1" in names
    assert not [name for name in names if re.match(r"F\d|.*-train-", name)]


def test_it_opens_over_what_is_shown(made):
    root, _ = made
    view = root.find(f"{K}Document/{K}LookAt")
    assert 128.9 < float(view.find(f"{K}longitude").text) < 129.1
    assert 42.4 < float(view.find(f"{K}latitude").text) < 42.5
    assert 300 < float(view.find(f"{K}range").text) < 2000


def test_every_style_that_is_used_is_there(made):
    root, _ = made
    used = {e.text.removeprefix("#") for e in root.iter(f"{K}styleUrl")}
    assert used <= {e.get("id") for e in root.iter(f"{K}Style")}


def test_one_scene_shows_what_stands_there(tmp_path):
    root, held = opened(single_scene(), tmp_path / "out")
    assert list(folders(root)) == ["Later: 2022-12-01 02:20 UTC (11:20 Korean time)"]
    assert sum(name.startswith("chips/") for name in held) == 4


def test_painted_scenes_are_marked(tmp_path):
    made = painted_comparison()
    later = replace(made.later, scene=replace(made.later.scene, provider="painted"))
    root, _ = opened(replace(made, later=later), tmp_path / "out")
    document = root.find(f"{K}Document")
    assert document.find(f"{K}name").text.startswith("PAINTED: ")
    assert document.find(f"{K}description").text.startswith("PAINTED, NOT EVIDENCE")
    names = [m.find(f"{K}name").text for m in folders(root)["Findings"].iter(f"{K}Placemark")]
    assert all(name.startswith("PAINTED: ") for name in names)


def test_the_legend_names_every_colour():
    assert {colour for _, colour in ROWS} == {*CHANGE_COLOURS.values(), *DATE_COLOURS.values()}
    shown = set(legend_picture().get_flattened_data()) if hasattr(Image.Image, "get_flattened_data") else None
    colours = shown or set(legend_picture().getdata())
    for _, colour in ROWS:
        assert tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5)) in colours
