"""A small convolutional network that says where tracks run in a straightened scene; numpy only.

It reads `detect.trace_view` with some 8 m of ground on both sides and 40 m along. Its weights come from yards
of two painters with different looks (``python -m training.trace_net``); no real picture is among them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHRINK = 4
"""Columns of a view to one of the network's outputs: 2 m."""
DILATIONS = ((1, 1), (2, 2), (4, 4), (4, 8), (2, 4), (1, 1))
"""Rows and columns of the inner layers: together 14 rows (7 m) and 20 columns (40 m) on either side."""
REACH = sum(d for _, d in DILATIONS) + 3
"""Output columns on either side that one depends on."""
PIECE = 256
"""Output columns computed at a time: bounds the memory of the convolutions."""


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """Return the layers' weights from the package."""
    with (
        files("tumangang_watch.detect.tracks").joinpath("trace_net.npz").open("rb") as file,
        np.load(file) as data,
    ):
        return {name: data[name].astype(np.float32) for name in data.files}


def track_odds(view: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return log-odds of a track's middle, and that vehicles stand there, (rows, cols // `SHRINK`) each.

    Parameters
    ----------
    view : (channels, rows, cols) float32
        Of `detect.trace_view.view_of`; ``cols`` a multiple of `SHRINK`.
    """
    n = view.shape[2] // SHRINK
    out = np.empty((2, view.shape[1], n), np.float32)
    for start in range(0, n, PIECE):
        low, high = max(start - REACH, 0), min(start + PIECE + REACH, n)
        stop = min(start + PIECE, n)
        piece = _outputs(view[:, :, low * SHRINK : high * SHRINK])
        out[:, :, start:stop] = piece[:, :, start - low : stop - low]
    return out[0], out[1]


def _outputs(x: NDArray[np.float32]) -> NDArray[np.float32]:
    w = weights()
    for name in "ab":
        x = np.maximum(_conv(x, w[f"{name}.weight"], w[f"{name}.bias"], (1, 1), 2), 0)
    for k, dilation in enumerate(DILATIONS):
        x = x + np.maximum(_conv(x, w[f"d.{k}.weight"], w[f"d.{k}.bias"], dilation, 1), 0)
    return _conv(x, w["e.weight"], w["e.bias"], (1, 1), 1)


def _conv(
    values: NDArray[np.float32],
    kernel: NDArray[Any],
    bias: NDArray[Any],
    dilation: tuple[int, int],
    stride: int,
) -> NDArray[np.float32]:
    """Correlate (c, rows, cols) with kernels (o, c, h, w), zeros beyond the edges.

    ``stride`` is along columns; a kernel of even width looks at whole strides and as far to both sides.
    """
    _, _, high, wide = kernel.shape
    tall, long = high // 2 * dilation[0], (wide - stride) // 2 * dilation[1]
    rows, cols = values.shape[1], values.shape[2] // stride
    padded = np.pad(values, ((0, 0), (tall, tall), (long, long)))
    out = np.zeros((kernel.shape[0], rows * cols), np.float32)
    for i in range(high):
        for j in range(wide):
            top, left = i * dilation[0], j * dilation[1]
            part = padded[:, top : top + rows, left : left + cols * stride : stride]
            out += kernel[:, :, i, j] @ part.reshape(len(values), -1)
    return np.asarray((out + bias[:, None]).reshape(-1, rows, cols), np.float32)
