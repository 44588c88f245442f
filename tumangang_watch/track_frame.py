"""The frame of a track: points along a line, the directions beside it, and a mesh of straightened ground."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

LINES_KEPT = 256
"""Lines whose vertices are kept: the tracks of a site are asked for thousands of times."""


@dataclass(frozen=True)
class TrackFrame:
    """Points along a line with the unit vectors to its left."""

    points: NDArray[np.float64]
    """(2, n) east and north, metres."""
    left: NDArray[np.float64]
    """(2, n) east and north."""

    @property
    def ahead(self) -> NDArray[np.float64]:
        """(2, n) unit vectors along the line, towards increasing distance."""
        return np.stack([self.left[1], -self.left[0]])

    def part(self, columns: slice | NDArray[np.intp]) -> TrackFrame:
        """Return the frame of some of the points."""
        return TrackFrame(self.points[:, columns], self.left[:, columns])

    def mesh(self, across_m: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return east and north, (m, n) each, of places ``across_m`` (m,) to the left of every point."""
        return (
            self.points[0] + across_m[:, None] * self.left[0],
            self.points[1] + across_m[:, None] * self.left[1],
        )

    def offsets_of(self, places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how far to the left of its point each of (2, n) places lies, and how far along, unsigned."""
        away = places - self.points
        across = (away * self.left).sum(axis=0)
        return across, np.abs(away[0] * self.left[1] - away[1] * self.left[0])


def points_along(line: BaseGeometry, s_m: NDArray[Any]) -> NDArray[np.float64]:
    """Return the points (2, n) at distances along a line; beyond its ends, the ends."""
    length_m, east, north = _vertices(line)
    return np.stack([np.interp(s_m, length_m, east), np.interp(s_m, length_m, north)])


@lru_cache(LINES_KEPT)
def _vertices(line: BaseGeometry) -> NDArray[np.float64]:
    """Return how far along a line its vertices lie, and where, (3, n)."""
    places = shapely.get_coordinates(line)
    length_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
    found = np.stack([length_m, *places.T])
    found.flags.writeable = False
    return found


def lines_of(shape: BaseGeometry) -> list[shapely.LineString]:
    """Return the lines that a shape is made of, such as what a line has in common with some ground.

    An overlay parts a line at vertices where it hardly bends, though all of it lies there: such pieces are
    put together again, in the line's own direction.
    """
    parts = [p for p in shapely.get_parts([shape]) if isinstance(p, shapely.LineString) and p.length > 0]
    merged = shapely.line_merge(shapely.MultiLineString(parts), directed=True)
    return list(shapely.get_parts([merged]))


def lengthened(line: BaseGeometry, by_m: float) -> shapely.LineString:
    """Return a line that goes straight on for so much at both ends."""
    places = shapely.get_coordinates(line)
    first, last = places[0] - places[1], places[-1] - places[-2]
    before = places[0] + by_m * first / np.linalg.norm(first)
    beyond = places[-1] + by_m * last / np.linalg.norm(last)
    return shapely.LineString(np.vstack([before, places, beyond]))


def frame_along(
    line: BaseGeometry, s_m: NDArray[Any], ahead_m: float, behind_m: float | None = None
) -> TrackFrame:
    """Return the frame of a line at distances along it.

    Parameters
    ----------
    s_m : (n,) float
        Distances from its first vertex.
    ahead_m, behind_m : float
        Base of the direction at a point, in front of it and behind (as far, if not stated): smooths the
        vertices of a polyline.
    """
    behind = s_m - (ahead_m if behind_m is None else behind_m)
    towards = points_along(line, s_m + ahead_m) - points_along(line, behind)
    towards /= np.maximum(np.hypot(*towards), 1e-9)
    return TrackFrame(points_along(line, s_m), np.stack([-towards[1], towards[0]]))


def middles(length_m: float, step_m: float) -> NDArray[np.float64]:
    """Return the middles (n,) of whole steps along a length."""
    return np.arange(step_m / 2, length_m, step_m)


def nearest_on(
    line: BaseGeometry, places: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distances (n,) along a line of its points nearest to (2, n) places, and those points."""
    at = np.asarray(shapely.line_locate_point(line, shapely.points(places.T)))
    return at, points_along(line, at)


def bearing(azimuth_deg: float) -> NDArray[np.float64]:
    """Return the unit vector (east, north) that points to an azimuth."""
    return np.array([np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg))])


def stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the runs of True in (n,) as ``(start, stop)``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def seen_parts(piece: tuple[int, int], seen: NDArray[np.bool_], join: int) -> list[tuple[int, int]]:
    """Return the parts (start, stop) of a stretch that begin and end where it was seen.

    ``seen`` (n,) are the steps of the whole track; up to ``join`` steps that were not seen part nothing.
    """
    parts: list[tuple[int, int]] = []
    for low, high in stretches(seen[slice(*piece)]):
        start, stop = piece[0] + low, piece[0] + high
        if parts and start - parts[-1][1] <= join:
            parts[-1] = (parts[-1][0], stop)
        else:
            parts.append((start, stop))
    return parts
