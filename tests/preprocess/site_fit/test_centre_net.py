"""Rails are told from the gaps beside them, whatever their tone; nothing beyond its reach matters."""

from __future__ import annotations

import numpy as np
import pytest

from tumangang_watch.preprocess.site_fit.sections import REACH, STEP_M, layers_of, read_centres


def bundle(offsets_m=(-5.0, 0.0, 5.0), tone=0.25, bed=-0.15, along=80, seed=1):
    """A patch of level ground with tracks: a darker or lighter bed 4 m wide and two rails each."""
    rng = np.random.default_rng(seed)
    v = (np.arange(101) - 50) * STEP_M
    values = rng.normal(0, 0.03, (v.size, along))
    for at in offsets_m:
        values[np.abs(v - at) < 2.0] += bed
        values[np.abs(np.abs(v - at) - 0.76) < 0.3] += tone
    seen = np.ones(values.shape, bool)
    return layers_of(values.astype(np.float32), np.zeros(values.shape, np.float32), seen), v


@pytest.mark.parametrize(("tone", "bed"), [(0.3, -0.3), (-0.3, -0.2), (0.25, 0.3)])
def test_centrelines_outweigh_gaps(tone, bed):
    patch, v = bundle(tone=tone, bed=bed)
    odds = read_centres(patch)[:, 20:60].mean(axis=1)
    centres = [float(odds[np.abs(v - at).argmin()]) for at in (-5.0, 0.0, 5.0)]
    gaps = [float(odds[np.abs(v - at).argmin()]) for at in (-2.5, 2.5, 9.0, -9.0)]
    assert min(centres) > max(gaps) + 0.5


def test_gain_of_light_does_not_matter():
    patch, _ = bundle()
    rng = np.random.default_rng(3)
    tone = rng.normal(0, 0.2, (101, 80)).astype(np.float32)
    seen = np.ones(tone.shape, bool)
    plain, brighter = layers_of(tone, tone, seen), layers_of(tone + 1.7, tone - 0.4, seen)
    np.testing.assert_allclose(plain, brighter, atol=1e-4)
    assert patch.shape[0] == plain.shape[0]


def test_what_lies_beyond_its_reach_does_not_matter():
    patch, _ = bundle(along=120)
    changed = patch.copy()
    changed[:2, :, 60 + REACH :] += 1.0
    np.testing.assert_allclose(read_centres(patch)[:, :60], read_centres(changed)[:, :60], atol=1e-4)
