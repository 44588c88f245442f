"""A small convolutional network that reads straightened strips; numpy only.

It sees what an analyst sees: the strip in units of the empty bed's own contrast, turned so that shadows
fall to one side, with the cues of `detect.occupancy` beside it. Its weights come from painted train seeds
(``python benchmarks/strip_net.py``); no real picture is among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.detect.occupancy import Occupancy

STEP_M = 0.5
"""Step of the network along and across the track."""
HALF_ROWS = 15
"""Rows on each side of the centreline: 7.5 m, the neighbouring track and its vehicles."""
TYPES = ("box", "open", "tank", "flat", "container", "locomotive", "passenger")
"""Types that the network tells apart, in the order of its outputs."""
DILATIONS = (1, 2, 4, 8, 16, 32)
"""Of the layers along the track: together they see 126 m."""


@dataclass(frozen=True)
class NetInput:
    """One strip as the network takes it."""

    patch: NDArray[np.float32]
    """(3, rows, n): brightness, distance of colour, red minus blue, each against the empty bed."""
    lines: NDArray[np.float32]
    """(lines, n): the cues, then what is constant (sun, view, GSD)."""
    turned: bool
    """True when the direction along the track was reversed."""


@dataclass(frozen=True)
class NetReading:
    """What the network says of one track, on steps of `STEP_M`."""

    occupied: NDArray[np.float64]
    """(n,) log-odds that a vehicle or a coupling of a train lies there."""
    coupling: NDArray[np.float64]
    """(n,) log-odds that the middle of a coupling lies there."""
    types: NDArray[np.float64]
    """(types, n) probabilities of `TYPES`, where a vehicle stands."""


def net_input(occupancy: Occupancy, gsd_m: float) -> NetInput:
    """Turn a judged track into the network's input.

    Parameters
    ----------
    occupancy : Occupancy
        Cues and the empty bed's expected colour.
    gsd_m : float

    Returns
    -------
    NetInput
    """
    metres = occupancy.metres
    strip = metres.strip
    n = metres.count * round(1 / STEP_M)
    per = round(STEP_M / strip.step_m)
    fine = metres.fine[:, :, : n * per].reshape(*metres.fine.shape[:2], n, per).mean(axis=3)
    centre = strip.y_m.size // 2
    rows = centre + np.arange(-HALF_ROWS, HALF_ROWS + 1) * per
    fine = (fine[:, rows - 1] + 2 * fine[:, rows] + fine[:, rows + 1]) / 4
    valid = strip.valid[rows, : n * per].reshape(rows.size, n, per).all(axis=2)
    bed = np.repeat(occupancy.bed_colour, round(1 / STEP_M), axis=1)[:, None]
    difference = np.where(valid, fine - bed, 0.0)
    visible = [k for k, b in enumerate(strip.bands) if b in ("red", "green", "blue", "pan")]
    light = difference[visible or [0]].mean(axis=0)
    distance = np.sqrt((np.einsum("ab,bmn->amn", occupancy.whiten, difference) ** 2).mean(axis=0))
    red = np.zeros_like(light)
    if {"red", "blue"} <= set(strip.bands):
        red = difference[strip.bands.index("red")] - difference[strip.bands.index("blue")]
    patch = np.arcsinh(np.stack([light, distance, red]))
    turned = metres.shadow_along_m < 0
    mirrored = metres.shadow_side < 0
    known = (
        float(metres.shadow_side != 0), metres.shadow_m / 10, abs(metres.shadow_along_m) / 10,
        metres.lean_m / 3 * (-1 if mirrored else 1), metres.lean_along_m / 3 * (-1 if turned else 1), gsd_m,
    )  # fmt: skip
    cues = np.repeat(occupancy.cues, round(1 / STEP_M), axis=1)
    lines = np.concatenate([np.clip(cues, -4, 4), np.tile(np.array(known)[:, None], n)])
    if mirrored:
        patch = patch[:, ::-1]
    if turned:
        patch, lines = patch[:, :, ::-1], lines[:, ::-1]
    return NetInput(np.ascontiguousarray(patch, np.float32), np.ascontiguousarray(lines, np.float32), turned)


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """Return the network's weights by layer, read once."""
    with files("tumangang_watch.detect").joinpath("strip_net.npz").open("rb") as source:
        stored = np.load(source, allow_pickle=False)
        return {name: stored[name].astype(np.float32) for name in stored.files}


def read_strip(item: NetInput, layers: dict[str, NDArray[np.float32]] | None = None) -> NetReading:
    """Run the network over one strip.

    Parameters
    ----------
    item : NetInput
    layers : dict, optional
        Weights; the shipped ones by default.

    Returns
    -------
    NetReading
        In the track's own direction.
    """
    w = weights() if layers is None else layers
    x = np.maximum(_conv2d(item.patch, w["a.weight"], w["a.bias"]), 0)
    x = np.maximum(_conv2d(x, w["b.weight"], w["b.bias"]), 0)
    flat = np.concatenate([x.reshape(-1, x.shape[2]), item.lines])
    h = np.maximum(_conv1d(flat, w["c.weight"], w["c.bias"], 1), 0)
    for k, dilation in enumerate(DILATIONS):
        h = h + np.maximum(_conv1d(h, w[f"d.{k}.weight"], w[f"d.{k}.bias"], dilation), 0)
    out = _conv1d(h, w["e.weight"], w["e.bias"], 1).astype(float)
    if item.turned:
        out = out[:, ::-1]
    kinds = np.exp(out[2:] - out[2:].max(axis=0))
    return NetReading(out[0], out[1], kinds / kinds.sum(axis=0))


def _conv2d(
    values: NDArray[np.float32], kernel: NDArray[np.float32], bias: NDArray[np.float32]
) -> NDArray[Any]:
    """Correlate (c, rows, n) with kernels (o, c, h, w), every second row, zeros beyond the edges."""
    _, _, high, wide = kernel.shape
    padded = np.pad(values, ((0, 0), (high // 2, high // 2), (wide // 2, wide // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (high, wide), axis=(1, 2))[:, ::2]
    return np.asarray(
        np.tensordot(kernel, windows, axes=((1, 2, 3), (0, 3, 4))) + bias[:, None, None], np.float32
    )


def _conv1d(
    values: NDArray[np.float32], kernel: NDArray[np.float32], bias: NDArray[np.float32], dilation: int
) -> NDArray[Any]:
    """Correlate (c, n) with kernels (o, c, w) at a dilation, zeros beyond the ends."""
    width = kernel.shape[2]
    reach = width // 2 * dilation
    padded = np.pad(values, ((0, 0), (reach, reach)))
    n = values.shape[1]
    out = bias[:, None] + np.zeros((1, n), np.float32)
    for k in range(width):
        out = out + kernel[:, :, k] @ padded[:, k * dilation : k * dilation + n]
    return np.asarray(out, np.float32)
