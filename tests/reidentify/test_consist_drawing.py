"""The picture of aligned cars: like cars in one column, gaps where there is none, text that harms nothing."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from PIL import Image

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.columns import Strips, aligned_rows, car_words
from tumangang_watch.reidentify.drawing import draw, to_svg, write_png
from tumangang_watch.reidentify.model import Journey, Search, Seen, Sighting, Step, TrainStay
from tumangang_watch.report.palette import PAINTS
from tumangang_watch.report.stacked import STRIPS, strip_name

SVG = "{http://www.w3.org/2000/svg}"


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
        f"r{day}/t",
        area,
        "1",
        f"2022-11-{day:02}T02:00:00Z",
        f"s{day}",
        0.5,
        f"r{day}",
        20.0,
        90.0,
        70.0,
        float(len(cars)),
        0.9,
        "detected",
        130.6,
        42.4,
        cars,
    )


def match(first, second, aligned, direction="same"):
    return Seen(
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
    stays = tuple(TrainStay((s,), None, None) for s in seen)
    return Search(
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
    sheet = draw(aligned_rows(three, three.journeys[0], strips, 12), ("a", "b", "c"), 0.6)
    boxes = [s for s in sheet.shapes if s.kind == "rect" and s.high == 24.0]
    pictures = [s for s in sheet.shapes if s.kind == "image"]
    assert len(pictures) == 3
    for row, picture in enumerate(pictures):
        below = [b for b in boxes if picture.y < b.y < picture.y + picture.high + 10]
        assert len(below) == (5, 4, 4)[row]
        for box in below:
            middle = round(2 * (box.x + box.wide / 2)), picture.image.height // 2
            told = "#" + "".join(f"{v:02x}" for v in picture.image.getpixel(middle))
            assert told == box.fill


def test_the_drawing_says_why_there_is_no_picture_and_its_text_is_only_text(three, tmp_path):
    hostile = replace(three.stays[0].first, area="<script>", track="\x07 $x^2$ & \u202e")
    search = replace(three, stays=(TrainStay((hostile,), None, None), *three.stays[1:]))
    aligned = aligned_rows(search, search.journeys[0], Strips(tmp_path, {("r1", hostile.track): 100.0}), 12)
    sheet = draw(aligned, (hostile.area, hostile.track, "c"), 0.6)
    svg = to_svg(sheet, "j1", "<b>", "&")
    tree = ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    texts = [t.text for t in tree.iter(f"{SVG}text")]
    assert "<script>" in texts
    assert any("holds no strip" in (t or "") for t in texts)
    assert not list(tree.iter(f"{SVG}script"))
    write_png(sheet, tmp_path / "one.png")
    write_png(sheet, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.width == pytest.approx(1.5 * sheet.wide, abs=2)


def test_a_car_that_was_not_read_is_not_named():
    assert car_words(None) == "–"
    assert (
        car_words(Vehicle(from_m=0, to_m=12.8, type="unknown", colour="unknown", confidence=0.5))
        == "colour unknown, type unknown, 12.8 m"
    )
    assert car_words(
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
