"""What a scene's own georeferencing is worth, and which place it leaves of those that a scene shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from tumangang_watch.grid import Float64
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.preprocess import RegistrationSettings

CE90_SDS = 2.146
"""CE90 of a normal error, in its standard deviations per axis: the root of 2 log 10."""
NEVER = -1e6
"""Log-odds of what is ruled out."""


@dataclass(frozen=True, kw_only=True)
class Geolocation:
    """How well it is known where a scene lies."""

    ce90_m: float
    """Nine scenes in ten lie within it of where they say."""
    stated: bool = False
    """An analyst said so of this scene: then nothing farther is believed."""
    source: str = ""
    """Who says so, in words."""


def geolocation_of(scene: Scene, settings: RegistrationSettings) -> Geolocation:
    """Return what was stated of a scene, else what its product states, else what its kind is known for."""
    if scene.geolocation_m is not None:
        return Geolocation(ce90_m=scene.geolocation_m, stated=True, source="--geolocation-accuracy")
    unknown_m = settings.geolocation_unknown_m
    found = ((c, what) for p, c, what in settings.geolocation_ce90_m if re.search(p, scene.provider, re.I))
    ce90_m, what = next(found, (unknown_m, "unknown kinds of product"))
    source = f"taken for {what}"
    if scene.product_ce90_m is not None:
        ce90_m, source = max(scene.product_ce90_m, settings.geolocation_min_m), "the product's metadata"
    if scene.location_doubt:
        ce90_m, source = max(ce90_m, unknown_m), f"{source}, but {scene.location_doubt}"
    return Geolocation(ce90_m=ce90_m, source=source)


@dataclass(frozen=True)
class SharedPlace:
    """Where two scenes that are registered to each other lie best by what both say."""

    east_m: float
    """Of the first scene's content, from where the first alone says it lies."""
    north_m: float
    known: Geolocation


def both_together(
    first: Geolocation, second: Geolocation, apart_m: tuple[float, float], settings: RegistrationSettings
) -> SharedPlace:
    """Weigh what two scenes say of where one ground lies, by the variance of each.

    Where they lie farther apart than both errors explain, one of them is wrong: the better known one stands,
    of two known alike the first.

    Parameters
    ----------
    apart_m : (east, north)
        Where the second scene has the ground that the first shows in its place, from there.
    """
    reach_m = settings.reach_per_ce90 * float(np.hypot(first.ce90_m, second.ce90_m))
    better, share = (first, 0.0) if first.ce90_m <= second.ce90_m else (second, 1.0)
    if np.hypot(*apart_m) <= reach_m:
        share = first.ce90_m**2 / (first.ce90_m**2 + second.ce90_m**2)
        both_m = first.ce90_m * second.ce90_m / float(np.hypot(first.ce90_m, second.ce90_m))
        better = replace(better, ce90_m=both_m)
    return SharedPlace(share * apart_m[0], share * apart_m[1], better)


def log_prior(away_m: Float64, known: Geolocation, settings: RegistrationSettings) -> Float64:
    """Return the log-density of a scene lying so far from where the site has it.

    The site's own error is added. One scene in some is worse than its product is known for: it may lie as
    far off as one of which nothing is known. What an analyst states of a scene is taken at the word.
    """
    ce90_m = np.hypot(known.ce90_m, settings.site_ce90_m)
    sd = ce90_m / CE90_SDS
    wide = max(settings.geolocation_unknown_m / CE90_SDS, sd)
    share = 0.0 if known.stated else settings.geolocation_worse_share
    parts = (1 - share) * _density(away_m, sd) + share * _density(away_m, wide)
    odds = np.log(parts + 1e-300)
    return np.where(away_m > 1.5 * ce90_m, NEVER, odds) if known.stated else np.asarray(odds)


def _density(away_m: Float64, sd: float) -> Float64:
    return np.asarray(np.exp(-0.5 * (away_m / sd) ** 2) / sd**2)


@dataclass(frozen=True, kw_only=True)
class TriedShifts:
    """Shifts that were tried, and what speaks for each."""

    u: Float64
    """Across the tracks, metres; east where they run in no one direction."""
    v: Float64
    shown: Float64
    """Log-odds by what the scene shows."""
    prior: Float64
    """By its georeferencing."""
    across: bool
    """Places differ across the tracks only."""
    seen: bool
    """The tracks' rails are seen at the best of them."""
    rails_odds: float | None = None
    """Mean log-odds of a piece of track there that they are."""

    def apart(self, index: int) -> Float64:
        """Return how far each shift lies from one of them, as far as that makes another place."""
        du, dv = self.u - self.u[index], self.v - self.v[index]
        return np.abs(du) if self.across else np.hypot(du, dv)

    def at(self, index: int) -> tuple[float, float]:
        """Return one shift."""
        return float(self.u[index]), float(self.v[index])


@dataclass(frozen=True)
class Choice:
    """The shift that is taken, and those that fit nearly as well."""

    place: tuple[float, float]
    rivals: tuple[tuple[float, float], ...] = ()
    stands: bool = False
    """The rails are not seen: the scene lies where it says."""
    near: bool = False
    """Another lies beside it, within the width of a body, where there is no other track to take."""


def choose_place(
    search: TriedShifts, margin: float, known: Geolocation, settings: RegistrationSettings, *, alone: bool
) -> Choice | str:
    """Return the place a scene shows, else of those it leaves open the one its georeferencing is for.

    In words instead: why what it shows contradicts what was stated of its georeferencing.
    """
    odds = search.shown + search.prior
    best = int(odds.argmax())
    if known.stated and search.seen:
        free = int(search.shown.argmax())
        elsewhere = search.apart(free) >= settings.site_across_m
        behind = search.shown[free] - max(search.shown[best], search.shown[elsewhere].max())
        if search.prior[free] == NEVER and behind >= margin:
            return (
                f"its tracks and outlines lie {np.hypot(*search.at(free)):.0f} m from where the scene has "
                f"them, and its georeferencing was stated to be known to {known.ce90_m:g} m"
            )
    if not (search.seen or alone):
        profile = [odds[search.u == u].max() for u in np.unique(search.u)]
        margin = max(margin, settings.unseen_share * float(odds[best] - np.median(profile)))
    peaks = [best]
    left = odds.copy()
    while True:
        left[search.apart(peaks[-1]) < settings.site_across_m] = -np.inf
        other = int(left.argmax())
        if odds[best] - left[other] >= margin or len(peaks) == settings.site_rivals_max:
            break
        peaks.append(other)
    if alone:
        near = len(peaks) > 1
        peaks = [best, *(p for p in peaks[1:] if search.apart(best)[p] >= settings.site_alone_m)]
    else:
        near = False
    away_m = np.abs(search.u) if search.across else np.hypot(search.u, search.v)
    if not (search.seen or alone) and len(peaks) > 1:
        rivals = tuple(search.at(p) for p in peaks if away_m[p] >= settings.site_across_m)
        return Choice((0.0, 0.0), rivals, stands=True)
    taken = min(peaks, key=lambda p: (away_m[p], -odds[p]))
    return Choice(search.at(taken), tuple(search.at(p) for p in peaks if p != taken), near=near)
