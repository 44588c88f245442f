"""An inserted vehicle changes what its body, shadow and blur reach, and nothing else; it looks as painted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, points
from shapely.affinity import translate
from shapely.ops import substring
from support.values import observation, straight_site

from tumangang_watch.detectability.insert import insert, restore, span_of
from tumangang_watch.detectability.insert_frame import reach_m
from tumangang_watch.detectability.model import Placement, Specimen
from tumangang_watch.detectability.plan import SPECIMENS
from tumangang_watch.detectability.scene_light import scene_light
from tumangang_watch.model.detection import OccupiedStretch
from tumangang_watch.settings.detectability import DetectabilitySettings

SETTINGS = DetectabilitySettings(light_sd=0.0)
BED = np.array((0.14, 0.15, 0.16, 0.18))


def scene(sun=(180.0, 35.0), haze=0.0, gain=1.0, pixel_m=0.5, **fields):
    rng = np.random.default_rng(4)
    rows, cols = round(60 / pixel_m), round(200 / pixel_m)
    ground = BED[:, None, None] * (1 + 0.04 * rng.standard_normal((4, rows, cols)))
    ground[:, :4, :40] = 0.02
    return observation(haze + gain * ground, pixel_m=pixel_m, sun=sun, **fields)


def place(specimen, at_m=80.0, seed=1):
    return Placement(specimen=specimen, track="T1", from_m=at_m, to_m=at_m + span_of(specimen), seed=seed)


def inserted(seen, specimen, **where):
    site = straight_site()
    light = scene_light(seen, site, [], SETTINGS)
    assert light is not None
    values = seen.image.values.copy()
    placement = place(specimen, **where)
    patch = insert(values, seen.image, light, site.tracks[0], placement, SETTINGS)
    return values, light, placement, patch


@given(
    specimen=st.sampled_from(SPECIMENS),
    azimuth=st.floats(0, 360),
    elevation=st.floats(12, 70),
    view=st.floats(0, 360),
    off_nadir=st.floats(0, 30),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_nothing_changes_beyond_body_shadow_lean_and_blur(
    specimen, azimuth, elevation, view, off_nadir, seed
):
    seen = scene((azimuth, elevation), off_nadir_deg=off_nadir, view_azimuth_deg=view)
    values, light, placement, _ = inserted(seen, specimen, seed=seed)
    shadow, lean, blur = reach_m(light)
    line = straight_site().tracks[0].line
    body = substring(line, placement.from_m - 0.6, placement.to_m + 0.6).buffer(1.8, cap_style="flat")
    zone = body
    for shift in (shadow, lean):
        zone = zone.union(MultiPolygon([body, translate(body, *shift)]).convex_hull)
    rows, cols = np.nonzero((values != seen.image.values).any(axis=0))
    assert rows.size > 50
    x, y = seen.raster.grid.to_metres(rows, cols)
    reach = blur + 1.5 * seen.image.pixel_m
    assert max(zone.distance(points(x, y)), default=0.0) <= reach


def test_insertion_can_be_undone_exactly():
    seen = scene()
    values, _, _, patch = inserted(seen, SPECIMENS[0])
    assert (values != seen.image.values).any()
    restore(values, [patch])
    np.testing.assert_array_equal(values, seen.image.values)


def test_the_same_seed_paints_the_same_pixels():
    one, two, other = (inserted(scene(), SPECIMENS[8], seed=s)[0] for s in (7, 7, 8))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_shadow_falls_away_from_the_sun_and_tones_are_in_order():
    seen = scene(sun=(180.0, 40.0))
    north = slice(40, 56)  # the track lies 30 m, 60 rows, below the north edge
    levels = []
    for brightness in ("dark", "mid", "bright"):
        values, *_ = inserted(seen, Specimen("box", brightness, None, 1))
        middle = values[:3, 59:62, 180:190].mean()
        levels.append(float(middle))
        shade = values[:3, north, 180:190].min(axis=1).mean()
        assert shade < 0.5 * BED[:3].mean()
        south = values[:3, 66:80, 180:190]
        np.testing.assert_allclose(south.mean(), seen.image.values[:3, 66:80, 180:190].mean(), rtol=0.02)
    assert levels[0] < levels[1] < levels[2]


@pytest.mark.parametrize(("haze", "gain"), [(0.0, 1.0), (0.12, 0.5), (0.02, 2500.0)])
def test_haze_and_gain_are_the_scenes_own(haze, gain):
    plain = inserted(scene(), SPECIMENS[1])[0]
    seen = scene(haze=haze, gain=gain)
    values = inserted(seen, SPECIMENS[1])[0]
    back = (values - haze) / gain
    changed = (plain != scene().image.values).any(axis=0)
    assert np.abs(back - plain)[:, changed].mean() < 0.015


def test_snow_lies_on_roofs_only_in_a_scene_with_snow():
    bare = scene()
    snowy = replace(
        scene(gain=5.0), quality=replace(bare.quality, snow=bare.quality.clear, snow_state="full")
    )
    light = scene_light(snowy, straight_site(), [], SETTINGS)
    assert light is not None
    assert light.snow == 1.0
    settings_ = replace(SETTINGS, swept_share=0.0)
    values = snowy.image.values.copy()
    insert(
        values,
        snowy.image,
        light,
        straight_site().tracks[0],
        place(Specimen("box", "dark", None, 1)),
        settings_,
    )
    roof = values[:3, 59:62, 175:190].mean()
    assert roof > 0.5 * snowy.image.values[:3, 59:62, 175:190].mean()


def test_light_is_unknown_where_no_bed_is_seen():
    assert scene_light(scene(), straight_site(), [OccupiedStretch("T1", 0.0, 200.0)], SETTINGS) is None


def test_a_vehicle_does_not_show_where_the_beams_of_a_bridge_lie_over_it():
    seen = scene(off_nadir_deg=0.0)
    site, specimen = straight_site(), SPECIMENS[0]
    light = scene_light(seen, site, [], SETTINGS)
    middle = 80.0 + span_of(specimen) / 2
    changed = []
    for beams in ((), ((middle - 3, middle + 3),)):
        values = seen.image.values.copy()
        insert(values, seen.image, light, site.tracks[0], replace(place(specimen), hidden_m=beams), SETTINGS)
        changed.append((values != seen.image.values).any(axis=(0, 1)))
    x = seen.raster.grid.to_metres(np.zeros(changed[0].size), np.arange(changed[0].size))[0]
    start = site.tracks[0].line.coords[0][0]
    under = np.abs(x - start - middle) < 3 - 4 * light.blur_m
    assert changed[0][under].all()
    assert not changed[1][under].any()
    away = np.abs(x - start - middle) > 3 + 4 * light.blur_m + 1
    np.testing.assert_array_equal(changed[0][away], changed[1][away])
