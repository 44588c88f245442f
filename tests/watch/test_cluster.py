"""A real Dask cluster of two workers: the work of one that dies is done by the other, once."""

from __future__ import annotations

import os

from tumangang_watch.watch.executors import executor


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
