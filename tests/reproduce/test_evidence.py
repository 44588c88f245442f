"""Evidence of a lone scene claims no earlier date; a judgement is drawn from it and cannot be altered."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest
from support.values import straight_site

from tumangang_watch.reproduce import judge, load_observations
from tumangang_watch.reproduce.observations import Evidence, Judgement

NOTHING_SEEN = Evidence(
    scene="scene",
    acquired=datetime(2022, 11, 30, 3, tzinfo=UTC),
    painted=False,
    site=straight_site(400.0, tracks=1),
    seen={},
    detections=(),
)


def test_a_lone_scene_has_no_earlier_date():
    assert (NOTHING_SEEN.since, NOTHING_SEEN.earlier, NOTHING_SEEN.findings) == (None, (), ())


def test_every_claim_gets_a_judgement_and_none_is_decided_where_nothing_was_seen():
    observed = load_observations()[0]
    for evidence, verdict, scene in (
        ({}, "no scene", None),
        ({observed.id: NOTHING_SEEN}, "not observable", "scene"),
    ):
        lines = judge(observed, evidence)
        assert len(lines) >= len(observed.claims)
        assert all(isinstance(line, Judgement) and line.observation == observed.id for line in lines)
        assert {(line.verdict, line.scene) for line in lines} == {(verdict, scene)}


def test_a_judgement_says_whether_its_scene_was_painted():
    observed = load_observations()[0]
    painted = replace(NOTHING_SEEN, painted=True)
    assert all(line.painted for line in judge(observed, {observed.id: painted}))
    with pytest.raises(FrozenInstanceError):
        painted.painted = False
