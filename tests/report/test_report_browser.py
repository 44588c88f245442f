"""A real browser opens the page from disk: it shows what it should and its script runs."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from PIL import Image
from support.report_scene import painted_comparison, single_scene

from tumangang_watch.report.folder import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on this machine")


def browse(page, tmp_path, *options):
    command = [BROWSER, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_report(painted_comparison(), tmp_path_factory.mktemp("made") / "out", tool_version="1.2")


def test_the_page_opens_with_its_slider_and_tables(report, tmp_path):
    shown = browse(report / "report.html", tmp_path, "--dump-dom")
    assert "CONSOLE" not in shown.stderr
    for heading in (
        "Findings",
        "How full the aprons are",
        "What could and could not be observed",
        "Registration",
        "Provenance",
    ):
        assert f">{heading}</h2>" in shown.stdout
    assert 'type="range"' in shown.stdout
    assert 'class="pair slider"' in shown.stdout
    assert shown.stdout.count('<article class="finding') == 4
    unchanged = shown.stdout.split('<table id="unchanged">')[1].split("</table>")[0]
    assert unchanged.count("<tr") == 2


def test_the_page_paints(report, tmp_path):
    picture = tmp_path / "page.png"
    browse(report / "report.html", tmp_path, f"--screenshot={picture}", "--window-size=1160,1400")
    with Image.open(picture) as shot:
        assert len(shot.convert("RGB").resize((290, 350)).getcolors(200_000)) > 500


def test_one_scene_opens_without_a_slider(tmp_path):
    made = write_report(single_scene(), tmp_path / "out", tool_version="1")
    shown = browse(made / "report.html", tmp_path, "--dump-dom")
    assert "CONSOLE" not in shown.stderr
    assert 'type="range"' not in shown.stdout
    assert shown.stdout.count('<table class="detections">') == 1
