"""Find the tracks of a place in one scene, or in several that are registered to each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.tracks.curve import extended, smoothed
from tumangang_watch.detect.tracks.headings import lines_in
from tumangang_watch.detect.tracks.paths import Lattice, TrackPath, find_paths
from tumangang_watch.detect.tracks.view import (
    CELL_M,
    CHANNELS,
    SHRINK,
    GuideFrame,
    Search,
    TraceScene,
    track_odds,
    view_of,
)
from tumangang_watch.grid import Floats, Grid, pixel_size_for
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.threads import side_by_side

LINES_PIXEL_M = 0.5
"""Pixel at which lines are looked for before the network reads: two rails are two lines."""


@dataclass(frozen=True, kw_only=True)
class TracedTrack:
    """A track that was found."""

    line: shapely.LineString
    """Centreline in the site's metres."""
    accuracy_m: float
    """How well it is known: the scatter of its measures about the line, nine in ten within it."""
    confidence: float
    """0 to 1."""
    evidence: float
    """Mean reward of its steps."""


def trace_tracks(
    scenes: tuple[TraceScene, ...], area: BaseGeometry, grid: Grid, settings: TraceSettings
) -> tuple[TracedTrack, ...]:
    """Find the tracks that scenes in one frame show; how sure they must be: `TraceSettings`.

    ``area`` is the ground to look at, site metres; ``grid`` lies over it, with pixels of about a metre.
    """
    scenes = tuple(scene for scene in scenes if scene.image.gsd_m <= settings.gsd_max_m)
    shown = _shown(scenes, area, grid, settings)
    if shown is None:
        return ()
    area, grid = shown
    search = Search(scenes, area, grid, grid.mask([area]))
    tracks: list[TracedTrack] = []
    pool = sorted(_guides(search, settings), key=lambda p: -p[0])
    for _ in range(settings.guides_max):
        pool = [(score, line) for score, line in pool if _new_share(line, tracks, settings) > 0.5]
        if not pool:
            break
        found = _tracks_beside(search, _followed(search, pool[0][1], settings), settings)
        tracks += [t for t in found if _new_share(t.line, tracks, settings) > 0.5]
        pool = pool[1:]
    return _believed(tracks, settings)


def _believed(tracks: list[TracedTrack], settings: TraceSettings) -> tuple[TracedTrack, ...]:
    """Return the tracks to tell: the sure ones, and long ones of less confidence that run beside these."""
    sure = [t for t in tracks if t.confidence >= settings.confidence_min]
    beside = shapely.unary_union([t.line.buffer(settings.beside_m) for t in sure])

    def runs_beside(track: TracedTrack) -> bool:
        shared_m = track.line.intersection(beside).length
        return shared_m >= max(settings.beside_length_min_m, settings.beside_share * track.line.length)

    return tuple(
        t
        for t in tracks
        if t.confidence >= settings.confidence_min
        or (t.confidence >= settings.beside_confidence_min and runs_beside(t))
    )


def _shown(
    scenes: tuple[TraceScene, ...], area: BaseGeometry, grid: Grid, settings: TraceSettings
) -> tuple[BaseGeometry, Grid] | None:
    """Return the part of an area that scenes show, and of its grid; None where they show nothing of it."""
    coarse = grid.at(settings.coarse_m)
    east, north = np.meshgrid(*coarse.centres)
    seen = np.zeros(coarse.shape, bool)
    for scene in scenes:
        seen |= scene.image.sample_mask(scene.image.valid, east, north)
    if not seen.any():
        return None
    half = coarse.pixel_m
    west, south = east[seen].min() - half, north[seen].min() - half
    part = area.intersection(shapely.box(west, south, east[seen].max() + half, north[seen].max() + half))
    window = None if part.is_empty else grid.window(part)
    if window is None:
        return None
    left = window[1]
    parts = (p.bounds for p in shapely.get_parts(part))
    return part, left.looking_at(parts) if grid.looked_at else left


def _new_share(line: shapely.LineString, tracks: list[TracedTrack], settings: TraceSettings) -> float:
    """Return the share of a line that runs clear of tracks found before."""
    if not tracks:
        return 1.0
    taken = shapely.unary_union([t.line.buffer(settings.apart_m * 0.8) for t in tracks])
    return float(line.difference(taken).length / max(line.length, 1e-9))


def _guides(search: Search, settings: TraceSettings) -> list[tuple[float, shapely.LineString]]:
    """Return first tracks, each with its score, from straight frames in all directions that show lines."""
    half_angle = np.pi / 2 / settings.guide_frames
    count = int(np.ceil(np.tan(half_angle) / settings.guide_slope_step))
    slopes = np.arange(-count, count + 1) * settings.guide_slope_step
    fine = search.grid.at(max(LINES_PIXEL_M, pixel_size_for(max(s.image.gsd_m for s in search.scenes))))
    lines = [lines_in(scene.image, search.area, fine, settings) for scene in search.scenes]
    found = []
    for number in range(settings.guide_frames):
        heading = np.pi * number / settings.guide_frames
        along = np.array([np.cos(heading), np.sin(heading)])
        cells = [one.places[one.along(heading, half_angle) >= settings.line_strength] for one in lines]
        frames = _frames(np.concatenate(cells), lines[0].step_m, along, settings)
        for own in side_by_side(lambda frame: _paths_in(search, frame, slopes, settings), frames):
            found += own
    return found


def _paths_in(
    search: Search, frame: GuideFrame, slopes: Floats, settings: TraceSettings
) -> list[tuple[float, shapely.LineString]]:
    """Return first tracks in a frame, each with its score."""
    lattice = _lattice(search, frame, slopes, settings)
    paths = find_paths(lattice, settings.guide_paths_max, settings) if lattice is not None else ()
    return [(p.score, shapely.LineString(_smooth_line(frame, p, settings))) for p in paths]


def _frames(cells: Floats, step_m: float, along: Floats, settings: TraceSettings) -> list[GuideFrame]:
    """Return straight frames in one direction about cells (n, 2), middles of squares, that lie in a row."""
    left = np.array([-along[1], along[0]])
    s, y = cells @ along, cells @ left
    group = _in_rows(s, y, step_m)
    frames = []
    for number in range(group.max(initial=-1) + 1):
        own = group == number
        low, high = s[own].min() - step_m, s[own].max() + step_m
        more = max(settings.guide_length_min_m - (high - low), 0.0) / 2
        low, high = low - more, high + more
        edges = np.linspace(low, high, int(np.ceil((high - low) / settings.guide_tile_m)) + 1)
        for start, stop in pairwise(edges):
            inside = y[own & (s >= start - step_m) & (s <= stop + step_m)]
            if not len(inside):
                continue
            middle, half = (inside.min() + inside.max()) / 2, (inside.max() - inside.min()) / 2
            half = max(half + step_m, settings.guide_half_min_m)
            line = np.stack([along * start + left * middle, along * stop + left * middle])
            frames.append(GuideFrame.along(line, half + 2 * CELL_M))
    return frames


def _in_rows(s: Floats, y: Floats, step_m: float) -> NDArray[np.intp]:
    """Return the group of each cell (n,): those beside each other, or with a gap of one, are together.

    -1 where no other cell lies before or behind: a track is longer than a cell.
    """
    ahead, aside = np.abs(s[:, None] - s), np.abs(y[:, None] - y)
    beside = (ahead <= 2.5 * step_m) & (aside <= 1.25 * step_m)
    follows = beside & (ahead >= 0.7 * step_m)
    kept = follows.any(axis=1)
    group = np.full(len(s), -1, np.intp)
    group[kept] = connected_components(csr_array(beside[np.ix_(kept, kept)]), directed=False)[1]
    return group


def _lattice(search: Search, frame: GuideFrame, slopes: Floats, settings: TraceSettings) -> Lattice | None:
    """Return what speaks for a track in a frame: the best of the scenes' at each place."""
    out: Floats | None = None
    for scene in search.scenes:
        view = view_of(scene, frame, search)
        seen = view[CHANNELS.index("seen")]
        if not seen.any():
            continue
        odds = track_odds(view)[0] - settings.evidence_zero(scene.image.gsd_m)
        seen = seen.reshape(seen.shape[0], -1, SHRINK).min(axis=2) > 0
        odds = np.where(seen, odds, settings.evidence_unseen)
        out = odds if out is None else np.maximum(out, odds)
    if out is None:
        return None
    fine = round(CELL_M / settings.across_m)
    per = round(settings.step_m / (SHRINK * CELL_M))
    rows, steps = out.shape[0], out.shape[1] // per
    if steps < 4:
        return None
    out = out[:, : steps * per].reshape(rows, steps, per).mean(axis=2).astype(np.float32)
    y = np.arange((rows - 1) * fine + 1) * settings.across_m + frame.rows_m[0]
    back = np.arange(len(y), dtype=np.float32)[:, None] / fine + np.zeros((1, steps), np.float32)
    across = np.zeros_like(back) + np.arange(steps, dtype=np.float32)
    out = np.asarray(cv2.remap(out, across, back, cv2.INTER_LINEAR), np.float32)
    evidence = np.broadcast_to(out, (len(slopes), *out.shape))
    return Lattice(evidence, slopes, y, (np.arange(steps) + 0.5) * settings.step_m)


def _smooth_line(frame: GuideFrame, path: TrackPath, settings: TraceSettings) -> Floats:
    y = smoothed(path.y_m, np.clip(path.reward + 1, 0.05, 2), settings.smooth * 4)
    return frame.place(path.s_m, y)


def _followed(search: Search, line: shapely.LineString, settings: TraceSettings) -> shapely.LineString:
    """Follow one track to both its ends."""
    slopes = _slopes(settings, 0.1)
    for _ in range(settings.extend_rounds):
        frame = GuideFrame.along(extended(line, settings.extend_m), settings.follow_half_m)
        lattice = _lattice(search, frame, slopes, settings)
        paths = find_paths(lattice, 3, settings) if lattice is not None else ()
        near = [p for p in paths if np.median(np.abs(p.y_m)) < 2.0]
        if not near:
            return line
        longer = shapely.LineString(_smooth_line(frame, max(near, key=lambda p: p.score), settings))
        grown = longer.length - line.length
        line = longer if grown > 0 else line
        if grown < settings.extend_m / 4:
            return line
    return line


def _slopes(settings: TraceSettings, steepest: float) -> Floats:
    count = round(steepest / settings.slope_step)
    return np.arange(-count, count + 1) * settings.slope_step


def _tracks_beside(search: Search, guide: shapely.LineString, settings: TraceSettings) -> list[TracedTrack]:
    """Return all tracks that run with a guide."""
    frame = GuideFrame.along(extended(guide, settings.extend_m), settings.group_half_m)
    slopes = _slopes(settings, settings.slope_max)
    lattice = _lattice(search, frame, slopes, settings)
    if lattice is None:
        return []
    tracks = []
    for path in find_paths(lattice, 60, settings):
        goes_on = _beyond_pictures(search, frame, path, settings)
        tracks.append(_track(frame, lattice, path, goes_on, settings))
    return tracks


def _beyond_pictures(
    search: Search, frame: GuideFrame, path: TrackPath, settings: TraceSettings
) -> tuple[bool, bool]:
    """Return whether a path's beginning and end lie at the edge of all pictures: there it goes on."""
    s = np.array([path.s_m[0] - settings.edge_m, path.s_m[-1] + settings.edge_m])
    east, north = frame.place(s, path.y_m[[0, -1]]).T[:, None]
    shown = [scene.image.sample_mask(scene.image.valid, east, north) for scene in search.scenes]
    first, last = ~np.any(shown, axis=0)[0] | (s < 0) | (s > frame.length_m)
    return bool(first), bool(last)


def _track(
    frame: GuideFrame, lattice: Lattice, path: TrackPath, goes_on: tuple[bool, bool], settings: TraceSettings
) -> TracedTrack:
    """Measure a path's middle at each step and lay a smooth line through; ``goes_on``: at which ends."""
    first = int(np.searchsorted(lattice.s_m, path.s_m[0]))
    measured = path.y_m.copy()
    best = np.zeros(len(path.y_m))
    reach = int(settings.measured_within_m / settings.across_m)
    for n, y in enumerate(path.y_m):
        row = int(np.abs(lattice.y_m - y).argmin())
        near = slice(max(row - reach, 0), row + reach + 1)
        odds = lattice.evidence[0, near, first + n]
        share = np.exp(odds - odds.max())
        measured[n] = float(share @ lattice.y_m[near] / share.sum())
        best[n] = float(odds.max())
    weight = np.clip(best, 0, settings.reward_max) / settings.reward_max
    y = smoothed(measured, np.maximum(weight, 0.003), settings.smooth)
    seen = weight > 0
    scatter = np.abs(measured - y)[seen]
    accuracy = float(np.quantile(scatter, 0.9)) if seen.any() else settings.measured_within_m
    evidence, length_m = float(path.reward.mean()), len(y) * settings.step_m
    shown = _less_faint_ends(best, settings.end_share * evidence, settings)
    shown = slice(None if goes_on[0] else shown.start, None if goes_on[1] else shown.stop)
    line = shapely.LineString(frame.place(path.s_m[shown], y[shown]))
    needed = settings.sure_middle + settings.sure_length_m / max(length_m, settings.sure_length_m)
    confidence = float(1 / (1 + np.exp(-settings.sure_slope * (evidence - needed))))
    return TracedTrack(
        line=line, accuracy_m=max(accuracy, settings.accuracy_min_m), confidence=confidence, evidence=evidence
    )


def _less_faint_ends(evidence: Floats, least: float, settings: TraceSettings) -> slice:
    """Return the steps (n,) of a path from its first sure one to its last: beyond its end evidence fades."""
    sure = np.flatnonzero(evidence >= least)
    if len(sure) < 2 or (sure[-1] - sure[0]) * settings.step_m < settings.length_min_m:
        return slice(None)
    return slice(int(sure[0]), int(sure[-1]) + 1)
