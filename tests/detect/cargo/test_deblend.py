"""Basins of a watershed are joined where no valley parts them."""

from __future__ import annotations

import numpy as np
import pytest

from tumangang_watch.detect.cargo.deblend import joined


def two_basins(valley: float) -> tuple[np.ndarray, np.ndarray]:
    height = np.full((5, 21), 1.5, np.float32)
    height[:, 10:12] = valley
    labels = np.ones((5, 21), np.int32)
    labels[:, 11:] = 2
    return labels, height


@pytest.mark.parametrize(("valley", "bodies"), [(1.4, 1), (1.2, 1), (0.9, 2), (0.2, 2)])
def test_a_shallow_valley_joins_and_a_deep_one_parts(valley: float, bodies: int) -> None:
    labels, height = two_basins(valley)
    assert len(np.unique(joined(labels, height, 0.7))) == bodies


def test_a_chain_of_shallow_valleys_is_one_body() -> None:
    height = np.full((4, 40), 1.0, np.float32)
    labels = np.repeat(np.arange(1, 5, dtype=np.int32), 10)[None].repeat(4, axis=0)
    assert (joined(labels, height, 0.7) == 1).all()


def test_bodies_that_do_not_touch_stay_apart() -> None:
    labels = np.zeros((4, 9), np.int32)
    labels[:, :3], labels[:, 6:] = 1, 2
    out = joined(labels, np.ones((4, 9), np.float32), 0.7)
    assert set(np.unique(out)) == {0, 1, 2}
