"""A real Dask cluster of two workers: the work of one that dies is done by the other, once."""

from __future__ import annotations

import ctypes
import os

import pytest

from tumangang_watch.processes import longer_than
from tumangang_watch.watch.executors import Died, executor


def mark_and_die_once(task):
    """Die on the first visit, leave a mark; on the second give the value."""
    path, value = task
    if path and not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), 9)
    return value


def test_work_of_a_dead_worker_is_done_by_another(tmp_path):
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        executor(1, cluster.scheduler_address, 60.0, 2) as work,
    ):
        for key in range(8):
            work.submit(mark_and_die_once, (str(tmp_path / "mark") if key == 3 else "", key), key)
        found = [work.next_done() for _ in range(8)]
        assert work.waiting == 0
    assert sorted(found) == [(key, key) for key in range(8)]


def hang_or_give(value):
    """Give the value; for none of it wait in a library that lets nothing of Python run."""
    if value is None:
        ctypes.PyDLL(None).pause()
    return value


def die_or_give(value):
    """Give the value; for none of it be killed."""
    if value is None:
        os.kill(os.getpid(), 9)
    return value


@pytest.mark.parametrize(
    ("function", "died"),
    [(hang_or_give, Died(longer_than(3.0), late=True)), (die_or_give, Died("every worker that had it died"))],
)
def test_work_whose_every_worker_ends_is_given_up_and_what_waited_there_is_done(function, died):
    """The scheduler blames all that was handed to the worker; the nannies start another each time."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
    ):
        with executor(1, cluster.scheduler_address, 3.0, 2) as work:
            for key in range(8):
                work.submit(function, None if key == 1 else key, key)
            found = dict(work.next_done() for _ in range(8))
            assert work.waiting == 0
        workers = {worker.process.pid for worker in cluster.workers.values() if worker.process}
    assert found == {key: died if key == 1 else key for key in range(8)}
    assert not [pid for pid in workers if os.path.exists(f"/proc/{pid}")]
