"""The spine on values: what is refused, what is traced, what stands in a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from support.report_scene import painted_comparison
from support.values import observation, straight_site

from tumangang_watch.affine import IDENTITY
from tumangang_watch.errors import NotComparable, UsageError
from tumangang_watch.model.comparison import BackgroundUse, LeftOut
from tumangang_watch.pipeline.compare import compare, detect
from tumangang_watch.pipeline.earlier_scenes import Candidates, add_left_out, known_of
from tumangang_watch.pipeline.fit import place_on_site, place_pair
from tumangang_watch.pipeline.measure import roofed_caveats, site_caveats
from tumangang_watch.pipeline.prepare import check_pair
from tumangang_watch.pipeline.run import RunContext, refuse_failed
from tumangang_watch.pipeline.trace import trace_scene
from tumangang_watch.pipeline.tracks import ground_of, with_tracks
from tumangang_watch.pipeline.trials import NOT_TRIED, detectability_of
from tumangang_watch.settings import Settings

GREY = np.full((4, 80, 300), 0.2, dtype=np.float32)


def test_two_dates_in_their_order_are_asked_for():
    scene = observation(GREY).scene
    later = replace(scene, sha256="b" * 64, acquired=scene.acquired + timedelta(days=1))
    check_pair(scene, later)
    with pytest.raises(UsageError, match="dates are reversed"):
        check_pair(later, scene)
    with pytest.raises(NotComparable, match="same image"):
        check_pair(scene, scene)


def test_a_scene_elsewhere_is_refused_before_a_pixel_is_read():
    scene = replace(
        observation(GREY).scene, affine=(0.5, 0, 100_000.0, 0, -0.5, 4_000_000.0), crs="EPSG:32652"
    )
    run = RunContext(straight_site())
    with pytest.raises(NotComparable, match="outside the site"):
        detect(scene, run)
    with pytest.raises(NotComparable, match="outside the site"):
        compare(scene, scene, run)


def test_a_site_without_a_reference_image_is_fitted_by_its_geometry_and_a_failed_fit_refused():
    seen, run = observation(GREY), RunContext(straight_site())
    fit, caveats = place_on_site((seen.image,), (seen.scene,), seen.raster.grid, run)
    assert fit.status != "failed"
    assert caveats == ()
    failed = replace(seen.site_fit, status="failed", reason="nothing in common")
    with pytest.raises(NotComparable, match="nothing in common"):
        refuse_failed(failed, seen.scene, "not registered")
    refuse_failed(seen.site_fit, seen.scene, "not registered")


def test_a_stated_shift_is_taken_and_stands_in_the_report():
    seen, run = observation(GREY), RunContext(straight_site())
    scene = replace(seen.scene, site_shift_m=(8.0, -5.0))
    fit, _ = place_on_site((seen.image,), (scene,), seen.raster.grid, run)
    assert (fit.shift_m, fit.affine) == ((8.0, -5.0), IDENTITY)
    assert "--site-shift" in fit.reason
    about, _ = place_on_site((seen.image,), (replace(scene, geolocation_m=20.0),), seen.raster.grid, run)
    assert about.shift_m != (8.0, -5.0)
    assert "--site-shift" in about.reason


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_what_shows_nothing_stays_where_it_says_and_contradicts_no_stated_accuracy(noise):
    ground = 0.2 + noise * np.random.default_rng(0).normal(size=(4, 80, 300))
    seen, run = observation(ground.astype(np.float32)), RunContext(straight_site())
    scene = replace(seen.scene, geolocation_m=3.0)
    fit, _ = place_on_site((seen.image,), (scene,), seen.raster.grid, run)
    assert fit.status == "degraded"
    assert abs(fit.shift_m[1]) < 1.5


def test_dates_that_do_not_resemble_each_other_are_laid_on_the_site_each_by_itself():
    rng = np.random.default_rng(0)
    noise = [0.3 + 0.05 * rng.normal(size=(4, 240, 440)) for _ in range(2)]
    one, two = (observation(values.astype(np.float32)) for values in noise)
    run = RunContext(straight_site())
    placed = place_pair((one.image, two.image), (one.scene, two.scene), one.raster.grid, run)
    assert placed.registration.by_itself
    assert placed.registration.status == "degraded"
    assert "ground and worked surface were not compared" in placed.caveats[0]
    assert all(fit.residual_median_m for fit in placed.fits)


def test_tracks_are_traced_only_where_there_are_none():
    seen, site = observation(GREY), straight_site()
    run = RunContext(site)
    assert with_tracks((seen.image,), (seen.scene,), run) == (run, ())
    assert ground_of(site, run.settings.trace).contains(site.tracks[0].line)
    coarse = replace(seen.scene, gsd_m=10.0)
    with pytest.raises(NotComparable, match="cannot trace"):
        trace_scene(coarse, run, None)


def test_a_report_states_what_limits_it():
    site, seen = straight_site(), observation(GREY)
    assert site_caveats(replace(site, tracks=()))
    traced = replace(site.tracks[0], provisional=True, source="traced from a scene")
    named, counted = (site_caveats(replace(site, tracks=(traced,) * many))[0] for many in (2, 39))
    assert named.startswith(f"tracks {traced.id}, {traced.id} were")
    assert counted.startswith("39 tracks were")
    assert not roofed_caveats(site, (seen,))
    settings = Settings()
    untried = replace(settings, detectability=replace(settings.detectability, enabled=False))
    (document,) = detectability_of(RunContext(site, untried), (seen,), ())
    assert document["trials_note"] == NOT_TRIED
    assert document["trials"] == []


def test_candidates_left_out_stand_in_the_report():
    report = replace(painted_comparison(), background_use=BackgroundUse(0))
    out = (LeftOut("a.tif", datetime(2022, 1, 1, tzinfo=UTC), "damaged", faulty=True),)
    stated = add_left_out(report, Candidates((), out, 3))
    assert stated.background_use == BackgroundUse(3, (), out)
    assert any("a.tif (damaged)" in c for c in stated.caveats)
    assert known_of(report.later.scene).sha256 == report.later.scene.sha256
    assert stated.background == ()
