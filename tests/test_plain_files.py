"""A pipe in a file's place is refused in one line, whichever command meets it: none waits for it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from support.command import run

from tumangang_watch.archive.file import make_archive
from tumangang_watch.plain_files import opened, read_text, sha256_of

SCENE = Path(__file__).parents[1] / "fixtures" / "tumangang_2022-11-30_painted.tif"


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("né", encoding="utf-8")
    link = tmp_path / "link"
    link.symlink_to(file)
    assert read_text(link) == "né"
    assert sha256_of(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    for other in (pipe(tmp_path / "pipe"), tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="it is not a regular file"):
            opened(other)
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "none")


@pytest.mark.parametrize(
    "words",
    [
        "evaluate @pipe @file",
        "evaluate @report @pipe",
        "evaluate @folder @file",
        "--config @pipe site check @file",
        f"detect {SCENE} --out @out --history @pipe",
        "review list --archive @archive",
        "archive check --archive @archive",
        "archive rebuild --archive @archive --reports @folder --scenes @folder",
    ],
)
def test_no_command_waits_for_a_pipe(words: str, tmp_path: Path) -> None:
    pipe(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    pipe(tmp_path / "folder" / "report.json")
    (tmp_path / "file").write_text("{}")
    (tmp_path / "report").write_text('{"detections": [], "scenes": {}, "findings": []}')
    make_archive(tmp_path / "archive")
    pipe(tmp_path / "archive-journal")
    done = run(*words.replace("@", f"{tmp_path}/").split())
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "not a regular file" in line
    assert not (tmp_path / "out").exists()
