"""How often an apron's own texture looks as unlike its surroundings as an object does.

A contrario (Desolneux, Moisan, Morel): the null is not a model but the place itself. The contrast of a
disk with the ring around it is measured everywhere on ground without objects; the share of places whose
contrast reaches an object's is its p-value. Joints, stains and patches of the pavement are in the null.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True, kw_only=True)
class DiskSums:
    """Sums over disks of one size about every place, whatever stands there: the same for all trials on it."""

    inner: NDArray[np.float32]
    """The disk."""
    own: NDArray[np.float32]
    """(rows, cols): how much of the disk can be used."""
    means: NDArray[np.float32]
    """(bands, rows, cols): of what can be used of it."""


@dataclass(frozen=True, kw_only=True)
class TexturedGround:
    """A place whose texture can be asked for; what is asked is measured once."""

    log_values: NDArray[np.float32]
    """(bands, rows, cols)."""
    usable: NDArray[np.bool_]
    """(rows, cols)."""
    pixel_m: float
    _sums: dict[float, DiskSums] = field(default_factory=dict)

    def sums(self, radius_px: float) -> DiskSums:
        """Return the sums over disks of a size."""
        if radius_px not in self._sums:
            inner = _disk(radius_px)
            own = _total(self.usable.astype(np.float32), inner)
            seen = (np.where(self.usable, band, 0).astype(np.float32) for band in self.log_values)
            means = np.stack([_total(band, inner) / np.maximum(own, 1.0) for band in seen])
            self._sums[radius_px] = DiskSums(inner=inner, own=own, means=means.astype(np.float32, copy=False))
        return self._sums[radius_px]


@dataclass(frozen=True, kw_only=True)
class Textures:
    """The textures of a place on which something stands; each size is measured when it is asked for."""

    ground: TexturedGround
    taken: NDArray[np.bool_]
    """(rows, cols): objects and their shadows, not part of the null."""
    _known: dict[float, Texture] = field(default_factory=dict)

    def nearest(self, radius_px: float) -> Texture:
        """Return the texture of the size next to a radius."""
        radii = [r / self.ground.pixel_m for r in RADII_M]
        size = min(radii, key=lambda r: abs(np.log(r / radius_px)))
        if size not in self._known:
            self._known[size] = _texture(self.ground, self.taken, size)
        return self._known[size]


def textures(
    log_values: NDArray[np.float32], usable: NDArray[np.bool_], taken: NDArray[np.bool_], pixel_m: float
) -> Textures:
    """Return the contrast of disks of several sizes all over a place, to be asked for.

    Parameters
    ----------
    log_values : (bands, rows, cols) float32
    usable : (rows, cols) bool
    taken : (rows, cols) bool
        Objects and their shadows: not part of the null.
    """
    ground = TexturedGround(log_values=log_values, usable=usable, pixel_m=pixel_m)
    return Textures(ground=ground, taken=taken)


def _texture(ground: TexturedGround, taken: NDArray[np.bool_], radius_px: float) -> Texture:
    usable, sums = ground.usable, ground.sums(radius_px)
    empty, inner, ring = usable & ~taken, sums.inner, _disk(2.0 * radius_px + 1.0)
    room = (len(ring) - len(inner)) // 2
    ring[room:-room, room:-room] -= inner
    # Sums of whole pixels, as far as rounding lets a Fourier transform say.
    around = np.rint(_total(empty.astype(np.float32), ring))
    enough = (sums.own > 0.8 * inner.sum()) & (around > 0.3 * ring.sum())
    away = (_total(taken.astype(np.float32), inner) < 0.5) & enough & empty
    square = np.zeros(usable.shape, np.float32)
    for band, mean in zip(ground.log_values, sums.means, strict=True):
        held = np.where(empty, band, 0).astype(np.float32)
        step = np.where(enough, mean - _total(held, ring) / np.maximum(around, 1.0), 0)
        if away.any():
            spread = 1.4826 * float(np.median(np.abs(step[away])))
            square += (step / max(spread, 1e-3)) ** 2
    contrast = np.sqrt(square / max(len(ground.log_values), 1)).astype(np.float32)
    apart = float(away.sum()) / max(np.pi * radius_px**2, 1.0)
    return Texture(radius_px, np.where(enough, contrast, np.nan), np.sort(contrast[away]), apart)


def _total(image: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums (rows, cols) of an image under a kernel; nothing lies beyond its edges."""
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_CONSTANT))


def _disk(radius: float) -> NDArray[np.float32]:
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (x * x + y * y <= radius * radius).astype(np.float32)


def p_value(
    body: NDArray[np.bool_], known: Textures, cut: tuple[slice, slice] = (slice(None), slice(None))
) -> float | None:
    """Return the share of empty ground as unlike its surroundings as an object; None if unknown.

    ``body`` is True where the object stands within a ``cut`` (rows, cols) of the place.

    The disk of the object's own size is asked, over its inner half. Where nothing on the empty ground is so
    unlike, and the ground has room for few disks of that size, nothing is known: a small or full apron says
    nothing against what stands on it.
    """
    pixels = float(body.sum())
    if pixels == 0:
        return None
    texture = known.nearest(float(np.sqrt(pixels / np.pi)))
    there = texture.contrast[cut][body]
    there = there[np.isfinite(there)]
    if texture.null.size < MIN_SAMPLES or there.size == 0:
        return None
    strongest = float(np.quantile(there, 0.9))
    above = texture.null.size - int(np.searchsorted(texture.null, strongest))
    if above == 0 and texture.apart < MIN_APART:
        return None
    return float(max(above / texture.null.size, 1 / max(texture.apart, 1.0)))
