"""Runs of the installed command in which something befalls one file while it is read.

A library crashes or hangs at it (``crash.c``), or it is exchanged, cut or removed (``exchange.c``).
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from . import faulted_runs

SOURCE = Path(__file__).with_name("crash.c")
EXCHANGE = SOURCE.with_name("exchange.c")
WAYS = ("replace", "write", "cut", "empty", "away")
"""What befalls a file: another takes its name or its place, half or all of it is cut off, it is removed."""
SOUND = WAYS[:2]
"""Those after which a sound file stands there."""


def built(folder: Path) -> Path:
    """Build the library that crashes."""
    return faulted_runs.built(folder, SOURCE)


def built_clock(folder: Path) -> Path:
    """Build the library whose clock is set wrong (see ``clock.c``)."""
    return faulted_runs.built(folder, SOURCE.with_name("clock.c"))


def exchanging(count: Path, path: Path, way: str, at: int, by: Path) -> dict[str, str]:
    """Return variables with which, at a call of a number that opens or reads a file, this befalls it."""
    count.write_bytes(bytes(8))
    return {
        "EXCHANGE_COUNT": str(count),
        "EXCHANGE_PATH": str(path),
        "EXCHANGE_HOW": way,
        "EXCHANGE_AT": str(at),
        "EXCHANGE_BY": str(by),
    }


def calls_met(count: Path) -> int:
    """Return how many calls opened or read the file."""
    return int.from_bytes(count.read_bytes()[:4], "little")


def around(library: Path, name: str, how: str | signal.Signals) -> dict[str, str]:
    """Return an environment in which opening the file of a name ends so: a signal, ``hang`` or ``exit``."""
    how = how if isinstance(how, str) else str(int(how))
    return {**os.environ, "LD_PRELOAD": str(library), "CRASH_FILE": name, "CRASH_HOW": how}
