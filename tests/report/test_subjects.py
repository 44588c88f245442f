"""Pictures point at every object of a finding, on the date that has it, with its number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import MultiPolygon, box
from support.report_scene import painted_comparison
from support.values import EAST0, NORTH0, thing

from tumangang_watch.report.chips import chip
from tumangang_watch.report.marks.compass import marks_of
from tumangang_watch.report.marks.subjects import objects_of, subjects
from tumangang_watch.report.palette import OUTLINE_COLOURS, PAINTS
from tumangang_watch.report.pictures import stretch_from, stretch_of, to_rgb

HEAPS = [box(EAST0 + x, NORTH0 - 30, EAST0 + x + 6, NORTH0 - 26) for x in (90, 30, 60)]


@pytest.fixture(scope="module")
def three_heaps():
    """The hand-made pair, whose cargo finding is three heaps beside a train."""
    made = painted_comparison()
    heaps = tuple(thing("cargo", "later", place, f"heap-{k}") for k, place in enumerate(HEAPS))
    finding = next(f for f in made.findings if f.kind == "cargo")
    joined = replace(
        finding,
        later="heap-1",
        members=tuple(h.id for h in heaps),
        geometry=MultiPolygon(HEAPS),
        grade="detected",
    )
    findings = tuple(joined if f is finding else f for f in made.findings)
    return replace(made, detections=(*made.detections, *heaps), findings=findings)


def test_every_object_of_a_finding_is_outlined_and_numbered_from_west_to_east(three_heaps):
    subject = next(s for s in subjects(three_heaps).values() if len(s.objects["later"]) == 3)
    assert [shape.bounds[0] - EAST0 for shape in subject.objects["later"]] == [30, 60, 90]
    assert subject.objects["earlier"] == ()
    assert subject.labels("later") == [f"{subject.number}.{k}" for k in (1, 2, 3)]
    picture = np.asarray(chip(three_heaps, subject, stretch_of(three_heaps)))
    later = picture[:480, 488:].reshape(480, 480, 3)
    ink = tuple(int(OUTLINE_COLOURS["appeared"][k : k + 2], 16) for k in (1, 3, 5))
    columns = np.nonzero((later == ink).all(axis=2).any(axis=0))[0]
    assert np.ptp(columns) > 200


def test_ground_that_grew_is_outlined_where_it_is_new(three_heaps):
    grown = next(f for f in three_heaps.findings if f.change == "grown")
    made = objects_of(grown, three_heaps.detections)
    assert made == {"earlier": (), "later": (grown.geometry,)}
    shrunk = objects_of(replace(grown, change="shrunk"), three_heaps.detections)
    assert shrunk == {"earlier": (grown.geometry,), "later": ()}


def test_sun_and_satellite_stand_where_the_scene_says(three_heaps):
    scene = replace(
        three_heaps.later.scene,
        sun_azimuth_deg=180.0,
        sun_elevation_deg=22.0,
        view_azimuth_deg=90.0,
        off_nadir_deg=7.0,
    )
    sun, view = marks_of(scene)
    assert (round(sun.x, 6), round(sun.y, 6)) == (0, 1)
    assert (round(view.x, 6), round(view.y, 6)) == (1, 0)
    assert sun.words == "sun 22° high in the south"
    assert view.words == "seen from the east, 7° off the vertical"
    assert marks_of(replace(scene, sun_azimuth_deg=None, view_azimuth_deg=None)) == ()


def test_grey_ground_is_shown_grey_and_brown_ground_brown(three_heaps):
    """The painted yard's soil is redder than blue; its grey cars are neutral: one gain for all bands."""
    raster = three_heaps.later.raster
    shown = to_rgb(raster, stretch_from([raster], [raster.valid])).astype(int)
    assert np.median(shown[..., 0]) > np.median(shown[..., 2])
    stretch = stretch_from([raster], [raster.valid])
    assert len({round(high - low, 6) for low, high in zip(stretch.low, stretch.high, strict=True)}) == 1


def test_the_painters_scenes_carry_their_mark(three_heaps):
    subject = next(iter(subjects(three_heaps).values()))
    stretch = stretch_of(three_heaps)
    plain = np.asarray(chip(three_heaps, subject, stretch))
    painted = replace(three_heaps.later, scene=replace(three_heaps.later.scene, provider="painted"))
    marked = np.asarray(chip(replace(three_heaps, later=painted), subject, stretch))
    assert painted.scene.painted
    assert not three_heaps.later.scene.painted
    assert (marked[:20, 490:600] != plain[:20, 490:600]).any()
    assert (marked[:20, :480] == plain[:20, :480]).all()


def test_an_unknown_colour_looks_like_no_colour_a_vehicle_has():
    rgb = {name: np.array([int(code[k : k + 2], 16) for k in (1, 3, 5)]) for name, code in PAINTS.items()}
    assert min(np.abs(rgb["unknown"] - other).sum() for name, other in rgb.items() if name != "unknown") > 50
