"""Correlation of patches in the frequency domain, with a sub-pixel peak and a measure of it.

Phase correlation after Kuglin and Hines (1975); orientation correlation after Fitch et al. (2002).
Both are written on batches of real float32 patches; what was measured of them stands in
docs/sources.md, registration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft


@dataclass(frozen=True)
class Peaks:
    """Peaks of a batch of correlation surfaces."""

    rows: NDArray[np.float64]
    """Displacement of the moving patch's content against the reference, pixels down."""
    cols: NDArray[np.float64]
    z: NDArray[np.float64]
    """Height of the peak over its surface, in the surface's standard deviations."""


def gradient(patches: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return ``d/dcol + i d/drow`` of (..., rows, cols) by central differences, zero at the border."""
    out = np.zeros(patches.shape, dtype=np.complex64)
    out.real[..., :, 1:-1] = patches[..., :, 2:] - patches[..., :, :-2]
    out.imag[..., 1:-1, :] = patches[..., 2:, :] - patches[..., :-2, :]
    return out


def orientation(patches: NDArray[np.float32], *, polarity: bool) -> NDArray[np.complex64]:
    """Return gradients of unit length (weak ones damped), shape (..., rows, cols).

    Without ``polarity`` the angle is doubled, so that a dark edge equals a bright one: grass that
    turned pale or ground under snow keeps its outlines but not their sign.
    """
    g = gradient(patches)
    size = np.abs(g)
    damp = np.median(size, axis=(-2, -1), keepdims=True) + 1e-9
    unit = g / (size + damp)
    if polarity:
        return unit.astype(np.complex64)
    return (unit * unit / (np.abs(unit) + 1e-6)).astype(np.complex64)


def hann(rows: int, cols: int) -> NDArray[np.float32]:
    """Return a two-dimensional Hann window."""
    return np.outer(np.hanning(rows), np.hanning(cols)).astype(np.float32)


def surfaces(
    reference: NDArray[np.inexact], moving: NDArray[np.inexact], *, whiten: bool, sigma_px: float
) -> NDArray[np.float32]:
    """Return correlation surfaces (n, rows, cols), zero displacement at the centre.

    ``whiten`` makes it a phase correlation; the spectrum is weighted by a Gaussian that widens the
    peak to ``sigma_px``, so that three samples across it locate it without bias.
    """
    one, two = fft.fft2(reference, axes=(-2, -1)), fft.fft2(moving, axes=(-2, -1))
    cross = two * np.conj(one)
    if whiten:
        size = np.abs(cross)
        cross = cross / (size + 1e-3 * size.mean(axis=(-2, -1), keepdims=True) + 1e-20)
    rows, cols = reference.shape[-2:]
    fr, fc = np.fft.fftfreq(rows), np.fft.fftfreq(cols)
    weight = np.exp(-2 * (np.pi * sigma_px) ** 2 * (fr[:, None] ** 2 + fc[None, :] ** 2)).astype(np.float32)
    surface = fft.ifft2(cross * weight, axes=(-2, -1)).real
    return np.fft.fftshift(surface, axes=(-2, -1)).astype(np.float32)


def find_peaks(surface: NDArray[np.float32], reach_px: int) -> Peaks:
    """Return the highest point within ``reach_px`` of the centre, refined by a paraboloid."""
    count, rows, cols = surface.shape
    r0, c0 = rows // 2, cols // 2
    reach = min(reach_px, r0 - 2, c0 - 2)
    near = surface[:, r0 - reach : r0 + reach + 1, c0 - reach : c0 + reach + 1]
    flat = near.reshape(count, -1).argmax(axis=1)
    r, c = r0 - reach + flat // (2 * reach + 1), c0 - reach + flat % (2 * reach + 1)
    k = np.arange(count)
    top = surface[k, r, c]
    dr = _vertex(surface[k, r - 1, c], top, surface[k, r + 1, c])
    dc = _vertex(surface[k, r, c - 1], top, surface[k, r, c + 1])
    spread = surface.reshape(count, -1).std(axis=1) + 1e-12
    z = (top - surface.reshape(count, -1).mean(axis=1)) / spread
    return Peaks(r - r0 + dr, c - c0 + dc, z.astype(np.float64))


def _vertex(
    before: NDArray[np.floating], top: NDArray[np.floating], after: NDArray[np.floating]
) -> NDArray[np.float64]:
    curve = before - 2 * top + after
    return np.where(curve < 0, 0.5 * (before - after) / np.where(curve < 0, curve, -1), 0.0).clip(-0.5, 0.5)
