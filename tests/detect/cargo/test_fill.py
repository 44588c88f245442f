from __future__ import annotations

from dataclasses import replace

import pytest
from shapely import box
from support.values import straight_site, train_detection

from tumangang_watch.detect.cargo.fill import rows_of


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
