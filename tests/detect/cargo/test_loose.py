from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from shapely import LineString, box
from support.aprons import observe, scene_of, site_of
from support.command import run

from tumangang_watch.detect.cargo.find import detect_cargo
from tumangang_watch.detect.cargo.loose import likelier_of, loose_confidence
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.site import TRACED, Site, Track
from tumangang_watch.settings.cargo import CargoSettings

SETTINGS = CargoSettings()
BOX = (50.0, 62.0, 56.0, 66.0, 2.6)
"""Fourteen metres from the track."""


def unmapped() -> Site:
    site = site_of()
    return replace(site, areas=tuple(a for a in site.areas if a.role != "apron"))


def with_traced(site: Site, confidence: float) -> Site:
    """Return a site with a traced track along y 64, through the box."""
    track = Track(
        id="traced-1",
        name="Traced track 1",
        line=LineString([(5, 64), (115, 64)]),
        provisional=True,
        source=f"{TRACED}a scene",
        confidence=confidence,
    )
    return replace(site, tracks=(*site.tracks, track))


def train_on(confidence: float) -> Detection:
    return Detection(
        id="later-train-traced-1-1",
        date="later",
        kind="train",
        area="y",
        geometry=box(48, 62.4, 70, 65.6),
        confidence=confidence,
        grade="possible",
        observed_fraction=1.0,
        track="traced-1",
    )


def on_both(site: Site, before: tuple, after: tuple) -> list[Detection]:
    dates = (observe(scene_of(boxes=before, seed=3), date="earlier"), observe(scene_of(boxes=after, seed=4)))
    return list(detect_cargo(dates, site, (), SETTINGS).detections)


def test_beside_tracks_what_came_is_surer_than_what_stands_there_on_both_dates() -> None:
    (came,) = on_both(unmapped(), (), (BOX,))
    stood = on_both(unmapped(), (BOX,), (BOX,))
    assert {d.date for d in stood} == {"earlier", "later"}
    assert came.confidence > max(d.confidence for d in stood)
    assert all(d.grade == "possible" for d in stood)


def test_goods_on_one_date_are_only_possible_where_nobody_mapped_an_apron() -> None:
    mapped = detect_cargo((observe(scene_of(boxes=(BOX,))),), site_of(), (), SETTINGS).detections
    loose = detect_cargo((observe(scene_of(boxes=(BOX,))),), unmapped(), (), SETTINGS).detections
    assert [d.grade for d in mapped] == ["detected"]
    assert [d.grade for d in loose] == ["possible"]
    assert loose[0].confidence < mapped[0].confidence


def test_what_is_darker_than_its_ground_is_less_sure_beside_tracks() -> None:
    (item,) = on_both(unmapped(), (), (BOX,))

    def of_tone(tone: float) -> float:
        evidence = tuple((k, tone if k == "tone" else v) for k, v in item.evidence)
        return loose_confidence(replace(item, evidence=evidence), SETTINGS)

    assert of_tone(-0.6) < of_tone(0.6)


def test_goods_on_a_doubtful_track_are_worth_what_the_doubt_leaves() -> None:
    def found(site: Site) -> list[float]:
        done = detect_cargo((observe(scene_of(boxes=(BOX,))),), site, (), SETTINGS)
        return [d.confidence for d in done.detections]

    (free,) = found(site_of())
    (doubted,) = found(with_traced(site_of(), 0.4))
    assert abs(doubted - 0.6 * free) < 0.01
    assert found(with_traced(site_of(), 0.95)) == []
    reviewed = with_traced(site_of(), 0.4)
    tracks = tuple(replace(t, provisional=False) for t in reviewed.tracks)
    assert found(replace(reviewed, tracks=tracks)) == []


def test_of_a_train_and_goods_in_one_place_the_likelier_is_told_and_says_what_else_it_may_be() -> None:
    site = with_traced(site_of(), 0.5)
    dates = (observe(scene_of(boxes=(BOX,))),)
    for confidence, told in ((0.3, "cargo"), (0.7, "train")):
        train = train_on(confidence)
        cargo = detect_cargo(dates, site, (train,), SETTINGS).detections
        assert len(cargo) == 1
        trains, goods = likelier_of((train,), cargo, site, SETTINGS)
        (item,) = (*trains, *goods)
        assert item.kind == told
        assert any(c.startswith("may be") and "Traced track 1" in c for c in item.caveats)


def test_trains_on_sure_tracks_and_goods_elsewhere_are_left_as_they_are() -> None:
    train = replace(train_on(0.3), track="1", geometry=box(30, 78.4, 70, 81.6))
    cargo = detect_cargo((observe(scene_of(boxes=(BOX,))),), site_of(), (train,), SETTINGS).detections
    assert likelier_of((train,), cargo, site_of(), SETTINGS) == ((train,), cargo)


def test_between_the_tracks_of_a_real_yard_without_aprons_no_goods_are_told(shared, tmp_path) -> None:
    folder = shared / "imagery" / "muttenz_yard_2018"
    if not folder.is_dir():
        pytest.skip("the real yard is not beside the checkout")
    scene, site = folder / "scene_050.tif", folder / "site.geojson"
    done = run("detect", scene, "--site", site, "--no-detectability", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    kinds = Counter(d["kind"] for d in json.loads(done.stdout)["detections"])
    assert kinds["train"] >= 10
    assert kinds["cargo"] == 0
