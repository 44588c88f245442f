"""Fit one or two mutually registered scenes to the site's geometry, or refuse."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from shapely import LineString, box

from tumangang_watch.grid import Float64, Grid, Mask, grid_over
from tumangang_watch.model.image import NativeImage, shift
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.site import Site
from tumangang_watch.preprocess.site_fit.outlines import Picture, score_groups
from tumangang_watch.preprocess.site_fit.sections import centredness, sections_of, shape_odds
from tumangang_watch.preprocess.site_fit.template import Template, ends_of, template_of
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.track_frame import frame_along, middles

ALONE_M = 8.0
"""A track with none nearer than this cannot be taken for another: gaps of 4.5 to 7 m lie within a group."""
MOVE_M = 0.25
"""Step of the lateral moves that are tried about a shift."""


def fit_to_site(
    images: tuple[NativeImage, ...], site: Site, grid: Grid, settings: RegistrationSettings
) -> Registration:
    """Find the shift that brings one or two mutually registered images onto the site.

    Returns
    -------
    Registration
        ``affine`` maps a site point to where the first image shows it; compose it with each
        image's own registration. ``failed`` where two fits that lie across the tracks are nearly
        as good; ``degraded`` where the position along the tracks stays uncertain or the site has
        nothing to fit to.
    """
    site = _shown(site, grid)
    template = template_of(site, grid.bounds, settings.site_points_max)
    if template.groups == 0 and not site.tracks:
        return _as_delivered("there are no tracks or aprons to fit to", 0)
    fine = grid_over(grid.bounds, max(0.5, min(grid.pixel_m, 1.0)), grid.crs)
    pictures = tuple(Picture.of(image.on_grid(fine), template) for image in images)
    across = _across(site)
    axes = np.eye(2) if across is None else np.array([across, (-across[1], across[0])])
    steps = np.arange(-settings.site_reach_m, settings.site_reach_m + 0.01, settings.site_pixel_m)
    u, v = (w.ravel() for w in np.meshgrid(steps, steps))
    outlines = odds = _odds(pictures, template, axes, u, v, settings)
    for _ in range(2):
        if across is None:
            break
        along_m = v[odds.argmax()]
        moves, lateral = _symmetry(pictures, site, along_m * axes[1], across, settings)
        odds = outlines + _near_best(moves, lateral, u, settings.site_pixel_m / 2)
    best = odds.argmax()
    apart = np.abs(u - u[best]) if across is not None else np.hypot(u - u[best], v - v[best])
    shifts, margin = np.stack([u, v]).T @ axes, _margin(site, settings)
    rival = _rival(odds, shifts, apart >= settings.site_across_m, margin)
    doubt = rival is not None and _alone(site)
    if doubt:
        # Two places of one line, neither of them another track's: the likelier is taken, and said to be.
        rival = _rival(odds, shifts, apart >= settings.site_alone_m, margin)
    if rival is not None and not site.tracks:
        # Nothing is measured along tracks: areas a few metres off are better than no report at all.
        return _as_delivered("several fits of its areas are nearly as good", template.groups)
    if rival is not None:
        return rival
    place = u[best], v[best]
    if across is not None:
        place = _centred(pictures, site, place, axes, settings), place[1]
    place, along_sd_m = _along(pictures, site, ends_of(template, axes[1]), axes, place, settings)
    if across is not None:
        place = _centred(pictures, site, place, axes, settings), place[1]
    fit = _registration(np.asarray(place) @ axes, along_sd_m, template.groups, settings)
    if not doubt:
        return fit
    across_too = f"across the track it is uncertain by {settings.site_alone_m:g} m"
    return replace(fit, status="degraded", reason="; ".join(filter(None, (fit.reason, across_too))))


def _registration(
    shift_m: Float64, along_sd_m: float, groups: int, settings: RegistrationSettings
) -> Registration:
    sure = along_sd_m <= settings.site_along_sd_ok_m
    reason = "" if sure else f"the position along the tracks is uncertain by {along_sd_m:.1f} m (one sd)"
    east, north = (float(w) for w in shift_m)
    return Registration(
        status="ok" if sure else "degraded",
        shift_m=(-east, -north),
        affine=shift(east, north),
        tie_points=groups,
        reason=reason,
    )


def _shown(site: Site, grid: Grid) -> Site:
    """Return the site with the pieces of its tracks that lie on a grid and are not left out.

    A site holds several places: tracks of another place say nothing of this scene, and run elsewhere.
    """
    window = box(*grid.bounds)
    pieces = []
    for track in site.tracks:
        part = track.line.intersection(window).difference(site.left_out)
        lines = [g for g in getattr(part, "geoms", (part,)) if isinstance(g, LineString) and not g.is_empty]
        pieces += [replace(track, line=line) for line in lines]
    return replace(site, tracks=tuple(pieces))


def _as_delivered(why: str, groups: int) -> Registration:
    """Return the fit that takes the scene's own georeferencing."""
    reason = f"the site has no tracks, and {why}: the scene's own georeferencing is used"
    return Registration(status="degraded", tie_points=groups, reason=reason)


def _across(site: Site) -> Float64 | None:
    """Return the unit vector across the tracks, or None where they run in no one direction."""
    if not site.tracks:
        return None
    frames = [frame_along(t.line, middles(t.line.length, 10.0), 1.0) for t in site.tracks]
    left = np.concatenate([f.left for f in frames], axis=1)
    doubled = (left[0] + 1j * left[1]) ** 2
    mean = doubled.mean()
    if abs(mean) < 0.8:
        return None
    angle = np.angle(mean) / 2
    return np.array([np.cos(angle), np.sin(angle)])


def _odds(
    pictures: tuple[Picture, ...],
    template: Template,
    axes: Float64,
    u: Float64,
    v: Float64,
    settings: RegistrationSettings,
) -> Float64:
    """Return log-odds of each shift ``(u, v) @ axes``: what outlines say, and the prior on geolocation."""
    total = -0.5 * (u**2 + v**2) / settings.site_prior_sd_m**2
    east, north = np.stack([u, v]).T @ axes[:, 0], np.stack([u, v]).T @ axes[:, 1]
    for picture in pictures if template.groups else ():
        gain = score_groups(picture, template, east, north, settings.site_correlation_m2)
        total = total + gain.sum(axis=1) / len(pictures)
    return np.asarray(total)


def _symmetry(
    pictures: tuple[Picture, ...],
    site: Site,
    start_m: Float64,
    across: Float64,
    settings: RegistrationSettings,
) -> tuple[Float64, Float64]:
    """Return lateral moves from a shift and the log-odds that the tracks' centrelines run there."""
    moves = np.arange(-settings.site_reach_m - 1.0, settings.site_reach_m + 1.0 + MOVE_M / 2, MOVE_M)
    total = np.zeros(len(moves))
    for picture in pictures:
        sections = sections_of(picture, site, start_m, across, settings)
        total += centredness(sections, moves, settings).sum(axis=0)
    return moves, total


def _near_best(moves: Float64, lateral: Float64, u: Float64, reach_m: float) -> Float64:
    """Return the best of the finer lateral odds within reach of each coarse step."""
    steps, index = np.unique(u, return_inverse=True)
    best = np.array([lateral[np.abs(moves - step) <= reach_m + 1e-6].max() for step in steps])
    return np.asarray(best[index])


def _alone(site: Site) -> bool:
    """Return whether no track of a site has another beside it."""
    lines = [t.line for t in site.tracks]
    return bool(lines) and all(a.distance(b) > ALONE_M or a.touches(b) for a, b in combinations(lines, 2))


def _margin(site: Site, settings: RegistrationSettings) -> float:
    """Return the log-odds a fit must have over others: less on a bridge, beside which lies only water."""
    length_m = sum(t.line.length for t in site.tracks)
    over_m = sum(b - a for t in site.tracks for own in site.track_on_bridges(t).values() for a, b in own)
    return settings.site_bridge_margin if over_m > length_m / 2 else settings.site_margin


def _rival(odds: Float64, shifts_m: Float64, elsewhere: Mask, least: float) -> Registration | None:
    """Refuse where another fit, elsewhere, is nearly as good."""
    best = int(odds.argmax())
    if not elsewhere.any():
        return None
    other = int(np.where(elsewhere, odds, -np.inf).argmax())
    margin = float(odds[best] - odds[other])
    if margin >= least:
        return None
    (e1, n1), (e2, n2) = -shifts_m[best], -shifts_m[other]
    return Registration.failed(
        f"two fits to the site are nearly as good: shifts of ({e1:.0f}, {n1:.0f}) m and "
        f"({e2:.0f}, {n2:.0f}) m (log-odds {margin:.1f}, not {least:g})"
    )


def _along(
    pictures: tuple[Picture, ...],
    site: Site,
    template: Template,
    axes: Float64,
    place: tuple[float, float],
    settings: RegistrationSettings,
) -> tuple[tuple[float, float], float]:
    """Return the place searched again along the tracks at half a metre, and its standard deviation.

    Outlines tell, and how the tracks bend and come together. Without either the scene's own
    georeferencing stands, as uncertain as it is. A place that rests on one piece of outline is a
    coincidence more often than not: the deviation counts where the place would be without the piece that
    moves it most (the jackknife's way).
    """
    v = np.arange(-settings.site_reach_m, settings.site_reach_m + 0.01, 0.5)
    base = -0.5 * (place[0] ** 2 + v**2) / settings.site_prior_sd_m**2
    for picture in pictures if site.tracks else ():
        base = base + shape_odds(picture, site, place[0] * axes[0], axes[1], v, settings) / len(pictures)
    steps = np.stack([np.full(len(v), place[0]), v]).T @ axes
    parts = np.zeros((len(v), template.groups))
    for picture in pictures if template.groups else ():
        gain = score_groups(picture, template, steps[:, 0], steps[:, 1], settings.site_correlation_m2)
        parts += gain / len(pictures)
    mean, sd = _mean_and_sd(v, base + parts.sum(axis=1))
    for group in range(template.groups):
        other, _ = _mean_and_sd(v, base + parts.sum(axis=1) - parts[:, group])
        sd = max(sd, abs(other - mean))
    return (float(place[0]), mean), sd


def _mean_and_sd(v: Float64, odds: Float64) -> tuple[float, float]:
    weight = np.exp(odds - odds.max())
    weight /= weight.sum()
    mean = float(weight @ v)
    return mean, float(np.sqrt(weight @ (v - mean) ** 2))


def _centred(
    pictures: tuple[Picture, ...],
    site: Site,
    place: tuple[float, float],
    axes: Float64,
    settings: RegistrationSettings,
) -> float:
    """Return the lateral shift, moved by less than half a gap to where the centrelines most likely run."""
    moves, lateral = _symmetry(pictures, site, place[1] * axes[1], axes[0], settings)
    lateral = np.where(np.abs(moves - place[0]) < settings.site_across_m, lateral, -np.inf)
    k = int(lateral.argmax())
    if k in (0, len(moves) - 1):
        return float(moves[k])
    below, here, above = lateral[k - 1 : k + 2]
    bend = below - 2 * here + above
    if not np.isfinite(bend) or bend >= 0:
        return float(moves[k])
    return float(moves[k] + 0.5 * MOVE_M * (below - above) / bend)
