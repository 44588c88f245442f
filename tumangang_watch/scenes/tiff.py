"""Read a TIFF's first directory to see that the file is whole, before any decoder touches it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from tumangang_watch.errors import InputRefused

STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, TILE_COUNTS = 273, 279, 324, 325
SIZES = {
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
FORMATS = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
MAX_ENTRIES = 4096
MAX_BLOCKS = 20_000_000


@dataclass(frozen=True)
class Layout:
    """Where the blocks of a TIFF lie."""

    bytes_needed: int
    """Length the file must have to hold every block."""
    blocks: int
    empty_blocks: int
    """Blocks that were never written: they read as zeros."""


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


def layout(file: BinaryIO, size: int, name: str) -> Layout:
    """Return the block layout of the first image.

    Raises
    ------
    InputRefused
        The directory lies outside the file or makes no sense: the file is cut off or damaged.
    """
    try:
        return _layout(file, size)
    except (struct.error, ValueError, OverflowError, MemoryError) as error:
        raise InputRefused(
            "scene refused", name, f"its TIFF directory cannot be read ({error}): the file is incomplete",
            "Copy it again",
        ) from error  # fmt: skip


def _layout(file: BinaryIO, size: int) -> Layout:
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
    found: dict[int, list[int]] = {}
    for k in range(count):
        raw = entries[k * entry : (k + 1) * entry]
        tag, kind = struct.unpack(order + "HH", raw[:4])
        if tag in (STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, TILE_COUNTS):
            number = struct.unpack(order + word, raw[4 : 12 if big else 8])[0]
            found[tag] = _values(file, size, order, kind, number, raw[12 if big else 8 :], word)
    offsets = found.get(TILE_OFFSETS) or found.get(STRIP_OFFSETS)
    counts = found.get(TILE_COUNTS) or found.get(STRIP_COUNTS)
    if not offsets or not counts or len(offsets) != len(counts):
        raise ValueError("no list of blocks")
    ends = [o + c for o, c in zip(offsets, counts, strict=True) if c]
    empty = sum(1 for o, c in zip(offsets, counts, strict=True) if not o or not c)
    return Layout(max(ends, default=0), len(offsets), empty)


def _values(
    file: BinaryIO, size: int, order: str, kind: int, number: int, inline: bytes, word: str
) -> list[int]:
    if kind not in FORMATS or not 0 < number <= MAX_BLOCKS:
        raise ValueError(f"{number} blocks of type {kind}")
    length = SIZES[kind] * number
    if length <= len(inline):
        raw = inline[:length]
    else:
        where = struct.unpack(order + word, inline[: struct.calcsize(word)])[0]
        if where + length > size:
            raise ValueError(f"block list at byte {where} of {size}")
        file.seek(where)
        raw = file.read(length)
    return list(struct.unpack(f"{order}{number}{FORMATS[kind]}", raw))
