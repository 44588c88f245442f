"""A yard whose model of tracks a scene does not show: what is told of it, and what is not claimed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import rasterio
from rasterio.features import rasterize
from rasterio.transform import Affine
from support.command import run

from tumangang_watch.shipped import fixtures_dir
from tumangang_watch.sites import built_in_site_path, load_site

NAMES = ("tumangang_2022-11-30_painted", "tumangang_2022-12-01_painted")
COARSE = 6
"""Pixels of 3 m: tracks cannot be traced in them."""
NORTH_M = 80.0


def moved(folder: Path, coarse: int = 1, north_m: float = NORTH_M) -> list[Path]:
    """Write the fixtures so many metres north of where the built-in site has their yard."""
    out = []
    for name in NAMES:
        facts = json.loads((fixtures_dir() / f"{name}_metadata.json").read_text())
        for key in ("gsd", "pixel_resolution"):
            facts["properties"][key] *= coarse
        (folder / f"{name}_metadata.json").write_text(json.dumps(facts))
        with rasterio.open(fixtures_dir() / f"{name}.tif") as scene:
            values, profile, tags = scene.read(), dict(scene.profile), scene.tags()
            names, colours = scene.descriptions, scene.colorinterp
        bands, rows, cols = values.shape
        rows, cols = rows // coarse, cols // coarse
        cut = values[:, : rows * coarse, : cols * coarse].astype(np.float32)
        means = cut.reshape(bands, rows, coarse, cols, coarse).mean(axis=(2, 4)).round()
        for key in ("blockxsize", "blockysize", "tiled"):
            profile.pop(key, None)
        own = profile["transform"]
        transform = Affine(own.a * coarse, 0.0, own.c, 0.0, own.e * coarse, own.f + north_m)
        profile.update(height=rows, width=cols, transform=transform)
        out.append(folder / f"{name}.tif")
        with rasterio.open(out[-1], "w", **profile) as target:
            target.write(means.astype(values.dtype))
            target.update_tags(**tags)
            target.descriptions, target.colorinterp = names, colours
    return out


def test_goods_that_came_beside_a_train_are_told_in_a_yard_that_nobody_surveyed(tmp_path):
    done = run("compare", *moved(tmp_path), "--no-detectability", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert any("not surveyed" in c for c in report["caveats"])
    changed = [f for f in report["findings"] if f["change"] != "unchanged"]
    assert [f["kind"] for f in changed] == ["cargo"]
    assert (changed[0]["change"], changed[0]["train"] is not None) == ("appeared", True)
    # The painted heaps cover 95 m2; some of them are missed.
    assert changed[0]["amount"]["low"] < 95
    trains = [f for f in report["findings"] if f["kind"] == "train"]
    assert [(f["change"], f["amount"]["estimate"]) for f in trains] == [("unchanged", 8)]


def test_where_neither_the_model_nor_tracks_are_seen_nothing_is_claimed(tmp_path):
    scenes = moved(tmp_path, COARSE)
    done = run("compare", *scenes, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["findings"] == []
    first, second = report["headline"]
    assert first.startswith("Nothing can be said of Tumangang")
    assert "not looked for on the secure freight yard" in second
    yard = [t for t in report["tracks"] if t["area"] == "secure_yard"]
    assert yard
    assert all(t["observed"] == {"earlier": [], "later": []} for t in yard)
    tried = [
        t
        for entry in report["detectability"]
        for t in entry["tracks"]
        if t["track"] in {y["id"] for y in yard}
    ]
    assert {t["status"] for t in tried} == {"not_observable"}
    one = run("detect", scenes[0], "--out", tmp_path / "one", "--json")
    assert one.returncode == 0, one.stderr
    report = json.loads(one.stdout)
    assert report["detections"] == []
    assert report["headline"][0].startswith("Nothing can be said of trains at Tumangang")


def test_what_changed_on_ground_of_the_model_is_told_with_the_surfaces_that_it_names(tmp_path):
    scenes = moved(tmp_path, COARSE)
    handling = next(a for a in load_site(built_in_site_path()).areas if a.role == "handling").polygon
    with rasterio.open(scenes[1], "r+") as scene:
        values = scene.read()
        worked = rasterize([handling.buffer(-12)], scene.shape, transform=scene.transform).astype(bool)
        values[:, worked] = np.percentile(values.reshape(len(values), -1), 99, axis=1)[:, None]
        scene.write(values)
    done = run("compare", *scenes, "--no-detectability", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    grown = [f for f in report["findings"] if f["kind"] == "handling_area"]
    assert [f["change"] for f in grown] == ["grown"]
    assert {grown[0]["earlier"], grown[0]["later"]} <= {d["id"] for d in report["detections"]}


def test_where_the_model_is_seen_its_yard_is_spoken_of(tmp_path):
    done = run(
        "detect", moved(tmp_path, COARSE, 0.0)[1], "--no-detectability", "--out", tmp_path / "out", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert any(d["kind"] == "train" for d in report["detections"])
    assert any(t["observed"]["later"] for t in report["tracks"] if t["area"] == "secure_yard")
    # Pixels of 3 m show no single goods: that none is told is not that there is none.
    assert report["headline"][1].startswith("Goods were not looked for at this resolution")


def test_a_site_without_tracks_of_which_none_can_be_traced_is_not_said_to_be_empty(tmp_path):
    site = json.loads(built_in_site_path().read_text())
    yards = [f for f in site["features"] if f["properties"]["role"] == "yard"]
    for feature in yards:
        feature["properties"].pop("accuracy_m")
    path = tmp_path / "site.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": yards}))
    scenes = moved(tmp_path, COARSE, 0.0)
    done = run("compare", *scenes, "--site", path, "--no-detectability", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "No train was detected" not in said
    assert "Nothing can be said of" in said
    assert "Nothing could be looked for." in said
