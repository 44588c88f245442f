"""Open a scene without reading its pixels: what is it, when, where, and can it be used?"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import hypot
from pathlib import Path
from typing import Any

from tumangang_watch.errors import InputRefused, WatchError
from tumangang_watch.model.scene import Scene
from tumangang_watch.scenes.bands import Bands, decide_bands
from tumangang_watch.scenes.harden import rasterio_hardened
from tumangang_watch.scenes.sidecar import find_metadata, load_metadata, number, parse_time
from tumangang_watch.scenes.tiff import layout, sniff
from tumangang_watch.settings.read import ReadSettings

OLDEST_YEAR = 2000
FUTURE = timedelta(hours=24)
NAME_TIME = re.compile(r"(?:^|_)(\d{8})_(\d{6})")
RADAR = ("CAPELLA", "ICEYE", "UMBRA", "SICD", "_GEC", "SENTINEL1", "_GRD_", "_SLC")


@dataclass(frozen=True)
class SceneOptions:
    """What the user says of a scene."""

    acquired: str | None = None
    bands: str | None = None
    latest: datetime | None = None
    """The caller's clock: a scene acquired more than a day after it is refused."""


@dataclass
class _Draft:
    """Facts gathered so far, and what decided each."""

    sources: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def open_scene(path: Path, options: SceneOptions, settings: ReadSettings) -> Scene:
    """Understand a scene.

    Parameters
    ----------
    path : Path
        A GeoTIFF, its ``_metadata.json``, or a folder that holds exactly one image.

    Raises
    ------
    InputRefused
        The file cannot be used; the message says why and what to do.
    """
    image = _image_of(Path(path))
    size = _whole(image)
    sidecar = find_metadata(image)
    metadata = (
        load_metadata(sidecar, settings.max_metadata_bytes) if sidecar else {"id": None, "properties": {}}
    )
    rasterio = rasterio_hardened()
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with rasterio.open(str(image), driver="GTiff") as dataset:
                return _scene(dataset, image, sidecar, metadata, options, settings)
    except WatchError:
        raise
    except Exception as error:
        raise InputRefused(
            "scene refused",
            image.name,
            f"it cannot be read ({error}; {size} bytes)",
            "Copy or deliver it again",
        ) from error


def _image_of(path: Path) -> Path:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputRefused("scene not found", path, reason, "Give the path of an existing GeoTIFF") from error
    if stat.S_ISDIR(status.st_mode):
        images = [
            p for p in sorted(path.iterdir()) if p.suffix.lower() in (".tif", ".tiff") and "udm" not in p.stem
        ]
        if len(images) != 1:
            raise InputRefused(
                "scene refused", path, f"the folder holds {len(images)} images", "Name one image"
            )
        return images[0]
    if not stat.S_ISREG(status.st_mode):
        raise InputRefused("scene refused", path, "it is not a regular file", "Give a GeoTIFF")
    if path.name.endswith("_metadata.json"):
        stem = path.name.removesuffix("_metadata.json")
        images = [
            p for p in sorted(path.parent.glob("*.tif")) if p.stem.startswith(stem) and "udm" not in p.stem
        ]
        if len(images) != 1:
            raise InputRefused(
                "scene refused", path, f"{len(images)} images beside it", "Name the image itself"
            )
        return images[0]
    return path


def _whole(image: Path) -> int:
    """Return the file's size after checking that it is a TIFF and holds all its blocks."""
    size = image.stat().st_size
    with image.open("rb") as file:
        kind = sniff(file)
        if kind != "tiff":
            why = {
                "empty": "the file is empty",
                "jp2": "JPEG 2000 is not read yet",
                "nitf": "NITF is not read yet",
            }
            raise InputRefused(
                "scene refused", image.name, why.get(kind, "it is not a GeoTIFF"), "Give a GeoTIFF"
            )
        blocks = layout(file, size, image.name)
    if blocks.bytes_needed > size:
        raise InputRefused(
            "scene refused", image.name, f"the file is incomplete: {size} of {blocks.bytes_needed} bytes",
            "Copy it again",
        )  # fmt: skip
    return size


def _scene(
    dataset: Any,
    image: Path,
    sidecar: Path | None,
    metadata: dict[str, Any],
    options: SceneOptions,
    settings: ReadSettings,
) -> Scene:
    draft = _Draft()
    properties = metadata["properties"]
    _refuse_unusable(dataset, image, properties, settings)
    pixel_m = _pixel_m(dataset, image, settings)
    stated = number(properties.get("gsd"), settings.min_pixel_m, 100.0)
    draft.sources["gsd_m"] = "metadata" if stated else "pixel size"
    gsd_m = max(stated or 0.0, pixel_m)
    if gsd_m > settings.max_gsd_m:
        raise InputRefused(
            "scene refused", image.name, f"its GSD is {gsd_m:.1f} m, coarser than {settings.max_gsd_m:g} m",
            "Use imagery of 3 m or finer",
        )  # fmt: skip
    bands = decide_bands(dataset, image.stem, options.bands, str(properties.get("item_type") or ""))
    draft.sources["bands"] = bands.source
    draft.warnings += bands.warnings
    if metadata["id"] and not image.stem.startswith(str(metadata["id"])[:12]):
        draft.warnings.append(f"the metadata is of {str(metadata['id'])[:60]!r}, the file is {image.stem!r}")
    acquired = _acquired(dataset, image, properties, options, draft)
    radiometry, scale = _radiometry(dataset, image, properties, bands)
    mask = next((m for m in (image.with_name(f"{image.stem}_udm2.tif"),) if m.is_file()), None)
    return Scene(
        id=re.sub(r"[^A-Za-z0-9._-]", "_", str(metadata["id"] or image.stem)).lstrip(".")[:120] or "scene",
        image=image,
        files=tuple(f for f in (image, sidecar, mask) if f),
        sha256=_sha256(image),
        acquired=acquired,
        provider=_provider(properties),
        crs=_crs(dataset),
        affine=tuple(dataset.transform)[:6],
        width=dataset.width,
        height=dataset.height,
        dtype=dataset.dtypes[0],
        gsd_m=gsd_m,
        pixel_m=pixel_m,
        bands=bands.index,
        band_source=bands.source,
        radiometry=radiometry,
        scale=scale,
        nodata=dataset.nodata,
        mask=mask,
        licence=str(properties["licence"])[:200] if properties.get("licence") else None,
        **_geometry(properties, draft),
        sources=draft.sources,
        warnings=tuple(draft.warnings),
    )


def _refuse_unusable(dataset: Any, image: Path, properties: dict[str, Any], settings: ReadSettings) -> None:
    def refuse(why: str, todo: str) -> None:
        raise InputRefused("scene refused", image.name, why, todo)

    text = f"{image.stem} {json.dumps(dataset.tags())[:4000]} {properties.get('item_type')}".upper()
    if any(d.startswith("complex") for d in dataset.dtypes) or any(word in text for word in RADAR):
        refuse("it is a radar image", "Only optical images are compared")
    if dataset.crs is None:
        hint = (
            "it has only an RPC model: it is not orthorectified"
            if dataset.rpcs
            else "it has no reference system"
        )
        refuse(hint, "Use an orthorectified GeoTIFF with its reference system")
    names = [c.name for c in dataset.colorinterp]
    if "palette" in names or "cyan" in names:
        refuse(
            "its pixels are palette or CMYK colours, not measurements", "Use an RGB or multispectral image"
        )
    if dataset.dtypes[0] in ("bool", "int8") or (
        "NBITS" in dataset.tags(1, ns="IMAGE_STRUCTURE")
        and (dataset.tags(1, ns="IMAGE_STRUCTURE")["NBITS"] == "1")
    ):
        refuse("it is a one-bit image", "Use an RGB or multispectral image")
    rows, cols = dataset.block_shapes[0]
    bands = dataset.count if dataset.interleaving and dataset.interleaving.name == "pixel" else 1
    block = rows * cols * bands * max(1, int(re.sub(r"\D", "", dataset.dtypes[0]) or 8) // 8)
    if block > settings.max_block_bytes:
        refuse(f"one block of it needs {block // 2**20} MiB", "Rewrite it as a tiled GeoTIFF (COG)")


def _pixel_m(dataset: Any, image: Path, settings: ReadSettings) -> float:
    """Return the pixel's edge in metres (the mean of both edges), refusing what is no pixel."""
    a, b, _, d, e, _ = tuple(dataset.transform)[:6]
    x_unit = y_unit = 1.0
    if dataset.crs.is_geographic:
        from math import cos, radians

        lat = dataset.transform.f + e * dataset.height / 2
        x_unit, y_unit = 111_320.0 * cos(radians(max(-89.0, min(89.0, lat)))), 111_132.0
    else:
        x_unit = y_unit = float(dataset.crs.linear_units_factor[1])
    across, down = hypot(a * x_unit, d * y_unit), hypot(b * x_unit, e * y_unit)
    determinant = a * e - b * d
    sane = all(settings.min_pixel_m <= edge <= 1000 for edge in (across, down)) and abs(determinant) > 0
    if dataset.transform.is_identity or not sane:
        raise InputRefused(
            "scene refused", image.name, f"its georeferencing makes no sense (pixel {across:g} x {down:g} m)",
            "Use an orthorectified GeoTIFF",
        )  # fmt: skip
    return (across + down) / 2


def _acquired(
    dataset: Any, image: Path, properties: dict[str, Any], options: SceneOptions, draft: _Draft
) -> datetime:
    tags = dataset.tags()
    stamp = NAME_TIME.search(image.stem)
    candidates = [
        (options.acquired, "user"),
        (properties.get("acquired") or properties.get("datetime"), "metadata"),
        (tags.get("ACQUISITIONDATETIME") or _tiff_time(tags.get("TIFFTAG_DATETIME")), "tags"),
        (f"{stamp[1]}T{stamp[2]}" if stamp else None, "file name"),
    ]
    if options.acquired and parse_time(options.acquired) is None:
        raise InputRefused(
            "date not understood", image.name, repr(options.acquired), "Write it as 2022-11-30T02:10:00Z"
        )
    known = [(parsed, source) for text, source in candidates if (parsed := parse_time(text))]
    if not known:
        raise InputRefused(
            "no acquisition date", image.name, "neither metadata nor tags nor its name tell",
            "Give it with --acquired 2022-11-30T02:10:00Z",
        )  # fmt: skip
    (moment, zoned), source = known[0]
    draft.sources["acquired"] = source
    if not zoned and source != "file name":
        draft.warnings.append("the acquisition time has no zone; it was read as UTC")
    for (other, _), name in known[1:2]:
        if abs(other - moment) > timedelta(minutes=1):
            draft.warnings.append(f"the {name} says {other:%Y-%m-%dT%H:%M:%SZ}; the {source}'s date was used")
    if moment.year < OLDEST_YEAR or (options.latest and moment > options.latest + FUTURE):
        raise InputRefused(
            "date refused", image.name, f"acquired {moment:%Y-%m-%dT%H:%M:%SZ}", "Correct it with --acquired"
        )
    return moment


def _tiff_time(text: str | None) -> str | None:
    """TIFF writes 2022:11:30 02:10:00."""
    return text.replace(":", "-", 2) if text else None


def _geometry(properties: dict[str, Any], draft: _Draft) -> dict[str, float | None]:
    view = number(properties.get("view_angle"), -90, 90)
    cloud = number(properties.get("cloud_cover"), 0, 1)
    values = {
        "sun_azimuth_deg": number(properties.get("sun_azimuth"), -360, 360),
        "sun_elevation_deg": number(properties.get("sun_elevation"), -90, 90),
        "off_nadir_deg": None if view is None else abs(view),
        "view_azimuth_deg": number(properties.get("satellite_azimuth"), -360, 360),
        "cloud_fraction": cloud,
    }
    draft.sources.update({key: "metadata" for key, value in values.items() if value is not None})
    return values


def _radiometry(
    dataset: Any, image: Path, properties: dict[str, Any], bands: Bands
) -> tuple[Any, dict[str, float]]:
    """Return the radiometric class and the factor from DN to reflectance where it is known."""
    if "_sr" in image.stem.lower() and dataset.dtypes[0] in ("uint16", "int16"):
        return "reflectance", dict.fromkeys(bands.index, 0.0001)
    coefficients = properties.get("reflectance_coefficients") or _header_coefficients(dataset)
    if isinstance(coefficients, list) and len(coefficients) >= max(bands.index.values()):
        scale = {role: number(coefficients[band - 1], 1e-9, 1.0) for role, band in bands.index.items()}
        if all(scale.values()):
            return "reflectance", {role: float(value or 0) for role, value in scale.items()}
    if dataset.dtypes[0] == "uint8":
        return "visual", {}
    return ("dn", {}) if dataset.dtypes[0].startswith(("uint", "int")) else ("unknown", {})


def _header_coefficients(dataset: Any) -> Any:
    text = dataset.tags().get("TIFFTAG_IMAGEDESCRIPTION", "")
    if not text.lstrip().startswith("{") or len(text) > 100_000:
        return None
    try:
        inner = json.loads(text).get("properties")
    except (ValueError, RecursionError, AttributeError):
        return None
    return inner.get("reflectance_coefficients") if isinstance(inner, dict) else None


def _provider(properties: dict[str, Any]) -> str:
    for key in ("provider", "instrument", "satellite_id", "item_type"):
        if properties.get(key):
            return str(properties[key])[:120]
    return "unknown"


def _crs(dataset: Any) -> str:
    authority = dataset.crs.to_authority()
    return ":".join(authority) if authority else dataset.crs.to_wkt()


def _sha256(image: Path) -> str:
    digest = hashlib.sha256()
    with image.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
