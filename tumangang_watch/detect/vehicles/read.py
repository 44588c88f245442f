"""Where a small convolutional network reads rail vehicles and tracks in the plain picture.

The network sees half-metre cells of ground, some 40 m about each: the log brightness of a cell's quarters and
its band ratios, as shares of the way from the darkest to the typical ground about it. Its weights come from
pictures of two painters (``python -m training.vehicle_net``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tumangang_watch.detect.trains.view import FLOOR
from tumangang_watch.grid import Float32, Floats, Grid, Mask
from tumangang_watch.model.image import NativeImage
from tumangang_watch.nets import NetworkLayout, Runner, Weights

CELL_M = 0.5
"""Cell of a map."""
TILE, MARGIN = 320, 48
"""Cells read at a time, on which the darkest and the typical ground are judged, and those of them at each
edge that only serve the rest: what the network sees."""
DARK, TYPICAL = 1.0, 50.0
"""Percentiles of a tile that are its darkest and its typical ground, as in the fit."""
SPARSE = 17
"""One value in so many is taken for them."""
SHARE_MIN, SHARE_MAX = -0.05, 20.0
SEEN_MIN = 0.05
"""A tile of which less is seen is not read."""
NOTHING = -10.0
"""Log-odds where nothing was seen."""


@dataclass(frozen=True, kw_only=True)
class VehicleMap:
    """What is read of a scene on a grid of `CELL_M`; log-odds, `NOTHING` where nothing was seen.

    Between the windows of the grid, 0.
    """

    grid: Grid
    body: Float32
    """A vehicle's top lies here."""
    end: Float32
    """A vehicle's end or a coupling."""
    track: Float32
    """The middle of a track, bare or under vehicles."""
    heading: Float32
    """Of the track or vehicle, radians from east towards north, 0 to pi."""
    seen: Mask


def read_vehicles(image: NativeImage, grid: Grid, area: Mask, network: Weights) -> VehicleMap:
    """Read a scene on a grid of `CELL_M`, where ``area`` (rows, cols) is to be looked at."""
    out, seen = grid.zeros(np.float32, 5), grid.zeros(np.bool_)
    for cut, _ in grid.pieces:
        out[:, *cut] = NOTHING
    step, run = TILE - 2 * MARGIN, runner_of(network)
    for top in range(0, grid.rows, step):
        for left in range(0, grid.cols, step):
            own = (slice(top, min(top + step, grid.rows)), slice(left, min(left + step, grid.cols)))
            if not area[own].any():
                continue
            values, known = _quarters(image, grid, top - MARGIN, left - MARGIN)
            if known.mean() < SEEN_MIN:
                continue
            x = channels(values, known, image)
            inner = tuple(slice(MARGIN, MARGIN + s.stop - s.start) for s in own)
            part = (x[7] > 0)[inner] & area[own]
            out[:, *own] = np.where(part, outputs(run, x)[:, *inner], out[:, *own])
            seen[own] = part
    return VehicleMap(
        grid=grid, body=out[0], end=out[1], track=out[2], heading=_heading(grid, out[3:]), seen=seen
    )


def _heading(grid: Grid, doubled: Float32) -> Float32:
    """Return the direction of (2, rows, cols) cosine and sine of twice a direction southwards."""
    heading = grid.zeros(np.float32)
    for cut, _ in grid.pieces:
        heading[cut] = -np.arctan2(doubled[1][cut], doubled[0][cut]) / 2 % np.pi
    return heading


def _quarters(image: NativeImage, grid: Grid, top: int, left: int) -> tuple[Float32, Mask]:
    """Return bands (bands, 2 `TILE`, 2 `TILE`) at half a cell from a cell on, and which are valid."""
    t = (np.arange(2 * TILE) + 0.5) / 2 - 0.5
    x, y = grid.to_metres(t + top, t + left)
    return image.sample(*np.meshgrid(x, y))


def channels(values: Float32, known: Mask, image: NativeImage) -> Float32:
    """Return what the network sees, (9, rows / 2, cols / 2): quarters' brightness, ratios, seen, resolution.

    Parameters
    ----------
    values : (bands, rows, cols) float32
        At half a cell.
    known : (rows, cols) bool
    image : NativeImage
        Names the bands and the resolution.
    """
    flat = values[:, known][:, ::SPARSE]
    dark, typical = (np.percentile(flat, q, axis=1)[:, None, None] for q in (DARK, TYPICAL))
    share = np.clip((values - dark) / np.maximum(typical - dark, 1e-3), SHARE_MIN, SHARE_MAX)
    row = {name: k for k, name in enumerate(image.bands)}
    shown = [row[b] for b in ("blue", "green", "red") if b in row] or list(range(len(values)))
    light = np.log(share[shown].mean(axis=0) + FLOOR)
    logs = halved(np.log(share + FLOOR))
    mask = (halved(known.astype(np.float32)) > 0.99).astype(np.float32)
    out = np.zeros((9, *mask.shape), np.float32)
    out[:4] = [light[i::2, j::2] for i in (0, 1) for j in (0, 1)]
    if {"blue", "green", "red"} <= set(row):
        blue, green, red = (logs[row[b]] for b in ("blue", "green", "red"))
        out[4], out[5] = red - blue, green - (red + blue) / 2
        if "nir" in row:
            out[6] = logs[row["nir"]] - (blue + green + red) / 3
    out[:7] *= mask
    out[7], out[8] = mask, (image.gsd_m - 0.5) * 2
    return out


def halved(values: Floats) -> Floats:
    """Return means of two by two."""
    quarters = (values[..., i::2, j::2] for i in (0, 1) for j in (0, 1))
    return np.asarray(sum(quarters) * values.dtype.type(0.25))


def outputs(network: Runner, x: Float32) -> Float32:
    """Return (outputs, rows, cols) of (channels, rows, cols); both multiples of 16."""
    x = network(x[None])[0]
    c, rows, cols = x.shape
    return np.asarray(
        x.reshape(c // 4, 2, 2, rows, cols).transpose(0, 3, 1, 4, 2).reshape(c // 4, 2 * rows, 2 * cols)
    )


def runner_of(arrays: Weights) -> Runner:
    """Return the network of `channels`, which halves once more at each level and doubles as often."""
    net = NetworkLayout(arrays, channels=arrays["stem.weight"].shape[1])
    x = net.conv("channels", "stem", stride=(2, 2))
    depth = sum(name.startswith("down.") for name in arrays) // 2
    kept = []
    for level in range(depth):
        x = net.conv(net.half(x) if level else x, f"down.{level}")
        if level:
            x = net.conv(x, f"deep.{level - 1}")
        kept.append(x)
    for level in range(depth - 2, -1, -1):
        x = net.conv(net.join(net.twice(x), kept[level]), f"up.{level}")
        x = net.conv(x, f"last.{level}")
    return net.runner(net.conv(x, "out", relu=False))
