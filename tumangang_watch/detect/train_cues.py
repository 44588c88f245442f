"""Cues along a track that a vehicle stands there, all free of a scene's gain and offset."""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, sin, tan
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.detect.strips import Strip
    from tumangang_watch.model.scene import Scene
    from tumangang_watch.settings.trains import TrainSettings

CUES = ("colour", "edge", "edge_one", "shadow", "sunside", "pattern", "rough", "dark", "lit", "covered")
"""Names of the cues, in the order of the rows of `Cues.values`."""


@dataclass(frozen=True)
class Metres:
    """A strip averaged to 1 m along the track, in units of the scene's own contrast."""

    strip: Strip
    fine: NDArray[np.float32]
    """(bands, m, n) the strip itself; 0 where not valid."""
    narrow: NDArray[np.float32]
    """(bands, m, k) means over 1 m."""
    wide: NDArray[np.float32]
    """(bands, m, k) means over the window."""
    seen: NDArray[np.bool_]
    """(k,) True where the track's bed was seen."""
    lean_m: float
    """Expected displacement of bodies to the left by relief lean."""
    shadow_side: int
    """+1 when shadows fall to the left, -1 to the right, 0 when the sun is not known."""
    shadow_m: float
    """Expected width of a body's shadow beside it."""
    shadow_along_m: float
    """How far a body's shadow falls along the track, positive towards increasing distance; 0 when the
    sun is not known."""
    lean_along_m: float = 0.0
    """Expected displacement of a body's top along the track by relief lean."""

    @property
    def count(self) -> int:
        """Number of metres."""
        return int(self.seen.size)


def to_metres(
    strips: list[Strip], scene: Scene, settings: TrainSettings
) -> tuple[list[Metres], NDArray[Any]]:
    """Average strips to metres and express them in the scene's own contrast.

    Returns
    -------
    metres : list of Metres
    dark : (bands,) float
        The darkest tone of the scene's strips, in the same units: what full shadow tends to.
    """
    bed = np.concatenate([s.values[:, s.rows(-2, 2)][:, s.valid[s.rows(-2, 2)]] for s in strips], axis=1)
    every = np.concatenate([s.values[:, s.valid] for s in strips], axis=1)
    if bed.shape[1] < 50:
        return [], np.zeros(len(strips[0].bands))
    low, middle, high = np.percentile(bed, (16, 50, 84), axis=1)
    spread = np.maximum((high - low) / 2, 1e-6 * np.maximum(np.abs(middle), 1e-6))
    dark = (np.percentile(every, 0.5, axis=1) - middle) / spread
    return [_metres(s, middle, spread, scene, settings) for s in strips], dark


def _metres(
    strip: Strip,
    middle: NDArray[Any],
    spread: NDArray[Any],
    scene: Scene,
    settings: TrainSettings,
) -> Metres:
    """Average one strip to metres."""
    per = round(1.0 / strip.step_m)
    count = max(strip.s_m.size // per, 1)
    per = min(per, strip.s_m.size)
    values = (strip.values - middle[:, None, None]) / spread[:, None, None]
    fine = np.where(strip.valid, values, 0.0).astype(np.float32)
    values = fine[:, :, : count * per]
    shape = (*values.shape[:2], count, per)
    weight = strip.valid[:, : count * per].reshape(shape[1:]).mean(axis=2)
    sums = values.reshape(shape).mean(axis=3)
    narrow = (sums / np.maximum(weight, 1e-3)).astype(np.float32)
    reach = round(settings.window_m)
    wide = smooth(sums, reach) / np.maximum(smooth(weight, reach), 1e-3)
    seen = weight[strip.rows(-1.5, 1.5)].mean(axis=0) > 0.7
    left = strip.left.mean(axis=1)
    ahead = np.array([left[1], -left[0]])
    lean, lean_along, side, shadow, along = 0.0, 0.0, 0, settings.body_height_m, 0.0
    if scene.off_nadir_deg and scene.view_azimuth_deg is not None:
        az = radians(scene.view_azimuth_deg + 180)
        away = np.array([np.sin(az), np.cos(az)])
        reach_m = settings.body_height_m * tan(radians(min(scene.off_nadir_deg, 40)))
        lean, lean_along = float(away @ left) * reach_m, float(away @ ahead) * reach_m
    if scene.sun_azimuth_deg is not None:
        az = radians(scene.sun_azimuth_deg + 180)
        across = float(np.array([np.sin(az), np.cos(az)]) @ left)
        elevation = radians(max(scene.sun_elevation_deg or 35.0, 5.0))
        shadow = settings.body_height_m / tan(elevation) * abs(across)
        along = settings.body_height_m / tan(elevation) * float(np.array([np.sin(az), np.cos(az)]) @ ahead)
        side = int(np.sign(across)) if abs(across) > sin(radians(8)) else 0
    wide = wide.astype(np.float32)
    return Metres(strip, fine, narrow, wide, seen, lean, side, shadow, along, lean_along)


def smooth(values: NDArray[Any], reach: int) -> NDArray[Any]:
    """Return the moving mean over ``reach`` samples of the last axis, shorter at the ends."""
    n = values.shape[-1]
    total = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1, dtype=float)], -1)
    start = np.maximum(np.arange(n) - reach // 2, 0)
    stop = np.minimum(np.arange(n) + reach - reach // 2, n)
    return (total[..., stop] - total[..., start]) / (stop - start)


def lateral_offsets(metres: Metres, settings: TrainSettings) -> NDArray[Any]:
    """Return the offsets of a body's centre that are tried, metres to the left."""
    step = metres.strip.step_m
    play = round(settings.lateral_play_m / step)
    # The base of a body stays in place while its roof leans: its middle moves half as far.
    middle = round(metres.lean_m * 0.7 / step)
    return (np.arange(-play, play + 1) + middle) * step


def band_means(
    profile: NDArray[Any], strip: Strip, low_m: NDArray[Any], high_m: NDArray[Any]
) -> NDArray[Any]:
    """Return means over rows between ``low_m`` and ``high_m`` (arrays of equal length d).

    Returns
    -------
    (d, bands, k) array
    """
    total = np.concatenate([np.zeros((profile.shape[0], 1, profile.shape[2])), np.cumsum(profile, axis=1)], 1)
    m = strip.y_m.size
    a = np.clip(np.round((low_m - strip.y_m[0]) / strip.step_m).astype(int), 0, m - 1)
    b = np.clip(np.round((high_m - strip.y_m[0]) / strip.step_m).astype(int), 0, m)
    b = np.maximum(b, a + 1)
    return ((total[:, b] - total[:, a]) / (b - a)[None, :, None]).transpose(1, 0, 2)


@dataclass(frozen=True)
class Profile:
    """What the cues are made of, for each offset tried and each metre."""

    offsets: NDArray[Any]
    inside: NDArray[Any]
    """(d, bands, k) mean colour of the inner 2 m."""
    step_left: NDArray[Any]
    """(d, bands, k) step of colour over the left edge, inside minus outside."""
    step_right: NDArray[Any]
    beside_left: NDArray[Any]
    """(d, k) brightness of the metre beyond the left edge."""
    beside_right: NDArray[Any]
    pattern: NDArray[Any]
    """(rows, k) brightness across the inner 2.5 m about the track, its mean and slope taken off."""
    brightness: NDArray[Any]
    """(d, k) brightness of the inner 2 m."""


def profile_of(metres: Metres, settings: TrainSettings, gsd_m: float) -> Profile:
    """Measure the inside, the edges and the sides of a supposed body along a track."""
    strip, half = metres.strip, settings.body_half_width_m
    d = lateral_offsets(metres, settings)
    soft = max(gsd_m - 0.5, 0.0) / 2
    wide = metres.wide
    light = wide.mean(axis=0, keepdims=True)
    inner_l = band_means(wide, strip, d + half - 0.8 - soft, d + half - 0.1)
    outer_l = band_means(wide, strip, d + half + 0.2, d + half + 0.9 + soft)
    inner_r = band_means(wide, strip, d - half + 0.1, d - half + 0.8 + soft)
    outer_r = band_means(wide, strip, d - half - 0.9 - soft, d - half - 0.2)
    inside = band_means(wide, strip, d - 1.0, d + 1.0)
    rows = strip.rows(-1.25, 1.25)
    pattern = light[0, rows].astype(float)
    y = strip.y_m[rows]
    basis = np.stack([np.ones_like(y), y], 1)
    pattern = pattern - basis @ np.linalg.lstsq(basis, pattern, rcond=None)[0]
    return Profile(
        d, inside, inner_l - outer_l, inner_r - outer_r,
        band_means(light, strip, d + half + 0.4, d + half + 1.4)[:, 0],
        band_means(light, strip, d - half - 1.4, d - half - 0.4)[:, 0],
        pattern, inside.mean(axis=1),
    )  # fmt: skip
