"""STAC: an Item, an ItemCollection or a FeatureCollection of items; versions 1.0, 1.1 and Planet's old betas.

One part an image asset, known by its roles, bands and grain. Nothing is ever fetched: an ``https`` address
stands for the file of that name beside the item.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from tumangang_watch.errors import scene_refused
from tumangang_watch.scenes.vendors.facts import Metadata, Properties, known, number

RENAMED = {
    "acquired": ("datetime", "start_datetime"),
    "acquired_end": ("end_datetime",),
    "view_angle": ("view:off_nadir",),
    "satellite_azimuth": ("view:azimuth",),
    "sun_azimuth": ("view:sun_azimuth",),
    "sun_elevation": ("view:sun_elevation",),
    "provider": ("constellation", "platform"),
    "licence": ("license",),
    "item_type": ("pl:item_type",),
    "ground_control": ("pl:ground_control",),
    "ground_control_ratio": ("pl:ground_control_ratio",),
    "gsd": ("eo:gsd",),
}
SPARE_WORDS = """
    thumbnail overview preview quicklook metadata mask data-mask cloud cloud_mask cloud-shadow snow-ice
    saturation footprint water-mask
"""
SPARE_ROLES = frozenset(SPARE_WORDS.split())
SPARE_NAME = re.compile(
    r"(?:^|_|-)(udm2?|thumb|thumbnail|browse|preview|overview|data-mask)(?:_|-|\.|$)", re.I
)
IMAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*\.(?:tiff?|jp2|ntf|nitf|vrt)", re.IGNORECASE)
CE90_RADIAL_RMSES = 1.517
"""CE90 of a normal error in its radial root mean squares: the root of log 10."""
MAX_ITEMS = 200
SATELLOGIC_BGRN = 1.0
"""Product version from which Satellogic's files hold blue, green, red, nir; before it red, green, blue, nir,
whatever the item lists (docs/sources.md, vendor formats)."""


def is_item(data: Properties) -> bool:
    """Whether a JSON object is a STAC Item with assets."""
    return "stac_version" in data and isinstance(data.get("assets"), dict)


def items_of(data: Properties) -> list[Properties]:
    """Return the items that a JSON object is or holds."""
    if is_item(data):
        return [data]
    features = data.get("features")
    if not isinstance(features, list):
        return []
    return [f for f in features[:MAX_ITEMS] if isinstance(f, dict) and is_item(f)]


def read_items(path: Path, data: Properties) -> list[Metadata]:
    """Return what the items say: one part an image asset; nothing for other JSON.

    Raises
    ------
    InputRefused
        It is a radar item.
    """
    return [part for item in items_of(data) for part in _read_item(path, item)]


def _read_item(path: Path, item: Properties) -> list[Metadata]:
    stated = item.get("properties")
    properties = dict(stated) if isinstance(stated, dict) else {}
    if any(name.startswith("sar:") for name in properties):
        raise scene_refused(path.name, "it is a radar image", "Only optical images are compared")
    for ours, theirs in RENAMED.items():
        for word in theirs:
            if properties.get(word) is not None:
                properties.setdefault(ours, properties[word])
    rmse_m = number(properties.get("accuracy:geometric_rmse"), 0, 1000)
    if rmse_m is not None:
        properties.setdefault("accuracy_m", CE90_RADIAL_RMSES * rmse_m)
    percent = number(properties.get("eo:cloud_cover", properties.get("tile:clouds_percent")), 0, 100)
    if percent is not None:
        properties.setdefault("cloud_cover", percent / 100)
    stated_id = item.get("id")
    whole = Metadata(
        id=stated_id[:200] if isinstance(stated_id, str) and stated_id else None,
        properties=known(properties),
        file=path,
        source="STAC item",
    )
    assets = item["assets"] if isinstance(item["assets"], dict) else {}
    parts = []
    for key, asset in assets.items():
        name = image_name(asset) if isinstance(asset, dict) else None
        if name is None or _spare(key, asset, name):
            continue
        parts.append(
            replace(
                whole,
                properties=known(properties | _of_asset(asset)),
                bands=_band_names(asset, properties),
                source=f"STAC item, asset {key[:60]}",
                images=(name,),
                folder=_folder(str(asset.get("href"))),
            )
        )
    return _joined(parts) or [whole]


def image_name(asset: Properties) -> str | None:
    """Return the file name an asset's href ends with, where it is an image's and leads nowhere else."""
    href = asset.get("href")
    if not isinstance(href, str) or len(href) > 2000 or "\\" in href or "\0" in href:
        return None
    try:
        place = urlsplit(href)
    except ValueError:
        return None
    remote = place.scheme in ("http", "https", "s3", "gs")
    if (place.scheme and not remote) or (not remote and (".." in href or href.startswith("/"))):
        return None
    name = PurePosixPath(unquote(place.path)).name
    return name if IMAGE_NAME.fullmatch(name) else None


def _folder(href: str) -> str:
    """Return the folder below the item's own that a relative href leads to."""
    place = PurePosixPath(unquote(href))
    return "" if ":" in href or place.is_absolute() else str(place.parent).removeprefix(".")


def _spare(key: str, asset: Properties, name: str) -> bool:
    """Whether an asset is no image of the ground: told by its role, else by its file's name."""
    listed = asset.get("roles") or asset.get("role")
    roles = {str(r).lower() for r in (listed if isinstance(listed, list) else [listed]) if r}
    if roles & {"data", "reflectance", "visual"}:
        return bool(SPARE_NAME.search(name))
    if roles & SPARE_ROLES:
        return True
    return bool(SPARE_NAME.search(name) or SPARE_NAME.search(f"_{key}_"))


def _of_asset(asset: Properties) -> Properties:
    """Return what an asset says of itself: grain, scale, offset and nodata."""
    facts: Properties = {"gsd": asset.get("gsd")}
    listed = asset.get("raster:bands") or asset.get("bands")
    bands = [b for b in listed if isinstance(b, dict)] if isinstance(listed, list) else []
    common = {k: asset.get(f"raster:{k}", asset.get(k)) for k in ("scale", "offset")}
    scales = [number(b.get("raster:scale", b.get("scale", common["scale"])), 1e-9, 1) for b in bands]
    if scales and all(scales):
        offsets = [
            number(b.get("raster:offset", b.get("offset", common["offset"])), -1e3, 1e3) for b in bands
        ]
        if _is_reflectance(asset, bands):
            facts |= {"reflectance_coefficients": scales, "scale_offsets": [o or 0.0 for o in offsets]}
    nodata = [b.get("nodata", asset.get("nodata")) for b in bands] or [asset.get("nodata")]
    if nodata and all(n == nodata[0] for n in nodata):
        facts["nodata_value"] = nodata[0]
    return known(facts)


def _is_reflectance(asset: Properties, bands: list[Properties]) -> bool:
    """Whether scaled values are reflectance: by role, or by 1e-4 where no unit says otherwise."""
    roles = asset.get("roles")
    if isinstance(roles, list) and "reflectance" in roles:
        return True
    units = {str(b.get("unit", "")).lower() for b in bands}
    return units <= {"", "1", "none", "reflectance"} and all(
        number(b.get("raster:scale", b.get("scale", asset.get("raster:scale"))), 9e-6, 1.1e-4) for b in bands
    )


def _band_names(asset: Properties, properties: Properties) -> tuple[str, ...]:
    listed = asset.get("bands") or asset.get("eo:bands")
    bands = [band if isinstance(band, dict) else {} for band in listed] if isinstance(listed, list) else []
    keys = ("eo:common_name", "common_name", "name", "description")
    names = tuple(str(next((band[key] for key in keys if band.get(key)), "")) for band in bands)
    if len(names) == 1 and names[0].upper() in ("BAND_P", "P"):
        return ("pan",)
    if "satl:sat_id" in properties and len(names) == 4:
        version = re.match(r"v?(\d+(?:\.\d+)?)", str(properties.get("satl:product_version") or "0"))
        if version is None or float(version[1]) < SATELLOGIC_BGRN:
            return ("red", "green", "blue", "nir")
    return names


def _joined(parts: list[Metadata]) -> list[Metadata]:
    """Return the parts, those of one band each and one grain put together as one image."""
    singles = [
        p for p in parts if len(p.bands) == 1 and p.bands[0] in ("blue", "green", "red", "nir", "nir08")
    ]
    names = [p.bands[0] for p in singles]
    if (
        len(singles) < 3
        or len(set(names)) != len(names)
        or len({p.properties.get("gsd") for p in singles}) > 1
    ):
        return parts
    files = tuple(p.images[0] for p in singles)
    return [replace(p, joined=files) if p in singles else p for p in parts]


def read_toa_factors(path: Path, data: Properties) -> Metadata | None:
    """Return the one factor to reflectance that Satellogic's ``toa_factors`` give; None for other JSON."""
    features = data.get("features")
    first = features[0] if isinstance(features, list) and features else None
    stated = first.get("properties") if isinstance(first, dict) else None
    if not isinstance(stated, dict):
        return None
    factor = number(stated.get("toa_to_reflectance", stated.get("L1_to_reflectance")), 1e-6, 1e-2)
    if factor is None:
        return None
    return Metadata(properties={"uniform_scale": factor}, file=path, source="Satellogic TOA factors")
