"""Lines through measures: smoothed, and continued beyond their ends."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.linalg import solveh_banded

from tumangang_watch.grid import Floats
from tumangang_watch.track_frame import points_along


def smoothed(values: Floats, weight: Floats, stiffness: float) -> Floats:
    """Return values smoothed by penalised second differences (Whittaker, 1923)."""
    n = len(values)
    if n < 4:
        return values
    second = np.array([1.0, -2.0, 1.0])
    bands = np.zeros((3, n))
    bands[2] = weight + 1e-6
    for start in range(n - 2):
        for i in range(3):
            for j in range(i, 3):
                bands[2 - (j - i), start + j] += stiffness * second[i] * second[j]
    return np.asarray(solveh_banded(bands, weight * values + 1e-6 * values))


def extended(line: shapely.LineString, by_m: float) -> Floats:
    """Return a line continued at both ends along the arc of its last 80 m."""
    s = np.arange(0.0, line.length, 4.0)
    xy = points_along(line, s).T
    parts = []
    for end in (xy[::-1], xy):
        tail = end[-20:]
        t = np.arange(len(tail)) * 4.0 - (len(tail) - 1) * 4.0
        along = tail[-1] - tail[0]
        along /= np.hypot(*along)
        left = np.array([-along[1], along[0]])
        offset = (tail - tail[-1]) @ left
        degree = 2 if len(tail) >= 15 else 1
        bend = np.polyfit(t, offset, degree)
        if degree == 2:
            bend[0] = np.clip(bend[0], -1 / 300, 1 / 300)
        ahead = np.arange(4.0, by_m, 4.0)
        parts.append(tail[-1] + ahead[:, None] * along + np.polyval(bend, ahead)[:, None] * left)
    return np.concatenate([parts[0][::-1], xy, parts[1]])
