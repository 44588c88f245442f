"""The installed command says what could have been missed, the same every time, or that it was not tried."""

from __future__ import annotations

import json

import jsonschema
import pytest
from support.command import run
from support.schema import schema

from tumangang_watch.simulate import make_pair, split_seeds, write_scene, write_site


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("yard")
    pair = make_pair(
        split_seeds("train")[302], 0.7, tracks=2, length_m=170, trains=(0, 0), season="summer", growth_m2=0
    )
    scene = write_scene(pair.later, folder, "scene")
    return scene, write_site(pair.world, folder / "site.geojson", "full"), pair


def detect(painted, out, *options):
    scene, site, _ = painted
    done = run("detect", scene, "--site", site, "--out", out, *options, status=0)
    return json.loads((out / "report.json").read_text()), done.stderr


def test_rates_are_reported_and_repeat(painted, tmp_path):
    report, said = detect(painted, tmp_path / "one")
    jsonschema.validate(report, schema())
    (entry,) = report["detectability"]
    assert entry["train_presence"] == "track"
    assert entry["trials_note"] == ""
    assert [t["track"] for t in entry["tracks"]] == ["T1", "T2"]
    rows = entry["trials"]
    assert {r["track"] for r in rows} == {None, "T1", "T2"}
    for row in rows:
        assert 0 <= row["rate"]["low"] <= row["rate"]["estimate"] <= row["rate"]["high"] <= 1
    anywhere = [r for r in rows if r["track"] is None]
    assert sum(r["trials"] for r in anywhere) == sum(t["trials"] for t in entry["tracks"]) >= 15
    single = {(r["type"], r["load"], r["tone"]): r["rate"]["estimate"] for r in anywhere if r["cars"] == 1}
    cut = {(r["type"], r["load"], r["tone"]): r["rate"]["estimate"] for r in anywhere if r["cars"] == 3}
    assert all(cut[k] > single[k] for k in single)
    assert "Could have been missed: As a test" in said
    detect(painted, tmp_path / "two")
    for name in ("report.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    page = (tmp_path / "one" / "report.html").read_text()
    assert "As a test, simulated wagons and goods were added to the empty ground" in page
    assert "dark" in page.split('class="missed"')[2]


def test_without_trials_the_report_says_so(painted, tmp_path):
    report, said = detect(painted, tmp_path / "out", "--no-detectability")
    (entry,) = report["detectability"]
    assert entry["trials"] == entry["tracks"] == []
    assert "not inserted" in entry["trials_note"]
    assert "missed" not in said
    jsonschema.validate(report, schema())


def test_the_detector_finds_a_bright_boxcar_and_misses_one_of_the_beds_own_tone(painted, tmp_path):
    from dataclasses import replace

    import numpy as np

    from tumangang_watch.detect.trains.find import detect_trains
    from tumangang_watch.detectability.insert import insert, span_of
    from tumangang_watch.detectability.model import Placement, Specimen
    from tumangang_watch.detectability.scene_light import scene_light
    from tumangang_watch.pipeline import RunContext
    from tumangang_watch.pipeline.prepare import observe, read_image, working_grid
    from tumangang_watch.preprocess.site_fit.fit import fit_to_site
    from tumangang_watch.scenes import SceneOptions, open_scene
    from tumangang_watch.settings import Settings
    from tumangang_watch.simulate import paint
    from tumangang_watch.sites import load_site

    pair = painted[2]
    settings = Settings()
    run = RunContext(load_site(painted[1]), settings)
    found = {}
    for gsd_m, brightness in ((0.7, "bright"), (1.0, "flat")):
        day = replace(pair.days[1], trains=())
        sensor = replace(pair.sensors[1], gsd_m=gsd_m)
        scene = open_scene(
            write_scene(paint(pair.world, day, sensor, 1), tmp_path, f"empty_{brightness}"),
            SceneOptions(),
            settings.read,
        )
        grid = working_grid((scene,), run)
        image = read_image(scene, grid, run)
        fit = fit_to_site((image,), run.site, grid, settings.registration)
        seen = observe("later", scene, image.registered(fit.affine), grid, fit, run)
        light = scene_light(seen, run.site, [], settings.detectability)
        assert light is not None
        track = run.site.tracks[0]
        hits = []
        for k, start in enumerate((30.0, 60.0, 90.0, 120.0)):
            values = seen.image.values.copy()
            specimen = (
                Specimen("box", "bright", None, 1)
                if brightness == "bright"
                else Specimen("flat", "mid", None, 1)
            )
            place = Placement(
                specimen=specimen, track=track.id, from_m=start, to_m=start + span_of(specimen), seed=k
            )
            if brightness == "bright":
                insert(values, seen.image, light, track, place, settings.detectability)
            else:
                like_bed(values, seen.image, track, place)
            trains = detect_trains(
                replace(seen, image=replace(seen.image, values=values)), run.site, settings.trains
            )
            middle = (place.from_m + place.to_m) / 2
            hits.append(any(d.grade == "detected" and d.from_m < middle < d.to_m for d in trains))
        found[brightness] = np.mean(hits)
    assert found["bright"] >= 0.75
    assert found["flat"] <= 0.25


def like_bed(values, image, track, place):
    """Paint a body without height in the tone that the bed between the rails has there."""
    import numpy as np
    import shapely

    s = np.arange(place.from_m, place.to_m, 0.3)
    here = shapely.get_coordinates(shapely.line_interpolate_point(track.line, s)).T
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(track.line, s + 1)).T - here
    left = np.stack([-ahead[1], ahead[0]]) / np.hypot(*ahead)
    points = here[:, None] + left[:, None] * np.arange(-1.2, 1.21, 0.3)[:, None]
    row, col = image.pixel_of(points[0], points[1])
    rows, cols = np.rint(row).astype(int), np.rint(col).astype(int)
    brightness = np.median(values[:, rows, cols], axis=(1, 2))
    values[:, rows, cols] += 0.5 * (brightness[:, None, None] - values[:, rows, cols])
