"""Straightened strips for the readers of strips."""

from __future__ import annotations

import numpy as np
from shapely import LineString

from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.detect.trains.view import CHANNELS, Geometry, StripView
from tumangang_watch.model.site import Track
from tumangang_watch.track_frame import TrackFrame


def view(steps: int = 400, turned: bool = False) -> StripView:
    """Return a strip of noise, 15 m wide, with the sun to one side."""
    rng = np.random.default_rng(3)
    patch = rng.normal(0, 0.3, (len(CHANNELS), 31, steps)).astype(np.float32)
    patch[-1] = 1
    track = Track(id="T1", line=LineString([(0, 0), (steps / 2, 0)]), name="T1")
    none = np.zeros((1, 1), np.float32)
    strip = Strip(
        track=track,
        s_m=none[0],
        y_m=none[0],
        values=none[None],
        valid=none > 0,
        frame=TrackFrame(none, none),
        bands=("red",),
    )
    constants = np.array([1, 0.5, 0.2, 0, 0, 0.5, 1], np.float32)
    return StripView(
        strip=strip,
        geometry=Geometry(shadow_side=1, shadow_m=5.0, shadow_along_m=2.0, lean_m=0.0, lean_along_m=0.0),
        patch=patch,
        constants=constants,
        turned=turned,
    )
