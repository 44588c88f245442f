"""Pictures, tables and layers of a report show what the comparison says."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import shapely

from tumangang_watch.report.answer.order import event_of
from tumangang_watch.report.assets import render
from tumangang_watch.report.chips import chip, to_px
from tumangang_watch.report.gis.rows import finding_properties, span_of
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.report.marks.subjects import chip_bounds, subjects
from tumangang_watch.report.names import chip_name
from tumangang_watch.report.page.tables import dates
from tumangang_watch.report.page.write import page
from tumangang_watch.report.palette import CHANGE_COLOURS
from tumangang_watch.report.pictures import rings, stretch_from, stretch_of
from tumangang_watch.report.track_coverage import tracks_seen


def test_a_chip_shows_the_finding_whole_on_both_dates(comparison):
    stretch = stretch_of(comparison)
    for subject in subjects(comparison).values():
        bounds = chip_bounds(subject)
        for shape in filter(None, subject.outlines.values()):
            assert shapely.box(*bounds).contains(shape)
        wide, high = chip(comparison, subject, stretch).size
        assert wide > 2 * 480
        assert high > 480
    assert chip_name("a/b") != chip_name("a-b")


def test_north_is_up():
    bounds = (0.0, 0.0, 100.0, 100.0)
    assert to_px((0.0, 100.0), bounds, 50) == (0.0, 0.0)
    assert to_px((100.0, 0.0), bounds, 50) == (50.0, 50.0)


def test_the_stretch_comes_from_the_pixels_that_may_decide(comparison):
    raster = comparison.later.raster
    dark = raster.luminance() < np.median(raster.luminance())
    assert stretch_from([raster], [dark]).high < stretch_from([raster], [~dark]).high


def test_every_ring_of_a_shape_is_drawn():
    holed = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))
    assert len(list(rings(shapely.MultiPolygon([holed, shapely.box(20, 0, 29, 9)])))) == 3


def test_the_page_holds_every_change_and_both_dates(comparison, report):
    assert [d["date"] for d in dates(report)] == ["earlier", "later"]
    text = page(comparison, report)
    assert text.count('<article class="finding') == sum(
        f["change"] != "unchanged" for f in report["findings"]
    )
    for line in report["headline"]:
        assert line in text


def test_two_findings_of_one_event_count_as_one_change():
    assert event_of("came", "went") == event_of("went", "came")
    assert len({event_of("came", "went"), event_of("pile", None), event_of("truck", None)}) == 3


def test_a_track_is_seen_where_the_ground_is_clear(comparison):
    site, later = comparison.site, comparison.later
    for row in tracks_seen(site, [later]):
        length = sum(stop - start for start, stop in row["observed"]["later"])
        assert 0 < length <= row["length_m"] + 0.01


def test_a_row_of_a_layer_holds_the_finding_flat(report):
    finding = report["findings"][0]
    row = finding_properties(finding, report)
    assert (row["amount"], row["unit"]) == (finding["amount"]["estimate"], finding["amount"]["unit"])
    assert (row["begin"], row["end"]) == span_of(report)
    assert row["change"] in CHANGE_COLOURS


def test_a_page_escapes_text_and_runs_only_its_own_script():
    text = render(
        "record.html.j2",
        "tumangang_watch.watch",
        site={"name": "<b>\u202e"},
        rows=[],
        total=0,
        refused=[],
        links={},
        unseen={},
    )
    assert r"&lt;b&gt;\u202e" in text
    assert "<b>" not in text.split("</style>")[1]


def test_nothing_seen_from_space_is_told_as_certain(comparison):
    findings = tuple(replace(f, confidence=0.9997) for f in comparison.findings)
    sure = replace(comparison, findings=findings, detections=())
    told = page(sure, report_dict(sure, "1.2"))
    assert "99 %" in told
    assert not re.search(r"100 %\)|detected, 100 %", told)
