"""A train on a bridge is told to the minute, with what it may have been before and after."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import issued_reports as make

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.record import Issued, add_report
from tumangang_watch.model.sightings import Sighting
from tumangang_watch.series.build import record_of
from tumangang_watch.series.crossings import crossing_between
from tumangang_watch.series.words import document, series_rows
from tumangang_watch.settings.records import SeriesSettings


def seen(area, hour, cars):
    where = {"track": "t", "from_m": 0.0, "to_m": 60.0, "confidence": 0.9}
    return Sighting(area=area, acquired=f"2022-11-04T{hour:02d}:00:00Z", cars=cars, **where)


YARD, BRIDGE, KHASAN = seen("yard", 1, 3), seen("bridge", 4, 4), seen("khasan", 5, 4)


@pytest.mark.parametrize(
    "over",
    [
        (),
        (replace(BRIDGE, acquired="2022-11-04T06:00:00Z"),),
        (replace(BRIDGE, cars=9),),
        (BRIDGE, replace(BRIDGE, acquired="2022-11-04T03:00:00Z")),
        (replace(BRIDGE, area="yard"),),
    ],
)
def test_a_crossing_that_does_not_fit_or_is_one_of_several_is_nobodys(over):
    assert crossing_between(over, YARD, KHASAN) is None


def test_a_crossing_between_two_places_is_that_of_the_train_seen_at_both():
    assert crossing_between((BRIDGE,), YARD, KHASAN) is BRIDGE
    assert crossing_between((BRIDGE,), KHASAN, YARD) is None
    assert crossing_between((BRIDGE,), YARD, replace(KHASAN, area="yard")) is None


def test_one_date_on_the_bridge_is_a_crossing_and_two_are_a_stay(tmp_path):
    bridge = (320.0, 432.0, {"bridge": 112.0})
    with open_archive(tmp_path / "a.sqlite", write=True, create=True) as archive:
        for day, trains in enumerate([(), (bridge,), (), (bridge,), (bridge,), ()]):
            report = make.through(day, *trains)
            if day == 1:
                report["detections"][0]["evidence"] |= {"speed_kmh": 21.6, "heading_deg": 57.0}
            add_report(archive, Issued(report, f"r{day}", make.sha(day)))
        record = record_of(archive, "toy", SeriesSettings())
    told = document(record, series_rows(record), "0", "0" * 64, 0.02)["stays"]
    assert len(told) == 2
    assert "crossing bridge, track " in told[0]
    assert "Korean time), moving to the north-east at about 22 km/h." in told[0]
    assert "seen on 2 dates" in told[1]


def test_a_train_surely_seen_elsewhere_in_between_had_left(tmp_path):
    yard = (20.0, 132.0, {"yard": 112.0})
    with open_archive(tmp_path / "a.sqlite", write=True, create=True) as archive:
        for day in (0, 5):
            add_report(archive, Issued(make.through(day, yard), f"r{day}", make.sha(day)))
        (whole,) = record_of(archive, "toy", SeriesSettings()).stays
        parts = record_of(archive, "toy", SeriesSettings(), left=frozenset({whole.first.key})).stays
    assert len(whole.sightings) == 2
    assert [len(part.sightings) for part in parts] == [1, 1]
    assert parts[0].before.acquired == parts[1].first.acquired
    assert parts[1].after.acquired == parts[0].first.acquired
