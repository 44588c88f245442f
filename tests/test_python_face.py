"""``import tumangang_watch as tw``: light, typed, and as its page shows it."""

from __future__ import annotations

import ast
import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest

import tumangang_watch as tw
from tumangang_watch import api
from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.errors import InputRefused

ROOT = Path(__file__).resolve().parents[1]


def test_stub_and_lazy_table_agree():
    tree = ast.parse((ROOT / "tumangang_watch" / "__init__.pyi").read_text(encoding="utf-8"))
    stub = {
        alias.name: node.module.removeprefix("tumangang_watch.")
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert stub == tw._PLACES
    assert set(tw.__all__) == {*stub, "__version__"} <= set(dir(tw))
    assert all(getattr(tw, name) is not None for name in tw.__all__)


def test_a_name_of_the_face_is_not_taken_by_a_package():
    assert tw.detect is api.detect
    assert detect_trains.__module__ == "tumangang_watch.detect.trains.find"


def test_importing_is_light():
    code = "import sys, tumangang_watch; print(sorted({'numpy', 'shapely', 'rasterio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_is_true(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    done = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False, globs={"out": tmp_path})
    assert done.attempted > 5
    assert not done.failed
    damaged = tmp_path / "report" / "report.json"
    damaged.write_text(json.dumps(json.loads(damaged.read_text())))
    with pytest.raises(InputRefused):
        tw.read_report(tmp_path / "report")
