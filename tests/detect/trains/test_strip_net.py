"""The strip network reads a painted track like its truth, in either direction, with numpy alone."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from shapely import LineString

from tumangang_watch.detect.trains.network import PIECE, REACH, read_strip
from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.detect.trains.view import CHANNELS, Geometry, StripView
from tumangang_watch.model.site import Track
from tumangang_watch.track_frame import TrackFrame


def view(steps: int = 400, turned: bool = False) -> StripView:
    rng = np.random.default_rng(3)
    patch = rng.normal(0, 0.3, (len(CHANNELS), 31, steps)).astype(np.float32)
    patch[-1] = 1
    track = Track(id="T1", line=LineString([(0, 0), (steps / 2, 0)]), name="T1")
    none = np.zeros((1, 1), np.float32)
    strip = Strip(
        track=track,
        s_m=none[0],
        y_m=none[0],
        values=none[None],
        valid=none > 0,
        frame=TrackFrame(none, none),
        bands=("red",),
    )
    constants = np.array([1, 0.5, 0.2, 0, 0, 0.5, 1], np.float32)
    return StripView(
        strip=strip,
        geometry=Geometry(shadow_side=1, shadow_m=5.0, shadow_along_m=2.0, lean_m=0.0, lean_along_m=0.0),
        patch=patch,
        constants=constants,
        turned=turned,
    )


def test_types_are_probabilities() -> None:
    reading = read_strip(view())
    assert reading.occupied.shape == reading.coupling.shape == (400,)
    np.testing.assert_allclose(np.exp(reading.types).sum(axis=0), 1.0)


def test_a_turned_strip_reads_backwards() -> None:
    ahead, back = read_strip(view()), read_strip(view(turned=True))
    np.testing.assert_array_equal(ahead.occupied, back.occupied[::-1])
    np.testing.assert_array_equal(ahead.types, back.types[:, ::-1])


def test_what_lies_beyond_its_reach_does_not_matter() -> None:
    item = view(800)
    patch = item.patch.copy()
    patch[:-1, :, 400 + REACH :] += 2
    changed = replace(item, patch=patch)
    np.testing.assert_allclose(read_strip(item).occupied[:400], read_strip(changed).occupied[:400], atol=1e-4)


def test_a_long_strip_reads_like_its_pieces() -> None:
    item = view(2 * PIECE + 300)
    whole = read_strip(item).occupied
    part = read_strip(replace(item, patch=item.patch[:, :, PIECE - 400 : PIECE + 400])).occupied
    np.testing.assert_allclose(whole[PIECE - 100 : PIECE + 100], part[300:500], atol=1e-4)


@pytest.fixture(scope="module")
def painted() -> Any:
    from tumangang_watch.simulate import make_pair, split_seeds

    return make_pair(split_seeds("train")[5], 0.5, trains=(2, 3), season="summer")


def test_painted_trains_are_found_measured_and_counted(painted: Any) -> None:
    from tumangang_watch.detect.trains.find import detect_trains
    from tumangang_watch.grid import grid_over
    from tumangang_watch.model.image import NativeImage, SiteToPixel
    from tumangang_watch.model.observation import Observation, Quality, Registration
    from tumangang_watch.settings.trains import TrainSettings

    scene, sensor, day = painted.earlier, painted.sensors[0], painted.days[0]
    west, south, east, north = painted.world.site.bounds
    x0, y0 = (west + east) / 2, (south + north) / 2
    row, col = scene.grid.to_pixel(x0, y0)
    to_pixel = SiteToPixel(
        x0=x0,
        y0=y0,
        scale=1.0,
        col_coefficients=(col, 2.0, 0.0, *[0.0] * 7),
        row_coefficients=(row, 0.0, -2.0, *[0.0] * 7),
    )
    valid = (scene.values > 0).any(axis=0)
    dx, dy = sensor.geolocation_error_m
    image = NativeImage(
        values=scene.values.astype(np.float32) / 10000,
        valid=valid,
        saturated=~valid,
        bands=tuple(scene.bands),
        gsd_m=0.5,
        pixel_m=0.5,
        to_pixel=to_pixel,
    ).registered((1, 0, dx, 0, 1, dy))
    grid = grid_over((west, south, east, north), 1.0, painted.world.site.crs)
    raster = image.on_grid(grid)
    none = np.zeros(grid.shape, dtype=bool)
    about: Any = SimpleNamespace(
        gsd_m=0.5,
        off_nadir_deg=sensor.off_nadir_deg,
        view_azimuth_deg=sensor.view_azimuth_deg,
        sun_azimuth_deg=day.sun_azimuth_deg,
        sun_elevation_deg=day.sun_elevation_deg,
        acquired=day.acquired,
    )
    quality = Quality(
        clear=raster.valid,
        cloud=none,
        cloud_shadow=none,
        object_shadow=none,
        saturated=none,
        snow=none,
        snow_state="none",
        haze=0.0,
    )
    fit = Registration(
        status="ok",
        shift_m=(0.0, 0.0),
        affine=(1, 0, 0, 0, 1, 0),
        residual_median_m=0.0,
        residual_p90_m=0.0,
        tie_points=0,
    )
    observation = Observation(
        date="earlier", scene=about, image=image, raster=raster, quality=quality, site_fit=fit
    )
    found = [
        d for d in detect_trains(observation, painted.world.site, TrainSettings()) if d.grade == "detected"
    ]
    truth = sorted((t.track, t.from_m, t.to_m, len(t.cars)) for t in day.trains)
    assert len(found) == len(truth)
    for detection, (track, from_m, to_m, cars) in zip(
        sorted(found, key=lambda d: (d.track, d.from_m)), truth, strict=True
    ):
        assert detection.track == track
        assert detection.from_m == pytest.approx(from_m, abs=4.0)
        assert detection.to_m == pytest.approx(to_m, abs=4.0)
        assert detection.cars is not None
        assert abs(detection.cars.estimate - cars) <= 1
        assert detection.cars.low <= detection.cars.estimate <= detection.cars.high
