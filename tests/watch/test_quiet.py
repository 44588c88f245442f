"""A run ends at once where nothing changed since one had nothing to do; whatever changed is met."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from support import quick_watch as quick

from tumangang_watch.commands import quiet as command
from tumangang_watch.files import CLOCK_MARGIN_NS
from tumangang_watch.shipped import built_in_site_path
from tumangang_watch.watch import work
from tumangang_watch.watch.quiet import Begun, Surroundings
from tumangang_watch.watch.tally import IntakeTally
from tumangang_watch.watch.tasks import look_at, make_report

LATER = 2 * CLOCK_MARGIN_NS


@pytest.fixture
def around(tmp_path):
    for name in ("in/order/a.tif", "in/b.tif", "in/b_metadata.json", "reports/index.html", "record.sqlite"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return Surroundings(
        inbox=tmp_path / "in",
        archive=tmp_path / "record.sqlite",
        reports=tmp_path / "reports",
        site_file=quick.write_site(tmp_path / "site.geojson"),
        options=("1.0",),
    )


def later(around) -> Begun:
    """Return the beginning of a run a few seconds from now."""
    begun = Begun.now(around)
    return replace(begun, before=replace(begun.before, at_ns=begun.before.at_ns + LATER))


def rewrite_in_place(path):
    """Change a file's content, and nothing that a program could set back of its size and times."""
    status, content = path.stat(), path.read_bytes()
    path.write_bytes(content[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)


def put_pipe(path):
    """Put in a file's place what never gives an end of file to who reads it."""
    path.unlink()
    os.mkfifo(path)


def exchange(root):
    """Have two files exchange their names."""
    (root / "in/b.tif").rename(root / "in/c")
    (root / "in/order/a.tif").rename(root / "in/b.tif")
    (root / "in/c").rename(root / "in/order/a.tif")


CHANGES = {
    "new scene": lambda root: (root / "in/new.tif").write_text("x"),
    "new scene in a folder": lambda root: (root / "in/order/new.tif").write_text("x"),
    "new folder": lambda root: (root / "in/empty").mkdir(),
    "scene gone": lambda root: (root / "in/b.tif").unlink(),
    "scene replaced": lambda root: shutil.copy2(root / "in/order/a.tif", root / "in/b.tif"),
    "scene rewritten": lambda root: rewrite_in_place(root / "in/order/a.tif"),
    "metadata rewritten": lambda root: rewrite_in_place(root / "in/b_metadata.json"),
    "scene renamed": lambda root: (root / "in/b.tif").rename(root / "in/c.tif"),
    "names exchanged": exchange,
    "scene moved": lambda root: (root / "in/b.tif").rename(root / "in/order/b.tif"),
    "a link for a scene": lambda root: (root / "in/l.tif").symlink_to("b.tif"),
    "report gone": lambda root: (root / "reports/r").rmdir(),
    "report put there": lambda root: (root / "reports/mine").mkdir(),
    "page rewritten": lambda root: rewrite_in_place(root / "reports/index.html"),
    "archive rewritten": lambda root: rewrite_in_place(root / "record.sqlite"),
    "archive gone": lambda root: (root / "record.sqlite").unlink(),
    "archive being written": lambda root: (root / "record.sqlite-journal").write_text("x"),
    "reviews put there": lambda root: (root / "record.sqlite.reviews.jsonl").write_text("{}"),
    "site rewritten": lambda root: rewrite_in_place(root / "site.geojson"),
    "site is a pipe": lambda root: put_pipe(root / "site.geojson"),
    "inbox gone": lambda root: shutil.rmtree(root / "in"),
    "note damaged": lambda root: (root / "record.sqlite.quiet").write_text("[" * 10**5),
    "note gone": lambda root: (root / "record.sqlite.quiet").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changed_is_met(around, tmp_path, change):
    (tmp_path / "reports/r").mkdir()
    later(around).note("Passed over: 1 link")
    assert Begun.now(around).noted() == "Passed over: 1 link"
    assert Begun.now(replace(around, options=("2.0",))).noted() is None
    CHANGES[change](tmp_path)
    assert Begun.now(around).noted() is None


def test_nothing_is_noted_of_what_changed_just_now_or_while_the_run_went_on(around, tmp_path):
    Begun.now(around).note("")
    assert not around.note_file().exists()
    begun = later(around)
    (tmp_path / "in/late.tif").write_text("x")
    begun.note("")
    assert not around.note_file().exists()
    later(around).note("")
    assert Begun.now(around).noted() == ""


def test_a_run_is_idle_that_met_nothing_but_what_it_knew():
    assert IntakeTally(known=3).idle
    assert not IntakeTally(waiting=["a.tif"]).idle
    assert not IntakeTally(strange=["copy: left alone"]).idle
    assert not IntakeTally(unknown=True).idle


def test_what_the_command_is_asked_for_counts_and_the_built_in_site_is_one(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(command, "do_in", lambda *_, begun, **given: asked.append(begun.around) or 0)
    places = {"inbox": tmp_path, "archive_file": tmp_path / "a", "reports": tmp_path / "r", "site": None}
    for base_url, jobs in (("", 1), ("", 2), ("https://x/", 1)):
        command.watch(**places, refresh=False, as_json=False, base_url=base_url, jobs=jobs)
    assert asked[0] == asked[1] != asked[2]
    assert asked[0].site_file == built_in_site_path()


RUN = """
import sys
from tumangang_watch.watch import quiet
quiet.CLOCK_MARGIN_NS = -(10**18)  # What was written a moment ago is long settled.
from tumangang_watch.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, "rasterio" in sys.modules)
"""


def test_the_command_loads_nothing_heavy_until_something_is_new(tmp_path):
    quick.write_site(tmp_path / "site.geojson")
    quick.write_scene(tmp_path / "in", 0)
    quick.take_in_here(tmp_path)
    places = {"--archive": "record.sqlite", "--reports": "reports", "--site": "site.geojson"}
    words = ["watch", f"{tmp_path}/in", "--settle", "0", "--no-detectability"]
    words += [word for name, file in places.items() for word in (name, f"{tmp_path}/{file}")]

    def run():
        done = subprocess.run([sys.executable, "-c", RUN, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip(), done.stderr

    assert run() == ("0 True", "")
    assert run() == ("0 False", "")
    (tmp_path / "in/growing.tif").write_bytes(b"no image")
    status, told = run()
    assert status == "3 True"
    assert "growing.tif" in told


def test_a_worker_gets_the_work_itself_and_the_run_that_hands_it_out_loads_none_of_it():
    assert pickle.loads(pickle.dumps(look_at)) is work.look_at
    assert pickle.loads(pickle.dumps(make_report)) is work.make_report
    heavy = "{'scipy', 'skimage', 'tumangang_watch.pipeline', 'tumangang_watch.watch.work'}"
    code = (
        "import pickle, sys, tumangang_watch.commands.watch; from tumangang_watch.watch import tasks; "
        f"pickle.dumps([tasks.look_at, tasks.make_report]); print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
