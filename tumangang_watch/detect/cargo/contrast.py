"""How an object stands out from the ground beside it, and whether another date shows that in its place.

Ground in shadow is not hidden: skylight alone shows what lies on it. Pixels in light are held against ground
in light, pixels in shadow against ground in shadow, so that a shadow's edge is no contrast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.cargo.view import ApronView
from tumangang_watch.grid import Float64, Mask
from tumangang_watch.settings.cargo import CargoSettings

MIN_PX = 6
"""Fewer pixels of a body or of the ground beside it give no level."""
LEAST_LEVEL = 0.02
"""Part of the pavement's brightness below which a log says nothing: noise of the darkest shadow."""


@dataclass(frozen=True)
class GroundContrast:
    """An object's place against the ground beside it, in light and in shadow."""

    steps: Float64
    """(light and shadow, bands): log of its brightness over the ground's beside it; 0 where not known."""
    shares: Float64
    """(light and shadow,): part of its place in which each is known."""

    @property
    def strength(self) -> float:
        """Root of the mean square over what is known of the place, and over bands."""
        weight = self.shares / max(float(self.shares.sum()), 1e-6)
        return float(np.sqrt((weight[:, None] * self.steps**2).sum() / self.steps.shape[1]))


def ground_contrast(
    view: ApronView, place: BaseGeometry, every: BaseGeometry, settings: CargoSettings
) -> GroundContrast | None:
    """Return how a place stands out on one date; None where too little of it is seen.

    Parameters
    ----------
    place : geometry
        An object's outline, in the site's metres.
    every : geometry
        Objects of its date, those near the place at least: no bare ground.
    """
    masks = _masks(view, place, every, settings)
    if masks is None:
        return None
    cut, body, beside = masks
    usable, shadow = view.usable[cut], view.shadow[cut]
    low, high = settings.contrast_shadow
    strata = [(body & usable & s, beside & usable & s) for s in (shadow < low, shadow > high)]
    logs = _logs(view, cut, LEAST_LEVEL, settings)
    whole = max(int(body.sum()), 1)
    steps, shares = np.zeros((2, len(logs))), np.zeros(2)
    for k, (own, ground) in enumerate(strata):
        if min(own.sum(), ground.sum()) >= MIN_PX:
            steps[k] = np.median(logs[:, own], axis=1) - np.median(logs[:, ground], axis=1)
            shares[k] = own.sum() / whole
    return GroundContrast(steps, shares) if shares.sum() >= settings.contrast_seen else None


def _masks(
    view: ApronView, place: BaseGeometry, every: BaseGeometry, settings: CargoSettings, margin_m: float = 0.0
) -> tuple[tuple[slice, slice], Mask, Mask] | None:
    """Return a cut of the view, and there a place without its rim and the bare ground beside it."""
    near, far = settings.contrast_ring_m
    shape = view.turn.into(place)
    window = view.grid.window(shape.buffer(far))
    if window is None:
        return None
    cut, part = window
    core = shape.buffer(-max(margin_m, 0.5 * view.grid.pixel_m))
    body = part.mask([shape if core.is_empty else core])
    ring = shape.buffer(far).difference(view.turn.into(every).buffer(near)).difference(shape.buffer(near))
    return cut, body, part.mask([ring]) if not ring.is_empty else np.zeros_like(body)


def _logs(view: ApronView, cut: tuple[slice, slice], lift: float, settings: CargoSettings) -> Float64:
    """Return the logs of brightness over the pavement's, without path light, (bands, rows, cols).

    ``lift`` is what the darkest counts for, as a part of the pavement's brightness.
    """
    path = settings.contrast_dark_share * view.dark(settings.contrast_dark_quantile)
    ratio = np.exp(view.item.known[(slice(None), *cut)]) - path[:, None, None]
    if lift > LEAST_LEVEL:
        ratio = np.maximum(ratio, 0.0) + lift
    return np.log(np.maximum(ratio, LEAST_LEVEL)).astype(np.float64)


def appearance_difference(
    views: tuple[ApronView, ApronView],
    place: BaseGeometry,
    every: tuple[BaseGeometry, BaseGeometry],
    margin_m: float,
    settings: CargoSettings,
) -> float | None:
    """Return how unlike two dates show a place, log units; None where too little of it lies in light on both.

    Root mean square over bands of the difference in brightness, held against the apron's pavement or against
    the ground beside the place, whichever differs less: rain or frost may change either.

    Parameters
    ----------
    place : geometry
        In the site's metres.
    every : (geometry, geometry)
        Objects of each date, those near the place at least: no bare ground.
    margin_m : float
        Rim of the place that is left out.
    """
    if ("pan" in views[0].values) != ("pan" in views[1].values):
        return None
    own, ground = _sunlit(views[0], place, every[0], margin_m, settings)
    if own is None:
        return None
    own_too, ground_too = _sunlit(views[1], place, every[1], margin_m, settings)
    if own_too is None:
        return None
    bands = min(len(own), len(own_too))
    steps = [own[:bands] - own_too[:bands]]
    if ground is not None and ground_too is not None:
        steps.append(steps[0] - (ground[:bands] - ground_too[:bands]))
    return float(min(np.sqrt((step**2).mean()) for step in steps))


def _sunlit(
    view: ApronView, place: BaseGeometry, every: BaseGeometry, margin_m: float, settings: CargoSettings
) -> tuple[Float64 | None, Float64 | None]:
    """Return the log brightness of a place and of the ground beside it in light, (bands,); None if unseen."""
    masks = _masks(view, place, every, settings, margin_m)
    if masks is None:
        return None, None
    cut, body, beside = masks
    light = view.usable[cut] & (view.shadow[cut] < settings.contrast_shadow[0])
    logs = _logs(view, cut, settings.appearance_lift, settings)
    enough = max(MIN_PX, settings.appearance_seen * float(body.sum()))
    own = np.median(logs[:, body & light], axis=1) if (body & light).sum() >= enough else None
    ground = np.median(logs[:, beside & light], axis=1) if (beside & light).sum() >= MIN_PX else None
    return own, ground


def relative_contrast(own: GroundContrast, other: GroundContrast, settings: CargoSettings) -> float | None:
    """Return another date's contrast in an object's place over the object's own; None where that is weak.

    A contrast beyond ``contrast_full`` counts as that: what is blackest here may be less so in haze.
    """
    size = min(own.strength, settings.contrast_full)
    return None if size < settings.contrast_min else other.strength / size
