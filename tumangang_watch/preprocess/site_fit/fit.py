"""Fit one or two mutually registered scenes to the site's geometry, as far as they show it.

What they show is weighed against what their georeferencing is worth (`georeferencing.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from shapely import box

from tumangang_watch.affine import shift
from tumangang_watch.grid import Float64, Grid
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.site import Site
from tumangang_watch.preprocess.site_fit.georeferencing import (
    CE90_SDS,
    Choice,
    Geolocation,
    TriedShifts,
    choose_place,
    log_prior,
)
from tumangang_watch.preprocess.site_fit.outlines import Picture, score_groups
from tumangang_watch.preprocess.site_fit.sections import centredness, sections_of, shape_odds
from tumangang_watch.preprocess.site_fit.template import Template, ends_of, looked_at, template_of
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.threads import side_by_side
from tumangang_watch.track_frame import frame_along, lines_of, middles

ALONE_M = 8.0
"""A track with none nearer than this cannot be taken for another: gaps of 4.5 to 7 m lie within a group."""
MOVE_M = 0.25
"""Step of the lateral moves that are tried about a shift."""


def fit_to_site(
    images: tuple[NativeImage, ...],
    site: Site,
    grid: Grid,
    settings: RegistrationSettings,
    known: Geolocation | None = None,
    snowy: Callable[[], bool] = lambda: False,
) -> Registration:
    """Find the shift that brings one or two mutually registered images onto the site.

    Parameters
    ----------
    known : Geolocation, optional
        What the scene's own georeferencing is worth; unknown by default.
    snowy : callable, optional
        Says whether snow lies on all images: outlines that contradict the rails then do not count.

    Returns
    -------
    Registration
        ``affine`` maps a site point to where the first image shows it; compose it with each
        image's own registration. ``degraded`` where outlines and rails leave the place across the tracks
        open (then the georeferencing decides between the fits, and ``rivals_m`` names the others), where the
        position along them stays uncertain, or where the site has nothing to fit to. ``failed`` where they
        contradict what was stated of the georeferencing.
    """
    known, site = known or Geolocation(ce90_m=settings.geolocation_unknown_m), _shown(site, grid)
    template = template_of(site, grid.bounds, settings.site_points_max)
    if template.groups == 0 and not site.tracks:
        return _as_delivered("there are no tracks or aprons to fit to", 0)
    near = looked_at(site, grid, settings.site_reach_m)
    pictures = tuple(side_by_side(lambda image: Picture.of(image.on_grid(near), template), images))
    across, axes = _across(site), _axes(site)
    lateral = LateralOdds(pictures=pictures, site=site, axes=axes, settings=settings)
    search = _tried(lateral, template, known, snowy)
    choice = choose_place(search, _margin(site, settings), known, settings, alone=_alone(site))
    if isinstance(choice, str):
        return Registration.failed(choice)
    if choice.rivals and not site.tracks:
        # Nothing is measured along tracks: areas a few metres off are better than no report at all.
        return _as_delivered("several fits of its areas are nearly as good", template.groups)
    centred = across is not None and not choice.stands
    place = _centred(lateral, choice.place) if centred else choice.place
    # What shows no rails across the tracks shows none of their bends.
    place, along_sd_m = _along(pictures if search.seen else (), site, template, place, known, settings)
    place = _centred(lateral, place) if centred else place
    fit = _registration(np.asarray(place) @ axes, along_sd_m, template.groups, settings)
    return replace(_doubted(fit, choice, axes, known, settings), rails_odds=search.rails_odds)


def _tried(
    lateral: LateralOdds, template: Template, known: Geolocation, snowy: Callable[[], bool]
) -> TriedShifts:
    """Return all shifts within reach, and what outlines, rails and the georeferencing say of each."""
    pictures, axes, settings = lateral.pictures, lateral.axes, lateral.settings
    across, rails_odds = _across(lateral.site), None
    steps = np.arange(-settings.site_reach_m, settings.site_reach_m + 0.01, settings.site_pixel_m)
    u, v = (w.ravel() for w in np.meshgrid(steps, steps))
    shown = outlines = _shown_odds(pictures, template, axes, u, v, settings)
    prior = log_prior(np.hypot(u, v), known, settings)
    for _ in range(2):
        if across is None:
            break
        along_m = v[(shown + prior).argmax()]
        moves, odds, pieces = lateral.at(float(along_m))
        shown = outlines + _near_best(moves, odds, u, settings.site_pixel_m / 2)
        near = np.abs(moves - u[(shown + prior).argmax()]) <= settings.site_pixel_m
        rails_odds = float(odds[near].max() / max(pieces, 1))
        if odds.max() - odds[near].max() >= settings.site_margin and snowy():
            outlines, shown = np.zeros(len(u)), shown - outlines
            near = np.abs(moves - u[(shown + prior).argmax()]) <= settings.site_pixel_m
            rails_odds = float(odds[near].max() / max(pieces, 1))
    seen = rails_odds is None or rails_odds >= settings.section_seen_min
    known_way = across is not None
    return TriedShifts(u=u, v=v, shown=shown, prior=prior, across=known_way, seen=seen, rails_odds=rails_odds)


def _doubted(
    fit: Registration, choice: Choice, axes: Float64, known: Geolocation, settings: RegistrationSettings
) -> Registration:
    """Return a fit with what it leaves open across the tracks."""
    reasons = []
    if choice.near:
        reasons.append(f"across the track it is uncertain by {settings.site_alone_m:g} m")
    rivals = tuple(
        (float(e), float(n)) for e, n in ((np.asarray(r) - choice.place) @ axes for r in choice.rivals)
    )
    if rivals:
        stands = "it stays" if choice.stands else "the one nearest is taken to"
        listed = ", ".join(f"({fit.shift_m[0] - e:.0f}, {fit.shift_m[1] - n:.0f})" for e, n in rivals[:3])
        reasons.append(
            f"the site's tracks and outlines do not decide: shifts of {listed} m fit nearly as well, and "
            f"{stands} where the scene says it lies (known to {known.ce90_m:.3g} m); "
            "--site-shift EAST,NORTH, --geolocation-accuracy METRES or a reference scene "
            "(site add-reference) would decide"
        )
    if not reasons:
        return fit
    return replace(
        fit, status="degraded", rivals_m=rivals, reason="; ".join(filter(None, (fit.reason, *reasons)))
    )


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
        pieces += [replace(track, line=line) for line in lines_of(part)]
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


def _axes(site: Site) -> Float64:
    """Return the unit vectors across and along the tracks; else east and north."""
    across = _across(site)
    return np.eye(2) if across is None else np.array([across, (-across[1], across[0])])


def _shown_odds(
    pictures: tuple[Picture, ...],
    template: Template,
    axes: Float64,
    u: Float64,
    v: Float64,
    settings: RegistrationSettings,
) -> Float64:
    """Return what outlines say of each shift ``(u, v) @ axes``, as log-odds."""
    total = np.zeros(len(u))
    east, north = np.stack([u, v]).T @ axes[:, 0], np.stack([u, v]).T @ axes[:, 1]
    area_m2 = settings.site_correlation_m2
    shown = pictures if template.groups else ()
    for gain in side_by_side(lambda p: score_groups(p, template, east, north, area_m2), shown):
        total = total + gain.sum(axis=1) / len(pictures)
    return np.asarray(total)


@dataclass(frozen=True, kw_only=True)
class LateralOdds:
    """What the rails say of moves across the tracks, read once for each place along them."""

    pictures: tuple[Picture, ...]
    site: Site
    axes: Float64
    """Unit vectors across and along the tracks."""
    settings: RegistrationSettings
    _read: dict[float, tuple[Float64, Float64, float]] = field(default_factory=dict)

    def at(self, along_m: float) -> tuple[Float64, Float64, float]:
        """Return lateral moves, the log-odds that centrelines run there, and of how many pieces a picture."""
        if along_m not in self._read:
            self._read[along_m] = self._at(along_m * self.axes[1])
        return self._read[along_m]

    def _at(self, start_m: Float64) -> tuple[Float64, Float64, float]:
        settings, reach_m = self.settings, self.settings.site_reach_m + 1.0
        moves = np.arange(-reach_m, reach_m + MOVE_M / 2, MOVE_M)
        total, count = np.zeros(len(moves)), 0.0
        for picture in self.pictures:
            sections = sections_of(picture, self.site, start_m, self.axes[0], settings)
            pieces = centredness(sections, moves, settings)
            # Two dates show one ground: what misleads on one misleads on both, as with outlines.
            total += pieces.sum(axis=0) / len(self.pictures)
            count += int(pieces.any(axis=1).sum()) / len(self.pictures)
        return moves, total, count


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


def _along(
    pictures: tuple[Picture, ...],
    site: Site,
    template: Template,
    place: tuple[float, float],
    known: Geolocation,
    settings: RegistrationSettings,
) -> tuple[tuple[float, float], float]:
    """Return the place searched again along the tracks at half a metre, and its standard deviation.

    Outlines tell, and how the tracks bend and come together. Without either the scene's own
    georeferencing stands, as uncertain as it is; nor does a move count that is within its own doubt. A
    place that rests on one piece of outline is a coincidence more often than not: the deviation counts
    where the place would be without the piece that moves it most (the jackknife's way).
    """
    axes = _axes(site)
    template = ends_of(template, axes[1])
    v = np.arange(-settings.site_reach_m, settings.site_reach_m + 0.01, 0.5)
    base = log_prior(np.hypot(place[0], v), known, settings)
    stands_m = float(np.hypot(known.ce90_m, settings.site_ce90_m) / CE90_SDS)
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
    if abs(mean) < settings.along_sure_sd * sd:
        return (float(place[0]), 0.0), float(min(np.hypot(sd, mean), stands_m))
    return (float(place[0]), mean), sd


def _mean_and_sd(v: Float64, odds: Float64) -> tuple[float, float]:
    weight = np.exp(odds - odds.max())
    weight /= weight.sum()
    mean = float(weight @ v)
    return mean, float(np.sqrt(weight @ (v - mean) ** 2))


def _centred(odds: LateralOdds, place: tuple[float, float]) -> tuple[float, float]:
    """Return a place, moved by less than half a gap to where the centrelines most likely run."""
    moves, lateral, _ = odds.at(float(place[1]))
    lateral = np.where(np.abs(moves - place[0]) < odds.settings.site_across_m, lateral, -np.inf)
    k = int(lateral.argmax())
    if k in (0, len(moves) - 1):
        return float(moves[k]), place[1]
    below, here, above = lateral[k - 1 : k + 2]
    bend = below - 2 * here + above
    if not np.isfinite(bend) or bend >= 0:
        return float(moves[k]), place[1]
    return float(moves[k] + 0.5 * MOVE_M * (below - above) / bend), place[1]
