"""Whether the ground beside a change differs between two dates as well: then it may be light, not a thing.

Cloud too small or too thin to be found, haze, the shadow of either and snow change the light of ground that
nothing came to or went from. What comes and goes changes its own place, and the shade that it casts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from shapely.geometry.base import BaseGeometry

from tumangang_watch.grid import Float32, Mask
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.image import Raster, ground_levels
from tumangang_watch.model.observation import DatePair, Observation
from tumangang_watch.settings.change import ChangeSettings

CAVEAT = (
    "the ground beside it differs between the dates as well (cloud, haze, shade or snow): "
    "what lies over it may be light, not a thing"
)
LIFT = 0.05
"""Share of the typical ground added before logs are taken."""
SMOOTH_M = 1.0
"""Standard deviation over which brightness is averaged: noise and what registration leaves of edges."""


@dataclass(frozen=True, kw_only=True)
class LightOfPair:
    """Where two dates on one grid differ in light."""

    known: Mask
    """Imaged on both dates, in the shadow of no object."""
    differs: Mask
    """Brighter or darker on one date than the dates differ by in general, or under cloud that was found."""
    snow: float
    """How much more of the clear ground one date shows under snow than the other, a share."""


def in_doubtful_light(
    pair: DatePair,
    findings: tuple[Finding, ...],
    detections: tuple[Detection, ...],
    settings: ChangeSettings,
    light: Callable[[], LightOfPair] | None = None,
) -> tuple[Finding, ...]:
    """Return the findings, those beside ground that differs in light as only possible.

    Worked ground is judged by what it borders on elsewhere: grass and crops differ with the season. Only
    cloud that was found makes its changes possible; nor a train that came to bare track, or left it: that
    the track is bare was read on its own date. ``light`` gives that of the pair, once it is asked for.
    """
    if all(f.change == "unchanged" or f.grade != "detected" for f in findings):
        return findings
    shown = light_of(pair, settings) if light is None else light()
    things = [d.geometry for d in detections if d.kind == "train" or d.grade == "detected"]
    out = []
    for found in findings:
        doubtful = (
            found.change != "unchanged"
            and found.grade == "detected"
            and found.kind != "handling_area"
            and not _on_bare_track(found, detections)
            and share_beside(shown, pair, found.geometry, things, settings) > settings.beside_share_max
        )
        out.append(replace(found, grade="possible", caveats=(*found.caveats, CAVEAT)) if doubtful else found)
    return tuple(out)


def _on_bare_track(found: Finding, detections: tuple[Detection, ...]) -> bool:
    """Tell whether a train came or went and the other date shows no train that stands in its place."""
    if found.kind != "train" or found.change not in ("appeared", "disappeared"):
        return False
    date = "later" if found.change == "appeared" else "earlier"
    others = (d for d in detections if d.kind == "train" and d.date != date)
    return not any(d.geometry.intersects(found.geometry) for d in others)


def light_of(pair: DatePair, settings: ChangeSettings) -> LightOfPair:
    """Return where two dates differ in light."""
    dates, grid = (pair.earlier, pair.later), pair.later.raster.grid
    known = np.logical_and.reduce([d.raster.valid & ~d.quality.object_shadow for d in dates])
    found = np.logical_or.reduce([d.quality.cloud | d.quality.cloud_shadow for d in dates])
    change = _change(pair, known, None)
    colour = all({"blue", "red"} <= set(d.raster.bands) for d in dates)
    blue, red = (_change(pair, known, band) if colour else None for band in ("blue", "red"))
    differs = grid.zeros(np.bool_)
    for cut, _ in grid.pieces:
        bluer = None if blue is None or red is None else blue[cut] - red[cut]
        shade = _shade(change[cut], bluer, grid.pixel_m, settings)
        differs[cut] = (np.abs(change[cut]) > settings.beside_light_min) | found[cut]
        known[cut] &= ~(shade & ~found[cut])
    snow = [_snow(date) for date in dates]
    return LightOfPair(known=known, differs=differs, snow=abs(snow[0] - snow[1]))


def _snow(date: Observation) -> float:
    """Return the share of the clear ground that lies under snow."""
    clear = date.quality.clear
    return float(date.quality.snow[clear].mean()) if date.quality.snowy and clear.any() else 0.0


def looks_changed(
    light: LightOfPair,
    pair: DatePair,
    place: BaseGeometry,
    things: list[BaseGeometry],
    settings: ChangeSettings,
) -> float:
    """Return how likely light or snow have changed the looks of what stands in a place.

    As likely as ground beside it differs in light, where more does than beside places of clear pairs, or lies
    under snow on one date alone.
    """
    share = share_beside(light, pair, place, things, settings)
    beside = share if share > settings.beside_share_max else 0.0
    return min(max(beside, light.snow), settings.looks_changed_max)


def _shade(change: Float32, bluer: Float32 | None, pixel_m: float, settings: ChangeSettings) -> Mask:
    """Return what lies in the shade of something on one date alone: much darker there, and bluer by the sky.

    Shade of what comes, goes or stands moves with the sun. Cloud is brighter, and takes the warmth of ground
    where it lies: the darker date is the redder one then. What is wider than objects throw is cloud shadow.
    """
    wide = np.ones((max(1, round(settings.beside_shade_max_m / pixel_m)),) * 2, np.uint8)
    shade = np.zeros(change.shape, bool)
    for sign in (1, -1):
        darker = sign * change > settings.beside_shade_min
        if bluer is not None:
            darker &= -sign * bluer > settings.beside_shade_bluer_min
        shade |= darker & ~(cv2.morphologyEx(darker.astype(np.uint8), cv2.MORPH_OPEN, wide) > 0)
    edge = 2 * round(SMOOTH_M / pixel_m) + 1
    return np.asarray(cv2.dilate(shade.astype(np.uint8), np.ones((edge, edge), np.uint8)) > 0)


def share_beside(
    light: LightOfPair,
    pair: DatePair,
    place: BaseGeometry,
    things: list[BaseGeometry],
    settings: ChangeSettings,
) -> float:
    """Return the share of the ground beside a place that differs in light, 0 where too little is known.

    What stands there on either date is left out, and the ground next to it.
    """
    around = place.buffer(settings.beside_to_m)
    window = pair.later.raster.grid.window(around)
    if window is None:
        return 0.0
    cut, part = window
    apart = [place, *(t for t in things if t.intersects(around.buffer(settings.beside_from_m)))]
    ring = part.mask([around]) & ~part.mask([g.buffer(settings.beside_from_m) for g in apart])
    ring &= light.known[cut]
    if ring.sum() * part.pixel_m**2 < settings.beside_area_min_m2:
        return 0.0
    return float(light.differs[cut][ring].mean())


def _change(pair: DatePair, known: Mask, band: str | None) -> Float32:
    """Return how much brighter ground is on the later date, log, beyond what all of it is."""
    grid = pair.later.raster.grid
    levels = [_levels(date, band) for date in (pair.earlier, pair.later)]
    change = grid.zeros(np.float32)
    for (cut, before), (_, after) in zip(
        pair.earlier.raster.pieces(), pair.later.raster.pieces(), strict=True
    ):
        change[cut] = _log_brightness(after, band, levels[1]) - _log_brightness(before, band, levels[0])
    if known.any():
        middle = np.float32(np.median(change[known]))
        for cut, _ in grid.pieces:
            change[cut] -= middle
    return change


def _light(raster: Raster, band: str | None) -> Float32:
    return raster.luminance() if band is None else raster.band(band)


def _levels(date: Observation, band: str | None) -> tuple[float, float] | None:
    """Return the darkest and the typical ground of a date; None where nothing is seen."""
    seen = _light(date.raster, band)[date.raster.valid]
    return ground_levels(seen) if seen.size else None


def _log_brightness(raster: Raster, band: str | None, levels: tuple[float, float] | None) -> Float32:
    """Return brightness against the darkest and the typical ground, its logarithm; of one band."""
    if levels is None:
        return np.zeros(raster.grid.shape, np.float32)
    dark, typical = levels
    weight = raster.valid.astype(np.float32)
    share = (_light(raster, band) - np.float32(dark)) / np.float32(max(typical - dark, 1e-6))
    sigma = max(SMOOTH_M / raster.grid.pixel_m, 0.5)
    total = np.asarray(cv2.GaussianBlur(share * weight, (0, 0), sigma), np.float32)
    smooth = total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
    return np.asarray(np.log(np.maximum(smooth, 0) + LIFT), np.float32)
