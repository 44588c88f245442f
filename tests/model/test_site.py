"""Where a train stands is told by the ground under it, not by where its track runs."""

from __future__ import annotations

import pytest
from shapely import LineString, box

from tumangang_watch.model.site import Area, Site, Track

TRACK = Track(id="1", line=LineString([(0, 0), (500, 0)]), name="1")


NORTH = 4_696_487.5


def site(*areas):
    return Site(id="toy", name="Toy", sha256="0" * 64, crs="EPSG:32652", areas=areas, tracks=(TRACK,))


def area(name, role, from_m, to_m):
    return Area(id=name, role=role, polygon=box(from_m, -20, to_m, 20), name=name)


TOY = site(
    area("yard", "yard", -10, 300), area("bridge", "bridge", 300, 450), area("slab", "apron", -10, 450)
)


@pytest.mark.parametrize(
    ("from_m", "to_m", "held"),
    [
        (310, 420, {"bridge": 110}),
        (20, 120, {"yard": 100}),
        (200, 350, {"yard": 100, "bridge": 50}),
        (250, 350, {"yard": 50, "bridge": 50}),
        (180, 304, {"yard": 120}),
        (448, 500, {"bridge": 2}),
        (460, 500, {}),
    ],
)
def test_a_train_belongs_to_the_areas_it_stands_in_by_length(from_m, to_m, held):
    found = TOY.areas_along(TRACK, from_m, to_m)
    assert dict(found) == pytest.approx(held)
    assert [m for _, m in found] == sorted(held.values(), reverse=True)
    assert TOY.area_of(TRACK).id == "yard"


def test_a_track_is_divided_among_the_areas_it_runs_through():
    assert TOY.track_in_areas(TRACK) == {"yard": [(0.0, 300.0)], "bridge": [(300.0, 450.0)]}
    bent = Track(id="2", line=LineString([(0, 0), (100, 0), (100, 60), (200, 60)]), name="2")
    assert site(area("yard", "yard", 0, 200)).track_in_areas(bent)["yard"] == [(0.0, 120.0)]


def test_a_straight_track_drawn_with_many_vertices_has_one_stretch_in_its_yard():
    # Due east in metres, but for what rounding made of it on the way through degrees.
    bits = (0.0, -1e-9, -1e-9, -1e-9, 0.0, -1e-9, 0.0, 0.0)
    drawn = Track(
        id="1", line=LineString([(634_000 + 96.55 * k, NORTH + b) for k, b in enumerate(bits)]), name="1"
    )
    yard = Area(id="yard", role="yard", polygon=box(633_940, NORTH - 20, 634_740, NORTH + 20), name="yard")
    assert drawn.line.intersection(yard.polygon).geom_type == "MultiLineString"
    ((from_m, to_m),) = site(yard).track_in_areas(drawn)["yard"]
    assert (from_m, to_m) == pytest.approx((0, drawn.line.length))
