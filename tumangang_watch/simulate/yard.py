"""Draw a yard by chance: tracks, aprons, handling ground, surroundings. Reproducible by its seed."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, pi, radians, sin
from typing import TYPE_CHECKING

import numpy as np
from shapely import LineString, Point, Polygon, box

from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.simulate.world import Block, Surface, TrackLook, Tree, World

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

CRS = "EPSG:32652"
CENTRE = (472_000.0, 4_695_500.0)
"""Near the real yard, so that sun and projection are those of the place."""


@dataclass(frozen=True)
class YardFrame:
    """Yard coordinates: u along the tracks, v to their right, bent to an arc."""

    x: float
    y: float
    heading_deg: float
    radius_m: float
    """Radius of the arc, positive bends right; inf = straight."""

    def __call__(self, u: float, v: float) -> tuple[float, float]:
        """Return the world's (x, y)."""
        if np.isfinite(self.radius_m):
            turn = u / self.radius_m
            r = self.radius_m - v
            a, b = r * sin(turn), self.radius_m - r * cos(turn)
        else:
            a, b = u, v
        angle = radians(self.heading_deg)
        return self.x + a * sin(angle) + b * cos(angle), self.y + a * cos(angle) - b * sin(angle)

    def line(self, points: list[tuple[float, float]], step_m: float = 4.0) -> LineString:
        """Return a line through yard coordinates, densified so that it bends with the yard."""
        dense = LineString(points).segmentize(step_m)
        return LineString([self(u, v) for u, v in dense.coords])

    def patch(self, u0: float, u1: float, v0: float, v1: float) -> Polygon:
        """Return a rectangle of yard coordinates."""
        dense = box(min(u0, u1), min(v0, v1), max(u0, u1), max(v0, v1)).segmentize(5.0)
        return Polygon([self(u, v) for u, v in dense.exterior.coords])

    def heading_at(self, u: float) -> float:
        """Return the tracks' heading at ``u``, degrees clockwise from north."""
        (x0, y0), (x1, y1) = self(u - 1, 0), self(u + 1, 0)
        return degrees(atan2(x1 - x0, y1 - y0))


def ragged(polygon: Polygon, amount_m: float, rng: np.random.Generator) -> Polygon:
    """Return a polygon whose edge wanders by about ``amount_m``."""
    outline = polygon.buffer(-amount_m).buffer(amount_m) if polygon.area > 40 * amount_m**2 else polygon
    if outline.geom_type != "Polygon" or outline.is_empty:
        outline = polygon
    xy = np.asarray(outline.segmentize(1.5).exterior.coords)[:-1]
    step = np.hypot(*np.diff(xy, axis=0, append=xy[:1]).T)
    s = np.concatenate([[0], np.cumsum(step)[:-1]]) / step.sum()
    wander = np.zeros(len(xy))
    for waves in (3, 7, 13, 29, 61):
        if step.sum() / waves > 3:
            wander += amount_m * 2.2 / waves**0.75 * rng.normal() * np.sin(2 * np.pi * (waves * s + rng.random()))
    along = np.roll(xy, -1, axis=0) - np.roll(xy, 1, axis=0)
    away = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.maximum(np.hypot(*along.T), 1e-6)[:, None]
    out = Polygon(xy + away * wander[:, None]).buffer(0)
    if out.geom_type != "Polygon" or out.is_empty:
        return polygon
    return out


def make_world(
    seed: int,
    *,
    length_m: float | None = None,
    tracks: int | None = None,
    size_m: tuple[float, float] | None = None,
) -> World:
    """Draw a yard.

    Parameters
    ----------
    seed : int
        Decides everything that the other arguments leave open.
    length_m : float, optional
        Length of the yard's tracks; 250 to 400 m by default.
    tracks : int, optional
        Number of tracks; 3 to 6 by default.
    size_m : (float, float), optional
        Least size of the painted ground (east, north).
    """
    rng = np.random.default_rng([seed, 100])
    length = float(rng.uniform(250, 380)) if length_m is None else length_m
    count = int(rng.integers(3, 7)) if tracks is None else tracks
    radius = np.inf if rng.random() < 0.4 else float(rng.choice([-1, 1]) * rng.uniform(600, 2500))
    jitter = rng.uniform(-400, 400, 2)
    frame = YardFrame(CENTRE[0] + jitter[0], CENTRE[1] + jitter[1], float(rng.uniform(0, 180)), radius)
    half = length / 2
    spacing = float(rng.uniform(4.5, 5.5))
    offsets = _offsets(count, spacing, rng)
    rails, listed = _tracks(frame, half, offsets, rng)
    left, right = offsets[0], offsets[-1]
    aprons = _aprons(frame, half, left, right, rng)
    yard = frame.patch(-half - 8, half + 8, left - 30, right + 38)
    handling = frame.patch(-half * 0.75, half * 0.75, right + 3.0, right + 36)
    wide = yard.buffer(70).bounds
    size = size_m or (0.0, 0.0)
    bounds = _grown(wide, size)
    looks = _looks(len(rails), rng)
    surfaces = _surfaces(frame, half, left, right, aprons, bounds, looks[0].ballast, rng)
    blocks, trees, stable = _things(frame, half, left, right, yard, bounds, rng)
    areas = [Area("yard", "yard", yard, "Yard"), Area("handling", "handling", handling, "Handling area")]
    areas += [Area(f"apron-{k + 1}", "apron", a, f"Apron {k + 1}") for k, a in enumerate(aprons)]
    areas += [Area(f"stable-{k + 1}", "stable", s, f"Stable {k + 1}") for k, s in enumerate(stable)]
    site = Site(f"painted-{seed}", f"Painted yard {seed}", "", CRS, tuple(areas), tuple(rails[:listed]))
    fence = ()
    if rng.random() < 0.5:
        fence = (tuple(frame.patch(-half - 5, half + 5, left - 22, right + 37).exterior.coords),)
    background = str(rng.choice(["dry_grass", "grass", "soil"]))
    return World(
        seed, site, bounds, tuple(surfaces), looks, tuple(rails), tuple(blocks), tuple(trees), fence, background
    )


def _grown(bounds: tuple[float, ...], size_m: tuple[float, float]) -> tuple[float, float, float, float]:
    """Return bounds grown to a least size about their centre."""
    west, south, east, north = bounds
    dx, dy = max(size_m[0] - (east - west), 0) / 2, max(size_m[1] - (north - south), 0) / 2
    return west - dx, south - dy, east + dx, north + dy


def _offsets(count: int, spacing: float, rng: np.random.Generator) -> list[float]:
    """Return the tracks' v: mostly evenly spaced, sometimes with a wide gap (a platform) in between."""
    gaps = spacing + rng.normal(0, 0.06, count - 1)
    if count > 3 and rng.random() < 0.4:
        gaps[int(rng.integers(0, count - 1))] += float(rng.uniform(3, 9))
    v = np.concatenate([[0], np.cumsum(gaps)])
    return [float(x) for x in v - v.mean()]


def _tracks(
    frame: YardFrame, half: float, offsets: list[float], rng: np.random.Generator
) -> tuple[list[Track], int]:
    """Return the site's tracks, then the leads that join them at a ladder of switches."""
    tracks = []
    ladder = rng.random() < 0.6 and len(offsets) > 3
    start = -half
    for k, v in enumerate(offsets):
        begin = start
        if ladder and k:
            begin = start + 9.0 * 0.55 * (v - offsets[0])
        line = frame.line([(begin, v), (half, v)])
        tracks.append(Track(f"T{k + 1}", line, f"Track {k + 1}", 1520))
    listed = len(tracks)
    if ladder:
        points = [(start - 45, offsets[0])] + [
            (start - 30 + 5.0 * (v - offsets[0]) , v) for v in (offsets[0], offsets[-1])
        ]
        tracks.append(Track("lead", frame.line(points), "Lead", 1520))
        for k, v in enumerate(offsets[1:], start=1):
            joint = start - 30 + 5.0 * (v - offsets[0])
            tracks.append(
                Track(f"lead-{k}", frame.line([(joint, v), (start + 5.0 * (v - offsets[0]), v)]), "Lead", 1520)
            )
    far = [(-half - 120, offsets[0]), (-half, offsets[0])]
    tracks.append(Track("main-in", frame.line(far), "Main", 1520))
    tracks.append(Track("main-out", frame.line([(half, offsets[0]), (half + 120, offsets[0])]), "Main", 1520))
    return tracks, listed


def _looks(count: int, rng: np.random.Generator) -> tuple[TrackLook, ...]:
    """Return each track's look: one ballast for the yard, with exceptions."""
    common = str(rng.choice(["ballast_grey", "ballast_brown", "ballast_pale", "cinder"], p=[0.4, 0.35, 0.1, 0.15]))
    sleeper = str(rng.choice(["sleeper_wood", "sleeper_concrete"]))
    looks = []
    for _ in range(count):
        ballast = common if rng.random() < 0.75 else str(rng.choice(["ballast_grey", "ballast_brown", "cinder"]))
        looks.append(
            TrackLook(
                ballast,
                sleeper if rng.random() < 0.85 else "sleeper_wood",
                float(rng.choice([0.0, 0.5, 1.0])),
                float(np.exp(rng.normal(0, 0.12))),
                float(rng.uniform(0, 0.5)),
                float(rng.choice([0.0, 0.05, 0.15, 0.4], p=[0.35, 0.3, 0.25, 0.1])),
                float(rng.uniform(2.0, 2.6)),
                str(rng.choice(["", "ballast_brown", "cinder"], p=[0.45, 0.4, 0.15])),
            )
        )
    return tuple(looks)


def _aprons(
    frame: YardFrame, half: float, left: float, right: float, rng: np.random.Generator
) -> list[Polygon]:
    """Return one to three aprons beside the outer tracks."""
    length = float(rng.uniform(0.5, 0.9)) * half
    middle = float(rng.uniform(-0.2, 0.2)) * half
    width = float(rng.uniform(9, 18))
    out = [frame.patch(middle - length / 2, middle + length / 2, right + 3.2, right + 3.2 + width)]
    if rng.random() < 0.6:
        out.append(frame.patch(-half * 0.6, half * 0.3, left - 3.2 - float(rng.uniform(6, 12)), left - 3.2))
    return out


def _surfaces(
    frame: YardFrame,
    half: float,
    left: float,
    right: float,
    aprons: list[Polygon],
    bounds: tuple[float, float, float, float],
    ballast: str,
    rng: np.random.Generator,
) -> list[Surface]:
    """Return the ground from the bottom up: fields, wild land, roads, yard ground, aprons."""
    out = []
    west, south, east, north = bounds
    kinds = ["ploughed", "stubble", "grass", "dry_grass", "soil", "scrub"]
    reach = hypot(east - west, north - south) / 2 + 20
    u = -reach
    while u < reach:
        width = float(rng.uniform(35, 90))
        for v0, v1 in ((left - 220, left - 55), (right + 65, right + 260)):
            cut = v0 + float(rng.uniform(0.3, 0.7)) * (v1 - v0)
            for a, b in ((v0, cut), (cut, v1)):
                field = ragged(frame.patch(u, u + width - 2, a, b - 2), 1.2, rng)
                out.append(Surface(field, str(rng.choice(kinds))))
        u += width
    for _ in range(14):
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        r = float(rng.uniform(4, 22))
        blob = ragged(Point(x, y).buffer(r), r * 0.22, rng)
        out.append(Surface(blob, str(rng.choice(["scrub", "soil", "grass", "dry_grass", "gravel", "sand"]))))
    road = frame.line([(-reach, right + 46), (reach, right + 50)]).buffer(float(rng.uniform(2.5, 4)))
    out.append(Surface(road, str(rng.choice(["asphalt", "dirt_road"]))))
    spur = LineString([frame(half * 0.4, right + 48), frame(half * 0.35, right + 10)]).buffer(2.6)
    ground = ragged(frame.patch(-half - 25, half + 25, left - 24, right + 30), 3.0, rng)
    out.append(Surface(ground, str(rng.choice(["soil", "cinder", "gravel", "dry_grass"]))))
    out.append(Surface(spur, "dirt_road"))
    bed = ragged(frame.patch(-half - 12, half + 12, left - 3.4, right + 3.4), 0.5, rng)
    out.append(Surface(bed, ballast if rng.random() < 0.7 else "cinder"))
    for apron in aprons:
        out.append(Surface(apron, str(rng.choice(["concrete", "gravel", "asphalt", "soil"], p=[0.4, 0.3, 0.15, 0.15]))))
    return out


def _things(
    frame: YardFrame,
    half: float,
    left: float,
    right: float,
    yard: BaseGeometry,
    bounds: tuple[float, float, float, float],
    rng: np.random.Generator,
) -> tuple[list[Block], list[Tree], list[Polygon]]:
    """Return buildings, masts and trees, and ground known not to change."""
    blocks, trees, stable = [], [], []
    for _ in range(int(rng.integers(3, 9))):
        u, side = float(rng.uniform(-half, half)), rng.random() < 0.5
        v = left - float(rng.uniform(34, 60)) if side else right + float(rng.uniform(56, 75))
        x, y = frame(u, v)
        turn = frame.heading_at(u) + float(rng.choice([0, 90])) + float(rng.normal(0, 4))
        size = float(rng.uniform(8, 26)), float(rng.uniform(6, 11))
        roof = str(rng.choice(["roof_grey", "roof_red", "roof_blue", "roof_white"], p=[0.4, 0.3, 0.15, 0.15]))
        shape = str(rng.choice(["gable", "flat"]))
        blocks.append(Block(x, y, turn, size[0], size[1], float(rng.uniform(3, 7)), roof, shape))
        if len(stable) < 3:
            stable.append(LineString([frame(u - 20, v), frame(u + 20, v)]).buffer(12, quad_segs=2))
    if rng.random() < 0.7:
        step, v = float(rng.uniform(35, 55)), left - 3.6
        for u in np.arange(-half, half, step):
            x, y = frame(float(u), v)
            blocks.append(Block(x, y, frame.heading_at(float(u)), 0.4, 0.4, float(rng.uniform(7, 10)), "steel"))
    west, south, east, north = bounds
    for _ in range(int(rng.integers(40, 260))):
        x, y = float(rng.uniform(west, east)), float(rng.uniform(south, north))
        radius = float(rng.uniform(1.2, 4.0))
        if yard.distance(box(x, y, x, y)) > radius + 6 and all(
            hypot(b.x - x, b.y - y) > b.length_m / 2 + radius for b in blocks
        ):
            trees.append(Tree(x, y, radius, radius * float(rng.uniform(1.3, 2.4))))
    return blocks, trees, stable


__all__ = ["CRS", "YardFrame", "make_world", "pi", "ragged"]
