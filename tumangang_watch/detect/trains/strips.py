"""Straightened strips along tracks, sampled once from native pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeVar

import numpy as np

from tumangang_watch.grid import Float32, Float64, Floats, Grid, Mask
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


def sample_strip(image: NativeImage, track: Track, settings: TrainSettings) -> Strip:
    """Straighten an image, registered to the site's frame, along a track.

    Native pixels finer than the strip's step are averaged, so that no detail is aliased.
    """
    step = settings.strip_step_m
    finer = _samples_a_step(image, step)
    count = max(int(track.line.length / step), 1)
    s = (np.arange(count) + 0.5) * step
    half = round(settings.strip_half_width_m / step)
    y = np.arange(-half, half + 1) * step
    frame, points = _points(track, s, y, finer)
    values, valid = image.sample(*points)
    values = _averaged(values, finer)
    if finer > 1:
        valid = np.asarray(valid.reshape(y.size, finer, s.size, finer).all(axis=(1, 3)))
        middle, left = (v.reshape(2, s.size, finer).mean(axis=2) for v in (frame.points, frame.left))
        frame = TrackFrame(middle, left)
    return Strip(
        track=track, s_m=s, y_m=y, values=frozen(values), valid=frozen(valid), frame=frame, bands=image.bands
    )


@dataclass(frozen=True)
class SampledAgain:
    """A strip and where it was sampled, for other images of the same pixels."""

    strip: Strip
    columns: Float32
    """Native columns and rows of what the strip was made of, (rows, n) or finer."""
    rows: Float32
    middle: tuple[Floats, Floats]
    """Native (row, col) of the centreline (n,)."""

    @classmethod
    def of_strip(cls, strip: Strip, image: NativeImage) -> SampledAgain:
        """Remember where a strip lies in the image that it is of."""
        finer = _samples_a_step(image, strip.step_m)
        maps = image.maps(*_points(strip.track, strip.s_m, strip.y_m, finer)[1])
        return cls(strip, *maps, image.pixel_of(*strip.frame.points))

    def of(
        self, image: NativeImage, windows: Sequence[tuple[slice, slice]], settings: TrainSettings
    ) -> Strip:
        """Return the strip of an image that differs from the first within native windows alone.

        The very same strip where no window touches it; what was not clear stays so.
        """
        strip = self.strip
        touched = np.zeros(strip.s_m.size, bool)
        row, col = self.middle
        # A strip's half width, its corners and the kernel of the resampling.
        reach = 1.5 * settings.strip_half_width_m / image.pixel_m + 4
        for rows, cols in windows:
            near = (row > rows.start - reach) & (row < rows.stop + reach)
            touched |= near & (col > cols.start - reach) & (col < cols.stop + reach)
        if not touched.any():
            return strip
        values, finer = strip.values.copy(), self.columns.shape[1] // touched.size
        for start, stop in stretches(touched):
            fine = slice(start * finer, stop * finer)
            columns, native_rows = (np.ascontiguousarray(v[:, fine]) for v in (self.columns, self.rows))
            seen = _averaged(image.values_at(columns, native_rows, strip.bands), finer)
            values[:, :, start:stop] = np.where(strip.valid[:, start:stop], seen, np.float32(0))
        return replace(strip, values=frozen(values))


def _samples_a_step(image: NativeImage, step_m: float) -> int:
    """Return how many samples an edge are averaged to one of a strip."""
    return max(1, ceil(2 * step_m / image.gsd_m - 1e-6)) if image.gsd_m < 2 * step_m else 1


def _points(track: Track, s_m: Floats, y_m: Floats, finer: int) -> tuple[TrackFrame, tuple[Float64, Float64]]:
    """Return the frame of a strip's columns and the points, east and north, ``finer`` samples a step."""
    step = float(y_m[1] - y_m[0])
    sub = (np.arange(finer) - (finer - 1) / 2) * step / finer
    s_fine, y_fine = (s_m[:, None] + sub).ravel(), (y_m[:, None] + sub).ravel()
    frame = frame_along(track.line, s_fine, HEADING_BASE_M)
    return frame, frame.mesh(y_fine)


def _averaged(values: Float32, finer: int) -> Float32:
    """Return means (bands, rows, n) of ``finer`` samples an edge."""
    if finer == 1:
        return values
    bands, rows, cols = values.shape
    blocks = values.reshape(bands, rows // finer, finer, cols // finer, finer)
    return np.asarray(blocks.mean(axis=(2, 4), dtype=np.float32))


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
