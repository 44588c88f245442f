"""What stands on the tracks of a group where a wagon is one pixel: the likeliest states along a ribbon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from tumangang_watch.detect.coarse.ground import in_bed_units, learn_ground, structure
from tumangang_watch.detect.coarse.groups import Corridor, group_tracks, sample_corridor, windows_of
from tumangang_watch.detect.coarse.states import (
    Displacement,
    StatePath,
    displacement_of,
    footprints,
    lean_of,
    likelihoods,
    state_table,
    walk,
)
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Track
from tumangang_watch.settings.trains import GroupSettings


@dataclass(frozen=True, kw_only=True)
class GroupReading:
    """One ribbon and what was found to stand on it."""

    ribbon: Corridor
    own: tuple[Track, ...]
    """Tracks of the ribbon that it speaks for."""
    group: tuple[Track, ...]
    """All tracks that cannot be told from these."""
    states: NDArray[np.bool_]
    gain: NDArray[np.float64]
    """(states, n) log-likelihood ratios against empty, one count per independent sample."""
    path: StatePath
    empty: NDArray[np.float64]
    """(m, n) how surely each point is empty ground."""
    values: NDArray[np.float64]
    """(bands, m, n) in bed units."""
    expected: NDArray[np.float64]
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

    Parameters
    ----------
    before : list of Judged, optional
        What was found of this scene so far; from the least structured ground otherwise.
    others : list of lists of Judged, optional
        The same ribbons on other dates.
    """
    gsd_m = observation.image.gsd_m
    groups = group_tracks(tuple(tracks), settings.apart_px * gsd_m)
    parts = [(group, *w) for group in groups for w in windows_of(group, settings.window_tracks)]
    ribbons = [sample_corridor(observation.image, tracks, settings) for _, tracks, _ in parts]
    units = in_bed_units(ribbons) if ribbons else []
    if not units:
        return []
    if before is not None:
        weights = [b.empty for b in before]
    else:
        rough = [structure(r, v) for r, v in zip(ribbons, units, strict=True)]
        limit = np.quantile(np.concatenate(rough), settings.seed_share)
        weights = [
            np.broadcast_to(w <= limit, r.valid.shape).astype(float)
            for r, w in zip(ribbons, rough, strict=True)
        ]
    backgrounds = _grounds(others) if others else [None] * len(ribbons)
    out = []
    for (group, _, own), ribbon, values, weight, back in zip(
        parts, ribbons, units, weights, backgrounds, strict=True
    ):
        out.append(_judge(observation, (group, own), (ribbon, values), weight, back, settings))
    return out


def _grounds(others: list[list[GroupReading]]) -> list[NDArray[np.float64] | None]:
    """Return for every ribbon what other dates show there empty, the median of them."""
    out: list[NDArray[np.float64] | None] = []
    for same in zip(*others, strict=True):
        stack = np.stack([_ground_of_other(judged) for judged in same])
        known = np.isfinite(stack).any(axis=0)
        ground = np.full(stack.shape[1:], np.nan)
        ground[known] = np.nanmedian(stack[:, known], axis=0)
        out.append(ground)
    return out


def _ground_of_other(other: GroupReading) -> NDArray[np.float64]:
    """Return another date's ribbon in its bed units, NaN where it may be occupied."""
    known = (other.empty > 0.8) & other.ribbon.valid
    return np.where(known, other.values, np.nan)


def _judge(
    observation: Observation,
    tracks: tuple[tuple[Track, ...], tuple[Track, ...]],
    strip: tuple[Corridor, NDArray[np.float64]],
    weight: NDArray[np.float64],
    background: NDArray[np.float64] | None,
    settings: GroupSettings,
) -> GroupReading:
    """Judge one ribbon: learn the empty ground, weigh the states, and again with what was found."""
    ribbon, values = strip
    states = state_table(len(ribbon.tracks))
    stated = displacement_of(ribbon, observation.scene, settings)
    lean = lean_of(ribbon, observation.scene, settings)
    usual = settings.body_height_m
    lights = [stated] if stated else [Displacement(usual, lean), Displacement(-usual, lean)]
    result: GroupReading | None = None
    for _ in range(settings.rounds):
        ground = learn_ground(ribbon, values, weight, settings, background)
        tried = []
        for light in lights:
            gain = likelihoods(ribbon, values, ground, states, light, settings)
            top = gain.max(axis=0)
            tried.append((float(np.minimum(top, settings.clip).sum()), light, _bounded(gain, settings)))
        _, light, gain = max(tried, key=lambda t: t[0])
        path = walk(gain, states, settings.switch_cost)
        weight = _still_empty(ribbon, path, light, settings)
        result = GroupReading(
            ribbon=ribbon,
            own=tracks[1],
            group=tracks[0],
            states=states,
            gain=gain,
            path=path,
            empty=weight,
            values=values,
            expected=ground.expected,
            light=light,
            sun_known=stated is not None,
        )
    if result is None:
        raise ValueError("rounds must be at least 1")
    return result


def _bounded(gain: NDArray[np.float64], settings: GroupSettings) -> NDArray[np.float64]:
    """Bound what one cross-section says and count it as the part of an independent sample it is.

    A state falls short of the best one by ``clip`` at most, whatever odd thing lies beside the tracks.
    """
    memory = max(settings.memory_px / settings.step_px, 1.0)
    short = np.maximum(gain - gain.max(axis=0), -settings.clip)
    short = short - short[:1]
    return np.where(np.isfinite(gain), short / memory, -1e6)


def _still_empty(
    ribbon: Corridor, path: StatePath, light: Displacement, settings: GroupSettings
) -> NDArray[np.float64]:
    """Return (m, n) how surely neither a body nor its shadow touches a point."""
    m, n = ribbon.valid.shape
    out = np.ones((m, n))
    singles = np.concatenate(
        [np.zeros((1, len(ribbon.tracks)), bool), np.eye(len(ribbon.tracks), dtype=bool)]
    )
    near = 2 * max(round(1 / settings.step_px), 1) + 1
    chance = maximum_filter1d(path.chance, near, axis=1)
    middle = n // 2
    prints = footprints(ribbon, middle, singles, light, settings)
    for track in range(len(ribbon.tracks)):
        touched = np.minimum(prints.bodies[track] + prints.shade[track + 1], 1.0) > 0.1
        out[touched] *= 1 - chance[track]
    return out
