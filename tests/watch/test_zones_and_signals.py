"""Neither the clock's zone nor how a run is ended changes what a record holds."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import quick_watch as quick
from support.crashes import built_clock
from support.faulted_runs import hindrance
from support.watch_kills import run_killed, watch_here

from tumangang_watch.archive import open_archive, read
from tumangang_watch.scenes.acquired import parse_time
from tumangang_watch.text import utc_text
from tumangang_watch.watch.inbox import look_into
from tumangang_watch.watch.intake import take_in

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize("name", ["America/New_York", "Asia/Pyongyang", "Europe/London", "Pacific/Apia"])
@pytest.mark.parametrize(
    "stated",
    [
        "2022-03-13T02:30:00",  # Skipped in New York.
        "2022-11-06T01:30:00",  # Twice in New York.
        "2022-03-27T01:30:00",  # Skipped in London.
        "2015-08-14T23:45:00",  # Twice in Pyongyang, whose clocks were set back by half an hour,
        "2018-05-04T23:45:00",  # and on again: skipped.
        "2011-12-30T12:00:00",  # A day that Samoa left out.
    ],
)
def test_a_time_without_a_zone_is_read_as_utc_wherever_the_machine_stands(zone, name, stated):
    zone(name)
    assert parse_time(stated) == (datetime.fromisoformat(f"{stated}+00:00"), False)
    assert utc_text(parse_time(stated)[0]) == f"{stated}Z"


def test_nothing_asks_for_the_machines_own_time_of_day():
    """So midnight, and an hour that is skipped or comes twice, are like any other while a run goes on."""
    asked = {"localtime", "mktime", "today", "ctime", "utcnow", "utcfromtimestamp"}
    with_zone = {"now": 1, "fromtimestamp": 2, "astimezone": 1}
    found = []
    for path in sorted((ROOT / "tumangang_watch").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = len(node.args) + len(node.keywords)
                own = ast.unparse(node.func.value) == "self"  # A clock that was handed in.
                if node.func.attr in asked or (given < with_zone.get(node.func.attr, 0) and not own):
                    found.append(f"{path.name}: {ast.unparse(node)}")
    assert not found


def test_a_scene_refused_by_a_wrong_clock_is_taken_in_when_the_clock_is_right(inbox, tmp_path):
    root = shutil.copytree(inbox, tmp_path / "root")

    def taken_in(now):
        places = replace(quick.places_in(root), now=now)
        with quick.quick():
            return take_in(places, look_into(root / "in", 1e12, 0.0), quick.Inline(), lambda _: None)

    early = datetime(2022, 1, 2, 12, tzinfo=UTC)
    tally = taken_in(early)
    assert [str(failed) for failed in tally.refused] == [
        "date refused: day003: acquired 2022-01-04T02:00:00Z (metadata), which is after this machine's "
        "clock, 2022-01-02T12:00:00Z. Set the clock right, or the date with --acquired"
    ]
    assert len(tally.made) == 1
    with open_archive(root / "record.sqlite") as archive:
        (refusal,) = read.refusals(archive).values()
    assert refusal.acquired == "2022-01-04T02:00:00Z"
    assert (taken_in(early).refused, len(taken_in(datetime(2022, 1, 3, 3, tzinfo=UTC)).made)) == ([], 1)


@pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")
def test_a_clock_that_is_set_while_it_runs_changes_no_report(inbox, tmp_path):
    """Ten years on and a year back, all the time; at first it is before every scene."""
    library = built_clock(tmp_path)
    found = []
    for name, shifts in (("right", ("0",)), ("wrong", ("-315360000", "0 315360000 31536000 -31536000"))):
        root = shutil.copytree(inbox, tmp_path / name)
        words = ["watch", "in", "--archive", "a.sqlite", "--reports", "reports", "--site", "site.geojson"]
        for shift in shifts:
            done = subprocess.run(
                [sys.executable, "-m", "tumangang_watch", *words, "--settle", "0", "--no-detectability"],
                cwd=root,
                env={**os.environ, "LD_PRELOAD": str(library), "CLOCK_SHIFTS": shift, "CLOCK_CALLS": "40"},
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert "Traceback" not in done.stderr
            assert done.returncode == (75 if shift.startswith("-") else 0)
        manifests = sorted(root.glob("reports/*/manifest.json"))
        found.append({p.parent.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in manifests})
    assert len(found[0]) == 2
    assert found[0] == found[1]


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
