"""Bring a later scene onto an earlier one, or refuse.

A coarse search by orientation correlation over the whole ground, then tie points by phase and
orientation correlation that must agree, a robust shift or affine, and a check on ties that were
not used in the fit (docs/sources.md, registration).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Float32, Float64, Grid, grid_over
from tumangang_watch.model.image import Affine6, NativeImage, Raster, compose, shift
from tumangang_watch.model.observation import Registration, RegistrationStatus
from tumangang_watch.model.site import Site
from tumangang_watch.preprocess.tiepoints import Ties, find_peaks, find_ties, orientation, surfaces
from tumangang_watch.settings.preprocess import RegistrationSettings


def register_pair(
    reference: NativeImage, moving: NativeImage, site: Site, grid: Grid, settings: RegistrationSettings
) -> Registration:
    """Find how the moving scene's content lies against the reference's.

    Parameters
    ----------
    reference, moving : NativeImage
        Native pixels of the same ground, with the same origin of registrations.
    site : Site
        Its tracks and ``ignore`` areas are kept out of the ties: what moved there is no shift.

    Returns
    -------
    Registration
        ``affine`` is for ``moving.registered``; status ``failed`` instead of a doubtful shift.
    """
    coarse = _coarse(reference, moving, grid, settings)
    if isinstance(coarse, str):
        return Registration.failed(coarse)
    affine, corridors = shift(*coarse), True
    for round_number in range(3):
        ties = find_ties(reference, moving.registered(affine), site, grid, settings, corridors=corridors)
        if round_number == 0 and len(ties.x) < settings.ties_min:
            corridors = False
            ties = find_ties(reference, moving.registered(affine), site, grid, settings, corridors=False)
        step = _robust_shift(ties, settings)
        if step is None:
            return _disagreement(ties)
        affine = compose(shift(*step), affine)
        if np.hypot(*step) < 0.1 * grid.pixel_m:
            break
    ties = find_ties(reference, moving.registered(affine), site, grid, settings, corridors=corridors)
    return _fit(ties, affine, grid.pixel_m, corridors, settings)


def _disagreement(ties: Ties) -> Registration:
    return Registration.failed(
        f"only {len(ties.x)} of {ties.windows} places agree on how the scenes lie to each other"
    )


def _coarse(
    reference: NativeImage, moving: NativeImage, grid: Grid, settings: RegistrationSettings
) -> tuple[float, float] | str:
    """Return how far the moving content lies off (east, north, to about a pixel), or why not."""
    pixel = max(settings.coarse_pixel_m, grid.pixel_m)
    wide = grid_over(grid.bounds, pixel if pixel in (1.0, 3.0) else 1.0, grid.crs)
    one, two = (_filled(image.on_grid(wide), settings) for image in (reference, moving))
    if one is None or two is None:
        return "one of the scenes shows almost nothing of the ground"
    reach = int(np.ceil(settings.reach_m / wide.pixel_m))
    pad = ((0, reach), (0, reach))
    total = np.zeros((1, wide.rows + reach, wide.cols + reach), dtype=np.float32)
    for polarity in (True, False):
        a, b = (np.pad(orientation(v, polarity=polarity) * m, pad) for v, m in (one, two))
        surface = surfaces(a[None], b[None], whiten=False, sigma_px=1.0)
        total += surface / (surface.std() + 1e-12)
    peaks = find_peaks(total, reach)
    ratio = _second_peak_ratio(total[0], reach, peaks.rows[0], peaks.cols[0], 5.0 / wide.pixel_m)
    if peaks.z[0] < settings.coarse_peak_z_min or ratio < settings.coarse_ratio_min:
        return (
            f"the scenes do not resemble each other within {settings.reach_m:.0f} m "
            f"(peak {peaks.z[0]:.1f} sd, {ratio:.2f} times the next)"
        )
    return float(peaks.cols[0] * wide.pixel_m), float(-peaks.rows[0] * wide.pixel_m)


def _second_peak_ratio(surface: Float32, reach: int, row: float, col: float, apart_px: float) -> float:
    r0, c0 = surface.shape[0] // 2, surface.shape[1] // 2
    top, left = max(r0 - reach, 0), max(c0 - reach, 0)
    near = surface[top : r0 + reach + 1, left : c0 + reach + 1]
    r, c = np.mgrid[0 : near.shape[0], 0 : near.shape[1]]
    away = np.hypot(r + top - r0 - row, c + left - c0 - col) > apart_px
    rest = near[away].max() if away.any() else 0.0
    return float(near.max() / max(rest, 1e-9))


def _filled(raster: Raster, settings: RegistrationSettings) -> tuple[Float32, Float32] | None:
    """Return blurred luminance and a mask of trust, both (rows, cols)."""
    if raster.valid.mean() < 0.05:
        return None
    sigma = settings.coarse_blur_m / raster.grid.pixel_m
    mask = raster.valid.astype(np.float32)
    weight = cv2.GaussianBlur(mask, (0, 0), sigma) + 1e-6
    light = cv2.GaussianBlur(raster.luminance() * mask, (0, 0), sigma) / weight
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=max(1, round(2 * sigma)))
    return np.log(np.maximum(light, 1e-3)).astype(np.float32), inner.astype(np.float32)


def _robust_shift(ties: Ties, settings: RegistrationSettings) -> tuple[float, float] | None:
    """Return the median displacement (east, north) of ties that belong together, or None."""
    if len(ties.x) < settings.ties_min:
        return None
    # Of the tie that has most others about it: a median that half of the ties cannot drag.
    apart = np.hypot(ties.east[:, None] - ties.east[None], ties.north[:, None] - ties.north[None])
    densest = apart[int((apart <= settings.consistent_m).sum(axis=1).argmax())] <= settings.consistent_m
    east, north = float(np.median(ties.east[densest])), float(np.median(ties.north[densest]))
    close = np.hypot(ties.east - east, ties.north - north) <= settings.consistent_m
    if close.sum() < settings.ties_min or close.mean() < settings.consistent_share_min:
        return None
    return float(np.median(ties.east[close])), float(np.median(ties.north[close]))


def _fit(
    ties: Ties, before: Affine6, pixel_m: float, corridors: bool, settings: RegistrationSettings
) -> Registration:
    """Fit the last step; its status comes from the held-out residual and the error of the fit itself."""
    centre = _robust_shift(ties, settings)
    if centre is None:
        return _disagreement(ties)
    close = np.hypot(ties.east - centre[0], ties.north - centre[1]) <= settings.consistent_m
    order = np.flatnonzero(close)
    held = order[:: settings.held_out_every]
    used = np.setdiff1d(order, held)
    affine = shift(*_huber_mean(ties, used))
    left = _residuals(ties, held, affine)
    if len(used) >= settings.affine_ties_min:
        general = _affine(ties, used)
        other = _residuals(ties, held, general)
        if np.median(other) < settings.affine_gain_min * np.median(left):
            affine, left = general, other
    spread = 1.4826 * np.median(_residuals(ties, used, affine))
    error_m = float(1.25 * spread / len(used) ** 0.5)
    median_m, p90_m = float(np.median(left)), float(np.quantile(left, 0.9))
    reasons = []
    if median_m > max(settings.ok_median_px * pixel_m, settings.ok_floor_m):
        reasons.append(f"median residual {median_m:.2f} m on {len(held)} held-out ties")
    if p90_m > max(settings.ok_p90_px * pixel_m, 2.5 * settings.ok_floor_m):
        reasons.append(f"90 % residual {p90_m:.2f} m on {len(held)} held-out ties")
    if error_m > settings.standard_error_ok_m:
        reasons.append(f"standard error of the shift {error_m:.2f} m from {len(used)} ties")
    if not corridors:
        reasons.append("too little ground beside the tracks: ties on the tracks had to be used")
    status: RegistrationStatus = "degraded" if reasons else "ok"
    if median_m > max(settings.degraded_px * pixel_m, 3 * settings.ok_floor_m):
        status = "failed"
    affine = compose(affine, before)
    return Registration(
        status=status,
        shift_m=(-affine[2], -affine[5]),
        affine=affine,
        residual_median_m=median_m,
        residual_p90_m=p90_m,
        tie_points=len(used),
        held_out=len(held),
        reason="; ".join(reasons),
    )


def _huber_mean(ties: Ties, used: NDArray[np.intp]) -> tuple[float, float]:
    """Return the mean of ties, distant ones weighted down (Huber, 1964)."""
    east, north = float(np.median(ties.east[used])), float(np.median(ties.north[used]))
    for _ in range(10):
        far = np.hypot(ties.east[used] - east, ties.north[used] - north)
        scale = 1.4826 * np.median(far) + 1e-6
        weight = 1.0 / np.maximum(far / (1.0 * scale), 1.0)
        east = float((weight * ties.east[used]).sum() / weight.sum())
        north = float((weight * ties.north[used]).sum() / weight.sum())
    return east, north


def _affine(ties: Ties, used: NDArray[np.intp]) -> Affine6:
    """Return the least-squares affine of ties, distant ones weighted down."""
    matrix = np.stack([ties.x[used], ties.y[used], np.ones(len(used))], axis=1)
    target = np.stack([ties.east[used], ties.north[used]], axis=1)
    weight = np.ones(len(used))
    for _ in range(8):
        solution = np.linalg.lstsq(matrix * weight[:, None], target * weight[:, None], rcond=None)[0]
        far = np.hypot(*(target - matrix @ solution).T)
        weight = 1.0 / np.sqrt(np.maximum(far / (1.4826 * np.median(far) + 1e-6), 1.0))
    (a, d), (b, e), (c, f) = solution
    return (1 + float(a), float(b), float(c), float(d), 1 + float(e), float(f))


def _residuals(ties: Ties, which: NDArray[np.intp], affine: Affine6) -> Float64:
    a, b, c, d, e, f = affine
    x, y = ties.x[which], ties.y[which]
    east = ties.east[which] - ((a - 1) * x + b * y + c)
    north = ties.north[which] - (d * x + (e - 1) * y + f)
    return np.hypot(east, north)
