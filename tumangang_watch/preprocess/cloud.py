"""Where cloud and the shadow of cloud lie over the ground: from one date, and with another beside it.

The ground is seen in cells of some metres (`cloud_cells`). A small network (``python -m training.cloud_net``,
painted scenes alone) gives from what is measured of each the log-odds of cloud and of cloud shadow; what may
be either is weighed here by brightness, size and shape.
"""

from __future__ import annotations

import cv2
import numpy as np

from tumangang_watch.grid import Float32, Mask
from tumangang_watch.model.image import Raster
from tumangang_watch.nets import weights
from tumangang_watch.preprocess.cloud_cells import (
    CELL,
    FINE_M,
    SceneCells,
    alike,
    around,
    cells_of,
    features_of,
    light_of,
)
from tumangang_watch.settings.preprocess import CloudSettings

NEVER = 9.0
"""Log-odds against what cannot be."""
BRIGHT_SHARE = 0.3
"""Share of cells of `CloudSettings.alone_min` from which a region may be opaque cloud."""
MIDDLE = 5.0
"""Cells from a region's edge at which no ground beyond it is seen any more."""
PLAINLY = 0.95
"""Quantile of the likeness of two dates that cloud over most of a scene leaves alone."""


def log_odds(cells: SceneCells, other: SceneCells | None) -> Float32:
    """Return the log-odds (2, rows, cols) of cloud and of its shadow over each cell, none between windows."""
    net = weights("cloud_net")
    flat = (features_of(cells, other) - net["mean"][:, None]) / net["scale"][:, None]
    flat = np.clip(flat, -5, 5)
    for layer in ("a", "b"):
        flat = np.maximum(net[f"{layer}.weight"] @ flat + net[f"{layer}.bias"][:, None], 0)
    out = np.full((2, *cells.seen.shape), -NEVER, np.float32)
    out[:, cells.looked_at] = net["e.weight"] @ flat + net["e.bias"][:, None]
    return out


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
    cloud, shadow = log_odds(cells, beside)
    cell_m = factor * raster.grid.pixel_m
    if beside is None:
        found, dimmed = _alone(cloud, cells, cell_m, settings), np.zeros_like(cells.seen)
    else:
        may, dimmed = _changed(cells, beside, _calm(cloud) > settings.log_odds_doubtless, settings)
        cloud = np.where(may, cloud, -NEVER)
        found = _regions(cloud, cells.seen, settings.area_min_m2, cell_m, settings)
        found = _wide(_not_built(found, cells, beside, cell_m, settings), cell_m, settings)
    if vendor is not None:
        doubted = np.zeros_like(found) if beside is None else cloud < -settings.vendor_against
        none = vendor & ~_on_grid(doubted, raster, factor)
    shadow = np.where(found | ~dimmed, -NEVER, shadow - settings.shadow_bias)
    shaded = _wide(
        _regions(shadow, cells.seen, settings.shadow_area_min_m2, cell_m, settings), cell_m, settings
    )
    cloudy = _on_grid(found, raster, factor)
    for cut, _ in raster.grid.pieces:
        cloudy[cut] |= none[cut] & raster.valid[cut]
    return cloudy, _on_grid(shaded, raster, factor)


def _alone(cloud: Float32, cells: SceneCells, cell_m: float, settings: CloudSettings) -> Mask:
    """Return cloud where no other date tells: what is less than plainly brighter may be concrete or soil.

    Under much cloud the typical ground is cloud as well, and cloud is less bright against it: regions larger
    than what is built, no redder than the typical ground and in good part surely cloud, are cloud then too.
    """
    weight = cells.seen.astype(np.float32)
    plain, light = light_of(cells) > settings.alone_min, around(light_of(cells), weight, 1.0)
    redder = around(cells.log[2] - cells.log[0], weight, 1.0) > settings.redder_max
    surely = np.where(light > settings.alone_large_sure, cloud, np.minimum(cloud, 0.0))
    may = plain | ((light > settings.alone_large_min) & ~redder)
    found = np.zeros_like(cells.seen)
    for odds, area_min_m2 in (
        (np.where(plain, cloud, -NEVER), settings.alone_area_min_m2),
        (np.where(may, surely, -NEVER), settings.alone_large_min_m2),
    ):
        found |= _regions(odds, cells.seen, area_min_m2, cell_m, settings)
    return found


def _changed(cells: SceneCells, other: SceneCells, sure: Mask, settings: CloudSettings) -> tuple[Mask, Mask]:
    """Return which cells are bright enough for cloud, and which dark enough for its shadow.

    Against the other date, which shows the same pavement as bright. What the network is ``sure`` of may be as
    bright as the other date: cloud over snow is, and under much cloud the typical ground is bright itself.
    """
    both = cells.seen & other.seen
    change = around(light_of(cells) - light_of(other), both.astype(np.float32), 1.0)
    return ((change > settings.brighter_min) | sure) & both, (change < -settings.darker_min) & both


def _tells(cells: SceneCells, other: SceneCells, settings: CloudSettings) -> bool:
    """Return whether two dates show the same ground where both are clear: not so across snow."""
    known = cells.seen & other.seen
    return (
        bool(known.any())
        and float(np.quantile(alike(cells, other)[known], PLAINLY)) >= settings.alike_scene_min
    )


def _not_built(
    found: Mask, cells: SceneCells, other: SceneCells, cell_m: float, settings: CloudSettings
) -> Mask:
    """Return regions of cloud without new surfaces: thin cloud shows ground, opaque cloud is bright.

    A region of one brightness, not as bright and no larger than what is built, in whose middle nothing of
    the other date's pattern is left is new ground.
    """
    both = (cells.seen & other.seen).astype(np.float32)
    likeness, light = around(alike(cells, other), both, 1.0), light_of(cells)
    count, labels = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    away = cv2.distanceTransform(found.astype(np.uint8), cv2.DIST_L2, 3)
    keep = np.zeros(count, dtype=bool)
    for k in range(1, count):
        region = labels == k
        middle = region & (away >= min(MIDDLE, 0.7 * float(away[region].max())))
        seen_through = float(np.median(likeness[middle])) > settings.alike_min
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


def _calm(odds: Float32) -> Float32:
    return np.asarray(cv2.GaussianBlur(odds, (0, 0), 0.8), np.float32)


def _regions(odds: Float32, seen: Mask, area_min_m2: float, cell_m: float, settings: CloudSettings) -> Mask:
    """Return regions of likely cells that hold sure ones, large enough, with their soft edge."""
    calm = _calm(odds)
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
    """Return cells at a scene's own valid pixels; the last cells reach to its edge."""
    out = raster.grid.zeros(np.bool_)
    for cut, _ in raster.grid.pieces:
        at = (
            np.minimum(np.arange(own.start, own.stop) // factor, count - 1)
            for own, count in zip(cut, cells.shape, strict=True)
        )
        out[cut] = cells[np.ix_(*at)] & raster.valid[cut]
    return out
