"""Find the tracks of a place in one scene, or in several that are registered to each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from tumangang_watch.detect.trace_net import track_odds
from tumangang_watch.detect.trace_paths import Lattice, Path, find_paths
from tumangang_watch.detect.trace_rails import Flat, Frame, sections_along

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.grid import Grid
    from tumangang_watch.model.image import NativeImage
    from tumangang_watch.settings.trace import TraceSettings


@dataclass(frozen=True)
class TracedTrack:
    """A track that was found."""

    line: shapely.LineString
    """Centreline in the site's metres."""
    accuracy_m: float
    """How well it is known: the scatter of its measures about the line, nine in ten within it."""
    confidence: float
    """0 to 1."""
    supported: float
    """Share of its length along which a track was seen."""
    evidence: float
    """Mean reward of its steps."""


@dataclass(frozen=True)
class Ground:
    """Where to look."""

    area: BaseGeometry
    grid: Grid
    """A grid over the area, of a metre or so."""
    inside: NDArray[np.bool_]
    """The area on the grid."""


def trace_tracks(
    images: tuple[NativeImage, ...], area: BaseGeometry, grid: Grid, settings: TraceSettings
) -> tuple[TracedTrack, ...]:
    """Find tracks by their rails.

    Parameters
    ----------
    images : tuple of NativeImage
        One scene, or more in one frame.
    area : Polygon or MultiPolygon
        Ground to look at, in the site's metres.
    grid : Grid
        Over that ground, pixels of about a metre.

    Returns
    -------
    tuple of TracedTrack
        By falling confidence and length.
    """
    flats = tuple(Flat.of(i, settings) for i in images if i.gsd_m <= settings.gsd_max_m)
    if not flats or area.is_empty:
        return ()
    ground = Ground(area, grid, grid.mask([area]))
    tracks: list[TracedTrack] = []
    bundles = 0
    for _ in range(settings.searches_max):
        pool = _guides(flats, _untraced(ground, tracks, settings), settings)
        before = len(tracks)
        while bundles < settings.guides_max:
            pool = [(score, line) for score, line in pool if _new_share(line, tracks, settings) > 0.5]
            if not pool:
                break
            bundles += 1
            _, line = max(pool, key=lambda p: p[0])
            found = _bundle(flats, ground, _followed(flats, ground, line, settings), settings)
            tracks += [t for t in found if _new_share(t.line, tracks, settings) > 0.5]
            pool = [(s, other) for s, other in pool if other is not line]
        if len(tracks) == before:
            break
    return tuple(t for t in tracks if t.confidence >= settings.confidence_min)


def _untraced(ground: Ground, tracks: list[TracedTrack], settings: TraceSettings) -> Ground:
    """Return the ground that is left beside tracks found before."""
    if not tracks:
        return ground
    taken = ground.grid.mask([t.line.buffer(settings.apart_m) for t in tracks])
    return Ground(ground.area, ground.grid, ground.inside & ~taken)


def _new_share(line: shapely.LineString, tracks: list[TracedTrack], settings: TraceSettings) -> float:
    """Return the share of a line that runs clear of tracks found before."""
    if not tracks:
        return 1.0
    taken = shapely.unary_union([t.line.buffer(settings.apart_m * 0.8) for t in tracks])
    return float(line.difference(taken).length / max(line.length, 1e-9))


def _guides(
    flats: tuple[Flat, ...], ground: Ground, settings: TraceSettings
) -> list[tuple[float, shapely.LineString]]:
    """Return first tracks, each with its score, from straight frames in all directions."""
    half_angle = np.pi / 2 / settings.guide_frames
    count = int(np.ceil(np.tan(half_angle) / settings.guide_slope_step))
    slopes = np.arange(-count, count + 1) * settings.guide_slope_step
    outline = shapely.get_coordinates(ground.area.convex_hull)
    found = []
    for number in range(settings.guide_frames):
        heading = np.pi * number / settings.guide_frames
        along = np.array([np.cos(heading), np.sin(heading)])
        left = np.array([-along[1], along[0]])
        u, v = outline @ along, outline @ left
        tiles = int(np.ceil((u.max() - u.min()) / settings.guide_tile_m))
        edges = np.linspace(u.min(), u.max(), tiles + 1)
        for start, stop in pairwise(edges):
            if stop - start < settings.length_min_m:
                continue
            middle = (v.min() + v.max()) / 2
            line = np.stack([along * start + left * middle, along * stop + left * middle])
            frame = Frame.along(line, (v.max() - v.min()) / 2 + 1, settings.guide_pixel_m)
            lattice = _lattice(flats, ground, frame, slopes, settings)
            if lattice is None:
                continue
            for path in find_paths(lattice, settings.guide_paths_max, settings):
                found.append((path.score, shapely.LineString(_smooth_line(frame, path, settings))))
    return found


def _lattice(
    flats: tuple[Flat, ...],
    ground: Ground,
    frame: Frame,
    slopes: NDArray[Any],
    settings: TraceSettings,
) -> Lattice | None:
    """Return the log-odds of a track in a frame: the best of the scenes' at each place."""
    out: NDArray[Any] | None = None
    for flat in flats:
        sampled = frame.sample(flat, ground.inside, ground.grid)
        if not sampled[1].any():
            continue
        for k, slope in enumerate(slopes):
            sections = sections_along(sampled, float(slope), frame, flat.image.gsd_m, settings)
            if sections.tone.shape[1] < 2:
                return None
            odds = track_odds(sections, settings)
            if out is None:
                out = np.full((len(slopes), *odds.shape), settings.odds_unseen, dtype=np.float32)
            np.maximum(out[k], odds, out=out[k])
    if out is None:
        return None
    s = (np.arange(out.shape[2]) + 0.5) * settings.step_m
    return Lattice(out, slopes, frame.lattice_m(settings.across_m), s)


def _smooth_line(frame: Frame, path: Path, settings: TraceSettings) -> NDArray[Any]:
    y = smoothed(path.y_m, np.clip(path.reward + 1, 0.05, 2), settings.smooth * 4)
    return frame.place(path.s_m, y)


def smoothed(values: NDArray[Any], weight: NDArray[Any], stiffness: float) -> NDArray[Any]:
    """Return values smoothed by penalised second differences (Whittaker, 1923)."""
    from scipy.linalg import solveh_banded

    n = len(values)
    if n < 4:
        return values
    second = np.array([1.0, -2.0, 1.0])
    bands = np.zeros((3, n))
    bands[2] = weight + 1e-6
    for start in range(n - 2):
        for i in range(3):
            for j in range(i, 3):
                bands[2 - (j - i), start + j] += stiffness * second[i] * second[j]
    return np.asarray(solveh_banded(bands, weight * values + 1e-6 * values))


def _extended(line: shapely.LineString, by_m: float) -> NDArray[Any]:
    """Return a line continued at both ends along the arc of its last 80 m."""
    s = np.arange(0.0, line.length, 4.0)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, s))
    parts = []
    for end in (xy[::-1], xy):
        tail = end[-20:]
        t = np.arange(len(tail)) * 4.0 - (len(tail) - 1) * 4.0
        along = tail[-1] - tail[0]
        along /= np.hypot(*along)
        left = np.array([-along[1], along[0]])
        offset = (tail - tail[-1]) @ left
        degree = 2 if len(tail) >= 15 else 1
        bend = np.polyfit(t, offset, degree)
        if degree == 2:
            bend[0] = np.clip(bend[0], -1 / 300, 1 / 300)
        ahead = np.arange(4.0, by_m, 4.0)
        parts.append(tail[-1] + ahead[:, None] * along + np.polyval(bend, ahead)[:, None] * left)
    return np.concatenate([parts[0][::-1], xy, parts[1]])


def _followed(
    flats: tuple[Flat, ...], ground: Ground, line: shapely.LineString, settings: TraceSettings
) -> shapely.LineString:
    """Follow one track to both its ends."""
    slopes = _slopes(settings, 0.1)
    for _ in range(settings.extend_rounds):
        frame = Frame.along(_extended(line, settings.extend_m), 8.0, settings.pixel_m)
        lattice = _lattice(flats, ground, frame, slopes, settings)
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


def _slopes(settings: TraceSettings, steepest: float) -> NDArray[Any]:
    count = round(steepest / settings.slope_step)
    return np.arange(-count, count + 1) * settings.slope_step


def _bundle(
    flats: tuple[Flat, ...], ground: Ground, guide: shapely.LineString, settings: TraceSettings
) -> list[TracedTrack]:
    """Return all tracks that run with a guide."""
    frame = Frame.along(_extended(guide, settings.extend_m), settings.bundle_half_m, settings.pixel_m)
    slopes = _slopes(settings, settings.slope_max)
    lattice = _lattice(flats, ground, frame, slopes, settings)
    if lattice is None:
        return []
    return [_track(frame, lattice, path, settings) for path in find_paths(lattice, 60, settings)]


def _track(frame: Frame, lattice: Lattice, path: Path, settings: TraceSettings) -> TracedTrack:
    """Measure a path's middle at each step and lay a smooth line through."""
    first = int(np.searchsorted(lattice.s_m, path.s_m[0]))
    measured, weight = path.y_m.copy(), np.zeros(len(path.y_m))
    reach = int(settings.measured_within_m / settings.across_m)
    for n, (y, slope) in enumerate(zip(path.y_m, path.slope, strict=True)):
        k = int(np.abs(lattice.slopes - slope).argmin())
        row = int(np.abs(lattice.y_m - y).argmin())
        low, high = max(row - reach, 1), min(row + reach + 1, len(lattice.y_m) - 1)
        profile = lattice.evidence[max(k - 1, 0) : k + 2, :, first + n].max(axis=0)
        top = low + int(profile[low:high].argmax())
        before, here, after = (float(v) for v in profile[top - 1 : top + 2])
        bend = before - 2 * here + after
        part = 0.5 * (before - after) / bend if bend < 0 and here >= max(before, after) else 0.0
        measured[n] = lattice.y_m[top] + part * settings.across_m
        weight[n] = np.clip(here - settings.evidence_zero, 0, settings.reward_max) / settings.reward_max
    y = smoothed(measured, np.maximum(weight, 0.003), settings.smooth)
    seen = weight > 0
    scatter = np.abs(measured - y)[seen]
    accuracy = float(np.quantile(scatter, 0.9)) if seen.any() else settings.measured_within_m
    supported = float(seen.mean())
    line = shapely.LineString(frame.place(path.s_m, y))
    evidence = float(path.reward.mean())
    needed = settings.sure_middle + settings.sure_length_m / max(line.length, settings.sure_length_m)
    confidence = float(1 / (1 + np.exp(-settings.sure_slope * (evidence - needed))))
    return TracedTrack(line, max(accuracy, 0.1), confidence, supported, evidence)
