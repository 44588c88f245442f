"""Processes that depend on one another: a child that ends with its parent, a parent that outlives a crash."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

try:
    import resource
except ImportError:  # Not on Windows.
    resource = None  # type: ignore[assignment]

MIN_MB = 700
"""Below it libraries do not start: SciPy's OpenBLAS waits for ever at 430, `watch` for a thread at 620."""
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT) if os.name == "posix" else ()
"""Signals that the parent hands to its child."""
CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS", "SIGKILL")
"""Signals that a library meets, or that a system short of memory sends; others are somebody's wish."""
_OF_KERNEL = 0x80
"""The origin of a signal that a terminal sent: every process of its group has it already."""


@dataclass(frozen=True)
class Crash:
    """How a process ended that did not get to the end of its work."""

    status: int
    """Negative: the signal that ended it."""

    @property
    def killed(self) -> bool:
        """Whether it was killed from outside, as a system short of memory does."""
        return self.status == -signal.SIGKILL

    def __str__(self) -> str:
        how = signal.Signals(-self.status).name if self.status < 0 else f"exit {self.status}"
        return f"the process that read and measured ended in the middle of it ({how})"


def memory_limit_mb() -> int | None:
    """Return how many MiB of addresses this process may take (``ulimit -v``), where that is limited."""
    if resource is None or (limit := resource.getrlimit(resource.RLIMIT_AS)[0]) == resource.RLIM_INFINITY:
        return None
    return limit // 2**20


def end_with_parent(parent: int) -> None:
    """End this process when the one that started it ends, even by a kill, even before this (Linux)."""
    if sys.platform != "linux":
        return
    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def outlive(work: Callable[[], NoReturn]) -> Crash:
    """Do something that ends the process, in a child, and end as it ended; return how where it crashed.

    A library that reads or measures may end the process in a way that Python does not learn of: a fault of
    memory, an abort, a plain exit. The child says that it got to its end, whatever came of it. What is sent
    to this process from outside is handed on. Where no child can be made, the work is done here.
    """
    if not hasattr(signal, "sigwaitinfo"):
        work()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    watched = {signal.SIGCHLD, *PASSED_ON}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    parent = os.getpid()
    try:
        heard, mouth = os.pipe()
        child = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        work()
    if child == 0:
        os.close(heard)
        end_with_parent(parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        try:
            work()
        finally:
            os.write(mouth, b".")
        sys.exit(0)
    os.close(mouth)
    status = _end_of(child, watched)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    crashed = status >= 0 or signal.Signals(-status).name in CRASHES
    if os.read(heard, 1) == b"" and crashed:
        return Crash(status)
    if status >= 0:
        sys.exit(status)
    signal.signal(-status, signal.SIG_DFL)
    os.kill(parent, -status)
    sys.exit(128 - status)


def _end_of(child: int, watched: set[signal.Signals]) -> int:
    """Wait for a child, handing on what this process is sent; return its status or minus its signal."""
    while True:
        sent = signal.sigwaitinfo(watched)
        if sent.si_signo != signal.SIGCHLD:
            if sent.si_code != _OF_KERNEL:
                os.kill(child, sent.si_signo)
            continue
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
