"""Which tracks of a group are occupied, cross-section by cross-section: a joint state of all of them.

A cross-section of a coarse scene mixes bodies, their shadows on the neighbouring tracks and the bed. So
the states of all tracks are weighed together: for each subset of occupied tracks the cross-section is a
Gaussian about the empty ground, with every body's colour unknown (a broad prior) and the shadow's depth
nearly known; both are integrated out in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from tumangang_watch.detect.coarse.groups import Corridor
from tumangang_watch.detect.shadows import lean_fall, shadow_fall
from tumangang_watch.grid import Float64, Floats, Mask
from tumangang_watch.model.image import frozen
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.groups import GroupSettings

FINE_M = 0.25
"""Step at which outlines are drawn before they are blurred to pixels."""
BLOCK = 8
"""Columns that share one geometry: 12 m at 3 m."""
DRAWINGS_KEPT = 4096
"""Footprints that are kept, some 10 kB each: trials and rounds ask for the same ones again."""


@dataclass(frozen=True)
class Displacement:
    """Where shadows fall and bodies lean, metres to the left of the leading track."""

    shadow_m: float
    """How far a body's shadow reaches to the left (negative: to the right)."""
    lean_m: float


def displacements_of(corridor: Corridor, scene: Scene, settings: GroupSettings) -> list[Displacement]:
    """Return what the scene's metadata give of sun and view; both sides where no sun is stated."""
    left = corridor.frame.left.mean(axis=1)
    lean = float(lean_fall(scene, settings.body_height_m) @ left)
    fall = shadow_fall(scene, settings.body_height_m, settings.typical_sun_deg)
    if fall is None:
        return [Displacement(settings.body_height_m, lean), Displacement(-settings.body_height_m, lean)]
    left /= max(float(np.hypot(*left)), 1e-9)
    return [Displacement(float(fall @ left), lean)]


@dataclass(frozen=True)
class Footprints:
    """What each state covers of a cross-section, in a block of columns."""

    states: Mask
    """(states, tracks)"""
    bodies: Float64
    """(tracks, m) share of each row that a body on that track fills."""
    shade: Float64
    """(states, m) share of each row that lies in cast shadow and is not covered."""


def footprints(
    corridor: Corridor, column: int, states: Mask, light: Displacement, settings: GroupSettings
) -> Footprints:
    """Draw bodies and shadows of every state across the corridor about one column."""
    return footprints_at(corridor.offset_m[:, column], corridor.y_m, states, light, corridor.gsd_m, settings)


def footprints_at(
    offsets_m: Float64,
    across_m: Floats,
    states: Mask,
    light: Displacement,
    gsd_m: float,
    settings: GroupSettings,
) -> Footprints:
    """Draw bodies and shadows of every state at tracks ``offsets_m`` (tracks,) on rows ``across_m`` (m,)."""
    at = _CrossSection(
        offsets_m=np.asarray(offsets_m, float).tobytes(),
        y_m=np.asarray(across_m, float).tobytes(),
        states=states.tobytes(),
        gsd_m=gsd_m,
        light=light,
    )
    return _drawn(at, settings)


@dataclass(frozen=True, kw_only=True)
class _CrossSection:
    """What footprints are drawn of; arrays as their bytes, so that a drawing is found again."""

    offsets_m: bytes
    """(tracks,) float64"""
    y_m: bytes
    """(m,) float64"""
    states: bytes
    """(states, tracks) bool"""
    gsd_m: float
    light: Displacement


@lru_cache(DRAWINGS_KEPT)
def _drawn(at: _CrossSection, settings: GroupSettings) -> Footprints:
    offsets, across_m = np.frombuffer(at.offsets_m), np.frombuffer(at.y_m)
    states = np.frombuffer(at.states, bool).reshape(-1, len(offsets))
    y = np.arange(across_m[0] - 6.0, across_m[-1] + 6.0, FINE_M)
    half, lean = settings.body_half_width_m, at.light.lean_m
    psf = settings.psf_px * at.gsd_m / FINE_M
    soft = float(np.hypot(psf, settings.play_m / FINE_M))
    solid, dark = [], []
    for place in np.nan_to_num(offsets, nan=1e6):
        low, high = place - half + min(0.7 * lean, 0.0), place + half + max(0.7 * lean, 0.0)
        solid.append((y > low) & (y < high))
        a, b = sorted((place, place + at.light.shadow_m))
        dark.append((y > a - half) & (y < b + half))
    rows = np.round((across_m - y[0]) / FINE_M).astype(int)
    bodies = gaussian_filter1d(np.array(solid, float), soft, axis=1)[:, rows]
    covered = (states[:, :, None] & np.array(solid)[None]).any(axis=1)
    shaded = (states[:, :, None] & np.array(dark)[None]).any(axis=1) & ~covered
    shade = gaussian_filter1d(shaded.astype(float), soft, axis=1)[:, rows]
    return Footprints(states, frozen(bodies), frozen(shade))


@dataclass(frozen=True, kw_only=True)
class EmptyGround:
    """The empty ground of a corridor and what varies about it."""

    expected: Float64
    """(bands, m, n) in units in which the scene's bed is about 1 and full shadow 0."""
    turn: Float64
    """(bands, bands): makes the ground's noise of unit size and free of correlation between bands, and a
    body's colour prior diagonal."""
    colour: Float64
    """(bands,) variance of that prior."""
    rows: Float64
    """(m, m) covariance of the noise across the corridor, common to the turned bands."""
    unknown: Float64
    """(m, n) share of what is expected that is no more than the typical bed: no empty ground near."""


def likelihoods(
    corridor: Corridor,
    values: Float64,
    ground: EmptyGround,
    states: Mask,
    light: Displacement,
    settings: GroupSettings,
) -> Float64:
    """Return log-likelihood ratios (states, n) of each state against the empty one, the first.

    ``values`` (bands, m, n) are in the units of ``ground.expected``, ``states`` (states, tracks).
    """
    n = values.shape[2]
    residual = np.einsum("ab,bmn->amn", ground.turn, values - ground.expected)
    level = np.einsum("ab,bmn->amn", ground.turn, ground.expected)
    seen = seen_columns(corridor)
    out = np.zeros((len(states), n))
    for start in range(0, n, BLOCK):
        part = slice(start, min(start + BLOCK, n))
        middle = (part.start + part.stop) // 2
        prints = footprints(corridor, middle, states, light, settings)
        there = np.isfinite(corridor.offset_m[:, middle])
        common = _bed_clutter(corridor, ground.unknown[:, part].mean(axis=1), prints.bodies[there], settings)
        out[:, part] = _block(
            residual[:, :, part], level[:, :, part].mean(axis=2), ground, common, prints, settings
        )
        out[(states & ~there).any(axis=1), part] = -np.inf
    out[:, ~seen] = np.where(np.isfinite(out[:, ~seen]), 0.0, -np.inf)
    return out


def _bed_clutter(corridor: Corridor, unknown: Float64, beds: Float64, settings: GroupSettings) -> Float64:
    """Return the covariance (m, m) of what empty ground may look like beyond its noise.

    A bed differs from what is expected in the very shape of a body (ballast, oil, rust), and where no
    empty ground was seen nearby only the scene's typical bed is known. As shares of the brightness squared.
    """
    near = np.exp(-np.abs(corridor.y_m[:, None] - corridor.y_m[None]) / settings.body_height_m)
    thin = settings.unknown_spread * np.sqrt(np.clip(unknown, 0.0, 1.0))
    return np.asarray(settings.bed_spread**2 * beds.T @ beds + near * thin[:, None] * thin[None])


def _block(
    residual: Float64,
    level: Float64,
    ground: EmptyGround,
    clutter: Float64,
    prints: Footprints,
    settings: GroupSettings,
) -> Float64:
    """Return log-likelihood ratios (states, columns) in a block of columns.

    What states add to the covariance of empty ground is a few outer products, one a body and one for the
    shadow. So the ground's covariance is factored once a band, and of each state a matrix as large as it has
    tracks (Woodbury's identity, and the determinant lemma), with the same result.
    """
    variance = ground.colour[:, None, None]
    empty = ground.rows + variance * (clutter / settings.body_spread**2)
    lower = np.linalg.cholesky(empty)
    bodies = np.sqrt(variance) * prints.bodies
    lost = level[:, None, :] * prints.shade
    tracks, states, columns = bodies.shape[1], lost.shape[1], residual.shape[2]
    parts = np.concatenate([bodies.swapaxes(1, 2), lost.swapaxes(1, 2), residual], axis=2)
    white = np.linalg.solve(lower, parts)
    gram = white.swapaxes(1, 2) @ white
    shade, seen = slice(tracks, tracks + states), slice(tracks + states, None)
    on = prints.states.astype(float)
    deep, wide = settings.shadow_depth, settings.shadow_spread
    shades = np.diagonal(gram, axis1=1, axis2=2)[:, shade]
    # (bands, states, tracks + 1, ...): what a state's bodies and its shadow share with one another and with
    # what is seen, once the shadow that is expected was given back.
    inner = np.empty((len(gram), states, tracks + 1, tracks + 1))
    inner[:, :, :tracks, :tracks] = gram[:, None, :tracks, :tracks] * (on[:, :, None] * on[:, None, :])
    across = wide * on * gram[:, :tracks, shade].swapaxes(1, 2)
    inner[:, :, :tracks, tracks] = inner[:, :, tracks, :tracks] = across
    inner[:, :, tracks, tracks] = wide**2 * shades
    inner += np.eye(tracks + 1)
    away = np.empty((len(gram), states, tracks + 1, columns))
    with_body = gram[:, None, :tracks, seen] + deep * gram[:, :tracks, shade].swapaxes(1, 2)[..., None]
    away[:, :, :tracks] = on[:, :, None] * with_body
    with_shade = gram[:, shade, seen]
    away[:, :, tracks] = wide * (with_shade + deep * shades[..., None])
    own = np.diagonal(gram, axis1=1, axis2=2)[:, None, seen]
    square = own + 2 * deep * with_shade + deep**2 * shades[..., None]
    explained = (away * np.linalg.solve(inner, away)).sum(axis=2)
    log_det = np.linalg.slogdet(inner)[1] / 2
    total = (-0.5 * (square - explained) - log_det[..., None]).sum(axis=0)
    return np.asarray(total - total[:1])


def state_table(tracks: int) -> Mask:
    """Return every subset of ``tracks`` tracks, (2**tracks, tracks), the empty one first."""
    return (np.arange(2**tracks)[:, None] >> np.arange(tracks)) & 1 > 0


@dataclass(frozen=True)
class StatePath:
    """What stands where along a corridor."""

    best: NDArray[np.intp]
    """(n,) index of the state in the likeliest sequence."""
    chance: Float64
    """(tracks, n) posterior that each track is occupied."""


def likeliest_path(log_likelihood: Float64, states: Mask, cost: float) -> StatePath:
    """Find the likeliest sequence of states and the posterior of each track along a corridor.

    ``log_likelihood`` (states, n) holds ratios, one count per independent sample; each change of one track
    between empty and occupied takes ``cost`` off.
    """
    change = -cost * (states[:, None] ^ states[None]).sum(axis=2)
    chances = np.exp(change)
    count, n = log_likelihood.shape
    forward, best = np.empty((n, count)), np.empty((n, count))
    back = np.zeros((n, count), dtype=np.intp)
    start = -cost / 2 * states.sum(axis=1)
    forward[0] = best[0] = start + log_likelihood[:, 0]
    for k in range(1, n):
        forward[k] = _summed(forward[k - 1], chances) + log_likelihood[:, k]
        reached = best[k - 1][:, None] + change
        back[k] = reached.argmax(axis=0)
        best[k] = reached.max(axis=0) + log_likelihood[:, k]
    behind = np.empty((n, count))
    behind[-1] = start
    for k in range(n - 2, -1, -1):
        behind[k] = _summed(behind[k + 1] + log_likelihood[:, k + 1], chances)
    joint = forward + behind
    joint = np.exp(joint - joint.max(axis=1, keepdims=True))
    joint /= joint.sum(axis=1, keepdims=True)
    path = np.empty(n, dtype=np.intp)
    path[-1] = int((best[-1] + start).argmax())
    for k in range(n - 1, 0, -1):
        path[k - 1] = back[k, path[k]]
    return StatePath(path, np.asarray((joint @ states).T))


def _summed(log_weights: Float64, chances: Float64) -> Float64:
    """Return the log weight (states,) of each state after a change, (states, states), into it."""
    peak = log_weights.max()
    return np.asarray(np.log(np.exp(log_weights - peak) @ chances) + peak)


def seen_columns(corridor: Corridor) -> Mask:
    """Return the columns (n,) of a corridor of which nearly all was seen."""
    return np.asarray(corridor.valid.mean(axis=0) > 0.9)
