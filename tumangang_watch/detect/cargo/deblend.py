"""Part objects that touch, as photutils' ``deblend_sources`` does: by the saddles between their tops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from skimage.segmentation import watershed

from tumangang_watch.detect.cargo.view import ApronView
from tumangang_watch.settings.cargo import CargoSettings


def deblend(view: ApronView, settings: CargoSettings) -> NDArray[np.int32]:
    """Label the objects of a place, parting those that touch.

    The network tells the inner part of every object apart from its neighbours'; each such core is
    one object, and a body without one is an object too.

    Returns
    -------
    (rows, cols) int32
        0 outside, objects from 1.
    """
    mask = view.body > settings.body_min
    regions, count = label(mask)
    if count == 0:
        return np.zeros(mask.shape, np.int32)
    cores, core_count = label((view.core > settings.core_min) & mask)
    sizes = np.bincount(cores.ravel(), minlength=core_count + 1)
    small = sizes < settings.core_min_m2 / view.grid.pixel_m**2
    small[0] = True
    cores[small[cores]] = 0
    with_core = np.zeros(count + 1, bool)
    with_core[np.unique(regions[cores > 0])] = True
    markers = np.where(mask & ~with_core[regions], regions + core_count, cores)
    basins = np.asarray(watershed(-(view.core + view.body), markers, mask=mask), dtype=np.int32)
    return joined(basins, view.core + view.body, settings.part_depth)


def joined(labels: NDArray[np.int32], height: NDArray[np.float32], depth: float) -> NDArray[np.int32]:
    """Join basins that no valley parts: one body whose inside is read unevenly.

    Two stay apart where the saddle between them lies below ``depth`` times the lower of their tops.

    Parameters
    ----------
    labels : (rows, cols) int32
        0 outside, basins from 1.
    height : (rows, cols) float32
        What the basins were parted by; high inside of objects.
    """
    out = labels.copy()
    while True:
        tops = np.zeros(int(out.max()) + 1, np.float32)
        np.maximum.at(tops, out.ravel(), height.ravel())
        saddles = _saddle_levels(out, height)
        ratio = {p: h / max(min(tops[p[0]], tops[p[1]]), 1e-6) for p, h in saddles.items()}
        pair = max(sorted(ratio), key=lambda p: ratio[p], default=None)
        if pair is None or ratio[pair] < depth:
            return out
        out[out == pair[1]] = pair[0]


def _saddle_levels(labels: NDArray[np.int32], height: NDArray[np.float32]) -> dict[tuple[int, int], float]:
    """Return the highest place at which two basins meet, for each pair that does."""
    found: dict[tuple[int, int], float] = {}
    for one, other, a, b in (
        (labels[1:], labels[:-1], height[1:], height[:-1]),
        (labels[:, 1:], labels[:, :-1], height[:, 1:], height[:, :-1]),
    ):
        meets = (one != other) & (one > 0) & (other > 0)
        level = np.minimum(a, b)[meets]
        for p, q, h in zip(one[meets].tolist(), other[meets].tolist(), level.tolist(), strict=True):
            key = (min(p, q), max(p, q))
            found[key] = max(found.get(key, 0.0), h)
    return found
