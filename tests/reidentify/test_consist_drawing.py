"""The picture of aligned cars: like cars in one column, gaps where there is none, text that harms nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting, Stay
from tumangang_watch.reidentify.columns import Strips, aligned_rows, vehicle_words
from tumangang_watch.reidentify.drawing import layout_of, strip_picture, write_drawing
from tumangang_watch.reidentify.model import Journey, StayMatch, Step, TrainSearch
from tumangang_watch.report.names import STRIPS, strip_name
from tumangang_watch.report.palette import PAINTS


def sighting(day, colours, area="yard"):
    cars = tuple(
        Vehicle(
            from_m=20 + 14 * k,
            to_m=32.8 + 14 * k,
            type="box",
            colour=c,
            confidence=0.9,
            types=(),
            colours=((c, 0.8),),
        )
        for k, c in enumerate(colours)
    )
    return Sighting(
        key=f"r{day}/t",
        area=area,
        track="1",
        acquired=f"2022-11-{day:02}T02:00:00Z",
        scene=f"s{day}",
        gsd_m=0.5,
        folder=f"r{day}",
        from_m=20.0,
        to_m=90.0,
        length_m=70.0,
        cars=float(len(cars)),
        confidence=0.9,
        lon=130.6,
        lat=42.4,
        vehicles=cars,
    )


def match(first, second, aligned, direction="same"):
    return StayMatch(
        first=first,
        second=second,
        bits=9.0,
        p_value=1e-5,
        p_alone=1e-5,
        null="record",
        e_value=1e-4,
        verdict="same train",
        direction=direction,
        aligned=aligned,
        only_first=(),
        only_second=(),
        colour_changes=4,
        possible=False,
    )


@pytest.fixture
def three():
    """Five cars; then three of them turned round and one new; then those four."""
    turned = ("yellow", "green", "blue", "red")
    seen = [sighting(1, ("red", "blue", "green", "white", "brown")), sighting(2, turned), sighting(3, turned)]
    pairs = (match(0, 1, ((0, 3), (1, 2), (2, 1)), "reversed"), match(1, 2, ((0, 0), (1, 1), (2, 2), (3, 3))))
    journey = Journey((Step(0, None, False), Step(1, 0, False), Step(2, 1, False)), "same train", 1e-4, False)
    stays = tuple(Stay((s,), None) for s in seen)
    return TrainSearch(
        stays=stays,
        chosen=(0, 0, 0),
        comparisons=3,
        pairs=pairs,
        all_scored=True,
        too_fast=0,
        too_far_apart=0,
        look_alikes=(),
        conflicts=(),
        journeys=(journey,),
        max_expected_false=0.1,
    )


def colours_by_row(aligned):
    return [
        [row.sighting.vehicles[c[r]].colour if r in c else None for c in aligned.columns]
        for r, row in enumerate(aligned.rows)
    ]


def test_like_cars_share_a_column_and_a_turned_train_is_drawn_from_its_other_end(three):
    aligned = aligned_rows(three, three.journeys[0], Strips(None, {}), 12)
    first, second, third = colours_by_row(aligned)
    assert [row.turned for row in aligned.rows] == [False, True, True]
    assert [c for c in first if c] == ["red", "blue", "green", "white", "brown"]
    assert [c for c in second if c] == ["red", "blue", "green", "yellow"]
    assert second == third
    assert first[:3] == second[:3] == ["red", "blue", "green"]
    assert all(None in pair for pair in zip(first[3:], second[3:], strict=True))


def test_rows_beyond_the_most_are_counted(three):
    aligned = aligned_rows(three, three.journeys[0], Strips(None, {}), 2)
    assert (len(aligned.rows), aligned.left_out) == (2, 1)


def test_cars_are_cut_from_their_strip_and_turned_with_the_train(three, tmp_path):
    for day in (1, 2, 3):
        folder = tmp_path / f"r{day}" / STRIPS
        folder.mkdir(parents=True)
        strip = Image.new("RGB", (400, 16), (90, 90, 90))
        for car in three.stays[day - 1].first.vehicles:
            strip.paste(PAINTS[car.colour], (round(4 * car.from_m), 2, round(4 * car.to_m), 14))
        strip.save(folder / strip_name("1"))
    strips = Strips(tmp_path, {(f"r{day}", "1"): 100.0 for day in (1, 2, 3)})
    aligned = aligned_rows(three, three.journeys[0], strips, 12)
    sheet = layout_of(aligned)
    for r, row in enumerate(aligned.rows):
        picture = strip_picture(row, r, aligned, sheet, 0.6)
        for n, column in enumerate(aligned.columns):
            pixel = picture.getpixel((round(2 * sheet.middles[n]), picture.height // 2))
            paint = PAINTS[aligned.vehicle(r, n).colour] if r in column else "#ffffff"
            assert "#" + "".join(f"{v:02x}" for v in pixel) == paint


def test_a_row_without_a_strip_says_why_and_text_from_outside_is_only_text(three, tmp_path):
    hostile = replace(three.stays[0].first, area="<script>", track="\x07 $x^2$ & \u202e")
    search = replace(three, stays=(Stay((hostile,), None), *three.stays[1:]))
    strips = Strips(tmp_path, {("r1", hostile.track): 100.0})
    aligned = aligned_rows(search, search.journeys[0], strips, 12)
    assert "holds no strip" in aligned.rows[0].why_no_strip
    for name in ("one.png", "two.png"):
        write_drawing(aligned, (hostile.area, hostile.track, "c"), 0.6, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.width == pytest.approx(1.5 * layout_of(aligned).wide, abs=2)


def test_a_car_that_was_not_read_is_not_named():
    assert vehicle_words(None) == "–"
    assert (
        vehicle_words(Vehicle(from_m=0, to_m=12.8, type="unknown", colour="unknown", confidence=0.5))
        == "colour unknown, type unknown, 12.8 m"
    )
    assert vehicle_words(
        Vehicle(
            from_m=0,
            to_m=12.8,
            type="box",
            colour="light_grey",
            confidence=0.5,
            types=(),
            colours=(("light_grey", 0.7),),
        )
    ) == ("light grey (70%) box, 12.8 m")
