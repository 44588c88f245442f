"""Run ``review`` as a user does: mostly in this process, which spares each run its start."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from dataclasses import dataclass
from unittest import mock

from support.command import PROGRAM


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*arguments, status=0, reader="kim", installed=False):
    """Run the command line; ``installed`` starts the installed program. Without a status any will do."""
    words = list(map(str, arguments))
    variable = "TUMANGANG_WATCH_READER"
    around = {name: value for name, value in os.environ.items() if name != variable}
    around |= {variable: reader} if reader else {}
    if installed:
        done = subprocess.run(
            [PROGRAM, *words], capture_output=True, text=True, timeout=120, check=False, env=around
        )
    else:
        done = _here(words, around)
    assert status in (None, done.returncode), done.stderr
    assert "Traceback" not in done.stderr
    return done


def _here(words, around):
    from tumangang_watch.cli import main

    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, around, clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main(words)
        except SystemExit as end:
            code = end.code
    return Done(code, out.getvalue(), err.getvalue())
