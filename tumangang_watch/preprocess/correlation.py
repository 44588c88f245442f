"""Correlate batches of real patches in the frequency domain, and place the peaks to a part of a pixel.

Phase correlation after Kuglin and Hines (1975); orientation correlation after Fitch et al. (2002). What was
measured of them stands in docs/sources.md, registration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tumangang_watch.grid import Float32, Float64, Floats

Parts = Sequence[NDArray[np.inexact]]
"""An array for each window of a grid."""


@dataclass(frozen=True)
class Peaks:
    """Peaks of a batch of correlation surfaces."""

    rows: Float64
    """Displacement of the moving patch's content against the reference, pixels down."""
    cols: Float64
    z: Float64
    """Height of the peak over its surface, in the surface's standard deviations."""


def orientation(patches: Float32) -> NDArray[np.complex64]:
    """Return gradients of unit length (weak ones damped), shape (..., rows, cols).

    The angle is doubled, so that a dark edge equals a bright one: grass that
    turned pale or ground under snow keeps its outlines but not their sign.
    """
    # d/dcol + i d/drow by central differences, zero at the border.
    g = np.zeros(patches.shape, dtype=np.complex64)
    g.real[..., :, 1:-1] = patches[..., :, 2:] - patches[..., :, :-2]
    g.imag[..., 1:-1, :] = patches[..., 2:, :] - patches[..., :-2, :]
    size = np.sqrt(g.real**2 + g.imag**2)
    # A ninth of the pixels tells their median: it only damps.
    some = np.ascontiguousarray(size[..., ::3, ::3])
    damped = size + (np.median(some, axis=(-2, -1), keepdims=True) + np.float32(1e-9))
    # unit^2 / (|unit| + 1e-6) with unit = g / damped
    g *= g
    g /= damped * (size + np.float32(1e-6) * damped)
    return g


def surfaces(
    reference: NDArray[np.inexact], moving: NDArray[np.inexact], *, whiten: bool, sigma_px: float
) -> Float32:
    """Return correlation surfaces (n, rows, cols), zero displacement at the centre.

    ``whiten`` makes it a phase correlation; the spectrum is weighted by a Gaussian that widens the
    peak to ``sigma_px``, so that three samples across it locate it without bias.
    """
    real = not (np.iscomplexobj(reference) or np.iscomplexobj(moving))
    rows, cols = reference.shape[-2:]
    one, cross = (spectrum(patches, (rows, cols), real=real) for patches in (reference, moving))
    cross *= np.conj(one)
    if whiten:
        size = np.sqrt(cross.real**2 + cross.imag**2)
        cross /= size + (1e-3 * size.mean(axis=(-2, -1), keepdims=True) + 1e-20)
    fr, fc = np.fft.fftfreq(rows), (np.fft.rfftfreq if real else np.fft.fftfreq)(cols)
    cross *= np.exp(-2 * (np.pi * sigma_px) ** 2 * (fr[:, None] ** 2 + fc[None, :] ** 2)).astype(np.float32)
    return np.fft.fftshift(plane(cross, (rows, cols), real=real), axes=(-2, -1))


def spectrum(
    values: NDArray[np.inexact], size: tuple[int, int], *, real: bool
) -> NDArray[np.complexfloating]:
    """Return the spectra of planes (..., rows, cols) filled up to a size; half of each where all is real."""
    if real:
        return fft.rfft2(values, size, axes=(-2, -1))
    return fft.fft2(values, size, axes=(-2, -1))


def plane(spectra: NDArray[np.complexfloating], size: tuple[int, int], *, real: bool) -> Float32:
    """Return the real planes of such spectra."""
    if real:
        return fft.irfft2(spectra, size, axes=(-2, -1)).astype(np.float32, copy=False)
    return fft.ifft2(spectra, axes=(-2, -1)).real.astype(np.float32, copy=False)


def correlate_parts(first: Parts, second: Parts, reach: int) -> Float32:
    """Return (2 reach + 1, 2 reach + 1) sums of the second parts, moved up to ``reach``, times the first."""
    total = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for one, two in zip(first, second, strict=True):
        real = not np.iscomplexobj(one)
        rows, cols = (fft.next_fast_len(n + reach, real) for n in one.shape)
        own, product = (spectrum(part, (rows, cols), real=real) for part in (one, two))
        product *= np.conj(own)
        total += np.roll(plane(product, (rows, cols), real=real), (reach, reach), (0, 1))[
            : 2 * reach + 1, : 2 * reach + 1
        ]
    return total


def find_peaks(surface: Float32, reach_px: int) -> Peaks:
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


def _vertex(before: Floats, top: Floats, after: Floats) -> Float64:
    curve = before - 2 * top + after
    return np.where(curve < 0, 0.5 * (before - after) / np.where(curve < 0, curve, -1), 0.0).clip(-0.5, 0.5)
