"""A few of the runs in one process that `scripts/leaks.py` does by the thousand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is listed on Linux")
def test_run_after_run_holds_no_more():
    words = [sys.executable, "-m", "scripts.leaks", "--runs", "15"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 runs, nothing has grown since run 3" in done.stdout
