"""How likely the tracks' centrelines run where the site has them, for every shift across and along.

Each piece of track is straightened with the ground to both sides and read by a small convolutional network.
It sees log brightness and a band ratio against their surroundings and gives for every cell the log-odds that
a track's centreline runs through it, whether rails lie there or a train stands on them. Its weights come from
two painters (``python -m training.centre_net``); no real picture is among them. The log-odds of the row that
a shift brings onto the centreline, summed over all pieces, tell a fit from one half a gap or a track off.

A straight track looks the same a few metres further on. A group does not: its tracks bend, and come together
at turnouts, so a shift along it takes their centrelines off the rails somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import LineString

from tumangang_watch.grid import Float32, Float64, Floats, Mask
from tumangang_watch.model.site import Site
from tumangang_watch.nets import NetworkLayout, Runner, weights
from tumangang_watch.preprocess.site_fit.outlines import Picture
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.threads import side_by_side
from tumangang_watch.track_frame import TrackFrame, frame_along, lengthened, middles

STEP_M = 0.5
"""Step across the track."""
ALONG_M = 1.0
"""Step along the track."""
DILATIONS = {"a": (1, 1), "b": (2, 2), "c": (2, 4)}
"""Across and along, of each layer."""
REACH = 14
"""Cells along the track that a cell's reading depends on, either way."""

ASIDE_CELLS = 6
"""The same across it: nearer to the end of the picture the network reads that end, as if it were a rail."""
ASIDE = (-0.5, 0.0, 0.5)
"""Metres the whole group may lie aside of the lateral fit: it is made before the place along it is known."""
OFFSETS_M: Float64 = np.arange(-16.0, 17.0) * STEP_M
"""Ground read to either side: a turnout of 1 in 6 moves a track 3 m over the farthest shift, a curve less."""


@dataclass(frozen=True)
class Sections:
    """Mean log-odds of a centreline across short pieces of the tracks."""

    offset_m: Float64
    """(n,) distance to the left of the believed centreline."""
    odds: Float32
    """(pieces, n); NaN where too little is seen."""
    cosine: Float64
    """(pieces,) what one metre across the yard is across this piece."""


def sections_of(
    picture: Picture, site: Site, shift_m: Float64, across: Float64, settings: RegistrationSettings
) -> Sections:
    """Read each piece of track.

    ``shift_m`` is (east, north) of the content against the site, ``across`` the unit vector across the
    tracks.
    """
    half = int(np.ceil((settings.site_reach_m + 2.0) / STEP_M))
    offset = np.arange(-half, half + 1, dtype=np.float64) * STEP_M
    per = round(settings.section_piece_m / ALONG_M)
    total_m = sum(t.line.length for t in site.tracks)
    parts: list[TrackFrame] = []
    for track in site.tracks:
        frame = frame_along(track.line, middles(track.line.length, ALONG_M), 1.0)
        count = frame.points.shape[1]
        # Long tracks are read in part: some kilometres tell what all of them would.
        for start in block_starts(count, settings.section_block_m, total_m / settings.sections_length_m):
            stop = min(start + round(settings.section_block_m / ALONG_M), count)
            if stop - start >= per:
                parts.append(frame.part(slice(start, stop)))
    odds, cosine = [], []
    read = side_by_side(lambda part: reading_along(picture, part, shift_m, offset), parts)
    for part, reading in zip(parts, read, strict=True):
        pieces = reading.shape[1] // per
        odds.append(_means(reading[:, : pieces * per].reshape(len(offset), pieces, per)).T)
        left = part.left[:, : pieces * per].T.reshape(pieces, per, 2)
        cosine.append(left.mean(axis=1) @ across)
    if not odds:
        return Sections(offset, np.empty((0, len(offset)), np.float32), np.empty(0))
    return Sections(offset, np.concatenate(odds).astype(np.float32), np.concatenate(cosine))


def reading_along(picture: Picture, frame: TrackFrame, shift_m: Float64, offset_m: Float64) -> Float64:
    """Return the network's log-odds of a centreline (across, along) about points; NaN where nothing is seen.

    The frame's points lie `ALONG_M` apart and the content ``shift_m`` (east, north) off them; ``offset_m``
    are distances to the left, `STEP_M` apart.
    """
    moved = TrackFrame(frame.points + np.asarray(shift_m)[:, None], frame.left)
    row, col = picture.grid.to_pixel(*moved.mesh(offset_m))
    maps = col.astype(np.float32), row.astype(np.float32)
    log_brightness, band_ratio = (
        cv2.remap(layer, *maps, cv2.INTER_LINEAR) for layer in (picture.log_brightness, picture.band_ratio)
    )
    valid = cv2.remap(picture.seen, *maps, cv2.INTER_LINEAR, borderValue=0.0) > 0.99
    inner = cv2.erode(valid.astype(np.uint8), np.ones((2 * ASIDE_CELLS + 1, 3), np.uint8)) > 0
    return np.where(inner, read_centres(layers_of(log_brightness, band_ratio, valid)), np.nan).astype(
        np.float64
    )


def layers_of(
    log_brightness: NDArray[np.integer | np.floating],
    band_ratio: NDArray[np.integer | np.floating],
    seen: Mask,
) -> Floats:
    """Return what the network sees (3, across, along) of samples (across, along)."""
    weight = seen.astype(np.float32)
    around = np.maximum(cv2.GaussianBlur(weight, (0, 0), 12.0), 1e-3)
    layers = []
    for values in (log_brightness, band_ratio):
        mean = cv2.GaussianBlur(values * weight, (0, 0), 12.0) / around
        layers.append(np.clip(values - mean, -2.5, 2.5) * weight)
    return np.stack([*layers, weight]).astype(np.float32)


def read_centres(layers: Float32) -> Float32:
    """Return the log-odds (across, along) that a centreline runs through each cell of `layers_of`."""
    return _network()(layers[None])[0, 0]


@cache
def _network() -> Runner:
    """Return the network that reads layers."""
    net = NetworkLayout(weights("centre_net"), layers=3)
    x = "layers"
    for name, dilation in DILATIONS.items():
        x = net.conv(x, name, dilation=dilation)
    return net.runner(net.conv(x, "e", relu=False))


def block_starts(count: int, block_m: float, share: float) -> list[int]:
    """Return the first points of the blocks of a track that are read: every one, or evenly one in some."""
    block = round(block_m / ALONG_M)
    step = block * max(int(np.ceil(share)), 1)
    return list(range(0, max(count - block // 3, 1), step))


def _means(reading: Float64) -> Float64:
    """Return means over the last axis; NaN where less than half is known."""
    known = np.isfinite(reading)
    total = np.where(known, reading, 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    return np.where(count > reading.shape[-1] / 2, total / np.maximum(count, 1), np.nan)


def centredness(sections: Sections, across_m: Float64, settings: RegistrationSettings) -> Float64:
    """Return (pieces, k): how much likelier a piece's centreline runs at a lateral shift than anywhere.

    The mean log-odds at the shifted centreline against their mean over all shifts, as of
    `section_samples` independent readings, bounded by `section_cap`: a shadow or a wall beside one piece
    must not outvote the others. ``across_m`` (k,) are shifts along the yard's ``across`` vector.
    """
    out = np.zeros((len(sections.odds), len(across_m)))
    for k, (row, cosine) in enumerate(zip(sections.odds, sections.cosine, strict=True)):
        known = np.isfinite(row)
        if known.sum() < 0.6 * known.size:
            continue
        level = float(row[known].mean())
        gain = settings.section_samples * np.where(known, row - level, 0.0)
        gain = settings.section_cap * np.tanh(gain / settings.section_cap)
        out[k] = np.interp(across_m * cosine, sections.offset_m, gain, left=0.0, right=0.0)
    return out


def shape_odds(
    picture: Picture,
    site: Site,
    start_m: Float64,
    along: Float64,
    moves_m: Float64,
    settings: RegistrationSettings,
) -> Float64:
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
    parts: list[TrackFrame] = []
    for track in site.tracks:
        frame = _frame_beyond(track.line, margin)
        count = frame.points.shape[1] - 2 * margin
        for start in block_starts(count, settings.section_block_m, total_m / settings.sections_length_m):
            parts.append(frame.part(slice(start, min(start + block, count) + 2 * margin)))
    read = side_by_side(lambda part: reading_along(picture, part, start_m, OFFSETS_M), parts)
    for part, reading in zip(parts, read, strict=True):
        total += _moved(reading, part.ahead.T, along, moves_m, margin, settings)
    return np.asarray(settings.shape_weight * total.max(axis=0))


def _frame_beyond(line: LineString, margin: int) -> TrackFrame:
    """Return the frame of a line from ``margin`` steps before it to as many beyond."""
    longer = lengthened(line, margin * ALONG_M)
    return frame_along(longer, middles(longer.length, ALONG_M), 1.0)


def _moved(
    reading: Float64,
    heading: Float64,
    along: Float64,
    moves_m: Float64,
    margin: int,
    settings: RegistrationSettings,
) -> Float64:
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
