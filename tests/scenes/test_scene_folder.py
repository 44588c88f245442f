"""Which files of a folder are taken for scenes."""

from __future__ import annotations

import pytest

from tumangang_watch.errors import InputRefused
from tumangang_watch.scenes.entry import scenes_in


def names(folder, most=100):
    return [p.relative_to(folder).as_posix() for p in scenes_in(folder, most)]


def test_images_and_items_are_scenes_and_what_belongs_to_them_is_not(tmp_path):
    for name in (
        "b.tif",
        "a.TIFF",
        "vendor/c.tif",
        "b_metadata.json",
        "b_udm2.tif",
        ".hidden.tif",
        ".part/d.tif",
        "notes.json",
        "broken.json",
        "e.jp2",
        "readme.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{" if name == "broken.json" else "{}")
    (tmp_path / "link.tif").symlink_to(tmp_path / "b.tif")
    assert names(tmp_path) == ["a.TIFF", "b.tif", "e.jp2", "vendor/c.tif"]


def test_tiles_count_once_and_previews_not_at_all(tmp_path):
    for name in (
        "p_R1C1.TIF",
        "p_R1C2.TIF",
        "p_R2C1.TIF",
        "p_browse.tif",
        "PREVIEW_p.tif",
        "p_cloud_mask_0.tif",
    ):
        (tmp_path / name).write_bytes(b"")
    assert names(tmp_path) == ["p_R1C1.TIF"]


def test_what_is_no_folder_or_too_large_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="not a folder"):
        names(tmp_path / "missing")
    for k in range(4):
        (tmp_path / f"{k}.tif").write_bytes(b"")
    with pytest.raises(InputRefused, match="more than 3 files"):
        names(tmp_path, most=3)
