"""What stands on the tracks of a group in a coarse scene: the likeliest states along a corridor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter1d

from tumangang_watch.detect.coarse.ground import in_bed_units, learn_ground
from tumangang_watch.detect.coarse.groups import Corridor, sample_corridor, windows_in
from tumangang_watch.detect.coarse.reading import read_track
from tumangang_watch.detect.coarse.states import (
    Displacement,
    StatePath,
    displacements_of,
    footprints,
    likeliest_path,
    likelihoods,
    seen_columns,
    state_table,
)
from tumangang_watch.detect.coarse.view import view_of
from tumangang_watch.detect.trains.strips import only_clear
from tumangang_watch.grid import Float64, Mask
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Track
from tumangang_watch.settings.groups import GroupSettings

UNLIKELY = 20.0
"""Log-odds against a train where no track runs or nothing was seen."""


@dataclass(frozen=True, kw_only=True)
class GroupReading:
    """One corridor and what was found to stand on it."""

    corridor: Corridor
    own: tuple[Track, ...] = ()
    """Tracks of the corridor that it speaks for."""
    group: tuple[Track, ...] = ()
    """All tracks that cannot be told from these."""
    states: Mask
    log_likelihood: Float64
    """(states, n) log-likelihood ratios against empty, of ground and network, one count per independent
    sample."""
    ground: Float64
    """(states, n) what the Gaussians of the ground say alone, before their share of it is taken."""
    path: StatePath
    odds: Float64
    """(tracks, n) the network's log-odds that a train stands there."""
    empty: Float64
    """(m, n) how surely each point is empty ground."""
    values: Float64
    """(bands, m, n) in bed units."""
    expected: Float64
    """(bands, m, n) what empty ground would show."""
    light: Displacement
    sun_known: bool


def read_groups(
    observation: Observation,
    tracks: list[Track],
    settings: GroupSettings,
    before: list[GroupReading] | None = None,
    others: list[list[GroupReading]] | None = None,
) -> list[GroupReading]:
    """Judge every track group of a scene.

    ``before`` is what was found of this scene so far, ``others`` the same corridors on other dates.
    """
    parts = windows_in(tracks, observation.image.gsd_m, settings)
    clear, grid = observation.quality.clear, observation.raster.grid
    corridors = [
        only_clear(sample_corridor(observation.image, part.tracks, settings), clear, grid) for part in parts
    ]
    units = in_bed_units(corridors) if corridors else []
    if not units:
        return []
    backgrounds = _grounds(others) if others else [None] * len(corridors)
    out = []
    for number, (part, corridor, values) in enumerate(zip(parts, corridors, units, strict=True)):
        straight = _Straight(
            corridor=corridor,
            values=values,
            lights=displacements_of(corridor, observation.scene, settings),
            background=backgrounds[number],
        )
        odds = _odds(straight, settings) if before is None else before[number].odds
        reading = _judge(straight, odds, settings)
        sun_known = observation.scene.sun_azimuth_deg is not None
        out.append(replace(reading, own=part.own, group=part.group, sun_known=sun_known))
    return out


@dataclass(frozen=True, kw_only=True)
class _Straight:
    """One corridor as it is judged."""

    corridor: Corridor
    values: Float64
    """(bands, m, n) in bed units."""
    lights: list[Displacement]
    background: Float64 | None
    """(bands, m, n) the same ground on other dates where it was empty, NaN elsewhere."""


def _odds(straight: _Straight, settings: GroupSettings) -> Float64:
    """Return (tracks, n) what the network says of every track of a corridor, as log-odds."""
    corridor = straight.corridor
    seen = np.isfinite(corridor.offset_m) & seen_columns(corridor)
    views = (
        view_of(corridor, straight.values, k, straight.lights, settings) for k in range(len(corridor.tracks))
    )
    read = np.stack([read_track(view, corridor.s_m.size) for view in views])
    return np.where(seen, read, -UNLIKELY)


def _grounds(others: list[list[GroupReading]]) -> list[Float64 | None]:
    """Return for every corridor what other dates show there empty, the median of them."""
    out: list[Float64 | None] = []
    for same in zip(*others, strict=True):
        empty = [np.where((o.empty > 0.8) & o.corridor.valid, o.values, np.nan) for o in same]
        stack = np.stack(empty)
        known = np.isfinite(stack).any(axis=0)
        ground = np.full(stack.shape[1:], np.nan)
        ground[known] = np.nanmedian(stack[:, known], axis=0)
        out.append(ground)
    return out


def _judge(straight: _Straight, odds: Float64, settings: GroupSettings) -> GroupReading:
    """Learn the empty ground of a corridor where the network sees no train, and weigh its states.

    Where the sun is not known the side is taken on which shadows explain more.
    """
    corridor, values = straight.corridor, straight.values
    states = state_table(len(corridor.tracks))
    chance = 1 / (1 + np.exp(-odds))
    weight = np.min([_still_empty(corridor, chance, light, settings) for light in straight.lights], axis=0)
    ground = learn_ground(corridor, values, weight, settings, straight.background)
    tried = []
    for light in straight.lights:
        log_likelihood = likelihoods(corridor, values, ground, states, light, settings)
        top = log_likelihood.max(axis=0)
        tried.append((float(np.minimum(top, settings.clip).sum()), light, log_likelihood))
    _, light, log_likelihood = max(tried, key=lambda t: t[0])
    ground_says = _bounded(log_likelihood, settings)
    both = settings.ground_share * ground_says + states @ _per_column(odds, settings)
    path = likeliest_path(both, states, settings.switch_cost)
    return GroupReading(
        corridor=corridor,
        states=states,
        log_likelihood=both,
        ground=ground_says,
        path=path,
        odds=odds,
        empty=_still_empty(corridor, path.chance, light, settings),
        values=values,
        expected=ground.expected,
        light=light,
        sun_known=len(straight.lights) == 1,
    )


def _per_column(odds: Float64, settings: GroupSettings) -> Float64:
    """Return (tracks, n) log-odds as one column's part of an independent sample."""
    memory = max(settings.odds_memory_px / settings.step_px, 1.0)
    return np.clip(odds, -settings.odds_clip, settings.odds_clip) / memory


def _bounded(log_likelihood: Float64, settings: GroupSettings) -> Float64:
    """Bound what one cross-section says and count it as the part of an independent sample it is.

    A state falls short of the best one by ``clip`` at most, whatever odd thing lies beside the tracks.
    """
    memory = max(settings.memory_px / settings.step_px, 1.0)
    short = np.maximum(log_likelihood - log_likelihood.max(axis=0), -settings.clip)
    short = short - short[:1]
    return np.where(np.isfinite(log_likelihood), short / memory, -1e6)


def _still_empty(
    corridor: Corridor, chances: Float64, light: Displacement, settings: GroupSettings
) -> Float64:
    """Return (m, n) how surely neither a body nor its shadow touches a point."""
    m, n = corridor.valid.shape
    out = np.ones((m, n))
    tracks = len(corridor.tracks)
    singles = np.eye(tracks + 1, tracks, k=-1, dtype=bool)
    near = 2 * max(round(1 / settings.step_px), 1) + 1
    chance = maximum_filter1d(chances, near, axis=1)
    prints = footprints(corridor, n // 2, singles, light, settings)
    for track in range(tracks):
        touched = np.minimum(prints.bodies[track] + prints.shade[track + 1], 1.0) > 0.1
        out[touched] *= 1 - chance[track]
    return out
