"""Hints of the load: an empty wagon holds its wall's shadow, a loaded one is even; else nothing is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support.values import observation, straight_site, train_detection

from tumangang_watch.detect.trains.load import darkest, height_by_shadow, hint_loads, read_inside
from tumangang_watch.settings import Settings

SETTINGS = Settings().load
SUN = (180.0, 52.0)


def scene(empty, height_m=3.5, sun=SUN, pixel_m=0.5, flat=False):
    """One wagon from 40 to 53 m on track 1, sun from the south: shadows fall to the north."""
    step = 0.125
    rows, cols = round(60 / step), round(200 / step)
    y = -(np.arange(rows) + 0.5) * step + 30.0
    x = (np.arange(cols) + 0.5) * step - 5.0
    along = (x > 40) & (x < 53)
    reach = height_m / np.tan(np.radians(sun[1]))
    fine = np.full((4, rows, cols), 0.18)
    fine[:, :8] = 0.02
    fine[np.ix_(range(4), (y > 1.5) & (y < 1.5 + reach), along)] = 0.03
    fine[np.ix_(range(4), np.abs(y) < 1.5, along)] = 0.12
    if empty and not flat:
        wall = 2.1 / np.tan(np.radians(sun[1]))
        fine[np.ix_(range(4), (y > -1.34) & (y < min(-1.34 + wall, 1.34)), along)] = 0.03
    k = round(pixel_m / step)
    blurred = np.stack([gaussian_filter(band, 0.6 * k) for band in fine])
    coarse = blurred.reshape(4, rows // k, k, cols // k, k).mean(axis=(2, 4))
    return observation(coarse, pixel_m=pixel_m, sun=sun)


def wagon(kind="open", chance=0.95):
    train = train_detection(straight_site(), "later", 39.5, 53.5, cars=1)
    stock = tuple(
        replace(v, from_m=40.0, to_m=53.0, type=kind, types=((kind, chance),)) for v in train.rolling_stock
    )
    return replace(train, rolling_stock=stock)


def hint(seen, train):
    vehicle = hint_loads(seen, (train,), straight_site(), SETTINGS)[0].rolling_stock[0]
    assert (vehicle.load is None) == (vehicle.load_evidence is None)
    return vehicle.load


@pytest.mark.parametrize("pixel_m", [0.25, 0.5])
def test_an_open_wagon_is_told_by_its_inner_shadow(pixel_m):
    assert hint(scene(True, pixel_m=pixel_m), wagon()) == "empty"
    assert hint(scene(False, pixel_m=pixel_m), wagon()) == "loaded"


@pytest.mark.parametrize("height", [1.3, 3.9])
def test_a_flat_is_told_by_the_shadow_beside_it(height):
    seen = scene(True, height, sun=(180.0, 35.0), flat=True, pixel_m=0.25)
    assert hint(seen, wagon("flat")) == ("empty" if height < 2 else "loaded")
    vehicle = wagon("flat").rolling_stock[0]
    inside = read_inside(seen, straight_site().tracks[0], vehicle, darkest(seen), SETTINGS)
    estimate, low, high = height_by_shadow(inside, SETTINGS)
    assert low <= height <= high
    assert low <= estimate <= high


def test_nothing_is_said_where_the_picture_does_not_show_it():
    assert hint(scene(True), wagon("box")) is None
    assert hint(scene(True), wagon(chance=0.6)) is None
    assert hint(scene(True, pixel_m=1.0), wagon()) is None
    assert hint(scene(True, sun=(180.0, 8.0)), wagon()) is None
    assert hint(scene(True, sun=(90.0, 52.0)), wagon()) is None
    unknown = scene(True)
    unknown = replace(unknown, scene=replace(unknown.scene, sun_azimuth_deg=None))
    assert hint(unknown, wagon()) is None
    snow = scene(True)
    assert hint(replace(snow, quality=replace(snow.quality, snow_state="full")), wagon()) is None
    moving = replace(wagon(), evidence=(("band_offset_m", 4.0),))
    assert hint(scene(True), moving) is None
