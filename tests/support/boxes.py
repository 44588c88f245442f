"""A folder that is written whole: little is loaded to write it, so that many processes can."""

from __future__ import annotations

from pathlib import Path

from tumangang_watch import files

KIND = files.FolderKind("cannot write the box", "a box", lambda f: (f / "mark").is_file())


def write_box(out: Path, words: str) -> None:
    with files.whole_folder(out, KIND, overwrite=True) as folder:
        for name in ("mark", "more"):
            (folder / name).write_text(words * 1000)
