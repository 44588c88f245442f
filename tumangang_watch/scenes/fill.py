"""Which pixels were never imaged: declared nodata, and fill that no tag declares."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.scenes.radiometry import Raw

FILL = -9999.0
"""The usual fill of signed and float rasters, taken as nodata even where it is not declared."""
ABSURD = 1e30
"""No reflectance or DN is as large; fills such as 3.4e38 are."""
DARK_DN = 2
"""Fill of 0 that was resampled, harmonised or packed with loss reads up to this in wider types; ground
never does in every band at once."""
COLLAR_PX = 400
"""A flat patch of fewer pixels may be a roof or the sea; a collar is as long as the scene."""
COLLAR_VALUES = 4
"""So many values of the border are looked at, the most frequent first."""
COLLAR_SHARE = 0.02
"""And only those that so much of the border has."""
EXTREMES = 1
"""In eight bits only values this near 0 or 255 are fill: smooth water can be flat at any other."""


def valid_pixels(raw: Raw, nodata: float | None) -> NDArray[np.bool_]:
    """Return (rows, cols) True where a pixel is no nodata.

    Declared nodata (in every band for 0 and above, in any band below), NaN, infinities, the fill
    -9999, pixels that are zero in every band and joined to the window's border, and flat collars of
    another value joined to it are not valid. Zeros inside stay valid: water and shadow may be as dark.
    """
    valid = np.ones(raw.shape[1:], dtype=bool)
    if np.issubdtype(raw.dtype, np.floating):
        with np.errstate(invalid="ignore"):
            valid &= (np.abs(raw) < ABSURD).all(axis=0)
    if np.issubdtype(raw.dtype, np.signedinteger) or np.issubdtype(raw.dtype, np.floating):
        valid &= (raw > FILL).all(axis=0)
    if nodata is not None:
        hit = raw == nodata
        valid &= ~(hit.any(axis=0) if nodata < 0 else hit.all(axis=0))
    black = (raw == 0).all(axis=0)
    if black.any():
        valid &= ~_joined(black, _edge(np.ones_like(valid)), 1)
    if np.issubdtype(raw.dtype, np.integer) and valid.any():
        _drop_collars(raw, valid)
    return valid


def _drop_collars(raw: Raw, valid: NDArray[np.bool_]) -> None:
    """Mark large flat patches of one value that are joined to the border of what is imaged, in place."""
    needed = max(raw.shape[0] - 1, 1) if raw.shape[0] >= 3 else raw.shape[0]
    if raw.dtype.itemsize > 1:
        dark = (raw <= DARK_DN).sum(axis=0) >= needed
        valid &= ~_joined(dark & valid, _edge(valid), COLLAR_PX)
    edge = _edge(valid)
    seen = raw[:, edge]
    if seen.shape[1] == 0:
        return
    values, counts = np.unique(seen, axis=1, return_counts=True)
    for k in np.argsort(-counts)[:COLLAR_VALUES]:
        value = values[:, k]
        if counts[k] < COLLAR_SHARE * seen.shape[1] or not _may_be_fill(value, raw.dtype):
            continue
        flat = (raw == value[:, None, None]).sum(axis=0) >= needed
        valid &= ~_joined(flat & valid, edge, COLLAR_PX)


def _may_be_fill(value: NDArray[np.generic], dtype: np.dtype[np.generic]) -> bool:
    if dtype.itemsize > 1:
        return True
    levels = value.astype(np.int64)
    return bool((levels <= EXTREMES).all() or (levels >= 255 - EXTREMES).all())


def _edge(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the outermost pixels of what is imaged: beside what is not, or on the window's border."""
    inner = cv2.erode(np.pad(valid.astype(np.uint8), 1), np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    return valid & (inner == 0)


def _joined(patch: NDArray[np.bool_], edge: NDArray[np.bool_], least_px: int) -> NDArray[np.bool_]:
    """Return the pieces of a patch that touch the edge and have at least so many pixels."""
    if not (patch & edge).any():
        return np.zeros_like(patch)
    number, labels, stats, _ = cv2.connectedComponentsWithStats(patch.astype(np.uint8), connectivity=4)
    touching = np.zeros(number, bool)
    touching[np.unique(labels[edge & patch])] = True
    touching &= stats[:, cv2.CC_STAT_AREA] >= least_px
    touching[0] = False
    return np.asarray(touching[labels])
