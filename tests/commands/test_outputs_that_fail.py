"""A standard output that is closed or full, and too few open files, end in one line at most."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.command import PROGRAM
from support.quick_watch import write_scene, write_site

from tumangang_watch.archive.export import safe_text


def shell(command):
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_closed_output_takes_nothing_and_disturbs_nothing(closed):
    done = shell(f"{PROGRAM} --version {closed}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_full_output_is_one_line_and_status_5():
    done = shell(f"{PROGRAM} settings > /dev/full")
    assert done.returncode == 5
    assert done.stderr.startswith("tumangang-watch: cannot go on: output: ")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_ends_early_is_no_fault():
    """As `| head`: the reader is gone before the first word, and the program ends as others do."""
    done = shell(f"exec 3>&1; {{ {PROGRAM} settings; echo $? >&3; }} | true")
    assert (done.stdout, done.stderr) == ("141\n", "")


def test_a_working_folder_that_was_removed_is_one_line(tmp_path):
    scene, _ = write_scene(tmp_path, 0), write_site(tmp_path / "site.geojson")
    gone = tmp_path / "gone"
    gone.mkdir()
    done = shell(f"cd {gone}; rmdir {gone}; {PROGRAM} detect {scene} --site ../site.geojson --out o; echo $?")
    assert done.stdout == "2\n"
    assert done.stderr.splitlines()[-1].startswith("tumangang-watch: no working folder: .: it was removed. ")


def test_nothing_in_a_table_is_obeyed_by_a_terminal():
    assert safe_text("a\x1b[31m\u202eb\nc") == "a\\x1b[31m\\u202eb\nc"
    assert safe_text("=1") == "'=1"
    assert safe_text(-1.5) == -1.5
