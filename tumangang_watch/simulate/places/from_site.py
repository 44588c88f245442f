"""Make a world from a site file: its tracks, aprons and bridge, and plausible ground between them."""

from __future__ import annotations

from math import atan2, cos, degrees, hypot, radians, sin
from typing import Any

import numpy as np
from shapely import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.simulate.places.scenery import Bounds, YardFrame, buildings, fields, masts, ragged, woods
from tumangang_watch.simulate.places.yard import track_looks
from tumangang_watch.simulate.world import Block, Surface, World
from tumangang_watch.track_frame import lines_of

TRUSS_M = 9.0
"""Height of the trusses over the deck."""


def world_from_site(site: Site, seed: int, bounds: Bounds | None = None, margin_m: float = 150.0) -> World:
    """Return a world that holds a site; its tracks are painted where they are.

    Parameters
    ----------
    seed : int
        Decides everything that the site leaves open.
    bounds : (west, south, east, north), optional
        What to paint, metres. By default all yards, handling areas and aprons with a margin;
        a whole line between two stations would be too large for the fine grid.
    margin_m : float
        Painted ground around that.
    """
    rng = np.random.default_rng([seed, 300])
    yards = [area.polygon for area in site.having("yard", "handling", "apron")]
    if bounds is None:
        whole = unary_union(yards).bounds if yards else site.bounds
        bounds = tuple(edge + sign * margin_m for edge, sign in zip(whole, (-1, -1, 1, 1), strict=True))
    assert bounds is not None
    inside = box(*bounds)
    near = [track for track in site.tracks if track.line.intersects(inside)]
    frame, half, sides = _frame_of(near, bounds)
    rails = [*near, *_onward(site, near, bounds)]
    looks = track_looks(len(rails), rng)
    surfaces = fields(frame, sides, bounds, rng)
    surfaces += _site_ground(site, rails, inside, looks[0].ballast if looks else "ballast_grey", rng)
    blocks, _ = buildings(frame, half, (sides[0] - 25, sides[1] + 25), rng)
    busy = unary_union([*(track.line.buffer(9) for track in rails), *yards])
    blocks = [block for block in blocks if busy.distance(Point(block.x, block.y)) > 16]
    if near:
        beside = unary_union([track.line for track in rails])
        blocks += [m for m in masts(frame, half, sides[0] - 4.5, rng) if beside.distance(Point(m.x, m.y)) > 3]
    blocks += _roofs(site, inside, rng)
    keep_off, trusses = busy, []
    for bridge in site.having("bridge"):
        if bridge.polygon.intersects(inside):
            water, truss = _river(bridge, bounds, rng)
            surfaces += water
            trusses += truss
            wet = unary_union([s.polygon for s in water])
            blocks = [block for block in blocks if wet.distance(Point(block.x, block.y)) > 12]
            keep_off = keep_off.union(wet)
    trees = woods(keep_off, blocks, bounds, rng)
    fences = tuple(tuple(area.polygon.exterior.coords) for area in site.having("yard"))
    return World(
        seed=seed,
        site=site,
        bounds=bounds,
        surfaces=tuple(surfaces),
        looks=looks,
        rails=tuple(rails),
        blocks=(*blocks, *trusses),
        trees=tuple(trees),
        fences=fences,
    )


def _frame_of(tracks: list[Track], bounds: Bounds) -> tuple[YardFrame, float, tuple[float, float]]:
    """Return yard coordinates along the longest track, half its length, and v of the outer tracks."""
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    if not tracks:
        return YardFrame(x, y, 90.0, np.inf), (east - west) / 3, (-5.0, 5.0)
    window = box(*bounds)
    lines = [line for track in tracks for line in lines_of(track.line.intersection(window))]
    line = max(lines, key=lambda one: one.length)
    middle, (x0, y0), (x1, y1) = line.interpolate(0.5, normalized=True), line.coords[0], line.coords[-1]
    heading = degrees(atan2(x1 - x0, y1 - y0))
    frame = YardFrame(middle.x, middle.y, heading, np.inf)
    across = []
    for one in lines:
        for a, b in np.asarray(one.segmentize(10.0).coords):
            across.append((a - middle.x) * cos(radians(heading)) - (b - middle.y) * sin(radians(heading)))
    return frame, line.length / 2, (float(min(across)), float(max(across)))


def _onward(site: Site, tracks: list[Track], bounds: Bounds) -> list[Track]:
    """Return the line that leads away from both ends of the longest track, out of the picture."""
    if not tracks:
        return []
    longest = max(tracks, key=lambda track: track.line.length).line
    ends = (
        (longest.interpolate(8.0), longest.interpolate(0.0)),
        (longest.interpolate(longest.length - 8.0), longest.interpolate(longest.length)),
    )
    others = unary_union([track.line for track in site.tracks if track.line is not longest])
    out = []
    reach = hypot(bounds[2] - bounds[0], bounds[3] - bounds[1])
    for k, (back, end) in enumerate(ends):
        if not box(*bounds).contains(end) or others.distance(end) < 1.0:
            continue
        norm = hypot(end.x - back.x, end.y - back.y)
        ux, uy = (end.x - back.x) / norm, (end.y - back.y) / norm
        line = LineString([(end.x, end.y), (end.x + reach * ux, end.y + reach * uy)])
        line = line.intersection(box(*bounds).buffer(30))
        out.append(Track(id=f"onward-{k + 1}", line=line, name="Onward", gauge_mm=1520))
    return out


def _site_ground(
    site: Site, rails: list[Track], inside: BaseGeometry, ballast: str, rng: np.random.Generator
) -> list[Surface]:
    """Return the ground inside the site's polygons, from the bottom up."""
    out = []
    for area in site.having("yard", "station"):
        if area.polygon.intersects(inside):
            ground = ragged(area.polygon, 2.0, rng)
            out.append(Surface(ground, str(rng.choice(["soil", "cinder", "dry_grass"]))))
    bed = unary_union([track.line.buffer(3.4) for track in rails])
    for piece in getattr(bed, "geoms", [bed]):
        if not piece.is_empty:
            out.append(Surface(piece, ballast))
    for area in site.having("handling"):
        if area.polygon.intersects(inside):
            worked = area.polygon.buffer(-area.polygon.area / area.polygon.length * 0.6)
            pieces = getattr(worked, "geoms", [worked])
            out += [Surface(ragged(p, 1.5, rng), "gravel") for p in pieces if p.area > 50]
    for area in site.having("apron"):
        out.append(Surface(area.polygon, str(rng.choice(["concrete", "gravel"], p=[0.6, 0.4]))))
    return out


def _roofs(site: Site, inside: BaseGeometry, rng: np.random.Generator) -> list[Block]:
    """Return a building on each stable polygon that is named as one."""
    out = []
    for area in site.having("stable"):
        named = f"{area.id} {area.name}".lower()
        if not area.polygon.intersects(inside) or not any(w in named for w in ("roof", "building", "hall")):
            continue
        a, b, length, width = _middle_line(area.polygon)
        heading = degrees(atan2(b[0] - a[0], b[1] - a[1]))
        spot = area.polygon.centroid
        roof = str(rng.choice(["roof_grey", "roof_blue", "roof_red"]))
        out.append(Block.at((spot.x, spot.y), heading, (length - 2, width - 2, 6.0), roof, "gable"))
    return out


def _middle_line(polygon: Polygon) -> tuple[Any, Any, float, float]:
    """Return the ends of a polygon's long axis, its length and its width, by its smallest rectangle."""
    corners = np.asarray(polygon.minimum_rotated_rectangle.exterior.coords)
    sides = np.hypot(*np.diff(corners, axis=0).T)
    k = int(np.argmax(sides[:2]))
    a = (corners[k] + corners[(k + 3) % 4]) / 2
    b = (corners[k + 1] + corners[k + 2]) / 2
    return a, b, float(sides[k]), float(sides[1 - k])


def _river(bridge: Area, bounds: Bounds, rng: np.random.Generator) -> tuple[list[Surface], list[Block]]:
    """Return a river below a bridge, its sandbanks, the deck, and two trusses with cross-beams."""
    a, b, length, _ = _middle_line(bridge.polygon)
    heading = degrees(atan2(b[0] - a[0], b[1] - a[1]))
    frame = YardFrame(float((a[0] + b[0]) / 2), float((a[1] + b[1]) / 2), heading, np.inf)
    reach = hypot(bounds[2] - bounds[0], bounds[3] - bounds[1]) + 100
    water = ragged(frame.patch(-0.36 * length, 0.36 * length, -reach, reach), 6.0, rng)
    bank = ragged(frame.patch(-0.42 * length, 0.41 * length, -reach, reach), 7.0, rng)
    deck = frame.patch(-length / 2, length / 2, -3.2, 3.2)
    ground = [Surface(bank, "sand"), Surface(water, "water"), Surface(deck, "steel")]
    blocks = []
    for v in (-2.9, 2.9):
        blocks.append(Block.at(frame(0.0, v), heading, (0.86 * length, 0.5, TRUSS_M), "steel", "truss"))
    for u in np.arange(-0.42 * length, 0.42 * length, 8.4):
        blocks.append(Block.at(frame(float(u), 0.0), heading + 90, (5.8, 0.25, TRUSS_M), "steel", "truss"))
    return ground, blocks
