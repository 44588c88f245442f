"""A small convolutional network that says where tracks run in a straightened scene; numpy only.

It reads `detect.trace_view` with some 8 m of ground on both sides and 40 m along. Its weights come from yards
of two painters with different looks (``python -m training.trace_net``); no real picture is among them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.nets import convolve, in_pieces, layer_of, weights

SHRINK = 4
"""Columns of a view to one of the network's outputs: 2 m."""
DILATIONS = ((1, 1), (2, 2), (4, 4), (4, 8), (2, 4), (1, 1))
"""Rows and columns of the inner layers: together 14 rows (7 m) and 20 columns (40 m) on either side."""
REACH = sum(d for _, d in DILATIONS) + 3
"""Output columns on either side that one depends on."""
PIECE = 256
"""Output columns computed at a time: bounds the memory of the convolutions."""


def track_odds(view: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return log-odds of a track's middle, and that vehicles stand there, (rows, cols // `SHRINK`) each.

    Parameters
    ----------
    view : (channels, rows, cols) float32
        Of `detect.tracks.view.view_of`; ``cols`` a multiple of `SHRINK`.
    """

    def run(part: slice) -> NDArray[np.float32]:
        return _outputs(view[:, :, part.start * SHRINK : part.stop * SHRINK])

    middle, occupied = in_pieces(run, view.shape[2] // SHRINK, PIECE, REACH)
    return middle, occupied


def _outputs(x: NDArray[np.float32]) -> NDArray[np.float32]:
    net = weights("trace_net")
    for name in "ab":
        x = convolve(x, layer_of(net, name), stride=(1, 2), order="sum")
    for k, dilation in enumerate(DILATIONS):
        x = x + convolve(x, layer_of(net, f"d.{k}"), dilation=dilation, order="sum")
    return convolve(x, layer_of(net, "e"), order="sum", relu=False)
