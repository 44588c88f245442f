"""Every exit status 4: the scene that causes it, the line it ends in, and the way out that the line names."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from support.scene_files import CRS, box_px, ground, opened, write
from support.values import observation, straight_site

import tumangang_watch
from tumangang_watch.affine import IDENTITY, shift
from tumangang_watch.errors import NotComparable
from tumangang_watch.grid import grid_over
from tumangang_watch.model.observation import Quality, Registration
from tumangang_watch.model.site import ReferenceScene
from tumangang_watch.pipeline import references, trace
from tumangang_watch.pipeline.common import in_common
from tumangang_watch.pipeline.fit import place_on_site
from tumangang_watch.pipeline.prepare import check_pair, judge_areas, working_grid
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.pipeline.trace import site_of_scene, trace_scene
from tumangang_watch.pipeline.tracks import with_tracks
from tumangang_watch.scenes.read import footprint, read_native
from tumangang_watch.scenes.reference import write_reference
from tumangang_watch.settings.scenes import ReadSettings
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.paint import paint

PLACES = {
    "pipeline.common": 1,
    "pipeline.prepare": 5,
    "pipeline.references": 2,
    "pipeline.run": 1,
    "pipeline.trace": 2,
    "scenes.read": 3,
}
"""Where the package makes one, and how many: each has a test below."""
NOISE = 0.2 + 0.02 * np.random.default_rng(0).normal(size=(4, 80, 300)).astype(np.float32)


def refused(call, what, todo):
    """See that a call is refused in these words, with this way out."""
    with pytest.raises(NotComparable) as caught:
        call()
    assert what in str(caught.value)
    assert todo in caught.value.todo
    assert "\n" not in str(caught.value)


def test_every_place_that_ends_with_status_4_is_listed_here():
    package, found = Path(tumangang_watch.__file__).parent, Counter()
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "NotComparable(" in text else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "NotComparable":
                found[".".join(path.relative_to(package).with_suffix("").parts)] += 1
    assert found == PLACES


def test_a_scene_elsewhere_and_one_without_pixels_there(tmp_path):
    here = box_px(0, 0, 80, 60)
    scene = opened(write(tmp_path / "a.tif"))
    away = tuple(v + 5_000 for v in here)
    refused(lambda: read_native(scene, away, CRS, ReadSettings()), "does not cover", "another site")
    empty = opened(write(tmp_path / "b.tif", ground() * 0, nodata=0))
    refused(lambda: read_native(empty, here, CRS, ReadSettings()), "all pixels", "a scene that covers it")
    polar = replace(scene, crs="EPSG:32610", affine=(0.5, 0, 9e8, 0, -0.5, 9e8))
    refused(lambda: footprint(polar, CRS), "does not reach the site", "another site")
    # The ways out: a scene that covers it, and a site of its own.
    assert read_native(scene, here, CRS, ReadSettings()).valid.any()
    run = RunContext(straight_site())
    elsewhere = replace(scene, affine=(0.5, 0, 700_000.0, 0, -0.5, 4_800_000.0))
    refused(lambda: working_grid((elsewhere,), run), "outside the site", "another site with --site")
    assert working_grid((elsewhere,), replace(run, site=site_of_scene(elsewhere))).rows


def test_two_scenes_that_are_one_date_or_share_no_band():
    one = observation(NOISE)
    scene = one.scene
    refused(lambda: check_pair(scene, scene), "the same image", "Give two dates")
    again = replace(scene, sha256="b" * 64)
    refused(lambda: check_pair(scene, again), "both scenes were acquired", "--acquired")
    check_pair(scene, replace(again, acquired=scene.acquired + timedelta(days=1)))
    red, nir = (replace(one.image, bands=(band,), values=one.image.values[:1]) for band in ("red", "nir"))
    refused(lambda: in_common((red, nir), (scene, scene)), "no band in common", "share a band")
    assert in_common((red, one.image), (scene, scene))[1].bands == ("red",)


def test_a_scene_that_is_too_coarse_or_shows_nothing_clear():
    site = straight_site()
    run, fine = RunContext(site), observation(NOISE)
    coarse = observation(NOISE[:, :8, :30], pixel_m=10.0)
    refused(lambda: judge_areas(run, coarse, None), "nothing of the site can be told", "another scene")
    hidden = replace(fine, quality=Quality.all_clear(np.zeros(NOISE.shape[1:], bool)))
    refused(lambda: judge_areas(run, hidden, None), "nothing of the site can be seen", "clearer scenes")
    assert judge_areas(run, fine, None)


def test_tracks_that_cannot_be_traced(monkeypatch):
    seen, site = observation(NOISE), straight_site()
    run = RunContext(replace(site, tracks=()))
    monkeypatch.setattr(trace, "read_image", lambda *_: seen.image)
    monkeypatch.setattr(trace, "working_grid", lambda *_: seen.raster.grid)
    monkeypatch.setattr(trace, "trace_site_tracks", lambda *_: ())
    coarse = replace(seen.scene, gsd_m=3.0)
    refused(lambda: trace_scene(coarse, run, None), "resolution", "finer scene")
    # A finer one is looked at; where it shows no rails, the tracks can be drawn, and then none is traced.
    refused(lambda: trace_scene(seen.scene, run, None), "no track", "draw the tracks")
    drawn = RunContext(site)
    assert with_tracks((seen.image,), (seen.scene,), drawn) == (drawn, ())


def test_a_scene_that_cannot_be_a_reference(tmp_path, monkeypatch):
    seen, even = observation(NOISE), observation(np.full_like(NOISE, 0.2))
    grid, settings = seen.raster.grid, TraceSettings()
    refused(
        lambda: references.keep(even.scene, even.image, grid, "", settings), "almost nothing", "clear scene"
    )
    assert references.keep(seen.scene, seen.image, grid, "", settings).picture.valid.any()
    open_fit = Registration(status="degraded", rivals_m=((5.0, 0.0),), reason="not decided")
    monkeypatch.setattr(references, "place_on_site", lambda *_: (open_fit, ()))
    monkeypatch.setattr(references, "read_image", lambda *_: seen.image)
    monkeypatch.setattr(references, "working_grid", lambda *_: grid)
    file = tmp_path / "s.geojson"
    file.write_text("{}")
    run = RunContext(straight_site())
    refused(
        lambda: references.keep_another(seen.scene, run, as_it_lies=False),
        "open where it lies",
        "--site-shift EAST,NORTH, or --as-it-lies",
    )


def test_rails_elsewhere_than_was_stated_and_each_way_out(tmp_path):
    """A painted yard shown 9 m off where the analyst says that it is known to 2 m."""
    pair = make_pair(split_seeds("train")[5], 0.5, tracks=3, length_m=160, trains=(0, 0), season="summer")
    site = pair.world.site
    (x0, y0), (x1, y1) = site.tracks[0].line.coords[0], site.tracks[0].line.coords[-1]
    error = 9.0 * np.array([y0 - y1, x1 - x0]) / np.hypot(x1 - x0, y1 - y0)
    sensor = replace(pair.sensors[0], geolocation_error_m=tuple(float(e) for e in error))
    west, south, east, north = site.bounds
    grid = grid_over((west - 60, south - 60, east + 60, north + 60), 0.5, site.crs)
    image = exact_image(paint(pair.world, pair.days[0], sensor, 1), ((west + east) / 2, (south + north) / 2))
    image = image.registered(IDENTITY)
    scene, run = replace(observation(NOISE).scene, geolocation_m=2.0), RunContext(site)

    def laid(scene, run):
        return place_on_site((image,), (scene,), grid, run)

    with pytest.raises(NotComparable, match="stated to be known to 2 m") as caught:
        laid(scene, run)
    for way in ("--site-shift EAST,NORTH", "--geolocation-accuracy METRES", "site add-reference SITE SCENE"):
        assert way in caught.value.todo
    fit, _ = laid(replace(scene, geolocation_m=15.0), run)
    assert fit.shift_m == pytest.approx(-error, abs=1.0)
    fit, _ = laid(replace(scene, geolocation_m=None, site_shift_m=(1.0, -2.0)), run)
    assert fit.shift_m == (1.0, -2.0)
    path = tmp_path / "r.tif"
    digest = write_reference(image.registered(shift(*error)).on_grid(grid), path)
    known = ReferenceScene(name="known", sha256="0" * 64, image=path, image_sha256=digest)
    fit, caveats = laid(scene, replace(run, site=replace(site, references=(known,))))
    assert fit.reference == "known"
    assert fit.shift_m == pytest.approx(-error, abs=0.2)
    assert any("though it was stated to 2 m" in c for c in caveats)
