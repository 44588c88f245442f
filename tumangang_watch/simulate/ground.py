"""The ground of a world: materials, texture and tracks on a fine grid, the same on every date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import LineString, Polygon, line_interpolate_point

from tumangang_watch.grid import Grid
from tumangang_watch.simulate.spectra import MATERIALS
from tumangang_watch.simulate.world import Surface, TrackAppearance, World

FINE_M = 0.125
"""Edge of the cells that the world is painted on, metres."""
NAMES = tuple(MATERIALS)
INDEX = {name: k for k, name in enumerate(NAMES)}
NOISE_STEP = 1 / 30
"""Noise is kept as int8 in thirtieths of a standard deviation."""
GAUGE_HALF_M = 0.76
SLEEPER_HALF_M = 1.35


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The static ground on the fine grid, (rows, cols) each.

    ``material`` is an index into ``NAMES``; ``look`` a factor on reflectance (tracks, stains, wear);
    ``weeds`` their cover in high summer and ``melt`` how badly snow lies, both 0 to 1; ``noise`` (4, rows,
    cols) fine, medium and coarse brightness and tint, in `NOISE_STEP`.
    """

    grid: Grid
    material: NDArray[np.uint8]
    look: NDArray[np.float32]
    weeds: NDArray[np.float32]
    melt: NDArray[np.float32]
    noise: NDArray[np.int8]


def fine_grid(world: World) -> Grid:
    """Return the fine grid over a world's bounds."""
    west, south, east, north = world.bounds
    west, north = floor(west), ceil(north)
    return Grid(
        crs=world.site.crs,
        west=west,
        north=north,
        pixel_m=FINE_M,
        rows=ceil((north - south) / FINE_M),
        cols=ceil((east - west) / FINE_M),
    )


@lru_cache(maxsize=2)
def ground_of(world: World) -> Ground:
    """Paint the static ground of a world (kept for the second date)."""
    grid = fine_grid(world)
    rng = np.random.default_rng([world.seed, 1])
    noise = _noise(grid, rng)
    material = np.full(grid.shape, INDEX[world.background], dtype=np.uint8)
    fill(material, grid, world.surfaces)
    look = np.ones(grid.shape, dtype=np.float32)
    melt = np.zeros(grid.shape, dtype=np.float32)
    weeds = _wild_weeds(material, noise)
    ground = Ground(grid=grid, material=material, look=look, weeds=weeds, melt=melt, noise=noise)
    for number, lay in ((2, _lay_bed), (3, _lay_rails)):
        for k, (track, style) in enumerate(zip(world.rails, world.looks, strict=True)):
            lay(ground, track.line, style, np.random.default_rng([world.seed, number, k]))
    for layer in (material, look, weeds, melt, noise):
        layer.flags.writeable = False
    return ground


def fill(target: NDArray[np.uint8], grid: Grid, surfaces: Sequence[Surface]) -> None:
    """Burn surfaces into a material map, in order."""
    for surface in surfaces:
        burn(target, grid, surface.polygon, INDEX[surface.material])


def burn(target: NDArray[np.uint8], grid: Grid, polygon: Polygon, value: int) -> None:
    """Set the cells of a polygon (holes respected) to a value."""
    if polygon.is_empty:
        return
    parts = getattr(polygon, "geoms", [polygon])
    for part in parts:
        if part.geom_type != "Polygon":
            continue
        rings = [np.asarray(part.exterior.coords)] + [np.asarray(r.coords) for r in part.interiors]
        pixels = []
        for ring in rings:
            row, col = grid.to_pixel(ring[:, 0], ring[:, 1])
            pixels.append(np.rint(np.stack([col, row], axis=1) * 16).astype(np.int32))
        cv2.fillPoly(target, pixels, value, shift=4)


def _noise(grid: Grid, rng: np.random.Generator) -> NDArray[np.int8]:
    """Draw the four noise fields of a world."""
    out = np.empty((4, *grid.shape), dtype=np.int8)
    fine = rng.standard_normal(grid.shape, dtype=np.float32)
    fine += 1.1 * _octave(grid, rng, 0.3)
    out[0] = _quantised(fine)
    out[1] = _quantised(_octave(grid, rng, 0.8) + _octave(grid, rng, 1.7) + 0.8 * _octave(grid, rng, 3.5))
    out[2] = _quantised(_octave(grid, rng, 7.0) + _octave(grid, rng, 15.0) + _octave(grid, rng, 34.0))
    out[3] = _quantised(0.6 * _octave(grid, rng, 1.2) + _octave(grid, rng, 5.0) + _octave(grid, rng, 20.0))
    return out


def _octave(grid: Grid, rng: np.random.Generator, scale_m: float) -> NDArray[np.float32]:
    """Draw smooth noise of unit variance with features of about ``scale_m``."""
    step = max(scale_m / FINE_M, 1.0)
    rows, cols = ceil(grid.rows / step) + 4, ceil(grid.cols / step) + 4
    coarse = rng.standard_normal((rows, cols), dtype=np.float32)
    warp = np.array([[step, 0, -step], [0, step, -step]], dtype=np.float64)
    return cv2.warpAffine(coarse, warp, (grid.cols, grid.rows), flags=cv2.INTER_CUBIC) / np.float32(0.72)


def _quantised(field: NDArray[np.float32]) -> NDArray[np.int8]:
    field -= field.mean()
    field /= max(float(field.std()), 1e-6) * NOISE_STEP
    return np.clip(field, -120, 120).astype(np.int8)


def _wild_weeds(material: NDArray[np.uint8], noise: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return patches of weeds on loose ground, in clumps with ragged edges."""
    liking = np.zeros(len(NAMES), dtype=np.float32)
    for name, share in {
        "cinder": 0.4,
        "soil": 0.35,
        "gravel": 0.12,
        "dirt_road": 0.06,
        "ballast_brown": 0.15,
        "dry_grass": 0.35,
        "stubble": 0.2,
        "sand": 0.1,
        "ballast_grey": 0.06,
    }.items():
        liking[INDEX[name]] = share
    field = noise[2].astype(np.float32) * 0.02 + noise[1] * 0.018 + noise[0] * 0.008
    like = liking[material]
    return np.clip((field - 1.3 + 2.2 * like) * 0.9, 0, 0.85) * (like > 0)


def track_frame(
    line: LineString, half_width_m: float, step_m: float = FINE_M * 0.55
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return ``(x, y, s, d)`` of a dense mesh along a line: s along, d to its right, metres.

    x and y have shape (len(s), len(d)).
    """
    count = int(line.length / step_m) + 2
    s = np.linspace(0, line.length, count)
    at = line_interpolate_point(line, s)
    x, y = np.array([p.x for p in at]), np.array([p.y for p in at])
    reach = max(int(1.0 / step_m), 1)
    tx = np.convolve(np.pad(np.gradient(x), reach, "edge"), np.ones(2 * reach + 1), "valid")
    ty = np.convolve(np.pad(np.gradient(y), reach, "edge"), np.ones(2 * reach + 1), "valid")
    norm = np.hypot(tx, ty)
    d = np.arange(-half_width_m, half_width_m + step_m, step_m)
    return x[:, None] + d * (ty / norm)[:, None], y[:, None] - d * (tx / norm)[:, None], s, d


def _cells(
    grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return flat cell indices of points, and which points lie on the grid."""
    row, col = (np.rint(v).astype(np.intp) for v in grid.to_pixel(x, y))
    inside = (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
    return np.where(inside, row * grid.cols + col, 0), inside


def _along(rng: np.random.Generator, s: NDArray[np.float64], scale_m: float) -> NDArray[np.float64]:
    """Return smooth noise of about unit variance along a track."""
    knots = np.arange(0, s[-1] + 3 * scale_m, scale_m)
    return np.interp(s, knots, rng.standard_normal(len(knots)) * 1.2)


def _lay_bed(ground: Ground, line: LineString, style: TrackAppearance, rng: np.random.Generator) -> None:
    """Paint one track's ballast bed with ragged shoulders, stains along it and weeds."""
    material, look, weeds = ground.material.ravel(), ground.look.ravel(), ground.weeds.ravel()
    x, y, s, d = track_frame(line, style.shoulder_m + 0.5)
    cells, inside = _cells(ground.grid, x, y)
    edge = style.shoulder_m + 0.18 * _along(rng, s, 1.5) + 0.12 * _along(rng, s, 0.4)
    keep = inside & (np.abs(d)[None, :] < edge[:, None])
    chosen = cells[keep]
    material[chosen] = INDEX[style.ballast]
    if style.inner:
        rusty = 1.45 + 0.12 * _along(rng, s, 0.8) + 0.10 * _along(rng, s, 7.0)
        within = keep & (np.abs(d)[None, :] < rusty[:, None])
        material[cells[within]] = INDEX[style.inner]
    brightness = style.brightness * (1 + 0.07 * _along(rng, s, 25.0) + 0.04 * _along(rng, s, 4.0))
    middle = np.exp(-((d / 0.75) ** 2))
    spots = np.clip(0.5 + 0.35 * _along(rng, s, 9.0) + 0.25 * _along(rng, s, 1.2), 0, 1)
    look_here = brightness[:, None] * (1 - style.oil * middle[None, :] * spots[:, None])
    look[chosen] = look_here[keep]
    cover = np.clip(style.weeds * (1.1 + 0.9 * _along(rng, s, 12.0) + 0.5 * _along(rng, s, 1.5)), 0, 0.9)
    weeds[chosen] *= np.broadcast_to(cover[:, None], keep.shape)[keep] * 0.8
    sides = np.clip((np.abs(d) - 1.5) / 1.2, 0, 1)
    weeds[chosen] += (cover[:, None] * sides[None, :] * 0.5)[keep]


def _lay_rails(ground: Ground, line: LineString, style: TrackAppearance, rng: np.random.Generator) -> None:
    """Paint sleepers and rails."""
    material, look, melt = ground.material.ravel(), ground.look.ravel(), ground.melt.ravel()
    x, y, s, d = track_frame(line, SLEEPER_HALF_M + 0.1)
    cells, inside = _cells(ground.grid, x, y)
    number = np.floor(s / 0.575).astype(int)
    on_sleeper = (s / 0.575) % 1 < 0.43
    jitter = rng.normal(0, 0.05, number.max() + 1)[number]
    sleeper = on_sleeper[:, None] & (np.abs(d[None, :] + jitter[:, None]) < SLEEPER_HALF_M) & inside
    buried = np.clip(0.35 + 0.12 * _along(rng, s, 6.0) + 0.1 * _along(rng, s, 30.0), 0, 0.9)
    sleeper &= (rng.random(number.max() + 1)[number] > buried)[:, None]
    # Dust and stones hide most of every sleeper; whole ones would beat against the pixels.
    sleeper &= rng.random(sleeper.shape, dtype=np.float32) < 0.32
    material[cells[sleeper]] = INDEX[style.sleeper]
    worn = rng.normal(1.0, 0.12, number.max() + 1)[number]
    look[cells[sleeper]] *= np.broadcast_to(worn[:, None], sleeper.shape)[sleeper]
    across = np.abs(np.abs(d) - GAUGE_HALF_M)
    web = np.broadcast_to((across < 0.13)[None, :], sleeper.shape) & inside
    material[cells[web]] = INDEX["rail_rusty"]
    look[cells[web]] = 0.75
    crown = np.broadcast_to((across < 0.055)[None, :], sleeper.shape) & inside
    material[cells[crown]] = INDEX["rail" if style.shine > 0.3 else "rail_rusty"]
    look[cells[crown]] = 0.8 + 0.9 * style.shine
    melt[cells[web]] = 0.5 + 0.4 * style.shine
