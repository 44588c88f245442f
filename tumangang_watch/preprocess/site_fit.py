"""Fit one or two mutually registered scenes to the site's geometry, or refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.grid import grid_over
from tumangang_watch.model.image import IDENTITY
from tumangang_watch.model.observation import Registration
from tumangang_watch.preprocess.affine import shift
from tumangang_watch.preprocess.bundle import centred
from tumangang_watch.preprocess.site_score import score_shifts
from tumangang_watch.preprocess.template import frame_along, template_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.grid import Grid
    from tumangang_watch.model.image import NativeImage, Raster
    from tumangang_watch.model.site import Site
    from tumangang_watch.preprocess.template import Template
    from tumangang_watch.settings.registration import RegistrationSettings


def fit_to_site(
    images: tuple[NativeImage, ...], site: Site, grid: Grid, settings: RegistrationSettings
) -> Registration:
    """Find the shift that brings mutually registered images onto the site.

    Parameters
    ----------
    images : tuple of NativeImage
        One or two dates, seen in the first one's frame.

    Returns
    -------
    Registration
        ``affine`` maps a site point to where the first image shows it; compose it with each
        image's own registration. ``failed`` where two fits that lie across the tracks are nearly
        as good; ``degraded`` where the position along the tracks stays uncertain or the site has
        nothing to fit to.
    """
    template = template_of(site, grid.bounds, settings.site_points_max)
    if template.groups == 0:
        return Registration(
            "degraded", (0.0, 0.0), IDENTITY, None, None, 0, 0,
            "the site has no tracks or aprons to fit to: the scene's own georeferencing is used",
        )  # fmt: skip
    fine = grid_over(grid.bounds, max(0.5, min(grid.pixel_m, 1.0)), grid.crs)
    rasters = [image.on_grid(fine) for image in images]
    reach = np.arange(-settings.site_reach_m, settings.site_reach_m + 0.01, settings.site_pixel_m)
    east, north = (v.ravel() for v in np.meshgrid(reach, reach))
    odds = _odds(rasters, template, east, north, settings)
    across = _across(site)
    rival = _rival(odds, east, north, across, settings)
    if rival is not None:
        return rival
    found = _refined(rasters, template, odds, (east, north), across, settings)
    if across is None:
        return found
    place = centred(images, site, (found.affine[2], found.affine[5]), across, settings)
    if place is None:
        reason = "the edges of the ballast were not found on both sides: the fit may be off by half a gap"
        return replace(found, status="degraded", reason="; ".join(filter(None, (found.reason, reason))))
    return replace(found, shift_m=(-place[0], -place[1]), affine=shift(*place))


def _odds(
    rasters: list[Raster],
    template: Template,
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    settings: RegistrationSettings,
) -> NDArray[np.float64]:
    """Return log-odds of each shift: what the pictures say, and the prior on geolocation."""
    total = -0.5 * (east**2 + north**2) / settings.site_prior_sd_m**2
    for raster in rasters:
        total = total + score_shifts(raster, template, east, north, settings.site_correlation_m2) / len(
            rasters
        )
    return np.asarray(total)


def _across(site: Site) -> NDArray[np.float64] | None:
    """Return the unit vector across the tracks, or None where they run in no one direction."""
    if not site.tracks:
        return None
    normals = np.concatenate([frame_along(t.line, 10.0)[1] for t in site.tracks])
    doubled = (normals[:, 0] + 1j * normals[:, 1]) ** 2
    mean = doubled.mean()
    if abs(mean) < 0.8:
        return None
    angle = np.angle(mean) / 2
    return np.array([np.cos(angle), np.sin(angle)])


def _rival(
    odds: NDArray[np.float64],
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    across: NDArray[np.float64] | None,
    settings: RegistrationSettings,
) -> Registration | None:
    """Refuse where another fit, a track or more away, is nearly as good."""
    best = int(odds.argmax())
    apart = np.hypot(east - east[best], north - north[best])
    if across is not None:
        apart = np.abs((east - east[best]) * across[0] + (north - north[best]) * across[1])
    elsewhere = np.flatnonzero(apart >= settings.site_across_m)
    if not len(elsewhere):
        return None
    other = int(elsewhere[odds[elsewhere].argmax()])
    margin = float(odds[best] - odds[other])
    if margin >= settings.site_margin:
        return None
    return Registration(
        "failed", (0.0, 0.0), IDENTITY, None, None, 0, 0,
        f"two fits to the site are nearly as good: shifts of ({-east[best]:.0f}, {-north[best]:.0f}) m and "
        f"({-east[other]:.0f}, {-north[other]:.0f}) m (log-odds {margin:.1f}, not {settings.site_margin:g})",
    )  # fmt: skip


def _refined(
    rasters: list[Raster],
    template: Template,
    odds: NDArray[np.float64],
    shifts: tuple[NDArray[np.float64], NDArray[np.float64]],
    across: NDArray[np.float64] | None,
    settings: RegistrationSettings,
) -> Registration:
    """Return the mean shift over what the odds leave open, searched again at half a metre.

    The second search looks up to a track across and a little along, on the ends of the bundle and
    the outlines alone.
    """
    east, north = shifts
    weight = np.exp(odds - odds.max())
    centre = float((weight * east).sum() / weight.sum()), float((weight * north).sum() / weight.sum())
    spread = np.cov(np.stack([east, north]), aweights=weight)
    along_sd = float(np.sqrt(max(np.linalg.eigvalsh(spread)[-1], 0.0)))
    uncertain = along_sd > settings.site_along_sd_ok_m
    best = int(odds.argmax())
    start = centre if uncertain else (float(east[best]), float(north[best]))
    reach = settings.site_across_m if across is not None else 1.5
    u, v = np.meshgrid(
        np.arange(-reach, reach + 0.01, 0.5), [0.0] if uncertain else np.arange(-1.5, 1.51, 0.5)
    )
    axis = across if across is not None else np.array([1.0, 0.0])
    fine_east = start[0] + (u * axis[0] - v * axis[1]).ravel()
    fine_north = start[1] + (u * axis[1] + v * axis[0]).ravel()
    fine = _odds(rasters, template.without_gaps(), fine_east, fine_north, settings)
    top = np.exp(fine - fine.max())
    offset = float((top * fine_east).sum() / top.sum()), float((top * fine_north).sum() / top.sum())
    reason = f"the position along the tracks is uncertain by {along_sd:.1f} m (one sd)" if uncertain else ""
    return Registration(
        "degraded" if uncertain else "ok", (-offset[0], -offset[1]), shift(*offset), None, None,
        template.groups, 0, reason,
    )  # fmt: skip
