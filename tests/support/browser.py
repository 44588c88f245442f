"""A page as a browser shows it."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHECKS = Path(__file__).with_name("page_checks.js")
"""What every page must hold, whatever its width: a function of the page that returns what is wrong."""


def _flags(profile):
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-sync --enable-logging=stderr"
    return [*flags.split(), f"--user-data-dir={profile}"]


def _browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium or Chrome on this machine")
    return found


def opened(page, profile):
    """Open a page in a headless browser; return the finished process with its DOM on stdout."""
    return subprocess.run(
        [_browser(), *_flags(profile), "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def asked(page, folder, width, script, *sources):
    """Open a page ``width`` pixels wide, run a script's body in it, and return what it returns.

    The copy that is opened runs the script besides its own; ``sources`` are files of scripts run before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    tags = "".join(f'<script src="{Path(source).as_uri()}"></script>' for source in sources)
    run = f"(async () => parent.postMessage(JSON.stringify(await (async () => {{{script}}})()), '*'))()"
    copy, frame = folder / "copy.html", folder / "frame.html"
    copy.write_text(text.replace("</body>", f"{tags}<script>{run}</script></body>"), encoding="utf-8")
    frame.write_text(
        "<!DOCTYPE html><title>frame</title><pre id=told></pre><script>addEventListener('message', "
        "(e) => { document.getElementById('told').textContent = e.data; });</script>"
        f'<iframe src="copy.html" style="width:{width}px;height:900px;border:0"></iframe>',
        encoding="utf-8",
    )
    command = [_browser(), *_flags(folder / "profile"), "--virtual-time-budget=20000", "--dump-dom"]
    shown = subprocess.run(
        [*command, frame.as_uri()], capture_output=True, text=True, timeout=180, check=True
    ).stdout
    told = re.search(r'<pre id="told">(.*?)</pre>', shown, re.DOTALL)
    assert told, shown[:2000]
    assert told.group(1), "the script did not return"
    return json.loads(html.unescape(told.group(1)))


def axe_source():
    """Return the file of axe-core's script; skip where it is not installed."""
    places = [os.environ.get("AXE_CORE", ""), "/usr/lib/node_modules/axe-core/axe.min.js"]
    places += [f"{folder}/node_modules/axe-core/axe.min.js" for folder in (Path.cwd(), Path.home())]
    found = next((p for p in places if p and Path(p).is_file()), None)
    if found is None:
        pytest.skip("axe-core is not installed (npm install axe-core, or AXE_CORE=FILE)")
    return Path(found)
