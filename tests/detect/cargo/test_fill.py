from __future__ import annotations

from dataclasses import replace

import pytest
from shapely import box
from support.values import straight_site, train_detection

from tumangang_watch.archive.summary import summarise
from tumangang_watch.change.words import area_of
from tumangang_watch.detect.cargo.fill import COARSE_NOTE, filled, rows_of
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.interval import Interval
from tumangang_watch.settings.cargo import CargoSettings

NONE = Interval(0.0, 0.0, 0.0)
EMPTY = Fill(
    date="later",
    area="yard",
    ground_m2=1000.0,
    covered_m2=NONE,
    share=NONE,
    row_length_m=NONE,
    rows=(),
    observed_fraction=1.0,
    caveats=(),
)


def cargo(site, from_m: float, to_m: float, off_m: float = 6.0):
    x0, y0 = site.tracks[0].line.coords[0]
    shape = box(x0 + from_m, y0 - off_m - 3, x0 + to_m, y0 - off_m)
    return replace(train_detection(site, "later", 0, 10), kind="cargo", geometry=shape, track=None)


def test_rows_close_small_gaps_and_keep_wide_ones() -> None:
    site = straight_site()
    rows = rows_of([cargo(site, 20, 26), cargo(site, 28, 34), cargo(site, 60, 72)], site, 3.0)
    assert [(r.track, r.from_m, r.to_m) for r in rows] == [
        ("T1", pytest.approx(20), pytest.approx(34)),
        ("T1", pytest.approx(60), pytest.approx(72)),
    ]


def test_each_object_counts_along_the_nearest_track() -> None:
    site = straight_site(tracks=2)
    rows = rows_of([cargo(site, 20, 26, off_m=9.0), cargo(site, 20, 26, off_m=-6.0)], site, 3.0)
    assert {r.track for r in rows} == {"T1", "T2"}


def test_site_without_tracks_has_no_rows() -> None:
    site = straight_site()
    assert rows_of([cargo(site, 20, 26)], replace(site, tracks=()), 3.0) == ()


def test_finding_fill_and_series_sum_the_same_objects_to_one_interval() -> None:
    site = straight_site()
    items = [
        replace(cargo(site, m, m + 6), id=f"c{m}", area="yard", area_m2=Interval.around(18, 5), grade=grade)
        for m, grade in ((20, "detected"), (30, "detected"), (40, "possible"))
    ]
    fill = filled(EMPTY, items, site, CargoSettings())
    whole = area_of(items)
    assert fill.covered_m2 == whole
    assert fill.share.high == pytest.approx(whole.high / 1000)
    rows = [
        {
            "kind": "cargo",
            "grade": d.grade,
            "confidence": d.confidence,
            "area_m2": {"estimate": d.area_m2.estimate, "low": d.area_m2.low, "high": d.area_m2.high},
        }
        for d in items
    ]
    row = summarise(rows, None)
    said = (row["cargo_m2"], row["cargo_low_m2"], row["cargo_high_m2"])
    assert said == pytest.approx((whole.estimate, whole.low, whole.high), abs=0.001)


def test_an_empty_apron_may_hold_what_can_be_missed_and_a_coarse_fill_stays() -> None:
    site, settings = straight_site(), CargoSettings()
    assert filled(EMPTY, [], site, settings).covered_m2 == Interval(0, 0, settings.fill_floor * 1000)
    coarse = replace(EMPTY, caveats=(COARSE_NOTE,), covered_m2=Interval(90, 40, 180))
    assert filled(coarse, [], site, settings) == coarse
