"""Several files that are one image: tiles of one pass side by side, or one file a band."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rasterio.io import DatasetReader

from tumangang_watch.errors import scene_refused
from tumangang_watch.model.scene import ScenePart
from tumangang_watch.scenes.container import whole_image
from tumangang_watch.scenes.harden import open_image
from tumangang_watch.scenes.tiff import Layout
from tumangang_watch.scenes.vendors.beside import IMAGE_ENDS, TILE, is_spare
from tumangang_watch.scenes.vendors.facts import Metadata

CHUNK = re.compile(r"(_(?:TOA|VISUAL|MS|PAN|L1|L3))_\d+$", re.IGNORECASE)
"""Satellogic's chunks of one pass: ``..._TOA_0.tif``, ``..._TOA_1.tif``."""
MAX_PARTS = 400
GRID_PX = 0.05
"""Tiles whose corners lie further off one grid of pixels were resampled apart: they are no one image."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The raster that an image's files make up."""

    parts: tuple[ScenePart, ...]
    affine: tuple[float, float, float, float, float, float]
    width: int
    height: int
    count: int
    files: tuple[Path, ...]
    never_written: int = 0
    """Blocks that no file holds."""
    blocks: int = 0


def tile_key(path: Path) -> str:
    """Return what the names of all tiles of one image share: the name without row and column."""
    return CHUNK.sub(r"\1", TILE.sub("", path.stem)).lower() + path.suffix.lower()


def tiles_of(image: Path) -> list[Path]:
    """Return the tiles beside an image that belong to it, by name; the image alone where it is no tile."""
    if tile_key(image) == image.name.lower():
        return [image]
    key = tile_key(image)
    found = [
        p
        for p in image.parent.iterdir()
        if p.suffix.lower() in IMAGE_ENDS and tile_key(p) == key and p.is_file()
    ]
    return sorted(found)[:MAX_PARTS] or [image]


def one_an_image(paths: Iterable[Path], metadata: Iterable[Metadata] = ()) -> list[Path]:
    """Return images without masks and previews, the first tile or band file of each that has several."""
    joined = [tuple(name.lower() for name in m.joined) for m in metadata if m.joined]
    found: dict[tuple[Path, str], Path] = {}
    for path in sorted(paths):
        if path.suffix.lower() not in IMAGE_ENDS or is_spare(path.name):
            continue
        name = tile_key(path)
        for names in joined:
            if any(tile_key(Path(n)) == name for n in names):
                name = tile_key(Path(names[0]))
        found.setdefault((path.parent, name), path)
    return list(found.values())


def band_files(image: Path, metadata: Metadata) -> list[Path]:
    """Return the files that hold the bands of one image, in order; the image alone where it holds all."""
    if not metadata.joined:
        return [image]
    beside = {p.name.lower(): p for p in image.parent.iterdir()}
    files = [beside[n.lower()] for n in metadata.joined if n.lower() in beside]
    return files if len(files) == len(metadata.joined) and len(files) > 1 else [image]


def image_files(image: Path, metadata: Metadata) -> list[Path]:
    """Return every file that holds pixels of an image: its band files in order, the tiles of each."""
    return [tile for first in band_files(image, metadata) for tile in tiles_of(first)]


def digest_of(digests: Iterable[str]) -> str:
    """Return the digest of an image: that of its one file, or of its files' digests."""
    each = list(digests)
    return each[0] if len(each) == 1 else hashlib.sha256("\n".join(each).encode()).hexdigest()


def frame_of(dataset: DatasetReader, image: Path, files: list[Path], max_bands: int) -> Frame:
    """Return the raster that an image's tiles and band files make up.

    Parameters
    ----------
    dataset : DatasetReader
        The image, open.
    files : list of Path
        The first tile of each band file, in order.

    Raises
    ------
    InputRefused
        A file is damaged, or does not lie on the same grid as the others.
    """
    if files == [image] and tiles_of(image) == [image]:
        return _one_file(dataset, image)
    parts: list[ScenePart] = []
    count, lost, blocks = 0, 0, 0
    for first in files:
        tiles = list(_tiles(dataset, image, tiles_of(first), count))
        bands = len(tiles[0][0].bands)
        if any(len(part.bands) != bands for part, _ in tiles):
            raise scene_refused(image.name, "its tiles do not hold the same bands", "Name the image itself")
        parts += [part for part, _ in tiles]
        count += bands
        lost += sum(layout.empty_blocks for _, layout in tiles)
        blocks += sum(layout.empty.size for _, layout in tiles)
    if count > max_bands:
        raise scene_refused(image.name, f"it claims {count} bands", "Use an image, not a stack")
    top, left = min(p.top for p in parts), min(p.left for p in parts)
    a, b, c, d, e, f = tuple(dataset.transform)[:6]
    return Frame(
        parts=tuple(replace(p, top=p.top - top, left=p.left - left) for p in parts),
        affine=(a, b, c + a * left + b * top, d, e, f + d * left + e * top),
        width=max(p.left + p.width for p in parts) - left,
        height=max(p.top + p.height for p in parts) - top,
        count=count,
        files=tuple(dict.fromkeys(p.image for p in parts)),
        never_written=lost,
        blocks=blocks,
    )


def _one_file(dataset: DatasetReader, image: Path) -> Frame:
    layout, (height, width) = whole_image(image), dataset.shape
    numbers = tuple(range(1, dataset.count + 1))
    return Frame(
        parts=(ScenePart(image=image, top=0, left=0, height=height, width=width, bands=numbers),),
        affine=tuple(dataset.transform)[:6],
        width=width,
        height=height,
        count=dataset.count,
        files=(image,),
        never_written=layout.empty_blocks,
        blocks=layout.empty.size,
    )


def _tiles(
    dataset: DatasetReader, image: Path, tiles: list[Path], before: int
) -> Iterator[tuple[ScenePart, Layout]]:
    """Yield each tile's place on the image's grid, and where its blocks lie."""
    across = ~dataset.transform
    for tile in tiles:
        layout = whole_image(tile)
        with open_image(tile) as other:
            col, row = across * (other.transform.c, other.transform.f)
            same = other.crs == dataset.crs and other.dtypes[0] == dataset.dtypes[0]
            near = max(abs(col - round(col)), abs(row - round(row))) <= GRID_PX
            scale = max(
                abs(x - y)
                for x, y in zip(tuple(other.transform)[:6], tuple(dataset.transform)[:6], strict=True)
                if x not in (other.transform.c, other.transform.f)
            )
            edge = max(abs(dataset.transform.a), abs(dataset.transform.b))
            if not (same and near and scale * max(other.width, other.height) <= GRID_PX * edge):
                why = f"{tile.name} does not lie on the same pixels as {image.name}"
                raise scene_refused(image.name, why, "Put tiles of other products into another folder")
            yield (
                ScenePart(
                    image=tile,
                    top=round(row),
                    left=round(col),
                    height=other.height,
                    width=other.width,
                    bands=tuple(range(before + 1, before + other.count + 1)),
                ),
                layout,
            )
