"""An object against the ground beside it, in light and in shadow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import box

from tumangang_watch.detect.cargo.contrast import appearance_difference, ground_contrast, relative_contrast
from tumangang_watch.detect.cargo.network import apron_input
from tumangang_watch.detect.cargo.view import ApronView, Turn
from tumangang_watch.grid import Grid
from tumangang_watch.settings.cargo import CargoSettings

SETTINGS = CargoSettings()
PLACE = box(10, 10, 16, 13)
GRID = Grid(crs="EPSG:32652", west=0.0, north=24.0, pixel_m=0.35, rows=68, cols=74)
BANDS = ("blue", "green", "red", "nir")
SKY = np.array([0.4, 0.3, 0.25, 0.2])
"""Part of the light that reaches the shadow."""


def view(paint: float | None = None, shade_to_m: float = 0.0, path: float = 0.0, seed: int = 1) -> ApronView:
    """Pavement, in shadow south of a line, with an object of a brightness over its own in the place."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(*GRID.centres)
    albedo = np.exp(rng.normal(0, 0.03, (4, *x.shape)))
    albedo[:, ::9, ::9] = 0.03
    if paint is not None:
        albedo[:, GRID.mask([PLACE])] *= paint
    shadow = (y < shade_to_m).astype(np.float32)
    light = 1 - shadow + SKY[:, None, None] * shadow
    values = dict(zip(BANDS, (0.2 * albedo * light + path).astype(np.float32), strict=True))
    usable, none = np.ones(x.shape, bool), np.zeros(x.shape, np.float32)
    pavement = dict.fromkeys(BANDS, 0.2 + path)
    item = apron_input(values, pavement, usable, ~usable, (1.0, 0.0, 0.0, 0.5))
    return ApronView(
        turn=Turn(0.0), grid=GRID, values=values, item=item, inside=usable, usable=usable,
        cargo=none, core=none, vehicle=none, shadow=shadow,
    )  # fmt: skip


def share(here: ApronView, there: ApronView) -> float | None:
    own, other = (ground_contrast(v, PLACE, PLACE, SETTINGS) for v in (here, there))
    assert own is not None
    assert other is not None
    return relative_contrast(own, other, SETTINGS)


@pytest.mark.parametrize("path", [0.0, 0.05], ids=["clear", "haze"])
@pytest.mark.parametrize("shade_to_m", [0.0, 11.5, 20.0], ids=["light", "half in shadow", "shadow"])
@pytest.mark.parametrize("paint", [0.5, 1.6])
def test_shadow_hides_neither_an_object_nor_bare_ground(paint: float, shade_to_m: float, path: float) -> None:
    here = view(paint)
    assert share(here, view(paint, shade_to_m, path, seed=2)) > 0.7
    assert share(here, view(None, shade_to_m, path, seed=2)) < 0.2


def test_what_hardly_differs_from_its_ground_says_nothing_of_other_dates() -> None:
    assert share(view(1.05), view(seed=2)) is None


def test_a_place_that_is_not_seen_has_no_contrast() -> None:
    far = box(500, 500, 506, 503)
    assert ground_contrast(view(), far, far, SETTINGS) is None


def difference(here: ApronView, there: ApronView) -> float | None:
    return appearance_difference((here, there), PLACE, (PLACE, PLACE), 0.25, SETTINGS)


@pytest.mark.parametrize("path", [0.0, 0.05], ids=["clear", "haze"])
@pytest.mark.parametrize(("paint", "other"), [(0.3, 0.8), (0.5, 1.0), (0.9, 1.8), (0.5, 2.5)])
def test_the_same_goods_look_alike_on_two_dates_and_others_do_not(paint, other, path) -> None:
    known = np.log((other + SETTINGS.appearance_lift) / (paint + SETTINGS.appearance_lift))
    # Dark objects and haze take from what is darkest.
    assert difference(view(paint), view(paint, path=path, seed=2)) < 0.1
    assert difference(view(paint), view(other, path=path, seed=2)) == pytest.approx(known, rel=0.25)
    assert difference(view(paint), view(other)) == difference(view(other), view(paint))


def test_a_place_in_shadow_on_one_date_or_in_one_band_says_nothing_of_its_colour() -> None:
    assert difference(view(0.5), view(0.5, 20.0)) is None
    grey = replace(view(0.5), values={"pan": view(0.5).values["red"]})
    assert difference(view(0.5), grey) is None
