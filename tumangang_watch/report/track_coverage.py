"""Which metres of each track could be seen on each date: what counts of occupancy are divided by."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site, Track
from tumangang_watch.track_frame import stretches

STEP_M = 5.0
"""Spacing of the points at which a track is looked at: shorter than any wagon."""


def tracks_seen(site: Site, dates: list[Observation]) -> list[dict[str, Any]]:
    """Return each track's length, its area, and the stretches of it that were clear on each date.

    Returns
    -------
    list of dict
        ``observed`` holds, for each date, ``[from_m, to_m]`` along the track.
    """
    rows = []
    for track in site.tracks:
        area = site.area_of(track)
        rows.append(
            {
                "id": track.id,
                "area": area.id if area is not None else None,
                "length_m": round(float(track.line.length), 2),
                "observed": {date.date: _stretches(track, date) for date in dates},
            }
        )
    return rows


def _stretches(track: Track, date: Observation) -> list[list[float]]:
    if track.occluded_from is not None and track.occluded_from <= date.scene.acquired.date():
        return []
    length_m = float(track.line.length)
    pieces = max(1, int(np.ceil(length_m / STEP_M)))
    edges = np.linspace(0.0, length_m, pieces + 1)
    seen = _clear_at(shapely.line_interpolate_point(track.line, (edges[:-1] + edges[1:]) / 2), date)
    return [[round(float(edges[a]), 2), round(float(edges[b]), 2)] for a, b in stretches(seen)]


def _clear_at(points: NDArray[Any], date: Observation) -> NDArray[np.bool_]:
    """Return whether the ground is clear at points of the site; outside the grid it is not."""
    return date.raster.grid.look_up(date.quality.clear, shapely.get_x(points), shapely.get_y(points))
