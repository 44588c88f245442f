"""Straightened strips along tracks, sampled once from native pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeVar

import numpy as np

from tumangang_watch.grid import Float32, Floats, Grid, Mask
from tumangang_watch.model.image import NativeImage, frozen
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.track_frame import TrackFrame, frame_along, stretches

HEADING_BASE_M = 3.0
"""Half of the base over which a track's heading is taken: smooths the vertices of a polyline."""


@dataclass(frozen=True, kw_only=True)
class StraightGround:
    """Native pixels resampled along a track: columns run along it, rows across."""

    s_m: Floats
    """(n,) distance of column centres from the track's first vertex."""
    y_m: Floats
    """(m,) offset of rows from the centreline, positive to the left of the direction of travel."""
    values: Float32
    """(bands, m, n), read-only; 0 where not valid."""
    valid: Mask
    """(m, n): True where the pixels are valid and clear."""
    frame: TrackFrame
    """The centreline's points in the site's metres."""
    bands: tuple[str, ...]

    @property
    def step_m(self) -> float:
        """Step along and across, metres."""
        return float(self.y_m[1] - self.y_m[0])


@dataclass(frozen=True, kw_only=True)
class Strip(StraightGround):
    """The ground along one track."""

    track: Track
    bridges_m: tuple[tuple[float, float], ...] = ()
    """From where to where the track runs on bridges."""

    def rows(self, low_m: float, high_m: float) -> slice:
        """Return the rows whose centres lie within ``[low_m, high_m]``."""
        return slice(
            int(np.searchsorted(self.y_m, low_m - 1e-6)), int(np.searchsorted(self.y_m, high_m + 1e-6))
        )


Straight = TypeVar("Straight", bound=StraightGround)


def sample_strip(
    image: NativeImage, track: Track, settings: TrainSettings, columns: slice = slice(None)
) -> Strip:
    """Straighten an image, registered to the site's frame, along a track, or some columns of that strip.

    Native pixels finer than the strip's step are averaged, so that no detail is aliased.
    """
    step = settings.strip_step_m
    finer = max(1, ceil(2 * step / image.gsd_m - 1e-6)) if image.gsd_m < 2 * step else 1
    count = max(int(track.line.length / step), 1)
    s = (np.arange(count)[columns] + 0.5) * step
    half = round(settings.strip_half_width_m / step)
    y = np.arange(-half, half + 1) * step
    sub = (np.arange(finer) - (finer - 1) / 2) * step / finer
    s_fine, y_fine = (s[:, None] + sub).ravel(), (y[:, None] + sub).ravel()
    frame = frame_along(track.line, s_fine, HEADING_BASE_M)
    values, valid = image.sample(*frame.mesh(y_fine))
    if finer > 1:
        blocks = (y.size, finer, s.size, finer)
        values = values.reshape(len(values), *blocks).mean(axis=(2, 4), dtype=np.float32)
        valid = np.asarray(valid.reshape(blocks).all(axis=(1, 3)))
        points, left = (v.reshape(2, s.size, finer).mean(axis=2) for v in (frame.points, frame.left))
        frame = TrackFrame(points, left)
    return Strip(
        track=track, s_m=s, y_m=y, values=frozen(values), valid=frozen(valid), frame=frame, bands=image.bands
    )


def sample_again(
    strip: Strip, image: NativeImage, windows: Sequence[tuple[slice, slice]], settings: TrainSettings
) -> Strip:
    """Return a strip of an image that differs from the one it shows within native windows alone.

    The very same strip where no window touches it; what was not clear stays so.
    """
    touched = np.zeros(strip.s_m.size, bool)
    row, col = image.pixel_of(*strip.frame.points)
    # A strip's half width, its corners and the kernel of the resampling.
    reach = 1.5 * settings.strip_half_width_m / image.pixel_m + 4
    for rows, cols in windows:
        near = (row > rows.start - reach) & (row < rows.stop + reach)
        touched |= near & (col > cols.start - reach) & (col < cols.stop + reach)
    if not touched.any():
        return strip
    values = strip.values.copy()
    for start, stop in stretches(touched):
        part = slice(start, stop)
        seen = sample_strip(image, strip.track, settings, part).values
        values[:, :, part] = np.where(strip.valid[:, part], seen, np.float32(0))
    return replace(strip, values=frozen(values))


def only_clear(strip: Straight, clear: Mask, grid: Grid) -> Straight:
    """Return straightened ground with what lies under cloud or is left out marked as not valid.

    ``clear`` (rows, cols) is True where the ground is visible; ground beyond its ``grid`` stays as it is.
    """
    if clear.all():
        return strip
    hidden = grid.look_up(~clear, *strip.frame.mesh(strip.y_m))
    values = np.where(hidden, np.float32(0), strip.values)
    return replace(strip, values=frozen(values), valid=frozen(strip.valid & ~hidden))


def strips_of(
    observation: Observation, site: Site, tracks: list[Track], settings: TrainSettings
) -> list[Strip]:
    """Return the strips of tracks where the ground is clear, with the stretches that lie on bridges."""
    clear, grid = observation.quality.clear, observation.raster.grid
    strips = []
    for track in tracks:
        stretches = site.track_on_bridges(track).values()
        strip = only_clear(sample_strip(observation.image, track, settings), clear, grid)
        strips.append(replace(strip, bridges_m=tuple(ends for own in stretches for ends in own)))
    return strips
