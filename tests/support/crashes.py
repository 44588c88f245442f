"""Runs of the installed command in which a library crashes or hangs at one file (see ``crash.c``)."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from .faulted_runs import compiler

SOURCE = Path(__file__).with_name("crash.c")


def built(folder: Path) -> Path:
    """Build the library that crashes."""
    library = folder / "crash.so"
    subprocess.run([compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def built_clock(folder: Path) -> Path:
    """Build the library whose clock is set wrong (see ``clock.c``)."""
    library, source = folder / "clock.so", SOURCE.with_name("clock.c")
    subprocess.run([compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def around(library: Path, name: str, how: str | signal.Signals) -> dict[str, str]:
    """Return an environment in which opening the file of a name ends so: a signal, ``hang`` or ``exit``."""
    how = how if isinstance(how, str) else str(int(how))
    return {**os.environ, "LD_PRELOAD": str(library), "CRASH_FILE": name, "CRASH_HOW": how}
