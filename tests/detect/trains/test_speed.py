"""Speed and direction follow from where the bands show a train and when they were taken, and say how sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.values import observation, straight_site

from tumangang_watch.detect.trains.speed import speed_of
from tumangang_watch.settings.trains import MotionSettings
from tumangang_watch.track_frame import frame_along

SETTINGS = MotionSettings()
PLAIN = observation(np.full((4, 8, 8), 0.2))
BANDS = PLAIN.image.bands
FRAME = frame_along(straight_site().tracks[0].line, np.array([90.0, 100.0]), 3.0)
ANY_ORDER = (0.2, 0.0, 0.4, 0.1)


def speed(offset_m, times=None):
    scene = replace(PLAIN.scene, band_times_s={} if times is None else dict(zip(BANDS, times, strict=True)))
    return speed_of(np.array(offset_m) - np.mean(offset_m), scene, PLAIN.image, SETTINGS)


@pytest.mark.parametrize("imposed", [-14.0, -6.0, 8.0])
def test_stated_times_give_speed_and_direction_in_any_order_of_bands(imposed):
    found = speed(np.array(ANY_ORDER) * imposed, ANY_ORDER)
    assert found.kmh.estimate == pytest.approx(3.6 * abs(imposed))
    assert found.kmh.low < 3.6 * abs(imposed) < found.kmh.high
    assert found.ahead is (imposed > 0)
    back = speed(np.array(ANY_ORDER) * -imposed, ANY_ORDER)
    assert (back.ahead, back.kmh) == (not found.ahead, found.kmh)
    assert dict(found.evidence(FRAME))["heading_deg"] == (90.0 if imposed > 0 else 270.0)


def test_an_offset_within_its_error_has_no_direction():
    found = speed(np.array(ANY_ORDER) * 0.2, ANY_ORDER)
    assert found.ahead is None
    assert found.kmh.low == 0
    assert "heading_deg" not in dict(found.evidence(FRAME))


def test_without_times_the_speed_is_wide_and_the_direction_that_of_wavelengths():
    found = speed([0.0, 0.7, 1.4, 2.1])
    assert found.ahead is True
    assert speed([2.1, 1.4, 0.7, 0.0]).ahead is False
    assert speed([0.7, 0.0, 2.1, 1.4]).ahead is None
    assert found.kmh.low < 5 < 60 < found.kmh.high <= SETTINGS.speed_max_kmh
    assert "order of wavelength" in found.caveat()
    assert "not known" in speed([0.7, 0.0, 2.1, 1.4]).caveat()
