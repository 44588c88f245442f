"""A vendor's mask beside an image: found by name, checked, and read as the eight layers of a UDM2.

UDM2 (eight bands), UDM (one band of bits) and the polygons of a DIMAP (clouds, region of interest).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from tumangang_watch.errors import WatchError
from tumangang_watch.model.scene import Scene
from tumangang_watch.scenes.container import whole_image
from tumangang_watch.scenes.harden import open_image
from tumangang_watch.scenes.parts import Frame
from tumangang_watch.scenes.vendors.beside import is_spare
from tumangang_watch.scenes.vendors.facts import Metadata, number
from tumangang_watch.scenes.vendors.listing import KEPT, Listing, listing
from tumangang_watch.scenes.vendors.text import Node, parse_xml, read_bytes

UDM2_BANDS = 8
CLEAR, CLOUD, CONFIDENCE, UDM1 = 0, 5, 6, 7
"""Layers of a UDM2, from 0."""
UDM1_BLACKFILL, UDM1_CLOUD = 1, 2
"""Lowest bits of a UDM and of a UDM2's eighth band: not imaged, cloud (docs/sources.md, vendor formats)."""
MASK_NAME = re.compile(r"[_-]udm(2?)(?=[_.-]|$)", re.IGNORECASE)
GML_END = ".gml"
MAX_VERTICES = 500_000
MAX_POLYGON_TEXT = 2**20
MASK_ENDS = (".tif", ".tiff")


def find_masks(image: Path) -> list[Path]:
    """Return the masks beside an image that belong to it by name, whatever else was added: best first.

    A mask's name up to ``_udm2`` is the image's name, or a beginning of it: the longest is the nearest.
    """
    stem = image.stem.lower()
    found = []
    for known, second, path in _named_masks(listing(image.parent)):
        longer = stem.startswith(known) and not stem[len(known) : len(known) + 1].isalnum()
        if (longer or known.startswith(stem)) and path != image and path.is_file():
            found.append((not second, -len(known), path.name, path))
    return [path for *_, path in sorted(found)]


@lru_cache(maxsize=KEPT)
def _named_masks(listed: Listing) -> list[tuple[str, bool, Path]]:
    """Return the files of a folder that are named like masks: of which image, of the second kind or not."""
    marks = [(path, MASK_NAME.search(path.stem)) for path in listed.ending(MASK_ENDS)]
    return [(path.stem[: mark.start()].lower(), mark[1] == "2", path) for path, mark in marks if mark]


def choose_mask(
    dataset: DatasetReader, frame: Frame, metadata: Metadata, warn: Callable[[str], None]
) -> Path | None:
    """Return the mask that is used: a UDM2 or UDM on the image's pixels, else polygons of clouds.

    Of an image of several files a raster must lie on the pixels of the whole; polygons lie where they say.
    Masks that lie beside the image and are not used are named.
    """
    image = frame.files[0]
    reasons, rest = [], []
    chosen: Path | None = None
    for path in find_masks(image):
        if chosen is not None:
            rest.append(path.name)
            continue
        why = _why_not(path, dataset, frame)
        if why is None:
            chosen = path
        else:
            reasons.append(f"{path.name} is not this image's UDM2 or UDM ({why})")
    if chosen is None:
        folder = metadata.file.parent if metadata.file else image.parent
        gml = [folder / name for name in metadata.masks]
        chosen = next((p for p in gml if p.is_file() and p.name.upper().startswith("CLD")), None)
    if chosen is None:
        for reason in reasons:
            warn(f"mask unknown: {reason}")
        others = _unused_masks(listing(image.parent))
        for name in others[:3]:
            warn(f"a mask lies beside it that is not used: {name}")
    return chosen


@lru_cache(maxsize=KEPT)
def _unused_masks(listed: Listing) -> list[str]:
    """Return the names of a folder's images that speak of clouds or masks."""
    return [
        p.name
        for p in sorted(listed.ending(MASK_ENDS))
        if is_spare(p.name)
        and "mask" in f"{p.name.lower()} cloud_mask"
        and re.search("cloud|mask", p.name, re.IGNORECASE)
    ]


def _why_not(path: Path, dataset: DatasetReader, frame: Frame) -> str | None:
    """Return why a raster is not a mask on the image's pixels; None where it is."""
    try:
        whole_image(path)
        with open_image(path) as mask:
            same = (mask.width, mask.height) == (frame.width, frame.height) and mask.crs == dataset.crs
            same = same and mask.transform.almost_equals(Affine(*frame.affine), 1e-6)
            layers = UDM2_BANDS if MASK_NAME.findall(path.stem)[-1] == "2" else 1
            if same and mask.count == layers and mask.dtypes[0] == "uint8":
                return None
            return f"{mask.count} bands, {mask.width} x {mask.height} pixels"
    except WatchError as error:
        return error.why
    except Exception as error:
        return str(error)[:200]


def read_mask(scene: Scene, part: Window) -> tuple[NDArray[np.uint8] | None, NDArray[np.bool_] | None]:
    """Return the eight layers of a window and what they say is imaged; None where they say nothing."""
    if scene.mask is None:
        return None, None
    if scene.mask.suffix.lower() == GML_END:
        return _from_polygons(scene, part)
    with open_image(scene.mask) as mask:
        layers = np.asarray(mask.read(window=part), dtype=np.uint8)
    if layers.shape[0] == 1:
        bits = layers[0]
        layers = np.zeros((UDM2_BANDS, *bits.shape), np.uint8)
        layers[CLOUD] = (bits & UDM1_CLOUD) > 0
        layers[CLEAR] = layers[CLOUD] == 0
        layers[UDM1] = bits
    classed = (layers[:6] > 0).any(axis=0)
    if not classed.any():
        return None, None
    return layers, classed & ((layers[UDM1] & UDM1_BLACKFILL) == 0)


def _from_polygons(scene: Scene, part: Window) -> tuple[NDArray[np.uint8] | None, NDArray[np.bool_] | None]:
    """Return the layers that polygons of clouds make, and what lies in the region of interest beside them."""
    if scene.mask is None:
        return None, None
    cloud = _burnt(scene.mask, scene, part)
    region = scene.mask.with_name("ROI" + scene.mask.name[3:])
    imaged = _burnt(region, scene, part) if region.is_file() else None
    if cloud is None and imaged is None:
        return None, None
    layers = np.zeros((UDM2_BANDS, int(part.height), int(part.width)), np.uint8)
    layers[CLOUD] = 0 if cloud is None else cloud
    layers[CLEAR] = layers[CLOUD] == 0
    layers[CONFIDENCE] = 100
    return layers, imaged


def _burnt(path: Path, scene: Scene, part: Window) -> NDArray[np.bool_] | None:
    """Return where a file's polygons cover a window; None where none lies on the scene at all.

    Polygons are in the scene's reference system as a rule; those of another are not used, as are those of
    another place: a mask that speaks of other ground says nothing of this.
    """
    try:
        root = parse_xml(read_bytes(path), MAX_POLYGON_TEXT)
    except (OSError, ValueError):
        return None
    code = scene.crs.rpartition(":")[2]
    a, b, c, d, e, f = scene.affine
    determinant = a * e - b * d
    rings, touching = [], False
    for ring in root.all("//LinearRing"):
        points = _points(ring)
        if len(points) < 3:
            continue
        x, y = points[:, 0] - c, points[:, 1] - f
        col, row = (e * x - b * y) / determinant, (a * y - d * x) / determinant
        touching |= bool(
            col.max() > 0 and row.max() > 0 and col.min() < scene.width and row.min() < scene.height
        )
        rings.append(np.stack([col - part.col_off, row - part.row_off], axis=1))
    stated = _code(root)
    if not rings or not touching or (stated and stated != code):
        return None
    out = np.zeros((int(part.height), int(part.width)), np.uint8)
    limit = 2.0**17
    for points in rings:
        cv2.fillPoly(out, [np.clip(points * 16, -limit * 16, limit * 16).astype(np.int32)], 1, shift=4)
    return out > 0


def _code(root: Node) -> str:
    node = next((n for n in root.all("//Polygon") if "srsName" in n.attributes), None)
    node = node or root.find("//Envelope")
    return re.split(r"[:#/]", node.attributes.get("srsName", ""))[-1] if node is not None else ""


def _points(ring: Node) -> NDArray[np.float64]:
    words = (
        (ring.get("posList") or ring.get("coordinates") or "").replace(",", " ").split()[: 2 * MAX_VERTICES]
    )
    values = [number(w, -1e9, 1e9) for w in words]
    if len(values) % 2 or any(v is None for v in values):
        return np.zeros((0, 2))
    return np.array(values, dtype=float).reshape(-1, 2)
