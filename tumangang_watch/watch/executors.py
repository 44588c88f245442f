"""Where work is done: in processes of this machine, or on a Dask cluster. One interface for both."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from tumangang_watch.errors import InputRefused, UsageError, fault_words
from tumangang_watch.processes import end_with_parent, memory_limit_mb
from tumangang_watch.threads import keep_freed

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Died:
    """The process that did a piece of work died, or took too long, whenever it was tried."""

    why: str
    killed: bool = False
    """By a system short of memory, or by a library that may take too little: nothing is said of the work."""


@dataclass
class _Piece:
    function: Function
    task: Any
    key: Any
    deaths_alone: int = 0


class Processes:
    """Processes of this machine. A piece whose process dies is tried again by itself.

    As many pieces as there are ``slots`` are worth handing in at a time; they end in whatever order.
    """

    def __init__(self, jobs: int, limit_s: float, attempts: int) -> None:
        self.slots, self._limit_s, self._attempts = max(1, jobs), limit_s, attempts
        self._pool: ProcessPoolExecutor | None = None
        self._workers: set[BaseProcess] = set()
        self._running: dict[Future[Any], _Piece] = {}
        self._suspects: deque[_Piece] = deque()

    def submit(self, function: Function, task: Any, key: Any) -> None:
        """Hand in a piece of work under a key of the caller's."""
        self._start(_Piece(function, task, key))

    @property
    def waiting(self) -> int:
        """How many pieces are handed in and not yet returned."""
        return len(self._running) + len(self._suspects)

    def next_done(self) -> tuple[Any, Any]:
        """Wait for a piece to end; return its key and its value, or `Died`."""
        while True:
            if not self._running:
                self._start(self._suspects.popleft())
            done, _ = wait(self._running, timeout=self._limit_s, return_when=FIRST_COMPLETED)
            if not done:
                ended = self._blame(Died("it took too long"))
            else:
                future = min(done, key=lambda f: list(self._running).index(f))
                error = future.exception()
                if not isinstance(error, BrokenProcessPool):
                    piece = self._running.pop(future)
                    return piece.key, _outcome(future, error)
                ended = self._blame(self._death())
            if ended is not None:
                return ended

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
            future = self._pool.submit(piece.function, piece.task)
        except BrokenProcessPool:
            self._suspects.append(piece)
            return
        self._running[future] = piece
        self._workers.update(multiprocessing.active_children())

    def _death(self) -> Died:
        """Return how a worker died; the others are ended politely before its end is looked at."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        if any(worker.exitcode == -signal.SIGKILL for worker in self._workers):
            return Died("its process was killed, as a system short of memory does", killed=True)
        limit = memory_limit_mb()
        if limit is not None:
            return Died(f"its process died, which may take {limit} MiB", killed=True)
        return Died("its process died")

    def _blame(self, died: Died) -> tuple[Any, Any] | None:
        """Every piece that ran is suspect: each is tried again alone; one that ran alone is guilty."""
        pieces = list(self._running.values())
        self._running.clear()
        self.close()
        if len(pieces) == 1:
            pieces[0].deaths_alone += 1
            if pieces[0].deaths_alone >= self._attempts:
                return pieces[0].key, died
        self._suspects.extend(pieces)
        return None


class Cluster:
    """A Dask cluster whose workers see the same folders. Work of a dead worker is done by another."""

    def __init__(self, address: str) -> None:
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
        self._keys: dict[str, Any] = {}
        self.slots = max(1, 2 * sum(self._client.nthreads().values()))

    def submit(self, function: Function, task: Any, key: Any) -> None:
        """Hand in a piece of work."""
        future = self._client.submit(_on_cluster, function, task, pure=False)
        self._keys[str(future.key)] = key
        self._done.add(future)

    @property
    def waiting(self) -> int:
        """How many pieces are handed in and not yet returned."""
        return len(self._keys)

    def next_done(self) -> tuple[Any, Any]:
        """Wait for a piece to end."""
        from distributed import KilledWorker

        future = next(self._done)
        key = self._keys.pop(str(future.key))
        error = future.exception()
        if isinstance(error, KilledWorker):
            return key, Died("every worker that had it died")
        return key, _outcome(future, error)

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
    place = Cluster(scheduler) if scheduler else Processes(jobs, limit_s, attempts)
    try:
        yield place
    finally:
        place.close()


def _on_cluster(function: Function, task: Any) -> Any:
    """Do a piece of work in a worker of a cluster."""
    keep_freed()
    return function(task)


def _start_worker(parent: int) -> None:
    """Leave interrupts to the run, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
