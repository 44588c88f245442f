"""What a site's geometry predicts of a picture: where bed and ground, hard standing and its
surroundings must differ. Brightness and polarity are unknown; only contrast in a small group counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon

from tumangang_watch.grid import PARTS_BELOW, Float64, Grid, Mask
from tumangang_watch.model.site import Site
from tumangang_watch.track_frame import frame_along, middles

GROUP_M = 30.0
"""Length of track or outline that is judged as one: ground and traffic change beyond it."""
BED_HALF_M = 1.7
"""Rails, sleepers and vehicles lie within this of a centreline."""
FLANK_M = (3.2, 8.5)
"""Ground beside a group of tracks: beyond the ballast shoulder, and beyond the 2.5-2.75 m that lie
between two tracks, where a train's side or shadow would be taken for a bed."""
EDGE_M = (0.7, 5.0)
"""Ground inside and outside an outline that is compared."""
STEP_M = (1.5, 6.0)
"""Least and greatest step of points along the tracks."""
POINTS_ALONG = 2000
"""Points along all tracks together that are enough; longer tracks take longer steps."""
HEADINGS = 8
"""Directions told apart, over 180 degrees."""
MOSTLY = 0.2
"""More than this share of its ground in a bridge's outline puts a piece of track on the bridge."""
CORNER_COSINE = 0.87
"""An outline that turns by more than 30 degrees between two steps has a corner there."""
END_COSINE = 0.5
"""An outline that runs within 30 degrees of the tracks looks the same a few metres further along them."""
AROUND_M = 60.0
"""Ground that what is read at a place depends on: 20 m across it, 24 m along, and blurs of 6 m."""
FINEST_M, COARSEST_M = 0.5, 1.0
"""Pixels that a fit looks at: finer ones tell no more, coarser ones blur what is seen."""

Part = tuple[Float64, Mask, int, Float64]
"""Points, which of them are inner, the heading bin, and the unit vector that the group faces."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """Points of the site with the group and side they belong to, sorted by both."""

    x: Float64
    y: Float64
    group: NDArray[np.intp]
    inner: Mask
    """True on a bed or inside an outline."""
    heading: NDArray[np.intp]
    """For each group: the bin of its track's direction, or -1 for an outline."""
    facing: Float64
    """(groups, 2) the mean unit normal of each group's line."""

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.heading)


def looked_at(site: Site, grid: Grid, reach_m: float) -> Grid:
    """Return the grid at the pixels that a fit of shifts up to ``reach_m`` looks at."""
    fine = grid.at(max(FINEST_M, min(grid.pixel_m, COARSEST_M)))
    places = [*(t.line for t in site.tracks), *(a.polygon for a in site.having("apron"))]
    margin_m = reach_m + AROUND_M
    parts = fine.looking_at(shapely.box(*p.bounds).buffer(margin_m).bounds for p in places)
    return parts if parts.pixels < PARTS_BELOW * fine.pixels else fine


def ends_of(template: Template, along: Float64) -> Template:
    """Return the outlines that face along the tracks (unit vector): what runs beside them tells nothing."""
    across_them = np.abs(template.facing @ along) >= END_COSINE
    kept = np.flatnonzero((template.heading < 0) & across_them)
    chosen = np.isin(template.group, kept)
    group = np.searchsorted(kept, template.group[chosen])
    return Template(
        x=template.x[chosen],
        y=template.y[chosen],
        group=group,
        inner=template.inner[chosen],
        heading=template.heading[kept],
        facing=template.facing[kept],
    )


def template_of(site: Site, bounds: tuple[float, float, float, float], points_max: int) -> Template:
    """Return the template of the site's tracks on land and of its aprons within bounds.

    A deck reaches to its edges and its trusses' shadow, not to where a bed ends: on a bridge the ground
    beside a track tells nothing.

    Outlines of ``stable``, yard, handling and bridge polygons are drawn around things, not along them.
    """
    parts: list[Part] = []
    lines = [t.line for t in site.tracks]
    step_m = float(np.clip(sum(line.length for line in lines) / POINTS_ALONG, *STEP_M))
    rails = shapely.STRtree([piece for line in lines for piece in _segments(line)])
    bridges = shapely.union_all([area.polygon for area in site.having("bridge")])
    for line in lines:
        parts += [p for p in _track_groups(line, rails, step_m) if not _mostly_within(p[0], bridges)]
    for area in site.having("apron"):
        parts += _outline_groups(area.polygon, rails)
    parts = [p for p in parts if _within(p[0], bounds) and not _mostly_within(p[0], site.left_out)]
    total = sum(len(p[0]) for p in parts)
    stride = max(1, -(-total // points_max))
    parts = [(p[0][::stride], p[1][::stride], p[2], p[3]) for p in parts]
    parts = [p for p in parts if p[1].any() and not p[1].all()]
    points = np.concatenate([np.empty((0, 2)), *(p[0] for p in parts)])
    inner = np.concatenate([np.empty(0, bool), *(p[1] for p in parts)])
    group = np.repeat(np.arange(len(parts)), [len(p[0]) for p in parts])
    order = np.lexsort((inner, group))
    return Template(
        x=points[order, 0],
        y=points[order, 1],
        group=group[order],
        inner=inner[order],
        heading=np.array([p[2] for p in parts], np.intp),
        facing=np.array([p[3] for p in parts]).reshape(-1, 2),
    )


def _mostly_within(points: Float64, ground: shapely.Geometry) -> bool:
    return bool(shapely.contains_xy(ground, points[:, 0], points[:, 1]).mean() > MOSTLY)


def _within(points: Float64, bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = bounds
    x, y = points.mean(axis=0)
    return bool(west < x < east and south < y < north)


def _beside(line: LineString, step_m: float, offsets_m: Float64) -> tuple[Float64, Float64]:
    """Return places (n, k, 2) beside a line and the normals (n, 2) to its left."""
    frame = frame_along(line, middles(line.length, step_m), 1.0)
    return np.stack(frame.mesh(offsets_m), axis=-1).transpose(1, 0, 2), frame.left.T


def _segments(line: LineString) -> list[LineString]:
    places = shapely.get_coordinates(line)
    return shapely.linestrings(np.stack([places[:-1], places[1:]], axis=1)).tolist()


def _by_rails(grid: Float64, rails: shapely.STRtree) -> NDArray[np.bool_]:
    """Return which places (n, k, 2) lie nearer to a track than a flank does."""
    flat = shapely.points(grid.reshape(-1, 2))
    near = rails.query_nearest(flat, max_distance=FLANK_M[0], all_matches=False)[0]
    out = np.zeros(len(flat), bool)
    out[near] = True
    return out.reshape(grid.shape[:2])


def _track_groups(line: LineString, rails: shapely.STRtree, step_m: float) -> list[Part]:
    """Return, for each piece of a track that has open ground beside it, the bed against that ground.

    It tells where the group of tracks ends, whatever stands in it.
    """
    offsets = np.arange(-FLANK_M[1], FLANK_M[1] + 0.01, 0.7)
    grid, normals = _beside(line, step_m, offsets)
    own = np.broadcast_to(np.abs(offsets) <= BED_HALF_M, grid.shape[:2])
    flank = ~_by_rails(grid, rails) & ~own
    per = max(4, round(GROUP_M / step_m))
    out = []
    for start in range(0, len(grid), per):
        part = slice(start, start + per)
        n = normals[part].mean(axis=0)
        heading = round(np.arctan2(n[1], n[0]) / np.pi * HEADINGS) % HEADINGS
        kept = own[part] | flank[part]
        if own[part].sum() >= 20 and flank[part].sum() >= 15:
            out.append((grid[part][kept], own[part][kept], int(heading), n / np.linalg.norm(n)))
    return out


def _outline_groups(polygon: Polygon, rails: shapely.STRtree) -> list[Part]:
    """Return the pieces of an outline, none of which goes round a corner."""
    ring = polygon.exterior
    sign = 1.0 if shapely.is_ccw(ring) else -1.0
    offsets = np.concatenate(
        [np.arange(-EDGE_M[1], -EDGE_M[0] + 0.01, 0.7), np.arange(EDGE_M[0], EDGE_M[1] + 0.01, 0.7)]
    )
    grid, normals = _beside(ring, 1.5, offsets * sign)
    flat = shapely.points(grid.reshape(-1, 2))
    inside = shapely.contains(polygon, flat).reshape(grid.shape[:2])
    expected = np.broadcast_to(offsets > 0, inside.shape)
    clear = (inside == expected) & ~_by_rails(grid, rails)
    out = []
    for part in _straight_pieces(normals, max(4, round(GROUP_M / 1.5))):
        kept = clear[part]
        if (kept & expected[part]).sum() >= 15 and (kept & ~expected[part]).sum() >= 15:
            mean = normals[part].mean(axis=0)
            out.append((grid[part][kept], expected[part][kept], -1, mean / np.linalg.norm(mean)))
    return out


def _straight_pieces(normals: Float64, longest: int) -> list[slice]:
    """Return runs of at most so many steps between the corners of a line with such normals (n, 2)."""
    cosine = (normals[1:] * normals[:-1]).sum(axis=1)
    corners = [0, *(np.flatnonzero(cosine < CORNER_COSINE) + 1).tolist(), len(normals)]
    return [
        slice(start, min(start + longest, stop))
        for first, stop in pairwise(corners)
        for start in range(first, stop, longest)
    ]
