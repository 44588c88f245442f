"""``site show``: the site lies on the picture where the scene was fitted, and a failed fit is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.command import run

from tumangang_watch.model.observation import Registration
from tumangang_watch.sites import built_in_site_path, fixtures_dir

SCENE = fixtures_dir() / "tumangang_2022-11-30_painted.tif"


def test_the_picture_shows_the_site_over_the_fitted_scene(tmp_path: Path) -> None:
    out = tmp_path / "show.png"
    done = run("site", "show", built_in_site_path(), SCENE, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "fit to the site: ok" in done.stderr
    truth = json.loads(SCENE.with_name(f"{SCENE.stem}_truth.json").read_text())["geolocation_error_m"]
    said = [float(w) for w in done.stderr.split("moved ")[1].replace(" m north", "").split(" m east, ")]
    assert said == pytest.approx([-w for w in truth], abs=1.0)
    picture = np.asarray(Image.open(out).convert("RGB")).astype(int)
    yard = (np.abs(picture - (255, 210, 63)).sum(axis=2) == 0).sum()
    assert yard > 500
    assert [p.name for p in tmp_path.iterdir()] == ["show.png"]
    before = out.read_bytes()
    again = run("site", "show", built_in_site_path(), SCENE, "--out", out)
    assert (again.returncode, out.read_bytes()) == (5, before)
    assert len(again.stderr.splitlines()) == 1
    wrong = run("site", "show", built_in_site_path(), SCENE, "--out", tmp_path / "show.jpg")
    assert wrong.returncode == 5
    assert not (tmp_path / "show.jpg").exists()


def test_a_scene_of_another_place_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.geojson"
    ring = [[8.0, 47.0], [8.002, 47.0], [8.002, 47.001], [8.0, 47.001], [8.0, 47.0]]
    feature = {
        "type": "Feature",
        "properties": {"role": "yard", "id": "yard"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    elsewhere.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    done = run("site", "show", elsewhere, SCENE, "--out", tmp_path / "show.png")
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "show.png").exists()


def test_a_failed_fit_is_drawn_and_said() -> None:
    from support.values import observation, straight_site

    from tumangang_watch.report.site_map import fit_words, site_picture

    seen = observation(np.random.default_rng(1).uniform(0.1, 0.3, (4, 120, 400)))
    fit = Registration.failed("two fits")
    picture = site_picture(straight_site(tracks=2), seen.scene, seen.raster, fit)
    assert picture.size[0] >= 900
    assert "FAILED" in fit_words(fit)
    red = np.asarray(picture)[-92:]
    assert (np.abs(red.astype(int) - (198, 40, 40)).sum(axis=2) < 30).any()
