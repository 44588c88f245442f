"""Take traced tracks for a site's: under the ids of provisional ones where they are the same track."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from tumangang_watch.detect.tracks.trace import TracedTrack
from tumangang_watch.grid import Floats
from tumangang_watch.model.site import TRACED, Site, Track
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.track_frame import TrackFrame, frame_along, lines_of

STEP_M = 4.0
"""Step along a track at which offsets are measured."""
VERTEX_M = 0.05
"""A vertex is left out where the line stays within this of itself."""


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """A site with traced tracks."""

    site: Site
    moved: tuple[str, ...]
    """Ids of provisional tracks whose line was replaced."""
    kept: tuple[str, ...]
    """Ids of provisional tracks that stayed a model."""
    new: tuple[str, ...]
    dropped: tuple[str, ...]
    """Ids of provisional tracks that were a model of what was traced elsewhere."""


def adopt(site: Site, traced: tuple[TracedTrack, ...], scene_id: str, settings: TraceSettings) -> Adopted:
    """Return the site with traced tracks in place of its provisional ones.

    A provisional track keeps its id, its direction and where it begins and ends: only its line is
    moved sideways onto the traced one, so that positions along it stay comparable.
    """
    pairs = _matches(site, traced, settings)
    tracks: list[Track] = []
    moved, kept, dropped = [], [], []
    found_in = {a.id for t in traced if (a := site.area_of(_as_track("", t, ""))) is not None}
    matched_in = {a.id for k in pairs if (a := site.area_of(site.tracks[k])) is not None}
    for number, track in enumerate(site.tracks):
        area = site.area_of(track)
        if not track.provisional:
            tracks.append(track)
        elif number in pairs:
            tracks.append(_moved_onto(track, traced[pairs[number]], scene_id))
            moved.append(track.id)
        elif area is not None and area.id in found_in - matched_in:
            dropped.append(track.id)
        else:
            tracks.append(track)
            kept.append(track.id)
    new = _fresh(site, traced, set(pairs.values()), tracks, scene_id, settings)
    changed = replace(site, tracks=(*tracks, *new))
    return Adopted(
        site=changed,
        moved=tuple(moved),
        kept=tuple(kept),
        new=tuple(t.id for t in new),
        dropped=tuple(dropped),
    )


def _as_track(name: str, traced: TracedTrack, scene_id: str) -> Track:
    return Track(
        id=name,
        line=traced.line.simplify(VERTEX_M),
        name=name,
        accuracy_m=round(traced.accuracy_m, 2),
        provisional=True,
        source=f"{TRACED}{scene_id}",
        confidence=round(traced.confidence, 2),
    )


def _matches(site: Site, traced: tuple[TracedTrack, ...], settings: TraceSettings) -> dict[int, int]:
    """Return which traced track each provisional one is: the set that agrees best, one to one."""
    own = [k for k, track in enumerate(site.tracks) if track.provisional]
    if not own or not traced:
        return {}
    far = 10 * settings.match_m
    cost = np.full((len(own), len(traced)), far)
    for i, k in enumerate(own):
        for j, other in enumerate(traced):
            offset, share = _offsets(site.tracks[k].line, other.line)
            if share >= settings.match_share_min:
                cost[i, j] = min(float(np.nanmedian(np.abs(offset))), far)
    # An entry of zero would be taken for none: one metre more everywhere changes no choice.
    rows, cols = min_weight_full_bipartite_matching(csr_array(cost + 1.0))
    return {own[i]: int(j) for i, j in zip(rows, cols, strict=True) if cost[i, j] <= settings.match_m}


def _frame(line: shapely.LineString) -> TrackFrame:
    steps = max(int(line.length / STEP_M), 2)
    return frame_along(line, np.linspace(0, line.length, steps + 1), line.length / steps)


def _offsets(line: shapely.LineString, other: shapely.LineString) -> tuple[Floats, float]:
    """Return how far left of a line another runs at each step (NaN where it does not), and the share."""
    frame = _frame(line)
    offset = np.full(frame.points.shape[1], np.nan)
    for k, (point, across) in enumerate(zip(frame.points.T, frame.left.T, strict=True)):
        ray = shapely.LineString([point - across * 8.0, point + across * 8.0])
        crossing = shapely.get_coordinates(other.intersection(ray))
        if len(crossing):
            away = (crossing - point) @ across
            offset[k] = away[np.abs(away).argmin()]
    return offset, float(np.isfinite(offset).mean())


def _moved_onto(track: Track, traced: TracedTrack, scene_id: str) -> Track:
    offset, _ = _offsets(track.line, traced.line)
    frame = _frame(track.line)
    known = np.flatnonzero(np.isfinite(offset))
    sideways = np.interp(np.arange(offset.size), known, offset[known])
    line = shapely.LineString((frame.points + frame.left * sideways).T).simplify(VERTEX_M)
    new = _as_track(track.id, traced, scene_id)
    return replace(track, line=line, accuracy_m=new.accuracy_m, source=new.source, confidence=new.confidence)


def _fresh(
    site: Site,
    traced: tuple[TracedTrack, ...],
    used: set[int],
    tracks: list[Track],
    scene_id: str,
    settings: TraceSettings,
) -> list[Track]:
    """Return traced tracks that are nobody's, less what runs along a track the site has."""
    ids = {t.id for t in site.tracks} | {a.id for a in site.areas}
    taken = shapely.unary_union([t.line.buffer(settings.apart_m / 2) for t in tracks]) if tracks else None
    out: list[Track] = []
    number = 0
    for k, item in enumerate(traced):
        if k in used:
            continue
        left = item.line if taken is None else item.line.difference(taken)
        parts = [p for p in lines_of(left) if p.length >= settings.length_min_m]
        for part in parts:
            number += 1
            while f"traced-{number}" in ids:
                number += 1
            named = _as_track(f"traced-{number}", replace(item, line=part), scene_id)
            out.append(replace(named, name=f"Traced track {number}"))
    return out
