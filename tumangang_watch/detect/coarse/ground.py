"""The empty ground of a corridor, learned from the scene itself, and what varies about it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from tumangang_watch.detect.coarse.groups import Corridor
from tumangang_watch.detect.coarse.states import EmptyGround
from tumangang_watch.grid import Float64, Mask
from tumangang_watch.settings.groups import GroupSettings

NEAR_M = 3.0
"""Rows this near to a track count as its bed."""
ROW_SHARE = 0.1
"""Weight of a row's mean along the whole corridor against its surroundings."""
COMMON_SAMPLES = 6.0
"""Weight of the common bed, in columns, against a row's own mean."""
KNOWN_SHARE = 0.15
"""Share of a bed's surroundings that must have been seen empty for it to be known."""
NOISE_FLOOR = 0.01
"""Least spread of the ground about what is expected: sensor noise of 2-3 % averages no lower."""


def in_bed_units(corridors: list[Corridor]) -> list[Float64]:
    """Return each corridor's values with the scene's darkest ground at 0 and its typical bed at 1."""
    every = np.concatenate([r.values[:, r.valid] for r in corridors], axis=1)
    bed = np.concatenate([r.values[:, near_tracks(r) & r.valid] for r in corridors], axis=1)
    if bed.shape[1] < 20:
        return []
    dark = np.percentile(every, 0.5, axis=1)
    typical = np.median(bed, axis=1)
    span = np.maximum(typical - dark, 0.05 * np.maximum(np.abs(typical), 1e-6))
    return [
        np.where(r.valid, (r.values - dark[:, None, None]) / span[:, None, None], 1.0).astype(float)
        for r in corridors
    ]


def near_tracks(corridor: Corridor) -> Mask:
    """Return (m, n): rows that are some track's bed."""
    away = np.abs(corridor.y_m[:, None, None] - corridor.offset_m.T[None])
    return np.asarray(np.nan_to_num(away, nan=np.inf).min(axis=2) <= NEAR_M)


def learn_ground(
    corridor: Corridor,
    values: Float64,
    weight: Float64,
    settings: GroupSettings,
    background: Float64 | None = None,
) -> EmptyGround:
    """Learn what the corridor looks like empty, and how it varies about that.

    Parameters
    ----------
    values : (bands, m, n) float
        In bed units.
    weight : (m, n) float
        How surely each point is empty ground, 0 to 1.
    background : (bands, m, n) float, optional
        The same ground on another date in its own bed units, NaN where that may be occupied.
    """
    weight = np.where(corridor.valid, weight, 0.0)
    expected, mass = _local(corridor, values, weight, settings)
    unknown = np.clip(1 - mass / KNOWN_SHARE, 0.0, 1.0)
    bed = near_tracks(corridor)
    ground = _with_noise(values, expected, weight, bed, unknown, settings)
    if background is None:
        return ground
    known = np.isfinite(background).all(axis=0)
    both = np.where(known, weight, 0.0)
    if both[bed].sum() < 0.2 * bed.sum():
        return ground
    filled = np.where(known, background, 0.0)
    typical, _ = _local(corridor, filled, both, settings)
    # The other date's deviations from its own smooth ground, as far as they repeat on this one.
    detail = np.where(known, filled - typical, 0.0)
    here = values - expected
    use = both[None] * np.ones_like(detail)
    share = (use * detail * here).sum(axis=(1, 2)) / np.maximum((use * detail**2).sum(axis=(1, 2)), 1e-9)
    better = expected + np.clip(share, 0.0, 1.5)[:, None, None] * detail
    other = _with_noise(values, better, weight, bed, unknown, settings)
    return other if np.trace(other.rows) < np.trace(ground.rows) else ground


def _local(
    corridor: Corridor, values: Float64, weight: Float64, settings: GroupSettings
) -> tuple[Float64, Float64]:
    """Return the mean along the track where empty, and (m, n) the share of surroundings it rests on.

    Where that is thin it leans on the row's mean and the typical bed.
    """
    sigma = settings.bed_length_m / corridor.step_m
    sums = gaussian_filter1d(values * weight, sigma, axis=-1, mode="nearest", truncate=3)
    mass = gaussian_filter1d(weight, sigma, axis=-1, mode="nearest", truncate=3)
    common = np.ones((values.shape[0], 1))
    row = (values * weight).sum(axis=2) + COMMON_SAMPLES * common
    row /= weight.sum(axis=1) + COMMON_SAMPLES
    whole = weight.sum(axis=1, keepdims=True)
    known = np.maximum(mass, ROW_SHARE * whole / (whole + COMMON_SAMPLES))
    return (sums + ROW_SHARE * row[:, :, None]) / (mass + ROW_SHARE), known


def _with_noise(
    values: Float64, expected: Float64, weight: Float64, bed: Mask, unknown: Float64, settings: GroupSettings
) -> EmptyGround:
    """Measure how the ground varies about what is expected: between bands and across the corridor."""
    residual = values - expected
    bands = residual.shape[0]
    sure = (weight > 0.7) & bed
    if sure.sum() < 30:
        sure = bed
    sample = residual[:, sure]
    size = np.sqrt((sample**2).mean(axis=0))
    kept = sample[:, size <= np.quantile(size, 0.95)]
    noise = 1.2 * kept @ kept.T / max(kept.shape[1], 1) + NOISE_FLOOR**2 * np.eye(bands)
    prior = settings.body_spread**2 * np.ones((bands, bands)) + settings.band_ratio_spread**2 * np.eye(bands)
    lower = np.linalg.inv(np.linalg.cholesky(noise))
    colour, vectors = np.linalg.eigh(lower @ prior @ lower.T)
    turn = vectors.T @ lower
    white = np.einsum("ab,bmn->amn", turn, residual)
    return EmptyGround(
        expected=expected,
        turn=turn,
        colour=np.maximum(colour, 0.0),
        rows=_row_noise(white, weight),
        unknown=unknown,
    )


def _row_noise(white: Float64, weight: Float64) -> Float64:
    """Return the covariance (m, m) of turned residuals across the corridor.

    Each row has its own size; the correlation depends on the distance alone.
    """
    m = white.shape[1]
    kept = np.where(weight[None] > 0.7, np.clip(white, -40, 40), np.nan)
    count = np.isfinite(kept).sum(axis=(0, 2))
    own = np.nansum(kept**2, axis=(0, 2)) / np.maximum(count, 1)
    trust = count / (count + 40.0)
    size = np.sqrt(np.maximum(trust * own + (1 - trust) * 1.0, 0.25))
    scaled = np.nan_to_num(kept / size[None, :, None])
    there = np.isfinite(kept).astype(float)
    correlation = np.eye(m)
    for lag in range(1, min(m, 6)):
        product = (scaled[:, lag:] * scaled[:, :-lag]).sum()
        pairs = max((there[:, lag:] * there[:, :-lag]).sum(), 1.0)
        value = float(np.clip(product / pairs, 0.0, 0.95)) * (1 - lag / 6)
        correlation += value * (np.eye(m, k=lag) + np.eye(m, k=-lag))
    lowest = float(np.linalg.eigvalsh(correlation)[0])
    correlation += max(0.05 - lowest, 0.0) * np.eye(m)
    return np.asarray(correlation * size[:, None] * size[None])
