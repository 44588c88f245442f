from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tumangang_watch.detect.cargo.texture import p_value, textures

PIXEL_M = 0.35


def ground(seed: int, size: float = 0.05, scale_px: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.standard_normal((200, 200)), scale_px)
    return np.stack([field / field.std() * size + rng.normal(0, 0.01, (200, 200)) for _ in range(3)]).astype(
        np.float32
    )


def patch(row: int = 100, col: int = 100, half: int = 5) -> np.ndarray:
    out = np.zeros((200, 200), bool)
    out[row - half : row + half, col - half : col + half] = True
    return out


@pytest.mark.parametrize("scale_px", [1.0, 3.0, 8.0])
def test_places_like_the_rest_are_significant_as_rarely_as_they_say(scale_px: float) -> None:
    usable = np.ones((200, 200), bool)
    nothing = ~usable
    values = []
    for seed in range(12):
        known = textures(ground(seed, scale_px=scale_px), usable, nothing, PIXEL_M)
        values += [p_value(patch(r, c), known) for r in (40, 100, 160) for c in (40, 100, 160)]
    assert np.mean(np.array(values) <= 0.05) <= 0.15


def test_a_body_stands_out() -> None:
    body = patch()
    values = ground(1)
    values[:, body] += 0.4
    assert p_value(body, textures(values, np.ones_like(body), body, PIXEL_M)) < 0.01


def test_rough_ground_hides_what_even_ground_shows() -> None:
    body = patch()
    found = []
    for size in (0.03, 0.4):
        values = ground(2, size)
        values[:, body] += 0.25
        found.append(p_value(body, textures(values, np.ones_like(body), body, PIXEL_M)))
    assert found[0] < 0.02 < found[1]


def test_too_little_ground_tells_nothing() -> None:
    body = patch()
    assert p_value(body, textures(ground(3), body, body, PIXEL_M)) is None


def test_a_small_apron_says_nothing_against_what_stands_out_on_it() -> None:
    body = patch()
    usable = np.zeros_like(body)
    usable[80:120, 80:120] = True
    values = ground(4)
    values[:, body] += 0.5
    assert p_value(body, textures(values, usable, body, PIXEL_M)) is None
