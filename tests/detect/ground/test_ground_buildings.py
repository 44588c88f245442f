"""New ground is found by what it looks like; a building on it by the height of its shadow."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import box
from test_ground_change import GRASS, GRID, HANDLING, NEW, ground, observe, site_of

from tumangang_watch.detect.ground.buildings import building_words, new_buildings
from tumangang_watch.detect.ground.change import cleaned, turned_to_worked
from tumangang_watch.detect.ground.surface import path_light, surface_of
from tumangang_watch.detect.shadows import swept
from tumangang_watch.settings.cargo import HandlingSettings

SETTINGS = HandlingSettings()


def with_hall(values, shape, height):
    """Paint a roof (the observation's sun stands at 150, 35 degrees) and the shadow it throws."""
    out = values.copy()
    shade = GRID.mask([swept(shape, 150.0, 35.0, height)]) if height else np.zeros(GRID.shape, bool)
    out[:, shade] *= 0.3
    out[:, GRID.mask([shape])] = 0.35
    return out


@pytest.mark.parametrize(("height", "found"), [(0.0, False), (4.0, True), (9.0, True)])
def test_a_hall_has_the_height_of_its_shadow_and_a_slab_has_none(height, found):
    middle = HANDLING.centroid
    hall = box(middle.x - 8, middle.y - 6, middle.x + 8, middle.y + 6)
    one, two = observe(ground(GRASS), "earlier"), observe(with_hall(ground(GRASS, seed=2), hall, height))
    inside = GRID.mask([HANDLING])
    strength = np.where(GRID.mask([hall]), 9.0, 0.0).astype(np.float32)
    buildings = new_buildings(one, two, strength, inside, SETTINGS)
    assert bool(buildings) is found
    if found:
        assert buildings[0].height_m == pytest.approx(height, abs=1.5)
        assert buildings[0].area_m2 == pytest.approx(192, rel=0.15)
        assert building_words(buildings[0], "new").endswith("m high, is new")


def test_only_what_was_laid_turned_to_worked():
    pair = observe(ground(GRASS), "earlier"), observe(ground(GRASS, NEW, seed=2))
    path = path_light(pair, SETTINGS)
    one, two = (surface_of(o, (), SETTINGS, path) for o in pair)
    inside = one.grid.mask([HANDLING])
    reference = ~inside & ~one.grid.mask([a.polygon for a in site_of().having("ignore")])
    turned = turned_to_worked(one, two, inside, reference, SETTINGS)
    laid = one.grid.mask([box(*NEW)]) & inside
    assert (turned.mask & laid).sum() > 0.8 * laid.sum()
    assert (turned.mask & ~laid).sum() < 0.2 * laid.sum()
    assert not turned_to_worked(two, one, inside, reference, SETTINGS).mask.any()


def test_specks_and_slivers_are_no_ground():
    mask = np.zeros((60, 60), bool)
    mask[5:30, 5:30], mask[40, 5:55], mask[50:53, 50:53] = True, True, True
    kept = cleaned(mask, np.ones_like(mask), 1.0, SETTINGS)
    assert kept[8:27, 8:27].all()
    assert not kept[38:].any()
