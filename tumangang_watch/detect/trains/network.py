"""A small convolutional network that reads straightened strips; numpy only.

It sees what an analyst sees: the strip freed of the scene's light (`detect.trains.view`), turned so that
shadows fall to one side, and which way sun and view stand. Its weights come from strips of two painters
that draw differently (``python -m training.strip_net``); no real picture is among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detect.trains.view import StripView
from tumangang_watch.nets import convolve, in_pieces, layer_of, weights

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
    """What the network says of one track, on steps of `detect.trains.view.STEP_M`."""

    occupied: NDArray[np.float64]
    """(n,) log-odds that a vehicle or a coupling of a train lies there."""
    coupling: NDArray[np.float64]
    """(n,) log-odds that the middle of a coupling lies there."""
    types: NDArray[np.float64]
    """(types, n) log-probabilities of `TYPES`, where a vehicle stands."""


def read_strip(view: StripView) -> NetReading:
    """Let the network read one strip.

    Returns
    -------
    NetReading
        In the strip's own direction, whichever way the view is turned.
    """
    outputs = in_pieces(
        lambda part: _outputs(view.patch[:, :, part], view.constants), view.patch.shape[2], PIECE, REACH
    )
    out = outputs.astype(float)
    if view.turned:
        out = out[:, ::-1]
    kinds = out[2:] - out[2:].max(axis=0)
    return NetReading(out[0], out[1], kinds - np.log(np.exp(kinds).sum(axis=0)))


def _outputs(patch: NDArray[np.float32], constants: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (outputs, n) of one piece; what lies beyond it counts as not seen."""
    net = weights("strip_net")
    x = patch
    for name in "ab":
        x = convolve(x, layer_of(net, name), stride=(2, 1), order="channels")
    flat = x.reshape(-1, x.shape[2])
    lines = np.repeat(constants[:, None], flat.shape[1], axis=1)
    h = convolve(np.concatenate([flat, lines])[:, None], layer_of(net, "c"), order="sum_on_bias")
    for k, dilation in enumerate(DILATIONS):
        h = h + convolve(h, layer_of(net, f"d.{k}"), dilation=(1, dilation), order="sum_on_bias")
    return convolve(h, layer_of(net, "e"), order="sum_on_bias", relu=False)[:, 0]
