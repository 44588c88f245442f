"""What the page shows leads to its pixels, runs as the map does, and says what could not be seen."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
from base64 import b64decode
from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from shapely import LineString, box
from support.report_scene import painted_comparison, single_scene
from support.values import EAST0, NORTH0

from tumangang_watch.errors import OutputFailed
from tumangang_watch.model.finding import AreaStatus
from tumangang_watch.model.scene import PAINTED_MARK
from tumangang_watch.report.folder import PageChoice, write_report
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.report.marks.subjects import subjects
from tumangang_watch.report.page import pdf
from tumangang_watch.report.page.languages import LANGUAGES, fixed_words
from tumangang_watch.report.page.limits import NOT_TRIED, missed_line, unseen_lines
from tumangang_watch.report.page.pixels import command_of, pixels_of, window_of
from tumangang_watch.report.page.strips import drawn, ends_of, runs_back, strips_of
from tumangang_watch.report.page.tables import abilities
from tumangang_watch.report.page.views import views_of, within
from tumangang_watch.report.page.write import SCRIPT_WORDS, page
from tumangang_watch.report.pictures import stretch_of
from tumangang_watch.settings import Settings

TEMPLATES = Path(pdf.__file__).parent


def turned(comparison):
    """The same comparison with its tracks counted from the other end."""
    tracks = tuple(replace(t, line=t.line.reverse()) for t in comparison.site.tracks)
    lengths = {t.id: t.line.length for t in tracks}

    def back(d):
        if d.track is None:
            return d
        whole = lengths[d.track]
        stock = tuple(
            replace(v, from_m=whole - v.to_m, to_m=whole - v.from_m) for v in reversed(d.rolling_stock)
        )
        return replace(d, from_m=whole - d.to_m, to_m=whole - d.from_m, rolling_stock=stock)

    found = tuple(back(d) for d in comparison.detections)
    return replace(comparison, site=replace(comparison.site, tracks=tracks), detections=found)


def strips(comparison, change):
    report = report_dict(comparison, "1")
    finding = next(f for f in report["findings"] if (f["kind"], f["change"]) == ("train", change))
    found = {d["id"]: d for d in report["detections"]}
    return strips_of(comparison, finding, found, stretch_of(comparison))


def test_a_strip_runs_as_the_map_does_whichever_way_its_track_counts(comparison):
    plain, other = strips(comparison, "appeared"), strips(turned(comparison), "appeared")
    assert (plain["left"], plain["right"]) == (other["left"], other["right"]) == ("W", "E")
    one, two = (s["rows"][1]["stock"] for s in (plain, other))
    assert [(v["n"], v["colour"]) for v in one] == [(v["n"], v["colour"]) for v in two]
    assert [v["colour"] for v in one] == ["green", "blue", "grey", "white", "brown"]
    assert [v["x"] for v in one] == pytest.approx([v["x"] for v in two], abs=0.02)
    shown = [
        np.asarray(Image.open(io.BytesIO(b64decode(s["rows"][1]["uri"].split(",")[1])))).astype(int)
        for s in (plain, other)
    ]
    assert np.abs(shown[0] - shown[1]).mean() < 3


def test_the_ends_of_a_track_are_named_by_the_compass():
    assert ends_of(LineString([(0, 0), (100, 10)])) == ("W", "E")
    assert ends_of(LineString([(100, 10), (0, 0)])) == ("W", "E")
    assert ends_of(LineString([(0, 0), (0, 100)])) == ("S", "N")
    assert ends_of(LineString([(0, 0), (100, -100)])) == ("NW", "SE")
    assert runs_back(LineString([(0, 100), (0, 0)]))
    assert drawn([], (0.0, 10.0), None) == []


def test_a_view_outlines_what_changed_on_both_dates_and_leaves_the_rest_to_a_layer(comparison):
    (view,) = views_of(comparison, stretch_of(comparison), {})
    earlier, later = ([(o["layer"], o["label"]) for o in side["outlines"]] for side in view["sides"])
    numbers = {s.change: str(s.number) for s in subjects(comparison).values()}
    assert ("change", numbers["disappeared"]) in earlier
    assert ("place", "") in later
    assert ("same", numbers["unchanged"]) in later
    assert {label for layer, label in later if layer == "track"} == {f"track {k}" for k in (1, 2, 3, 4)}
    left, top, wide, high = map(float, view["focus"].split())
    assert 0 <= left < left + wide <= view["wide"]
    assert 0 <= top < top + high <= view["high"]
    assert 8 <= view["cut"] <= 50
    picture = Image.open(io.BytesIO(b64decode(view["sides"][0]["uri"].split(",")[1])))
    assert picture.size == (view["wide"], view["high"])


def test_a_picture_keeps_within_its_room():
    noise = np.random.default_rng(1).integers(0, 255, (900, 1200, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    for room in (400_000, 100_000):
        assert len(within(picture, room)) <= room


def test_the_window_of_a_finding_is_where_the_scene_shows_it(tmp_path):
    """The pixels of the window, read from the file alone, are the vehicle's."""
    made = painted_comparison()
    grid, scene = made.later.raster.grid, made.later.scene
    path = tmp_path / "later.tif"
    profile = {"driver": "GTiff", "count": 4, "height": grid.rows, "width": grid.cols, "dtype": "float32"}
    transform = rasterio.Affine(grid.pixel_m, 0, grid.west, 0, -grid.pixel_m, grid.north)
    with rasterio.open(path, "w", **profile, crs=grid.crs, transform=transform) as out:
        out.write(made.later.image.values)
    green = box(EAST0 + 5 + 75 + 1, NORTH0 - 46 - 1, EAST0 + 5 + 75 + 13, NORTH0 - 46 + 1)
    first, last, top, bottom = window_of(made.later, green, made.site.crs)
    with rasterio.open(path) as opened:
        seen = opened.read(window=((top, bottom), (first, last)))
    assert np.median(seen, axis=(1, 2)) == pytest.approx((0.07, 0.14, 0.07, 0.2), abs=0.01)
    moved = made.later.image.registered((1.0, 0.0, 5.0, 0.0, 1.0, -3.0))
    shifted = window_of(replace(made.later, image=moved), green, made.site.crs)
    assert shifted == (first + 10, last + 10, top + 6, bottom + 6)
    assert scene.width == grid.cols


def test_a_finding_leads_to_its_place_its_windows_and_its_settings(comparison, report):
    subject = next(s for s in subjects(comparison).values() if s.change == "grown")
    found = pixels_of(comparison, subject, "handling_area")
    assert 128 < found["lon"] < 130
    assert 42 < found["lat"] < 43
    assert [w.split(" of ")[1] for w in found["windows"]] == ["earlier.tif", "later.tif"]
    groups = set(json.loads(Settings().text()))
    assert set(found["groups"].split(", ")) <= groups
    text = page(replace(comparison, settings_text=Settings().text()), report)
    for name in re.findall(r'href="(chips/[^"]+)"', text):
        assert name.removeprefix("chips/") in {s.file_name for s in subjects(comparison).values()}
    assert text.count('href="settings.json"') > len(report["findings"])


def test_a_change_that_is_hardly_likely_stands_in_a_list_of_its_own(comparison):
    possible = next(f for f in comparison.findings if f.grade == "possible" and f.change != "unchanged")
    remote = replace(possible, confidence=0.01)
    findings = tuple(remote if f is possible else f for f in comparison.findings)
    changed = replace(comparison, findings=findings)
    text = page(changed, report_dict(changed, "1"))
    listed = text[text.index('<table id="remote">') : text.index('<table id="unchanged">')]
    assert escape(remote.statement) in listed
    assert (
        escape(remote.statement) not in text[text.index('id="findings"') : text.index('<table id="remote">')]
    )
    assert 'id="remote"' not in page(comparison, report_dict(comparison, "1"))


def test_the_command_to_run_again_names_what_the_user_said(comparison):
    words = shlex.split(command_of(comparison))
    assert words[:4] == ["tumangang-watch", "compare", "earlier.tif", "later.tif"]
    assert words[words.index("--site") + 1] == "painted.geojson"
    scene = comparison.later.scene
    stated = replace(
        scene,
        site_shift_m=(12.5, -3.0),
        geolocation_m=8.0,
        sources={"acquired": "user", "bands": "user"},
        image=scene.image.with_name("a name; rm -rf.tif"),
    )
    later = replace(comparison.later, scene=stated)
    words = shlex.split(command_of(replace(comparison, earlier=None, later=later)))
    assert words[1:3] == ["detect", "a name; rm -rf.tif"]
    asked = {"--site-shift": "12.5,-3", "--geolocation-accuracy": "8", "--bands": "blue,green,red,nir"}
    for option, value in asked.items():
        assert words[words.index(option) + 1] == value
    assert words[words.index("--acquired") + 1] == "2022-12-01T02:20:00Z"


def test_what_could_not_be_seen_is_told_by_reason_with_names(comparison):
    outside = tuple(f"{date}: 100% of it lies outside the scene" for date in ("earlier", "later"))
    areas = (
        *(
            AreaStatus(
                id=i,
                role="bridge",
                status="not_observable",
                observed_earlier=0,
                observed_later=0,
                reasons=outside,
            )
            for i in ("bridge", "apron")
        ),
        AreaStatus(
            id="handling",
            role="handling",
            status="partial",
            observed_earlier=0.91,
            observed_later=0.74,
            reasons=("later: cloud over 26% of it",),
        ),
    )
    lines = unseen_lines(report_dict(replace(comparison, areas=areas), "1"))
    assert lines == [
        "Far bridge and Platform: outside both images.",
        "Handling area: 91 % of it was clear on 2022-11-30 and 74 % of it was clear on 2022-12-01 "
        "(2022-12-01: cloud over 26% of it).",
    ]


def test_what_could_have_been_missed_is_one_sentence(comparison, report):
    assert missed_line(report) == NOT_TRIED
    rate = {"estimate": 0.9, "low": 0.8, "high": 0.95}
    trials = [{"track": None, "cars": cars, "rate": rate} for cars in (1, 1, 3)]
    goods = [{"area": None, "size_m2": s, "found": f, "trials": 10} for s, f in ((4, 5), (8, 6), (16, 10))]
    tried = {**report, "detectability": [{"date": "later", "trials": trials, "goods": goods}]}
    assert missed_line(tried) == (
        "As a test, simulated wagons and goods were added to the empty ground of 2022-12-01: 90 % of single "
        "vehicles, 90 % of cuts of three, 50 % of boxes of 4 m² and 100 % of boxes of 16 m² were found."
    )


def test_what_scenes_can_show_is_told_in_words(report):
    quantities = {"type": {"told": "limited", "why": ["haze", "snow"]}, "count": {"told": "yes", "why": []}}
    told = {**report, "detectability": [{"date": "later", "quantities": quantities, "limits": ["x"]}]}
    assert abilities(told) == [("type", ["–", "limited (haze; snow)"]), ("count", ["–", "yes"])]


def test_a_page_of_the_painters_scenes_says_so_on_top_and_on_each_picture(comparison):
    painted = replace(comparison.later, scene=replace(comparison.later.scene, provider="painted"))
    text = page(replace(comparison, later=painted), report_dict(comparison, "1"))
    assert text.count(PAINTED_MARK) == 3
    assert PAINTED_MARK not in page(comparison, report_dict(comparison, "1"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fixed_word_of_the_page_is_there_in_each_language(language, comparison, report):
    words = fixed_words(language)
    text = page(comparison, report, language)
    assert f'<html lang="{language}">' in text
    if language == "en":
        assert words("Findings") == "Findings"
        return
    templates = ("page", "view", "findings", "appendix", "macros")
    source = "".join((TEMPLATES / f"{name}.html.j2").read_text(encoding="utf-8") for name in templates)
    fixed = set(re.findall(r"\bt\('([^']*)'\)", source))
    assert (fixed | set(SCRIPT_WORDS)) - set(words.words) == set()
    assert f">{words('Findings')}</h2>" in text


def test_the_folder_holds_the_settings_and_the_printed_page_if_asked(comparison, tmp_path):
    if not any(map(shutil.which, pdf.BROWSERS)):
        pytest.skip("no Chromium or Chrome on this machine")
    settled = replace(comparison, settings_text=Settings().text(), settings_sha256=Settings().sha256)
    made = [
        write_report(settled, tmp_path / name, tool_version="1", choice=PageChoice("en", True))
        for name in ("one", "two")
    ]
    printed = [(folder / "report.pdf").read_bytes() for folder in made]
    assert printed[0] == printed[1]
    assert str(tmp_path).encode() not in printed[0]
    manifest = json.loads((made[0] / "manifest.json").read_text())
    assert {"settings.json", "report.pdf"} <= set(manifest["files"])
    settings = json.loads((made[0] / "settings.json").read_text())
    assert settings.pop("settings_sha256") == manifest["settings_sha256"]


def test_cells_of_a_printed_page_are_numbered_the_same_however_the_browser_counted():
    """As met in two prints of one page; lengths stay, since the file's table of contents counts bytes."""
    printed = [
        b"/ID (node%08d)>> /Limits [(node%08d) (node%08d)] /T (node12)" % (one, one, one + 9)
        for one in (213, 214)
    ]
    made = {pdf._renumbered(text) for text in printed}
    assert made == {b"/ID (node00000001)>> /Limits [(node00000001) (node00000002)] /T (node12)"}


def test_without_a_browser_the_printed_page_is_refused_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputFailed, match="no Chromium or Chrome was found") as caught:
        pdf.browser()
    assert "\n" not in str(caught.value)


def test_one_date_has_its_own_page(report):
    made = single_scene()
    text = page(made, report_dict(made, "1"))
    assert "Rail activity: one date" in text
    assert '<details open><summary><h2 id="detections">' in text
