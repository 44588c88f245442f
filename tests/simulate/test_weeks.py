"""What painted dates are said to differ by, against tables; a drawn week is the same week again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from shapely import box
from support.painted_weeks import BESIDE, OCTOBER, TOLD, june, october

from tumangang_watch.simulate import DayState, make_world, split_seeds
from tumangang_watch.simulate.sequence import SEQUENCE, sequence_dates, sequence_site
from tumangang_watch.simulate.weeks.changes import changes_between, shaded_share, train_place
from tumangang_watch.simulate.weeks.draw import draw_week
from tumangang_watch.simulate.weeks.shots import date_of
from tumangang_watch.sites import load_site

PLACES = {
    "secure_yard": [
        ["appeared train 1", "appeared train 5", "disappeared train 3"],
        ["appeared train 8", "disappeared train 1", "disappeared train 5"],
        ["appeared cargo"] * 5,
        ["disappeared cargo"] * 2 + ["shrunk cargo"] * 3,
        ["disappeared cargo"] * 3 + ["disappeared train 8"],
        ["appeared train 3"],
        [],
    ],
    "khasan_station": [
        ["appeared train 9", "disappeared train 3", "disappeared train 4"],
        ["shrunk train 1"],
    ],
    "bridge_ru_end": [],
    "friendship_bridge": [["appeared train 4"], ["disappeared train 4"]],
}
"""Of each scene after the first of its place."""
MIRROR = {"appeared": "disappeared", "disappeared": "appeared", "grown": "shrunk", "shrunk": "grown"}


def words(changes):
    return sorted(f"{c.change} {c.kind}" + (f" {c.amount:.0f}" if c.kind == "train" else "") for c in changes)


def told(date, changes):
    moment = date.day.acquired.strftime("%Y-%m-%dT%H:%M")
    found = sorted((c.change, c.kind, c.track) for c in changes)
    assert found == sorted(TOLD[moment])


def test_the_painted_sequence_changes_as_published():
    dates = sequence_dates(sequence_site(load_site()))
    assert [d.name for d in dates] == [shot.name for shot in SEQUENCE]
    for place, wanted in PLACES.items():
        here = [d for d, shot in zip(dates, SEQUENCE, strict=True) if shot.place == place]
        pairs = pairwise(here)
        assert [words(changes_between(b.world, a.day, b.day)) for a, b in pairs] == wanted


@pytest.mark.parametrize("week", [june, october])
def test_the_fixed_weeks_change_as_their_table_says_and_backwards_mirrored(week):
    dates = week()
    for before, after in pairwise(dates):
        forth = changes_between(after.world, before.day, after.day)
        told(after, forth)
        back = changes_between(after.world, after.day, before.day)
        assert sorted(MIRROR.get(c.change, c.change) for c in back) == sorted(c.change for c in forth)


def test_a_place_lies_in_the_shadow_that_a_train_throws_away_from_the_sun():
    world = make_world(12, tracks=3, length_m=250.0)  # its tracks head north
    date = date_of(world, OCTOBER[0])
    low = replace(date.day, sun_azimuth_deg=90.0, sun_elevation_deg=30.0)
    (train,) = low.trains
    west, south, east, north = train_place(world, train).bounds
    away, toward = (
        box(west - 4, south + 20, west - 1, north - 20),
        box(east + 1, south + 20, east + 4, north - 20),
    )
    assert shaded_share(world, low, away) == pytest.approx(1.0)
    assert shaded_share(world, low, toward) == 0.0
    assert shaded_share(world, replace(low, trains=()), away) == 0.0


def test_a_drawn_week_is_one_yard_by_time_and_a_longer_one_begins_with_it():
    seed = split_seeds("train")[5]
    week, more = draw_week(seed, 4), draw_week(seed, 6)
    assert [d.day for d in week] == [d.day for d in more[:4]]
    assert all(a.day.acquired < b.day.acquired for a, b in pairwise(more))
    assert len({(d.sensor.haze, d.sensor.off_nadir_deg, d.sensor.gsd_m) for d in more}) == len(more)
    assert all(0.39 < d.sensor.gsd_m < 0.81 for d in more)
    assert any(changes_between(b.world, a.day, b.day) for a, b in pairwise(more))


def test_cargo_that_leaves_its_area_is_refused():
    world = june()[0].world
    far = replace(BESIDE[0], at_m=(400.0, 0.0))
    shot = replace(OCTOBER[0], trains=(), cargo=(1,))
    with pytest.raises(ValueError, match="leaves apron-1"):
        date_of(world, shot, (far,))
    assert isinstance(date_of(world, shot, BESIDE[:1]).day, DayState)
