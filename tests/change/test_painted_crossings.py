"""The painted bridge of the sequence: a crossing on the date with a train, none on the empty ones."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from support.command import run

from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.sequence import SEQUENCE, sequence_dates, sequence_site
from tumangang_watch.simulate.write import write_scene, write_site
from tumangang_watch.sites import load_site

SHOTS = tuple(shot for shot in SEQUENCE if shot.place == "friendship_bridge")


@pytest.fixture
def seen(tmp_path):
    """Return what `detect` reports of a shot, laid on the site by the fit, and the painted date."""

    def look(shot):
        site = sequence_site(load_site())
        (date,) = sequence_dates(site, (shot,), margin_m=30.0)
        scene = write_scene(paint(date.world, date.day, date.sensor, date.number), tmp_path, date.name)
        file = write_site(SimpleNamespace(site=site), tmp_path / "site.geojson")
        out = tmp_path / "report"
        run("detect", scene, "--site", file, "--out", out, "--no-detectability", status=0)
        return date, json.loads((out / "report.json").read_text())

    return look


@pytest.mark.parametrize("shot", [s for s in SHOTS if not s.trains], ids=lambda s: s.name)
def test_an_empty_bridge_has_no_crossing(seen, shot):
    assert seen(shot)[1]["crossings"] == []


def test_the_first_train_is_told_as_crossing(seen):
    (shot,) = (s for s in SHOTS if s.trains)
    date, report = seen(shot)
    (crossing,) = report["crossings"]
    (train,) = (d for d in report["detections"] if d["id"] == crossing["detection"])
    (painted,) = date.day.trains
    assert train["grade"] == "detected"
    assert abs(train["cars"]["estimate"] - len(painted.cars)) <= 1
    # Found as `benchmarks.bridges` counts it: the brown box at its end is as dark as the deck in its shadow.
    shared_m = min(train["to_m"], painted.to_m) - max(train["from_m"], painted.from_m)
    assert shared_m >= 0.5 * (painted.to_m - painted.from_m)
    assert "was on Friendship Bridge at 2022-11-04 04:04 UTC (13:04 Korean time)" in crossing["statement"]
    if crossing["towards"] is not None:
        assert crossing["towards"] == "Russian end of the bridge"
