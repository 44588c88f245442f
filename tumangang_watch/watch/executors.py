"""Where work is done: in processes of this machine, or on a Dask cluster. One interface for both."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from tumangang_watch.errors import InputRefused, UsageError, fault_words
from tumangang_watch.processes import end_with_parent, ended_after, longer_than, memory_limit_mb
from tumangang_watch.threads import keep_freed

Function = Callable[[Any], Any]
STARTING_S = 300.0
"""What a worker may take beside its work: to start and import, on a machine that is busy."""
_ALARM = int(getattr(signal, "SIGALRM", 0))


@dataclass(frozen=True)
class Died:
    """The process that did a piece of work died, or took too long, whenever it was tried."""

    why: str
    killed: bool = False
    """By a system short of memory, or by a library that may take too little: nothing is said of the work."""
    late: bool = False
    """It took too long."""


@dataclass(kw_only=True)
class _Piece:
    function: Function
    task: Any
    key: Any
    deaths: int = 0
    """How often its process died while it ran alone, or was ended because it took too long."""
    begun: float = 0.0
    """When it was handed in, by the clock that nobody sets."""


class Processes:
    """Processes of this machine. A piece whose process dies or takes too long is tried again by itself.

    As many pieces as there are ``slots`` are worth handing in at a time; they end in whatever order.
    """

    def __init__(self, jobs: int, limit_s: float, attempts: int) -> None:
        self.slots, self._limit_s, self._attempts = max(1, jobs), limit_s, attempts
        self._pool: ProcessPoolExecutor | None = None
        self._workers: set[BaseProcess] = set()
        self._running: dict[Future[Any], _Piece] = {}
        self._suspects: deque[_Piece] = deque()
        self._given_up: deque[tuple[Any, Died]] = deque()

    def submit(self, function: Function, task: Any, key: Any) -> None:
        """Hand in a piece of work under a key of the caller's."""
        self._start(_Piece(function=function, task=task, key=key))

    @property
    def waiting(self) -> int:
        """How many pieces are handed in and not yet returned."""
        return len(self._running) + len(self._suspects) + len(self._given_up)

    def next_done(self) -> tuple[Any, Any]:
        """Wait for a piece to end; return its key and its value, or `Died`."""
        while not self._given_up:
            if not self._running:
                self._start(self._suspects.popleft())
            first = min(piece.begun for piece in self._running.values())
            left_s = first + self._limit_s + STARTING_S - time.monotonic()
            done, _ = wait(self._running, timeout=max(left_s, 0.0), return_when=FIRST_COMPLETED)
            if not done:
                self._blame(Died(longer_than(self._limit_s), late=True))
                continue
            future = min(done, key=lambda f: list(self._running).index(f))
            error = future.exception()
            if not isinstance(error, BrokenProcessPool):
                piece = self._running.pop(future)
                return piece.key, _outcome(future, error)
            self._blame(self._death())
        return self._given_up.popleft()

    def close(self) -> None:
        """End the processes, whatever they do."""
        if self._pool is not None:
            for process in multiprocessing.active_children():
                process.kill()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
            self._workers.clear()

    def _start(self, piece: _Piece) -> None:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.slots,
                multiprocessing.get_context("spawn"),
                initializer=_start_worker,
                initargs=(os.getpid(),),
            )
        try:
            future = self._pool.submit(_limited, piece.function, piece.task, self._limit_s)
        except BrokenProcessPool:
            self._suspects.append(piece)
            return
        piece.begun = time.monotonic()
        self._running[future] = piece
        self._workers.update(multiprocessing.active_children())

    def _death(self) -> Died:
        """Return how a worker died; the others are ended politely before its end is looked at."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        if any(worker.exitcode == -_ALARM for worker in self._workers):
            return Died(longer_than(self._limit_s), late=True)
        if any(worker.exitcode == -signal.SIGKILL for worker in self._workers):
            return Died("its process was killed, as a system short of memory does", killed=True)
        limit = memory_limit_mb()
        if limit is not None:
            return Died(f"its process died, which may take {limit} MiB", killed=True)
        return Died("its process died")

    def _blame(self, died: Died) -> None:
        """End the processes. Every piece that ran is suspect: each is tried again alone; one that ran alone,
        or longer than it may, is guilty, and is given up where that was its last attempt.
        """
        now, pieces = time.monotonic(), list(self._running.values())
        self._running.clear()
        self.close()
        for piece in pieces:
            if now - piece.begun >= self._limit_s if died.late else len(pieces) == 1:
                piece.deaths += 1
            if piece.deaths < self._attempts:
                self._suspects.append(piece)
            else:
                self._given_up.append((piece.key, died))


class Cluster:
    """A Dask cluster whose workers see the same folders. Work of a dead worker is done by another.

    The scheduler blames a death on all that was handed to the worker, what only waited there as well, and
    gives up what it blamed too often. What it gave up is suspect, and is handed in again once nothing else
    is out: what is given up then is guilty.
    """

    def __init__(self, address: str, limit_s: float) -> None:
        self._limit_s = limit_s
        try:
            from distributed import Client, as_completed
        except ImportError as error:
            raise UsageError(
                "no cluster",
                "--scheduler",
                "dask.distributed is not installed",
                "Install tumangang-watch[cluster]",
            ) from error
        try:
            self._client = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputRefused(
                "no cluster", address, "its scheduler does not answer", "Start one with `dask scheduler`"
            ) from error
        self._done = as_completed(loop=self._client.loop)
        self._pieces: dict[str, _Piece] = {}
        self._suspects: deque[_Piece] = deque()
        self.slots = max(1, 2 * sum(self._client.nthreads().values()))

    def submit(self, function: Function, task: Any, key: Any) -> None:
        """Hand in a piece of work."""
        self._start(_Piece(function=function, task=task, key=key))

    @property
    def waiting(self) -> int:
        """How many pieces are handed in and not yet returned."""
        return len(self._pieces) + len(self._suspects)

    def next_done(self) -> tuple[Any, Any]:
        """Wait for a piece to end; return its key and its value, or `Died`."""
        from distributed import KilledWorker

        while True:
            if not self._pieces:
                self._start(self._suspects.popleft())
            future = next(self._done)
            piece = self._pieces.pop(str(future.key))
            error = future.exception()
            if not isinstance(error, KilledWorker):
                return piece.key, _outcome(future, error)
            if piece.deaths:
                return piece.key, self._death(str(future.key))
            piece.deaths += 1
            self._suspects.append(piece)

    def _start(self, piece: _Piece) -> None:
        future = self._client.submit(_on_cluster, piece.function, piece.task, self._limit_s, pure=False)
        self._pieces[str(future.key)] = piece
        self._done.add(future)

    def _death(self, key: str) -> Died:
        """Return how a piece died that was out alone. How a worker ended is not told: where each of them had
        it for as long as it may take, it was over each time.
        """
        rows = self._client.sync(self._client.scheduler.get_story, keys_or_stimuli=[key])
        moves = [(start, end, when) for name, start, end, *_, when in rows if name == key]
        begun = [when for _, end, when in moves if end == "processing"]
        ended = [when for start, _, when in moves if start == "processing"]
        # What passes between two workers, while the second starts, is nobody's work.
        held_s = [end - begin for begin, end in zip(begun, ended, strict=False)]
        if held_s and min(held_s) >= self._limit_s:
            return Died(longer_than(self._limit_s), late=True)
        return Died("every worker that had it died")

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()


def _outcome(future: Any, error: BaseException | None) -> Any:
    """Return what a piece of work gave; where it raised, or its value did not come back, that it died."""
    return Died(fault_words(error)) if isinstance(error, Exception) else future.result()


Executor = Processes | Cluster


@contextmanager
def executor(jobs: int, scheduler: str | None, limit_s: float, attempts: int) -> Iterator[Executor]:
    """Yield where work is done; end it afterwards."""
    place = Cluster(scheduler, limit_s) if scheduler else Processes(jobs, limit_s, attempts)
    try:
        yield place
    finally:
        place.close()


def _on_cluster(function: Function, task: Any, limit_s: float) -> Any:
    """Do a piece of work in a worker of a cluster."""
    keep_freed()
    return _limited(function, task, limit_s)


def _limited(function: Function, task: Any, limit_s: float) -> Any:
    """Do a piece of work in a process that ends where it takes too long; what it imports is imported."""
    with ended_after(limit_s):
        return function(task)


def _start_worker(parent: int) -> None:
    """Leave interrupts to the run, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    end_with_parent(parent)
