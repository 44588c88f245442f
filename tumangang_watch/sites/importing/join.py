"""Join ways that were split at nodes into whole tracks."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import Any

import numpy as np
import shapely

from tumangang_watch.grid import METRES_PER_DEGREE

HEADING_M = 20.0
"""Headings at a way's end are taken over this far, so that a short last segment does not decide."""


@dataclass(frozen=True)
class Way:
    """A line with what tells whose track it is."""

    line: Any
    """shapely LineString, longitude and latitude."""
    ref: str | None
    """The track's number; ways of different numbers are never joined."""
    members: tuple[int, ...]
    """Indices of the source's ways it is made of, in order."""


def join_ways(ways: list[Way], gap_m: float, kink_deg: float) -> list[Way]:
    """Join ways end to end where they continue one another.

    At a node where several ways meet, pairs are taken from the straightest on: of a turnout's
    three legs the stem goes with the straighter branch, and the other branch begins there. Pairs of the same
    number come first. A way is never joined to itself.

    Parameters
    ----------
    ways : list of Way
        In longitude and latitude.
    gap_m : float
        Ends nearer than this are one node.
    kink_deg : float
        Sharpest continuation.

    Returns
    -------
    list of Way
        In the order of their first member.
    """
    if not ways:
        return []
    squeeze = cos(radians(float(np.mean([way.line.coords[0][1] for way in ways]))))
    scale = np.array([METRES_PER_DEGREE * squeeze, METRES_PER_DEGREE])
    ends = [_end(way.line, scale, at_start) for way in ways for at_start in (True, False)]
    partner: dict[int, int] = {}
    chain = list(range(len(ways)))
    number = [way.ref for way in ways]
    for *_, a, b in sorted(_pairs(ways, ends, gap_m, kink_deg)):
        first, second = chain[a // 2], chain[b // 2]
        numbers = {number[first], number[second]} - {None}
        if a in partner or b in partner or first == second or len(numbers) > 1:
            continue
        partner[a], partner[b] = b, a
        chain = [first if k == second else k for k in chain]
        number[first] = numbers.pop() if numbers else None
    return _chains(ways, partner)


def _end(line: Any, scale: Any, at_start: bool) -> tuple[Any, Any]:
    """Return an end's place (metres) and the unit heading in which the line leaves the end outward."""
    metres = shapely.LineString(shapely.get_coordinates(line) * scale)
    if not at_start:
        metres = metres.reverse()
    here = shapely.get_coordinates(metres)[0]
    inside = shapely.get_coordinates(metres.interpolate(min(HEADING_M, metres.length)))[0]
    outward = here - inside
    return here, outward / max(float(np.hypot(*outward)), 1e-9)


def _pairs(ways: list[Way], ends: Any, gap_m: float, kink_deg: float) -> list[tuple[Any, ...]]:
    """Return ``(different numbers, kink, end, end)`` of ends that may be joined."""
    tree = shapely.STRtree(shapely.points(np.array([place for place, _ in ends])))
    found = []
    for a, b in zip(*tree.query(tree.geometries, predicate="dwithin", distance=gap_m), strict=True):
        first, second = ways[a // 2], ways[b // 2]
        if a >= b or a // 2 == b // 2:
            continue
        if None not in (first.ref, second.ref) and first.ref != second.ref:
            continue
        kink = float(np.degrees(np.arccos(np.clip(-(ends[a][1] @ ends[b][1]), -1, 1))))
        if kink <= kink_deg:
            found.append((first.ref is None or first.ref != second.ref, kink, int(a), int(b)))
    return found


def _chains(ways: list[Way], partner: dict[int, int]) -> list[Way]:
    """Follow partners from each free end; every chain has two, as none is closed to a ring."""
    done: set[int] = set()
    chains = []
    for start in (end for end in range(2 * len(ways)) if end not in partner):
        if start // 2 in done:
            continue
        order = []
        end: int | None = start
        while end is not None and end // 2 not in done:
            done.add(end // 2)
            order.append(end)
            end = partner.get(end ^ 1)
        chains.append(_chain(ways, order))
    return sorted(chains, key=lambda way: min(way.members))


def _chain(ways: list[Way], order: list[int]) -> Way:
    if ways[order[0] // 2].members > ways[order[-1] // 2].members:
        order = [end ^ 1 for end in reversed(order)]
    parts = []
    for end in order:
        coordinates = shapely.get_coordinates(ways[end // 2].line)
        parts.append(coordinates[::-1] if end % 2 else coordinates)
    joined = np.concatenate([part if k == 0 else part[1:] for k, part in enumerate(parts)])
    refs = [ways[end // 2].ref for end in order if ways[end // 2].ref is not None]
    members = tuple(m for end in order for m in ways[end // 2].members)
    return Way(shapely.LineString(joined), refs[0] if refs else None, members)
