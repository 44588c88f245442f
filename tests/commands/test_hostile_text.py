"""Text of inputs that would steer a terminal or turn words about reaches no reader as such."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import rasterio
from support import quick_watch as quick
from support import review_runs

HOSTILE = "a\x1b[31m\u202eb\x9bc\x07"
OBEYED = set("\x1b\u202e\x9b\x07\u2066\x00")
"""Escape and other control characters, and what turns the direction of text."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A record whose site, scenes, their files and their metadata are named by someone hostile."""
    root = tmp_path_factory.mktemp("record")
    site = json.loads(quick.write_site(root / "site.geojson").read_text())
    site["name"] = HOSTILE
    for feature in site["features"]:
        feature["properties"] |= {"name": HOSTILE, "source": HOSTILE}
    (root / "site.geojson").write_text(json.dumps(site))
    for day in (0, 3):
        path = quick.write_scene(root / "in", day, f"{HOSTILE}{day}")
        facts = path.with_name(f"{path.stem}_metadata.json")
        known = json.loads(facts.read_text())
        known |= {"id": f"{HOSTILE}{day}"}
        known["properties"] |= {"item_type": HOSTILE, "provider": HOSTILE, "instrument": HOSTILE}
        facts.write_text(json.dumps(known))
        with rasterio.open(path, "r+") as image:
            image.update_tags(TIFFTAG_IMAGEDESCRIPTION=HOSTILE, TIFFTAG_SOFTWARE=HOSTILE)
    (root / "in" / f"{HOSTILE}bad.tif").write_bytes(b"no image")
    quick.take_in_here(root)
    return root


def obeyed_in(text):
    return sorted(hex(ord(c)) for c in OBEYED & set(text))


def commands(root):
    """Return a command line of each kind with the status it ends with."""
    scenes = root / "in"
    first, scene = (scenes / f"{HOSTILE}{day}.tif" for day in (0, 3))
    site, record = ("--site", root / "site.geojson"), ("--archive", root / "record.sqlite")
    fast, reports = (*site, "--no-detectability"), ("--reports", root / "reports")
    watch = ("watch", scenes, *record, *reports, *fast, "--settle", 0)
    finding = f"{next((root / 'reports').glob('2022-01-04*')).name}/f1"
    return [
        (0, "inspect", scene),
        (0, "inspect", scene, "--json"),
        (0, "inspect", scenes),
        (3, "inspect", scenes / f"{HOSTILE}bad.tif"),
        (3, "inspect", root / HOSTILE),
        (0, "site", "check", root / "site.geojson"),
        (0, "site", "check", root / "site.geojson", "--json"),
        (0, "compare", first, scene, *fast, "--out", root / "compared"),
        (0, "detect", scene, *fast, "--out", root / "detected", "--json"),
        (3, *watch, "-v"),
        (0, *watch, "--json"),
        (0, "series", *record, "--out", root / "series"),
        (0, "series", *record, "--json"),
        (0, "trains", *record, "--out", root / "trains"),
        (0, "trains", *record, "--json"),
        (0, "archive", "check", *record, *reports, "--files"),
        (0, "archive", "export", *record, "--out", root / "csv", "--format", "csv"),
        (0, "review", "accept", finding, *record, "--remark", HOSTILE),
        (0, "review", "list", *record, "--all"),
        (0, "review", "list", *record, "--all", "--json"),
        (0, "review", "show", finding, *record),
        (0, "review", "show", finding, *record, "--json"),
        (2, "review", "accept", f"{HOSTILE}/f1", *record),
    ]


def test_no_command_lets_inputs_steer_a_terminal(root):
    with quick.quick():
        for status, *words in commands(root):
            done = review_runs.run(*words, status=status)
            assert not obeyed_in(done.stdout + done.stderr), (words[:2], done.stdout, done.stderr)


TEXTS = (".csv", ".html", ".xml", ".json", ".geojson", ".svg", ".jsonl")


def test_no_file_for_people_holds_them(root):
    found = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file() and "in" not in p.relative_to(root).parts):
        if path.suffix in TEXTS and path.name != "site.geojson":
            found[path.relative_to(root).as_posix()] = obeyed_in(path.read_text(encoding="utf-8"))
        if path.suffix == ".kmz":
            with zipfile.ZipFile(path) as archive:
                found[path.relative_to(root).as_posix()] = obeyed_in(archive.read("doc.kml").decode())
    assert {"index.html", "report.html", "feed.xml", "findings.kmz", "files.csv", "series.html"} <= {
        Path(name).name for name in found
    }
    assert {n: f for n, f in found.items() if f} == {}
