"""A possible change of goods is likelier over bare ground and with a shadow, and hardly one along an edge."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from tumangang_watch.change.possible import chance_of
from tumangang_watch.model.detection import Detection
from tumangang_watch.settings.change import ChangeSettings

SETTINGS = ChangeSettings()
GOODS = Detection(
    id="later-cargo-1",
    date="later",
    kind="cargo",
    area="apron",
    geometry=box(0, 0, 4, 4),
    confidence=0.5,
    grade="possible",
    observed_fraction=1.0,
    evidence=(("edge", 0.0), ("other_contrast", 0.9), ("shadow", 0.0)),
)


def of(**cues: float) -> Detection:
    return replace(GOODS, evidence=tuple(sorted((dict(GOODS.evidence) | cues).items())))


def test_what_speaks_for_a_change_makes_it_likelier() -> None:
    plain = chance_of([GOODS], SETTINGS)
    assert chance_of([of(other_contrast=0.1)], SETTINGS) > plain
    assert chance_of([of(shadow=1.0)], SETTINGS) > plain
    assert chance_of([of(edge=0.6)], SETTINGS) < plain
    assert chance_of([replace(GOODS, confidence=0.9)], SETTINGS) > plain


@given(st.floats(0, 1), st.floats(0, 1))
def test_several_objects_are_as_likely_as_the_least_likely(edge: float, confidence: float) -> None:
    one = replace(of(edge=edge), confidence=confidence)
    assert (
        0
        <= chance_of([one, GOODS], SETTINGS)
        == min(chance_of([one], SETTINGS), chance_of([GOODS], SETTINGS))
    )
