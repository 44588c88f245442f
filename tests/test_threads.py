"""What is done to several values at a time is what is done to each of them alone."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tumangang_watch.threads import WORKERS, side_by_side


def test_answers_stand_in_the_order_of_their_values():
    assert side_by_side(lambda v: v * v, range(50)) == [v * v for v in range(50)]
    assert side_by_side(str, []) == []


def test_two_values_are_worked_on_at_once():
    together = threading.Barrier(WORKERS, timeout=30)
    assert len(set(side_by_side(lambda _: (together.wait(), threading.get_ident())[1], range(WORKERS)))) == 2


def test_one_value_is_worked_on_here():
    assert side_by_side(lambda _: threading.get_ident(), [1]) == [threading.get_ident()]


def test_the_first_error_in_the_order_of_the_values_is_raised():
    def refuse(value):
        if value in (3, 7):
            raise ValueError(f"value {value}")
        return value

    with pytest.raises(ValueError, match="value 3"):
        side_by_side(refuse, range(10))


def test_memory_that_threads_freed_is_given_back():
    def resident_mb():
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def fill(_):
        # Small enough that the C library keeps them when they are freed; the one behind them stays.
        pieces = [bytearray(100_000) for _ in range(1000)]
        return [pieces.pop()]

    side_by_side(fill, range(WORKERS))
    before = resident_mb()
    kept = side_by_side(fill, range(6))
    assert kept
    assert resident_mb() - before < 60


def test_no_room_for_a_thread_is_told_as_too_little_memory():
    usual = threading.stack_size(2**47)
    try:
        with pytest.raises(MemoryError, match="thread"):
            side_by_side(str, range(3))
    finally:
        threading.stack_size(usual)


FAULTS = """
import resource
import numpy as np
from tumangang_watch.threads import keep_freed
{}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    np.ones(1_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library is glibc on Linux")
def test_planes_are_not_asked_of_the_system_anew_where_dask_would_have_it_so():
    about = os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536"}
    asked = [
        int(subprocess.check_output([sys.executable, "-c", FAULTS.format(first)], env=about))
        for first in ("", "keep_freed()")
    ]
    assert asked[1] < asked[0] / 5
