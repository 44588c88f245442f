"""Read a TIFF's first directory to see that the file is whole, before any decoder touches it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.errors import InputRefused

WIDTH, HEIGHT, COMPRESSION = 256, 257, 259
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = 273, 277, 278, 279
PLANAR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 284, 322, 323, 324, 325
WANTED = (
    WIDTH,
    HEIGHT,
    COMPRESSION,
    STRIP_OFFSETS,
    SAMPLES,
    ROWS_PER_STRIP,
    STRIP_COUNTS,
    PLANAR,
    TILE_WIDTH,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_COUNTS,
)
WIDTHS = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of one value, by TIFF field type."""
TYPES = {3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
MAX_ENTRIES = 4096
MAX_BLOCKS = 4_000_000
MAX_OFFSET = np.uint64(2**62)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the blocks of a TIFF's first image lie."""

    bytes_needed: int
    """Length the file must have to hold every block."""
    bands: int
    block_rows: int
    block_cols: int
    compressed: bool
    empty: NDArray[np.bool_]
    """(planes, blocks down, blocks across): True for a block that was never written; it reads as
    zeros or nodata. One plane unless the bands are stored apart."""

    @property
    def empty_blocks(self) -> int:
        """Number of blocks that were never written."""
        return int(self.empty.sum())

    @property
    def decoded_values(self) -> int:
        """Values that must be decoded at once to read one pixel (rows of a plain strip are read singly)."""
        rows = self.block_rows if self.compressed else 1
        return rows * self.block_cols * (self.bands if self.empty.shape[0] == 1 else 1)

    def written(self, top: int, left: int, bottom: int, right: int) -> NDArray[np.bool_]:
        """Return the window's mask (rows, cols): True where a pixel lies in a written block."""
        down = np.arange(top, bottom) // self.block_rows
        across = np.arange(left, right) // self.block_cols
        lost = np.logical_or.reduce(self.empty, axis=0)
        return np.asarray(~lost[np.ix_(down, across)])


def sniff(file: BinaryIO) -> str:
    """Return the container by its first bytes: ``tiff``, ``jp2``, ``nitf``, ``empty`` or ``other``."""
    head = file.read(12)
    if not head:
        return "empty"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if head[4:8] == b"jP  ":
        return "jp2"
    return "nitf" if head[:4] in (b"NITF", b"NSIF") else "other"


def whole_tiff(path: Path) -> Layout:
    """Return the layout of a file after checking that it is a TIFF and holds all its blocks.

    Raises
    ------
    InputRefused
        It is no TIFF, its directory makes no sense, or it ends before its last block.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = sniff(file)
        if kind != "tiff":
            why = {
                "empty": "the file is empty",
                "jp2": "JPEG 2000 is not read yet",
                "nitf": "NITF is not read yet",
            }
            raise InputRefused(
                "scene refused", path.name, why.get(kind, "it is not a GeoTIFF"), "Give a GeoTIFF"
            )
        try:
            blocks = _layout(file, size)
        except (struct.error, ValueError, OverflowError, MemoryError) as error:
            raise InputRefused(
                "scene refused",
                path.name,
                f"its TIFF directory cannot be read ({error}): the file is incomplete or damaged",
                "Copy it again",
            ) from error
    if blocks.bytes_needed > size:
        raise InputRefused(
            "scene refused",
            path.name,
            f"the file is incomplete: {size} of {blocks.bytes_needed} bytes",
            "Copy it again",
        )
    return blocks


def _layout(file: BinaryIO, size: int) -> Layout:
    tags = _directory(file, size)
    width, height = _one(tags, WIDTH), _one(tags, HEIGHT)
    bands = _one(tags, SAMPLES, 1)
    tiled = TILE_OFFSETS in tags
    offsets = tags.get(TILE_OFFSETS if tiled else STRIP_OFFSETS)
    counts = tags.get(TILE_COUNTS if tiled else STRIP_COUNTS)
    block_rows = _one(tags, TILE_HEIGHT) if tiled else min(_one(tags, ROWS_PER_STRIP, height), height)
    block_cols = _one(tags, TILE_WIDTH) if tiled else width
    planes = bands if _one(tags, PLANAR, 1) == 2 else 1
    if offsets is None or counts is None or not min(width, height, bands, block_rows, block_cols):
        raise ValueError("no list of blocks")
    shape = planes, -(-height // block_rows), -(-width // block_cols)
    number = shape[0] * shape[1] * shape[2]
    if min(len(offsets), len(counts)) < number:
        raise ValueError(f"{len(offsets)} of {number} blocks are listed")
    offsets, counts = offsets[:number], counts[:number]
    empty = (offsets == 0) | (counts == 0)
    # An end past 2**63 would wrap round: such a block lies outside any file, whatever its length.
    far = (offsets > MAX_OFFSET) | (counts > MAX_OFFSET)
    ends = np.where(empty, 0, np.where(far, MAX_OFFSET, offsets + counts))
    needed = int(ends.max())
    return Layout(
        bytes_needed=needed,
        bands=bands,
        block_rows=block_rows,
        block_cols=block_cols,
        compressed=_one(tags, COMPRESSION, 1) != 1,
        empty=empty.reshape(shape),
    )


def _one(tags: dict[int, NDArray[np.uint64]], tag: int, default: int | None = None) -> int:
    values = tags.get(tag)
    if values is None:
        if default is None:
            raise ValueError(f"tag {tag} is missing")
        return default
    return int(values[0])


def _directory(file: BinaryIO, size: int) -> dict[int, NDArray[np.uint64]]:
    """Return the wanted tags of the first directory, of a classic or a big TIFF."""
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    start = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])[0]
    entry, word = (20, "Q") if big else (12, "I")
    if not 8 <= start < size:
        raise ValueError(f"directory at byte {start} of {size}")
    file.seek(start)
    count = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))[0]
    if not 0 < count <= MAX_ENTRIES:
        raise ValueError(f"{count} directory entries")
    entries = file.read(entry * count)
    found: dict[int, NDArray[np.uint64]] = {}
    for k in range(count):
        raw = entries[k * entry : (k + 1) * entry]
        tag, kind = struct.unpack(order + "HH", raw[:4])
        number = struct.unpack(order + word, raw[4 : 12 if big else 8])[0]
        inline = raw[12 if big else 8 :]
        # GDAL drops a tag whose value is cut off and goes on without band names or projection.
        length, where = WIDTHS.get(kind, 1) * number, struct.unpack(order + word, inline)[0]
        if length > len(inline) and where + length > size:
            raise ValueError(f"tag {tag} ends at byte {where + length} of {size}")
        if tag in WANTED:
            found[tag] = _values(file, order, kind, number, inline)
    return found


def _values(file: BinaryIO, order: str, kind: int, number: int, inline: bytes) -> NDArray[np.uint64]:
    if kind not in TYPES or not 0 < number <= MAX_BLOCKS:
        raise ValueError(f"{number} values of type {kind}")
    dtype = np.dtype(order + TYPES[kind])
    length = dtype.itemsize * number
    raw = inline[:length]
    if length > len(inline):
        where = struct.unpack(order + ("Q" if len(inline) == 8 else "I"), inline)[0]
        file.seek(where)
        raw = file.read(length)
    if len(raw) < length:
        raise ValueError("a value is cut off")
    return np.frombuffer(raw, dtype).astype(np.uint64)
