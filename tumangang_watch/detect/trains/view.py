"""What a reader sees of a straightened strip, freed of a scene's light, air and product.

Every band is expressed as a share of the way from the scene's darkest ground to its typical ground: a gain
drops out of it, and so does the path light of a haze. Mirrored and turned so that shadows fall to the left
and ahead, whatever the sun.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from math import radians, sin

import numpy as np

from tumangang_watch.detect.shadows import lean_fall, shadow_fall
from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.grid import Float32, Float64, Floats, Mask
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.trains import TrainSettings

STEP_M = 0.5
"""Step of a view along and across the track."""
HALF_ROWS = 15
"""Rows on each side of the centreline: 7.5 m, the neighbouring track and its vehicles."""
CHANNELS = ("light", "red_blue", "green", "nir", "unlike_row", "unlike_bed", "fine", "seen")
"""Rows of `StripView.patch`."""
BACKGROUND_CHANNELS = ("light", "unlike_row", "unlike_bed", "seen")
"""What of another date stands behind this one."""
CONSTANTS = ("sun_known", "shadow_across", "shadow_along", "lean_across", "lean_along", "gsd", "nir_known")
"""Rows of `StripView.constants`."""
FLOOR = 0.15
"""Added before logarithms: a fraction of the typical ground's light, about what shadow keeps."""
BLOCK_M = 50.0
"""Piece of track over which a row's typical brightness is taken."""


@dataclass(frozen=True)
class RadiometricScale:
    """A scene's darkest and typical ground, from all its strips."""

    dark: Float64
    """(bands,) value of full shadow, or of the darkest ground there is."""
    typical: Float64
    """(bands,) median of everything beside and on the tracks."""
    profile: Float64
    """(2 `HALF_ROWS` + 1,) typical log brightness across a track, the same to both sides: rails, bed and
    shoulders, where most track is empty."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Which way shadows and leaning bodies fall along one track."""

    shadow_side: int
    """+1 when shadows fall to the left, -1 to the right, 0 when the sun is not known."""
    shadow_m: float
    """Expected width of a body's shadow beside it."""
    shadow_along_m: float
    """How far it falls along the track, positive towards increasing distance; 0 when not known."""
    lean_m: float
    """Expected displacement of a body's top to the left by relief lean."""
    lean_along_m: float


@dataclass(frozen=True, kw_only=True)
class StripView:
    """One strip as the network takes it."""

    strip: Strip
    geometry: Geometry
    patch: Float32
    """(channels, rows, n), rows as in `CHANNELS`; 0 where not seen. Of a strip on bridges they are freed of
    what a bridge always looks like, and the same channels with the bridge on follow."""
    constants: Float32
    """(constants,), as in `CONSTANTS`."""
    turned: bool
    """True when the direction along the track was reversed."""
    hidden: Mask | None = None
    """(columns of the strip,) under a bridge's beams or in their shadow; None off bridges."""


def scale_of(strips: list[Strip]) -> RadiometricScale | None:
    """Measure a scene's darkest and typical ground; None where hardly anything was seen."""
    thin = [s.values[:, ::2, ::4][:, s.valid[::2, ::4]] for s in strips]
    every = np.concatenate(thin, axis=1)
    if every.shape[1] < 50:
        return None
    light = scale_between(every)
    return replace(light, profile=_profile(strips, light))


def scale_between(values: Floats) -> RadiometricScale:
    """Return the scale of ground (bands, n), as yet without a profile."""
    dark, typical = np.percentile(values, (0.5, 50), axis=1)
    # Without a shadow in the scene the darkest ground is ground: it is no darker than a good part of it.
    return RadiometricScale(
        np.minimum(dark, 0.8 * typical), np.maximum(typical, 1e-6), np.zeros(2 * HALF_ROWS + 1)
    )


def _profile(strips: list[Strip], light: RadiometricScale) -> Float64:
    """Return the typical brightness across the scene's tracks, the same to both sides."""
    columns = []
    for strip in strips:
        per = round(STEP_M / strip.step_m)
        rows = strip.y_m.size // 2 + per * np.arange(-HALF_ROWS, HALF_ROWS + 1)
        share = visible(shares(strip.values[:, rows, ::4], light), strip.bands)
        brightness = log_share(share.mean(axis=0))
        columns.append(np.where(strip.valid[rows, ::4], brightness, np.nan))
    every = np.concatenate(columns, axis=1)
    return np.asarray(np.nan_to_num(median_known(np.concatenate([every, every[::-1]], axis=1))))


def geometry_of(strip: Strip, scene: Scene, settings: TrainSettings) -> Geometry:
    """Return where shadows and bodies' tops fall for a track's mean heading."""
    left = strip.frame.left.mean(axis=1)
    ahead = np.array([left[1], -left[0]])
    lean = lean_fall(scene, settings.body_height_m)
    fall = shadow_fall(scene, settings.body_height_m, settings.typical_sun_deg)
    side, across, along = 0, settings.body_height_m, 0.0
    if fall is not None:
        across, along = float(fall @ left), float(fall @ ahead)
        side = int(np.sign(across)) if abs(across) > sin(radians(8)) * float(np.hypot(*fall)) else 0
    return Geometry(
        shadow_side=side,
        shadow_m=abs(across),
        shadow_along_m=along,
        lean_m=float(lean @ left),
        lean_along_m=float(lean @ ahead),
    )


def view_of(
    strip: Strip,
    scene: Scene,
    light: RadiometricScale,
    settings: TrainSettings,
    channels: tuple[str, ...] = CHANNELS,
) -> StripView:
    """Return what the network sees of one strip, in the light of the whole scene.

    Only the ``channels`` that are asked for are measured; the others are 0.
    """
    per = round(STEP_M / strip.step_m)
    n = max(strip.s_m.size // per, 1)
    centre = strip.y_m.size // 2
    reach = HALF_ROWS * per + 1
    share = shares(strip.values[:, centre - reach : centre + reach + 1], light)
    valid = strip.valid[centre - reach : centre + reach + 1]
    shown = visible(share, strip.bands).mean(axis=0)
    whole = _blocks(valid.astype(np.float32), n, per) > 0.99
    bright = log_share(_blocks(shown, n, per))
    measured = {
        "light": bright,
        "unlike_row": bright - _typical_row(bright, whole),
        "unlike_bed": bright - light.profile[:, None],
        "seen": np.ones_like(bright),
    }
    if "red_blue" in channels:
        cells = {band: _blocks(share[k], n, per) for k, band in enumerate(strip.bands)}
        measured |= dict(zip(("red_blue", "green", "nir"), band_ratios(cells), strict=True))
    if "fine" in channels and whole.any():
        texture = np.log(0.02 + _blocks(roughness(log_share(shown)), n, per))
        measured["fine"] = texture - np.median(texture[whole])
    nothing = np.zeros_like(bright)
    patch = np.stack([measured.get(name, nothing) for name in CHANNELS]).astype(np.float32)
    patch *= whole
    geometry = geometry_of(strip, scene, settings)
    mirrored, turned = geometry.shadow_side < 0, geometry.shadow_along_m < -0.01
    constants = _constants(geometry, scene.gsd_m, "nir" in strip.bands)
    patch = patch[:, :: -1 if mirrored else 1, :: -1 if turned else 1]
    return StripView(
        strip=strip, geometry=geometry, patch=np.ascontiguousarray(patch), constants=constants, turned=turned
    )


def _constants(geometry: Geometry, gsd_m: float, has_nir: bool) -> Float32:
    """Return `CONSTANTS`, turned as the patch is."""
    mirrored, turned = geometry.shadow_side < 0, geometry.shadow_along_m < -0.01
    return np.array(
        [
            float(geometry.shadow_side != 0),
            geometry.shadow_m / 10,
            abs(geometry.shadow_along_m) / 10,
            geometry.lean_m / 3 * (-1 if mirrored else 1),
            geometry.lean_along_m / 3 * (-1 if turned else 1),
            gsd_m,
            float(has_nir),
        ],
        np.float32,
    )


def shares(
    values: Floats, light: RadiometricScale, bands: list[int] | slice = slice(None), limit: float = 12.0
) -> Floats:
    """Return values (bands, rows, cols) as shares of the way from the darkest to the typical ground."""
    dark, typical = (v[bands][:, None, None].astype(values.dtype) for v in (light.dark, light.typical))
    return np.clip((values - dark) / (typical - dark), 0.0, limit)


def log_share(share: Floats) -> Floats:
    """Return the logarithm of shares, bounded below as shadow is."""
    return np.log(FLOOR + share)


def visible(values: Floats, bands: tuple[str, ...]) -> Floats:
    """Return the bands that the eye sees, else the first."""
    chosen = [k for k, b in enumerate(bands) if b in ("red", "green", "blue", "pan")]
    return values[chosen or [0]]


def roughness(fine: Floats) -> Floats:
    """Return how far each sample (rows, columns) lies from the mean of its neighbours along the track."""
    out = np.zeros_like(fine)
    out[:, 1:-1] = np.abs(fine[:, 1:-1] - 0.5 * (fine[:, 2:] + fine[:, :-2]))
    return out


def band_ratios(cells: dict[str, Floats]) -> list[Floats]:
    """Return log red to blue, green to both and infrared to red of shares; 0 without the bands."""
    zero = np.zeros_like(next(iter(cells.values())))
    if not {"red", "green", "blue"} <= set(cells):
        return [zero, zero, zero]
    red, green, blue = (log_share(cells[band]) for band in ("red", "green", "blue"))
    return [red - blue, green - 0.5 * (red + blue), log_share(cells["nir"]) - red if "nir" in cells else zero]


def _blocks(values: Floats, n: int, per: int) -> Floats:
    """Return means over steps of the view: (rows, columns) of the strip to (2 `HALF_ROWS` + 1, n).

    Every row of the view lies on a row of the strip, so that the middle one is the centreline.
    """
    rows = values[:-2:per] + 2 * values[1:-1:per] + values[2::per]
    total = sum(rows[:, k : n * per : per] for k in range(per))
    return np.asarray(total / (4 * per))


def _typical_row(bright: Floats, seen: Mask) -> Floats:
    """Return each row's typical brightness along the track: medians of pieces, then of their neighbours."""
    n = bright.shape[1]
    pieces = max(round(n * STEP_M / BLOCK_M), 1)
    edges = np.linspace(0, n, pieces + 1).astype(int)
    known = np.where(seen, bright, np.nan)
    middles = np.stack([median_known(known[:, a:b]) for a, b in itertools.pairwise(edges)], axis=1)
    out = np.empty_like(bright)
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        out[:, a:b] = np.nan_to_num(median_known(middles[:, max(k - 3, 0) : k + 4]))[:, None]
    return out


def median_known(values: Floats) -> Floats:
    """Return medians over the last axis, NaN where nothing is known (without numpy's warning)."""
    flat = values.reshape(-1, values.shape[-1])
    # NaN is sorted behind every number: the middle ones are found by how many are known.
    ordered, count = np.sort(flat, axis=1), (~np.isnan(flat)).sum(axis=1)
    rows = np.arange(len(flat))
    low, high = (ordered[rows, np.maximum(at, 0)] for at in ((count - 1) // 2, count // 2))
    return np.asarray(np.where(count > 0, (low + high) / 2, np.nan)).reshape(values.shape[:-1])
