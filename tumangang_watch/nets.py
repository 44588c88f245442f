"""Run the small convolutional networks of the detectors, and read and write their weights.

The networks are fitted by ``training/`` on painted scenes alone; each says of itself what it reads. A reader
lays its network out once, layer by layer (`NetworkLayout`); OpenCV runs it, from 4 to 12 times as fast as
sums of matrix products and with the same answers to 1e-5. OpenCV takes networks as ONNX: `NetworkLayout`
writes what little of that format they need.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]
"""A network's arrays by name: ``LAYER.weight``, ``LAYER.bias``."""
IR_VERSION, OPSET = 8, 13
"""Of ONNX."""
FLOAT, INT64 = 1, 7
"""Types of ONNX tensors."""


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


class Runner:
    """A network that OpenCV runs."""

    def __init__(self, model: bytes, inputs: Sequence[str]) -> None:
        """Take a network in ONNX and the names of its inputs."""
        self._model = np.frombuffer(model, np.uint8)
        self._inputs = tuple(inputs)
        self._own = threading.local()

    def __call__(self, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (pictures, out, rows, cols) of inputs (pictures, channels, rows, cols), float32.

        A picture's outputs do not depend on those that are read with it, nor on the number of threads.
        """
        net = getattr(self._own, "net", None)
        if net is None:
            # OpenCV keeps what lies between the layers in the network: no two threads may share one.
            net = self._own.net = cv2.dnn.readNetFromONNX(self._model)
        for name, values in zip(self._inputs, inputs, strict=True):
            net.setInput(np.ascontiguousarray(values, np.float32), name)
        return np.array(net.forward(), np.float32)


class NetworkLayout:
    """A network laid out layer by layer from its weights. Layers are named by what they give."""

    def __init__(self, arrays: Weights, **channels: int) -> None:
        """Begin with the inputs, each of so many channels."""
        self._arrays = arrays
        self._channels = channels
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []

    def conv(
        self,
        values: str,
        layer: str,
        *,
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        relu: bool = True,
    ) -> str:
        """Correlate with the kernels of a layer, zeros beyond the edges.

        Parameters
        ----------
        layer : str
            Its kernels are (out, channels, rows, cols), or without rows.
        stride, dilation : (rows, cols)
            A kernel of even width covers whole strides and as far to both sides.
        relu : bool
            Whether what is negative becomes 0.
        """
        kernel = self._arrays[f"{layer}.weight"]
        kernel = kernel if kernel.ndim == 4 else kernel[:, :, None]
        given = self._tensor(kernel), self._tensor(self._arrays[f"{layer}.bias"])
        high, wide = kernel.shape[2:]
        room = [(k - 1) // 2 * d for k, d in zip((high, wide), dilation, strict=True)]
        sizes = {"kernel_shape": (high, wide), "strides": stride, "dilations": dilation, "pads": room * 2}
        out = self._node("Conv", (values, *given), **sizes)
        return self._node("Relu", (out,)) if relu else out

    def add(self, one: str, other: str) -> str:
        """Add two layers."""
        return self._node("Add", (one, other))

    def join(self, *layers: str) -> str:
        """Put the channels of layers of one size behind each other."""
        return self._node("Concat", layers, axis=1)

    def twice(self, values: str) -> str:
        """Make two by two cells of each."""
        scales = self._tensor(np.array([1, 1, 2, 2], np.float32))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self._node("Resize", (values, "", scales), **how)

    def half(self, values: str) -> str:
        """Make one cell of two by two, the highest."""
        return self._node("MaxPool", (values,), kernel_shape=(2, 2), strides=(2, 2))

    def flat(self, values: str, channels: int) -> str:
        """Make channels of all rows, so many in all."""
        shape = self._tensor(np.array([0, channels, 1, -1], np.int64))
        return self._node("Reshape", (values, shape))

    def runner(self, out: str) -> Runner:
        """Return the network that ends in a layer."""
        parts = [_field(1, node) for node in self._nodes] + [_field(2, "net")]
        parts += [_field(5, tensor) for tensor in self._tensors]
        parts += [_field(11, _declared(name, count)) for name, count in self._channels.items()]
        parts.append(_field(12, _declared(out, None)))
        opset = _field(8, _field(1, "") + _field(2, OPSET))
        model = _field(1, IR_VERSION) + _field(7, b"".join(parts)) + opset
        return Runner(model, list(self._channels))

    def _tensor(self, array: NDArray[Any]) -> str:
        name = f"tensor{len(self._tensors)}"
        whole = np.issubdtype(array.dtype, np.integer)
        data = array.astype("<i8" if whole else "<f4").tobytes()
        kind = _field(2, INT64 if whole else FLOAT)
        dims = b"".join(_field(1, int(d)) for d in array.shape)
        self._tensors.append(dims + kind + _field(8, name) + _field(9, data))
        return name

    def _node(self, operator: str, inputs: Sequence[str], **attributes: int | str | Sequence[int]) -> str:
        name = f"layer{len(self._nodes)}"
        given = b"".join(_field(1, one) for one in inputs)
        how = b"".join(_field(5, _attribute(*each)) for each in attributes.items())
        self._nodes.append(given + _field(2, name) + _field(3, name) + _field(4, operator) + how)
        return name


def _field(number: int, value: int | str | bytes) -> bytes:
    """Return one field of a message of protocol buffers, in which ONNX is written."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def _attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    """Return an attribute of a layer: a number, a word or numbers."""
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    if isinstance(value, str):
        return _field(1, name) + _field(4, value) + _field(20, 3)
    return _field(1, name) + b"".join(_field(8, int(v)) for v in value) + _field(20, 7)


def _declared(name: str, channels: int | None) -> bytes:
    """Return what ONNX is told of an input or output of any number of pictures, rows and columns."""
    sizes: tuple[str | int, ...] = ("pictures", "channels" if channels is None else channels, "rows", "cols")
    dims = b"".join(_field(1, _field(1, d) if isinstance(d, int) else _field(2, d)) for d in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, FLOAT) + _field(2, dims)))


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
