"""Tie points between scenes: correlation of patches in the frequency domain, to a part of a pixel.

Phase correlation after Kuglin and Hines (1975); orientation correlation after Fitch et al. (2002).
Both are written on batches of real float32 patches; what was measured of them stands in
docs/sources.md, registration. Where snow or leaf changed every brightness, fields of edge directions
(`directions`) are correlated instead: a roof's edge, a rail or a bank stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft
from shapely.geometry.base import BaseGeometry

from tumangang_watch.grid import Float32, Float64, Floats, Grid, Mask
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.site import Site
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.threads import side_by_side

REACH_M = 6.0
"""Ties further off than this after the coarse search are false."""
Directions = tuple[NDArray[np.complex64], ...]
"""Doubled gradient directions as numbers of unit length, (rows, cols) of each window of a grid; 0 where
nothing is seen."""
MIN_SIGMA_PX = 0.7
"""Least blur before directions are taken: less, and a pixel's noise decides them."""
BATCH = 32
"""Windows transformed at a time: bounds the memory."""


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
    size = np.abs(g)
    damp = np.median(size, axis=(-2, -1), keepdims=True) + 1e-9
    unit = g / (size + damp)
    return (unit * unit / (np.abs(unit) + 1e-6)).astype(np.complex64)


def directions(raster: Raster, left_out: BaseGeometry, sigma_m: float) -> Directions:
    """Return the doubled direction of every gradient as a unit number, zero where nothing is seen.

    No weight by magnitude: what was dark may be bright on the other date, and faint. The mean is taken
    off, so that a scene whose edges mostly run one way does not resemble every other such scene.
    """
    parts = [_doubled(part, part.valid & ~part.grid.mask([left_out]), sigma_m) for _, part in raster.pieces()]
    count = max(sum(int(inner.sum()) for _, inner in parts), 1)
    mean = sum(complex(doubled.sum(dtype=np.complex128)) for doubled, _ in parts) / count
    return tuple(
        np.where(inner, doubled - np.complex64(mean), 0).astype(np.complex64) for doubled, inner in parts
    )


def _doubled(raster: Raster, seen: Mask, sigma_m: float) -> tuple[NDArray[np.complex64], Mask]:
    """Return the doubled direction of every gradient, and where it is known."""
    sigma = max(sigma_m / raster.grid.pixel_m, MIN_SIGMA_PX)
    mask = seen.astype(np.float32)
    weight = cv2.GaussianBlur(mask, (0, 0), sigma) + 1e-6
    log = np.log(np.maximum(raster.luminance(), 1e-3)).astype(np.float32)
    smooth = cv2.GaussianBlur(log * mask, (0, 0), sigma) / weight
    g = np.empty(mask.shape, np.complex64)
    g.real = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1)
    g.imag = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1)
    inner = cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=0) > 0
    return np.where(inner, g * g / (np.abs(g) ** 2 + 1e-12), 0).astype(np.complex64), inner


def surfaces(
    reference: NDArray[np.inexact], moving: NDArray[np.inexact], *, whiten: bool, sigma_px: float
) -> Float32:
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


@dataclass(frozen=True, kw_only=True)
class Ties:
    """Where two scenes agree, and by how much the moving one's content lies off, metres."""

    x: Float64
    """East of the registration origin."""
    y: Float64
    east: Float64
    north: Float64
    windows: int
    """Places examined."""


def find_ties(
    reference: NativeImage,
    moving: NativeImage,
    site: Site,
    ground: Raster,
    settings: RegistrationSettings,
    *,
    corridors: bool,
) -> Ties:
    """Return ties on which phase and orientation correlation agree.

    ``ground`` is the reference on the grid that both are compared on: it stays as it is while the moving one
    is laid on it again and again. With ``corridors`` the strips around tracks are hidden in both scenes:
    trains move there.
    """
    grid, other = ground.grid, moving.on_grid(ground.grid)
    edge = max(settings.window_px_min, 8 * round(settings.window_m / grid.pixel_m / 8))
    hidden = [site.left_out]
    if corridors:
        hidden += [t.line.buffer(settings.corridor_m) for t in site.tracks]
    pieces, corners = [], []
    for (cut, one), (_, two) in zip(ground.pieces(), other.pieces(), strict=True):
        seen = one.valid & two.valid & ~one.grid.mask(hidden)
        pieces.append((cut, (one, two), seen))
        corners.append(_corners(seen, edge, one.grid, settings))
    rows, cols, down, right = np.empty((4, 0))
    for (cut, pair, seen), own in zip(pieces, _thinned(corners, settings.max_windows), strict=True):
        found = _in_piece(pair, seen, own, edge, settings)
        first = np.array([[cut[0].start], [cut[1].start]])
        rows, cols = np.concatenate([[rows, cols], found[:2] + first], axis=1)
        down, right = np.concatenate([[down, right], found[2:]], axis=1)
    x, y = grid.to_metres(rows + edge / 2 - 0.5, cols + edge / 2 - 0.5)
    origin = reference.to_pixel
    return Ties(
        x=x - origin.x0,
        y=y - origin.y0,
        east=right * grid.pixel_m,
        north=-down * grid.pixel_m,
        windows=min(sum(len(own) for own in corners), settings.max_windows),
    )


def _thinned(corners: list[NDArray[np.intp]], most: int) -> list[NDArray[np.intp]]:
    """Return at most so many of the corners of all pieces, evenly."""
    count = sum(len(own) for own in corners)
    if count <= most:
        return corners
    keep = np.zeros(count, bool)
    keep[np.linspace(0, count - 1, most).astype(np.intp)] = True
    ends = np.cumsum([len(own) for own in corners])[:-1]
    return [own[kept] for own, kept in zip(corners, np.split(keep, ends), strict=True)]


def _in_piece(
    pair: tuple[Raster, Raster],
    seen: Mask,
    corners: NDArray[np.intp],
    edge: int,
    settings: RegistrationSettings,
) -> Float64:
    """Return (4, n): row and column of the windows of a piece whose ties hold, and how far down and right."""
    if not len(corners):
        return np.empty((4, 0))
    light = side_by_side(lambda raster: _flattened(raster, seen), pair)
    batches = [corners[k : k + BATCH] for k in range(0, len(corners), BATCH)]
    found = side_by_side(lambda batch: _measure(light, batch, edge, pair[0].grid, settings), batches)
    return np.concatenate([np.stack(f) for f in found], axis=1)


def _flattened(raster: Raster, seen: Mask) -> Float32:
    """Return log luminance less its own 8 m surroundings, hidden ground filled smoothly.

    Slow shading (haze, season, light) drops out, and hidden ground has no edges to correlate.
    """
    log = np.log(np.maximum(raster.luminance(), 1e-3)).astype(np.float32)
    mask = seen.astype(np.float32)
    sigma = 8.0 / raster.grid.pixel_m
    weight = cv2.GaussianBlur(mask, (0, 0), sigma) + 1e-4
    slow = cv2.GaussianBlur(log * mask, (0, 0), sigma) / weight
    soft = cv2.GaussianBlur(cv2.erode(mask, np.ones((5, 5), np.uint8)), (0, 0), 1.5)
    detail = (log - slow) * soft
    limit = 3.0 * float(np.std(detail[seen])) + 1e-6 if seen.any() else 1.0
    return np.clip(detail, -limit, limit)


def _corners(seen: Mask, edge: int, grid: Grid, settings: RegistrationSettings) -> NDArray[np.intp]:
    """Return (n, 2) top-left corners of windows that show enough ground."""
    rows, cols = grid.shape
    if rows < edge or cols < edge:
        return np.empty((0, 2), dtype=np.intp)
    step = max(4, round(settings.step_m / grid.pixel_m))
    total = cv2.integral(seen.astype(np.uint8))
    grid_rows = np.unique(np.append(np.arange(0, rows - edge + 1, step), rows - edge))
    grid_cols = np.unique(np.append(np.arange(0, cols - edge + 1, step), cols - edge))
    r, c = (v.ravel() for v in np.meshgrid(grid_rows, grid_cols, indexing="ij"))
    share = (total[r + edge, c + edge] - total[r, c + edge] - total[r + edge, c] + total[r, c]) / edge**2
    return np.stack([r, c], axis=1)[share >= 1 - settings.masked_share_max].astype(np.intp)


def _measure(
    light: list[Float32], corners: NDArray[np.intp], edge: int, grid: Grid, settings: RegistrationSettings
) -> tuple[Float64, ...]:
    """Return (row, col, down, right) of the windows on which both estimators agree."""
    a, b = (np.stack([v[r : r + edge, c : c + edge] for r, c in corners]) for v in light)
    taper = np.outer(np.hanning(edge), np.hanning(edge)).astype(np.float32)
    reach = round(REACH_M / grid.pixel_m)
    first, second = (p - p.mean(axis=(1, 2), keepdims=True) for p in (a, b))
    phase = find_peaks(surfaces(first * taper, second * taper, whiten=True, sigma_px=1.2), reach)
    turned = [orientation(p) * taper for p in (a, b)]
    lines = find_peaks(surfaces(turned[0], turned[1], whiten=False, sigma_px=0.8), reach)
    agree = np.hypot(phase.rows - lines.rows, phase.cols - lines.cols) <= settings.agreement_px
    inside = np.hypot(phase.rows, phase.cols) < reach - 1
    good = agree & inside & (phase.z >= settings.peak_z_min)
    down, right = 0.5 * (phase.rows + lines.rows), 0.5 * (phase.cols + lines.cols)
    return (corners[good, 0].astype(np.float64), corners[good, 1].astype(np.float64), down[good], right[good])
