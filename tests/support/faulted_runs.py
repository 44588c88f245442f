"""Runs of the command line in which one chosen call that writes kills the run, fails, or is cut short.

`faults.c` is built with the system's compiler and preloaded. The process that drives the runs has imported
everything and gives each run a fork of itself, whose calls below one folder are numbered.
"""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import mmap
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
LIMIT_S, WAIT_S = 120, 3600
"""Processor time, and time that passes: a machine busy with other things makes no run fail."""
_MAX_CALLS = 1 << 20
COUNT, KILL, FAIL_ONCE, FAIL_FROM, SHORT, LOG = range(6)


@dataclass(frozen=True)
class Fault:
    """What befalls the call of a number."""

    name: str
    mode: int
    error: int = 0
    kinds: str = "owfnt"
    """Which calls it can befall: opening to write, writing, flushing, naming, cutting to a length."""


FAULTS = (
    Fault("kill", KILL),
    Fault("ENOSPC from there on", FAIL_FROM, errno.ENOSPC, "owft"),
    Fault("EIO once", FAIL_ONCE, errno.EIO),
    Fault("EROFS from there on", FAIL_FROM, errno.EROFS),
    Fault("EMFILE once", FAIL_ONCE, errno.EMFILE, "o"),
    Fault("short write", SHORT, 0, "w"),
)
NOTED = Fault("noted", LOG)
"""No fault: every call is noted with its data."""


class _State(ctypes.Structure):
    _fields_ = (
        ("mode", ctypes.c_int),
        ("error", ctypes.c_int),
        ("at", ctypes.c_long),
        ("count", ctypes.c_long),
        ("leader", ctypes.c_long),
        ("root", ctypes.c_char * 1024),
        ("calls", ctypes.c_char * _MAX_CALLS),
    )


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: int
    """Negative: the signal that ended it."""
    words: str
    """What it wrote to its outputs."""
    calls: str
    """Of what kind its calls that write were."""


def compiler() -> str | None:
    """Return the system's C compiler."""
    named = (os.environ.get("CC"), "cc", "gcc", "clang", sysconfig.get_config_var("CC"))
    return next((found for name in named if name and (found := shutil.which(str(name).split()[0]))), None)


def hindrance() -> str:
    """Return why no fault can be injected here, or nothing."""
    if sys.platform != "linux":
        return "calls are preloaded on Linux only"
    return "" if compiler() else "there is no C compiler (cc)"


def built(folder: Path, source: Path) -> Path:
    """Build a library to preload."""
    library = folder / f"{source.stem}.so"
    subprocess.run([compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def start_again(folder: Path, words: list[str], others: tuple[Path, ...] = ()) -> int:
    """Run this program's module once more with the libraries preloaded; return its exit status."""
    libraries, state = [built(folder, source) for source in (SOURCE, *others)], folder / "state"
    with state.open("wb") as file:
        file.truncate(ctypes.sizeof(_State))
    preloaded = ":".join(map(str, libraries))
    around = {**os.environ, "LD_PRELOAD": preloaded, "FAULTS_STATE": str(state), "TZ": "UTC"}
    return subprocess.run([sys.executable, "-m", *words], env=around, check=False).returncode


class FaultedRuns:
    """Gives runs to forks of this process; see `start_again`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with open(os.environ["FAULTS_STATE"], "r+b") as file:
            self._map = mmap.mmap(file.fileno(), ctypes.sizeof(_State))
        self._state = _State.from_buffer(self._map)
        self.log = Path(os.environ["FAULTS_STATE"] + ".log")
        """Where a run with `NOTED` notes its calls."""

    def run(self, work: Callable[[], object], fault: Fault | None = None, at: int = 0) -> Ended:
        """Run to the end."""
        state = self._state
        output = self.root.with_name(self.root.name + ".words")
        state.count = 0
        state.at, state.mode, state.error = at, COUNT, 0
        if fault is not None:
            state.mode, state.error = fault.mode, fault.error
        child = os.fork()
        if child == 0:
            self._in_child(work, output)
        _, ended = os.waitpid(child, 0)
        state.root, state.at, state.mode = b"", 0, COUNT
        return Ended(
            os.waitstatus_to_exitcode(ended),
            output.read_text(errors="replace"),
            state.calls[: min(state.count, _MAX_CALLS)].decode(),
        )

    def _in_child(self, work: Callable[[], object], output: Path) -> None:
        status = 1
        try:
            handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            for stream in (1, 2):
                os.dup2(handle, stream)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
            faulthandler.dump_traceback_later(WAIT_S, exit=True, file=handle)  # What it waits for is told.
            os.chdir(self.root.parent)
            self._state.leader = os.getpid()
            self._state.root = os.fsencode(self.root)
            work()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            self._state.root = b""
            for stream in (sys.stdout, sys.stderr):
                if not stream.closed:
                    stream.flush()
            os._exit(status)


def start_in_folder(script: str, nothing: str, others: tuple[Path, ...] = ()) -> int:
    """Run a script once more in a folder of its own; 0, and why ``nothing`` was done, where it cannot be."""
    if why := hindrance():
        print(f"{nothing}: {why}")
        return 0
    with tempfile.TemporaryDirectory(prefix=f"tumangang-{script}-") as place:
        return start_again(Path(place), [f"scripts.{script}", "--inside", place, *sys.argv[1:]], others)
