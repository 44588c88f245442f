from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import MultiPolygon, box
from support.aprons import CRS, GRID, observe, scene_of, site_of

from tumangang_watch.detect.cargo.find import detect_cargo
from tumangang_watch.detect.cargo.read import read_places
from tumangang_watch.grid import Grid
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.settings.cargo import CargoSettings


def find(values: np.ndarray, **kwargs: object) -> tuple[Detection, ...]:
    return detect_cargo((observe(values, **kwargs),), site_of(), (), CargoSettings()).detections  # type: ignore[arg-type]


@pytest.mark.parametrize("height", [1.5, 2.6, 4.0])
def test_box_of_known_size_and_height_is_measured(height: float) -> None:
    found = find(scene_of(boxes=((50, 40, 56, 44, height),)))
    assert len(found) == 1
    item = found[0]
    assert item.label == "pile or stacked goods"
    assert item.grade == "detected"
    assert item.id == "later-cargo-1"
    assert item.area_m2 is not None
    assert item.area_m2.estimate == pytest.approx(24, rel=0.15)
    assert item.height_m is not None
    assert item.height_m.estimate == pytest.approx(height, abs=0.5)
    assert item.height_m.low <= height <= item.height_m.high
    assert item.colour == "red"
    assert item.track_distance_m == pytest.approx(36, abs=0.7)


def test_shadow_without_colour_is_shadow_too() -> None:
    found = find(scene_of(boxes=((50, 40, 56, 44, 2.6),), sky=(0.3, 0.3, 0.3, 0.3)))
    assert len(found) == 1
    assert found[0].area_m2 is not None
    assert found[0].area_m2.estimate == pytest.approx(24, rel=0.2)


@pytest.mark.parametrize(
    "tone",
    [
        (0.26, 0.29, 0.31, 0.34),
        (0.075, 0.082, 0.088, 0.10),
        (0.185, 0.21, 0.225, 0.25),
        (0.84, 0.85, 0.84, 0.78),
    ],
)
def test_empty_apron_gives_nothing(tone: tuple[float, ...]) -> None:
    for seed in range(3):
        assert find(scene_of(tone, seed=seed, noise=0.08)) == ()


def test_shadow_strip_gives_nothing() -> None:
    values = scene_of()
    values[:, 60:70, :] *= np.array([0.35, 0.3, 0.27, 0.2])[:, None, None]
    assert find(values) == ()


def test_three_bands_and_unknown_sun_still_find_a_box() -> None:
    values = scene_of(boxes=((50, 40, 56, 44, 2.0),))
    assert len(find(values[:3])) == 1
    unknown = find(values, sun=False)
    assert len(unknown) == 1
    assert unknown[0].height_m is None
    assert unknown[0].label == "surface change"


def test_gain_changes_nothing() -> None:
    values = scene_of(boxes=((50, 40, 56, 44, 2.0), (70, 30, 73, 36, 2.0)))
    one, other = find(values), find(values * 37.0)
    assert len(one) == len(other) == 2
    for a, b in zip(one, other, strict=True):
        assert a.geometry.equals_exact(b.geometry, 1e-3)


def test_touching_piles_part() -> None:
    values = scene_of(boxes=((50, 40, 56, 46, 1.0), (55.5, 45.5, 61.5, 51.5, 1.0)))
    assert len(find(values)) == 2


def test_train_and_its_shadow_are_not_cargo() -> None:
    body = (40, 71, 54, 74, 3.8)
    train = Detection(
        id="later-train-1",
        date="later",
        kind="train",
        area="y",
        geometry=MultiPolygon([box(*body[:4])]),
        confidence=0.9,
        grade="detected",
        observed_fraction=1.0,
        length_m=Interval(14, 13, 15),
    )
    values = scene_of(boxes=(body,))
    assert detect_cargo((observe(values),), site_of(), (train,), CargoSettings()).detections == ()


def test_unseen_apron_gives_nothing() -> None:
    one = observe(scene_of(boxes=((50, 40, 56, 44, 2.0),)))
    blind = replace(one, quality=replace(one.quality, clear=np.zeros(GRID.shape, dtype=bool)))
    result = detect_cargo((blind,), site_of(), (), CargoSettings())
    assert result.detections == ()
    assert result.fill == ()


def test_trials_say_what_would_have_been_found() -> None:
    result = detect_cargo((observe(scene_of()),), site_of(), (), CargoSettings(), trials=True)
    trials = result.fill[0].trials
    assert sum(t.tried for t in trials) >= 20
    assert all(0 <= t.found <= t.tried for t in trials)
    plain = [t for t in trials if t.size_m2 == 16 and t.brightness != "like the ground"]
    assert sum(t.found for t in plain) >= 0.7 * sum(t.tried for t in plain)


def test_fill_is_the_covered_part() -> None:
    boxes = ((30, 30, 42, 40, 2.0), (50, 30, 62, 40, 2.0), (70, 30, 82, 40, 2.0))
    result = detect_cargo((observe(scene_of(boxes=boxes)),), site_of(), (), CargoSettings())
    fill = result.fill[0]
    assert fill.share.estimate == pytest.approx(360 / 5400, abs=0.03)
    assert fill.share.low <= 360 / 5400 <= fill.share.high
    assert len(fill.rows) == 3
    assert fill.row_length_m.estimate == pytest.approx(36, abs=3)


def test_dates_read_side_by_side_are_read_as_each_alone() -> None:
    dates = [
        observe(scene_of(boxes=((50, 40, 56, 44, 2.6),), seed=seed), date=name)
        for seed, name in ((1, "earlier"), (2, "later"))
    ]
    settings = replace(CargoSettings(), piece_m=25.0)
    both = read_places(dates, site_of(), (), settings)
    for date in dates:
        own = both[date.date]["apron-1"]
        (alone,) = read_places([date], site_of(), (), settings)[date.date].values()
        assert own.cargo
        assert own.cargo == alone.cargo
        for one, other in zip(own.pieces, alone.pieces, strict=True):
            np.testing.assert_array_equal(one.view.cargo, other.view.cargo)


def test_what_the_aprons_edge_cuts_is_only_possible() -> None:
    found = find(scene_of(boxes=((12, 72.5, 17.5, 78, 2.0),)))
    assert all(d.grade == "possible" for d in found)


def test_coarse_scene_gives_the_fill_and_no_goods() -> None:
    values = scene_of(boxes=((30, 30, 60, 50, 2.0),))
    rows, cols = values.shape[1] // 6, values.shape[2] // 6
    coarse = values.reshape(4, rows, 6, cols, 6).mean(axis=(2, 4))
    grid = Grid(crs=CRS, west=0.0, north=90.0, pixel_m=3.0, rows=rows, cols=cols)
    result = detect_cargo((observe(coarse, grid=grid),), site_of(), (), CargoSettings())
    assert result.detections == ()
    fill = result.fill[0]
    assert fill.share.low <= 600 / 5400 <= fill.share.high
    assert fill.share.estimate == pytest.approx(600 / 5400, abs=0.06)
    assert any("not told" in c for c in fill.caveats)


def test_a_large_apron_looked_at_in_pieces_gives_the_same_goods() -> None:
    """One box stands across the border of two pieces."""
    one = observe(scene_of(boxes=((52, 40, 58, 44, 2.0), (70, 30, 76, 36, 2.0))))
    whole, parted = (
        detect_cargo((one,), site_of(), (), replace(CargoSettings(), piece_m=side)) for side in (200.0, 20.0)
    )
    assert len(whole.detections) == len(parted.detections) == 2
    for a, b in zip(whole.detections, parted.detections, strict=True):
        assert a.geometry.intersection(b.geometry).area > 0.8 * a.geometry.union(b.geometry).area
    assert parted.fill[0].ground_m2 == pytest.approx(whole.fill[0].ground_m2, rel=0.02)
    assert parted.fill[0].share.estimate == pytest.approx(whole.fill[0].share.estimate, abs=0.003)


WHITE, RUST = (0.6, 0.62, 0.63, 0.6), (0.055, 0.055, 0.24, 0.32)


def on_two_dates(before: dict, after: dict) -> dict[str, dict[str, float]]:
    dates = (observe(scene_of(**before), date="earlier"), observe(scene_of(seed=2, **after)))
    found = detect_cargo(dates, site_of(), (), CargoSettings()).detections
    assert [d.date for d in found] == ["earlier", "later"]
    return {d.date: dict(d.evidence) for d in found}


def test_goods_carry_how_unlike_the_other_date_shows_them_and_what_they_cover_alone() -> None:
    large, small = ((40, 40, 48, 46, 2.5),), ((42, 41, 46, 44, 2.5),)
    same = on_two_dates({"boxes": large, "paint": WHITE}, {"boxes": large, "paint": WHITE})
    other = on_two_dates({"boxes": large, "paint": WHITE}, {"boxes": large, "paint": RUST})
    shrunk = on_two_dates({"boxes": large, "paint": WHITE}, {"boxes": small, "paint": WHITE})
    for date in ("earlier", "later"):
        assert same[date]["other_difference"] < 0.15 < 0.5 < other[date]["other_difference"]
    assert shrunk["earlier"]["other_difference"] < 0.35
    assert shrunk["earlier"]["other_rest"] < 0.3
    assert "other_rest" not in shrunk["later"]
