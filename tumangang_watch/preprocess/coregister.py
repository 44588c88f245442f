"""Bring a later scene onto an earlier one, or refuse.

The whole ground is searched by the directions of its edges, which snow, leaf and light leave where they
are; then tie points, by phase and orientation correlation that must agree or by directions again, must lie
there too: a robust shift or affine of them, and a check on ties that were not used in the fit
(docs/sources.md, registration).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.affine import Affine6, compose, shift
from tumangang_watch.grid import Float64, Grid
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.site import Site
from tumangang_watch.model.words import RegistrationStatus
from tumangang_watch.preprocess.correlation import Parts, correlate_parts, find_peaks
from tumangang_watch.preprocess.tiepoints import Directions, Ties, directions, find_ties
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.threads import side_by_side

LOOKS = 5
"""Looks at single places at most: a scene that is not settled by then is judged by the last."""
SEEN_MIN = 0.05
"""Share of the ground that a scene must show for anything to be registered to it."""


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
    reference, moving = reference.in_one_band(), moving.in_one_band()
    ground, moved = side_by_side(lambda image: image.on_grid(grid), (reference, moving))
    fields = edge_fields((ground, moved), site, settings)
    if fields is None:
        return Registration.failed("one of the scenes shows almost nothing of the ground")
    whole = place_whole(fields, grid, settings)
    if whole.ratio < settings.coarse_ratio_min:
        return Registration.failed(
            f"the scenes do not resemble each other within {settings.reach_m:.0f} m "
            f"(the best place is {whole.ratio:.2f} times as good as the next)"
        )
    found = _by_ties(ground, moving, whole, site, settings)
    if found.status == "ok" or whole.ratio < settings.direction_ratio_min:
        return found
    other = _by_parts(fields, whole, grid, settings)
    return other if found.status == "failed" else found


@dataclass(frozen=True)
class WholePlace:
    """Where one scene's content lies against another's by all edge directions."""

    east_m: float
    north_m: float
    ratio: float
    """Of the correlation there to the best elsewhere: whether it is the place."""
    agreement: float
    """Mean cosine of what the doubled directions differ there, 0 to 1: how alike the scenes are."""


def _by_ties(
    ground: Raster, moving: NativeImage, whole: WholePlace, site: Site, settings: RegistrationSettings
) -> Registration:
    """Place a scene by its ties near where the whole of it lies; ``ground`` is the other on the grid.

    A first look at a few places brings it within a tenth of a pixel, where ties are exact; a second at more
    of them is fitted.
    """
    pixel_m = ground.grid.pixel_m
    affine, corridors, enough = shift(whole.east_m, whole.north_m), True, settings.first_ties
    for look in range(LOOKS):
        laid = moving.registered(affine)
        ties = find_ties(ground, laid, site, settings, corridors=corridors, enough=enough)
        step = _robust_shift(ties, settings)
        if step is not None:
            close = enough > settings.first_ties and np.hypot(*step) < 0.1 * pixel_m
            if close or look == LOOKS - 1:
                break
            affine, enough = compose(shift(*step), affine), max(enough, settings.enough_ties)
        elif len(ties.x) >= enough:
            enough = settings.max_windows
        elif corridors and len(ties.x) < settings.ties_min:
            corridors = False
        else:
            return _disagreement(ties)
    fit = _fit(ties, affine, pixel_m, corridors, settings)
    off_m = float(np.hypot(fit.affine[2] - whole.east_m, fit.affine[5] - whole.north_m))
    if fit.status != "failed" and off_m > max(settings.whole_agrees_m, pixel_m):
        return Registration.failed(
            f"single places lie {off_m:.1f} m from where the scenes as a whole resemble each other"
        )
    return fit


def edge_fields(
    rasters: tuple[Raster, Raster], site: Site, settings: RegistrationSettings
) -> tuple[Directions, Directions] | None:
    """Return the edge directions of two dates on one grid; None where one shows too little.

    ``ignore`` areas are left out.
    """
    one, two = rasters
    if min(one.valid.sum(), two.valid.sum()) < SEEN_MIN * one.grid.pixels:
        return None
    first, second = side_by_side(
        lambda date: directions(date, site.left_out, settings.direction_sigma_m), rasters
    )
    return first, second


def place_whole(
    fields: tuple[Directions, Directions], grid: Grid, settings: RegistrationSettings
) -> WholePlace:
    """Return where the second scene's edge directions lie best on the first's.

    They are correlated for every shift within reach, each divided by the ground that both scenes then
    show.
    """
    pixel_m = grid.pixel_m
    reach = int(np.ceil(settings.reach_m / pixel_m)) + 2
    alike = correlate_parts(*fields, reach)
    one, two = ([np.asarray(part != 0, np.float32) for part in field] for field in fields)
    overlap = correlate_parts(one, two, reach)
    surface = (alike / np.maximum(overlap, 0.1 * overlap.max() + 1e-9))[None]
    peaks = find_peaks(surface, reach)
    row, col = float(peaks.rows[0]), float(peaks.cols[0])
    r, c = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    away = np.hypot(r - row, c - col) * pixel_m > max(settings.direction_apart_m, 2.5 * pixel_m)
    ratio = float(surface.max() / max(surface[0][away].max(), 1e-9))
    return WholePlace(col * pixel_m, -row * pixel_m, ratio, float(surface.max()))


def _by_parts(
    fields: tuple[Directions, Directions], whole: WholePlace, grid: Grid, settings: RegistrationSettings
) -> Registration:
    """Place a scene by its edge directions alone, where three of four parts of it place it alike.

    Cells are dealt to the parts; each part in turn is held out and judged against the other three.
    """
    pixel_m = grid.pixel_m
    centre = round(-whole.north_m / pixel_m), round(whole.east_m / pixel_m)
    near = max(3, round(settings.part_reach_m / pixel_m))
    cell = max(1, round(settings.part_cell_m / pixel_m))
    deals = []
    for (rows, cols), _ in grid.pieces:
        row, col = np.ogrid[rows, cols]
        deals.append((row // cell % 2) * 2 + (col // cell + row // (2 * cell)) % 2)
    parts = np.stack([_about(_dealt(fields[0], deals, k), fields[1], centre, near) for k in range(4)])
    whole_surface = parts.sum(axis=0)
    east, north = _peak_m(whole_surface, centre, pixel_m)
    own = np.array([_peak_m(part, centre, pixel_m) for part in parts])
    others = np.array([_peak_m(whole_surface - part, centre, pixel_m) for part in parts])
    left = np.hypot(*(own - others).T)
    limit_m = max(settings.whole_agrees_m, pixel_m)
    if (left <= limit_m).sum() < len(parts) - 1:
        return Registration.failed(
            f"by the directions of edges, parts of the scenes place them {np.sort(left)[-2]:.1f} m apart"
        )
    median_m, worst_m = float(np.median(left)), float(left.max())
    # A part and the other three differ by 4/3 of a part's variance, the whole by a quarter.
    error_m = float(np.sqrt(3 / 16 * np.mean(left**2)))
    reasons = ["placed by the directions of edges alone, as across snow"]
    if error_m > settings.standard_error_ok_m:
        reasons.append(f"parts of the scenes place them {median_m:.2f} to {worst_m:.2f} m apart")
    return Registration(
        status="degraded" if len(reasons) > 1 else "ok",
        shift_m=(-east, -north),
        affine=shift(east, north),
        residual_median_m=median_m,
        residual_p90_m=worst_m,
        tie_points=len(parts),
        held_out=len(parts),
        reason="; ".join(reasons),
    )


def _dealt(field: Directions, deals: list[NDArray[np.intp]], part: int) -> Directions:
    """Return the directions of one of the parts that cells are dealt to."""
    return tuple(np.where(deal == part, own, 0) for own, deal in zip(field, deals, strict=True))


def _about(first: Parts, second: Parts, centre: tuple[int, int], reach: int) -> Float64:
    """Return the correlation within ``reach`` pixels of a place (down, right)."""
    far = max(abs(c) for c in centre) + reach
    top, left = (far + c - reach for c in centre)
    surface = correlate_parts(first, second, far)[top : top + 2 * reach + 1, left : left + 2 * reach + 1]
    return surface.astype(np.float64)


def _peak_m(surface: Float64, centre: tuple[int, int], pixel_m: float) -> tuple[float, float]:
    """Return (east, north) of the peak of a surface about a place."""
    peaks = find_peaks(surface[None].astype(np.float32), len(surface) // 2)
    return (centre[1] + float(peaks.cols[0])) * pixel_m, -(centre[0] + float(peaks.rows[0])) * pixel_m


def _disagreement(ties: Ties) -> Registration:
    return Registration.failed(
        f"only {len(ties.x)} of {ties.windows} places agree on how the scenes lie to each other"
    )


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
