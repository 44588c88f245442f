"""``report.pdf``: the page as a browser prints it, the same every time."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tumangang_watch.errors import OutputFailed

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer"),
)
LIMIT_S = 180
"""A page of the largest kind prints in some seconds; a machine that is busy takes its time."""
_TO_FILES = re.compile(r' href="(?:chips/|settings\.json)[^"]*"')
_SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)
_NODE = re.compile(rb"\(node([0-9]{8})\)")
_MOMENT = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)[0-9]{14}")


def browser() -> str:
    """Return the browser that prints.

    Raises
    ------
    OutputFailed
        There is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        todo = "Install one, or leave --pdf out and print report.html from any browser"
        raise OutputFailed("cannot print the PDF", "report.pdf", "no Chromium or Chrome was found", todo)
    return found


def write_pdf(page: Path, acquired: str) -> Path:
    """Print a page beside itself; the PDF is dated with its later scene's time, ``acquired`` (ISO 8601).

    Raises
    ------
    OutputFailed
        There is no browser, or it did not print.
    """
    out = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory(prefix="tumangang-watch-pdf-") as folder:
        # Links to files would lead to where it was printed; what the script adds is for the screen.
        text = _SCRIPT.sub("", _TO_FILES.sub("", page.read_text(encoding="utf-8")))
        bare = Path(folder) / page.name
        bare.write_text(text, encoding="utf-8", newline="\n")
        where = (f"--user-data-dir={folder}/profile", f"--print-to-pdf={out}")
        command = [browser(), *FLAGS, *where, bare.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
            why = f"{Path(command[0]).name} ended with status {done.returncode}"
        except subprocess.TimeoutExpired:
            why = f"{Path(command[0]).name} took longer than {LIMIT_S} s"
        except OSError as error:
            why = str(error.strerror or error)
    if not out.is_file() or not out.read_bytes().startswith(b"%PDF"):
        todo = "Leave --pdf out and print report.html from any browser"
        raise OutputFailed("cannot print the PDF", "report.pdf", why, todo)
    moment = re.sub(r"[^0-9]", "", acquired)[:14].ljust(14, "0").encode("ascii")
    out.write_bytes(_renumbered(_MOMENT.sub(rb"\g<1>" + moment, out.read_bytes())))
    return out


def _renumbered(printed: bytes) -> bytes:
    """Number the cells that others refer to from 1 on, in their order.

    A browser numbers whatever it lays out as it comes to it, which is not the same in every run: of ten
    prints of one page on a busy machine one had other numbers, and nothing else that differed.
    """
    numbers = {old: k for k, old in enumerate(sorted(set(_NODE.findall(printed))), start=1)}
    return _NODE.sub(lambda met: b"(node%08d)" % numbers[met[1]], printed)
