"""Colours are named whatever the light, and not named where two are nearly as likely."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.values import observation, straight_site

from tumangang_watch.detect.trains.colour import (
    COLOURS,
    bed_of,
    body_features,
    colour_probabilities,
    ground_of,
    name_colour,
)
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.detect.trains.view import scale_of
from tumangang_watch.settings.trains import TrainSettings

SETTINGS = TrainSettings()
PAINTS = {
    "red": (0.06, 0.07, 0.28, 0.3),
    "blue": (0.26, 0.13, 0.06, 0.2),
    "green": (0.06, 0.15, 0.07, 0.2),
    "white": (0.75, 0.75, 0.75, 0.75),
    "black": (0.03, 0.03, 0.03, 0.04),
    "yellow": (0.08, 0.36, 0.48, 0.5),
}
"""Blue, green, red, infrared of paints that nobody would call otherwise."""


def strip_of(paint, gain=1.0, haze=0.0):
    rng = np.random.default_rng(4)
    values = 0.17 * np.exp(0.1 * rng.normal(size=(1, 120, 400))) * np.ones((4, 1, 1))
    values[:, 57:63, 130:160] = np.array(paint)[:, None, None]
    values[:, 50:57, 130:160] = 0.03
    seen = observation(gain * (values + haze))
    return sample_strip(seen.image, straight_site().tracks[0], SETTINGS)


def probabilities(strip):
    light = scale_of([strip])
    empty = (strip.s_m < 50) | (strip.s_m > 85)
    columns = slice(*np.searchsorted(strip.s_m, (62, 73)))
    place = (strip.rows(-0.75, 0.75), columns)
    return colour_probabilities(
        body_features(strip, light, bed_of(strip, light, empty), place, ground_of([strip], light))
    )


@pytest.mark.parametrize("colour", PAINTS)
def test_plain_paints_are_named(colour):
    p = probabilities(strip_of(PAINTS[colour]))
    assert p.sum() == pytest.approx(1.0)
    assert COLOURS[int(p.argmax())] == colour


def test_gain_and_haze_do_not_change_a_name():
    plain = probabilities(strip_of(PAINTS["red"]))
    np.testing.assert_allclose(plain, probabilities(strip_of(PAINTS["red"], 3.0, 0.03)), atol=0.02)


def test_without_the_visible_bands_there_is_no_colour():
    strip = strip_of(PAINTS["red"])
    pan = replace(strip, values=strip.values[:1], bands=("pan",))
    assert body_features(pan, scale_of([pan]), np.zeros(3), (slice(0, 1), slice(0, 1)), np.zeros(5)) is None


def test_what_is_not_sure_is_unknown():
    p = np.full(len(COLOURS), 0.1)
    assert name_colour(p, SETTINGS) == "unknown"
    sure = np.zeros(len(COLOURS))
    sure[3] = 1.0
    assert name_colour(sure, SETTINGS) == COLOURS[3]
