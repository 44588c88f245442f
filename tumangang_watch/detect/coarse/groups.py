"""Groups of tracks that a coarse scene cannot tell apart, and the corridor of ground that holds each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely

from tumangang_watch.detect.trains.strips import StraightGround
from tumangang_watch.grid import Float64
from tumangang_watch.model.image import NativeImage, frozen
from tumangang_watch.model.site import Track
from tumangang_watch.settings.groups import GroupSettings
from tumangang_watch.track_frame import TrackFrame, frame_along, nearest_on, points_along, stretches

HEADING_BASE_M = 6.0
"""Half of the base over which a track's heading is taken."""
BESIDE_M = 10.0
"""Step at which the distance between two tracks is looked at."""
BESIDE_SHARE = 0.2
"""Share of the shorter track that must lie near another for the two to be one group: two tracks that
only meet at a switch are not."""
LAYOUTS_KEPT = 64
"""Layouts of corridors that are kept: dates and rounds of trials ask for the same ones a dozen times."""


@dataclass(frozen=True, kw_only=True)
class Corridor(StraightGround):
    """Ground along a group of tracks: columns run along the longest one, rows across it."""

    tracks: tuple[Track, ...]
    """Of the group, the one that leads first."""
    offset_m: Float64
    """(tracks, n) where each track lies, to the left of the leading one; NaN where it does not run."""
    gsd_m: float


def group_tracks(tracks: tuple[Track, ...], apart_m: float) -> list[tuple[Track, ...]]:
    """Group tracks that run nearer to one another than ``apart_m``, in the order of their first track.

    Every track is in exactly one group.
    """
    group = list(range(len(tracks)))
    for i, a in enumerate(tracks):
        for j, b in enumerate(tracks[:i]):
            if group[i] != group[j] and _near(a, b, apart_m):
                group = [group[j] if g == group[i] else g for g in group]
    names = dict.fromkeys(group)
    return [tuple(t for t, g in zip(tracks, group, strict=True) if g == name) for name in names]


def _near(a: Track, b: Track, apart_m: float) -> bool:
    """Return True when the shorter of two tracks runs near the other."""
    short, long = sorted((a.line, b.line), key=lambda line: line.length)
    count = max(int(short.length / BESIDE_M), 2)
    points = shapely.line_interpolate_point(short, (np.arange(count) + 0.5) / count, normalized=True)
    return bool((shapely.distance(points, long) < apart_m).mean() >= BESIDE_SHARE)


@dataclass(frozen=True)
class GroupWindow:
    """Tracks of a group that are judged together."""

    group: tuple[Track, ...]
    """All tracks that cannot be told from these."""
    tracks: tuple[Track, ...]
    own: tuple[Track, ...]
    """Those it speaks for."""


def windows_in(tracks: Iterable[Track], gsd_m: float, settings: GroupSettings) -> list[GroupWindow]:
    """Return the windows of all groups of tracks at a pixel size."""
    return list(_windows(tuple(tracks), settings.apart_px * gsd_m, settings.window_tracks))


@lru_cache(LAYOUTS_KEPT)
def _windows(tracks: tuple[Track, ...], apart_m: float, most: int) -> tuple[GroupWindow, ...]:
    return tuple(GroupWindow(g, *w) for g in group_tracks(tracks, apart_m) for w in windows_of(g, most))


def windows_of(group: tuple[Track, ...], most: int) -> list[tuple[tuple[Track, ...], tuple[Track, ...]]]:
    """Split a large group into windows of neighbours that are judged together: (tracks, own) of each.

    A window speaks for its own tracks; the others, one on either side, are there so that their trains and
    shadows are not taken for something else.
    """
    if len(group) <= most:
        return [(group, group)]
    lead = max(group, key=lambda t: t.line.length)
    middle = lead.line.interpolate(0.5, normalized=True)
    ahead = lead.line.interpolate(min(lead.line.length / 2 + HEADING_BASE_M, lead.line.length))
    left = np.array([-(ahead.y - middle.y), ahead.x - middle.x])

    def across(track: Track) -> float:
        near = track.line.interpolate(track.line.project(middle))
        return float(left @ np.array([near.x - middle.x, near.y - middle.y]))

    ordered = sorted(group, key=across)
    own = max(most - 2, 1)
    return [
        (tuple(ordered[max(k - 1, 0) : k + own + 1]), tuple(ordered[k : k + own]))
        for k in range(0, len(ordered), own)
    ]


def unlooked_parts(
    tracks: tuple[Track, ...], gsd_m: float, settings: GroupSettings
) -> list[tuple[str, float, float]]:
    """Return stretches beyond the ends of a window's longest track, which no corridor holds.

    Returns
    -------
    list of (track id, from_m, to_m)
        Distances along each track; stretches shorter than the shortest train are left out.
    """
    out = []
    for group in group_tracks(tracks, settings.apart_px * gsd_m):
        for window, own in windows_of(group, settings.window_tracks):
            lead = max(window, key=lambda t: t.line.length)
            for track in (t for t in own if t is not lead):
                out += [(track.id, a, b) for a, b in _beyond(track, lead, settings.train_min_m)]
    return out


def _beyond(track: Track, lead: Track, least_m: float) -> list[tuple[float, float]]:
    """Return the stretches of a track that lie beyond either end of the leading one."""
    count = max(int(track.line.length), 2)
    s = (np.arange(count) + 0.5) * track.line.length / count
    places = points_along(track.line, s)
    at, _ = nearest_on(lead.line, places)
    across, along = frame_along(lead.line, at, HEADING_BASE_M).offsets_of(places)
    missing = ((at <= 0.0) | (at >= lead.line.length)) & (along >= 1.0 + 0.1 * np.abs(across))
    step = track.line.length / count
    ends = [(float(a * step), float(b * step)) for a, b in stretches(missing)]
    return [(a, b) for a, b in ends if b - a >= least_m]


def sample_corridor(image: NativeImage, tracks: tuple[Track, ...], settings: GroupSettings) -> Corridor:
    """Straighten the ground along a group of tracks, once, from native pixels."""
    tracks = tuple(sorted(tracks, key=lambda t: -t.line.length))
    laid = _layout(tracks, settings.step_px * image.gsd_m, settings.margin_m)
    values, valid = image.sample(*laid.frame.mesh(laid.y_m))
    return Corridor(
        tracks=tracks,
        s_m=laid.s_m,
        y_m=laid.y_m,
        values=frozen(values),
        valid=frozen(valid),
        offset_m=laid.offset_m,
        frame=laid.frame,
        bands=image.bands,
        gsd_m=image.gsd_m,
    )


@dataclass(frozen=True)
class _Layout:
    """Where the points of a corridor lie: the same for all that is seen of it."""

    s_m: Float64
    y_m: Float64
    frame: TrackFrame
    offset_m: Float64


@lru_cache(LAYOUTS_KEPT)
def _layout(tracks: tuple[Track, ...], step_m: float, margin_m: float) -> _Layout:
    """Lay out a corridor along the first of its tracks."""
    lead = tracks[0].line
    count = max(int(lead.length / step_m), 2)
    s = (np.arange(count) + 0.5) * lead.length / count
    frame = frame_along(lead, s, HEADING_BASE_M)
    offset = np.stack([_offsets(t, frame) for t in tracks])
    low, high = np.nanmin(offset) - margin_m, np.nanmax(offset) + margin_m
    y = np.arange(np.floor(low / step_m), np.ceil(high / step_m) + 1) * step_m
    frame = TrackFrame(frozen(frame.points), frozen(frame.left))
    return _Layout(frozen(s), frozen(y), frame, frozen(offset))


def _offsets(track: Track, frame: TrackFrame) -> Float64:
    """Return (n,) how far to the left of each point a track lies; NaN where it does not run."""
    across, along = frame.offsets_of(nearest_on(track.line, frame.points)[1])
    return np.where(along < 1.0 + 0.1 * np.abs(across), across, np.nan)
