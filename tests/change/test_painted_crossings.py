"""The painted bridge of the sequence: a crossing on the date with a train, none on the empty ones.

Placed exactly: how a scene is laid on the site is tested with the fit.
"""

from __future__ import annotations

import pytest

from tumangang_watch.change.crossings import crossings_of
from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.detect.trains.motion import flag_motion
from tumangang_watch.grid import grid_over
from tumangang_watch.settings import Settings
from tumangang_watch.simulate.exact import exact_observation
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.sequence import SEQUENCE, sequence_dates, sequence_site
from tumangang_watch.sites import load_site

SETTINGS = Settings()
SHOTS = tuple(shot for shot in SEQUENCE if shot.place == "friendship_bridge")


def seen(shot):
    """Return the sure crossings that a shot shows, each with its train, and the painted date."""
    site = sequence_site(load_site())
    (date,) = sequence_dates(site, (shot,), margin_m=30.0)
    painted = paint(date.world, date.day, date.sensor, date.number)
    observed = exact_observation(painted, "later", grid_over(date.world.bounds, 0.5, site.crs))
    trains = detect_trains(observed, site, SETTINGS.trains)
    trains = flag_motion(observed, trains, site, SETTINGS.motion, SETTINGS.trains)
    found = crossings_of([observed], site, trains)
    return date, [(c, t) for c in found for t in trains if c.detection == t.id and c.grade == "detected"]


@pytest.mark.parametrize("shot", [s for s in SHOTS if not s.trains][:1], ids=lambda s: s.name)
def test_an_empty_bridge_has_no_crossing(shot):
    assert seen(shot)[1] == []


def test_the_first_train_is_told_as_crossing():
    (shot,) = (s for s in SHOTS if s.trains)
    date, told = seen(shot)
    ((crossing, train),) = told
    (painted,) = date.day.trains
    assert abs(train.cars.estimate - len(painted.cars)) <= 1
    assert min(train.to_m, painted.to_m) - max(train.from_m, painted.from_m) > 0.8 * 64
    assert "was on Friendship Bridge at 2022-11-04 04:04 UTC (13:04 Korean time)" in crossing.statement
    if crossing.towards is not None:
        assert crossing.towards == "Russian end of the bridge"
