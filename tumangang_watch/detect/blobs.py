"""Masks to objects: hysteresis, parting of touching objects, outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon

    from tumangang_watch.grid import Grid


def hysteresis(strong: NDArray[np.bool_], weak: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the 4-connected parts of ``weak`` that hold a pixel of ``strong``."""
    from scipy.ndimage import label

    labels, count = label(weak)
    keep = np.zeros(count + 1, dtype=bool)
    keep[np.unique(labels[strong & weak])] = True
    keep[0] = False
    return keep[labels]


def disk(radius_px: float) -> NDArray[np.bool_]:
    """Return a disk-shaped footprint; a single pixel below a radius of one."""
    reach = int(np.floor(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return x * x + y * y <= radius_px * radius_px + 0.25


def without_thin(mask: NDArray[np.bool_], width_px: float) -> NDArray[np.bool_]:
    """Return the mask without what is narrower than ``width_px`` (opening by reconstruction of edges)."""
    from scipy.ndimage import binary_dilation, distance_transform_edt

    inside = np.asarray(distance_transform_edt(np.pad(mask, 1)))[1:-1, 1:-1]
    core = inside >= max(width_px / 2, 1.0)
    return mask & np.asarray(binary_dilation(core, disk(width_px / 2 + 1)))


def outline(mask: NDArray[np.floating] | NDArray[np.bool_], grid: Grid, row0: int, col0: int) -> MultiPolygon:
    """Return the half-level contour of a membership (0 to 1) as polygons in the grid's metres.

    ``row0, col0`` is the place of the array's first pixel in the grid.
    """
    from shapely import Polygon
    from shapely.ops import unary_union
    from skimage.measure import find_contours

    padded = np.pad(np.asarray(mask, dtype=np.float32), 1)
    rings = find_contours(padded, 0.5)
    shells: list[Polygon] = []
    holes: list[Polygon] = []
    for ring in rings:
        if len(ring) < 4:
            continue
        x, y = grid.to_metres(ring[:, 0] - 1 + row0, ring[:, 1] - 1 + col0)
        part = Polygon(np.column_stack([x, y])).buffer(0)
        if part.is_empty:
            continue
        # skimage winds rings so that higher values lie to the left, in (row, col).
        turn = np.sum(ring[:-1, 1] * ring[1:, 0] - ring[1:, 1] * ring[:-1, 0])
        (shells if turn > 0 else holes).append(part)
    whole = unary_union(shells)
    if holes:
        whole = whole.difference(unary_union(holes))
    return as_multi(whole)


def as_multi(shape: object) -> MultiPolygon:
    """Return the polygons of any geometry as one MultiPolygon."""
    from shapely import MultiPolygon, Polygon, get_parts

    if isinstance(shape, MultiPolygon):
        return shape
    if isinstance(shape, Polygon):
        return MultiPolygon([] if shape.is_empty else [shape])
    return MultiPolygon([p for p in get_parts(shape) if isinstance(p, Polygon) and not p.is_empty])
