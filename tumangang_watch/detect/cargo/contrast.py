"""How an object stands out from the ground beside it, and whether another date shows that in its place.

Ground in shadow is not hidden: skylight alone shows what lies on it. Pixels in light are held against ground
in light, pixels in shadow against ground in shadow, so that a shadow's edge is no contrast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.cargo.view import ApronView
from tumangang_watch.grid import Float64
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
        All objects of its date: no bare ground.
    """
    near, far = settings.contrast_ring_m
    shape = view.turn.into(place)
    window = view.grid.window(shape.buffer(far))
    if window is None:
        return None
    cut, part = window
    core = shape.buffer(-0.5 * view.grid.pixel_m)
    body = part.mask([shape if core.is_empty else core])
    ring = shape.buffer(far).difference(view.turn.into(every).buffer(near)).difference(shape.buffer(near))
    beside = part.mask([ring]) if not ring.is_empty else np.zeros_like(body)
    usable, shadow = view.usable[cut], view.shadow[cut]
    low, high = settings.contrast_shadow
    strata = [(body & usable & s, beside & usable & s) for s in (shadow < low, shadow > high)]
    logs = _logs(view, cut, settings)
    whole = max(int(body.sum()), 1)
    steps, shares = np.zeros((2, len(logs))), np.zeros(2)
    for k, (own, ground) in enumerate(strata):
        if min(own.sum(), ground.sum()) >= MIN_PX:
            steps[k] = np.median(logs[:, own], axis=1) - np.median(logs[:, ground], axis=1)
            shares[k] = own.sum() / whole
    return GroundContrast(steps, shares) if shares.sum() >= settings.contrast_seen else None


def _logs(view: ApronView, cut: tuple[slice, slice], settings: CargoSettings) -> Float64:
    """Return the logs of brightness over the pavement's, without path light, (bands, rows, cols)."""
    planes = view.item.planes
    known = planes[:4] if view.item.constants[0] else planes[:3]
    dark = np.quantile(np.exp(known[:, ::3, ::3]), settings.contrast_dark_quantile, axis=(1, 2))
    ratio = np.exp(known[(slice(None), *cut)]) - settings.contrast_dark_share * dark[:, None, None]
    return np.log(np.maximum(ratio, LEAST_LEVEL)).astype(np.float64)


def relative_contrast(own: GroundContrast, other: GroundContrast, settings: CargoSettings) -> float | None:
    """Return another date's contrast in an object's place over the object's own; None where that is weak.

    A contrast beyond ``contrast_full`` counts as that: what is blackest here may be less so in haze.
    """
    size = min(own.strength, settings.contrast_full)
    return None if size < settings.contrast_min else other.strength / size
