"""Which metres of each track could be seen on each date: what counts of occupancy are divided by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tumangang_watch.model.document import TrackDocument
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site, Track
from tumangang_watch.track_frame import points_along, stretches

STEP_M = 5.0
"""Spacing of the points at which a track is looked at: shorter than any wagon."""


def tracks_seen(site: Site, dates: Sequence[Observation]) -> list[TrackDocument]:
    """Return each track's length, the areas it runs through, and the stretches clear on each date."""
    areas = [site.area_of(track) for track in site.tracks]
    return [
        {
            "id": track.id,
            "area": None if area is None else area.id,
            "areas": {
                id: [[round(a, 2), round(b, 2)] for a, b in stretches]
                for id, stretches in site.track_in_areas(track).items()
            },
            "length_m": round(float(track.line.length), 2),
            "observed": {date.date: _stretches(track, date) for date in dates},
        }
        for track, area in zip(site.tracks, areas, strict=True)
    ]


def _stretches(track: Track, date: Observation) -> list[list[float]]:
    """Return ``[from_m, to_m]`` along a track where the ground is clear; outside the grid it is not.

    Nothing of a model's track whose rails are not seen: the ground there is none of its.
    """
    if track.id in date.site_fit.unseen_tracks:
        return []
    if track.occluded_from is not None and track.occluded_from <= date.scene.acquired.date():
        return []
    pieces = max(1, int(np.ceil(track.line.length / STEP_M)))
    edges = np.linspace(0.0, track.line.length, pieces + 1)
    points = points_along(track.line, (edges[:-1] + edges[1:]) / 2)
    seen = date.raster.grid.look_up(date.quality.clear, *points)
    return [[round(float(edges[a]), 2), round(float(edges[b]), 2)] for a, b in stretches(seen)]
