"""Where the middles of tracks run, read by a small convolutional network; numpy only.

It sees a straightened piece of ground, tone and hue told against their surroundings, and gives for every cell
the log-odds that a track's centreline runs through it, whether rails lie there or a train stands on them. Its
weights come from two painters (``python -m training.centre_net``); no real picture is among them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.nets import convolve, layer_of, weights

STEP_M = 0.5
"""Step across the track."""
ALONG_M = 1.0
"""Step along the track."""
DILATIONS = {"a": (1, 1), "b": (2, 2), "c": (2, 4)}
"""Across and along, of each layer."""
REACH = 14
"""Cells along the track that a cell's reading depends on, either way."""


def patch_of(
    log_brightness: NDArray[np.integer | np.floating],
    band_ratio: NDArray[np.integer | np.floating],
    seen: NDArray[np.bool_],
) -> NDArray[np.floating]:
    """Return what the network sees (3, across, along) of sampled tone and hue.

    Parameters
    ----------
    tone, hue : (across, along) float32
        Log luminance, log ratio of two bands.
    seen : (across, along) bool
    """
    weight = seen.astype(np.float32)
    around = np.maximum(cv2.GaussianBlur(weight, (0, 0), 12.0), 1e-3)
    layers = []
    for values in (log_brightness, band_ratio):
        mean = cv2.GaussianBlur(values * weight, (0, 0), 12.0) / around
        layers.append(np.clip(values - mean, -2.5, 2.5) * weight)
    return np.stack([*layers, weight]).astype(np.float32)


def read_centres(patch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-odds (across, along) that a centreline runs through each cell of `patch_of`."""
    net = weights("centre_net")
    x = patch
    for name, dilation in DILATIONS.items():
        x = convolve(x, layer_of(net, name), dilation=dilation)
    return convolve(x, layer_of(net, "e"), relu=False)[0]
