"""Where the middles of tracks run, read by a small convolutional network; numpy only.

It sees a straightened piece of ground, tone and hue told against their surroundings, and gives for every cell
the log-odds that a track's centreline runs through it, whether rails lie there or a train stands on them. Its
weights come from two painters (``python -m training.centre_net``); no real picture is among them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

STEP_M = 0.5
"""Step across the track."""
ALONG_M = 1.0
"""Step along the track."""
LAYERS = (("a", 5, 1, 1), ("b", 5, 2, 2), ("c", 5, 2, 4))
"""Name, kernel edge, and dilation across and along of each layer."""
REACH = 14
"""Cells along the track that a cell's reading depends on, either way."""


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """Return the layers' weights from the package."""
    place = files("tumangang_watch.preprocess.site_fit").joinpath("centre_net.npz")
    with place.open("rb") as file, np.load(file) as data:
        return {name: data[name].astype(np.float32) for name in data.files}


def patch_of(tone: NDArray[Any], hue: NDArray[Any], seen: NDArray[np.bool_]) -> NDArray[Any]:
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
    for values in (tone, hue):
        mean = cv2.GaussianBlur(values * weight, (0, 0), 12.0) / around
        layers.append(np.clip(values - mean, -2.5, 2.5) * weight)
    return np.stack([*layers, weight]).astype(np.float32)


def read_centres(patch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-odds (across, along) that a centreline runs through each cell of `patch_of`."""
    w = weights()
    x = patch
    for name, size, across, along in LAYERS:
        x = np.maximum(_conv(x, w[f"{name}.weight"], w[f"{name}.bias"], (size, across, along)), 0)
    out = np.tensordot(w["e.weight"][0, :, 0, 0], x, axes=(0, 0)) + w["e.bias"][0]
    return np.asarray(out, np.float32)


def _conv(
    values: NDArray[np.float32],
    kernel: NDArray[np.float32],
    bias: NDArray[np.float32],
    shape: tuple[int, int, int],
) -> NDArray[np.float32]:
    """Correlate (c, rows, cols) with kernels (o, c, k, k) at a dilation, zeros beyond the edges."""
    size, down, along = shape
    half = size // 2
    rows, cols = values.shape[1:]
    padded = np.pad(values, ((0, 0), (half * down, half * down), (half * along, half * along)))
    parts = [
        padded[:, i * down : i * down + rows, j * along : j * along + cols]
        for i in range(size)
        for j in range(size)
    ]
    flat = np.concatenate([p.reshape(len(values), -1) for p in parts])
    matrix = kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1)
    out = (matrix @ flat).reshape(len(kernel), rows, cols) + bias[:, None, None]
    return np.asarray(out, np.float32)
