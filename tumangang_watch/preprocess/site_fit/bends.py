"""How well a group of tracks lies on its centrelines for every shift along it.

A straight track looks the same a few metres further on. A group does not: its tracks bend, and come together
at turnouts, so a shift along it takes their centrelines off the rails somewhere.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString

from tumangang_watch.model.site import Site
from tumangang_watch.preprocess.site_fit.outlines import Picture
from tumangang_watch.preprocess.site_fit.sections import ALONG_M, STEP_M, block_starts, reading_along
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.track_frame import TrackFrame, frame_along, middles

ASIDE = (-0.5, 0.0, 0.5)
"""Metres the whole group may lie aside of the lateral fit: it is made before the place along it is known."""
OFFSETS_M: NDArray[np.float64] = np.arange(-16.0, 17.0) * STEP_M
"""Ground read to either side: a turnout of 1 in 6 moves a track 3 m over the farthest shift, a curve less."""


def shape_odds(
    picture: Picture,
    site: Site,
    start_m: NDArray[np.float64],
    along: NDArray[np.float64],
    moves_m: NDArray[np.float64],
    settings: RegistrationSettings,
) -> NDArray[np.float64]:
    """Return the log-odds (k,) of each move along the tracks from a shift.

    Each piece of track, moved, reads the network's log-odds of a centreline against the mean about it,
    bounded by `section_cap`; the pieces' sum is weighed by `shape_weight`, as they are not independent.

    Parameters
    ----------
    start_m : (2,) float
        (east, north) of the content against the site before the moves.
    along : (2,) float
        Unit vector along the tracks.
    moves_m : (k,) float
    """
    total = np.zeros((len(ASIDE), len(moves_m)))
    margin = round(float(np.abs(moves_m).max()) / ALONG_M) + 1
    block = round(settings.section_block_m / ALONG_M)
    total_m = sum(t.line.length for t in site.tracks)
    for track in site.tracks:
        frame = _frame_beyond(track.line, margin)
        count = frame.points.shape[1] - 2 * margin
        for start in block_starts(count, settings.section_block_m, total_m / settings.sections_length_m):
            part = frame.part(slice(start, min(start + block, count) + 2 * margin))
            reading = reading_along(picture, part, start_m, OFFSETS_M)
            total += _moved(reading, part.ahead.T, along, moves_m, margin, settings)
    return np.asarray(settings.shape_weight * total.max(axis=0))


def _frame_beyond(line: LineString, margin: int) -> TrackFrame:
    """Return the frame of a line from ``margin`` steps before it to as many beyond."""
    ends = shapely.get_coordinates(line)
    first, last = ends[0] - ends[1], ends[-1] - ends[-2]
    reach_m = margin * ALONG_M
    before = ends[0] + reach_m * first / np.linalg.norm(first)
    beyond = ends[-1] + reach_m * last / np.linalg.norm(last)
    longer = shapely.LineString(np.vstack([before, ends, beyond]))
    return frame_along(longer, middles(longer.length, ALONG_M), 1.0)


def _moved(
    reading: NDArray[np.float64],
    heading: NDArray[np.float64],
    along: NDArray[np.float64],
    moves_m: NDArray[np.float64],
    margin: int,
    settings: RegistrationSettings,
) -> NDArray[np.float64]:
    """Return (aside, k): what the pieces of one block say of each move, with the tracks a little aside."""
    per = round(settings.section_piece_m / ALONG_M)
    own = np.arange(margin, reading.shape[1] - margin)
    own = own[: len(own) // per * per]
    known = np.isfinite(reading)
    if not len(own) or known.mean() < 0.5:
        return np.zeros((len(ASIDE), len(moves_m)))
    level = float(reading[known].mean())
    ahead, left = heading[own] @ along, heading[own, 0] * along[1] - heading[own, 1] * along[0]
    across = np.array(ASIDE)[:, None, None] * ahead + moves_m[:, None] * left
    rows = np.rint(across / STEP_M).astype(int) + len(OFFSETS_M) // 2
    cols = own + np.rint(moves_m[:, None] * ahead / ALONG_M).astype(int)
    values = np.where(known, reading, level)[np.clip(rows, 0, len(reading) - 1), cols]
    mean = values.reshape(*values.shape[:2], -1, per).mean(axis=3) - level
    cap = settings.section_cap
    return np.asarray(cap * np.tanh(settings.section_samples * mean / cap).sum(axis=2))
