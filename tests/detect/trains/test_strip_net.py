"""The strip network reads a painted track like its truth, in either direction, with numpy alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.strip_views import view

from tumangang_watch.detect.trains.reading import PIECE, REACH, read_strip


def test_types_are_probabilities() -> None:
    reading = read_strip(view())
    assert reading.occupied.shape == reading.coupling.shape == (400,)
    np.testing.assert_allclose(np.exp(reading.types).sum(axis=0), 1.0)


def test_a_turned_strip_reads_backwards() -> None:
    ahead, back = read_strip(view()), read_strip(view(turned=True))
    np.testing.assert_array_equal(ahead.occupied, back.occupied[::-1])
    np.testing.assert_array_equal(ahead.types, back.types[:, ::-1])


def test_what_lies_beyond_its_reach_does_not_matter() -> None:
    item = view(800)
    patch = item.patch.copy()
    patch[:-1, :, 400 + REACH :] += 2
    changed = replace(item, patch=patch)
    np.testing.assert_allclose(read_strip(item).occupied[:400], read_strip(changed).occupied[:400], atol=1e-4)


def test_a_long_strip_reads_like_its_pieces() -> None:
    item = view(2 * PIECE + 300)
    whole = read_strip(item).occupied
    part = read_strip(replace(item, patch=item.patch[:, :, PIECE - 400 : PIECE + 400])).occupied
    np.testing.assert_allclose(whole[PIECE - 100 : PIECE + 100], part[300:500], atol=1e-4)


@pytest.fixture(scope="module")
def painted() -> Any:
    from tumangang_watch.simulate import make_pair, split_seeds

    return make_pair(split_seeds("train")[5], 0.5, trains=(2, 3), season="summer")


def test_painted_trains_are_found_measured_and_counted(painted: Any) -> None:
    from tumangang_watch.detect.trains.find import detect_trains
    from tumangang_watch.grid import grid_over
    from tumangang_watch.settings.trains import TrainSettings
    from tumangang_watch.simulate.exact import exact_observation

    day, site = painted.days[0], painted.world.site
    observation = exact_observation(painted.earlier, "earlier", grid_over(site.bounds, 1.0, site.crs))
    found = [d for d in detect_trains(observation, site, TrainSettings()) if d.grade == "detected"]
    truth = sorted((t.track, t.from_m, t.to_m, len(t.cars)) for t in day.trains)
    assert len(found) == len(truth)
    for detection, (track, from_m, to_m, cars) in zip(
        sorted(found, key=lambda d: (d.track, d.from_m)), truth, strict=True
    ):
        assert detection.track == track
        assert detection.from_m == pytest.approx(from_m, abs=4.0)
        assert detection.to_m == pytest.approx(to_m, abs=4.0)
        assert detection.cars is not None
        assert abs(detection.cars.estimate - cars) <= 1
        assert detection.cars.low <= detection.cars.estimate <= detection.cars.high


def test_far_from_a_bridge_a_strip_is_read_as_if_there_were_none():
    item = view(steps=1200)
    on = replace(item.strip, bridges_m=((500.0, 560.0),))
    bridge = replace(item, strip=on, patch=np.concatenate([item.patch, item.patch]))
    plain, read = read_strip(item).occupied, read_strip(bridge).occupied
    far = np.arange(1200) < 2 * 500 - REACH
    np.testing.assert_array_equal(plain[far], read[far])
    assert (plain[~far] != read[~far]).any()
