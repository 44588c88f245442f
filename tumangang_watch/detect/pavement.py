"""The empty pavement of an apron, estimated from the scene that may have goods on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.settings.cargo import CargoSettings

ROUNDS = 4
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class Pavement:
    """How a scene's ground differs from the empty pavement."""

    relative: NDArray[np.float32]
    """(bands, rows, cols): ``value / pavement - 1``, smoothed; 0 where not usable."""
    sharp: NDArray[np.float32]
    """The same, not smoothed."""
    distance: NDArray[np.float32]
    """(rows, cols): robust root mean square distance from the pavement over bands, in sigmas."""
    sigma: NDArray[np.float32]
    """(bands,): robust spread of clean pavement, relative."""


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


def empty_pavement(
    values: NDArray[np.float32],
    usable: NDArray[np.bool_],
    pixel_m: float,
    settings: CargoSettings,
) -> Pavement:
    """Estimate the empty pavement under and around goods, and the distance of every pixel from it.

    The commonest tone of the apron starts the estimate; it then follows slow variation of the
    pixels that agree with it, so that goods on half of the apron do not pull it.

    Parameters
    ----------
    values : (bands, rows, cols) float32
    usable : (rows, cols) bool
        True inside the apron where ground is clear.
    pixel_m : float
    settings : CargoSettings
    """
    tones = np.array([_tone(band[usable]) for band in values], dtype=np.float32)
    ground = np.broadcast_to(tones[:, None, None], values.shape).copy()
    inlier = usable.copy()
    sigma = np.full(len(values), settings.relative_noise_floor, dtype=np.float32)
    start_sigma = 0.12
    sigma_px = settings.pavement_smooth_m / pixel_m
    for step in range(ROUNDS):
        away = values / np.maximum(ground, 1e-6) - 1
        limit = 3.0 * np.maximum(sigma, start_sigma if step == 0 else 0.0)
        inlier = usable & (np.abs(away) < limit[:, None, None]).all(axis=0)
        if inlier.sum() < 50:
            inlier = usable
        for k in range(len(values)):
            local = smooth(values[k], inlier, sigma_px)
            ground[k] = np.where(local > 0, local, tones[k])
            if not inlier.any():
                continue
            spread = values[k][inlier] / np.maximum(ground[k][inlier], 1e-6) - 1
            sigma[k] = max(float(MAD_TO_SIGMA * np.median(np.abs(spread))), settings.relative_noise_floor / 2)
    sharp = np.where(usable, values / np.maximum(ground, 1e-6) - 1, 0).astype(np.float32)
    relative: NDArray[np.float32] = np.zeros(values.shape, dtype=np.float32)
    for k, band in enumerate(sharp):
        relative[k] = smooth(band, usable, settings.smooth_m / pixel_m)
    relative[:, ~usable] = 0
    for k in range(len(values)):
        spread = relative[k][inlier]
        sigma[k] = max(float(MAD_TO_SIGMA * np.median(np.abs(spread))), settings.relative_noise_floor / 2)
    plain = np.mean((relative / sigma[:, None, None]) ** 2, axis=0)
    distance = np.sqrt(np.maximum(plain, _joint(relative, inlier, settings))).astype(np.float32)
    return Pavement(relative, sharp, distance, sigma)


def _joint(
    relative: NDArray[np.float32], inlier: NDArray[np.bool_], settings: CargoSettings
) -> NDArray[np.float32]:
    """Return the squared Mahalanobis distance, shared over three bands.

    Wear and wet change all bands of a pavement alike, so a colour of its own stands out sooner
    than a tone does.
    """
    sample = relative[:, inlier]
    floor = np.eye(len(relative)) * settings.colour_noise_floor**2
    if sample.shape[1] < 50:
        return np.zeros(inlier.shape, dtype=np.float32)
    inverse = np.linalg.inv(np.atleast_2d(np.cov(sample)) + floor)
    square = np.einsum("irc,ij,jrc->rc", relative, inverse, relative, optimize=True)
    return np.asarray(square / 3.0, dtype=np.float32)


def _tone(values: NDArray[np.float32]) -> float:
    """Return the mode; a large sample is thinned evenly."""
    thin = max(1, values.size // 20000)
    return max(half_sample_mode(values[::thin]), 1e-6)
