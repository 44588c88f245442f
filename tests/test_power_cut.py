"""A few of the power cuts that ``python -m scripts.power_cut`` tries at every call that writes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.faulted_runs import hindrance
from support.power_cuts import Call, Disk

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")
@pytest.mark.parametrize("command", ["review accept", "detect"])
def test_what_was_done_outlives_a_power_cut_and_what_was_not_is_done_again(command):
    words = [sys.executable, "-m", "scripts.power_cut", "--per", "2", "--only", command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " 0 states" not in done.stdout


@pytest.fixture
def disk(tmp_path):
    """A new file of a new folder, flushed as a whole by no one."""
    (tmp_path / "kept").write_bytes(b"old")
    disk, root = Disk(tmp_path), str(tmp_path)
    for call in (
        Call("m", 1, 0, b"", "", f"{root}/new"),
        Call("c", 2, 0, b"", f"{root}/new/file", ""),
        Call("w", 2, 0, b"data", "", ""),
    ):
        disk.do(call)
    return disk, root


def held(disk, way):
    return disk.after_cut(way, random.Random(1))


def test_a_disk_may_hold_names_without_content_and_neither(disk):
    disk, _ = disk
    assert held(disk, "all") == {"kept": b"old", "new": None, "new/file": b"data"}
    assert held(disk, "names") == {"kept": b"old", "new": None, "new/file": b""}
    assert held(disk, "flushed") == {"kept": b"old"}


def test_a_file_is_kept_when_it_and_every_folder_above_it_were_flushed(disk, tmp_path):
    disk, root = disk
    for number in (2, 1):
        disk.do(Call("f", number, 0, b"", "", ""))
    assert held(disk, "flushed") == {"kept": b"old"}
    disk.do(Call("f", tmp_path.stat().st_ino, 0, b"", "", ""))
    assert held(disk, "flushed") == held(disk, "all")
    disk.do(Call("x", 0, 0, b"", f"{root}/new/file", f"{root}/kept"))
    assert held(disk, "all") == {"kept": b"data", "new": None, "new/file": b"old"}
    assert held(disk, "flushed") == {"kept": b"old", "new": None, "new/file": b"data"}
