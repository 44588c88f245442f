"""See that a file is whole and what it claims, by its own first bytes: TIFF, JPEG 2000 or NITF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import BinaryIO, NoReturn

import numpy as np

from tumangang_watch.errors import scene_refused
from tumangang_watch.scenes.tiff import Layout, sniff, whole_tiff

DRIVERS = {"tiff": "GTiff", "jp2": "JP2OpenJPEG", "nitf": "NITF"}
"""The one driver each container is opened with."""
MAX_SIDE_PX = 500_000
"""Wider or taller is a false claim: a strip of 100 km at 0.3 m has 330 000 rows."""
MAX_BOXES = 10_000
MAX_SEGMENTS = 1000
MAX_TILE_PARTS = 200_000
"""Ten times those of a product of 50 000 x 50 000 pixels that has a part for each of eight resolutions."""
MAX_DECODER_BYTES = 512 * 2**20
"""What the decoder of JPEG 2000 may take beside the pixels that are read."""
READERS = 3
"""How many may be open at a time, or have not given back what they took: as measured of `detect`."""
TILE_BYTES, TILE_BAND_BYTES, CODE_BLOCK_BYTES = 9000, 1000, 325
"""What OpenJPEG 2.5 takes for each tile of an image when it opens it (and for each band of it), and for each
code block of the tile it reads a pixel of: measured with up to 38 416 tiles and 2.4 million code blocks."""
SOC_SIZ = b"\xff\x4f\xff\x51"
TILE_PART, TILE_DATA, STYLE, STYLE_OF_BAND = 0xFF90, 0xFF93, 0xFF52, 0xFF53
"""Markers of a codestream (ITU-T T.800, A.2): where a part of a tile begins, where its header ends, how bands
are coded, which the header of a tile may say otherwise than the image's."""
JP2_BOX = b"\0\0\0\x0cjP  "
"""How a JPEG 2000 file begins whose codestream lies in a box."""
END_OF_CODESTREAM = b"\xff\xd9"
NITF_LENGTH_AT = {b"NITF02.10": 342, b"NSIF01.00": 342}
"""Where the file's length stands in the header (MIL-STD-2500C, table A-1)."""
UNPACK = "Unpack it and give the folder: unzip {} -d order"
FORMATS = "Give one of these, or, if GDAL knows it, convert it: gdal_translate {} scene.tif"


def driver_of(path: Path) -> str:
    """Return the driver that opens a file, by its first bytes."""
    with path.open("rb") as file:
        return DRIVERS.get(sniff(file), "GTiff")


def whole_image(path: Path) -> Layout:
    """Return where an image's blocks lie after checking that it is whole.

    Raises
    ------
    InputRefused
        It is no image that is read, it is incomplete, or it claims what cannot be.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = sniff(file)
        if kind == "tiff":
            return whole_tiff(path)
        if kind == "jp2":
            return _one_block(_jp2_bands(file, 0, size, path), size)
        if kind == "nitf":
            _check_nitf(file, size, path)
            return _one_block(1, size)
    if kind == "empty":
        raise scene_refused(path.name, "the file is empty", "Copy it again")
    if kind == "zip":
        raise scene_refused(path.name, "it is a zip archive", UNPACK.format(quote(path.name)))
    raise scene_refused(path.name, "it is not a GeoTIFF, JPEG 2000 or NITF", FORMATS.format(quote(path.name)))


def _one_block(bands: int, size: int) -> Layout:
    """Return the layout of an image whose blocks are the decoder's affair: all of it is there."""
    whole = np.zeros((1, 1, 1), bool)
    return Layout(
        bytes_needed=size,
        bands=bands,
        block_rows=2**31,
        block_cols=2**31,
        compressed=False,
        empty=whole,
        by_decoder=True,
    )


def _jp2_bands(file: BinaryIO, place: int, size: int, path: Path) -> int:
    """Return the number of components after walking the boxes from a place to the end of the codestream.

    What lies there may be a codestream without boxes.
    """

    def refuse(why: str) -> NoReturn:
        raise scene_refused(
            path.name, f"as JPEG 2000 {why}: the file is incomplete or damaged", "Copy it again"
        )

    file.seek(place)
    if file.read(len(SOC_SIZ)) == SOC_SIZ:
        file.seek(place)
        return _jp2_components(file, path, refuse)
    for _ in range(MAX_BOXES):
        if place >= size:
            break
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            refuse("a box of it is cut off")
        length, kind, skip = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16], "big"), 16
        end = size if length == 0 else place + length
        if end > size or end < place + skip:
            refuse(f"a box of it ends at byte {end} of {size}")
        if kind == b"jp2c":
            file.seek(end - 2)
            if file.read(2) != END_OF_CODESTREAM:
                refuse("its codestream has no end")
            file.seek(place + skip)
            return _jp2_components(file, path, refuse)
        place = end
    return refuse("it holds no codestream")


def _jp2_components(file: BinaryIO, path: Path, refuse: Callable[[str], NoReturn]) -> int:
    """Return the number of components a codestream's header claims, refusing claims that cannot be."""
    head = file.read(42)
    if head[:4] != SOC_SIZ or len(head) < 42:
        raise ValueError("its codestream has no size")
    right, bottom, left, top, tile_cols, tile_rows = (
        int.from_bytes(head[k : k + 4], "big") for k in range(8, 32, 4)
    )
    cols, rows, bands = right - left, bottom - top, int.from_bytes(head[40:42], "big")
    if not (0 < cols <= MAX_SIDE_PX and 0 < rows <= MAX_SIDE_PX and tile_cols and tile_rows):
        refuse(f"it claims {cols} x {rows} pixels")
    file.seek(3 * bands, 1)
    tiles = -(-cols // tile_cols) * -(-rows // tile_rows)
    blocks = bands * _code_blocks(file, min(cols, tile_cols), min(rows, tile_rows), refuse)
    need = READERS * (tiles * (TILE_BYTES + TILE_BAND_BYTES * bands) + blocks * CODE_BLOCK_BYTES)
    if need > MAX_DECODER_BYTES:
        why = f"its decoder needs {need // 2**20} MiB for {tiles} tiles of {blocks} code blocks each"
        todo = f"Rewrite it where there is more memory: gdal_translate -of COG {quote(path.name)} tiled.tif"
        raise scene_refused(path.name, why, todo)
    return bands


def _code_blocks(file: BinaryIO, cols: int, rows: int, refuse: Callable[[str], NoReturn]) -> int:
    """Return how many code blocks a component of a tile has at most, by the headers of image and tiles."""
    most = _coded_by_header(file, cols, rows, refuse)
    place = file.tell() - 4
    for _ in range(MAX_TILE_PARTS):
        file.seek(place)
        head = file.read(12)
        length = int.from_bytes(head[6:10], "big")
        if int.from_bytes(head[:2], "big") != TILE_PART:
            return most
        most = max(most, _coded_by_header(file, cols, rows, refuse))
        if length < len(head):  # None: it is the last.
            return most
        place += length
    return refuse(f"it has more than {MAX_TILE_PARTS} tile parts")


def _coded_by_header(file: BinaryIO, cols: int, rows: int, refuse: Callable[[str], NoReturn]) -> int:
    """Return how many code blocks a component has at most that is coded as a header says; 0: it does not."""
    most = 0
    for _ in range(MAX_SEGMENTS):
        head = file.read(4)
        marker, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
        if len(head) < 4 or marker in (TILE_PART, TILE_DATA) or length < 2:
            return most
        if marker not in (STYLE, STYLE_OF_BAND):
            file.seek(length - 2, 1)
            continue
        segment = file.read(length - 2)
        # Of all bands: whether precincts are given, four bytes; of one: its number, the same question.
        given, style = (segment[:1], segment[5:]) if marker == STYLE else (segment[1:2], segment[2:])
        if len(style) >= 5:
            most = max(most, _coded_in(cols, rows, style, style[5:] if given[0] & 1 else b""))
    return refuse(f"a header of it has more than {MAX_SEGMENTS} segments")


def _coded_in(cols: int, rows: int, style: bytes, precincts: bytes) -> int:
    """Return the code blocks of a component with its levels, a block's width and height as powers of two, and
    the precincts of each level, from the smallest image on: no block is larger than a half of one.
    """
    levels, wide, high = min(style[0], 32), (style[1] & 15) + 2, (style[2] & 15) + 2
    total = 0
    for level in range(levels + 1):
        across, down = wide, high
        if level < len(precincts):
            half = level > 0
            across = max(min(wide, (precincts[level] & 15) - half), 0)
            down = max(min(high, (precincts[level] >> 4) - half), 0)
        shrunk = levels - level
        total += max(cols >> shrunk >> across, 1) * max(rows >> shrunk >> down, 1)
    return total


def _check_nitf(file: BinaryIO, size: int, path: Path) -> None:
    file.seek(0)
    head = file.read(400)
    at = NITF_LENGTH_AT.get(head[:9])
    if at is None:
        raise scene_refused(
            path.name, f"its version {head[4:9]!r} of NITF is not read", FORMATS.format(quote(path.name))
        )
    stated = head[at : at + 12]
    if not stated.isdigit() or int(stated) > size:
        claimed = int(stated) if stated.isdigit() else "an unknown number of"
        why = f"the NITF file is incomplete: {size} of {claimed} bytes"
        raise scene_refused(path.name, why, "Copy it again")
    for begin, end in _nitf_images(file, at + 12):
        file.seek(begin)
        if file.read(12).startswith((SOC_SIZ, JP2_BOX)):
            _jp2_bands(file, begin, min(end, size), path)


def _nitf_images(file: BinaryIO, at: int) -> list[tuple[int, int]]:
    """Return where the data of each image begin and end, by what a NITF header says from a place on.

    That is its own length in six digits, the number of images in three, and of each the lengths of its header
    and data in six and ten.
    """
    file.seek(at)
    head = file.read(9)
    if not head.isdigit():
        return []  # The decoder says what is wrong.
    place = int(head[:6])
    found: list[tuple[int, int]] = []
    for _ in range(int(head[6:])):
        lengths = file.read(16)
        if len(lengths) < 16 or not lengths.isdigit():
            break
        begin = place + int(lengths[:6])
        place = begin + int(lengths[6:])
        found.append((begin, place))
    return found
