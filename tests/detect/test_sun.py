"""Where nothing states the sun, shadows beside trains show on which side it stood."""

from dataclasses import replace
from math import cos, radians

import numpy as np
import pytest

from tumangang_watch.detect.sun import TrainShadow, in_shown_sun, shown_azimuth, sun_from_shadows
from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.grid import grid_over
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.domain import ShownSunSettings
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_observation

SETTINGS = TrainSettings()


def painted(seed: int, trains: int) -> tuple[Observation, Site]:
    pair = make_pair(seed, 0.5, season="autumn", trains=(trains, trains), tracks=3, length_m=300.0)
    site = pair.world.site
    return exact_observation(pair.earlier, "earlier", grid_over(site.bounds, 0.5, site.crs)), site


def withheld(seen: Observation) -> Observation:
    return replace(seen, scene=replace(seen.scene, sun_azimuth_deg=None, sun_elevation_deg=None))


def test_trains_show_the_side_of_the_sun_or_none_and_are_read_in_its_light() -> None:
    shown = 0
    for seed in split_seeds("validation")[40:44]:
        seen, site = painted(seed, 4)
        sunlit = in_shown_sun(withheld(seen), site, SETTINGS)
        if sunlit.shown_sun_azimuth_deg is None:
            continue
        shown += 1
        assert seen.scene.sun_azimuth_deg is not None
        assert cos(radians(sunlit.shown_sun_azimuth_deg - seen.scene.sun_azimuth_deg)) > 0
        assert sunlit.scene.sun_azimuth_deg is None
        assert sunlit.sunlit_scene.sun_azimuth_deg == sunlit.shown_sun_azimuth_deg
        assert any("nothing states where the sun stood" in note for note in sunlit.caveats)
        stated, found = (detect_trains(o, site, SETTINGS) for o in (seen, sunlit))
        assert [d.track for d in found] == [d.track for d in stated]
    assert shown >= 2


def test_empty_tracks_show_no_sun() -> None:
    seen, site = painted(split_seeds("validation")[44], 0)
    assert in_shown_sun(withheld(seen), site, SETTINGS).shown_sun_azimuth_deg is None


def test_a_stated_sun_stays() -> None:
    seen, site = painted(split_seeds("validation")[44], 0)
    assert in_shown_sun(seen, site, SETTINGS) is seen


def shadow(side: int, length_m: float) -> TrainShadow:
    """A body with 2.5 m of shadow on one side of a track that runs east; its left is north."""
    at = np.arange(-9.0, 9.01, 0.25)
    light = np.where((at * side > 1.5) & (at * side < 4.0), 0.2, 1.0)
    return TrainShadow(np.stack([light, light]), np.array([0.0, 1.0]), length_m)


def test_a_shadow_to_the_north_is_thrown_by_a_sun_in_the_south() -> None:
    assert shown_azimuth([shadow(1, 80.0)], ShownSunSettings()) == pytest.approx(180.0)
    sun = sun_from_shadows([shadow(1, 80.0)])
    assert sun is not None
    assert sun[0] == pytest.approx(180.0)


def test_too_little_train_and_trains_that_disagree_show_none() -> None:
    settings = ShownSunSettings()
    assert shown_azimuth([shadow(1, 0.9 * settings.length_min_m)], settings) is None
    assert shown_azimuth([shadow(1, 80.0), shadow(-1, 70.0)], settings) is None
    assert shown_azimuth([], settings) is None
