"""A library that ends the process is told in one line; a child ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from support import quick_watch as quick
from support.crashes import around, built
from support.faulted_runs import hindrance

from tumangang_watch.errors import InputRefused, is_short_of_memory
from tumangang_watch.processes import Crash, longer_than

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "tumangang_watch"]
WORK = """
import signal, sys, time
from tumangang_watch.processes import outlive, within
signal.signal(signal.SIGINT, signal.default_int_handler)  # It may be ignored where the tests run.
def work():
    try:
        print("begun", flush=True)
        {}
    except KeyboardInterrupt:
        sys.exit(130)
print(outlive(work))
"""
HOLD = "time.sleep(60)"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes depend on one another on Linux")


def python(work):
    return [sys.executable, "-c", WORK.format(work)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two scenes, a site, and the library that crashes."""
    root = tmp_path_factory.mktemp("crash")
    quick.write_site(root / "site.geojson")
    for day in (0, 3):
        quick.write_scene(root / "in", day)
    if not hindrance():
        built(root)
    return root


@pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")
@pytest.mark.parametrize(
    ("how", "what"),
    [
        (signal.SIGSEGV, "crashed: in/day003.tif, site.geojson: "),
        (signal.SIGABRT, "crashed: in/day003.tif, site.geojson: "),
        ("exit", "crashed: in/day003.tif, site.geojson: "),
        (signal.SIGKILL, "needs more memory: in/day003.tif, site.geojson: "),
    ],
)
def test_a_decoder_that_crashes_is_one_line(place, how, what):
    words = ["detect", "in/day003.tif", "--site", "site.geojson", "--out", "out", "--overwrite"]
    about = around(place / "crash.so", "day003.tif", how)
    done = subprocess.run(
        [*COMMAND, *words], cwd=place, env=about, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == InputRefused.exit_status
    assert done.stderr.startswith(f"tumangang-watch: {what}")
    assert done.stderr.count("\n") == 1
    assert not (place / "out").exists()


@pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")
def test_watch_takes_in_the_others_where_a_decoder_crashes(place, tmp_path):
    words = ["watch", place / "in", "--archive", tmp_path / "a.sqlite", "--reports", tmp_path / "reports"]
    words += ["--site", place / "site.geojson", "--settle", "0", "--no-detectability"]
    about = around(place / "crash.so", "day003.tif", signal.SIGSEGV)
    done = subprocess.run(
        [*COMMAND, *words], env=about, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == InputRefused.exit_status
    assert [line.split("  ")[1] for line in done.stderr.splitlines()] == [
        "Refused: scene refused: day003.tif: its process died. Deliver it again; report it if it is sound"
    ]
    assert [p.parent.name for p in tmp_path.glob("reports/*/report.json")] == ["2022-01-01T020000Z_day000"]


@pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")
@pytest.mark.parametrize("command", ["detect", "inspect", "site show", "site trace"])
def test_a_decoder_that_hangs_is_given_up_in_one_line(place, tmp_path, command):
    """What is asked of the command is a time in which it cannot but hang."""
    scene, site = "in/day003.tif", ["--site", "site.geojson"]
    words = {
        "detect": ["detect", scene, *site, "--out", tmp_path / "out"],
        "inspect": ["inspect", scene, *site, "--quicklook", tmp_path / "look.png"],
        "site show": ["site", "show", "site.geojson", scene, "--out", tmp_path / "map.png"],
        "site trace": ["site", "trace", scene, *site, "--out", tmp_path / "made.geojson"],
    }[command]
    named = f"site.geojson, {scene}" if command == "site show" else f"{scene}, site.geojson"
    done = subprocess.run(
        [*COMMAND, *words, "--time-limit", "3"],
        cwd=place,
        env=around(place / "crash.so", "day003.tif", "hang"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == InputRefused.exit_status
    assert done.stderr == (
        f"tumangang-watch: given up: {named}: it took longer than 3 s. "
        "Find the scene that does it with `inspect`, deliver it again, or allow more (--time-limit)\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "runs")
def test_watch_takes_in_the_others_where_a_decoder_hangs_and_tries_it_again_with_more_time(place, tmp_path):
    words = ["watch", place / "in", "--archive", tmp_path / "a.sqlite", "--reports", tmp_path / "reports"]
    words += ["--site", place / "site.geojson", "--settle", "0", "--no-detectability", "--time-limit"]
    hung = around(place / "crash.so", "day003.tif", "hang")

    def lines(limit, about, status):
        done = subprocess.run(
            [*COMMAND, *words, limit], env=about, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == status
        return [line.split("  ")[1] for line in done.stderr.splitlines()]

    assert lines("20", hung, InputRefused.exit_status) == [
        "Refused: scene refused: day003.tif: it took longer than 20 s. "
        "Deliver it again; give it more time (--time-limit) if it is sound"
    ]
    assert processes_with(str(tmp_path)) == []
    assert lines("20", hung, 0) == []
    lines("21", os.environ, 0)
    made = sorted(p.parent.name for p in tmp_path.glob("reports/*/report.json"))
    assert made == ["2022-01-01T020000Z_day000", "2022-01-04T020000Z_day003"]


def processes_with(text):
    """Return the command lines of processes that hold a text, those of this one apart."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in words and int(path.parent.name) != os.getpid():
                found.append(words)
    return found


@pytest.mark.parametrize(
    ("work", "status", "output"),
    [
        ("sys.exit(4)", 4, "begun\n"),
        ("1 / 0", 1, "begun\n"),
        ("import os; os.kill(os.getpid(), 15)", -signal.SIGTERM, "begun\n"),
        ("import os; os._exit(7)", 0, f"begun\n{Crash(7)}\n"),
        ("import os; os.abort()", 0, f"begun\n{Crash(-signal.SIGABRT)}\n"),
        (f"with within(0.5): {HOLD}", 0, "begun\nit took longer than 0.5 s\n"),
        (
            "with within(60): pass\n        import os; os.kill(os.getpid(), 14)",
            0,
            f"begun\n{longer_than(60)}\n",
        ),
        ("with within(0.5): pass\n        time.sleep(1); sys.exit(5)", 5, "begun\n"),
    ],
)
def test_it_ends_as_its_work_ends(work, status, output):
    done = subprocess.run(python(work), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (status, output)


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_reaches_the_work(sent, status):
    with subprocess.Popen(python(HOLD), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"begun\n"
        running.send_signal(sent)
        _, words = running.communicate(timeout=60)
    assert (running.returncode, words) == (status, b"")


@pytest.mark.parametrize(("writes", "left"), [(False, []), (True, ["written"])])
def test_an_interrupt_waits_for_threads_only_where_they_write(tmp_path, writes, left):
    """What measures would go on for ten minutes; what writes is done when the work has ended."""
    work = f"""
        from pathlib import Path
        from tumangang_watch.threads import side_by_side
        def piece(number):
            if number == 0:
                print("at work", flush=True)
            time.sleep({3 if writes else 600})
            if number == 0:
                Path({str(tmp_path)!r}, "written").touch()
        side_by_side(piece, range(2), writes={writes})"""
    with subprocess.Popen(python(work), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert [running.stdout.readline() for _ in range(2)] == [b"begun\n", b"at work\n"]
        running.send_signal(signal.SIGINT)
        _, words = running.communicate(timeout=120)
    assert (running.returncode, words) == (130, b"")
    assert [path.name for path in tmp_path.iterdir()] == left


def test_the_work_ends_with_a_killed_parent():
    with subprocess.Popen(python(HOLD), stdout=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"begun\n"
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        running.kill()
    assert len(children) == 1
    while os.path.exists(f"/proc/{children[0]}/stat"):
        state = Path(f"/proc/{children[0]}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "Z":
            break
        time.sleep(0.01)


@pytest.mark.parametrize("limit_mb", [150, 300, 500, 800])
@pytest.mark.parametrize("command", ["inspect", "detect", "series"])
def test_too_little_memory_is_told_and_leaves_nothing(place, tmp_path, command, limit_mb):
    """What a library says of it before it ends the process may stand above the line."""
    words = {
        "inspect": ["inspect", place / "in" / "day003.tif", "--quicklook", tmp_path / "out"],
        "detect": ["detect", place / "in" / "day003.tif", "--site", place / "site.geojson"],
        "series": ["series", "--archive", place / "none.sqlite"],
    }[command]
    out = [] if command == "inspect" else ["--out", tmp_path / "out"]
    shell = 'ulimit -v "$0"; ulimit -c 0; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", shell, str(limit_mb * 1024), *COMMAND, *map(str, [*words, *out])],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        assert (tmp_path / "out").exists()
        return
    assert done.returncode == InputRefused.exit_status
    last = done.stderr.splitlines()[-1]
    enough = command == "series" and "there is no such file" in last
    assert enough or (last.startswith("tumangang-watch: needs more memory: ") and f"{limit_mb} MiB" in last)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (MemoryError(), True),
        (ImportError("libopenblasp.so: failed to map segment from shared object"), True),
        (RuntimeError("can't start new thread"), True),
        (InputRefused("scene refused", "Cannot allocate memory.tif", "it is damaged", "Copy it"), False),
        (ValueError("Unknown"), False),
    ],
)
def test_what_is_short_of_memory(error, short):
    assert is_short_of_memory(error) is short
    caused = InputRefused("scene refused", "x.tif", "it cannot be read", "Copy it")
    caused.__cause__ = error
    assert is_short_of_memory(caused) is short
