"""Scenes in cells of some metres, and what the network of `cloud` sees of each.

Of a cell, and of the ground about it at several scales, brightness, band ratios and texture are taken against
the scene's own typical ground; with another date in the same frame also how both dates differ and whether the
fine pattern of the ground is the same on both: cloud hides it, shadow only dims it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tumangang_watch.grid import Float32, Mask
from tumangang_watch.model.image import Raster, ground_levels

FINE_M = 1.0
"""Pixels whose pattern counts as texture; coarser scenes are taken as they are."""
CELL = 4
"""Fine pixels an edge of a cell."""
SCALES = (1.5, 5.0, 15.0)
"""Standard deviations, in cells, of the surroundings of a cell: 6, 20 and 60 m in fine scenes."""
NEAR, WIDE = (0.7, 1.5), (1.5, 4.0)
"""Smoothing of the fine pattern, fine pixels, and about how far two dates' patterns are compared, cells."""
OF_SCENE = (0.1, 0.5, 0.9)
"""Quantiles over a scene of how its dates differ."""
BANDS = ("blue", "green", "red", "nir")
NO_TEXTURE = 0.01
"""Added to the pattern's spread before its logarithm is taken."""
FLOOR = 0.02
"""Added to shares of the typical ground before their logarithm is taken."""


@dataclass(frozen=True, kw_only=True)
class SceneCells:
    """One date in cells."""

    looked_at: Mask
    """(rows, cols) True in the windows in which anything is looked at."""
    seen: Mask
    """(rows, cols) True where all of a cell is imaged."""
    log: Float32
    """(4, rows, cols) log brightness of each of `BANDS` against the typical ground; 0 where not known."""
    has_nir: bool
    has_colour: bool
    detail: Float32
    """(fine rows, fine cols) the fine pattern of brightness, as a share of the typical ground."""
    texture: Float32
    """(rows, cols) log of the pattern's spread in a cell."""


def cells_of(raster: Raster) -> SceneCells:
    """Return a scene on its grid in cells.

    The typical ground is that of its darker half: cloud is not among it where less than half is under cloud.
    """
    factor = max(1, round(FINE_M / raster.grid.pixel_m))
    cells = raster.grid.blocks(factor * CELL)
    levels = {
        band: ground_levels(layer[raster.valid])
        for band, layer in zip(raster.bands, raster.values, strict=True)
        if band in (*BANDS, "pan")
    }
    looked_at, seen = np.zeros((2, *cells.shape), bool)
    texture = np.full(cells.shape, np.log(NO_TEXTURE), np.float32)
    log = np.zeros((4, *cells.shape), np.float32)
    names = {"green" if band == "pan" else band for band in levels}
    log[[k for k, name in enumerate(BANDS) if name in names]] = np.log(FLOOR)
    fine = raster.grid.blocks(factor).zeros(np.float32)
    detail = fine[: cells.rows * CELL, : cells.cols * CELL]
    for (rows, cols), _ in cells.pieces:
        at = slice(rows.start * CELL, rows.stop * CELL), slice(cols.start * CELL, cols.stop * CELL)
        down, right = (slice(s.start * factor, s.stop * factor) for s in at)
        part = raster.part((down, right))
        shares = _shares(part, levels, factor)
        visible = [shares[b] for b in BANDS[:3] if b in shares] or list(shares.values())
        light = np.stack(visible).mean(axis=0, dtype=np.float32)
        detail[at] = light - np.asarray(cv2.blur(np.asarray(light), (5, 5)), np.float32)
        size = cols.stop - cols.start, rows.stop - rows.start
        looked_at[rows, cols] = True
        imaged = part.valid.view(np.uint8) * np.uint8(255)
        seen[rows, cols] = cv2.resize(imaged, size, interpolation=cv2.INTER_AREA) == 255
        for k, name in enumerate(BANDS):
            if name in shares:
                mean = cv2.resize(shares[name], size, interpolation=cv2.INTER_AREA)
                log[k, rows, cols] = np.log(np.maximum(mean, 0) + FLOOR)
        spread = np.sqrt(cv2.resize(detail[at] ** 2, size, interpolation=cv2.INTER_AREA))
        texture[rows, cols] = np.log(spread + NO_TEXTURE)
    return SceneCells(
        looked_at=looked_at,
        seen=seen,
        log=log,
        has_nir="nir" in names,
        has_colour={"blue", "red"} <= names,
        detail=detail,
        texture=texture,
    )


def _shares(raster: Raster, levels: dict[str, tuple[float, float]], factor: int) -> dict[str, Float32]:
    """Return each of `BANDS` in fine pixels, as shares of the typical ground."""
    size, shares = (raster.grid.cols // factor, raster.grid.rows // factor), {}
    for band, (dark, typical) in levels.items():
        layer = raster.band(band)
        small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA) if factor > 1 else layer
        shares["green" if band == "pan" else band] = np.asarray(
            (small - dark) / max(typical - dark, 1e-6), np.float32
        )
    return shares


def features_of(cells: SceneCells, other: SceneCells | None = None) -> Float32:
    """Return what the network sees of each cell looked at (features, n), with or without another date."""
    weight, asked = cells.seen.astype(np.float32), cells.looked_at
    light = light_of(cells)
    zero = np.zeros_like(light)
    layers = [light, cells.texture]
    ratio = cells.log[0] - cells.log[2] if cells.has_colour else zero
    green = cells.log[1] - 0.5 * (cells.log[0] + cells.log[2]) if cells.has_colour else zero
    nir = cells.log[3] - light if cells.has_nir else zero
    layers += [ratio, green, nir]
    rough = np.abs(light - around(light, weight, 1.0))
    layers.append(np.log(rough + 0.02))
    out = [layer[asked] for layer in layers]
    for sigma in SCALES:
        out += [around(layer, weight, sigma)[asked] for layer in layers]
    out.append((light - around(light, weight, 40.0))[asked])
    known = (cells.has_colour, cells.has_nir, other is not None)
    out += [np.full(len(out[0]), float(flag), np.float32) for flag in known]
    out += _compared(cells, other, light, ratio)
    return np.stack(out).astype(np.float32, copy=False)


def _compared(cells: SceneCells, other: SceneCells | None, light: Float32, ratio: Float32) -> list[Float32]:
    """Return how two dates differ about each cell looked at, and over the scene; zero without another date.

    Cloud adds light and takes contrast, its shadow takes of both alike; either lets the ground's pattern
    through. What the season does it does to the whole scene.
    """
    asked = cells.looked_at
    count = int(asked.sum())
    if other is None:
        return [np.zeros(count, np.float32)] * (4 * (1 + len(SCALES)) + 2 + 2 * len(OF_SCENE))
    both = cells.seen & other.seen
    weight = both.astype(np.float32)
    alike, _ = pattern(cells, other, *NEAR)
    wide, gain = pattern(cells, other, *WIDE)
    change = [light - light_of(other), cells.texture - other.texture, alike]
    change.append(ratio - (other.log[0] - other.log[2] if other.has_colour and cells.has_colour else ratio))
    change = [np.asarray(layer * weight, np.float32) for layer in change]
    out = [layer[asked] for layer in change]
    for sigma in SCALES:
        out += [around(layer, weight, sigma)[asked] for layer in change]
    out += [(wide * weight)[asked], (gain * weight)[asked]]
    for layer in (change[0], wide):
        levels = np.quantile(layer[both], OF_SCENE) if both.any() else np.zeros(len(OF_SCENE))
        out += [np.full(count, level, np.float32) for level in levels]
    return out


def around(layer: Float32, weight: Float32, sigma: float) -> Float32:
    """Return the mean of a layer about each cell, of what is seen."""
    size = (0, 0)
    total = cv2.GaussianBlur(layer * weight, size, sigma)
    return np.asarray(total / np.maximum(cv2.GaussianBlur(weight, size, sigma), 1e-3), np.float32)


def alike(cells: SceneCells, other: SceneCells) -> Float32:
    """Return how far the fine patterns of two dates follow each other about each cell, -1 to 1."""
    return pattern(cells, other, *NEAR)[0]


def pattern(cells: SceneCells, other: SceneCells, smooth: float, sigma: float) -> tuple[Float32, Float32]:
    """Return how far two dates' fine patterns follow each other about each cell, and the log of their ratio.

    ``smooth`` is in fine pixels, ``sigma`` in cells.
    """
    rows, cols = cells.seen.shape

    def mean(values: Float32) -> Float32:
        small = cv2.resize(values, (cols, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma), np.float32)

    one, two = (
        np.asarray(cv2.GaussianBlur(d, (0, 0), smooth), np.float32) for d in (cells.detail, other.detail)
    )
    product, first, second = mean(one * two), mean(one**2), mean(two**2)
    alike = product / np.sqrt(first * second + 1e-8)
    return np.asarray(alike, np.float32), np.asarray(
        0.5 * np.log((first + 1e-5) / (second + 1e-5)), np.float32
    )


def light_of(cells: SceneCells) -> Float32:
    """Return the log brightness of each cell against the typical ground."""
    return np.asarray(cells.log[:3].mean(axis=0) if cells.has_colour else cells.log[1], np.float32)
