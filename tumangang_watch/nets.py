"""Run the small convolutional networks of the detectors with numpy, and read and write their weights.

The networks are fitted by ``training/`` on painted scenes alone; each says of itself what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]
"""A network's arrays by name: ``LAYER.weight``, ``LAYER.bias``."""
Order = Literal["taps", "channels", "sum", "sum_on_bias"]
"""How products are added up. Sums of float32 depend on it, and every network keeps the order with which its
readings were calibrated: one product over all taps, channels innermost (``taps``) or outermost
(``channels``), or a product a tap, the bias added last (``sum``) or first (``sum_on_bias``)."""


@cache
def weights(name: str) -> Weights:
    """Read a network's weights from the package, once; half floats become float32."""
    with as_file(files("tumangang_watch") / "weights" / f"{name}.npz") as path:
        return read_weights(path)


def read_weights(path: Path) -> Weights:
    """Read a network's weights from a file; half floats become float32."""
    with np.load(path, allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    return {n: a.astype(np.float32) if a.dtype == np.float16 else a for n, a in arrays.items()}


def write_weights(path: Path, arrays: Weights) -> None:
    """Write a network's weights, float32 as half floats."""
    half = {n: a.astype(np.float16) if a.dtype == np.float32 else a for n, a in arrays.items()}
    np.savez_compressed(path, allow_pickle=False, **half)


def convolve(
    values: NDArray[np.float32],
    layer: tuple[NDArray[Any], NDArray[Any]],
    *,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    order: Order = "taps",
    relu: bool = True,
) -> NDArray[np.float32]:
    """Correlate (channels, rows, cols) with the kernels of a layer (`layer_of`), zeros beyond the edges.

    Parameters
    ----------
    stride, dilation : (rows, cols)
        A kernel of even width covers whole strides and as far to both sides.
    relu : bool
        Whether what is negative becomes 0.

    Returns
    -------
    (out, rows / stride, cols / stride) float32
        Rounded up.
    """
    kernel, bias = layer
    (high, wide), (channels, rows, cols) = kernel.shape[2:], values.shape
    tall, long = ((k - 1) // 2 * d for k, d in zip((high, wide), dilation, strict=True))
    padded = np.pad(values, ((0, 0), (tall, tall), (long, long)))
    shape = -(-rows // stride[0]), -(-cols // stride[1])

    def tap(i: int, j: int) -> NDArray[np.float32]:
        top, left = i * dilation[0], j * dilation[1]
        part = padded[:, top : top + rows : stride[0], left : left + cols : stride[1]]
        return part[:, : shape[0], : shape[1]].reshape(channels, -1)

    places = [(i, j) for i in range(high) for j in range(wide)]
    start = bias[:, None].astype(np.float32)
    if order == "taps":
        out = kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1) @ np.concatenate(
            [tap(*p) for p in places]
        )
        out += start
    elif order == "channels":
        columns = np.stack([tap(*p) for p in places], axis=1)
        out = kernel.reshape(len(kernel), -1) @ columns.reshape(-1, columns.shape[2]) + start
    else:
        out = np.zeros((len(kernel), shape[0] * shape[1]), np.float32)
        out += start if order == "sum_on_bias" else 0
        for i, j in places:
            out += kernel[:, :, i, j] @ tap(i, j)
        out += start if order == "sum" else 0
    return np.asarray(np.maximum(out, 0) if relu else out, np.float32).reshape(-1, *shape)


def layer_of(network: Weights, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the kernels (out, channels, high, wide) and biases (out,) of one layer."""
    kernel = network[f"{name}.weight"]
    return kernel if kernel.ndim == 4 else kernel[:, :, None], network[f"{name}.bias"]


def in_pieces(
    run: Callable[[slice], NDArray[np.float32]], length: int, piece: int, reach: int
) -> NDArray[np.float32]:
    """Run a network on a long strip piece by piece, which bounds the memory of the convolutions.

    ``run`` returns (..., n) for a stretch of the strip; ``piece`` is the length computed at a time, ``reach``
    how far to either side a reading depends on the strip.
    """
    parts = []
    for start in range(0, length, piece):
        low, stop = max(start - reach, 0), min(start + piece, length)
        parts.append(run(slice(low, min(stop + reach, length)))[..., start - low : stop - low])
    return np.concatenate(parts, axis=-1)
