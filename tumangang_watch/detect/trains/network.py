"""A small convolutional network that reads straightened strips; numpy only.

It sees what an analyst sees: the strip freed of the scene's light (`detect.strip_view`), turned so that
shadows fall to one side, and which way sun and view stand. Its weights come from strips of two painters
with different looks (``python -m training.strip_net``); no real picture is among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detect.trains.view import StripView

TYPES = ("box", "open", "tank", "flat", "container", "locomotive", "passenger")
"""Types that the network tells apart, in the order of its outputs."""
DILATIONS = (1, 2, 4, 8, 16, 32)
"""Of the layers along the track: together they see 126 m."""
REACH = 2 * sum(DILATIONS) + 4
"""Steps on either side that a step's reading depends on."""
PIECE = 1200
"""Steps computed at a time: bounds the memory of the convolutions to some 60 MB."""


@dataclass(frozen=True)
class NetReading:
    """What the network says of one track, on steps of `strip_view.STEP_M`."""

    occupied: NDArray[np.float64]
    """(n,) log-odds that a vehicle or a coupling of a train lies there."""
    coupling: NDArray[np.float64]
    """(n,) log-odds that the middle of a coupling lies there."""
    types: NDArray[np.float64]
    """(types, n) log-probabilities of `TYPES`, where a vehicle stands."""


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """Return the layers' weights from the package."""
    with (
        files("tumangang_watch.detect.trains").joinpath("strip_net.npz").open("rb") as file,
        np.load(file) as data,
    ):
        return {name: data[name].astype(np.float32) for name in data.files}


def read_strip(view: StripView) -> NetReading:
    """Let the network read one strip.

    Parameters
    ----------
    view : StripView

    Returns
    -------
    NetReading
        In the strip's own direction, whichever way the view is turned.
    """
    n = view.patch.shape[2]
    out = np.empty((2 + len(TYPES), n))
    for start in range(0, n, PIECE):
        low, high = max(start - REACH, 0), min(start + PIECE + REACH, n)
        piece = _outputs(view.patch[:, :, low:high], view.constants)
        stop = min(start + PIECE, n)
        out[:, start:stop] = piece[:, start - low : stop - low]
    if view.turned:
        out = out[:, ::-1]
    kinds = out[2:] - out[2:].max(axis=0)
    return NetReading(out[0], out[1], kinds - np.log(np.exp(kinds).sum(axis=0)))


def _outputs(patch: NDArray[np.float32], constants: NDArray[np.float32]) -> NDArray[Any]:
    """Return (outputs, n) of one piece; what lies beyond it counts as not seen."""
    w = weights()
    x = np.maximum(_conv2d(patch, w["a.weight"], w["a.bias"]), 0)
    x = np.maximum(_conv2d(x, w["b.weight"], w["b.bias"]), 0)
    flat = x.reshape(-1, x.shape[2])
    lines = np.repeat(constants[:, None], flat.shape[1], axis=1)
    h = np.maximum(_conv1d(np.concatenate([flat, lines]), w["c.weight"], w["c.bias"], 1), 0)
    for k, dilation in enumerate(DILATIONS):
        h = h + np.maximum(_conv1d(h, w[f"d.{k}.weight"], w[f"d.{k}.bias"], dilation), 0)
    return _conv1d(h, w["e.weight"], w["e.bias"], 1).astype(float)


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
