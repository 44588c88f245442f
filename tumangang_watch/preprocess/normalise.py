"""Bring a later date to an earlier one's scale, from ground that did not change.

Iteratively reweighted orthogonal regression: cells whose residual over all bands is large lose
weight (the principle of IR-MAD, Nielsen 2007; three bands are too few for its canonical form,
docs/sources.md, normalisation). Never histogram matching: it moves real change into the background.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from tumangang_watch.grid import Float32, Float64, Floats, Mask
from tumangang_watch.model.image import NativeImage, Raster, frozen
from tumangang_watch.settings.preprocess import NormaliseSettings


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """``reference = gain * moving ** exponent + offset`` for each common band."""

    bands: tuple[str, ...]
    gain: tuple[float, ...]
    offset: tuple[float, ...]
    cells: int
    """Invariant cells the fit rests on."""
    status: Literal["ok", "weak", "failed"]
    reason: str = ""
    exponent: float = 1.0
    """1 but between a picture made for the eye and a measurement: the one's tone curve is bent."""


def normalise_pair(
    reference: Raster,
    moving: Raster,
    usable: Mask,
    stable: Mask | None,
    settings: NormaliseSettings,
    *,
    toned: bool = False,
) -> Normalisation:
    """Fit gain and offset of each common band from unchanged ground of two rasters on one grid.

    ``usable`` (rows, cols) is clear and unsaturated on both dates; ``stable`` is known not to change and
    starts with five times the weight. ``toned``: one of the two is a picture made for the eye, the other is
    none; then the exponent that leaves the least between them is taken, and any gain is one.
    """
    bands = tuple(b for b in reference.bands if b in moving.bands)
    cells = _cells(reference, moving, usable, stable, bands, settings)
    if not bands or cells is None:
        return _identity(bands, 0, "too little common clear ground")
    one, two, weight = cells
    if not toned:
        return _fitted(bands, cells, 1.0, settings)
    settings = replace(settings, slope_range=(0.0, np.inf))
    fits = [
        _fitted(bands, (one, np.asarray(_toned(two, e), np.float64), weight), e, settings)
        for e in settings.picture_exponents
    ]
    return min(fits, key=lambda fit: _left(fit, one, two))


def _toned(values: Floats, exponent: float) -> Floats:
    """Return values on another tone curve; 1 leaves them as they are."""
    return values if exponent == 1 else np.maximum(values, 0.0) ** exponent


def _left(fit: Normalisation, one: Float64, two: Float64) -> float:
    """Return the typical difference that a fit leaves, as a share of the spread of the ground."""
    if fit.status == "failed":
        return np.inf
    left = np.abs(one - (np.array(fit.gain) * _toned(two, fit.exponent) + np.array(fit.offset)))
    spread = np.median(np.abs(one - np.median(one, axis=0)), axis=0)
    return float((np.median(left, axis=0) / np.maximum(spread, 1e-9)).mean())


def _fitted(
    bands: tuple[str, ...],
    cells: tuple[Float64, Float64, Float64],
    exponent: float,
    settings: NormaliseSettings,
) -> Normalisation:
    """Return the reweighted regression of the cells of both dates."""
    one, two, weight = cells
    slope, offset = np.ones(len(bands)), np.zeros(len(bands))
    invariant, limit = np.ones(len(one), dtype=bool), float(chdtri(len(bands), settings.invariant_p))
    prior = weight
    for _ in range(settings.iterations):
        slope, offset = _orthogonal(one, two, weight)
        distance = _distance(one, two, slope, offset, invariant)
        updated = prior * np.exp(-0.5 * np.minimum(distance / len(bands), 60.0))
        invariant = distance <= limit
        done = np.abs(updated - weight).max() < settings.stop_change
        weight = updated
        if done or invariant.sum() < settings.cells_min:
            break
    judged = _judged(bands, one[invariant], two[invariant], slope, offset, settings)
    return replace(judged, exponent=exponent)


def apply(normalisation: Normalisation, image: NativeImage) -> NativeImage:
    """Return the image on the reference's scale; bands that are not common stay as they are."""
    if normalisation.status == "failed":
        return image
    values = image.zeros(np.float32, len(image.bands))
    for rows, cols in image.windows:
        own = image.values[:, rows, cols].copy()
        for band, gain, offset in zip(
            normalisation.bands, normalisation.gain, normalisation.offset, strict=True
        ):
            k = image.bands.index(band)
            own[k] = gain * _toned(own[k], normalisation.exponent) + offset
        own[:, ~image.valid[rows, cols]] = 0.0
        values[:, rows, cols] = own
    return image.showing(frozen(values))


def _identity(bands: tuple[str, ...], cells: int, reason: str) -> Normalisation:
    ones, zeros = (1.0,) * len(bands), (0.0,) * len(bands)
    return Normalisation(bands=bands, gain=ones, offset=zeros, cells=cells, status="failed", reason=reason)


def _cells(
    reference: Raster,
    moving: Raster,
    usable: Mask,
    stable: Mask | None,
    bands: tuple[str, ...],
    settings: NormaliseSettings,
) -> tuple[Float64, Float64, Float64] | None:
    """Return cell means of both dates, (cells, bands), and their starting weight."""
    size = max(1, round(settings.cell_m / reference.grid.pixel_m))
    rows, cols = (n // size * size for n in usable.shape)

    def blocks(array: NDArray[np.generic]) -> Float32:
        cut = array[:rows, :cols].reshape(rows // size, size, cols // size, size)
        return np.asarray(cut.mean(axis=(1, 3), dtype=np.float32))

    whole = blocks(usable) > 0.999
    if whole.sum() < settings.cells_min:
        return None
    step = max(1, int(whole.sum() // settings.samples_max))
    one = np.stack([blocks(reference.band(b))[whole][::step] for b in bands], axis=1).astype(np.float64)
    two = np.stack([blocks(moving.band(b))[whole][::step] for b in bands], axis=1).astype(np.float64)
    weight = np.ones(len(one))
    if stable is not None:
        weight[blocks(stable)[whole][::step] > 0.5] = 5.0
    return one, two, weight


def _orthogonal(one: Float64, two: Float64, weight: Float64) -> tuple[Float64, Float64]:
    """Return slope and offset of a weighted orthogonal (Deming) regression of each band.

    Both dates carry noise, so the line must not depend on which is called the reference.
    """
    total = weight.sum() + 1e-12
    mean_one, mean_two = (weight @ one) / total, (weight @ two) / total
    a, b = one - mean_one, two - mean_two
    xx, yy, xy = (weight @ (b * b)) / total, (weight @ (a * a)) / total, (weight @ (a * b)) / total
    ratio = np.sqrt(np.maximum(yy, 1e-12) / np.maximum(xx, 1e-12))
    scaled_xx, scaled_xy = xx * ratio**2, xy * ratio
    spread = yy - scaled_xx
    slope = (spread + np.sqrt(spread**2 + 4 * scaled_xy**2)) / np.where(
        np.abs(scaled_xy) > 1e-12, 2 * scaled_xy, 1e-12
    )
    slope = np.where(scaled_xy > 0, slope * ratio, ratio)
    return slope, mean_one - slope * mean_two


def _distance(one: Float64, two: Float64, slope: Float64, offset: Float64, invariant: Mask) -> Float64:
    """Return each cell's squared residual over all bands, in robust standard deviations."""
    residual = one - (slope * two + offset)
    centre = np.median(residual[invariant], axis=0)
    scale = 1.4826 * np.median(np.abs(residual[invariant] - centre), axis=0) + 1e-6
    return np.asarray((((residual - centre) / scale) ** 2).sum(axis=1))


def _judged(
    bands: tuple[str, ...],
    one: Float64,
    two: Float64,
    slope: Float64,
    offset: Float64,
    settings: NormaliseSettings,
) -> Normalisation:
    if len(one) < settings.cells_min:
        return _identity(bands, len(one), f"only {len(one)} cells of ground did not change")
    correlation = np.nan_to_num([np.corrcoef(a, b)[0, 1] for a, b in zip(one.T, two.T, strict=True)])
    low, high = settings.slope_range
    if correlation.mean() < settings.correlation_min or (slope < low).any() or (slope > high).any():
        return _identity(
            bands,
            len(one),
            f"unchanged ground does not agree (correlation {correlation.mean():.2f}, "
            f"gains {slope.min():.2f} to {slope.max():.2f})",
        )
    weak = correlation.min() < settings.correlation_ok
    reason = f"unchanged ground agrees only loosely (correlation {correlation.min():.2f})" if weak else ""
    return Normalisation(
        bands=bands,
        gain=tuple(map(float, slope)),
        offset=tuple(map(float, offset)),
        cells=len(one),
        status="weak" if weak else "ok",
        reason=reason,
    )
