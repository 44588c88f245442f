"""A scene that is replaced between its opening and the end of its measuring is told, not measured by half."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import quick_watch as quick
from support.crashes import EXCHANGE, calls_met, exchanging
from support.faulted_runs import built, hindrance

import tumangang_watch as tw
from tumangang_watch.errors import Busy
from tumangang_watch.scenes import SceneOptions, check_unchanged, open_scene, unchanged, with_digest
from tumangang_watch.settings.scenes import ReadSettings

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "tumangang_watch"]
preloaded = pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")


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


def test_one_replaced_between_its_opening_and_its_digest_is_told(scenes):
    opened = open_scene(scenes[0], SceneOptions(digest=False), ReadSettings())
    os.replace(scenes[1], scenes[0])
    with pytest.raises(Busy, match=r"scene is still growing: day000\.tif"):
        with_digest(opened)


def test_what_its_measuring_made_of_it_is_not_told(scenes):
    opened = tw.open_scene(scenes[0])

    def measured():
        with unchanged([opened]):
            raise KeyError

    with pytest.raises(KeyError):
        measured()
    os.truncate(scenes[0], 400)
    with pytest.raises(Busy, match=r"scene changed: day000\.tif"):
        measured()


@pytest.fixture
def run(scenes, tmp_path):
    """Run the command while something befalls the first scene; return how it ended and the calls met."""
    library, other = built(tmp_path, EXCHANGE), scenes[1].read_bytes()
    scenes[1].unlink()

    def run_command(words, way="cut", at=0):
        (tmp_path / "by.tif").write_bytes(other)
        around = exchanging(tmp_path / "count", scenes[0], way, at, tmp_path / "by.tif")
        done = subprocess.run(
            [*COMMAND, *words, "--site", "site.geojson", "--no-detectability"],
            cwd=tmp_path,
            env={**os.environ, **around, "LD_PRELOAD": str(library)},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        return done, calls_met(tmp_path / "count")

    return run_command


@preloaded
def test_the_command_says_so_in_one_line_and_leaves_nothing(run, tmp_path):
    words = ["detect", "in/day000.tif", "--out", "out"]
    done, calls = run(words)
    assert done.returncode == 0
    shutil.rmtree(tmp_path / "out")
    done, _ = run(words, "cut", calls)
    assert done.stderr == (
        "tumangang-watch: scene changed: day000.tif: it was replaced while it was measured. "
        "Try again when it is settled\n"
    )
    assert (done.returncode, (tmp_path / "out").exists()) == (Busy.exit_status, False)


@preloaded
def test_watch_refuses_no_scene_for_what_befell_it_and_takes_it_in_when_it_is_back(run, scenes, tmp_path):
    whole = scenes[0].read_bytes()
    words = ["watch", "in", "--archive", "a.sqlite", "--reports", "reports", "--settle", "0"]
    assert run(words)[0].returncode == 0
    _, calls = run(words)  # It is only looked for: those of the run before were more.
    made = sorted(p.name for p in tmp_path.glob("reports/*/manifest.json"))
    assert (made, calls) == (["manifest.json"], 0)
    shutil.rmtree(tmp_path / "reports")
    (tmp_path / "a.sqlite").unlink()
    done, _ = run(words, "cut", 4)
    assert (done.returncode, done.stderr) == (Busy.exit_status, "")
    assert not list(tmp_path.glob("reports/*/*"))
    scenes[0].write_bytes(whole)
    assert run(words)[0].returncode == 0
    assert len(list(tmp_path.glob("reports/*/manifest.json"))) == 1


@preloaded
def test_a_few_of_the_exchanges_that_the_script_tries():
    words = [sys.executable, "-m", "scripts.exchange", "--per", "1", "--only", "inspect"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "5 exchanges" in done.stdout
