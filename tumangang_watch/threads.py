"""Do one thing to several values at a time, in threads of this process.

Sampling, filters, networks and coding of pictures leave other threads the interpreter: about two thirds of
the time of the trials of a date. What is done must depend on nothing but its value, so that the answers are
the same whatever is done beside it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Value = TypeVar("Value")
Answer = TypeVar("Answer")
LIBRARY = ctypes.CDLL(None)
"""The C library of this process."""
KEPT_BYTES = 32 << 20
"""The C library's own greatest size of a piece of memory that is not asked of the system anew (glibc)."""
_TRIM_FROM, _MMAP_FROM = -1, -3
"""Numbers of the options in ``malloc.h``."""
WORKERS = 2
"""Values worked on at a time: a pair has two dates, and more threads wait for the interpreter."""


def side_by_side(
    work: Callable[[Value], Answer], values: Iterable[Value], *, writes: bool = False
) -> list[Answer]:
    """Return what a function gives of each value, in their order; the first error in that order is raised.

    An interrupt (Ctrl-C) does not wait for what is at work, which can take seconds, unless it ``writes``:
    what is written would be left behind.

    Raises
    ------
    MemoryError
        The system starts no further thread.
    """
    given = list(values)
    if len(given) < 2:
        return [work(value) for value in given]
    pool, waited_for = ThreadPoolExecutor(WORKERS), True
    try:
        return [one.result() for one in _handed_in(pool, work, given)]
    except KeyboardInterrupt:
        waited_for = writes
        raise
    finally:
        pool.shutdown(waited_for, cancel_futures=True)
        give_back()


def _handed_in(
    pool: ThreadPoolExecutor, work: Callable[[Value], Answer], values: list[Value]
) -> list[Future[Answer]]:
    """Hand in a piece of work for each value."""
    try:
        return [pool.submit(work, value) for value in values]
    except RuntimeError as error:
        raise MemoryError(str(error)) from error


def keep_freed() -> None:
    """Let the C library keep what was freed, within the bounds that it comes to by itself, for what is next.

    Workers of Dask are started with a bound (``MALLOC_TRIM_THRESHOLD_``) by which every plane of a picture is
    asked of the system anew: six dates took 86 s on two workers, 64 s without it.
    """
    if hasattr(LIBRARY, "mallopt"):
        for option, size in ((_MMAP_FROM, KEPT_BYTES), (_TRIM_FROM, 2 * KEPT_BYTES)):
            LIBRARY.mallopt(option, size)


def give_back() -> None:
    """Give the system the memory that threads have freed, where the C library keeps it with each thread.

    On a painted pair the peak is 714 MB with it, 889 MB without.
    """
    if hasattr(LIBRARY, "malloc_trim"):
        LIBRARY.malloc_trim(0)
