"""Tie points between scenes: places on which two correlations agree by how much one lies off the other.

Where snow or leaf changed every brightness, fields of edge directions (`directions`) are correlated instead:
a roof's edge, a rail or a bank stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from tumangang_watch.grid import Cut, Float32, Float64, Grid, Mask
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.site import Site
from tumangang_watch.preprocess.correlation import find_peaks, orientation, surfaces
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
SURROUNDINGS_M = 8.0
"""Slower shading than this is taken off before windows are correlated."""
GOLDEN = 0.6180339887
"""Multiples of it, less their whole parts, are spread evenly however many there are."""


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
    ground: Raster,
    moving: NativeImage,
    site: Site,
    settings: RegistrationSettings,
    *,
    corridors: bool,
    enough: int,
) -> Ties:
    """Return ties on which phase and orientation correlation agree.

    Windows are examined until there are ``enough`` ties: first those that do not overlap, spread evenly.
    ``ground`` is the reference on the grid that both are compared on: it stays as it is while the moving one
    is laid on it again and again. With ``corridors`` the strips around tracks are hidden in both scenes:
    trains move there.
    """
    grid, other = ground.grid, moving.on_grid(ground.grid)
    edge = max(settings.window_px_min, 8 * round(settings.window_m / grid.pixel_m / 8))
    hidden = [site.left_out]
    if corridors:
        hidden += [t.line.buffer(settings.corridor_m) for t in site.tracks]
    pieces = []
    for (cut, one), (_, two) in zip(ground.pieces(), other.pieces(), strict=True):
        pieces.append(_SharedGround(cut, (one, two), one.valid & two.valid & ~one.grid.mask(hidden)))
    found, windows = np.empty((4, 0)), 0
    for batches in _in_turn(pieces, edge, settings):
        own = side_by_side(lambda batch: _measure(batch, edge, grid.pixel_m, settings), batches)
        windows += sum(len(batch.corners) for batch in batches)
        found = np.concatenate([found, *own], axis=1)
        if found.shape[1] >= enough:
            break
    rows, cols, down, right = found
    x, y = grid.to_metres(rows + edge / 2 - 0.5, cols + edge / 2 - 0.5)
    origin = moving.to_pixel
    return Ties(
        x=x - origin.x0,
        y=y - origin.y0,
        east=right * grid.pixel_m,
        north=-down * grid.pixel_m,
        windows=windows,
    )


@dataclass(frozen=True)
class _SharedGround:
    """A window of a grid in which both scenes are looked at."""

    cut: Cut
    pair: tuple[Raster, Raster]
    seen: Mask

    @cached_property
    def light(self) -> tuple[Float32, Float32]:
        """Both scenes' detail; see `_flattened`."""
        one, two = side_by_side(lambda raster: _flattened(raster, self.seen), self.pair)
        return one, two


@dataclass(frozen=True)
class _TieBatch:
    """Tie-point windows that are looked at together."""

    cut: Cut
    """Of the window of the grid in which they lie."""
    light: tuple[Float32, Float32]
    corners: NDArray[np.intp]
    """(n, 2): row and column."""


def _in_turn(
    pieces: list[_SharedGround], edge: int, settings: RegistrationSettings
) -> Iterator[list[_TieBatch]]:
    """Yield two batches of windows at a time, in the order in which they are examined."""
    corners = [_corners(piece.seen, edge, piece.pair[0].grid, settings) for piece in pieces]
    piece_of = np.repeat(np.arange(len(pieces)), [len(own) for own in corners])
    every = np.concatenate(corners)
    row, col = every[:, 2:].T
    # Those of even rows and columns first: others overlap them by half.
    turn = 2 * (row ^ col) + row
    order = np.lexsort((np.arange(len(every)) * GOLDEN % 1, turn))[: settings.max_windows]
    for first in range(0, len(order), 2 * BATCH):
        batches: list[_TieBatch] = []
        for chosen in np.array_split(order[first : first + 2 * BATCH], 2):
            for k in np.unique(piece_of[chosen]):
                corners_here = every[chosen[piece_of[chosen] == k], :2]
                batches.append(_TieBatch(pieces[k].cut, pieces[k].light, corners_here))
        yield batches


def _flattened(raster: Raster, seen: Mask) -> Float32:
    """Return log luminance less its own surroundings, hidden ground filled smoothly.

    Slow shading (haze, season, light) drops out, and hidden ground has no edges to correlate.
    """
    log = np.log(np.maximum(raster.luminance(), 1e-3)).astype(np.float32)
    mask = seen.astype(np.float32)
    sigma = SURROUNDINGS_M / raster.grid.pixel_m
    weight = _smooth(mask, sigma) + np.float32(1e-4)
    slow = _smooth(log * mask, sigma) / weight
    soft = cv2.GaussianBlur(cv2.erode(mask, np.ones((5, 5), np.uint8)), (0, 0), 1.5)
    detail = (log - slow) * soft
    limit = 3.0 * float(np.std(detail[seen])) + 1e-6 if seen.any() else 1.0
    return np.clip(detail, -limit, limit)


def _smooth(plane: Float32, sigma: float) -> Float32:
    """Return a plane under a wide Gaussian, taken on cells of a quarter of it."""
    cell = int(sigma / 4)
    if cell < 2:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
    rows, cols = plane.shape
    size = max(1, cols // cell), max(1, rows // cell)
    cells = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(cells, (0, 0), sigma / cell)
    return np.asarray(cv2.resize(blurred, (cols, rows)), np.float32)


def _corners(seen: Mask, edge: int, grid: Grid, settings: RegistrationSettings) -> NDArray[np.intp]:
    """Return (n, 4) of windows that show enough ground: top-left corners, and which row and column is odd."""
    rows, cols = grid.shape
    if rows < edge or cols < edge:
        return np.empty((0, 4), dtype=np.intp)
    step = max(4, round(settings.step_m / grid.pixel_m))
    total = cv2.integral(seen.astype(np.uint8))
    grid_rows = np.unique(np.append(np.arange(0, rows - edge + 1, step), rows - edge))
    grid_cols = np.unique(np.append(np.arange(0, cols - edge + 1, step), cols - edge))
    i, j = np.indices((len(grid_rows), len(grid_cols))).reshape(2, -1)
    r, c = grid_rows[i], grid_cols[j]
    share = (total[r + edge, c + edge] - total[r, c + edge] - total[r + edge, c] + total[r, c]) / edge**2
    return np.stack([r, c, i % 2, j % 2], axis=1)[share >= 1 - settings.masked_share_max].astype(np.intp)


def _measure(batch: _TieBatch, edge: int, pixel_m: float, settings: RegistrationSettings) -> Float64:
    """Return (4, n): row and column of windows on which both estimators agree, and how far down and right."""
    corners = batch.corners
    patches = [np.stack([v[r : r + edge, c : c + edge] for r, c in corners]) for v in batch.light]
    taper = np.outer(np.hanning(edge), np.hanning(edge)).astype(np.float32)
    reach = round(REACH_M / pixel_m)
    first, second = ((p - p.mean(axis=(1, 2), keepdims=True)) * taper for p in patches)
    phase = find_peaks(surfaces(first, second, whiten=True, sigma_px=1.2), reach)
    sure = (np.hypot(phase.rows, phase.cols) < reach - 1) & (phase.z >= settings.peak_z_min)
    if not sure.any():
        return np.empty((4, 0))
    turned = [orientation(p[sure]) * taper for p in patches]
    lines = find_peaks(surfaces(turned[0], turned[1], whiten=False, sigma_px=0.8), reach)
    rows, cols = phase.rows[sure], phase.cols[sure]
    agree = np.hypot(rows - lines.rows, cols - lines.cols) <= settings.agreement_px
    down, right = 0.5 * (rows + lines.rows)[agree], 0.5 * (cols + lines.cols)[agree]
    top, left = corners[sure][agree].T.astype(np.float64)
    return np.stack([top + batch.cut[0].start, left + batch.cut[1].start, down, right])
