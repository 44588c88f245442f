"""Agreement and recalibration against published and imposed truths."""

from __future__ import annotations

import numpy as np
import pytest

from tumangang_watch.review.agreement import agreement, share
from tumangang_watch.review.calibration import Outcome, fit, recalibrate, reliability
from tumangang_watch.settings.records import ReviewSettings

SETTINGS = ReviewSettings()


def test_kappa_of_a_textbook_table():
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: kappa 0.4 (observed 0.7, by chance 0.5)."""
    table = {("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}
    found = agreement([pair for pair, count in table.items() for _ in range(count)])
    assert (found.both, found.agree) == (50, 35)
    assert found.kappa.estimate == pytest.approx(0.4)
    # Fleiss, Cohen and Everitt's error of this table, worked by hand, is 0.1272.
    assert found.kappa.high - found.kappa.estimate == pytest.approx(1.6449 * 0.1272, abs=0.001)


def test_kappa_at_the_edges():
    assert agreement([]).kappa is None
    assert agreement([("y", "y")] * 5).kappa is None
    whole = agreement([("y", "y"), ("n", "n")] * 3)
    assert (whole.kappa.estimate, whole.kappa.high) == (1.0, 1.0)
    assert whole.kappa.low < 0.5
    none = agreement([("y", "n"), ("n", "y")] * 3)
    assert none.kappa.estimate == -1.0


def test_the_kappa_interval_covers_the_truth():
    """Two readers who each err in a tenth of cases on things half of which are real."""
    rng = np.random.default_rng(1)
    true_kappa, hits = (0.82 - 0.5) / 0.5, 0
    for _ in range(200):
        real = rng.random(150) < 0.5
        one, two = (np.where(rng.random(150) < 0.1, ~real, real) for _ in range(2))
        found = agreement(list(zip(one.tolist(), two.tolist(), strict=True))).kappa
        hits += found.low <= true_kappa <= found.high
    assert 0.84 <= hits / 200 <= 0.96


def test_a_share_has_an_exact_interval():
    found = share(0, 10)
    assert (found.estimate, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.05**0.1)
    assert share(0, 0) is None


def outcomes(count, truth, rng, scenes=20):
    stated = rng.uniform(0.2, 0.99, count)
    real = rng.random(count) < truth(stated)
    return [
        Outcome(float(p), bool(r), f"s{k % scenes}")
        for k, (p, r) in enumerate(zip(stated, real, strict=True))
    ]


@pytest.mark.parametrize("count", [300, 2000])
def test_an_imposed_miscalibration_is_mended(count):
    """Things are real with the square of what was stated: the curve finds that, on scenes it did not see."""
    rng = np.random.default_rng(2)
    found = recalibrate(outcomes(count, lambda p: p**2, rng), SETTINGS)
    assert found["curve"]["method"] == ("isotonic" if count >= 1000 else "logistic")
    assert found["held_out"]["brier"] < found["brier"]
    assert found["held_out"]["calibration_error"] < found["calibration_error"]
    curve = fit(outcomes(count, lambda p: p**2, rng), SETTINGS)
    stated = np.linspace(0.3, 0.95, 14)
    assert np.abs(curve(stated) - stated**2).max() < 0.15
    assert (np.diff(curve(stated)) >= 0).all()


def test_a_sound_confidence_is_kept():
    found = recalibrate(outcomes(3000, lambda p: p, np.random.default_rng(3)), SETTINGS)
    assert found["calibration_error"] < 0.04
    assert sum(row["holds"] for row in found["classes"]) >= len(found["classes"]) - 2


def test_too_few_get_no_curve():
    rng = np.random.default_rng(4)
    assert "too few" in recalibrate(outcomes(99, lambda p: p, rng), SETTINGS)["note"]
    all_real = [Outcome(0.9, True, f"s{k}") for k in range(200)]
    assert recalibrate(all_real, SETTINGS)["curve"] is None
    one_scene = outcomes(300, lambda p: p, rng, scenes=1)
    assert recalibrate(one_scene, SETTINGS)["curve"] is None


def test_never_turned_round():
    """Where surer ones are less often real, the curve is flat, not falling."""
    rng = np.random.default_rng(5)
    for count in (200, 1500):
        curve = fit(outcomes(count, lambda p: 1 - p, rng), SETTINGS)
        assert (np.diff(curve(np.linspace(0.2, 0.99, 50))) >= -1e-12).all()


def test_nothing_judged():
    assert reliability([], SETTINGS)["calibration_error"] is None
