"""New ground told against earlier dates: what only goes back and forth with the seasons is no growth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from tumangang_watch.detect.ground.change import Turned, cleaned
from tumangang_watch.detect.ground.surface import GroundSurface, surface_of, worked_share
from tumangang_watch.model.image import frozen
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.cargo import HandlingSettings
from tumangang_watch.settings.change import HistorySettings


@dataclass(frozen=True, kw_only=True)
class BackgroundGround:
    """The surface of the handling polygons on one earlier date, on the working grid's window around them."""

    acquired: datetime
    cut: tuple[slice, slice]
    """Rows and columns of the working grid."""
    usable: NDArray[np.bool_]
    """Clear, lit, without snow."""
    log_brightness: NDArray[np.float32]
    """Mean log value of the bands."""
    saturation: NDArray[np.float32]
    green: NDArray[np.float32]
    has_nir: bool
    worked: NDArray[np.float32]
    """How far it looks worked: 0 natural, 1 worked."""


@dataclass(frozen=True)
class EarlierGround:
    """The earlier dates that tell season from work."""

    dates: tuple[BackgroundGround, ...]
    settings: HistorySettings


@dataclass(frozen=True)
class Denied:
    """What the record takes off new ground."""

    pixels: NDArray[np.bool_]
    """New ground that looked so before: no growth."""
    doubtful: NDArray[np.bool_]
    """Pixels of what is left that looked so before."""
    dates: int
    """Dates that could tell."""


def keep_ground(
    observation: Observation, site: Site, settings: HandlingSettings, path: dict[str, float]
) -> BackgroundGround | None:
    """Return what a date shows of the handling polygons; None where it tells nothing of them.

    Parameters
    ----------
    path : dict
        Path light by band, as of the dates that are measured: all share one radiometry.
    """
    polygons = [a.polygon for a in site.having("handling")]
    surface = surface_of(observation.about(polygons), (), settings, path)
    if surface.saturation is None or surface.green is None or surface.snowed_over:
        return None
    inside = surface.grid.mask(polygons)
    if not (inside & surface.usable).any():
        return None
    rows, cols = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    cut = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)

    def kept(values: NDArray[np.float32]) -> NDArray[np.float32]:
        out: NDArray[np.float32] = frozen(values[cut].astype(np.float32))
        return out

    return BackgroundGround(
        acquired=observation.scene.acquired,
        cut=cut,
        usable=frozen((surface.usable & ~surface.snow)[cut]),
        log_brightness=kept(surface.log.mean(axis=0)),
        saturation=kept(surface.saturation),
        green=kept(surface.green),
        has_nir=surface.has_nir,
        worked=kept(worked_share(surface, settings)),
    )


def deny_seasonal(
    turned: Turned, before: datetime, after: GroundSurface, record: EarlierGround, settings: HandlingSettings
) -> tuple[Turned, Denied]:
    """Take off new ground where it looked so before.

    Parameters
    ----------
    turned : Turned
        Ground that changed between the two dates.
    before : datetime
        When the earlier of the two dates was acquired: only dates before it can deny.
    after : Surface
        The later date.
    settings : HandlingSettings
        Steps of colour that count as a turn.
    """
    none = np.zeros(turned.mask.shape, bool)
    dates = [d for d in record.dates if d.acquired < before]
    labels, count = label(turned.mask)
    if not dates or not count:
        return turned, Denied(none, none, len(dates))
    like = [_resembles(date, after, record, settings) for date in dates]
    kept, doubtful, count_of = none.copy(), none.copy(), 0
    for k in range(1, count + 1):
        segment = labels == k
        # A date must have seen enough of a segment to speak of it.
        asked = [alike for alike, known in like if (segment & known).sum() >= 0.5 * segment.sum()]
        count_of = max(count_of, len(asked))
        needed = max(1, ceil(record.settings.deny_share * len(asked)))
        seen_so = np.sum(asked or [none], axis=0) >= needed
        left = _left(segment, segment & seen_so, after.grid.pixel_m, settings)
        kept |= left
        doubtful |= left & seen_so
    gone = np.asarray(binary_dilation(turned.mask & ~kept, iterations=2)) & ~kept
    less = replace(turned, mask=kept, membership=np.where(gone, np.float32(0), turned.membership))
    return less, Denied(turned.mask & ~kept, doubtful, count_of)


def _left(
    segment: NDArray[np.bool_], denied: NDArray[np.bool_], pixel_m: float, settings: HandlingSettings
) -> NDArray[np.bool_]:
    """Return what is left of a segment.

    Work and season meet in one segment, so it is parted; but neither a speck that was alike by chance
    makes a hole, nor is a sliver between what was denied new ground.
    """
    region = cleaned(denied, segment, pixel_m, settings)
    return cleaned(segment & ~region, segment, pixel_m, settings) if region.any() else segment


def _resembles(
    date: BackgroundGround, after: GroundSurface, record: EarlierGround, settings: HandlingSettings
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where an earlier date looks as the later one does, and where it tells."""
    shape = after.usable.shape
    alike, known = np.zeros(shape, bool), np.zeros(shape, bool)
    if after.saturation is None or after.green is None or after.has_nir != date.has_nir:
        return alike, known
    cut = date.cut
    step_green = settings.turn_ndvi if after.has_nir else settings.turn_exg
    log_brightness = np.abs(after.log.mean(axis=0)[cut] - date.log_brightness)
    like = log_brightness < record.settings.alike_log_brightness
    like &= np.abs(after.saturation[cut] - date.saturation) < settings.turn_saturation
    like &= np.abs(after.green[cut] - date.green) < step_green
    known[cut] = date.usable & after.usable[cut]
    alike[cut] = like & known[cut]
    return alike, known


def unsettled(
    record: EarlierGround, surface: GroundSurface, before: datetime, settings: HandlingSettings
) -> NDArray[np.bool_]:
    """Return ground whose class goes back and forth between the dates: worked on some, natural on others."""
    shape = surface.usable.shape
    worked, seen = np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    for date in record.dates:
        if date.acquired < before:
            cut = date.cut
            worked[cut] += date.usable & (date.worked > 0.5)
            seen[cut] += date.usable
    own = surface.usable & ~surface.snow
    worked += own & (worked_share(surface, settings) > 0.5)
    seen += own
    low, high = record.settings.flicker
    share = worked / np.maximum(seen, 1)
    fewer = np.minimum(worked, seen - worked)
    return np.asarray((fewer >= record.settings.flicker_min) & (share >= low) & (share <= high))
