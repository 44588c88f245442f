"""Tie points between two scenes that already lie within a few metres of each other."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.site import Site
from tumangang_watch.preprocess.correlate import find_peaks, hann, orientation, surfaces
from tumangang_watch.settings.preprocess import RegistrationSettings

REACH_M = 6.0
"""Ties further off than this after the coarse search are false."""
BATCH = 32
"""Windows transformed at a time: bounds the memory."""


@dataclass(frozen=True, kw_only=True)
class Ties:
    """Where two scenes agree, and by how much the moving one's content lies off, metres."""

    x: NDArray[np.float64]
    """East of the registration origin."""
    y: NDArray[np.float64]
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    windows: int
    """Places examined."""


def find_ties(
    reference: NativeImage,
    moving: NativeImage,
    site: Site,
    grid: Grid,
    settings: RegistrationSettings,
    *,
    corridors: bool,
) -> Ties:
    """Return ties on which phase and orientation correlation agree.

    With ``corridors`` the strips around tracks are hidden in both scenes: trains move there.
    """
    one, two = reference.on_grid(grid), moving.on_grid(grid)
    seen = one.valid & two.valid
    hidden = [a.polygon for a in site.having("ignore")]
    if corridors:
        hidden += [t.line.buffer(settings.corridor_m) for t in site.tracks]
    if hidden:
        seen &= ~grid.mask(hidden)
    light = [_flattened(r, seen) for r in (one, two)]
    edge = max(settings.window_px_min, 8 * round(settings.window_m / grid.pixel_m / 8))
    corners = _corners(seen, edge, grid, settings)
    batches = [corners[k : k + BATCH] for k in range(0, len(corners), BATCH)]
    found = [_measure(light, batch, edge, grid, settings) for batch in batches]
    rows, cols, down, right = np.concatenate([np.stack(f) for f in found] or [np.empty((4, 0))], axis=1)
    x, y = grid.to_metres(rows + edge / 2 - 0.5, cols + edge / 2 - 0.5)
    origin = reference.to_pixel
    return Ties(
        x=x - origin.x0,
        y=y - origin.y0,
        east=right * grid.pixel_m,
        north=-down * grid.pixel_m,
        windows=len(corners),
    )


def _flattened(raster: Raster, seen: NDArray[np.bool_]) -> NDArray[np.float32]:
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


def _corners(
    seen: NDArray[np.bool_], edge: int, grid: Grid, settings: RegistrationSettings
) -> NDArray[np.intp]:
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
    kept = np.stack([r, c], axis=1)[share >= 1 - settings.masked_share_max]
    if len(kept) > settings.max_windows:
        kept = kept[np.linspace(0, len(kept) - 1, settings.max_windows).astype(np.intp)]
    return kept.astype(np.intp)


def _measure(
    light: list[NDArray[np.float32]],
    corners: NDArray[np.intp],
    edge: int,
    grid: Grid,
    settings: RegistrationSettings,
) -> tuple[NDArray[np.float64], ...]:
    """Return (row, col, down, right) of the windows on which both estimators agree."""
    a, b = (np.stack([v[r : r + edge, c : c + edge] for r, c in corners]) for v in light)
    taper = hann(edge, edge)
    reach = round(REACH_M / grid.pixel_m)
    first, second = (p - p.mean(axis=(1, 2), keepdims=True) for p in (a, b))
    phase = find_peaks(surfaces(first * taper, second * taper, whiten=True, sigma_px=1.2), reach)
    turned = [orientation(p, polarity=False) * taper for p in (a, b)]
    lines = find_peaks(surfaces(turned[0], turned[1], whiten=False, sigma_px=0.8), reach)
    agree = np.hypot(phase.rows - lines.rows, phase.cols - lines.cols) <= settings.agreement_px
    inside = np.hypot(phase.rows, phase.cols) < reach - 1
    good = agree & inside & (phase.z >= settings.peak_z_min)
    down, right = 0.5 * (phase.rows + lines.rows), 0.5 * (phase.cols + lines.cols)
    return (corners[good, 0].astype(np.float64), corners[good, 1].astype(np.float64), down[good], right[good])
