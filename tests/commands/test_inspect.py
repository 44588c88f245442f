"""The table of a scene: warnings on top, each value with its source, unknown said."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.scene_files import opened, write

from tumangang_watch.commands.inspect import scene_table
from tumangang_watch.detectability.describe import areas_inside, describe_scene
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site

HEAVY = ("scipy", "skimage", "jinja2", "tumangang_watch.pipeline", "tumangang_watch.report")


def test_the_table_says_what_is_known_from_what_and_what_is_not(tmp_path):
    scene = opened(
        write(tmp_path / "a.tif", metadata={"gsd": 0.7, "sun_elevation": 24.7}), acquired="2022-11-30"
    )
    inside = areas_inside(scene, load_site(None))
    assert inside
    assert set(inside.values()) == {0.0}
    lines = scene_table(describe_scene(scene, Settings()), inside, korean=False).splitlines()
    assert lines[0].startswith("Warning: ")
    table = dict(line.split(maxsplit=1) for line in lines if not line.startswith((" ", "Warning")))
    assert table["when"].startswith("2022-11-30 00:00 UTC  [")
    assert table["grain"] == "0.7 m on the ground (pixels of 0.5 m)  [metadata]"
    assert table["place"] == "known to 15.0 m (CE90)  [taken for unknown kinds of product]"
    assert table["view"] == table["cloud"] == "unknown"
    assert table["site"].startswith("nothing of it")
    assert "counts of cars" in table["tells"]


@pytest.mark.parametrize("command", ["inspect", "site"])
def test_what_measures_nothing_loads_nothing_that_does(command):
    code = f"import sys, tumangang_watch.commands.{command}; print([m for m in {HEAVY} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
