"""Shares of agreement and of what holds."""

from __future__ import annotations

import pytest

from tumangang_watch.review.summary import share


def test_a_share_has_an_exact_interval():
    none = share(0, 10)
    assert (none["estimate"], none["low"]) == (0, 0)
    assert none["high"] == pytest.approx(1 - 0.05**0.1, abs=1e-4)
    assert share(10, 10) == {"estimate": 1.0, "low": pytest.approx(0.05**0.1, abs=1e-4), "high": 1.0}
