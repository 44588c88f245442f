"""Where lines run through a scene, and in which direction: the ground worth reading for tracks.

Rails, ballast and sleepers are the same along a track and change across it, so the power of a patch of ground
gathers in its spectrum on the line across the track (local spectral orientation; Bigun and Granlund, 1987).
This only spares the network ground without lines: it tells no track.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from shapely.geometry.base import BaseGeometry

from tumangang_watch.grid import Float32, Floats, Grid, Mask
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.settings.tracks import TraceSettings

PATCH = 64
"""Pixels of a patch, half of which it shares with the next."""
BINS = 90
"""Directions in half a turn that are told apart."""
CELLS_AT_ONCE = 512
AROUND = (17, 17)
"""Pixels about one that say how bright the ground is."""
SHORTEST_PIXELS = 2.5
"""Shorter waves are not in the picture."""


@dataclass(frozen=True)
class Lines:
    """Lines through the cells of a grid."""

    places: Floats
    """(n, 2) site metres, middles of the cells with any ground that is to be searched."""
    strength: Floats
    """(n, BINS) power across each heading against that across all: 1 where no direction stands out."""
    step_m: float

    def along(self, heading_rad: float, half_rad: float) -> Floats:
        """Return the greatest strength (n,) of headings within a half angle of one (0: east, to the left)."""
        near = _turned(heading_rad) <= half_rad + np.pi / BINS
        return np.asarray(self.strength[:, near].max(axis=1))


def _turned(heading_rad: float | Floats) -> Floats:
    """Return the angle between each of the BINS headings and one, of lines without a direction."""
    every = np.pi * np.arange(BINS) / BINS
    return np.abs((every - heading_rad + np.pi / 2) % np.pi - np.pi / 2)


def lines_in(image: NativeImage, area: BaseGeometry, grid: Grid, settings: TraceSettings) -> Lines:
    """Return the lines that a scene shows in an area.

    ``grid`` lies over the area; its pixels say how fine the ground is looked at.
    """
    half = PATCH // 2
    found = [_lines_in(piece, area, settings) for _, piece in image.on_grid(grid).pieces()]
    places, strength = (np.concatenate(part) for part in zip(*found, strict=True))
    return Lines(places, strength, half * grid.pixel_m)


def _lines_in(raster: Raster, area: BaseGeometry, settings: TraceSettings) -> tuple[Floats, Floats]:
    """Return the middles of the cells of a raster, and their strength in each heading."""
    grid, half = raster.grid, PATCH // 2
    light = _flat(raster.luminance(), raster.valid)
    ground = grid.mask([area]) & raster.valid
    corners = [
        (top, left)
        for top in range(0, max(grid.rows - half, 1), half)
        for left in range(0, max(grid.cols - half, 1), half)
        if ground[top : top + PATCH, left : left + PATCH].any()
    ]
    padded = np.pad(light, ((0, PATCH), (0, PATCH)))
    waves, taper = _waves(grid.pixel_m, settings), np.hanning(PATCH)[:, None] * np.hanning(PATCH)
    strength = [
        _strength(np.stack([padded[r : r + PATCH, c : c + PATCH] for r, c in part]) * taper, waves)
        for part in (corners[k : k + CELLS_AT_ONCE] for k in range(0, len(corners), CELLS_AT_ONCE))
    ]
    places = np.array([grid.to_metres(r + half - 0.5, c + half - 0.5) for r, c in corners]).reshape(-1, 2)
    return places, np.concatenate(strength) if strength else np.zeros((0, BINS))


def _flat(light: Float32, valid: Mask) -> Float32:
    """Return brightness less that of the ground around, in shares of its scatter; 0 where not seen."""
    seen = valid.astype(np.float32)
    logs = np.log(np.maximum(light, 1e-3)) * seen
    share = np.maximum(cv2.blur(seen, AROUND), 1e-3)
    away = (logs - cv2.blur(logs, AROUND) / share) * seen
    scatter = np.sqrt(np.maximum(cv2.blur(away * away, AROUND), 0) / share)
    return np.asarray(np.clip(away / np.maximum(scatter, 1e-3), -3.0, 3.0), np.float32)


@dataclass(frozen=True)
class _Waves:
    """Those of the half spectrum of a patch that may be a track's."""

    used: Mask
    """(spectrum,) neither too long nor too short."""
    ring: Floats
    """(waves, rings) 1 where a wave is of a ring's wavelength."""
    share: Floats
    """(waves, BINS) of each heading's power."""


def _waves(pixel_m: float, settings: TraceSettings) -> _Waves:
    down, right = np.meshgrid(np.fft.fftfreq(PATCH, pixel_m), np.fft.rfftfreq(PATCH, pixel_m), indexing="ij")
    per_m = np.hypot(down, right)
    shortest_m = max(settings.line_wave_min_m, SHORTEST_PIXELS * pixel_m)
    fit = (per_m >= 1 / settings.line_wave_max_m) & (per_m <= 1 / shortest_m)
    per_patch = per_m[fit] * PATCH * pixel_m
    length = np.rint(per_patch).astype(int)
    away = _turned(np.arctan2(-down[fit], right[fit])[:, None] + np.pi / 2)
    # A wave of a patch is known in direction to half a pixel of the spectrum.
    share = np.maximum(1 - away / (np.pi / BINS + 0.5 / np.maximum(per_patch, 1.0)[:, None]), 0.0)
    rings = np.equal.outer(length, np.unique(length)).astype(float)
    return _Waves(fit.ravel(), rings, share / np.maximum(share.sum(axis=0), 1e-9))


def _strength(patches: Floats, waves: _Waves) -> Floats:
    """Return the power of patches (n, PATCH, PATCH) in each heading, (n, BINS), every wavelength alike."""
    power = np.abs(np.fft.rfft2(patches)) ** 2
    power = power.reshape(len(patches), -1)[:, waves.used]
    mean = power @ waves.ring / waves.ring.sum(axis=0)
    even = power / np.maximum(mean @ waves.ring.T, 1e-12)
    return np.asarray(even @ waves.share)
