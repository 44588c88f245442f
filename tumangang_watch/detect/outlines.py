"""Outlines spread over a place, of which those near one of them are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

SLACK_M = 0.5
"""Asked for beyond the reach: what lies farther changes nothing, and rounding must not either."""


@dataclass(frozen=True)
class Outlines:
    """The ground that objects of one date cover, metres."""

    whole: BaseGeometry

    @classmethod
    def of(cls, shapes: Iterable[BaseGeometry]) -> Outlines:
        """Return the ground that these cover together."""
        return cls(shapely.union_all(list(shapes)))

    def near(self, place: BaseGeometry, reach_m: float) -> BaseGeometry:
        """Return the parts of it within ``reach_m`` of a place, whole.

        A yard may hold thousands of objects: laying all of them beside each would take most of a run.
        """
        found = np.sort(self._tree.query(place, predicate="dwithin", distance=reach_m + SLACK_M))
        return shapely.multipolygons(self._tree.geometries[found])

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree(shapely.get_parts(self.whole))
