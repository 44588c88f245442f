"""A small convolutional network that reads one track of a group: how likely a train stands there.

What the Gaussians of `states` cannot say it has seen: bodies on bright aprons, trains in another's shadow,
flats, shadows of masts, snow. Its weights come from two painters that draw differently and from the western
half of the real yard whose terms allow it, shown by coarser cameras (``python -m training.group_net``).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tumangang_watch.detect.coarse.view import CHANNELS, TrackView
from tumangang_watch.grid import Float64
from tumangang_watch.nets import NetworkLayout, Runner, in_pieces, weights

DILATIONS = (1, 2, 4, 8, 16)
"""Of the layers along the track: together they see 93 m."""
REACH = sum(DILATIONS) + 6
"""Steps on either side that a step's reading depends on."""
PIECE = 1200
"""Steps computed at a time."""


def read_track(view: TrackView, columns: int) -> Float64:
    """Return the log-odds (columns,) that a train stands on the track, along the corridor."""
    patch = view.patch
    if patch.shape[2] == 0:
        return np.zeros(columns)
    out = in_pieces(lambda part: _network()(patch[None, :, :, part])[0, :, 0], patch.shape[2], PIECE, REACH)
    return np.interp(np.arange(columns), view.column, out[0])


@cache
def _network() -> Runner:
    arrays = weights("group_net")
    net = NetworkLayout(arrays, patch=len(CHANNELS))
    x = "patch"
    for layer in "ab":
        x = net.conv(x, layer, stride=(2, 1))
    h = net.conv(net.flat(x, arrays["c.weight"].shape[1]), "c")
    for k, dilation in enumerate(DILATIONS):
        h = net.add(h, net.conv(h, f"d.{k}", dilation=(1, dilation)))
    return net.runner(net.conv(h, "e", relu=False))
