"""Processes that depend on one another: a child that ends with its parent, a parent that outlives a crash."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
INTERRUPTED = 130
"""As the shell tells it of a program that ``SIGINT`` ended."""
CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS", "SIGKILL")
"""Signals that a library meets, or that a system short of memory sends; others are somebody's wish."""
LONGER_THAN = "it took longer than"
_ends: dict[object, float] = {}
_ends_held = threading.Lock()
_AT_THE_END = b"."
_child_says: int | None = None
"""Where the child of `outlive` says what its parent has to know: how long it may take, and that it got to
its end. None in every other process."""
_limit_line_s: float | None = None
"""How long it said last that it may take."""
_OF_KERNEL = 0x80
"""The origin of a signal that a terminal sent: every process of its group has it already."""


@dataclass(frozen=True)
class Crash:
    """How a process ended that did not get to the end of its work."""

    status: int
    """Negative: the signal that ended it."""
    limit_s: float | None = None
    """What it took longer than, where that is why it ended."""

    @property
    def killed(self) -> bool:
        """Whether it was killed from outside, as a system short of memory does."""
        return self.status == -signal.SIGKILL

    def __str__(self) -> str:
        if self.limit_s is not None:
            return longer_than(self.limit_s)
        how = signal.Signals(-self.status).name if self.status < 0 else f"exit {self.status}"
        return f"the process that read and measured ended in the middle of it ({how})"


def longer_than(limit_s: float) -> str:
    """Return in words that something took longer than it may."""
    return f"{LONGER_THAN} {limit_s:g} s"


@contextmanager
def within(limit_s: float) -> Iterator[None]:
    """End the child of `outlive` where what is done takes longer, even in a library that never returns.

    In a process that no parent outlives nothing is limited.
    """
    global _limit_line_s
    if _child_says is None:
        yield
        return
    if limit_s != _limit_line_s:
        os.write(_child_says, f"{limit_s:g} ".encode())
        _limit_line_s = limit_s
    with ended_after(limit_s):
        yield


@contextmanager
def ended_after(limit_s: float) -> Iterator[None]:
    """Have the system end this process where what is done takes longer: no thread of Python need run for it.

    Threads may have a time each: the first that is over ends the process.
    """
    mine = object()
    with _ends_held:
        _ends[mine] = time.monotonic() + limit_s
        _set_alarm()
    try:
        yield
    finally:
        with _ends_held:
            del _ends[mine]
            _set_alarm()


def _set_alarm() -> None:
    """Set the process's one alarm to the first of its times."""
    if hasattr(signal, "setitimer"):
        left_s = max(min(_ends.values()) - time.monotonic(), 1e-3) if _ends else 0.0
        signal.setitimer(signal.ITIMER_REAL, left_s)


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
        global _child_says
        _child_says = mouth
        os.close(heard)
        end_with_parent(parent)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        try:
            work()
        except SystemExit as end:
            if end.code == INTERRUPTED and threading.active_count() > 1:
                _leave(INTERRUPTED)
            raise
        finally:
            os.write(mouth, _AT_THE_END)
        sys.exit(0)
    os.close(mouth)
    status = _end_of(child, watched)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    message = os.read(heard, 4096)
    if not message.endswith(_AT_THE_END):
        if status == -signal.SIGALRM and message:
            return Crash(status, float(message.split()[-1]))
        if status >= 0 or signal.Signals(-status).name in CRASHES:
            return Crash(status)
    if status >= 0:
        sys.exit(status)
    signal.signal(-status, signal.SIG_DFL)
    os.kill(parent, -status)
    sys.exit(128 - status)


def _leave(status: int) -> NoReturn:
    """End this process without waiting for its threads: what they still measure is wanted by nobody."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if _child_says is not None:
        os.write(_child_says, _AT_THE_END)
    os._exit(status)


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
