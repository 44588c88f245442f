"""Vehicles that stand end to end in the plain picture, and the line through them: a piece of track."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tumangang_watch.detect.vehicles.read import VehicleMap
from tumangang_watch.grid import Cut, Floats, Grid
from tumangang_watch.settings.vehicles import VehicleSettings


@dataclass(frozen=True, kw_only=True)
class Bodies:
    """Vehicles seen in the plain picture, or pieces of such that do not part; site metres."""

    middle: Floats
    """(n, 2)"""
    along: Floats
    """(n, 2) unit vectors along them."""
    half_m: Floats
    """(n,) half lengths."""
    odds: Floats
    """(n,) mean log-odds of their cells."""


@dataclass(frozen=True, kw_only=True)
class VehicleRow:
    """Bodies in a row."""

    line: shapely.LineString
    """Along their middles, from the first one's end to the last one's."""
    count: int
    odds: float
    """Mean log-odds of a body, by length."""


def find_chains(found: VehicleMap, settings: VehicleSettings) -> tuple[VehicleRow, ...]:
    """Return bodies in rows, and single long ones, of at least `VehicleSettings.chain_min_m`."""
    bodies = find_bodies(found, settings)
    if not len(bodies.middle):
        return ()
    linked = _linked(bodies, settings)
    groups = connected_components(csr_array(linked), directed=False)[1]
    chains = (_chain(bodies, np.flatnonzero(groups == k)) for k in range(groups.max() + 1))
    return tuple(c for c in chains if c.line.length >= settings.chain_min_m)


def find_bodies(found: VehicleMap, settings: VehicleSettings) -> Bodies:
    """Return what is as long and as wide as a vehicle, or a piece of one that does not end."""
    rows = [row for cut, part in found.grid.pieces for row in _bodies_in(found, cut, part, settings)]
    if not rows:
        none = np.zeros((0, 2))
        return Bodies(middle=none, along=none, half_m=np.zeros(0), odds=np.zeros(0))
    middle, along, half_m, mean = (np.array(v) for v in zip(*rows, strict=True))
    return Bodies(middle=middle, along=along, half_m=half_m, odds=mean)


def _bodies_in(
    found: VehicleMap, cut: Cut, grid: Grid, settings: VehicleSettings
) -> Iterator[tuple[Floats, Floats, float, float]]:
    """Yield middle, axis, half length and mean log-odds of each body in a part of a map."""
    body_odds = found.body[cut]
    inside = ((body_odds > 0) & (found.end[cut] < 0)).astype(np.uint8)
    count, label, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    for k in range(1, count):
        left, top, wide, high, size = stats[k]
        if size * grid.pixel_m**2 < settings.length_min_m * settings.width_min_m:
            continue
        r, c = np.nonzero(label[top : top + high, left : left + wide] == k)
        places = np.stack(grid.to_metres(r + top, c + left), axis=1)
        odds = body_odds[r + top, c + left]
        for piece in _pieces(places, settings):
            body = _body(places[piece], settings)
            if body is not None:
                yield (*body, float(odds[piece].mean()))


def _pieces(places: Floats, settings: VehicleSettings) -> list[NDArray[np.intp]]:
    """Cut what is longer than a vehicle, so that a curved train becomes a row of straight pieces."""
    at = (places - places.mean(axis=0)) @ _axis(places)
    length = float(np.ptp(at))
    if length <= settings.piece_m * 1.5:
        return [np.arange(len(places))]
    number = round(length / settings.piece_m)
    part = np.minimum(((at - at.min()) / length * number).astype(int), number - 1)
    return [np.flatnonzero(part == k) for k in range(number)]


def _axis(places: Floats) -> Floats:
    """Return the unit vector along which places spread most."""
    return np.asarray(np.linalg.eigh(np.cov(places.T))[1][:, 1])


def _body(places: Floats, settings: VehicleSettings) -> tuple[Floats, Floats, float] | None:
    """Return the middle, the axis and the half length of a body; None of what is none."""
    if len(places) < 4:
        return None
    along = _axis(places)
    across = np.array([-along[1], along[0]])
    middle = places.mean(axis=0)
    s, y = (places - middle) @ along, (places - middle) @ across
    # Even spread: a rectangle of this width has this standard deviation.
    width_m, length_m = float(np.sqrt(12) * y.std()), float(np.sqrt(12) * s.std())
    fits = settings.width_min_m <= width_m <= settings.width_max_m
    if not fits or length_m < max(settings.length_min_m, settings.slender_min * width_m):
        return None
    return middle, along, length_m / 2


def _linked(bodies: Bodies, settings: VehicleSettings) -> NDArray[np.bool_]:
    """Return which bodies (n, n) follow each other: each end links to the nearest that lies ahead."""
    n = len(bodies.middle)
    out = np.zeros((n, n), bool)
    ends = {s: bodies.middle + s * bodies.along * bodies.half_m[:, None] for s in (-1, 1)}
    turn = np.abs(bodies.along @ bodies.along.T) >= np.cos(np.radians(settings.turn_max_deg))
    for side, end in ends.items():
        ahead = side * bodies.along
        for k in range(n):
            best, best_m = -1, settings.gap_max_m
            for other in ends.values():
                away = other - end[k]
                s, y = away @ ahead[k], np.abs(away @ np.array([-ahead[k][1], ahead[k][0]]))
                beyond = (bodies.middle - bodies.middle[k]) @ ahead[k] > bodies.half_m[k]
                fits = turn[k] & beyond & (np.abs(s) <= best_m) & (y <= settings.aside_max_m)
                fits[k] = False
                if fits.any():
                    best = int(np.where(fits, np.abs(s), np.inf).argmin())
                    best_m = float(abs(s[best]))
            if best >= 0:
                out[k, best] = True
    return np.asarray(out & out.T)


def _chain(bodies: Bodies, own: NDArray[np.intp]) -> VehicleRow:
    """Lay a line through bodies in a row."""
    middle, along, half_m = bodies.middle[own], bodies.along[own], bodies.half_m[own]
    axis = _axis(middle) if len(own) > 1 else along[0]
    order = np.argsort(middle @ axis)
    middle, along, half_m = middle[order], along[order], half_m[order]
    along = along * np.sign(along @ axis + 1e-12)[:, None]
    first, last = middle[0] - along[0] * half_m[0], middle[-1] + along[-1] * half_m[-1]
    odds = float(np.average(bodies.odds[own], weights=bodies.half_m[own]))
    return VehicleRow(line=shapely.LineString([first, *middle, last]), count=len(own), odds=odds)
