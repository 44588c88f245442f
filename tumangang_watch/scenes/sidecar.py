"""What a vendor says of an image, in Planet's words: ``NAME_metadata.json`` beside it, or a STAC Item.

Nothing in it is trusted. Of an item only an image in its own folder is taken; nothing is fetched
(docs/sources.md, vendor formats).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from tumangang_watch.errors import InputRefused, scene_refused

METADATA_END = "_metadata.json"
MASK_ENDS = ("_udm2.tif", "_udm2_clip.tif")
LOCAL_IMAGE = re.compile(r"(?:\./)?([A-Za-z0-9][A-Za-z0-9._-]*\.tiff?)", re.IGNORECASE)
SPARE_ASSETS = ("udm", "mask", "thumbnail", "overview", "preview")
PREFERRED = ("ortho_analytic_sr", "ortho_analytic", "ms_analytic", "analytic", "data", "image", "visual")
RENAMED = {
    "acquired": ("datetime", "start_datetime"),
    "view_angle": ("view:off_nadir",),
    "satellite_azimuth": ("view:azimuth",),
    "sun_azimuth": ("view:sun_azimuth",),
    "sun_elevation": ("view:sun_elevation",),
    "provider": ("constellation", "platform"),
    "licence": ("license",),
}
Properties = dict[str, object]
"""What a JSON object of a vendor holds: nothing is known of the values."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a vendor says of a scene, in Planet's words."""

    id: str | None = None
    properties: Properties = field(default_factory=dict)
    bands: tuple[str, ...] = ()
    """Names of the image's bands in file order, where the metadata lists them."""
    file: Path | None = None
    source: str = "metadata"


def find_metadata(image: Path) -> Path | None:
    """Return the metadata file of an image: ``NAME_metadata.json``, or of the longest id it begins with."""
    return next((p for p in _beside(image, (METADATA_END,))), None)


def find_mask(image: Path) -> Path | None:
    """Return the UDM2 file of an image: ``NAME_udm2.tif``, or of the longest id it begins with."""
    return next((p for p in _beside(image, MASK_ENDS) if p != image), None)


def _beside(image: Path, ends: tuple[str, ...]) -> Iterator[Path]:
    """Yield files beside an image whose name is a shorter and shorter part of the image's, and an end."""
    parts = image.stem.split("_")
    for count in range(len(parts), 0, -1):
        for end in ends:
            candidate = image.with_name("_".join(parts[:count]) + end)
            if candidate.is_file():
                yield candidate


def load_metadata(path: Path, max_bytes: int, max_depth: int) -> Metadata:
    """Return the parsed metadata.

    Raises
    ------
    InputRefused
        The file is too large, not JSON, or nested too deeply.
    """
    data = load_json(path, max_bytes, max_depth)
    properties = data.get("properties")
    stated = data.get("id")
    return Metadata(
        id=str(stated)[:200] if isinstance(stated, str | int) and str(stated) else None,
        properties=properties if isinstance(properties, dict) else {},
        file=path,
    )


def load_json(path: Path, max_bytes: int, max_depth: int) -> Properties:
    """Return a JSON object from a file of limited size and depth."""
    try:
        if path.stat().st_size > max_bytes:
            raise ValueError(f"it has more than {max_bytes} bytes")
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
        if not isinstance(data, dict):
            raise ValueError("it is not a JSON object")
        _check_depth(data, max_depth)
    except (OSError, ValueError, RecursionError) as error:
        todo = "Deliver it again, or remove it and give --acquired"
        raise InputRefused("metadata refused", path.name, f"{error}"[:200], todo) from error
    return data


def _check_depth(data: Properties, max_depth: int) -> None:
    level: list[Properties | list[object]] = [data]
    for _ in range(max_depth):
        inside = [item.values() if isinstance(item, dict) else item for item in level]
        level = [child for items in inside for child in items if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError(f"it is nested more than {max_depth} deep")


def number(value: object, low: float, high: float) -> float | None:
    """Return a finite number within bounds, else None: unknown is never 0. Text is tolerated."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if isfinite(result) and low <= result <= high else None


def is_item(data: Properties) -> bool:
    """Whether a JSON object is a STAC Item with assets."""
    return "stac_version" in data and isinstance(data.get("assets"), dict)


def read_item(path: Path, data: Properties) -> tuple[Path, Metadata]:
    """Return the item's image beside it, and its metadata.

    Raises
    ------
    InputRefused
        No image, or more than one, is told apart in the item's folder.
    """
    assets = data["assets"]
    key, asset, image = _image_asset(path, assets if isinstance(assets, dict) else {})
    stated = data.get("properties")
    properties = dict(stated) if isinstance(stated, dict) else {}
    if any(name.startswith("sar:") for name in properties):
        raise scene_refused(path.name, "it is a radar image", "Only optical images are compared")
    for ours, theirs in RENAMED.items():
        for name in theirs:
            if properties.get(name) is not None:
                properties.setdefault(ours, properties[name])
    percent = number(properties.get("eo:cloud_cover", properties.get("tile:clouds_percent")), 0, 100)
    if percent is not None:
        properties.setdefault("cloud_cover", percent / 100)
    if asset.get("gsd") is not None:
        properties["gsd"] = asset["gsd"]
    stated_id = data.get("id")
    return image, Metadata(
        id=str(stated_id)[:200] if isinstance(stated_id, str) and stated_id else None,
        properties=properties,
        bands=_band_names(asset),
        file=path,
        source=f"STAC item, asset {key[:60]}",
    )


def _image_asset(path: Path, assets: Properties) -> tuple[str, Properties, Path]:
    found: dict[str, tuple[str, Properties, Path]] = {}
    for key, asset in assets.items():
        href = asset.get("href") if isinstance(asset, dict) else None
        match = LOCAL_IMAGE.fullmatch(href) if isinstance(href, str) else None
        spare = any(word in f"{key} {href}".lower() for word in SPARE_ASSETS)
        if isinstance(asset, dict) and match and not spare and path.with_name(match[1]).is_file():
            found[key] = key, asset, path.with_name(match[1])
    preferred = [found[key] for name in PREFERRED for key in found if key.lower() == name]
    if (len(found) > 1 and not preferred) or not found:
        why = f"{len(found)} of its {len(assets)} assets are images in its own folder"
        raise scene_refused(path.name, why, "Put the image beside the item, or name the image itself")
    return (preferred or list(found.values()))[0]


def _band_names(asset: Properties) -> tuple[str, ...]:
    listed = asset.get("bands") or asset.get("eo:bands")
    bands = [band if isinstance(band, dict) else {} for band in listed] if isinstance(listed, list) else []
    keys = ("eo:common_name", "common_name", "name")
    return tuple(str(next((band[key] for key in keys if band.get(key)), "")) for band in bands)
