"""A folder is looked through once for all the images in it, and again when it changed."""

from __future__ import annotations

import os

import pytest

from tumangang_watch.scenes.mask import find_masks
from tumangang_watch.scenes.vendors import listing as module
from tumangang_watch.scenes.vendors.beside import read_sidecars
from tumangang_watch.scenes.vendors.listing import listing
from tumangang_watch.settings.scenes import ReadSettings

LONG_AGO = (10**9, 10**9)


def fill(folder, scenes):
    """Make scenes with metadata and a mask each, and one that has none."""
    folder.mkdir()
    for k in range(scenes):
        (folder / f"{k:04d}_scene.tif").touch()
        (folder / f"{k:04d}_scene_udm2.tif").touch()
        (folder / f"{k:04d}_scene_metadata.json").write_text(
            f'{{"id": "s{k}", "properties": {{"gsd": 0.5}}}}'
        )
    (folder / "alone.tif").touch()
    os.utime(folder, LONG_AGO)


@pytest.mark.parametrize("scenes", [3, 90])
def test_a_folder_of_many_scenes_is_looked_through_once(tmp_path, monkeypatch, scenes):
    folder = tmp_path / "in"
    fill(folder, scenes)
    os.utime(tmp_path, LONG_AGO)
    looks = []
    names_of = os.listdir
    monkeypatch.setattr(module.os, "listdir", lambda path: looks.append(path) or names_of(path))
    for k in range(scenes):
        image = folder / f"{k:04d}_scene.tif"
        assert [p.name for p in read_sidecars(image, ReadSettings()).files] == [f"{image.stem}_metadata.json"]
        assert [p.name for p in find_masks(image)] == [f"{image.stem}_udm2.tif"]
    assert read_sidecars(folder / "alone.tif", ReadSettings()).files == ()
    assert sorted(looks) == [tmp_path, folder]


def test_what_is_kept_of_a_folder_is_left_when_it_changes(tmp_path):
    fill(tmp_path / "in", 1)
    before = listing(tmp_path / "in")
    assert listing(tmp_path / "in") is before
    (tmp_path / "in/alone_metadata.json").write_text('{"id": "alone", "properties": {"gsd": 0.7}}')
    assert "alone_metadata.json" in listing(tmp_path / "in").names
    assert len(read_sidecars(tmp_path / "in/alone.tif", ReadSettings()).files) == 1
    # A folder that changed a moment ago is looked through each time.
    assert listing(tmp_path / "in") is not listing(tmp_path / "in")
