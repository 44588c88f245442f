"""A page as a browser shows it."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def opened(page, profile):
    """Open a page in a headless browser; return the finished process with its DOM on stdout."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no browser")
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-sync --enable-logging=stderr"
    return subprocess.run(
        [browser, *flags.split(), f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
