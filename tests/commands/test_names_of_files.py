"""Names of files that are not text, of other forms and very long; locales that lack characters."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata

import pytest
from support import quick_watch as quick
from support import review_runs

from tumangang_watch.watch.inbox import look_into, passed_over, sidecars_digest

NO_TEXT = os.fsdecode(b"b\xff")
COMMAND = [sys.executable, "-m", "tumangang_watch"]


@pytest.fixture
def root(tmp_path):
    quick.write_site(tmp_path / "site.geojson")
    quick.write_scene(tmp_path / "in", 0)
    return tmp_path


def named_without_text(root):
    scene = root / "in" / f"{NO_TEXT}.tif"
    scene.write_bytes((root / "in" / "day000.tif").read_bytes())
    return scene


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "{}"),
        ("detect", "in/day000.tif", "--out", "{}"),
        ("detect", "in/day000.tif", "--out", "o", "--site", "{}"),
        ("site", "check", "{}"),
        ("watch", "in", "--archive", "{}", "--reports", "r"),
        ("watch", "in", "--archive", "a.sqlite", "--reports", "{}"),
        ("series", "--archive", "{}", "--out", "o"),
    ],
)
def test_a_path_that_is_no_text_is_refused_in_one_line(root, monkeypatch, words):
    monkeypatch.chdir(root)
    done = review_runs.run(*(NO_TEXT if word == "{}" else word for word in words), status=2)
    assert done.stderr.count("\n") == 1
    assert "the name 'b\\udcff' is not UTF-8: rename it" in done.stderr
    assert sorted(p.name for p in root.iterdir()) == ["in", "site.geojson"]


def test_a_scene_of_such_a_name_in_an_inbox_is_passed_over_and_counted(root):
    named_without_text(root)
    assert [arrival.place for arrival in look_into(root / "in", 1e12, 0.0)] == ["day000.tif"]
    assert str(passed_over(root / "in")) == (
        "Passed over: 1 name that cannot be read (not UTF-8: rename the file)"
    )
    (root / "in" / f"day000_{NO_TEXT}_metadata.json").write_text("{}")
    assert len(sidecars_digest(root / "in" / "day000.tif")) == 64
    assert len(quick.take_in_here(root).made) == 1


def test_a_folder_of_such_a_scene_says_so(root):
    scene = named_without_text(root)
    (root / "in" / "day000.tif").unlink()
    done = review_runs.run("inspect", scene.parent, status=3)
    assert "it cannot be read (its name is not UTF-8: rename it)" in done.stderr


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_both_forms_of_a_letter_are_names(root, form):
    name = unicodedata.normalize(form, "k\u00e9")
    place = root / name
    (root / "in").rename(place)
    for file in list(place.iterdir()):
        file.rename(place / f"{name}{file.name}")
    words = ["--site", root / "site.geojson", "--out", root / f"o{name}", "--no-detectability"]
    with quick.quick():
        review_runs.run("detect", place / f"{name}day000.tif", *words, status=0)
    assert (root / f"o{name}" / "manifest.json").exists()


@pytest.mark.parametrize("parts", [("n" * 240,), ("n" * 255,), ("n" * 256,), ("n" * 255,) * 16])
def test_very_long_names_of_outputs_are_used_or_refused_in_one_line(root, parts):
    """A name has 255 bytes at most, a path 4 096."""
    scene, site = root / "in" / "day000.tif", ("--site", root / "site.geojson", "--no-detectability")
    with quick.quick():
        done = review_runs.run("detect", scene, *site, "--out", root.joinpath(*parts), status=None)
    assert done.returncode in (0, 5)
    assert done.returncode == 0 or done.stderr.startswith("tumangang-watch: cannot write the report: ")


@pytest.mark.parametrize(
    "around",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_a_locale_that_lacks_characters_changes_nothing_that_is_printed(root, around):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    (root / "in" / "day000_metadata.json").write_text(
        '{"id": "\uae40", "properties": {"acquired": "2022-01-01T02:00:00Z"}}', encoding="utf-8"
    )
    words = [*COMMAND, "inspect", "in/day000.tif", "--json"]
    first, second = (
        subprocess.run(words, cwd=root, env={**kept, **more}, capture_output=True, timeout=300, check=False)
        for more in ({"LC_ALL": "C.UTF-8"}, around)
    )
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, b"")
    assert first.stdout == second.stdout
