"""What a run finds beside its reports that it did not make, or no longer finds; and notices that fail."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import quick_watch as quick
from support import review_runs
from support.issued_reports import put
from support.watch_kills import of_session

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive
from tumangang_watch.archive.digests import add_row
from tumangang_watch.archive.file import hold
from tumangang_watch.archive.rebuild import rebuild
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.commands.watch import finish
from tumangang_watch.errors import OutputFailed
from tumangang_watch.settings.records import WatchSettings
from tumangang_watch.watch.inbox import locate_scenes
from tumangang_watch.watch.notify import send_notices

FIRST, SECOND, THIRD = (f"2022-01-0{day + 1}T020000Z_day00{day}" for day in (0, 3, 6))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A record of two dates, and one to which a third was added."""
    places = [tmp_path_factory.mktemp("record") / name for name in ("two", "three")]
    quick.write_site(places[0] / "site.geojson")
    for day in (0, 3):
        quick.write_scene(places[0] / "in", day)
    quick.take_in_here(places[0])
    shutil.copytree(*places)
    quick.write_scene(places[1] / "in", 6)
    quick.take_in_here(places[1])
    return places


@pytest.fixture
def root(tmp_path, made):
    return Path(shutil.copytree(made[0], tmp_path / "record"))


@pytest.fixture
def unrecorded(made, root):
    """A report that was made and not recorded, as a killed run leaves it."""
    return Path(shutil.copytree(made[1] / "reports" / THIRD, root / "reports" / THIRD))


def sound(root) -> bool:
    with open_archive(root / "record.sqlite") as archive:
        return check_archive(archive, root / "reports", files=True) == []


def strange_copy(folder):
    shutil.copytree(folder.with_name(SECOND), folder.with_name("2022 copy"))
    shutil.rmtree(folder)
    return "2022 copy"


def strange_renamed(folder):
    folder.rename(folder.with_name("mine"))
    return "mine"


def strange_of_compare(folder):
    document = json.loads((folder / "report.json").read_text())
    del document["issue"]
    shutil.rmtree(folder)
    put(folder.parent, document, "mine")
    return "mine"


def strange_damaged(folder):
    (folder / "report.html").write_text("cut")
    return folder.name


def strange_without_sense(folder):
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "manifest.json").write_text('{"files": {}}')
    (folder / "report.json").write_text("[1]")
    return folder.name


@pytest.mark.parametrize(
    "strange", [strange_copy, strange_renamed, strange_of_compare, strange_damaged, strange_without_sense]
)
def test_a_strange_folder_is_named_and_left_alone_and_the_intake_goes_on(root, unrecorded, capsys, strange):
    folder = strange(unrecorded)
    before = {p: p.read_bytes() for p in (root / "reports" / folder).rglob("*") if p.is_file()}
    quick.write_scene(root / "in", 6)
    tally = quick.take_in_here(root)
    (line,) = tally.strange
    assert line.startswith(f"{folder}: ")
    (made,) = tally.made
    assert made == (THIRD + "_r2" if folder == THIRD else THIRD)
    assert finish(quick.places_in(root), tally) == 0
    assert capsys.readouterr().err.count(f"Left alone: {folder}: ") == 1
    assert sound(root)
    assert before == {p: p.read_bytes() for p in before}
    if strange not in (strange_damaged, strange_without_sense):
        state = quick.state(root)
        assert quick.take_in_here(root).made == []
        rebuild(root / "record.sqlite", root / "reports", lambda: locate_scenes(root / "in"))
        assert quick.state(root) == state


def test_a_whole_report_that_was_not_recorded_is_taken(root, unrecorded):
    quick.write_scene(root / "in", 6)
    tally = quick.take_in_here(root)
    assert (tally.made, tally.strange) == ([THIRD], [])


def test_a_report_that_a_worker_puts_there_meanwhile_is_taken(root, monkeypatch):
    from tumangang_watch.watch import work

    kept = work.write_report

    def twice(comparison, folder, **how):
        kept(comparison, folder, **how)
        return kept(comparison, folder, **how)

    monkeypatch.setattr(work, "write_report", twice)
    quick.write_scene(root / "in", 6)
    assert quick.take_in_here(root).made == [THIRD]


def test_a_report_that_was_removed_is_made_again_and_not_told_again(root):
    quick.write_scene(root / "in", 2)  # The second date is reported again.
    quick.take_in_here(root)
    (root / "told").unlink()
    state = quick.state(root)
    for name in (FIRST, SECOND + "_r2"):
        shutil.rmtree(root / "reports" / name)
    assert quick.take_in_here(root).made == [FIRST, SECOND + "_r2"]
    assert sound(root)
    assert quick.state(root)["rows"]["findings"] == state["rows"]["findings"]
    assert quick.told(root) == set()
    assert quick.take_in_here(root).made == []


def test_a_removed_report_that_cannot_be_made_again_is_told(root):
    shutil.rmtree(root / "reports" / FIRST)
    for path in (root / "in").glob("day000*"):
        path.unlink()
    tally = quick.take_in_here(root)
    assert tally.made == []
    assert tally.strange == [f"{FIRST}: it was recorded and is gone; its scene is not in the inbox any more"]


def test_a_wrong_folder_of_reports_is_told_and_nothing_is_made_again(root):
    (root / "reports").rename(root / "elsewhere")
    tally = quick.take_in_here(root)
    assert tally.made == []
    assert "none of 2 recorded reports is here" in tally.strange[0]


def test_an_archive_that_was_lost_gets_its_reviews_back(root):
    where = ("--archive", root / "record.sqlite")
    review_runs.run("review", "accept", f"{SECOND}/f1", *where)
    (root / "record.sqlite").unlink()
    quick.take_in_here(root)
    with open_archive(root / "record.sqlite") as archive:
        assert [(r.reader, r.answer.verdict) for r in all_reviews(archive)] == [("kim", "accepted")]
    assert sound(root)


# Notices


def test_one_finding_that_cannot_be_told_does_not_hold_up_the_others(root):
    """They are told in order of time, the failing one twice, while another run may take in scenes."""
    (root / "told").unlink()
    for day in (6, 9, 12):
        quick.write_scene(root / "in", day)
    script = root / "tell.py"
    script.write_text(f"""import json, sys, fcntl
text = sys.stdin.read()
name = json.loads(text)["id"]
fcntl.flock(open({str(root / "record.sqlite.lock")!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)
open({str(root / "calls")!r}, "a").write(name + "\\n")
if "day006" in name: sys.exit(7)
open({str(root / "told")!r}, "a").write(text)
""")
    command = f"{sys.executable} {script}"
    places = quick.places_in(root)
    with pytest.raises(OutputFailed, match=r"day006/f1: it ended with status 7 \(1 finding not told"):
        quick.take_in_here(root, command)
    order = [line[19:25] for line in (root / "calls").read_text().split()]
    assert order == ["day006", "day009", "day012", "day006"]
    assert len(quick.told(root)) == 2
    with hold(places.archive):
        pass
    quick.take_in_here(root)
    assert len(quick.told(root)) == 3


def test_a_command_that_is_down_is_given_up_after_some_failures(root):
    with open_archive(root / "record.sqlite", write=True) as archive:
        for number in range(5):
            with archive.transaction() as connection:
                add_row(connection, "notices", "r", f"f{number}", "{}")
        command = f"/bin/sh -c 'echo x >> {root}/calls; exit 1'"
        with pytest.raises(OutputFailed, match="5 findings not told"):
            send_notices(archive, command, WatchSettings())
    assert len((root / "calls").read_text().split()) == 3


# Workers

RUN = """
import os, sys, time
from tumangang_watch.watch.executors import executor
sys.path.insert(0, {folder!r})
import naps
if __name__ == "__main__":
    with executor(2, None, 60.0, 1) as work:
        for number in (1, 2):
            work.submit(naps.nap, number, number)
        work.next_done()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
@pytest.mark.parametrize("after_s", [1.0, 3.0])
def test_no_worker_outlives_a_killed_run(tmp_path, after_s):
    """Also one that had only just been started."""
    (tmp_path / "naps.py").write_text(
        "import os, time\n"
        f"def nap(number):\n    open(r'{tmp_path}/at-work', 'a').write('x')\n    time.sleep(600)\n"
    )
    script = tmp_path / "run.py"
    script.write_text(RUN.format(folder=str(tmp_path)))
    run = subprocess.Popen([sys.executable, script], stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(after_s)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    until = time.monotonic() + 20
    while (left := of_session(run.pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []
