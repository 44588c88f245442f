"""Open a scene without reading its pixels: what is it, when, where, and can it be used?"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan
from pathlib import Path

from rasterio.io import DatasetReader

from tumangang_watch.errors import Busy, InputRefused, WatchError, scene_refused
from tumangang_watch.files import sha256_of
from tumangang_watch.model.scene import Scene
from tumangang_watch.scenes.acquired import StatedTime, decide_time
from tumangang_watch.scenes.bands import decide_bands
from tumangang_watch.scenes.checks import pixel_edge_m, refuse_coarse, refuse_unusable
from tumangang_watch.scenes.harden import open_tiff
from tumangang_watch.scenes.radiometry import decide_radiometry
from tumangang_watch.scenes.sidecar import (
    METADATA_END,
    Metadata,
    Properties,
    find_mask,
    find_metadata,
    is_item,
    load_json,
    load_metadata,
    number,
    read_item,
)
from tumangang_watch.scenes.tiff import Layout, whole_tiff
from tumangang_watch.settings.scenes import ReadSettings
from tumangang_watch.text import utc_text

IMAGE_ENDS = (".tif", ".tiff")
UDM2_BANDS = 8
UNKNOWN = "unknown"


@dataclass(frozen=True)
class SceneOptions:
    """What the user says of a scene."""

    acquired: str | None = None
    """Acquisition time; wins over every other source."""
    bands: str | None = None
    """Roles in band order, ``-`` or ``x`` for a band to leave out; wins over every other source."""
    latest: datetime | None = None
    """The caller's clock: a scene acquired more than a day after it is refused."""
    digest: bool = True
    """Read the whole file for its digest; without, ``sha256`` is empty until `with_digest`."""


def open_scene(path: Path, options: SceneOptions, settings: ReadSettings) -> Scene:
    """Understand a scene.

    Parameters
    ----------
    path : Path
        A GeoTIFF, its ``_metadata.json``, a STAC Item, or a folder that holds exactly one image.

    Raises
    ------
    InputRefused
        The file cannot be used; the message says why and what to do.
    Busy
        The file changed while it was read.
    """
    try:
        image, metadata = _image_of(Path(path), settings)
        before = _stamp(image)
        layout = whole_tiff(image)
        if layout.bands > settings.max_bands:
            why = f"it claims {layout.bands} bands"
            raise scene_refused(image.name, why, "Use an image, not a stack")
        with open_tiff(image) as dataset:
            scene = _scene(dataset, image, metadata, layout, options, settings)
    except WatchError:
        raise
    except Exception as error:
        why = f"it cannot be read ({_reason(error)})"
        raise scene_refused(Path(path).name, why, "Copy or deliver it again") from error
    if _stamp(image) != before:
        raise Busy("scene is still growing", image.name, "it changed while it was read", "Try again later")
    return scene


def with_digest(scene: Scene) -> Scene:
    """Return a scene with the digest of its image.

    Raises
    ------
    InputRefused
        The file cannot be read any more.
    """
    try:
        return replace(scene, sha256=sha256_of(scene.image))
    except OSError as error:
        why = f"it cannot be read ({_reason(error)})"
        raise scene_refused(scene.image.name, why, "Copy or deliver it again") from error


def describe(scene: Scene) -> dict[str, object]:
    """Return everything understood of a scene; what is unknown is None, never 0."""
    return {
        "id": scene.id,
        "file": scene.image.name,
        "files": [f.name for f in scene.files],
        "sha256": scene.sha256,
        "acquired": utc_text(scene.acquired, fractions=False),
        "provider": scene.provider,
        "crs": scene.crs,
        "width_px": scene.width,
        "height_px": scene.height,
        "dtype": scene.dtype,
        "gsd_m": round(scene.gsd_m, 4),
        "pixel_m": round(scene.pixel_m, 4),
        "bands": scene.bands,
        "radiometry": scene.radiometry,
        "band_times_s": scene.band_times_s or None,
        "nodata": scene.nodata,
        "sun_azimuth_deg": scene.sun_azimuth_deg,
        "sun_elevation_deg": scene.sun_elevation_deg,
        "off_nadir_deg": scene.off_nadir_deg,
        "view_azimuth_deg": scene.view_azimuth_deg,
        "cloud_fraction": scene.cloud_fraction,
        "mask": scene.mask.name if scene.mask else None,
        "licence": scene.licence,
        "sources": {**scene.sources, "bands": scene.band_source},
        "warnings": list(scene.warnings),
    }


def _reason(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return reason[:200] or type(error).__name__


def _stamp(image: Path) -> tuple[int, int]:
    status = image.stat()
    return status.st_size, status.st_mtime_ns


def _image_of(path: Path, settings: ReadSettings) -> tuple[Path, Metadata]:
    """Return the image that is meant and its metadata (empty where there is none)."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        todo = "Give the path of an existing GeoTIFF"
        raise InputRefused("scene not found", path, _reason(error), todo) from error
    if stat.S_ISDIR(status.st_mode):
        image = _only(path, sorted(path.iterdir()), "it holds")
    elif not stat.S_ISREG(status.st_mode):
        raise scene_refused(path, "it is not a regular file", "Give a GeoTIFF")
    elif path.name.endswith(METADATA_END):
        stem = path.name.removesuffix(METADATA_END)
        files = [p for p in sorted(path.parent.iterdir()) if p.stem == stem or p.stem.startswith(f"{stem}_")]
        image = _only(path, files, "beside it lie")
    elif path.suffix.lower() in (".json", ".geojson"):
        data = load_json(path, settings.max_metadata_bytes, settings.max_json_depth)
        if not is_item(data):
            raise scene_refused(path.name, "it is not a STAC Item", "Give a GeoTIFF")
        return read_item(path, data)
    else:
        image = path
    sidecar = find_metadata(image)
    if sidecar is None:
        return image, Metadata()
    return image, load_metadata(sidecar, settings.max_metadata_bytes, settings.max_json_depth)


def _only(path: Path, files: list[Path], where: str) -> Path:
    images = [
        p for p in files if p.suffix.lower() in IMAGE_ENDS and "udm" not in p.stem.lower() and p.is_file()
    ]
    if len(images) != 1:
        raise scene_refused(path, f"{where} {len(images)} images", "Name the image itself")
    return images[0]


def _scene(
    dataset: DatasetReader,
    image: Path,
    metadata: Metadata,
    layout: Layout,
    options: SceneOptions,
    settings: ReadSettings,
) -> Scene:
    properties = metadata.properties
    warnings: list[str] = []
    refuse_unusable(dataset, layout, image.name, properties, settings)
    pixel_m = pixel_edge_m(dataset, image.name, settings, warnings.append)
    # Never finer than a pixel, whatever is stated.
    gsd_m = max(number(properties.get("gsd"), settings.min_pixel_m, 100.0) or 0.0, pixel_m)
    if gsd_m > settings.max_gsd_m:
        refuse_coarse(image.name, gsd_m, settings)
    bands = decide_bands(dataset, image.stem, options.bands, metadata)
    warnings += bands.warnings
    stated = StatedTime(properties.get("acquired") or properties.get("datetime"), metadata.source)
    acquired, date_source = decide_time(
        options.acquired, stated, dataset.tags(), image.stem, options.latest, warnings.append
    )
    radiometry, scale, radiometry_source = decide_radiometry(dataset, image.stem, properties, bands.index)
    _warn_of_odds(image, metadata, layout, warnings.append)
    mask = _mask(image, dataset, warnings.append)
    nodata = None if dataset.nodata is None or isnan(dataset.nodata) else float(dataset.nodata)
    licence = properties.get("licence")
    scene = Scene(
        id=re.sub(r"[^A-Za-z0-9._-]", "_", metadata.id or image.stem).lstrip(".")[:120] or "scene",
        image=image,
        files=tuple(f for f in (image, metadata.file, mask) if f),
        sha256=sha256_of(image) if options.digest else "",
        acquired=acquired,
        provider=_provider(properties),
        crs=":".join(dataset.crs.to_authority() or ()) or dataset.crs.to_wkt(),
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
        band_times_s=_band_times(properties, bands.index),
        nodata=nodata,
        mask=mask,
        licence=str(licence)[:200] if licence else None,
        **_geometry(properties),
        sources={"acquired": date_source, "bands": bands.source, "radiometry": radiometry_source},
        warnings=tuple(warnings),
    )
    return replace(scene, sources=scene.sources | _sources(scene, metadata))


def _sources(scene: Scene, metadata: Metadata) -> dict[str, str]:
    """Return what decided the facts that only one source can tell."""
    stated_gsd_m = number(metadata.properties.get("gsd"), 0.0, 100.0)
    vendor = {name: getattr(scene, name) is not None for name in _geometry({})}
    vendor["provider"] = scene.provider != UNKNOWN
    return {
        "gsd_m": metadata.source if stated_gsd_m == scene.gsd_m else "pixel size",
        **{name: metadata.source if known else UNKNOWN for name, known in vendor.items()},
        "crs": "tags",
        "nodata": UNKNOWN if scene.nodata is None else "tags",
        "mask": "file beside it" if scene.mask else UNKNOWN,
    }


def _warn_of_odds(image: Path, metadata: Metadata, layout: Layout, warn: Callable[[str], None]) -> None:
    """Warn of metadata of another image, and of blocks that were never written."""
    if metadata.id and not (image.stem.startswith(metadata.id) or metadata.id.startswith(image.stem)):
        warn(f"the metadata is of {metadata.id[:60]!r}, the file is {image.stem[:60]!r}")
    if layout.empty_blocks:
        warn(
            f"{layout.empty_blocks} of its {layout.empty.size} blocks were never written (a half-made "
            "copy, or sparse); they count as not imaged"
        )


def _provider(properties: Properties) -> str:
    stated = [properties.get(key) for key in ("provider", "instrument", "satellite_id", "item_type")]
    return next((str(name)[:120] for name in stated if isinstance(name, str | int) and name), UNKNOWN)


def _geometry(properties: Properties) -> dict[str, float | None]:
    """Return sun, view and cloud; None where not stated, or stated outside what can be."""
    view = number(properties.get("view_angle"), -90, 90)
    cloud = number(properties.get("cloud_cover"), 0, 1)
    if cloud is None:
        percent = number(properties.get("cloud_percent"), 0, 100)
        cloud = None if percent is None else percent / 100
    sun_azimuth = number(properties.get("sun_azimuth"), -360, 360)
    view_azimuth = number(properties.get("satellite_azimuth"), -360, 360)
    return {
        "sun_azimuth_deg": None if sun_azimuth is None else sun_azimuth % 360,
        "sun_elevation_deg": number(properties.get("sun_elevation"), -90, 90),
        "off_nadir_deg": None if view is None else abs(view),
        "view_azimuth_deg": None if view_azimuth is None else view_azimuth % 360,
        "cloud_fraction": cloud,
    }


def _band_times(properties: Properties, bands: dict[str, int]) -> dict[str, float]:
    """Return when each band was taken, seconds after the first; nothing where one is not stated."""
    stated = properties.get("band_times_s")
    times = {b: number(stated.get(b), -1e6, 1e6) for b in bands} if isinstance(stated, dict) else {}
    known = {band: time for band, time in times.items() if time is not None}
    return {b: t - min(known.values()) for b, t in known.items()} if len(known) == len(bands) else {}


def _mask(image: Path, dataset: DatasetReader, warn: Callable[[str], None]) -> Path | None:
    """Return the UDM2 beside the image if it is whole and on the same pixels, else None with a warning."""
    path = find_mask(image)
    if path is None:
        return None
    try:
        whole_tiff(path)
        with open_tiff(path) as mask:
            same = (mask.width, mask.height) == (dataset.width, dataset.height) and mask.crs == dataset.crs
            same = same and mask.transform.almost_equals(dataset.transform, 1e-6)
            if same and mask.count == UDM2_BANDS and mask.dtypes[0] == "uint8":
                return path
            why = f"{mask.count} bands, {mask.width} x {mask.height} pixels"
    except Exception as error:
        why = _reason(error) if not isinstance(error, WatchError) else error.why
    warn(f"mask unknown: {path.name} is not this image's eight-band UDM2 ({why})")
    return None
