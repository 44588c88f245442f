"""Masks to objects: hysteresis, parting of touching objects, outlines.

The commonest value of a ground, and means over what of it is usable.

The contract's colour names for an object on the ground.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import binary_dilation, distance_transform_edt
from shapely import MultiPolygon, Polygon, get_parts
from shapely.ops import unary_union
from skimage.filters import apply_hysteresis_threshold
from skimage.measure import find_contours

from tumangang_watch.grid import Float32, Floats, Grid, Mask


def hysteresis(strong: Mask, weak: Mask) -> Mask:
    """Return the 4-connected parts of ``weak`` that hold a pixel of ``strong``."""
    return np.asarray(apply_hysteresis_threshold(weak.astype(np.uint8) + (strong & weak), 0, 1))


def disk(radius_px: float) -> Mask:
    """Return a disk-shaped footprint; a single pixel below a radius of one."""
    reach = int(np.floor(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return x * x + y * y <= radius_px * radius_px + 0.25


def without_thin(mask: Mask, width_px: float) -> Mask:
    """Return the mask without what is narrower than ``width_px`` (opening by reconstruction of edges)."""
    inside = np.asarray(distance_transform_edt(np.pad(mask, 1)))[1:-1, 1:-1]
    core = inside >= max(width_px / 2, 1.0)
    return mask & np.asarray(binary_dilation(core, disk(width_px / 2 + 1)))


def outline(mask: Floats | Mask, grid: Grid, row0: int, col0: int) -> MultiPolygon:
    """Return the half-level contour of a membership (0 to 1) as polygons in the grid's metres.

    ``row0, col0`` is the place of the array's first pixel in the grid.
    """
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
    if isinstance(shape, MultiPolygon):
        return shape
    if isinstance(shape, Polygon):
        return MultiPolygon([] if shape.is_empty else [shape])
    return MultiPolygon([p for p in get_parts(shape) if isinstance(p, Polygon) and not p.is_empty])


def half_sample_mode(values: Floats) -> float:
    """Return the mode of a sample by repeated halving (Bickel & Fruehwirth 2006)."""
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    while ordered.size > 3:
        half = (ordered.size + 1) // 2
        widths = ordered[half - 1 :] - ordered[: ordered.size - half + 1]
        start = int(np.argmin(widths))
        ordered = ordered[start : start + half]
    return float(np.mean(ordered))


def smooth(values: Floats, weight: Mask, sigma_px: float) -> Float32:
    """Return the Gaussian mean of the usable pixels (normalised convolution); 0 where none is near."""
    edge = cv2.BORDER_REFLECT
    mass = cv2.GaussianBlur(weight.astype(np.float32), (0, 0), sigma_px, borderType=edge)
    known = np.where(weight, values, 0).astype(np.float32)
    total = cv2.GaussianBlur(known, (0, 0), sigma_px, borderType=edge)
    return np.where(mass > 1e-4, total / np.maximum(mass, 1e-4), 0).astype(np.float32)


GREY_SATURATION = 0.22
"""Below this (max - min) / max of red, green and blue a surface has no colour of its own: weathered
steel and gravel of the Muttenz yard stay below it."""


def colour_name(values: Floats, bands: tuple[str, ...], white: float) -> str:
    """Name a surface's colour by the typical values (bands,) of its sunlit part.

    ``white`` is the value of a white surface in the same scene and unit.
    """
    if not {"red", "green", "blue"} <= set(bands):
        return "unknown"
    red, green, blue = (float(values[bands.index(b)]) / max(white, 1e-6) for b in ("red", "green", "blue"))
    top, bottom = max(red, green, blue), min(red, green, blue)
    if top <= 0:
        return "unknown"
    if (top - bottom) / top < GREY_SATURATION:
        level = (red + green + blue) / 3
        return (
            "black" if level < 0.14 else "grey" if level < 0.42 else "light_grey" if level < 0.75 else "white"
        )
    if top < 0.10:
        return "black"
    if blue == top:
        return "light_blue" if top > 0.45 and green > 0.6 * blue else "blue"
    if green == top:
        return "green"
    if green > 0.72 * red and blue < 0.6 * green and top > 0.35:
        return "yellow"
    return "red" if green < 0.55 * red and top > 0.16 else "brown"
