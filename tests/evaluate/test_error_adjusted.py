from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from tumangang_watch.evaluate.area import Tally, adjusted_area, draw_points


def test_interval_holds_the_truth_as_often_as_it_says() -> None:
    # 1000 m2 mapped as new, 80 % of it right; 9000 m2 not, 3 % of it new after all.
    rng = np.random.default_rng(1)
    truth = 0.8 * 1000 + 0.03 * 9000
    inside = 0
    for _ in range(1000):
        tallies = (
            Tally("new", 1000.0, 60, int(rng.binomial(60, 0.8))),
            Tally("other", 9000.0, 150, int(rng.binomial(150, 0.03))),
        )
        found = adjusted_area(tallies, "new").area_m2
        inside += found.low <= truth <= found.high
    assert 0.84 <= inside / 1000 <= 0.96


def test_olofsson_2014_example() -> None:
    # Olofsson et al. 2014, tables 8 and 9: deforestation, mapped 200 000 px, adjusted 235 086 +- 68 418
    # (95 %) of 10 million pixels; counts of deforestation by stratum 66/75, 0/75, 1/165, 2/325.
    strata = ((200_000, 75, 66), (150_000, 75, 0), (3_200_000, 165, 1), (6_450_000, 325, 2))
    tallies = tuple(Tally(str(k), float(a), n, c) for k, (a, n, c) in enumerate(strata))
    found = adjusted_area(tallies, "0")
    assert found.area_m2.estimate == pytest.approx(235_086, rel=0.001)
    assert found.area_m2.high - found.area_m2.estimate == pytest.approx(68_418 * 1.645 / 1.96, rel=0.03)
    assert found.users_accuracy == pytest.approx(0.88)
    assert found.producers_accuracy == pytest.approx(0.75, abs=0.01)


@given(st.integers(2, 200), st.integers(2, 200), st.data())
def test_estimate_lies_in_its_interval_and_in_the_ground(one: int, two: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, one)), data.draw(st.integers(0, two))
    found = adjusted_area((Tally("new", 500.0, one, a), Tally("other", 4500.0, two, b)), "new").area_m2
    assert 0 <= found.low <= found.estimate <= found.high <= 5000 + 1e-6


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="two are needed"):
        adjusted_area((Tally("new", 1.0, 1, 1), Tally("other", 1.0, 5, 0)), "new")


def test_points_lie_inside_and_are_the_same_every_time() -> None:
    ring = box(0, 0, 100, 10).difference(box(20, 2, 80, 8))
    points = draw_points(ring, 200, np.random.default_rng(5))
    assert len(points) == 200
    assert all(ring.contains(Point(p)) for p in points)
    assert points == draw_points(ring, 200, np.random.default_rng(5))
    assert draw_points(box(0, 0, 0, 0), 5, np.random.default_rng(5)) == ()
