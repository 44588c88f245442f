"""Metres that a user adds to a scene's coordinates are metres in any reference system."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pyproj import Transformer
from support.values import grid_of, scene_on

from tumangang_watch.scenes.read import moved_by

SCENE = scene_on(grid_of(np.zeros((1, 100, 100))))


def test_a_scene_in_metres_is_moved_by_them():
    moved = moved_by(SCENE, 216.0, -40.0)
    assert np.array(moved.affine) - SCENE.affine == pytest.approx([0, 0, 216.0, 0, 0, -40.0], abs=0.01)
    assert moved.site_shift_m == (216.0, -40.0)


def test_a_scene_in_degrees_is_moved_by_metres():
    to_lonlat = Transformer.from_crs("EPSG:32652", "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(SCENE.affine[2], SCENE.affine[5])
    scene = replace(SCENE, crs="EPSG:4326", affine=(5e-6, 0, lon, 0, -5e-6, lat))
    moved = moved_by(scene, 100.0, 50.0)
    there = to_lonlat.transform(moved.affine[2], moved.affine[5], direction="INVERSE")
    assert there == pytest.approx((SCENE.affine[2] + 100.0, SCENE.affine[5] + 50.0), abs=0.05)
