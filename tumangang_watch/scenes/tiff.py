"""Read a TIFF's first directory to see that the file is whole, before any decoder touches it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from shlex import quote
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.errors import InputRefused, scene_refused

WIDTH, HEIGHT, COMPRESSION = 256, 257, 259
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = 273, 277, 278, 279
PLANAR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 284, 322, 323, 324, 325
WIDTHS = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of one value, by TIFF field type, where it is not one."""
TYPES = {3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
MAX_ENTRIES = 4096
MAX_BLOCKS = 4_000_000
MAX_OFFSET = np.uint64(2**62)
MAX_PLACE = 2**63 - 1
GDAL_METADATA, ASCII = 42112, 2
MAX_TEXT_BYTES, MAX_TAG_BYTES = 2**20, 32 * 2**20
"""GDAL holds a tag's value several times over, and looks each name of its metadata up among all others, for
minutes where there are a million. Four million places of blocks, the longest list read, take 32 MiB."""
MAX_IMAGES = 1000
"""GDAL goes through all of a file's images, again for each; an image has a dozen overviews and masks."""


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
    by_decoder: bool = False
    """The decoder reads any part of it by itself: what a block needs is its own affair."""

    @property
    def empty_blocks(self) -> int:
        """Number of blocks that were never written."""
        return int(self.empty.sum())

    @property
    def decoded_values(self) -> int:
        """Values that must be decoded at once to read one pixel (rows of a plain strip are read singly)."""
        if self.by_decoder:
            return 1
        rows = self.block_rows if self.compressed else 1
        return rows * self.block_cols * (self.bands if self.empty.shape[0] == 1 else 1)

    def written(self, top: int, left: int, bottom: int, right: int) -> NDArray[np.bool_]:
        """Return the window's mask (rows, cols): True where a pixel lies in a written block."""
        down = np.arange(top, bottom) // self.block_rows
        across = np.arange(left, right) // self.block_cols
        lost = np.logical_or.reduce(self.empty, axis=0)
        return np.asarray(~lost[np.ix_(down, across)])


def sniff(file: BinaryIO) -> str:
    """Return the container by its first bytes: tiff, jp2, nitf, zip, empty or other."""
    head = file.read(12)
    if not head:
        return "empty"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if head[4:8] == b"jP  ":
        return "jp2"
    if head[:4] == b"PK\3\4":
        return "zip"
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
            raise scene_refused(path.name, "it is not a GeoTIFF", "Give a GeoTIFF")
        try:
            blocks = _layout(file, size)
        except (ValueError, OverflowError, MemoryError) as error:
            why = f"its TIFF directory cannot be read ({error}): the file is incomplete or damaged"
            raise scene_refused(path.name, why, "Copy it again") from error
    if blocks.bytes_needed > size:
        why = f"the file is incomplete: {size} of {blocks.bytes_needed} bytes"
        raise scene_refused(path.name, why, "Copy it again")
    return blocks


def _layout(file: BinaryIO, size: int) -> Layout:
    entries = _directory(file, size)

    def one(tag: int, default: int | None = None) -> int:
        if tag not in entries and default is None:
            raise ValueError(f"tag {tag} is missing")
        return int(_values(file, entries[tag])[0]) if tag in entries else int(default or 0)

    width, height, bands = one(WIDTH), one(HEIGHT), one(SAMPLES, 1)
    tiled = TILE_OFFSETS in entries
    lists = (TILE_OFFSETS, TILE_COUNTS) if tiled else (STRIP_OFFSETS, STRIP_COUNTS)
    block_rows = one(TILE_HEIGHT) if tiled else min(one(ROWS_PER_STRIP, height), height)
    block_cols = one(TILE_WIDTH) if tiled else width
    planes = bands if one(PLANAR, 1) == 2 else 1
    if not set(lists) <= entries.keys() or not min(width, height, bands, block_rows, block_cols):
        raise ValueError("no list of blocks")
    shape = planes, -(-height // block_rows), -(-width // block_cols)
    number = prod(shape)
    offsets, counts = (_values(file, entries[tag]) for tag in lists)
    if min(len(offsets), len(counts)) < number:
        raise ValueError(f"{len(offsets)} of {number} blocks are listed")
    offsets, counts = offsets[:number], counts[:number]
    empty = (offsets == 0) | (counts == 0)
    # An end past 2**63 would wrap round: such a block lies outside any file, whatever its length.
    far = (offsets > MAX_OFFSET) | (counts > MAX_OFFSET)
    ends = np.where(empty, 0, np.where(far, MAX_OFFSET, offsets + counts))
    return Layout(
        bytes_needed=int(ends.max()),
        bands=bands,
        block_rows=block_rows,
        block_cols=block_cols,
        compressed=one(COMPRESSION, 1) != 1,
        empty=empty.reshape(shape),
    )


def _directory(file: BinaryIO, size: int) -> dict[int, NDArray[np.void]]:
    """Return the entries of the first directory by tag, of a classic or a big TIFF."""
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    short, word = ("u8", "u8") if big else ("u2", "u4")
    start = int(np.frombuffer(head, order + word, 1, 8 if big else 4)[0])
    if not 8 <= start < size:
        raise ValueError(f"directory at byte {start} of {size}")
    file.seek(start)
    count = int(np.frombuffer(file.read(np.dtype(short).itemsize), order + short, 1)[0])
    if not 0 < count <= MAX_ENTRIES:
        raise ValueError(f"{count} directory entries")
    words = (("tag", "u2"), ("kind", "u2"), ("number", word), ("value", word))
    record = np.dtype([(name, order + form) for name, form in words])
    entries = np.frombuffer(file.read(record.itemsize * count), record, count)
    for tag, kind, number, where in entries.tolist():
        # GDAL drops a tag whose value is cut off and goes on without band names or projection.
        length = WIDTHS.get(kind, 1) * number
        if length > np.dtype(word).itemsize and where + length > size:
            raise ValueError(f"tag {tag} ends at byte {where + length} of {size}")
        most = MAX_TEXT_BYTES if kind == ASCII or tag == GDAL_METADATA else MAX_TAG_BYTES
        if length > most:
            raise _monstrous(file, f"tag {tag} of it has {length} bytes, more than {most}")
    _count_images(file, order, short, word)
    return {int(entry["tag"]): entry for entry in entries}


def _monstrous(file: BinaryIO, why: str) -> InputRefused:
    name = Path(file.name).name
    return scene_refused(
        name, why, f"Rewrite it without: gdal_translate -nomd -of COG {quote(name)} plain.tif"
    )


def _count_images(file: BinaryIO, order: str, short: str, word: str) -> None:
    """Refuse a file of too many images; the link to the next one stands where the file is read next."""
    count_bytes, link_bytes = np.dtype(short).itemsize, np.dtype(word).itemsize
    seen: set[int] = set()
    while len(link := file.read(link_bytes)) == link_bytes:
        place = int(np.frombuffer(link, order + word)[0])
        if not place or place in seen:
            return
        if len(seen) == MAX_IMAGES:
            raise _monstrous(file, f"it holds more than {MAX_IMAGES} images")
        seen.add(place)
        file.seek(min(place, MAX_PLACE))
        number = file.read(count_bytes)
        if len(number) < count_bytes:
            return
        entries = int(np.frombuffer(number, order + short)[0])
        file.seek(min(place + count_bytes + entries * (4 + 2 * link_bytes), MAX_PLACE))


def _values(file: BinaryIO, entry: NDArray[np.void]) -> NDArray[np.uint64]:
    """Return the values of an entry; those that have no room in it lie where it says."""
    kind, number, form = int(entry["kind"]), int(entry["number"]), entry.dtype["value"]
    if kind not in TYPES or not 0 < number <= MAX_BLOCKS:
        raise ValueError(f"{number} values of type {kind}")
    dtype = np.dtype(form.byteorder + TYPES[kind])
    raw = entry.tobytes()[-form.itemsize :]
    if dtype.itemsize * number > len(raw):
        file.seek(int(entry["value"]))
        raw = file.read(dtype.itemsize * number)
    return np.frombuffer(raw, dtype, number).astype(np.uint64)
