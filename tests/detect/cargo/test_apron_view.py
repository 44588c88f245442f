from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from tumangang_watch.detect.cargo.network import (
    BELOW,
    OUTPUTS,
    TILE,
    ApronInput,
    apron_input,
    read_apron,
    weights,
)
from tumangang_watch.detect.cargo.view import Turn


@given(st.floats(0, 360), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_turning_there_and_back_changes_nothing(azimuth: float, x: float, y: float) -> None:
    turn, shape = Turn(azimuth), box(x, y, x + 7, y + 3)
    there = turn.into(shape)
    assert there.area == pytest.approx(21, rel=1e-6)
    assert turn.back(there).hausdorff_distance(shape) < 1e-5
    p, q = np.array(there.exterior.coords).T
    back = np.column_stack(turn.to_site(p, q))
    assert np.abs(back - np.array(shape.exterior.coords)).max() < 1e-5


def test_sun_stands_at_the_top() -> None:
    # A point 10 m towards the sun (azimuth 90 degrees: east) lies 10 m up in the turned picture.
    moved = Turn(90.0).into(box(9, -1, 11, 1)).centroid
    assert (moved.x, moved.y) == pytest.approx((0, 10), abs=1e-9)


def piece(rows: int, cols: int, seed: int = 0) -> ApronInput:
    rng = np.random.default_rng(seed)
    values = {
        b: (0.2 + 0.02 * rng.standard_normal((rows, cols))).astype(np.float32)
        for b in ("blue", "green", "red", "nir")
    }
    for band in values.values():
        band[40:52, 30:46] = 0.5
    usable = np.ones((rows, cols), bool)
    tone = dict.fromkeys(values, 0.2)
    return apron_input(values, tone, usable, ~usable, (1.2, 0.0, 0.0, 0.5))


def test_tiles_join_without_a_seam() -> None:
    item = piece(TILE + 90, 120)
    whole, wanted = read_apron(item), piece(TILE + 90, 120).planes
    shifted = ApronInput(np.ascontiguousarray(wanted[:, 72:]), item.constants)
    other = read_apron(shifted)
    # 72 rows further down, tile borders fall elsewhere; away from the cut edge both readings agree.
    for name in OUTPUTS:
        assert np.abs(whole[name][140:] - other[name][68:]).max() < 0.05


def test_gain_drops_out_and_probabilities_are_bounded() -> None:
    rng = np.random.default_rng(3)
    values = {"red": (0.2 + 0.02 * rng.standard_normal((64, 64))).astype(np.float32)}
    usable = np.ones((64, 64), bool)
    one = read_apron(apron_input(values, {"red": 0.2}, usable, ~usable, (1.0, 0.0, 0.0, 0.5)))
    more = {"red": values["red"] * 31}
    two = read_apron(apron_input(more, {"red": 6.2}, usable, ~usable, (1.0, 0.0, 0.0, 0.5)))
    for name in OUTPUTS:
        assert np.allclose(one[name], two[name], atol=1e-3)
        assert one[name].min() >= 0
        assert one[name].max() <= 1


def test_weights_are_small() -> None:
    assert sum(w.size for w in weights("apron_net").values()) < 200_000


def test_a_narrow_apron_reads_as_with_all_the_ground_about_it() -> None:
    item = piece(150, 250)
    y, x = np.mgrid[:150, :250]
    item.planes[4] = np.abs(y - 0.2 * x - 40) < 6
    counts = item.planes[4] > 0
    for _ in range(BELOW):
        counts[1:] |= counts[:-1]
    # Usable ground in the corners has all of it read.
    every = ApronInput(item.planes.copy(), item.constants)
    every.planes[4, [0, 0, -1, -1], [0, -1, 0, -1]] = 1
    far = np.ones_like(counts)
    for row in (slice(0, 48), slice(-48, None)):
        for col in (slice(0, 48), slice(-48, None)):
            far[row, col] = False
    narrow, whole = read_apron(item), read_apron(every)
    for name in OUTPUTS:
        assert (narrow[name] == whole[name])[counts & far].all()
        assert (narrow[name] == 0).sum() > 1000
