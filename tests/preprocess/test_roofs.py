"""Under a roof nothing can be told: not that a train is there, not that it is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from shapely import box
from support.values import observation, straight_site, train_detection

from tumangang_watch.change.trains import compare_trains
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Area
from tumangang_watch.preprocess.areas import area_statuses, hide_roofed, roof_caveats
from tumangang_watch.settings import Settings

ROOFED = date(2022, 12, 1)


def dates():
    rng = np.random.default_rng(1)
    values = rng.uniform(0.1, 0.2, (4, 120, 400))
    return observation(values, "earlier"), observation(values[:, ::-1].copy(), "later")


def with_roofs(site, seen):
    on = seen.scene.acquired.date()
    return replace(seen, quality=hide_roofed(seen.quality, seen.raster.grid, site, on))


def test_a_train_under_a_new_roof_has_not_disappeared():
    site = straight_site(tracks=2)
    earlier, later = dates()
    assert later.scene.acquired.date() == ROOFED
    train = train_detection(site, "earlier", 40.0, 100.0)
    gone = compare_trains(DatePair(earlier, later), site, (train,), Settings().change)
    assert [f.change for f in gone] == ["disappeared"]
    hidden = replace(site, tracks=(replace(site.tracks[0], occluded_from=ROOFED), site.tracks[1]))
    pair = DatePair(with_roofs(hidden, earlier), with_roofs(hidden, later))
    assert compare_trains(pair, hidden, (train,), Settings().change) == ()
    assert pair.earlier.observed_fraction(train.geometry) == earlier.observed_fraction(train.geometry)
    assert pair.later.observed_fraction(train.geometry) == 0.0
    said = roof_caveats(hidden, ROOFED, "later")
    assert len(said) == 1
    assert "track T1 lies under a roof since 2022-12-01: not observable" in said[0]
    assert roof_caveats(hidden, date(2022, 11, 30), "earlier") == ()


def test_a_roofed_area_hides_the_tracks_and_ground_below_it():
    site = straight_site(tracks=2)
    west, _, _, north = site.areas[0].polygon.bounds
    canopy = Area(
        id="canopy",
        role="station",
        polygon=box(west, north - 40.0, west + 80.0, north),
        name="canopy",
        occluded_from=ROOFED,
    )
    site = replace(site, areas=(*site.areas, canopy))
    earlier, later = dates()
    statuses = {
        a.id: a
        for a in area_statuses(site, with_roofs(site, later), with_roofs(site, earlier), Settings().quality)
    }
    assert statuses["canopy"].status == "not_observable"
    assert statuses["canopy"].observed_earlier == 1.0
    assert statuses["canopy"].observed_later == 0.0
    assert any("roof" in r for r in statuses["canopy"].reasons)
    assert statuses["yard"].status == "partial"
    assert any("under a roof over 27%" in r for r in statuses["yard"].reasons)
    assert all("part of track" in words for words in roof_caveats(site, ROOFED, "later"))


def test_ground_that_is_left_out_hides_what_stands_there_and_does_not_count_against_its_area():
    site = straight_site(tracks=2)
    west, south, east, north = site.areas[0].polygon.bounds
    ignored = Area(id="road", role="ignore", polygon=box(west, south, west + 80.0, north), name="road")
    left = replace(site, areas=(*site.areas, ignored))
    _, later = dates()
    seen = with_roofs(left, later)
    assert seen.observed_fraction(train_detection(site, "later", 10.0, 60.0).geometry) == 0.0
    assert seen.observed_fraction(train_detection(site, "later", 90.0, 140.0).geometry) == 1.0
    assert area_statuses(left, seen, None, Settings().quality)[0].status == "observed"
    covered = replace(ignored, polygon=box(west, south, east, north))
    everywhere = replace(site, areas=(*site.areas, covered))
    status = area_statuses(everywhere, with_roofs(everywhere, later), None, Settings().quality)[0]
    assert (status.status, status.observed_later) == ("not_observable", 0.0)
    assert status.reasons == ("later: left out: an ignore area covers it",)
