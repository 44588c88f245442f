"""A small convolutional network that reads pieces of apron; numpy only.

It sees the ground in units of the empty pavement's own tone, turned so that the sun stands at the top and
shadows fall down the picture, with the height of the sun and the lean of tall things told. Its weights come
from patches painted for it alone (``python -m training.apron_net``); no real picture is among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

PIXEL_M = 0.35
"""Pixel of the network."""
OUTPUTS = ("goods", "core", "vehicle", "shadow")
VISIBLE = ("blue", "green", "red")
LOG_LIMIT = 2.5
"""Logs of tone are cut here: 12 times brighter or darker than the pavement."""
TILE = 256
OVERLAP = 40
"""Pixels on each side of a tile that are read only for what lies inside it: the network's reach."""
DEPTH = 8
"""The network halves three times."""


@dataclass(frozen=True)
class ApronInput:
    """One piece of apron as the network takes it."""

    planes: NDArray[np.float32]
    """(6, rows, cols): log of blue, green, red, nir over the pavement's tone; usable; train."""
    constants: NDArray[np.float32]
    """(5,): infrared known, cotangent of the sun's elevation, lean (right, up) a metre of height, GSD."""


def apron_input(
    values: dict[str, NDArray[np.float32]],
    tone: dict[str, float],
    usable: NDArray[np.bool_],
    train: NDArray[np.bool_],
    known: tuple[float, float, float, float],
) -> ApronInput:
    """Put one piece of apron into the network's units.

    Parameters
    ----------
    values : dict of (rows, cols) float32
        By band role; of a panchromatic scene ``pan`` alone.
    tone : dict of float
        The empty pavement's value in each band.
    usable : (rows, cols) bool
        Clear ground of the apron, apart from tracks and trains.
    train : (rows, cols) bool
        Bodies of trains.
    known : (cotangent of the sun's elevation, lean right, lean up, gsd_m)
        0 where not known.
    """
    grey = values.get("pan", next(iter(values.values())))
    grey_tone = tone.get("pan", next(iter(tone.values())))
    planes = []
    for band in (*VISIBLE, "nir"):
        if band == "nir" and band not in values:
            planes.append(np.zeros(usable.shape, np.float32))
            continue
        value, level = values.get(band, grey), tone.get(band, grey_tone)
        ratio = np.maximum(value, 1e-3 * level) / max(level, 1e-9)
        planes.append(np.clip(np.log(ratio), -LOG_LIMIT, LOG_LIMIT).astype(np.float32))
    planes += [usable.astype(np.float32), train.astype(np.float32)]
    cot, right, up, gsd_m = known
    constants = np.array(
        [float("nir" in values), min(cot, 5.0) / 3, right / 0.5, up / 0.5, min(gsd_m, 1.2)], np.float32
    )
    return ApronInput(np.stack(planes), constants)


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """Return the network's weights by layer, read once."""
    with files("tumangang_watch.detect.cargo").joinpath("apron_net.npz").open("rb") as source:
        stored = np.load(source, allow_pickle=False)
        return {name: stored[name].astype(np.float32) for name in stored.files}


def read_apron(
    item: ApronInput, layers: dict[str, NDArray[np.float32]] | None = None
) -> dict[str, NDArray[np.float32]]:
    """Return the probability of each of `OUTPUTS` for every pixel, (rows, cols).

    Large pieces are read tile by tile; tiles without usable ground are left at 0.
    """
    w = weights() if layers is None else layers
    rows, cols = item.planes.shape[1:]
    out = np.zeros((len(OUTPUTS), rows, cols), np.float32)
    for top in range(0, rows, TILE):
        for left in range(0, cols, TILE):
            bottom, right = min(top + TILE, rows), min(left + TILE, cols)
            if not item.planes[4, top:bottom, left:right].any():
                continue
            r0, c0 = max(top - OVERLAP, 0), max(left - OVERLAP, 0)
            cut = item.planes[:, r0 : bottom + OVERLAP, c0 : right + OVERLAP]
            odds = _run(cut, item.constants, w)
            part = odds[:, top - r0 : bottom - r0, left - c0 : right - c0]
            out[:, top:bottom, left:right] = 1 / (1 + np.exp(-np.clip(part, -30, 30)))
    return dict(zip(OUTPUTS, out, strict=True))


def _run(
    planes: NDArray[np.float32], constants: NDArray[np.float32], w: dict[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    rows, cols = planes.shape[1:]
    room = ((0, 0), (0, -rows % DEPTH), (0, -cols % DEPTH))
    x = np.pad(planes, room, mode="edge")
    flat = np.broadcast_to(constants[:, None, None], (len(constants), *x.shape[1:]))
    full = _conv(np.concatenate([x, flat]), w, "a")
    half = _conv(_conv(full, w, "b", stride=2), w, "c")
    quarter = _conv(_conv(half, w, "d", stride=2), w, "e")
    deep = _conv(quarter, w, "f", stride=2)
    deep = deep + _conv(deep, w, "g", dilation=2)
    quarter = _conv(np.concatenate([_twice(deep), quarter]), w, "h")
    half = _conv(np.concatenate([_twice(quarter), half]), w, "i")
    full = _conv(np.concatenate([_twice(half), full]), w, "j")
    out = np.tensordot(w["k.weight"][:, :, 0, 0], full, axes=1) + w["k.bias"][:, None, None]
    return np.asarray(out[:, :rows, :cols], np.float32)


def _twice(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values.repeat(2, axis=1).repeat(2, axis=2)


def _conv(
    values: NDArray[np.float32],
    w: dict[str, NDArray[np.float32]],
    name: str,
    stride: int = 1,
    dilation: int = 1,
) -> NDArray[Any]:
    """Correlate (c, rows, cols) with 3 x 3 kernels (o, c, 3, 3), zeros beyond the edges; then relu."""
    kernel, bias = w[f"{name}.weight"], w[f"{name}.bias"]
    _, rows, cols = values.shape
    padded = np.pad(values, ((0, 0), (dilation, dilation), (dilation, dilation)))
    high, wide = -(-rows // stride), -(-cols // stride)
    columns = np.empty((3, 3, values.shape[0], high, wide), np.float32)
    for i in range(3):
        for j in range(3):
            r0, c0 = i * dilation, j * dilation
            columns[i, j] = padded[:, r0 : r0 + rows : stride, c0 : c0 + cols : stride]
    flat = kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1)
    out = flat @ columns.reshape(flat.shape[1], -1)
    out += bias[:, None]
    return np.maximum(out, 0, out=out).reshape(-1, high, wide)
