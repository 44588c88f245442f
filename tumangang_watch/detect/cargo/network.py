"""A small convolutional network that reads pieces of apron.

It sees the ground in units of the empty pavement's own brightness, turned so that the sun stands at the top
and shadows fall down the picture, with the height of the sun and the lean of tall things given. Its weights
come from patches painted for it alone (``python -m training.apron_net``); no real picture is among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Cut
from tumangang_watch.model.image import VISIBLE
from tumangang_watch.nets import NetworkLayout, Runner, weights

PIXEL_M = 0.35
"""Pixel of the network."""
OUTPUTS = ("goods", "core", "vehicle", "shadow")
LOG_LIMIT = 2.5
"""Logs of brightness are cut here: 12 times brighter or darker than the pavement."""
TILE = 512
"""Pixels of the longest side of what is read at once: each tile is read with the ground around it."""
OVERLAP = 40
"""Pixels on each side of a tile that are read only for what lies inside it: the network's reach."""
BESIDE = 16
"""Pixels about usable ground whose shadow counts: the largest disk that a texture is measured with."""
BELOW = 48
"""The same below it, where shadows fall: 14 m of them, the longest that is measured."""
DEPTH = 8
"""The network halves three times."""


@dataclass(frozen=True)
class ApronInput:
    """One piece of apron as the network takes it."""

    planes: NDArray[np.float32]
    """(6, rows, cols): log of blue, green, red, nir over the pavement's; usable; train."""
    constants: NDArray[np.float32]
    """(5,): infrared known, cotangent of the sun's elevation, lean (right, up) a metre of height, GSD."""

    @property
    def known(self) -> NDArray[np.float32]:
        """The planes of bands that the scene has."""
        return self.planes[:4] if self.constants[0] else self.planes[:3]


def apron_input(
    values: dict[str, NDArray[np.float32]],
    pavement: dict[str, float],
    usable: NDArray[np.bool_],
    train: NDArray[np.bool_],
    known: tuple[float, float, float, float],
) -> ApronInput:
    """Put one piece of apron into the network's units.

    Parameters
    ----------
    values : dict of (rows, cols) float32
        By band role; of a panchromatic scene ``pan`` alone.
    pavement : dict of float
        The empty pavement's value in each band.
    usable : (rows, cols) bool
        Clear ground of the apron, apart from tracks and trains.
    train : (rows, cols) bool
        Bodies of trains.
    known : (cotangent of the sun's elevation, lean right, lean up, gsd_m)
        0 where not known.
    """
    grey = values.get("pan", next(iter(values.values())))
    grey_pavement = pavement.get("pan", next(iter(pavement.values())))
    planes = []
    for band in (*VISIBLE, "nir"):
        if band == "nir" and band not in values:
            planes.append(np.zeros(usable.shape, np.float32))
            continue
        value, level = values.get(band, grey), pavement.get(band, grey_pavement)
        ratio = np.maximum(value, 1e-3 * level) / max(level, 1e-9)
        planes.append(np.clip(np.log(ratio), -LOG_LIMIT, LOG_LIMIT).astype(np.float32))
    planes += [usable.astype(np.float32), train.astype(np.float32)]
    cot, right, up, gsd_m = known
    constants = np.array(
        [float("nir" in values), min(cot, 5.0) / 3, right / 0.5, up / 0.5, min(gsd_m, 1.2)], np.float32
    )
    return ApronInput(np.stack(planes), constants)


def read_apron(item: ApronInput) -> dict[str, NDArray[np.float32]]:
    """Return the probability of each of `OUTPUTS` for every pixel, (rows, cols).

    Large pieces are read tile by tile; what lies far from usable ground is left at 0.
    """
    out = np.zeros((len(OUTPUTS), *item.planes.shape[1:]), np.float32)
    for wanted in _tiles(item.planes[4]):
        r0, c0 = (max(cut.start - OVERLAP, 0) for cut in wanted)
        (r1, r2), (c1, c2) = ((cut.start, cut.stop) for cut in wanted)
        odds = _run(item.planes[:, r0 : r2 + OVERLAP, c0 : c2 + OVERLAP], item.constants)
        part = odds[:, r1 - r0 : r2 - r0, c1 - c0 : c2 - c0]
        out[:, r1:r2, c1:c2] = 1 / (1 + np.exp(-np.clip(part, -30, 30)))
    return dict(zip(OUTPUTS, out, strict=True))


def _tiles(usable: NDArray[np.float32]) -> Iterator[Cut]:
    """Yield what is to be read, in as few tiles as there can be."""
    whole = _wanted(usable, (slice(0, usable.shape[0]), slice(0, usable.shape[1])))
    if whole is None:
        return
    for rows in _parts(whole[0]):
        for cols in _parts(whole[1]):
            wanted = _wanted(usable, (rows, cols))
            if wanted is not None:
                yield wanted


def _parts(cut: slice) -> Iterator[slice]:
    """Yield the parts of a range of pixels, as even as `DEPTH` allows, none longer than a tile."""
    length = cut.stop - cut.start
    step = ceil(length / ceil(length / TILE) / DEPTH) * DEPTH
    for start in range(cut.start, cut.stop, step):
        yield slice(start, min(start + step, cut.stop))


def _wanted(usable: NDArray[np.float32], tile: Cut) -> Cut | None:
    """Return the part of a tile whose reading counts, in steps of `DEPTH`: there each pixel reads the same.

    None where it has no such part. A pixel's place within what the network halves decides which others it is
    halved with.
    """
    (top, bottom), (left, right) = ((cut.start, cut.stop) for cut in tile)
    r0, c0 = max(top - BELOW, 0), max(left - BESIDE, 0)
    near = usable[r0 : bottom + BESIDE, c0 : right + BESIDE] > 0
    rows, cols = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not rows.size:
        return None
    first = [max(r0 + int(rows[0]) - BESIDE, top), max(c0 + int(cols[0]) - BESIDE, left)]
    stop = min(r0 + int(rows[-1]) + 1 + BELOW, bottom), min(c0 + int(cols[-1]) + 1 + BESIDE, right)
    (r1, c1), (r2, c2) = (a // DEPTH * DEPTH for a in first), stop
    return (slice(r1, r2), slice(c1, c2)) if r2 > r1 and c2 > c1 else None


def _run(planes: NDArray[np.float32], constants: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, cols = planes.shape[1:]
    room = ((0, 0), (0, -rows % DEPTH), (0, -cols % DEPTH))
    x = np.pad(planes, room, mode="edge")
    flat = np.broadcast_to(constants[:, None, None], (len(constants), *x.shape[1:]))
    return _network()(np.concatenate([x, flat])[None])[0, :, :rows, :cols]


@cache
def _network() -> Runner:
    """Return the network of planes and constants, which halves three times and doubles as often."""
    arrays = weights("apron_net")
    net = NetworkLayout(arrays, planes=arrays["a.weight"].shape[1])
    full = net.conv("planes", "a")
    half = net.conv(net.conv(full, "b", stride=(2, 2)), "c")
    quarter = net.conv(net.conv(half, "d", stride=(2, 2)), "e")
    deep = net.conv(quarter, "f", stride=(2, 2))
    deep = net.add(deep, net.conv(deep, "g", dilation=(2, 2)))
    quarter = net.conv(net.join(net.twice(deep), quarter), "h")
    half = net.conv(net.join(net.twice(quarter), half), "i")
    full = net.conv(net.join(net.twice(half), full), "j")
    return net.runner(net.conv(full, "k", relu=False))
