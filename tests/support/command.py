"""Runs the installed command as a user does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "tumangang-watch"


def run(*arguments: object, status: int | None = None, cwd: Path | None = None, timeout: int = 500):
    """Run a command to its end; with a status, see that it ends so and without a traceback."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, cwd=cwd, check=False
    )
    if status is not None:
        assert done.returncode == status, (done.returncode, done.stderr)
        assert "Traceback" not in done.stderr
    return done
