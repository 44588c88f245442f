"""Two scenes of different makers are compared in what both have."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.command import run
from support.values import native_image, observation

from tumangang_watch.errors import NotComparable
from tumangang_watch.model.observation import DatePair
from tumangang_watch.pipeline.common import in_common, with_bands_of
from tumangang_watch.pipeline.measure import coarse_caveats, same_grain, too_coarse_for_cargo
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.sites import load_site

FAULTS = Path(__file__).parents[3] / "shared" / "cases" / "faults"
VALUES = np.random.default_rng(3).uniform(0.1, 0.4, (4, 20, 30)).astype(np.float32)
BGRN = native_image(VALUES)
RGB = native_image(VALUES[2::-1], bands=("red", "green", "blue"))
PAN = native_image(VALUES[:1], bands=("pan",))
NIR = native_image(VALUES[3:], bands=("nir",))


def scenes():
    return tuple(observation(VALUES, date).scene for date in ("earlier", "later"))


def test_the_same_bands_stay_as_they_are() -> None:
    one, two, caveats = in_common((BGRN, BGRN), scenes())
    assert (one is BGRN, two is BGRN, caveats) == (True, True, ())


def test_a_visual_scene_is_compared_in_the_bands_both_have() -> None:
    one, two, caveats = in_common((BGRN, RGB), scenes())
    assert one.bands == two.bands == ("blue", "green", "red")
    np.testing.assert_array_equal(one.values, two.values)
    assert caveats == ("the scenes were compared in the bands both have (blue, green, red); not in nir",)
    swapped = in_common((RGB, BGRN), scenes())
    assert (swapped[0].bands, swapped[2]) == (swapped[1].bands, caveats[:0] + swapped[2])


def test_beside_a_panchromatic_scene_brightness_alone_is_compared() -> None:
    for pair in ((BGRN, PAN), (PAN, BGRN)):
        one, two, (caveat,) = in_common(pair, scenes())
        assert one.bands == two.bands == ("pan",)
        np.testing.assert_allclose((one, two)[pair[0] is PAN].values[0], VALUES[:3].mean(axis=0), rtol=1e-6)
        assert "brightness alone" in caveat


def test_scenes_without_a_common_band_are_not_comparable() -> None:
    with pytest.raises(NotComparable, match="no band in common"):
        in_common((NIR, PAN), scenes())
    assert with_bands_of(NIR, PAN) is None


def test_a_date_stands_behind_another_of_its_own_grain_only() -> None:
    run_context = RunContext(load_site())

    def at(gsd_m):
        seen = observation(VALUES)
        return replace(seen, image=replace(seen.image, gsd_m=gsd_m))

    assert same_grain(at(0.5), at(1.0), run_context)
    assert same_grain(at(3.0), at(3.2), run_context)
    assert not same_grain(at(0.5), at(3.0), run_context)
    pair = DatePair(at(0.5), at(3.0))
    assert too_coarse_for_cargo(run_context, pair) == (pair.later,)
    (caveat,) = coarse_caveats(run_context, pair)
    assert "goods were not compared: at 3.0 m" in caveat
    assert coarse_caveats(run_context, DatePair(at(0.5), at(1.0))) == ()
    (caveat,) = coarse_caveats(run_context, DatePair(at(3.0), at(3.0)))
    assert "goods were not looked for" in caveat
    assert "3.0 m" in caveat


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("compare_bgrn_vs_visual", "in the bands both have (blue, green, red)"),
        ("compare_pan_vs_ms", "by brightness alone"),
        ("compare_3m_vs_finer", "goods were not compared: at 3.0 m"),
    ],
)
def test_scenes_of_two_makers_end_in_a_report(case, words, tmp_path) -> None:
    if not (FAULTS / case).is_dir():
        pytest.skip("the cases are not at hand")
    scenes = sorted((FAULTS / case).glob("*.tif"))
    done = run("compare", *scenes, "--out", tmp_path / "out", "--no-detectability", status=0)
    assert words in done.stdout + done.stderr


def test_at_two_metres_only_the_train_that_stands_there_is_told(tmp_path) -> None:
    case = FAULTS / "false_trains_at_2m"
    if not case.is_dir():
        pytest.skip("the cases are not at hand")
    done = run(
        "detect", case / "scene_2m.tif", "--out", tmp_path / "out", "--no-detectability", "--json", status=0
    )
    trains = [d for d in json.loads(done.stdout)["detections"] if d["kind"] == "train"]
    sure = [d for d in trains if d["grade"] == "detected"]
    assert [(d["track"], d["cars"]) for d in sure] == [("yard-3", None)]
    assert sure[0]["length_m"]["low"] <= 117 <= sure[0]["length_m"]["high"]
