"""The light, air, blur and noise of a real scene, judged from the scene itself."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from tumangang_watch.detect.sun import BODY_M, PROFILE_M, TrainShadow, sun_from_shadows, train_shadows
from tumangang_watch.model.detection import OccupiedStretch
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.detectability import DetectabilitySettings
from tumangang_watch.simulate.light import sun_position
from tumangang_watch.track_frame import frame_along

BED_STEP_M = 2.0
BED_OFFSETS_M = np.array([-0.9, -0.45, 0.0, 0.45, 0.9])
BLOCK_PX = 12
NOISE_PX = 1000
"""Pixels an edge of the ground that the noise is taken from."""
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class SceneLight:
    """How reflectance became the scene's numbers: ``value = path + (gain * reflectance) ** gamma``."""

    path: NDArray[np.float64]
    """(bands,) value of a black surface: haze and offset."""
    gain: NDArray[np.float64]
    """(bands,) for a surface in full light."""
    gamma: float
    """1 where values are linear in light."""
    shade: NDArray[np.float64]
    """(bands,) light in a cast shadow as a share of full light."""
    noise: NDArray[np.float64]
    """(bands,) standard deviation of the sensor's noise, in values."""
    top: NDArray[np.float64]
    """(bands,) greatest value."""
    blur_m: float
    """Sigma of optics and pixel together, metres on the ground."""
    sun_azimuth_deg: float
    sun_elevation_deg: float
    off_nadir_deg: float
    view_azimuth_deg: float
    snow: float
    """Share of the ground under snow, 0 to 1; decides what lies on roofs."""


def scene_light(
    observation: Observation, site: Site, occupied: list[OccupiedStretch], settings: DetectabilitySettings
) -> SceneLight | None:
    """Judge the light of a scene from its empty track bed, darkest ground, snow and trains' shadows.

    None where no bed was seen.

    Parameters
    ----------
    site : Site
        Its tracks; the bed between their rails is what the light is judged by.
    occupied : list of Stretch
        Where trains stand: no bed there, but their shadows show the light.
    """
    image, scene, quality = observation.image, observation.scene, observation.quality
    bed = _bed(observation, site, occupied)
    if bed.shape[1] < 30:
        return None
    seen = image.values[:, ::3, ::3][:, image.valid[::3, ::3]]
    dark = np.quantile(seen, 0.002, axis=1).astype(float)
    gamma = settings.visual_gamma if scene.radiometry == "visual" or scene.dtype == "uint8" else 1.0
    snowy = quality.snowy and bool(quality.snow.any())
    ground = np.median(bed, axis=1)
    bright, high, low = ground, settings.ground_reflectance, settings.dark_reflectance
    if snowy:
        bright = np.median(observation.raster.values[:, quality.snow], axis=1)
        high, low = settings.snow_reflectance, settings.dark_in_snow
    bright = np.maximum(bright, dark + 0.02 * np.abs(dark) + 1e-6)
    # Two surfaces of known reflectance give the two unknowns of each band.
    slope = (bright - dark) / (high**gamma - low**gamma)
    path = dark - slope * low**gamma
    shadows = train_shadows(observation, site, occupied)
    azimuth, elevation = _sun(observation, site, shadows, settings)
    sky = _clear_sky(image.bands, elevation, settings)
    own = shade_level(shadows, ground, (azimuth, elevation))
    if own is not None:
        share = np.clip((own - path) / np.maximum(ground - path, 1e-6), 1e-3, 1.0) ** (1 / gamma)
        # The bed under a shadow may be darker or lighter than elsewhere, and paint passes for shadow.
        sky = np.clip(share, 0.3 * sky, 1.6 * sky)
    return SceneLight(
        path=path,
        gain=slope ** (1 / gamma),
        gamma=gamma,
        shade=sky,
        noise=_noise(observation),
        top=seen.max(axis=1).astype(float),
        blur_m=scene.gsd_m * float(np.hypot(settings.blur_px, (1 / 12) ** 0.5)),
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        off_nadir_deg=scene.off_nadir_deg or 0.0,
        view_azimuth_deg=scene.view_azimuth_deg or 0.0,
        snow=float(quality.snow[quality.clear].mean()) if snowy else 0.0,
    )


def _clear_sky(
    bands: tuple[str, ...], elevation_deg: float, settings: DetectabilitySettings
) -> NDArray[np.float64]:
    """Return the light (bands,) in a shadow under a clear sky, as a share of full light."""
    known = dict(settings.shadow_share)
    sky = np.array([known.get(b, known["pan"]) for b in bands]) * (40 / max(elevation_deg, 10.0)) ** 0.5
    return np.minimum(sky, 0.6)


def _bed(observation: Observation, site: Site, occupied: list[OccupiedStretch]) -> NDArray[np.float32]:
    """Return samples (bands, n) of the bed between the rails, no train there and the ground clear."""
    out = [np.zeros((len(observation.image.bands), 0), np.float32)]
    for track in site.tracks:
        s = np.arange(1.0, track.line.length - 1.0, BED_STEP_M)
        for train in occupied:
            if train.track == track.id:
                s = s[(s < train.from_m - 8) | (s > train.to_m + 8)]
        if s.size >= 2:
            x, y = frame_along(track.line, s, 1.0, 0.0).mesh(BED_OFFSETS_M)
            values, valid = observation.image.sample(x, y)
            out.append(values[:, valid & observation.raster.grid.look_up(observation.quality.clear, x, y)])
    return np.concatenate(out, axis=1)


def shade_level(
    shadows: list[TrainShadow], ground: NDArray[np.floating], sun: tuple[float, float]
) -> NDArray[np.float64] | None:
    """Return the value (bands,) inside the shadows of a scene's trains, or None where they are too narrow."""
    azimuth, elevation = np.radians(sun)
    levels = []
    for shadow in shadows:
        across = -float(np.array([np.sin(azimuth), np.cos(azimuth)]) @ shadow.left)
        width = 3.4 / np.tan(elevation) * abs(across)
        beyond = PROFILE_M * np.sign(across)
        inside = (beyond > BODY_M) & (beyond < 1.5 + width - 0.4)
        if inside.sum() >= 3:
            # Its darker half: the body leans into it on one side, and light ballast ends it on the other.
            darkest = np.sort(shadow.values[:, inside], axis=1)[:, : (inside.sum() + 1) // 2]
            levels.append(darkest.mean(axis=1))
    if not levels:
        return None
    level = np.quantile(levels, 0.3, axis=0)
    return level if bool((level < 0.9 * ground).any()) else None


def _sun(
    observation: Observation, site: Site, shadows: list[TrainShadow], settings: DetectabilitySettings
) -> tuple[float, float]:
    """Return the sun's azimuth and elevation: stated, shown by shadows, of the hour, or typical."""
    scene = observation.scene
    if scene.sun_azimuth_deg is not None and scene.sun_elevation_deg is not None:
        return scene.sun_azimuth_deg, max(scene.sun_elevation_deg, 5.0)
    shown = sun_from_shadows(shadows)
    if shown is not None:
        return shown
    west, south, east, north = site.bounds
    change = Transformer.from_crs(site.crs, "EPSG:4326", always_xy=True)
    lon, lat = change.transform((west + east) / 2, (south + north) / 2)
    azimuth, elevation = sun_position(scene.acquired, lon, lat)
    if elevation < 8.0:
        azimuth, elevation = (180.0 if lat >= 0 else 0.0), settings.typical_sun_deg
    if scene.sun_azimuth_deg is not None:
        azimuth = scene.sun_azimuth_deg
    return azimuth, max(scene.sun_elevation_deg or elevation, 5.0)


def _noise(observation: Observation) -> NDArray[np.float64]:
    """Return the noise's standard deviation (bands,), from the smoothest ground.

    Immerkaer's operator (Computer Vision and Image Understanding 64(2), 1996) over blocks; texture raises it,
    so the smoothest tenth of the blocks decides.
    """
    values, valid = observation.image.values, observation.image.valid
    window = observation.image.middle(NOISE_PX)
    seen = cv2.erode(valid[window].astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    size = (max(seen.shape[1] // BLOCK_PX, 1), max(seen.shape[0] // BLOCK_PX, 1))
    whole = cv2.resize(seen, size, interpolation=cv2.INTER_AREA) > 0.999
    out = []
    for band in values:
        rough = np.abs(cv2.filter2D(np.ascontiguousarray(band[window]), cv2.CV_32F, NOISE_KERNEL))
        level = cv2.resize(rough, size, interpolation=cv2.INTER_AREA)
        chosen = level[whole & (level > 0)]
        out.append(float(np.quantile(chosen, 0.1)) * (np.pi / 2) ** 0.5 / 6 if chosen.size else 0.0)
    return np.array(out)
