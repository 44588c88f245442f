"""A standard output that is closed or full, and too few open files, end in one line at most."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.command import PROGRAM

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


def test_nothing_in_a_table_is_obeyed_by_a_terminal():
    assert safe_text("a\x1b[31m\u202eb\nc") == "a\\x1b[31m\\u202eb\nc"
    assert safe_text("=1") == "'=1"
    assert safe_text(-1.5) == -1.5
