"""Where cloud and the shadow of cloud lie over the ground: from one date, and with another beside it.

The ground is seen in cells of some metres. Of each cell, and of the ground about it at several scales,
brightness, band ratios and texture are taken against the scene's own typical ground; with another date in the
same frame also how both dates differ and whether the fine pattern of the ground is the same on both: cloud
hides it, shadow only dims it. A small network (``python -m training.cloud_net``, painted scenes alone) gives
from these the log-odds of cloud and of cloud shadow.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tumangang_watch.grid import Float32, Mask
from tumangang_watch.model.image import Raster
from tumangang_watch.nets import weights
from tumangang_watch.settings.preprocess import CloudSettings

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
NEVER = 9.0
"""Log-odds against what cannot be."""
BRIGHT_SHARE = 0.3
"""Share of cells of `CloudSettings.alone_min` from which a region may be opaque cloud."""
MIDDLE = 5.0
"""Cells from a region's edge at which no ground beyond it is seen any more."""
PLAINLY = 0.95
"""Quantile of the likeness of two dates that cloud over most of a scene leaves alone."""
FLOOR = 0.02
"""Added to shares of the typical ground before their logarithm is taken."""


@dataclass(frozen=True, kw_only=True)
class SceneCells:
    """One date in cells."""

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
    rows, cols = (n // (factor * CELL) for n in raster.grid.shape)
    crop = slice(0, rows * CELL * factor), slice(0, cols * CELL * factor)
    values, valid = raster.values[:, crop[0], crop[1]], raster.valid[crop]
    fine = (cols * CELL, rows * CELL)
    seen = cv2.resize(valid.astype(np.float32), (cols, rows), interpolation=cv2.INTER_AREA) > 0.999
    shares: dict[str, Float32] = {}
    for band, layer in zip(raster.bands, values, strict=True):
        name = "green" if band == "pan" else band
        if name not in BANDS:
            continue
        dark, typical = _levels(layer[valid])
        small = cv2.resize(layer, fine, interpolation=cv2.INTER_AREA) if factor > 1 else layer
        shares[name] = np.asarray((small - dark) / max(typical - dark, 1e-6), np.float32)
    visible = [shares[b] for b in BANDS[:3] if b in shares] or list(shares.values())
    light = np.stack(visible).mean(axis=0, dtype=np.float32)
    smooth = np.asarray(cv2.blur(np.asarray(light), (5, 5)), np.float32)
    detail = light - smooth
    log = np.zeros((4, rows, cols), np.float32)
    for k, name in enumerate(BANDS):
        if name in shares:
            mean = cv2.resize(shares[name], (cols, rows), interpolation=cv2.INTER_AREA)
            log[k] = np.log(np.maximum(mean, 0) + FLOOR)
    spread = np.sqrt(cv2.resize(detail**2, (cols, rows), interpolation=cv2.INTER_AREA))
    return SceneCells(
        seen=seen,
        log=log,
        has_nir="nir" in shares,
        has_colour={"blue", "red"} <= shares.keys(),
        detail=detail,
        texture=np.log(spread + 0.01).astype(np.float32),
    )


def _levels(values: Float32) -> tuple[float, float]:
    """Return the darkest and the typical ground of a band."""
    if not values.size:
        return 0.0, 1.0
    dark, typical = np.quantile(values[:: max(1, values.size // 100_000)], (0.005, 0.3))
    return 0.8 * float(dark), float(typical)


def features_of(cells: SceneCells, other: SceneCells | None = None) -> Float32:
    """Return what the network sees of each cell (features, rows, cols), with or without another date."""
    weight = cells.seen.astype(np.float32)
    light = _light(cells)
    zero = np.zeros_like(light)
    layers = [light, cells.texture]
    ratio = cells.log[0] - cells.log[2] if cells.has_colour else zero
    green = cells.log[1] - 0.5 * (cells.log[0] + cells.log[2]) if cells.has_colour else zero
    nir = cells.log[3] - light if cells.has_nir else zero
    layers += [ratio, green, nir]
    rough = np.abs(light - _around(light, weight, 1.0))
    layers.append(np.log(rough + 0.02))
    out = [*layers]
    for sigma in SCALES:
        out += [_around(layer, weight, sigma) for layer in layers]
    bright = light - _around(light, weight, 40.0)
    out.append(bright)
    out += [zero + float(cells.has_colour), zero + float(cells.has_nir), zero + float(other is not None)]
    out += _compared(cells, other, light, ratio)
    return np.stack(out).astype(np.float32)


def _compared(cells: SceneCells, other: SceneCells | None, light: Float32, ratio: Float32) -> list[Float32]:
    """Return how two dates differ about each cell, and over the scene; zero without another date.

    Cloud adds light and takes contrast, its shadow takes of both alike; either lets the ground's pattern
    through. What the season does it does to the whole scene.
    """
    zero = np.zeros_like(light)
    if other is None:
        return [zero] * (4 * (1 + len(SCALES)) + 2 + 2 * len(OF_SCENE))
    both = cells.seen & other.seen
    weight = both.astype(np.float32)
    alike, _ = _pattern(cells, other, *NEAR)
    wide, gain = _pattern(cells, other, *WIDE)
    change = [light - _light(other), cells.texture - other.texture, alike]
    change.append(ratio - (other.log[0] - other.log[2] if other.has_colour and cells.has_colour else ratio))
    change = [np.asarray(layer * weight, np.float32) for layer in change]
    out = [*change]
    for sigma in SCALES:
        out += [_around(layer, weight, sigma) for layer in change]
    out += [wide * weight, gain * weight]
    for layer in (change[0], wide):
        levels = np.quantile(layer[both], OF_SCENE) if both.any() else np.zeros(len(OF_SCENE))
        out += [zero + np.float32(level) for level in levels]
    return out


def _around(layer: Float32, weight: Float32, sigma: float) -> Float32:
    """Return the mean of a layer about each cell, of what is seen."""
    size = (0, 0)
    total = cv2.GaussianBlur(layer * weight, size, sigma)
    return np.asarray(total / np.maximum(cv2.GaussianBlur(weight, size, sigma), 1e-3), np.float32)


def _alike(cells: SceneCells, other: SceneCells) -> Float32:
    """Return how far the fine patterns of two dates follow each other about each cell, -1 to 1."""
    return _pattern(cells, other, *NEAR)[0]


def _pattern(cells: SceneCells, other: SceneCells, smooth: float, sigma: float) -> tuple[Float32, Float32]:
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


def log_odds(features: Float32) -> Float32:
    """Return the log-odds (2, rows, cols) of cloud and of cloud shadow over each cell of `features_of`."""
    net = weights("cloud_net")
    flat = (features.reshape(len(features), -1) - net["mean"][:, None]) / net["scale"][:, None]
    flat = np.clip(flat, -5, 5)
    for layer in ("a", "b"):
        flat = np.maximum(net[f"{layer}.weight"] @ flat + net[f"{layer}.bias"][:, None], 0)
    out = net["e.weight"] @ flat + net["e.bias"][:, None]
    return np.asarray(out, np.float32).reshape(-1, *features.shape[1:])


def cloud_over(
    raster: Raster, settings: CloudSettings, other: Raster | None = None, vendor: Mask | None = None
) -> tuple[Mask, Mask]:
    """Return where cloud, and where its shadow, lies over a scene on its grid.

    Parameters
    ----------
    other : Raster, optional
        Another date in the same frame, on the same grid.
    vendor : (rows, cols) bool, optional
        Where the vendor's mask says cloud: believed, but for what another date shows to be plain ground.
    """
    none = np.zeros(raster.grid.shape, dtype=bool)
    factor = max(1, round(FINE_M / raster.grid.pixel_m)) * CELL
    if min(raster.grid.shape) < 8 * factor or not raster.valid.any():
        return (none if vendor is None else vendor & raster.valid), none
    cells = cells_of(raster)
    beside = None if other is None else cells_of(other)
    if beside is not None and not _tells(cells, beside, settings):
        beside = None
    cloud, shadow = log_odds(features_of(cells, beside))
    may, dimmed = _changed(cells, beside, settings)
    cloud, shadow = np.where(may, cloud, -NEVER), np.where(dimmed, shadow, -NEVER)
    cell_m = factor * raster.grid.pixel_m
    area_min_m2 = settings.alone_area_min_m2 if beside is None else settings.area_min_m2
    found = _regions(cloud, cells.seen, area_min_m2, cell_m, settings)
    if beside is not None:
        found = _wide(_not_built(found, cells, beside, cell_m, settings), cell_m, settings)
    if vendor is not None:
        doubted = np.zeros_like(found) if beside is None else cloud < -settings.vendor_against
        none = vendor & ~_on_grid(doubted, raster, factor)
    shadow = np.where(found, -NEVER, shadow - settings.shadow_bias)
    shaded = _wide(
        _regions(shadow, cells.seen, settings.shadow_area_min_m2, cell_m, settings), cell_m, settings
    )
    return (_on_grid(found, raster, factor) | none) & raster.valid, _on_grid(
        shaded, raster, factor
    ) & raster.valid


def _changed(cells: SceneCells, other: SceneCells | None, settings: CloudSettings) -> tuple[Mask, Mask]:
    """Return which cells are bright enough for cloud, and which dark enough for its shadow.

    Against the other date, which shows the same pavement as bright; without one, against the typical ground:
    what is less than plainly brighter may be concrete, and nothing tells shadow from dark ground for sure.
    """
    light = _light(cells)
    if other is None:
        return light > settings.alone_min, np.zeros(light.shape, dtype=bool)
    both = (cells.seen & other.seen).astype(np.float32)
    change = _around(light - _light(other), both, 1.0)
    known = both > 0
    return (change > settings.brighter_min) & known, (change < -settings.darker_min) & known


def _tells(cells: SceneCells, other: SceneCells, settings: CloudSettings) -> bool:
    """Return whether two dates show the same ground where both are clear: not so across snow."""
    known = cells.seen & other.seen
    return (
        bool(known.any())
        and float(np.quantile(_alike(cells, other)[known], PLAINLY)) >= settings.alike_scene_min
    )


def _not_built(
    found: Mask, cells: SceneCells, other: SceneCells, cell_m: float, settings: CloudSettings
) -> Mask:
    """Return regions of cloud without new surfaces: thin cloud shows ground, opaque cloud is bright.

    A region of one brightness, not as bright and no larger than what is built, in whose middle nothing of
    the other date's pattern is left is new ground.
    """
    both = (cells.seen & other.seen).astype(np.float32)
    alike, light = _around(_alike(cells, other), both, 1.0), _light(cells)
    count, labels = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    away = cv2.distanceTransform(found.astype(np.uint8), cv2.DIST_L2, 3)
    keep = np.zeros(count, dtype=bool)
    for k in range(1, count):
        region = labels == k
        middle = region & (away >= min(MIDDLE, 0.7 * float(away[region].max())))
        seen_through = float(np.median(alike[middle])) > settings.alike_min
        low, high = np.quantile(light[middle], (0.1, 0.9))
        uneven = float(high - low) > settings.uneven_min
        uneven = uneven or float(region.sum()) * cell_m**2 > settings.built_max_m2
        keep[k] = seen_through or uneven or float((light[middle] > settings.alone_min).mean()) > BRIGHT_SHARE
    return keep[labels]


def _wide(found: Mask, cell_m: float, settings: CloudSettings) -> Mask:
    """Return regions that are somewhere wider than what comes or goes: a train that left is no cloud."""
    count, labels = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    away = cv2.distanceTransform(np.pad(found, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    widest = np.array([away[labels == k].max(initial=0.0) for k in range(count)])
    keep = 2 * widest * cell_m >= settings.wide_min_m
    keep[0] = False
    return np.asarray(keep[labels])


def _light(cells: SceneCells) -> Float32:
    return np.asarray(cells.log[:3].mean(axis=0) if cells.has_colour else cells.log[1], np.float32)


def _regions(odds: Float32, seen: Mask, area_min_m2: float, cell_m: float, settings: CloudSettings) -> Mask:
    """Return regions of likely cells that hold sure ones, large enough, with their soft edge."""
    calm = np.asarray(cv2.GaussianBlur(odds, (0, 0), 0.8), np.float32)
    likely = seen & (calm > settings.log_odds_min)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(likely.astype(np.uint8), connectivity=8)
    sure = np.bincount(labels[seen & (calm > settings.log_odds_sure)], minlength=count)
    large = stats[:, cv2.CC_STAT_AREA] * cell_m**2 >= area_min_m2
    keep = large & (sure >= settings.sure_share * stats[:, cv2.CC_STAT_AREA])
    keep[0] = False
    edge = max(1, round(settings.buffer_m / cell_m))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * edge + 1, 2 * edge + 1))
    return np.asarray(cv2.dilate(keep[labels].astype(np.uint8), kernel) > 0)


def _on_grid(cells: Mask, raster: Raster, factor: int) -> Mask:
    """Return cells at a scene's own pixels; the last cells reach to its edge."""
    rows, cols = raster.grid.shape
    at = (np.minimum(np.arange(n) // factor, m - 1) for n, m in zip((rows, cols), cells.shape, strict=True))
    return cells[np.ix_(*at)]
