"""How well a picture shows a site's geometry, for every shift at once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Float32, Float64, Floats, Grid, Mask
from tumangang_watch.model.image import Raster
from tumangang_watch.preprocess.site_fit.template import HEADINGS, Template

GROUP_CAP = 12.0
"""Most that one group can say for a shift: a roof or a shadow edge that happens to lie along an
outline explains much variance and means nothing. Calibrated by
``python -m benchmarks.registration --split train``."""

NOISE_SD = 0.003
"""Least standard deviation of a layer: an even picture differs by rounding alone, which explains nothing."""
SHIFTS_AT_A_TIME = 16
"""Shifts that are scored together: what more of them need does not stay in a processor's cache."""
EDGE_M = 2.0
"""Ground beside the end of a picture whose features are mixed with that end: two of their blurs."""
SHADE = 0.6
"""Brightness against the surroundings below which a pixel is taken for shadow: skylight alone gives
10-30 % of full light, blur mixes it with its edges."""
SURROUNDINGS_M = 8.0
"""Standard deviation of what counts as the surroundings."""


def features_of(light: Float32, ratio: Float32 | None, headings: tuple[int, ...], pixel_m: float) -> Float32:
    """Return (1 or 2 + headings, rows, cols): log brightness, band ratio, edge energy along heading bins.

    The energy of heading bin k is the log of the smoothed squared gradient across tracks whose normal lies in
    that bin: rails and the sides of vehicles alike raise it, however bright they are.

    Parameters
    ----------
    light, ratio : (rows, cols) float32
        Of `log_brightness_of` and `band_ratio_of`.
    """
    shown = [plain for plain in (light, ratio) if plain is not None]
    layers = np.empty((len(shown) + len(headings), *light.shape), np.float32)
    for layer, plain in zip(layers, shown, strict=False):
        layer[:] = cv2.GaussianBlur(plain, (0, 0), 0.8 / pixel_m)
    down, right = np.gradient(light)
    for layer, k in zip(layers[len(shown) :], headings, strict=True):
        angle = np.pi * k / HEADINGS
        across = (np.cos(angle) * right - np.sin(angle) * down).astype(np.float32)
        along = (np.sin(angle) * right + np.cos(angle) * down).astype(np.float32)
        sigma = 0.9 / pixel_m
        energy = cv2.GaussianBlur(across**2, (0, 0), sigma), cv2.GaussianBlur(along**2, (0, 0), sigma)
        layer[:] = np.log(energy[0] + 1e-6) - 0.5 * np.log(energy[1] + 1e-6)
    return layers


def log_brightness_of(raster: Raster) -> Float32:
    """Return the log luminance (rows, cols)."""
    return _filled(np.log(np.maximum(raster.luminance(), 1e-3)).astype(np.float32), raster)


def band_ratio_of(raster: Raster) -> Float32 | None:
    """Return the log ratio (rows, cols) of infrared, else green, to red; None without them."""
    other = "nir" if "nir" in raster.bands else "green" if "green" in raster.bands else None
    if other is None or "red" not in raster.bands:
        return None
    ratio = np.maximum(raster.band(other), 1e-3) / np.maximum(raster.band("red"), 1e-3)
    return _filled(np.log(ratio).astype(np.float32), raster)


def _filled(values: Float32, raster: Raster) -> Float32:
    """Return values with those about it where nothing is imaged: the end of a picture is no outline."""
    if raster.valid.all() or not raster.valid.any():
        return values
    seen, sigma = raster.valid.astype(np.float32), EDGE_M / raster.grid.pixel_m
    mean = float(values[raster.valid].mean())
    weight = cv2.GaussianBlur(seen, (0, 0), sigma)
    around = mean + cv2.GaussianBlur((values - mean) * seen, (0, 0), sigma) / np.maximum(weight, 1e-3)
    return np.where(raster.valid, values, around).astype(np.float32)


def shade(raster: Raster) -> Mask:
    """Return (rows, cols): what is much darker than its surroundings.

    A shadow beside a train is the strongest contrast of a yard, and lies a track further on.
    """
    light = raster.luminance()
    seen = raster.valid.astype(np.float32)
    sigma = SURROUNDINGS_M / raster.grid.pixel_m
    around = cv2.GaussianBlur(light * seen, (0, 0), sigma) / (cv2.GaussianBlur(seen, (0, 0), sigma) + 1e-6)
    dark = (light < SHADE * around).astype(np.uint8)
    return np.asarray(cv2.dilate(dark, np.ones((3, 3), np.uint8)) > 0)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What of a raster the fit looks at."""

    grid: Grid
    seen: Float32
    """(rows, cols); 1 where anything is seen."""
    sunlit: Float32
    """(rows, cols); 1 where it is seen, not in shadow, and not beside the end of the picture."""
    layers: Float32
    """(k, rows, cols), of `features_of`."""
    headings: tuple[int, ...]
    """Heading bins of the last layers, ascending."""
    log_brightness: Float32
    """(rows, cols), of `log_brightness_of`, as sharp as the raster."""
    band_ratio: Float32
    """(rows, cols), of `band_ratio_of`; zeros without."""

    @classmethod
    def of(cls, raster: Raster, template: Template) -> Picture:
        """Take the features of a raster that a template asks for."""
        grid, reach = raster.grid, 2 * round(EDGE_M / raster.grid.pixel_m) + 1
        headings = tuple(int(h) for h in np.unique(template.heading) if h >= 0)
        layers: Float32 | None = None
        seen, sunlit, brightness, ratio = (grid.zeros(np.float32) for _ in range(4))
        for cut, part in raster.pieces():
            light, own_ratio = log_brightness_of(part), band_ratio_of(part)
            features = features_of(light, own_ratio, headings, grid.pixel_m)
            layers = grid.zeros(np.float32, len(features)) if layers is None else layers
            layers[:, *cut] = features
            inner = cv2.erode(part.valid.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
            seen[cut], sunlit[cut] = part.valid, inner & ~shade(part)
            brightness[cut] = light
            if own_ratio is not None:
                ratio[cut] = own_ratio
        return cls(
            grid=grid,
            seen=seen,
            sunlit=sunlit,
            layers=grid.zeros(np.float32, 1 + len(headings)) if layers is None else layers,
            headings=headings,
            log_brightness=brightness,
            band_ratio=ratio,
        )

    @property
    def plain(self) -> Float32:
        """Brightness and band ratio, without the edge energies."""
        return self.layers[: len(self.layers) - len(self.headings)]


def score_groups(
    picture: Picture, template: Template, east_m: Float64, north_m: Float64, sample_m2: float
) -> Float64:
    """Return (n, groups): what each group of points gains by the site's geometry, for each shift.

    Each group of points is split in two classes, bed and beside, or inside and outside. The gain of
    two means over one is ``-n/2 log(1 - eta2)``, with ``eta2`` the share of variance explained and
    ``n`` the independent samples of ``sample_m2`` of ground. Edge energy counts only where the bed has
    more of it.
    """
    layers, plain, grid = picture.layers, picture.plain, picture.grid
    starts = np.flatnonzero(np.r_[True, np.diff(template.group * 2 + template.inner) != 0])
    keys = (template.group * 2 + template.inner)[starts]
    if len(keys) != 2 * template.groups:
        raise ValueError("a group of the template lacks one of its sides")
    headings = template.heading[template.group]
    layer_of = len(plain) + np.searchsorted(picture.headings, np.arange(HEADINGS))
    tracks = np.flatnonzero(headings >= 0)
    gain = np.zeros((len(east_m), template.groups))
    seen = picture.sunlit
    for first in range(0, len(east_m), SHIFTS_AT_A_TIME):
        part = slice(first, first + SHIFTS_AT_A_TIME)
        row, col = grid.to_pixel(template.x + east_m[part, None], template.y + north_m[part, None])
        maps = col.astype(np.float32), row.astype(np.float32)
        weight = (cv2.remap(seen, *maps, cv2.INTER_LINEAR, borderValue=0.0) > 0.99).astype(np.float64)
        counts = _by_side(weight, starts)
        for layer in plain:
            values = cv2.remap(layer, *maps, cv2.INTER_LINEAR).astype(np.float64)
            gain[part] += _gain(values, weight, starts, counts, sample_m2, signed=False)
        energy = np.zeros(row.shape)
        energy[:, tracks] = _nearest(layers, layer_of[headings[tracks]], row[:, tracks], col[:, tracks])
        signed = _gain(energy, weight, starts, counts, sample_m2, signed=True)
        gain[part] += np.where(template.heading >= 0, signed, 0.0)
    return gain


def _nearest(layers: Float32, layer: NDArray[np.intp], row: Float64, col: Float64) -> Floats:
    """Return (shifts, points): of each point's layer the pixel nearest to it; 0 beyond the picture."""
    rows, cols = layers.shape[1:]
    r, c, flat = np.rint(row), np.rint(col), layers.reshape(-1)
    if (
        r.min(initial=0) >= 0
        and r.max(initial=0) < rows
        and c.min(initial=0) >= 0
        and c.max(initial=0) < cols
    ):
        return flat.take(((layer * rows + r) * cols + c).astype(np.intp))
    inside = (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
    place = np.where(inside, (layer * rows + r) * cols + c, 0).astype(np.intp)
    return np.where(inside, flat.take(place), 0.0)


def _by_side(values: Floats, starts: NDArray[np.intp]) -> Float64:
    """Return sums (shifts, groups, 2) over the sides of the groups, of (shifts, points)."""
    return np.asarray(np.add.reduceat(values, starts, axis=1).reshape(len(values), -1, 2))


def _gain(
    values: Floats,
    weight: Float64,
    starts: NDArray[np.intp],
    counts: Float64,
    sample_m2: float,
    *,
    signed: bool,
) -> Float64:
    """Return each group's gain of two means over one, (shifts, groups)."""
    weighted, total = values * weight, counts.sum(axis=2)
    sums, squares = _by_side(weighted, starts), _by_side(weighted * values, starts)
    mean = sums / np.maximum(counts, 1)
    overall = sums.sum(axis=2) / np.maximum(total, 1)
    whole = squares.sum(axis=2) - total * overall**2 + total * NOISE_SD**2
    between = (counts * (mean - overall[..., None]) ** 2).sum(axis=2)
    share = np.clip(between / np.maximum(whole, 1e-9), 0.0, 0.98)
    gain = -0.5 * (total / sample_m2) * np.log(1 - share)
    gain = GROUP_CAP * (1 - np.exp(-gain / GROUP_CAP))
    if signed:
        gain = np.where(mean[..., 1] > mean[..., 0], gain, -gain)
    return np.where((counts >= 8).all(axis=2), gain, 0.0)
