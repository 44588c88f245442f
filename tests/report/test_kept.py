"""A strip that is no picture any more is one that is not there: no command ends in it."""

from __future__ import annotations

import os

import pytest
from PIL import Image

from tumangang_watch.report.kept import kept_strip
from tumangang_watch.report.names import STRIPS, strip_name


@pytest.mark.parametrize("how", ["sound", "missing", "folder", "pipe", "cut", "chunk", "size", "bomb"])
def test_what_is_no_picture_any_more_is_none(tmp_path, how):
    path = tmp_path / STRIPS / strip_name("T1")
    path.parent.mkdir()
    if how == "folder":
        path.mkdir()
    elif how == "pipe":
        os.mkfifo(path)
    elif how != "missing":
        Image.linear_gradient("L").save(path)
        content = bytearray(path.read_bytes())
        data = content.index(b"IDAT")
        if how == "cut":
            del content[data + 40 :]
        elif how == "chunk":
            content[data : data + 4] = b"I\xffAT"
        elif how == "size":
            content[data - 4 : data] = b"\0\0\0\x20"
        elif how == "bomb":
            content[16:24] = b"\0\0\x40\0" * 2
        path.write_bytes(content)
    strip = kept_strip(tmp_path, "T1")
    assert (strip is not None) == (how == "sound")
    assert strip is None or strip.size == (256, 256)
