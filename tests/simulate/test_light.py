"""Shadows and lean agree with brute force."""

from __future__ import annotations

from math import cos, radians, sin, tan

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from tumangang_watch.simulate import Sensor, make_pair
from tumangang_watch.simulate.light import cast_shadow, view_source
from tumangang_watch.simulate.world import DayState


def heights() -> np.ndarray:
    field = np.zeros((90, 110), dtype=np.float32)
    field[40:50, 50:58] = 6.0
    field[20:26, 20:80] = 2.0
    return field


@pytest.mark.parametrize("azimuth", [0.0, 37.0, 90.0, 141.0, 180.0, 215.0, 270.0, 333.0])
@pytest.mark.parametrize("elevation", [15.0, 50.0])
def test_shadows_agree_with_walking_towards_the_sun(azimuth: float, elevation: float) -> None:
    height, step = heights(), 0.5
    rows, cols = np.indices(height.shape)
    dark = np.zeros(height.shape, dtype=bool)
    for k in range(1, 90):
        r = np.rint(rows - k * cos(radians(azimuth))).astype(int)
        c = np.rint(cols + k * sin(radians(azimuth))).astype(int)
        on = (r >= 0) & (r < 90) & (c >= 0) & (c < 110)
        there = np.where(on, height[np.clip(r, 0, 89), np.clip(c, 0, 109)], 0.0)
        dark |= there - k * step * tan(radians(elevation)) > height + 0.1
    found = cast_shadow(height, step, azimuth, elevation) > 0.1
    assert not (found & ~binary_dilation(dark, np.ones((3, 3)))).any()
    assert not (binary_erosion(dark, np.ones((3, 3))) & ~found).any()


def test_nothing_raised_casts_no_shadow_and_does_not_lean() -> None:
    flat = np.zeros((20, 30), dtype=np.float32)
    assert not (cast_shadow(flat, 0.5, 120.0, 30.0) > 0).any()
    assert len(view_source(flat, 0.5, 25.0, 90.0)[0]) == 0


def test_a_roof_is_seen_whole_and_displaced() -> None:
    height = np.zeros((60, 80), dtype=np.float32)
    height[20:40, 30:50] = 5.0
    shown_at, source, wall = view_source(height, 0.25, 20.0, 90.0)
    roof = ~wall
    moved = source[roof] % 80 - shown_at[roof] % 80
    assert set(np.unique(moved)) <= {6, 7}
    assert len(np.unique(source[roof])) >= 0.95 * 20 * 20


@pytest.mark.parametrize(("product", "bands", "dtype"), [("visual", 3, "uint8"), ("analytic4", 4, "uint16")])
def test_products_have_their_bands(product: str, bands: int, dtype: str) -> None:
    pair = make_pair(5, 0.7, product=product, length_m=80.0, tracks=3)
    scene = pair.later
    assert scene.values.shape[0] == bands == len(scene.bands)
    assert scene.values.dtype == dtype
    assert scene.values.min() > 0


def test_a_state_is_a_value() -> None:
    pair = make_pair(6)
    assert isinstance(pair.days[0], DayState)
    assert isinstance(pair.sensors[0], Sensor)
    with pytest.raises(AttributeError):
        pair.days[0].season = "winter"  # type: ignore[misc]
