"""What every fine cell reflects before the light falls on it: ground, weeds, objects, snow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.simulate.ground import INDEX, NAMES, NOISE_STEP, Ground
from tumangang_watch.simulate.objects import Canvas
from tumangang_watch.simulate.spectra import GREENING, MATERIALS, seasonal
from tumangang_watch.simulate.world import DayState

POROUS = ("soil", "ploughed", "cinder", "gravel", "dirt_road", "asphalt", "concrete", "sand")
TINT_TILT = (-1.0, 0.0, 0.8, 0.5)
"""Hue noise tilts a spectrum about its green band: towards yellow, or towards blue and grey."""
TINT_STRENGTH = 0.16


@dataclass(frozen=True, kw_only=True)
class Skin:
    """Everything that the four bands share, cell by cell; ``weedy`` and ``raised`` are flat indices.

    ``levels`` is (materials, 4), the reflectance on this date; ``texture`` a factor on it; ``weeds`` the
    cover of living and of dead weeds at ``weedy``; ``paint`` and ``shade`` those of objects at ``raised``;
    ``snowy`` the cover of snow and its shading.
    """

    material: NDArray[np.uint8]
    levels: NDArray[np.float32]
    texture: NDArray[np.float32]
    tint: NDArray[np.float32]
    weedy: NDArray[np.intp]
    weeds: tuple[NDArray[np.float32], NDArray[np.float32]]
    raised: NDArray[np.intp]
    paint: NDArray[np.uint8]
    shade: NDArray[np.float32]
    palette: NDArray[np.float32]
    snowy: tuple[NDArray[np.float32], NDArray[np.float32]] | None


def skin_of(ground: Ground, canvas: Canvas, day: DayState, snow: NDArray[np.float32] | None) -> Skin:
    """Gather what does not depend on the band."""
    table = seasonal(day.season)
    rows = [table[name] for name in NAMES]
    wet = np.array([1 - 0.35 * day.wetness * (name in POROUS) for name in NAMES], dtype=np.float32)
    levels = np.array([m.spectrum for m in rows], dtype=np.float32) * wet[:, None]
    step = np.float32(NOISE_STEP)
    texture = np.ones(ground.material.shape, dtype=np.float32)
    amounts = [[m.fine for m in rows], [m.medium for m in rows], [m.coarse for m in rows]]
    for noise, amount in zip(ground.noise, amounts, strict=False):
        texture += (np.array(amount, dtype=np.float32) * step)[ground.material] * noise
    np.clip(texture, 0.25, 2.5, out=texture)
    texture *= ground.look
    tilt = np.array([abs(m.tint) * TINT_STRENGTH for m in rows], dtype=np.float32) * step
    tint = tilt[ground.material] * ground.noise[3]
    weedy = np.flatnonzero(ground.weeds > 0.01)
    cover = ground.weeds.ravel()[weedy]
    alive = cover * np.float32(GREENING[day.season])
    dead = cover * np.float32(1 - GREENING[day.season]) * np.float32(0.6)
    raised = np.flatnonzero(canvas.paint)
    grain = 1 + 0.04 * step * ground.noise[0].ravel()[raised]
    snowy = None
    if snow is not None:
        snowy = snow, (1 + 0.0012 * ground.noise[1].astype(np.float32)) * np.clip(canvas.shade, 0.5, 1.15)
    return Skin(
        material=ground.material,
        levels=levels,
        texture=texture,
        tint=tint,
        weedy=weedy,
        weeds=(alive, dead),
        raised=raised,
        paint=canvas.paint.ravel()[raised],
        shade=canvas.shade.ravel()[raised] * grain,
        palette=np.array(canvas.palette, dtype=np.float32),
        snowy=snowy,
    )


def albedo(skin: Skin, band: int) -> NDArray[np.float32]:
    """Return the reflectance of every fine cell in one band (blue, green, red, nir)."""
    out = skin.levels[:, band][skin.material]
    out *= skin.texture
    if TINT_TILT[band]:
        out *= 1 + np.float32(TINT_TILT[band]) * skin.tint
    flat = out.ravel()
    here, (alive, dead) = flat[skin.weedy], skin.weeds
    brightness = np.clip(skin.texture.ravel()[skin.weedy], 0.4, 1.6)
    leaf, straw = MATERIALS["grass"].spectrum[band], MATERIALS["dry_grass"].spectrum[band]
    flat[skin.weedy] = here * (1 - alive - dead) + brightness * (
        alive * np.float32(leaf) + dead * np.float32(straw)
    )
    flat[skin.raised] = skin.palette[:, band][skin.paint] * skin.shade
    if skin.snowy is not None:
        cover, brightness = skin.snowy
        out += cover * (np.float32(MATERIALS["snow"].spectrum[band]) * brightness - out)
    return out


def snow_cover(
    ground: Ground, canvas: Canvas, day: DayState, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the cover of snow (0 to 1): patches follow the terrain's texture; rails and roads melt."""
    step = NOISE_STEP
    field = ground.noise[2] * np.float32(0.65 * step) + ground.noise[1] * np.float32(0.5 * step)
    field += ground.noise[0] * np.float32(0.08 * step)
    warm = np.zeros(len(NAMES), dtype=np.float32)
    for name in ("asphalt", "dirt_road", "puddle"):
        warm[INDEX[name]] = 1.6
    for name in ("tree", "bare_tree", "scrub"):
        warm[INDEX[name]] = 0.8
    warm[INDEX["water"]] = 9.0
    level = np.float32((day.snow_cover - 0.5) * 5.2)
    field += level - warm[ground.material] - np.float32(2.2 * (1.6 - day.snow_cover)) * ground.melt
    swept = np.zeros(256, dtype=np.float32)
    swept[1:] = rng.normal(0.7, 0.3)
    for paint, amount in canvas.swept.items():
        swept[paint] += amount
    field -= swept[canvas.paint]
    steep = np.isin(canvas.paint, [canvas.colour("tree"), canvas.colour("bare_tree")])
    field[steep] -= 2.0
    return np.clip(field * 1.6 + 0.5, 0, 0.96)
