"""What lies around a yard: fields, roads, yard ground, buildings, masts, woods."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, radians, sin

import numpy as np
from shapely import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from tumangang_watch.simulate.world import Block, Surface, Tree


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
            height = amount_m * 2.2 / waves**0.75 * rng.normal()
            wander += height * np.sin(2 * np.pi * (waves * s + rng.random()))
    along = np.roll(xy, -1, axis=0) - np.roll(xy, 1, axis=0)
    away = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.maximum(np.hypot(*along.T), 1e-6)[:, None]
    out = Polygon(xy + away * wander[:, None]).buffer(0)
    return polygon if out.geom_type != "Polygon" or out.is_empty else out


Bounds = tuple[float, float, float, float]
FIELDS = ("ploughed", "stubble", "grass", "dry_grass", "soil", "scrub")
PATCHES = ("scrub", "soil", "grass", "dry_grass", "gravel", "sand")
ROOFS = ("roof_grey", "roof_red", "roof_blue", "roof_white")


def fields(
    frame: YardFrame, sides: tuple[float, float], bounds: Bounds, rng: np.random.Generator
) -> list[Surface]:
    """Return fields and patches on both sides of a yard, and the road along its right side.

    ``sides`` is the v of the outermost tracks.
    """
    out = []
    west, south, east, north = bounds
    left, right = sides
    reach = hypot(east - west, north - south) / 2 + 20
    u = -reach
    while u < reach:
        width = float(rng.uniform(35, 90))
        for v0, v1 in ((left - 220, left - 55), (right + 65, right + 260)):
            cut = v0 + float(rng.uniform(0.3, 0.7)) * (v1 - v0)
            for a, b in ((v0, cut), (cut, v1)):
                field = ragged(frame.patch(u, u + width - 2, a, b - 2), 1.2, rng)
                out.append(Surface(field, str(rng.choice(FIELDS))))
        u += width
    for _ in range(int(14 * max((east - west) * (north - south) / 2e5, 1))):
        x, y, r = rng.uniform(west, east), rng.uniform(south, north), float(rng.uniform(4, 22))
        out.append(Surface(ragged(Point(x, y).buffer(r), r * 0.13, rng), str(rng.choice(PATCHES))))
    road = frame.line([(-reach, right + 46), (reach, right + 50)]).buffer(float(rng.uniform(2.5, 4)))
    out.append(Surface(road, str(rng.choice(["asphalt", "dirt_road"]))))
    return out


def yard_ground(
    frame: YardFrame,
    half: float,
    sides: tuple[float, float],
    aprons: list[Polygon],
    ballast: str,
    rng: np.random.Generator,
) -> list[Surface]:
    """Return the yard's own ground: trodden earth, the access road, the ballast, the aprons."""
    left, right = sides
    ground = ragged(frame.patch(-half - 25, half + 25, left - 24, right + 30), 3.0, rng)
    out = [Surface(ground, str(rng.choice(["soil", "cinder", "gravel", "dry_grass"])))]
    spur = LineString([frame(half * 0.4, right + 48), frame(half * 0.35, right + 10)]).buffer(2.6)
    out.append(Surface(spur, "dirt_road"))
    bed = ragged(frame.patch(-half - 12, half + 12, left - 3.4, right + 3.4), 0.5, rng)
    out.append(Surface(bed, ballast if rng.random() < 0.7 else "cinder"))
    hard = ("concrete", "gravel", "asphalt", "soil")
    out += [Surface(apron, str(rng.choice(hard, p=[0.4, 0.3, 0.15, 0.15]))) for apron in aprons]
    return out


def buildings(
    frame: YardFrame, half: float, sides: tuple[float, float], rng: np.random.Generator
) -> tuple[list[Block], list[Polygon]]:
    """Return buildings beyond the yard, and the ground about some of them as stable ground."""
    blocks: list[Block] = []
    stable: list[Polygon] = []
    left, right = sides
    for _ in range(int(rng.integers(3, 9))):
        u = float(rng.uniform(-half, half))
        v = left - float(rng.uniform(34, 60)) if rng.random() < 0.5 else right + float(rng.uniform(56, 75))
        turn = frame.heading_at(u) + float(rng.choice([0, 90])) + float(rng.normal(0, 4))
        size = float(rng.uniform(8, 26)), float(rng.uniform(6, 11)), float(rng.uniform(3, 7))
        roof = str(rng.choice(ROOFS, p=[0.4, 0.3, 0.15, 0.15]))
        blocks.append(Block.at(frame(u, v), turn, size, roof, str(rng.choice(["gable", "flat"]))))
        if len(stable) < 3:
            stable.append(LineString([frame(u - 20, v), frame(u + 20, v)]).buffer(12, quad_segs=2))
    return blocks, stable


def masts(frame: YardFrame, half: float, v: float, rng: np.random.Generator) -> list[Block]:
    """Return a row of masts along the tracks."""
    step = float(rng.uniform(35, 55))
    out = []
    for u in np.arange(-half, half, step):
        size = 0.4, 0.4, float(rng.uniform(7, 10))
        out.append(Block.at(frame(float(u), v), frame.heading_at(float(u)), size, "steel"))
    return out


def trackside(frame: YardFrame, half: float, offsets: list[float], rng: np.random.Generator) -> list[Block]:
    """Return what stands about tracks for good: huts, stacks of sleepers and rails, gantries over them."""
    out = []
    left, right = offsets[0], offsets[-1]
    for _ in range(int(rng.integers(0, 4))):
        u, v = float(rng.uniform(-half, half)), left - float(rng.uniform(5, 9))
        size = float(rng.uniform(3, 7)), float(rng.uniform(2.5, 4)), float(rng.uniform(2.4, 3.2))
        out.append(Block.at(frame(u, v), frame.heading_at(u), size, str(rng.choice(ROOFS))))
    for _ in range(int(rng.integers(0, 8))):
        u = float(rng.uniform(-half, half))
        v = float(rng.choice([left - rng.uniform(3.0, 6.0), right + rng.uniform(2.3, 2.9)]))
        kind = str(rng.choice(["timber", "rail_rusty", "sleeper_concrete"]))
        size = float(rng.uniform(2.5, 9)), float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.3, 0.9))
        out.append(Block.at(frame(u, v), frame.heading_at(u), size, kind))
    if rng.random() < 0.25:
        for u in np.arange(-half + 10, half, float(rng.uniform(45, 65))):
            place, size = frame(float(u), (left + right) / 2), (right - left + 6, 0.45, 7.5)
            out.append(Block.at(place, frame.heading_at(float(u)) + 90, size, "steel", "truss"))
    return out


def woods(
    keep_off: BaseGeometry, blocks: list[Block], bounds: Bounds, rng: np.random.Generator
) -> list[Tree]:
    """Return trees clear of a place and of buildings, singly and in groves."""
    west, south, east, north = bounds
    scale = max((east - west) * (north - south) / 2e5, 0.5)
    count = int(scale * rng.integers(30, 140))
    spots = [(rng.uniform(west, east), rng.uniform(south, north)) for _ in range(count)]
    for _ in range(int(scale * rng.integers(0, 4))):
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        spots += [(x + dx, y + dy) for dx, dy in rng.normal(0, 14, (25, 2))]
    trees = []
    for x, y in spots:
        radius = float(rng.uniform(1.2, 4.0))
        clear = keep_off.distance(box(x, y, x, y)) > radius + 6
        if clear and all(hypot(b.x - x, b.y - y) > b.length_m / 2 + radius for b in blocks):
            trees.append(Tree(float(x), float(y), radius, radius * float(rng.uniform(1.3, 2.4))))
    return trees
