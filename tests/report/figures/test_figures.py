"""Figures for print and aligned rasters: sharp, credited, listed, and lying under the outlines."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from support.report_scene import painted_comparison, single_scene

from tumangang_watch.report.figures.panel import PanelFrame, letters, panel
from tumangang_watch.report.figures.rasters import RASTERS
from tumangang_watch.report.figures.write import FIGURES, WIDE_PX, credit_lines, wrapped
from tumangang_watch.report.folder import PageChoice, write_report
from tumangang_watch.report.pictures import stretch_of

BOTH = PageChoice(figures=True, rasters=True)


@pytest.fixture(scope="module")
def comparison():
    return painted_comparison()


@pytest.fixture(scope="module")
def report(comparison, tmp_path_factory):
    out = tmp_path_factory.mktemp("figures") / "out"
    return write_report(comparison, out, tool_version="1.2", choice=BOTH)


def test_there_is_an_overview_a_pair_a_change_and_a_strip_a_train(report):
    names = {p.stem for p in (report / "figures").iterdir()}
    assert names == {"overview", *(f"pair-{n}" for n in (1, 2, 3, 4)), "strip-1", "strip-2", "strip-5"}


def test_every_figure_is_170_mm_wide_at_300_dots_an_inch(report):
    for path in (report / "figures").iterdir():
        with Image.open(path) as picture:
            assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
            assert picture.width >= WIDE_PX


def test_the_manifest_lists_them(report):
    files = json.loads((report / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {f"{FIGURES}/overview.png", f"{RASTERS}/earlier.tif", f"{RASTERS}/later.tif"} <= set(files)


def test_the_credit_names_provider_licence_time_and_place(comparison):
    scene = replace(comparison.later.scene, provider="Planet Labs PBC", licence="CC BY-NC 4.0")
    lines = credit_lines(replace(comparison, later=replace(comparison.later, scene=scene)), "1.2")
    assert lines[1].startswith(
        "Image: Planet Labs PBC (CC BY-NC 4.0), 2022-12-01 02:20 UTC (11:20 Korean time)"
    )
    assert lines[-1].startswith("Place: Painted yard, 42.4")
    painted = replace(comparison.later.scene, provider="painted")
    made = credit_lines(replace(comparison, later=replace(comparison.later, scene=painted)), "1")
    assert made[1].startswith("PAINTED, NOT EVIDENCE")


def test_lines_fit_and_no_word_is_lost():
    text = "Five piles of goods, about 95 m² (62–128), were set down beside the eight-car train " * 4
    lines = wrapped(text, 31, 900)
    assert all(letters(31).getlength(line) <= 900 for line in lines)
    assert " ".join(lines).split() == text.split()


def test_the_letters_have_what_sentences_need():
    """A letter that a font lacks is drawn as an empty box, the same for all of them."""
    box = bytes(letters(31).getmask("\U0010fffd"))
    assert all(bytes(letters(31).getmask(c)) != box for c in "²–°é")


def test_one_date_has_figures_too(tmp_path):
    out = write_report(single_scene(), tmp_path / "out", tool_version="1", choice=BOTH)
    assert (out / "figures" / "overview.png").is_file()
    assert [p.name for p in (out / "rasters").iterdir()] == ["later.tif"]


def test_a_panel_shows_the_ground_it_is_asked_for(comparison):
    frame = PanelFrame(comparison.later.raster.grid.bounds, stretch_of(comparison), (600, 360))
    assert panel(comparison.later, [], frame).size == (600, 360)


@pytest.mark.parametrize("date", ["earlier", "later"])
def test_a_raster_is_a_valid_cog_that_holds_what_was_compared(report, comparison, date):
    observation = getattr(comparison, date)
    with rasterio.open(report / "rasters" / f"{date}.tif") as made:
        assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert made.descriptions == observation.raster.bands
        assert made.tags()["ACQUIRED"].endswith("Z")
        values = made.read()
    expected = np.where(observation.raster.valid, observation.raster.values, np.nan)
    assert np.array_equal(values, expected.astype("float32"), equal_nan=True)


def test_outlines_lie_on_the_aligned_raster(report, comparison):
    """The blue cargo of the later date is what the raster shows inside its outline, and nowhere around it."""
    found = next(f for f in comparison.findings if f.kind == "cargo")
    with rasterio.open(report / "rasters" / "later.tif") as made:
        assert str(made.crs) == comparison.site.crs
        rows, cols = np.indices(made.shape)
        step = made.transform
        x, y = step.c + step.a * (cols + 0.5), step.f + step.e * (rows + 0.5)
        blue, red = made.read(1), made.read(3)
    inside = shapely.contains_xy(found.geometry.buffer(-0.5), x, y)
    around = shapely.contains_xy(found.geometry.buffer(4.0), x, y) & ~shapely.contains_xy(
        found.geometry.buffer(0.5), x, y
    )
    assert (blue > red)[inside].mean() > 0.98
    assert (blue > red)[around].mean() < 0.05
