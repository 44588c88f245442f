"""After any failure the earlier output is whole, byte for byte, and no part of the new one is there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import issued_reports as make
from support import report_scene, review_runs
from support.boxes import write_box

from tumangang_watch import files
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.rebuild import adopt
from tumangang_watch.errors import OutputFailed
from tumangang_watch.report import folder as report_folder
from tumangang_watch.reproduce.report import write_reproduction
from tumangang_watch.settings import Settings
from tumangang_watch.shipped import built_in_site_path
from tumangang_watch.watch.pages import publish


def contents(root: Path) -> dict[str, bytes | None]:
    """Return everything under a folder, hidden files too; a kept copy of the archive is no output."""
    return {
        p.relative_to(root).as_posix(): p.read_bytes() if p.is_file() else None
        for p in sorted(root.rglob("*"))
        if "before-rebuild" not in p.name and not p.name.endswith(".lock")
    }


def write_pair(first: Path, second: Path, words: str) -> None:
    with files.whole_files(first, second, drop=[first.with_name("beside")]) as parts:
        for part in parts:
            part.write_text(words * 1000)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    root = tmp_path_factory.mktemp("record")
    made = [
        make.report(day, found=[make.train()], findings=[make.finding()], issue=make.issue())
        for day in (0, 3)
    ]
    for name, document in zip("ab", made, strict=True):
        make.put(root / "reports", document, name)
    with open_archive(root / "record.sqlite", write=True, create=True) as archive:
        adopt(archive, root / "reports", {})
    return root


def by_command(*words):
    """Return what runs a command in this process; it may fail in one line only, with exit status 5."""

    def write() -> None:
        done = review_runs._here([str(w) for w in words], dict(os.environ))
        assert done.returncode in (0, 5), done.stderr
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("tumangang-watch: ")]
            assert len(lines) == 1, done.stderr
            raise OutputFailed("by", "the", "command", lines[0])

    return write


def outputs(root: Path, record: Path, monkeypatch) -> dict:
    """Return a writer for every kind of output that a command makes."""
    archive = root / "record.sqlite"
    archive.write_bytes((record / "record.sqlite").read_bytes())
    told = {"schema_version": 1, "claims": [], "counts": {}, "painted": False, "refused": []}
    light = (report_folder.write_json, report_folder.write_geojson)
    monkeypatch.setattr(report_folder, "writers", lambda: light)
    places = SimpleNamespace(
        archive=archive, reports=root, settings=Settings(), site=SimpleNamespace(id="s", name="S", areas=())
    )
    export = ("archive", "export", "--archive", archive, "--out")
    return {
        "compare, detect": lambda: report_folder.write_report(
            report_scene.single_scene(), root / "report", tool_version="1", overwrite=True
        ),
        "reproduce": lambda: write_reproduction(told, "{}", root / "again", tool_version="1", overwrite=True),
        "series": by_command(
            "series", "--archive", archive, "--out", root / "series", "--no-pictures", "--overwrite"
        ),
        "trains": by_command("trains", "--archive", archive, "--out", root / "trains", "--overwrite"),
        "export csv": by_command(*export, root / "csv"),
        "export gpkg": by_command(*export, root / "all.gpkg"),
        "rebuild": by_command("archive", "rebuild", "--archive", archive, "--reports", record / "reports"),
        "review export": by_command(
            "review", "export", root / "look.gpkg", "--archive", archive, "--reader", "kim"
        ),
        "watch": lambda: publish(places, f"https://example.org/{len(list(root.iterdir()))}"),
        "site import": by_command(
            "site", "import", built_in_site_path(), "--out", root / "s.geojson", "--overwrite"
        ),
        "site trace": lambda: write_pair(root / "s.reference.tif", root / "s2.geojson", "new"),
        "truth, points, picture": lambda: files.write_whole(root / "points", os.urandom(8)),
    }


OUTPUTS = (
    "compare, detect", "reproduce", "series", "trains", "export csv", "export gpkg", "rebuild",
    "review export", "watch", "site import", "site trace", "truth, points, picture",
)  # fmt: skip


def failure_of(write) -> OutputFailed | None:
    try:
        write()
    except OutputFailed as error:
        return error
    return None


@contextmanager
def failing_at(k: int, monkeypatch, *, exchange: bool):
    """Fail the k-th rename, exchange, link or flush of the block; yields whether it came to that."""
    seen = {"calls": 0}

    def faulty(real):
        def call(*given, **named):
            seen["calls"] += 1
            if seen["calls"] == k:
                raise OSError(5, "Input/output error")
            return real(*given, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "link", "fsync"):
            patch.setattr(os, name, faulty(getattr(os, name)))
        patch.setattr(files, "_exchange", faulty(files._exchange if exchange else lambda *_: False))
        yield seen


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "no exchange"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_step_may_fail(output, exchange, record, tmp_path, monkeypatch):
    write = outputs(tmp_path, record, monkeypatch)[output]
    write()
    k = 0
    while True:
        k += 1
        before = contents(tmp_path)
        with failing_at(k, monkeypatch, exchange=exchange) as seen:
            error = failure_of(write)
        if seen["calls"] < k:
            break
        assert error is not None
        assert (error.exit_status, "\n" in str(error)) == (5, False)
        assert contents(tmp_path) == before
    assert k > 1


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_disk_may_be_full_at_any_size(output, record, tmp_path, monkeypatch):
    """A limit on the size of files is a full disk for every library that writes, GDAL and SQLite too."""
    write = outputs(tmp_path, record, monkeypatch)[output]
    write()
    largest = max(len(v) for v in contents(tmp_path).values() if v is not None)
    for limit in (1, 5000, 40_000):
        before = contents(tmp_path)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            failed = failure_of(write) is not None
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert failed or limit > 1 or largest <= limit
        if failed:
            assert contents(tmp_path) == before


@pytest.mark.parametrize("exchange", [True, False])
def test_what_had_no_name_when_the_run_was_killed_gets_it_back(tmp_path, exchange):
    """SIGKILL at the k-th step of the exchange; the next sweep leaves one whole box and nothing else."""
    out = tmp_path / "box"
    for k in range(1, 14):
        write_box(out, "old")
        code = (
            "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
            "from support import boxes; from tumangang_watch import files\n"
            f"calls = [0]; exchange = {exchange}\n"
            "def dying(real):\n"
            "    def call(*given):\n"
            "        done = real(*given); calls[0] += 1\n"
            f"        if calls[0] == {k}: os.kill(os.getpid(), signal.SIGKILL)\n"
            "        return done\n"
            "    return call\n"
            "for name in ('rename', 'fsync'): setattr(os, name, dying(getattr(os, name)))\n"
            "files._exchange = dying(files._exchange if exchange else lambda *_: False)\n"
            "boxes.write_box(boxes.Path(sys.argv[2]), 'new')\n"
        )
        done = subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent), str(out)], check=False)
        files.sweep([tmp_path])
        assert [p.name for p in tmp_path.iterdir()] == ["box"]
        words = {p.read_text() for p in out.iterdir()}
        assert words in ({"old" * 1000}, {"new" * 1000})
        if done.returncode == 0:
            return
        assert done.returncode == -signal.SIGKILL
    raise AssertionError("it never came to its end")


def test_of_two_files_and_what_lies_beside_all_change_or_none(tmp_path):
    first, second, beside = (tmp_path / name for name in ("first", "second", "beside"))
    write_pair(first, second, "old")
    beside.write_text("of the old one")
    second.unlink()
    second.mkdir()
    with pytest.raises(OutputFailed, match="not a file"):
        write_pair(first, second, "new")
    assert first.read_text() == "old" * 1000
    assert beside.exists()
    second.rmdir()
    write_pair(first, second, "new")
    assert {p.name for p in tmp_path.iterdir()} == {"first", "second"}


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "points"

    def write():
        with files.whole_files(path, replace=False) as (part,):
            part.write_text("mine")
            path.write_text("of another")

    with pytest.raises(OutputFailed, match="exists"):
        write()
    assert path.read_text() == "of another"


def test_lines_are_appended_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "lines"
    files.append_whole(path, lambda content: b"one\n")

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        files.append_whole(path, lambda content: content * 2)
    assert path.read_bytes() == b"one\n"
