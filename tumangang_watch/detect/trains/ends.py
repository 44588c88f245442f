"""How long a train is, and what may lie beyond an end that was not seen."""

from __future__ import annotations

import numpy as np

from tumangang_watch.detect.trains.segments import TrainSegment
from tumangang_watch.detect.trains.view import STEP_M
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Track
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.track_frame import points_along

LOOKED_BEYOND_M = 6.0
"""Track beyond an end at which it is asked what hides it: a gap between trains and some steps."""


def length_of(run: TrainSegment, gsd_m: float, settings: TrainSettings) -> Interval:
    """Return the length of a train over its bodies, metres."""
    length = max(run.to_m - run.from_m - settings.length_bias_m, 1.0)
    error = settings.end_error_m * max(gsd_m / 0.5, 0.8)
    low, high = max(length - np.hypot(error, run.shorter_m), 0.5), length + np.hypot(error, run.longer_m)
    return Interval(length, float(low), float(high + beyond_m(run, settings)))


def beyond_m(run: TrainSegment, settings: TrainSettings) -> float:
    """Return by how much a train may go on where nothing was seen, beyond both its ends."""
    return sum(min(unseen_m, settings.unseen_train_max_m) for unseen_m in run.unseen_m)


def hidden_by(observation: Observation, track: Track, run: TrainSegment) -> list[str]:
    """Return what hides the track beyond each end at which a train may go on, in words."""
    grid, quality = observation.raster.grid, observation.quality
    notes = []
    for end_m, side, unseen_m in zip((run.from_m, run.to_m), (-1, 1), run.unseen_m, strict=True):
        if unseen_m <= 0:
            continue
        at = np.clip(end_m + side * np.arange(0.0, LOOKED_BEYOND_M, STEP_M), 0, track.line.length)
        x, y = points_along(track.line, at)
        if grid.look_up(quality.cloud, x, y).any():
            hidden = "under cloud"
        elif grid.look_up(quality.cloud_shadow, x, y).any():
            hidden = "in the shadow of a cloud"
        elif not grid.look_up(observation.raster.valid, x, y).all():
            hidden = "beyond the picture"
        else:
            hidden = "where the ground is left out or roofed"
        which = "start" if side < 0 else "end"
        notes.append(f"its {which} was not seen: it may go on {hidden}, at most {unseen_m:.0f} m")
    return notes
