"""Work that dies is tried again alone; what kills its process twice is given up, and nothing else is."""

from __future__ import annotations

import os
import resource
import sys
import time

import pytest

from tumangang_watch.watch.executors import Died, executor

KILLED = Died("its process was killed, as a system short of memory does", killed=True)


def double(number):
    return 2 * number


def odd(task):
    """Die, hang, or leave a mark and die once."""
    kind, value = task
    if kind == "die":
        os.kill(os.getpid(), 9)
    if kind == "abort":
        os.abort()
    if kind == "hang":
        time.sleep(600)
    if kind == "nap":
        time.sleep(1)
    if kind == "once" and not os.path.exists(value):
        open(value, "w").close()
        os.kill(os.getpid(), 9)
    return value


def results(work, function, tasks):
    for key, task in tasks.items():
        work.submit(function, task, key)
    found = {}
    while work.waiting:
        key, value = work.next_done()
        assert key not in found
        found[key] = value
    return found


def test_work_of_a_dead_process_is_done_again(tmp_path):
    tasks = {
        "good": ("fine", 1),
        "bad": ("die", 2),
        "shaken": ("once", str(tmp_path / "mark")),
        "last": ("fine", 3),
    }
    with executor(2, None, 60.0, 2) as work:
        found = results(work, odd, tasks)
        assert results(work, double, {"a": 4}) == {"a": 8}
    assert found == {"good": 1, "bad": KILLED, "shaken": str(tmp_path / "mark"), "last": 3}


def test_work_whose_process_aborts_is_given_up_beside_work_that_is_done():
    with executor(2, None, 60.0, 1) as work:
        found = results(work, odd, {"bad": ("abort", 0), "good": ("fine", 1)})
    assert found == {"bad": Died("its process died"), "good": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are limited on Linux")
def test_under_a_limit_of_memory_a_death_says_nothing_of_the_work():
    """A library that gets no memory may end its process by itself."""
    kept = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**44, kept[1]))
    try:
        with executor(1, None, 60.0, 1) as work:
            found = results(work, odd, {"bad": ("abort", 0)})
    finally:
        resource.setrlimit(resource.RLIMIT_AS, kept)
    assert found == {"bad": Died(f"its process died, which may take {2**24} MiB", killed=True)}


def test_work_that_hangs_is_given_up():
    with executor(1, None, 4.0, 1) as work:
        assert results(work, odd, {"x": ("hang", 0)}) == {"x": Died("it took longer than 4 s", late=True)}


def test_work_that_hangs_is_given_up_in_its_own_time_while_other_work_goes_on():
    """What is handed in beside it, and ends, does not put its end off."""
    with executor(2, None, 6.0, 1) as work:
        work.submit(odd, ("hang", 0), "x")
        ended, handed_in = {}, 0
        while "x" not in ended:
            if work.waiting < 2:
                work.submit(odd, ("nap", handed_in), handed_in)
                handed_in += 1
            key, ended[key] = work.next_done()
            assert handed_in < 60
        ended |= results(work, odd, {})
    assert ended == {"x": Died("it took longer than 6 s", late=True), **{n: n for n in range(handed_in)}}
