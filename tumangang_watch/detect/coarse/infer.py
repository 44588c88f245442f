"""What stands on the tracks of a group in a coarse scene: the likeliest states along a corridor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter1d

from tumangang_watch.detect.coarse.ground import in_bed_units, learn_ground, structure
from tumangang_watch.detect.coarse.groups import Corridor, group_tracks, sample_corridor, windows_of
from tumangang_watch.detect.coarse.states import (
    Displacement,
    StatePath,
    displacements_of,
    footprints,
    likeliest_path,
    likelihoods,
    state_table,
)
from tumangang_watch.detect.trains.strips import only_clear
from tumangang_watch.grid import Float64, Mask
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Track
from tumangang_watch.settings.groups import GroupSettings


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
    """(states, n) log-likelihood ratios against empty, one count per independent sample."""
    path: StatePath
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

    ``before`` is what was found of this scene so far (from the least structured ground otherwise), ``others``
    the same corridors on other dates.
    """
    gsd_m = observation.image.gsd_m
    groups = group_tracks(tuple(tracks), settings.apart_px * gsd_m)
    parts = [(group, *w) for group in groups for w in windows_of(group, settings.window_tracks)]
    clear, grid = observation.quality.clear, observation.raster.grid
    corridors = [
        only_clear(sample_corridor(observation.image, tracks, settings), clear, grid)
        for _, tracks, _ in parts
    ]
    units = in_bed_units(corridors) if corridors else []
    if not units:
        return []
    if before is not None:
        weights = [b.empty for b in before]
    else:
        rough = [structure(r, v) for r, v in zip(corridors, units, strict=True)]
        limit = np.quantile(np.concatenate(rough), settings.seed_share)
        weights = [
            np.broadcast_to(w <= limit, r.valid.shape).astype(float)
            for r, w in zip(corridors, rough, strict=True)
        ]
    backgrounds = _grounds(others) if others else [None] * len(corridors)
    out = []
    for (group, _, own), corridor, values, weight, back in zip(
        parts, corridors, units, weights, backgrounds, strict=True
    ):
        reading = _judge(observation.scene, corridor, values, weight, back, settings)
        out.append(replace(reading, own=own, group=group))
    return out


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


def _judge(
    scene: Scene,
    corridor: Corridor,
    values: Float64,
    weight: Float64,
    background: Float64 | None,
    settings: GroupSettings,
) -> GroupReading:
    """Judge one corridor: learn the empty ground, weigh the states, and again with what was found."""
    states = state_table(len(corridor.tracks))
    lights = displacements_of(corridor, scene, settings)
    result: GroupReading | None = None
    for _ in range(settings.rounds):
        ground = learn_ground(corridor, values, weight, settings, background)
        tried = []
        for light in lights:
            log_likelihood = likelihoods(corridor, values, ground, states, light, settings)
            top = log_likelihood.max(axis=0)
            tried.append(
                (float(np.minimum(top, settings.clip).sum()), light, _bounded(log_likelihood, settings))
            )
        _, light, log_likelihood = max(tried, key=lambda t: t[0])
        path = likeliest_path(log_likelihood, states, settings.switch_cost)
        weight = _still_empty(corridor, path, light, settings)
        result = GroupReading(
            corridor=corridor,
            states=states,
            log_likelihood=log_likelihood,
            path=path,
            empty=weight,
            values=values,
            expected=ground.expected,
            light=light,
            sun_known=scene.sun_azimuth_deg is not None,
        )
    if result is None:
        raise ValueError("rounds must be at least 1")
    return result


def _bounded(log_likelihood: Float64, settings: GroupSettings) -> Float64:
    """Bound what one cross-section says and count it as the part of an independent sample it is.

    A state falls short of the best one by ``clip`` at most, whatever odd thing lies beside the tracks.
    """
    memory = max(settings.memory_px / settings.step_px, 1.0)
    short = np.maximum(log_likelihood - log_likelihood.max(axis=0), -settings.clip)
    short = short - short[:1]
    return np.where(np.isfinite(log_likelihood), short / memory, -1e6)


def _still_empty(
    corridor: Corridor, path: StatePath, light: Displacement, settings: GroupSettings
) -> Float64:
    """Return (m, n) how surely neither a body nor its shadow touches a point."""
    m, n = corridor.valid.shape
    out = np.ones((m, n))
    tracks = len(corridor.tracks)
    singles = np.eye(tracks + 1, tracks, k=-1, dtype=bool)
    near = 2 * max(round(1 / settings.step_px), 1) + 1
    chance = maximum_filter1d(path.chance, near, axis=1)
    prints = footprints(corridor, n // 2, singles, light, settings)
    for track in range(tracks):
        touched = np.minimum(prints.bodies[track] + prints.shade[track + 1], 1.0) > 0.1
        out[touched] *= 1 - chance[track]
    return out
