"""A real browser opens the page from disk: it shows what it should and its script runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shapely import box
from support.browser import CHECKS, asked, axe_source
from support.report_scene import painted_comparison, single_scene
from support.values import EAST0, NORTH0, observation, thing

from tumangang_watch.report.folder import write_report
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.report.page.write import page

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


def browse(shown, tmp_path, *options):
    command = [BROWSER, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", *options, shown.as_uri()]
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


@pytest.fixture(scope="module")
def pages(report, tmp_path_factory):
    one = write_report(single_scene(), tmp_path_factory.mktemp("single") / "out", tool_version="1")
    return {"pair": report / "report.html", "one": one / "report.html"}


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("kind", ["pair", "one"])
def test_the_page_is_for_everyone_at_every_width(pages, kind, width, tmp_path):
    """Landmarks, headings, words for pictures and controls, contrast, no sideways scrolling, whole words."""
    folded = asked(pages[kind], tmp_path / "folded", width, CHECKS.read_text(encoding="utf-8"))
    assert folded["wrong"] == []
    if width == 390:
        assert folded["high"] <= 6000
    unfold = "for (const part of document.querySelectorAll('details')) part.open = true;"
    whole = asked(pages[kind], tmp_path / "whole", width, unfold + CHECKS.read_text(encoding="utf-8"))
    assert whole["wrong"] == []


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("kind", ["pair", "one"])
def test_axe_finds_nothing(pages, kind, width, tmp_path):
    unfold = "for (const part of document.querySelectorAll('details')) part.open = true;"
    run = f"{unfold} return (await axe.run(document)).violations.map((v) => v.id);"
    assert asked(pages[kind], tmp_path / "axe", width, run, axe_source()) == []


def test_the_line_carries_each_date_on_its_own_side(pages, tmp_path):
    """Left of the line lies the earlier date, right of it the later; blinking and single dates move it."""
    script = """
    const pair = document.querySelector(".pair");
    const buttons = [...document.querySelectorAll(".controls button")];
    const press = (text) => buttons.find((b) => b.textContent === text).click();
    const cut = () => getComputedStyle(pair).getPropertyValue("--cut");
    const tags = [...pair.querySelectorAll(".handle span")].map((s) => s.getBoundingClientRect());
    const line = pair.querySelector(".handle").getBoundingClientRect();
    const middle = (line.left + line.right) / 2;
    const made = {
      days: [...pair.querySelectorAll(".handle span")].map((s) => s.textContent),
      sides: [tags[0].right <= middle, tags[1].left >= middle],
      stacked: pair.classList.contains("slider"),
      clipped: getComputedStyle(pair.querySelector(".later .ground")).clipPath,
    };
    press("2022-11-30"); made.first = cut();
    press("2022-12-01"); made.last = cut();
    press("Side by side"); made.beside = !pair.classList.contains("slider");
    const whole = pair.querySelector(".ground").getAttribute("viewBox");
    press("+"); made.zoomed = whole !== pair.querySelector(".ground").getAttribute("viewBox");
    press("Whole"); made.back = whole === pair.querySelector(".ground").getAttribute("viewBox");
    return made;"""
    made = asked(pages["pair"], tmp_path / "line", 1300, script)
    assert made["days"] == ["2022-11-30", "2022-12-01"]
    assert made["sides"] == [True, True]
    assert made["stacked"]
    assert re.fullmatch(r"inset\(0px 0px 0px [\d.]+%\)", made["clipped"])
    assert (made["first"], made["last"]) == ("100%", "0%")
    assert made["beside"]
    assert made["zoomed"]
    assert made["back"]


def test_hostile_text_runs_nowhere(tmp_path):
    """What scenes, sites and findings say is shown as text: no script of theirs runs, nothing is loaded."""
    bad = "</script><script>document.title='hit'</script><img src=x onerror=\"document.title='hit'\">"
    made = painted_comparison()
    later = replace(
        made.later,
        scene=replace(
            made.later.scene,
            id=bad,
            provider=bad,
            licence=bad,
            band_source=bad,
            image=Path(bad.replace("/", "_")),
            sources=dict.fromkeys(made.later.scene.sources, bad),
            warnings=(bad,),
        ),
    )
    areas = tuple(replace(a, name=f"{bad}{a.id}") for a in made.site.areas)
    tracks = tuple(replace(t, name=f"{bad}{t.id}") for t in made.site.tracks)
    site = replace(made.site, name=bad, areas=areas, tracks=tracks)
    findings = tuple(replace(f, statement=bad, caveats=(bad,)) for f in made.findings)
    hostile = replace(made, later=later, site=site, findings=findings, caveats=(bad,))
    folder = write_report(hostile, tmp_path / "out", tool_version="1")
    script = (
        "return [document.title, document.scripts.length, document.querySelectorAll('img[src=x]').length]"
    )
    title, scripts, images = asked(folder / "report.html", tmp_path / "hostile", 1300, script)
    assert not title.startswith("hit")
    assert (scripts, images) == (2, 0)


def test_a_page_of_twelve_megapixels_and_sixty_findings_stays_small(tmp_path):
    rows, cols, pixel_m = 3000, 4000, 0.5
    noise = np.random.default_rng(2).normal(0.2, 0.06, (1, rows, cols)).astype(np.float32)
    dates = {date: observation(noise, date, pixel_m) for date in ("earlier", "later")}
    yard = box(EAST0, NORTH0 - rows * pixel_m, EAST0 + cols * pixel_m, NORTH0)
    made = painted_comparison()
    heap = next(f for f in made.findings if f.kind == "cargo")
    places = [
        box(EAST0 + 30 * k, NORTH0 - 50 - 20 * k, EAST0 + 30 * k + 9, NORTH0 - 44 - 20 * k) for k in range(60)
    ]
    heaps = tuple(thing("cargo", "later", place, f"h{k}") for k, place in enumerate(places))
    findings = tuple(
        replace(heap, id=f"f{k}", later=h.id, geometry=h.geometry, grade="detected")
        for k, h in enumerate(heaps)
    )
    areas = tuple(replace(a, polygon=yard) if a.id == "yard" else a for a in made.site.areas)
    large = replace(
        made,
        earlier=dates["earlier"],
        later=dates["later"],
        site=replace(made.site, areas=areas),
        detections=heaps,
        findings=findings,
    )
    text = page(large, report_dict(large, "1"))
    assert text.count('class="chip"') >= 50
    assert len(text.encode()) < 12_000_000
