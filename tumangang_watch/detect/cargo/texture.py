"""How often an apron's own texture looks as unlike its surroundings as an object does.

A contrario (Desolneux, Moisan, Morel): the null is not a model but the place itself. The contrast of a
disk with the ring around it is measured everywhere on ground without objects; the share of places whose
contrast reaches an object's is its p-value. Joints, stains and patches of the pavement are in the null.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

RADII_M = (0.9, 1.4, 2.0, 2.8, 4.0)
"""Radii of the disks that stand for objects of 2.5 to 50 m2."""
MIN_SAMPLES = 200
"""With fewer places the texture tells nothing."""
MIN_APART = 20
"""Fewer independent places cannot show that one in twenty is as unlike."""


@dataclass(frozen=True)
class Texture:
    """The contrast of every place with its surroundings, for one size."""

    radius_px: float
    contrast: NDArray[np.float32]
    """(rows, cols): rms over bands of the contrast in robust spreads of empty ground."""
    null: NDArray[np.float32]
    """Contrasts of empty ground, sorted."""
    apart: float
    """How many disks lie side by side on the empty ground: what the p-value can resolve."""


def textures(
    log_values: NDArray[np.float32], usable: NDArray[np.bool_], taken: NDArray[np.bool_], pixel_m: float
) -> tuple[Texture, ...]:
    """Measure the contrast of disks of several sizes all over a place.

    Parameters
    ----------
    log_values : (bands, rows, cols) float32
    usable : (rows, cols) bool
    taken : (rows, cols) bool
        Objects and their shadows: not part of the null.
    """
    return tuple(_texture(log_values, usable, taken, r / pixel_m) for r in RADII_M)


def _texture(
    values: NDArray[np.float32], usable: NDArray[np.bool_], taken: NDArray[np.bool_], radius_px: float
) -> Texture:
    empty = usable & ~taken
    inner, ring = _disk(radius_px), _disk(2.0 * radius_px + 1.0)
    room = (len(ring) - len(inner)) // 2
    ring[room:-room, room:-room] -= inner

    def total(image: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_CONSTANT))

    own = total(usable.astype(np.float32), inner)
    # Sums of whole pixels, as far as rounding lets a Fourier transform say.
    around = np.rint(total(empty.astype(np.float32), ring))
    enough = (own > 0.8 * inner.sum()) & (around > 0.3 * ring.sum())
    away = (total(taken.astype(np.float32), inner) < 0.5) & enough & empty
    square = np.zeros(usable.shape, np.float32)
    for band in values:
        held = np.where(empty, band, 0).astype(np.float32)
        seen = np.where(usable, band, 0).astype(np.float32)
        beside = total(held, ring) / np.maximum(around, 1.0)
        step = np.where(enough, total(seen, inner) / np.maximum(own, 1.0) - beside, 0)
        if away.any():
            spread = 1.4826 * float(np.median(np.abs(step[away])))
            square += (step / max(spread, 1e-3)) ** 2
    contrast = np.sqrt(square / max(len(values), 1)).astype(np.float32)
    apart = float(away.sum()) / max(np.pi * radius_px**2, 1.0)
    return Texture(radius_px, np.where(enough, contrast, np.nan), np.sort(contrast[away]), apart)


def _disk(radius: float) -> NDArray[np.float32]:
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (x * x + y * y <= radius * radius).astype(np.float32)


def p_value(body: NDArray[np.bool_], known: tuple[Texture, ...]) -> float | None:
    """Return the share of empty ground as unlike its surroundings as an object; None if unknown.

    The disk of the object's own size is asked, over its inner half. Where nothing on the empty ground is so
    unlike, and the ground has room for few disks of that size, nothing is known: a small or full apron says
    nothing against what stands on it.
    """
    pixels = float(body.sum())
    if pixels == 0 or not known:
        return None
    radius = np.sqrt(pixels / np.pi)
    texture = min(known, key=lambda t: abs(np.log(t.radius_px / radius)))
    there = texture.contrast[body]
    there = there[np.isfinite(there)]
    if texture.null.size < MIN_SAMPLES or there.size == 0:
        return None
    strongest = float(np.quantile(there, 0.9))
    above = texture.null.size - int(np.searchsorted(texture.null, strongest))
    if above == 0 and texture.apart < MIN_APART:
        return None
    return float(max(above / texture.null.size, 1 / max(texture.apart, 1.0)))
