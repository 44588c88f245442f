from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tumangang_watch.detectability.words import cargo_rows, cargo_statement, wilson
from tumangang_watch.model.fill import CargoTrial, Fill
from tumangang_watch.model.interval import Interval


def fill_of(area: str, date: str, *trials: CargoTrial) -> Fill:
    none = Interval(0.0, 0.0, 0.0)
    return Fill(
        date=date,
        area=area,
        ground_m2=900.0,
        covered_m2=none,
        share=none,
        row_length_m=none,
        rows=(),
        observed_fraction=1.0,
        caveats=(),
        trials=trials,
    )  # type: ignore[arg-type]


def test_rows_add_up_over_aprons_and_the_hardest_kind_is_named() -> None:
    fill = (
        fill_of("a", "later", CargoTrial(4.0, "like the ground", 8, 2), CargoTrial(16.0, "dark", 6, 6)),
        fill_of("b", "later", CargoTrial(4.0, "like the ground", 4, 1)),
        fill_of("a", "earlier", CargoTrial(4.0, "dark", 9, 9)),
    )
    rows = cargo_rows(fill, "later")
    whole = [r for r in rows if r["area"] is None]
    assert [(r["size_m2"], r["trials"], r["found"]) for r in whole] == [(4.0, 12, 3), (16.0, 6, 6)]
    said = cargo_statement(rows)
    assert said is not None
    assert "Of 18 simulated boxes" in said
    assert "4 m² in 25 %" in said
    assert "toned like the ground (25 % found)" in said


def test_nothing_tried_says_nothing() -> None:
    assert cargo_rows((fill_of("a", "later"),), "later") == []
    assert cargo_statement([]) is None


@given(st.integers(1, 400), st.floats(0, 1))
def test_the_interval_of_a_rate_holds_it(tried: int, share: float) -> None:
    found = round(share * tried)
    low, high = wilson(found, tried)
    assert 0 <= low <= found / tried <= high <= 1
