"""A few of the faults that ``make torture`` tries at every call that writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.faulted_runs import hindrance

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")
@pytest.mark.parametrize("command", ["archive export gpkg", "archive rebuild", "review accept", "detect"])
def test_old_or_new_is_whole_after_a_fault(command):
    words = [sys.executable, "-m", "scripts.torture", "--per", "1", "--only", command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "6 runs with a fault" in done.stdout
