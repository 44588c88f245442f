"""What earlier dates show of the ground that goods stand on.

An earlier date, reduced to what is asked of it, in the frame and light of the dates that are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.ground.history import BackgroundGround
from tumangang_watch.detect.trains.reading import TrackReading
from tumangang_watch.grid import Float32, Float64, Grid, Mask
from tumangang_watch.model.image import frozen
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.settings.change import HistorySettings

MAD_TO_SIGMA = 1.4826
PlaceState = Literal["same", "empty", "other", "unsure", "unseen"]
"""What another date shows in the place of an object; ``other`` is something else than the object."""


@dataclass(frozen=True)
class Window:
    """The part of the working grid around one place where goods are looked for."""

    area: str
    cut: tuple[slice, slice]
    """Rows and columns of the working grid."""
    grid: Grid
    """Of the window."""


@dataclass(frozen=True)
class WindowPixels:
    """A window's pixels on one date, in the light of the date that is measured."""

    bands: tuple[str, ...]
    values: Float32
    """(bands, rows, cols)."""
    seen: Mask
    """(rows, cols): True where the ground is clear."""
    sunlit: Mask
    """(rows, cols): True where it is clear and neither in shadow nor as dark as shadow."""

    def part(self, cut: tuple[slice, slice]) -> WindowPixels:
        """Return a part of the window."""
        return WindowPixels(self.bands, self.values[(slice(None), *cut)], self.seen[cut], self.sunlit[cut])


@dataclass(frozen=True)
class PixelBaseline:
    """What is typical of a window: robust statistics of every pixel over earlier dates."""

    bands: tuple[str, ...]
    median: Float32
    """(bands, rows, cols); 0 where no date saw the ground."""
    mad: Float32
    """(bands, rows, cols): median absolute deviation."""
    count: NDArray[np.int16]
    """(rows, cols): dates that saw the ground, in light or shadow: a mark can be as dark as shadow."""

    def part(self, cut: tuple[slice, slice]) -> PixelBaseline:
        """Return a part of the window."""
        every = (slice(None), *cut)
        return PixelBaseline(self.bands, self.median[every], self.mad[every], self.count[cut])


def windows_of(site: Site, grid: Grid, settings: HistorySettings) -> tuple[Window, ...]:
    """Return the windows around a site's aprons, or around its yards where it has none."""
    out = []
    for area in site.having("apron") or site.having("yard"):
        found = grid.window(area.polygon.buffer(settings.window_margin_m))
        if found is not None:
            out.append(Window(area.id, *found))
    return tuple(out)


def window_pixels(observation: Observation, window: Window) -> WindowPixels:
    """Return what one date shows of a window."""
    raster, quality, cut = observation.raster, observation.quality, window.cut
    seen = quality.clear[cut] & raster.valid[cut] & ~quality.cloud_shadow[cut]
    sunlit = seen & ~quality.object_shadow[cut]
    values = frozen(raster.values[(slice(None), *cut)].copy())
    return WindowPixels(raster.bands, values, frozen(seen), frozen(sunlit))


def baseline_of(patches: list[WindowPixels]) -> PixelBaseline | None:
    """Return the median, the median absolute deviation and the number of dates of every pixel.

    Bands that not all dates have are left out. None without dates or without a common band.
    """
    bands = tuple(b for b in patches[0].bands if all(b in p.bands for p in patches)) if patches else ()
    if not bands:
        return None
    count = np.asarray(np.sum([p.seen for p in patches], axis=0, dtype=np.int16))
    median = np.zeros((len(bands), *count.shape), np.float32)
    mad = np.zeros_like(median)
    known = count > 0
    for k, band in enumerate(bands):
        stack = np.stack([np.where(p.seen, p.values[p.bands.index(band)], np.nan) for p in patches])[:, known]
        middle = np.nanmedian(stack, axis=0)
        median[k][known] = middle
        mad[k][known] = np.nanmedian(np.abs(stack - middle), axis=0)
    return PixelBaseline(bands, frozen(median), frozen(mad), frozen(count))


def unusual_pixels(now: WindowPixels, typical: PixelBaseline, settings: HistorySettings) -> Mask:
    """Return the pixels (rows, cols) that lie beyond their own typical spread in any band."""
    out = np.zeros(now.seen.shape, bool)
    for k, band in enumerate(typical.bands):
        if band not in now.bands:
            continue
        spread = np.maximum(MAD_TO_SIGMA * typical.mad[k], settings.spread_floor * np.abs(typical.median[k]))
        away = np.abs(now.values[now.bands.index(band)] - typical.median[k])
        out |= away > settings.anomaly * np.maximum(spread, 1e-6)
    return out & now.seen & (typical.count > 0)


@dataclass(frozen=True)
class Footprint:
    """An object's pixels in its window, and those of the bare ground beside it."""

    body: Mask
    beside: Mask
    cut: tuple[slice, slice]
    """The part of the window that both masks cover."""


def footprint_of(
    shape: BaseGeometry, window: Window, others: BaseGeometry, settings: HistorySettings
) -> Footprint | None:
    """Return the pixels of an object and of the ground beside it; None where it has too few.

    ``shape`` is the object's outline in site metres, ``others`` its date's objects near it: no bare ground.
    """
    grid, (near, far) = window.grid, settings.ring_m
    found = grid.window(shape.buffer(far + grid.pixel_m))
    if found is None:
        return None
    cut, part = found
    core = shape.buffer(-0.5 * grid.pixel_m)
    body = part.mask([core if not core.is_empty else shape])
    beside = part.mask([shape.buffer(far).difference(others.buffer(near)).difference(shape.buffer(near))])
    if body.sum() < 4 or beside.sum() < 8:
        return None
    return Footprint(body, beside, cut)


def place_state(
    now: WindowPixels, then: WindowPixels, place: Footprint, settings: HistorySettings
) -> tuple[PlaceState, float]:
    """Judge what another date shows in an object's place, and the share of its contrast that is there.

    The object's contrast with the ground beside it is looked for in the same place on the other date, so
    that light and wetness common to object and ground drop out: 1 is the same, 0 bare ground.
    """
    bands = tuple(b for b in now.bands if b in then.bands)
    here, there = _contrast(now, bands, place, settings), _contrast(then, bands, place, settings)
    if here is None or there is None or _dark(then, place) > 0.5 >= _dark(now, place):
        return "unseen", 0.0
    size = float(np.sqrt(np.mean(here**2)))
    if size < settings.contrast_min:
        return "unsure", 0.0
    share = float((there @ here) / (here @ here))
    misfit = float(np.sqrt(np.mean((there - share * here) ** 2))) / size
    if settings.same_from <= share <= 2 - settings.same_from and misfit <= settings.same_misfit:
        return "same", share
    strength = float(np.sqrt(np.mean(there**2))) / size
    if strength <= settings.empty_up_to:
        return "empty", share
    return ("other" if misfit > settings.same_misfit else "unsure"), share


def _contrast(
    patch: WindowPixels, bands: tuple[str, ...], place: Footprint, settings: HistorySettings
) -> Float64 | None:
    """Return an object's brightness against the ground beside it, relative, by band; None where not seen."""
    body, beside = place.body & patch.seen[place.cut], place.beside & patch.sunlit[place.cut]
    if body.sum() < settings.seen_min * place.body.sum() or beside.sum() < 8 or not bands:
        return None
    out = []
    for band in bands:
        values = patch.values[patch.bands.index(band)][place.cut]
        ground = max(float(np.median(values[beside])), 1e-6)
        out.append(float(np.median(values[body])) / ground - 1.0)
    return np.array(out)


def _dark(patch: WindowPixels, place: Footprint) -> float:
    """Return the part of an object's ground that lies in shadow or is as dark."""
    body = place.body & patch.seen[place.cut]
    return float((body & ~patch.sunlit[place.cut]).sum() / max(body.sum(), 1))


@dataclass(frozen=True, kw_only=True)
class BackgroundDate:
    """One earlier date. What is None or empty does not count: not seen, or left out for memory's sake."""

    scene: Scene
    windows: tuple[Window, ...] = ()
    patches: tuple[WindowPixels, ...] = ()
    """One a window."""
    ground: BackgroundGround | None = None
    """The surface of the handling polygons."""
    tracks: TrackReading | None = None
    """Every track as it was read."""
    coarse: Observation | None = None
    """The whole date, for scenes whose tracks are read by group."""

    def patch(self, area: str) -> tuple[Window, WindowPixels] | None:
        """Return what the date shows of one area."""
        for window, patch in zip(self.windows, self.patches, strict=True):
            if window.area == area:
                return window, patch
        return None


def windows_of_date(observation: Observation, windows: tuple[Window, ...]) -> BackgroundDate:
    """Return a date with its aprons alone: a date that is measured, as a later one sees it."""
    return BackgroundDate(
        scene=observation.scene,
        windows=windows,
        patches=tuple(window_pixels(observation, w) for w in windows),
    )


def before(
    background_dates: Sequence[BackgroundDate], observation: Observation
) -> tuple[BackgroundDate, ...]:
    """Return the dates that were acquired before an observation, and none of its own content."""
    scene = observation.scene
    return tuple(
        d for d in background_dates if d.scene.acquired < scene.acquired and d.scene.sha256 != scene.sha256
    )
