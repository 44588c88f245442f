"""Coordinates along a yard, and outlines that wander."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, radians, sin

import numpy as np
from shapely import LineString, Polygon, box


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
            wander += (
                amount_m * 2.2 / waves**0.75 * rng.normal() * np.sin(2 * np.pi * (waves * s + rng.random()))
            )
    along = np.roll(xy, -1, axis=0) - np.roll(xy, 1, axis=0)
    away = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.maximum(np.hypot(*along.T), 1e-6)[:, None]
    out = Polygon(xy + away * wander[:, None]).buffer(0)
    if out.geom_type != "Polygon" or out.is_empty:
        return polygon
    return out
