"""The commonest tone of a ground, and means over what of it is usable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def half_sample_mode(values: NDArray[np.floating]) -> float:
    """Return the mode of a sample by repeated halving (Bickel & Fruehwirth 2006)."""
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    while ordered.size > 3:
        half = (ordered.size + 1) // 2
        widths = ordered[half - 1 :] - ordered[: ordered.size - half + 1]
        start = int(np.argmin(widths))
        ordered = ordered[start : start + half]
    return float(np.mean(ordered))


def smooth(values: NDArray[np.floating], weight: NDArray[np.bool_], sigma_px: float) -> NDArray[np.float32]:
    """Return the Gaussian mean of the usable pixels (normalised convolution); 0 where none is near."""
    import cv2

    edge = cv2.BORDER_REFLECT
    mass = cv2.GaussianBlur(weight.astype(np.float32), (0, 0), sigma_px, borderType=edge)
    known = np.where(weight, values, 0).astype(np.float32)
    total = cv2.GaussianBlur(known, (0, 0), sigma_px, borderType=edge)
    return np.where(mass > 1e-4, total / np.maximum(mass, 1e-4), 0).astype(np.float32)
