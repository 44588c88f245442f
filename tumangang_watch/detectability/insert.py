"""Insert vehicles into a scene's own pixels, in the scene's own light, blur, haze and noise.

Every vehicle is drawn on a small fine grid that lies along its track: body, couplers, cast shadow, relief
lean, snow on top. Blurred and sampled at native pixels this gives, for each pixel and band, how much of the
scene's own light remains (``keep``: not covered, not shaded) and what the vehicle adds. In values linear in
light::

    value = path + keep * (value - path) + gain * added + noise

so that gain, haze, season and the bed's look stay the scene's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import degrees, radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detectability.insert_frame import InsertionFrame, frame_of, hidden_columns, native_window
from tumangang_watch.detectability.model import Placement, Specimen
from tumangang_watch.detectability.scene_light import SceneLight
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.site import Track
from tumangang_watch.settings.detectability import DetectabilitySettings
from tumangang_watch.simulate.light import cast_shadow, view_source
from tumangang_watch.simulate.objects import Canvas, draw_vehicle
from tumangang_watch.simulate.spectra import MATERIALS
from tumangang_watch.simulate.traffic import COLOURS_OF, GAP_M, LENGTHS, SECTIONS
from tumangang_watch.simulate.world import PaintedVehicle

BRIGHTNESS_OF = {
    **dict.fromkeys(("black", "brown", "green"), "dark"),
    **dict.fromkeys(("grey", "red", "blue"), "mid"),
    **dict.fromkeys(("light_grey", "light_blue", "yellow", "white"), "bright"),
}
"""Tone of each paint: visible reflectance below 0.09, to 0.2, above."""
LOAD_BRIGHTNESS = {"coal": "dark", "soil": "mid", "gravel": "mid", "timber": "mid"}
ROLES = {"blue": (1, 0, 0, 0), "green": (0, 1, 0, 0), "red": (0, 0, 1, 0), "nir": (0, 0, 0, 1)}
PAN = (0.2, 0.3, 0.3, 0.2)
"""A panchromatic band, or one of unknown role, sees all four."""
REPAINTED = 0.35
"""How often the next vehicle of a cut has another paint of the same tone: like cars travel together."""


@dataclass(frozen=True)
class Overwritten:
    """What one insertion changed: lets a copy of the scene be used again."""

    window: tuple[slice, slice]
    before: NDArray[np.float32]
    """(bands, rows, cols)."""


def span_of(specimen: Specimen) -> float:
    """Return a specimen's length from its first body to its last, metres."""
    return specimen.cars * LENGTHS[specimen.kind][0] - GAP_M


def insert(
    values: NDArray[np.float32],
    image: NativeImage,
    light: SceneLight,
    track: Track,
    placement: Placement,
    settings: DetectabilitySettings,
) -> Overwritten:
    """Paint one placement into a writable copy of a scene's native values.

    Parameters
    ----------
    values : (bands, rows, cols) float32
        Changed in place, only where the body, its shadow or their blur fall.
    image : NativeImage
        The scene the values were copied from: where its pixels lie.
    track : Track
        The one the placement names.

    Returns what `restore` needs.
    """
    rng = np.random.default_rng(placement.seed)
    frame = frame_of(track, placement, light)
    canvas = _canvas(frame, light, placement, rng)
    gain = light.gain * float(
        np.exp(rng.normal(0, settings.snow_light_sd if light.snow > 0 else settings.light_sd))
    )
    snow = _snow_on(canvas, light, settings, rng)
    window, map_row, map_col = native_window(image, frame)
    rows, cols = window
    before = values[:, rows, cols].copy()
    if before.size == 0:
        return Overwritten(window, before)
    sigma = max(light.blur_m / frame.grid.pixel_m, 0.3)
    seen, hidden = _Seen(canvas, frame), hidden_columns(frame, placement)
    tops = light.top if bool(np.isfinite(light.top).all()) else np.full(len(before), np.inf)
    for k, band in enumerate(image.bands):
        keep, added = seen.band(ROLES.get(band, PAN), float(light.shade[k]), snow)
        keep[:, hidden], added[:, hidden] = 1.0, 0.0
        keep, added = (_sampled(layer, sigma, map_row, map_col) for layer in (keep - 1, added))
        keep += 1
        touched = (np.abs(keep - 1) > 1e-4) | (added > 1e-5)
        own = np.maximum(before[k] - light.path[k], 0.0) ** (1 / light.gamma)
        new = (keep * own + gain[k] * added) ** light.gamma
        new += light.path[k] + np.minimum(before[k] - light.path[k], 0.0) * keep
        lost = np.sqrt(np.clip(1 - keep**2, 0, 1))
        new += lost * light.noise[k] * rng.standard_normal(new.shape, dtype=np.float32)
        new = np.clip(new, min(0.0, float(light.path[k])), tops[k])
        values[k, rows, cols] = np.where(touched & image.valid[rows, cols], new, before[k])
    return Overwritten(window, before)


def restore(values: NDArray[np.float32], patches: list[Overwritten]) -> None:
    """Undo insertions in a copy, last first."""
    for patch in reversed(patches):
        values[:, patch.window[0], patch.window[1]] = patch.before


def _canvas(
    frame: InsertionFrame, light: SceneLight, placement: Placement, rng: np.random.Generator
) -> Canvas:
    """Draw the vehicles of a placement."""
    canvas = Canvas(frame.grid, frame.sun_azimuth_deg, light.sun_elevation_deg)
    specimen = placement.specimen
    (width, height), over = SECTIONS[specimen.kind], LENGTHS[specimen.kind][0]
    loads = [load for load, brightness in LOAD_BRIGHTNESS.items() if brightness == specimen.brightness]
    load = str(rng.choice(loads)) if specimen.load == "loaded" and loads else "none"
    colours = COLOURS_OF[specimen.kind]
    paints = [c for c in colours if BRIGHTNESS_OF[c] == specimen.brightness or load != "none"]
    paint = str(rng.choice(paints))
    for k in range(specimen.cars):
        if rng.random() < REPAINTED:
            paint = str(rng.choice(paints))
        at = placement.from_m + k * over
        if specimen.kind == "container":
            load = str(rng.choice(["forty", "twenty"]))
        vehicle = PaintedVehicle(
            from_m=at,
            to_m=at + over - GAP_M,
            type=specimen.kind,
            colour=paint,
            width_m=width,
            height_m=height + float(rng.uniform(-0.15, 0.15)),
            load=load,
            dirt=float(rng.uniform(0.05, 0.8)),
        )
        draw_vehicle(canvas, frame.track, vehicle, rng)
    return canvas


def _snow_on(
    canvas: Canvas, light: SceneLight, settings: DetectabilitySettings, rng: np.random.Generator
) -> NDArray[np.float32] | None:
    """Return the cover of snow on roofs (rows, cols), or None where there is none."""
    if light.snow <= 0 or rng.random() < settings.swept_share:
        return None
    rows, cols = canvas.grid.shape
    step = max(round(1.2 / canvas.grid.pixel_m), 1)
    coarse = rng.standard_normal((rows // step + 2, cols // step + 2)).astype(np.float32)
    field = cv2.resize(coarse, (cols, rows), interpolation=cv2.INTER_CUBIC)
    level = (min(light.snow, 1.0) - 0.5) * 4 + float(rng.normal(0, 0.8))
    return np.asarray(np.clip(0.5 + 0.8 * (field + level), 0, 0.95), np.float32)


class _Seen:
    """What the satellite sees on the fine grid: which cell each view shows, in which light."""

    def __init__(self, canvas: Canvas, frame: InsertionFrame) -> None:
        cell = frame.grid.pixel_m
        elevation = degrees(canvas.sun[1])
        above = cast_shadow(canvas.height, cell, frame.sun_azimuth_deg, elevation)
        sunlit = (above <= 0.03).astype(np.float32)
        self.sunlit = np.asarray(cv2.GaussianBlur(sunlit, (0, 0), 0.1 / cell + 0.2), np.float32)
        self.canvas = canvas
        self.shown_at, self.source, self.wall = view_source(
            canvas.height, cell, frame.off_nadir_deg, frame.view_azimuth_deg
        )
        facing = np.cos(radians(frame.sun_azimuth_deg - frame.view_azimuth_deg))
        self.wall_sun = min(max(float(facing), 0.0) / tan(canvas.sun[1]) * 0.6, 1.5)
        self.body = canvas.paint > 0
        covered = self.body.copy().ravel()
        covered[self.shown_at] = True
        self.covered = covered.reshape(self.body.shape)

    def band(
        self, role: tuple[float, ...], shade: float, snow: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return (keep, added), both (rows, cols): the ground's light that is left, the vehicle's light."""
        weights = np.array(role, float)
        palette = np.array(self.canvas.palette) @ weights
        light = shade + (1 - shade) * self.sunlit
        brightness = palette[self.canvas.paint] * self.canvas.shade
        if snow is not None:
            white = float(np.array(MATERIALS["snow"].spectrum) @ weights)
            brightness = brightness + snow * (white * np.clip(self.canvas.shade, 0.5, 1.15) - brightness)
        added = np.where(self.body, brightness * light, 0.0).astype(np.float32)
        flat = np.where(self.body, brightness, 0.0).ravel()
        side = 0.5 * shade + (1 - shade) * self.wall_sun + 0.08
        shown = flat[self.source] * np.where(self.wall, side, light.ravel()[self.source])
        added.ravel()[self.shown_at] = shown
        keep = np.where(self.covered, 0.0, light).astype(np.float32)
        return keep, added


def _sampled(
    layer: NDArray[np.float32], sigma: float, map_row: NDArray[np.float32], map_col: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Blur a layer that is 0 where nothing was inserted, and sample it at native pixels."""
    blurred = cv2.GaussianBlur(layer, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    shown = cv2.remap(
        blurred, map_col, map_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0.0
    )
    return np.asarray(shown, np.float32)
