"""Evidence of a lone scene claims no earlier date; a judgement is drawn from it and cannot be altered."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from support.values import grid_of, scene_on, straight_site

from tumangang_watch.reproduce import judge, load_observations
from tumangang_watch.reproduce.observations import Evidence, Judgement
from tumangang_watch.reproduce.run import _areas_shown

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


def test_a_scene_that_shows_a_corner_of_a_place_shows_less_than_most_of_it():
    site = straight_site(length_m=200.0, rows_m=60.0)
    whole = scene_on(grid_of(np.zeros((4, 120, 400))))
    corner = replace(whole, width=100)
    (area,) = (a.id for a in site.areas if a.role == "yard")
    run = SimpleNamespace(site=site)
    assert area in _areas_shown(whole, run, 0.5)
    assert area in _areas_shown(corner, run, 0.0)
    assert area not in _areas_shown(corner, run, 0.5)
