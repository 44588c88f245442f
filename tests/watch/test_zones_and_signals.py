"""Neither the clock's zone nor how a run is ended changes what a record holds."""

from __future__ import annotations

import os
import shutil
import signal
import time

import pytest
from support import quick_watch as quick
from support.watch_kills import run_killed, watch_here


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    """Two scenes and a site, nothing taken in."""
    root = tmp_path_factory.mktemp("record")
    quick.write_site(root / "site.geojson")
    for day in (0, 3):
        quick.write_scene(root / "in", day)
    return root


@pytest.fixture
def zone(monkeypatch):
    """Set the process's time zone, and the one before afterwards."""

    def set_zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def test_a_record_is_the_same_in_every_time_zone(inbox, tmp_path, zone):
    states = []
    for name in ("UTC", "Pacific/Kiritimati", "America/St_Johns"):
        zone(name)
        root = shutil.copytree(inbox, tmp_path / name.replace("/", "-"))
        quick.take_in_here(root)
        states.append(quick.state(root))
    assert states[1:] == states[:1] * 2


def end_of_watch(root, notify):
    """Run ``watch`` in a child; return its exit status, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            watch_here(root, "fork", notify)
        except SystemExit as end:
            status = end.code
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(("name", "status"), [("INT", 130), ("TERM", -signal.SIGTERM)])
def test_a_run_that_a_signal_ends_is_gone_on_from(inbox, tmp_path, name, status):
    """The signal comes while the first finding is told."""
    one, two = (shutil.copytree(inbox, tmp_path / folder) for folder in ("disturbed", "undisturbed"))
    assert end_of_watch(one, f"kill -{name} $PPID") == status
    assert not quick.told(one)
    for root in (one, two):
        assert run_killed(root, None, "fork") == (False, 0)
    assert quick.state(one) == quick.state(two)
    assert len(quick.told(one)) == 1
