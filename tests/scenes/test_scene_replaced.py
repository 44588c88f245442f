"""A scene that is replaced between its opening and the end of its measuring is told, not measured by half."""

from __future__ import annotations

import os

import pytest
from support import quick_watch as quick

import tumangang_watch as tw
from tumangang_watch.errors import Busy
from tumangang_watch.scenes import check_unchanged


@pytest.fixture
def scenes(tmp_path):
    """Two scenes of one place, and its site."""
    quick.write_site(tmp_path / "site.geojson")
    return [quick.write_scene(tmp_path / "in", day) for day in (0, 3)]


def test_a_scene_replaced_by_another_is_not_measured(scenes, tmp_path):
    opened = tw.open_scene(scenes[0])
    os.replace(scenes[1], scenes[0])
    with pytest.raises(Busy, match=r"scene changed: day000\.tif: it was replaced while it was measured"):
        tw.detect(opened, tmp_path / "site.geojson", detectability=False)


def test_one_rewritten_in_place_with_its_size_and_time_is_told_by_its_number(scenes, tmp_path):
    opened, status = tw.open_scene(scenes[0]), scenes[0].stat()
    aside = tmp_path / "aside.tif"
    aside.write_bytes(scenes[0].read_bytes())
    os.utime(aside, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(aside, scenes[0])
    with pytest.raises(Busy):
        check_unchanged([opened])


def test_what_stands_as_it_was_or_is_gone_is_no_fault(scenes):
    opened = [tw.open_scene(scene) for scene in scenes]
    check_unchanged(opened)
    scenes[0].unlink()
    check_unchanged(opened)
    assert opened[1] == tw.open_scene(scenes[1])
