"""A STAC Item on disk: which image beside it is meant, and what it says, in Planet's words.

Only an image in the item's own folder is taken; nothing is fetched (docs/sources.md, vendor formats).
"""

from __future__ import annotations

import re
from pathlib import Path

from tumangang_watch.errors import InputRefused
from tumangang_watch.scenes.sidecar import Metadata, Properties, number

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
        raise InputRefused(
            "scene refused", path.name, "it is a radar image", "Only optical images are compared"
        )
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
    found: list[tuple[str, Properties, Path]] = []
    for key, asset in assets.items():
        if not isinstance(asset, dict):
            continue
        href = asset.get("href")
        match = LOCAL_IMAGE.fullmatch(href) if isinstance(href, str) else None
        spare = any(word in f"{key} {href}".lower() for word in SPARE_ASSETS)
        if match and not spare and path.with_name(match[1]).is_file():
            found.append((str(key), asset, path.with_name(match[1])))
    if len(found) > 1:
        preferred = [entry for name in PREFERRED for entry in found if entry[0].lower() == name]
        found = preferred[:1] or found
    if len(found) != 1:
        raise InputRefused(
            "scene refused",
            path.name,
            f"{len(found)} of its {len(assets)} assets are images in its own folder",
            "Put the image beside the item, or name the image itself",
        )
    return found[0]


def _band_names(asset: Properties) -> tuple[str, ...]:
    listed = asset.get("bands") or asset.get("eo:bands")
    if not isinstance(listed, list):
        return ()
    bands = [band if isinstance(band, dict) else {} for band in listed]
    return tuple(
        str(band.get("eo:common_name") or band.get("common_name") or band.get("name") or "") for band in bands
    )
