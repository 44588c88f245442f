"""Facts of a scene: taken from metadata word by word, each with its source, and written out for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rasterio.io import DatasetReader

from tumangang_watch.model.scene import Scene
from tumangang_watch.scenes.parts import Frame
from tumangang_watch.scenes.vendors.beside import NAMED, match
from tumangang_watch.scenes.vendors.facts import PROJECTED, Metadata, Properties, number
from tumangang_watch.text import PAINTED, PAINTED_NOTICE, utc_text

UNKNOWN = "unknown"
GROUND_CONTROL_MIN = 0.5
"""Least share of a SkySat collect with ground control for the accuracy of its product. Assumed."""
WORDS_OF = {
    "sun_azimuth_deg": ("sun_azimuth",),
    "sun_elevation_deg": ("sun_elevation",),
    "off_nadir_deg": ("view_angle",),
    "view_azimuth_deg": ("satellite_azimuth",),
    "cloud_fraction": ("cloud_cover", "cloud_percent"),
    "provider": ("provider", "instrument", "satellite_id", "item_type"),
}
"""The metadata's words that say each fact."""


def describe(scene: Scene) -> dict[str, object]:
    """Return everything understood of a scene; what is unknown is None, never 0."""
    return {
        "id": scene.id,
        "file": scene.image.name,
        "files": [f.name for f in scene.files],
        "sha256": scene.sha256 or None,
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


def sources_of(scene: Scene, metadata: Metadata, dataset: DatasetReader) -> dict[str, str]:
    """Return what decided the facts that only one source can tell."""
    stated_gsd_m = number(metadata.properties.get("gsd"), 0.0, 100.0)
    vendor = {name: getattr(scene, name) is not None for name in sun_view_and_cloud({})}
    vendor["provider"] = scene.provider != UNKNOWN
    return {
        "gsd_m": metadata.source_of("gsd") if stated_gsd_m == scene.gsd_m else "pixel size",
        **{name: metadata.source_of(*WORDS_OF[name]) if known else UNKNOWN for name, known in vendor.items()},
        "crs": "tags",
        "nodata": UNKNOWN
        if scene.nodata is None
        else "tags"
        if dataset.nodata is not None
        else metadata.source,
        "mask": "file beside it" if scene.mask else UNKNOWN,
    }


def location_of(metadata: Metadata) -> tuple[float | None, str]:
    """Return the CE90 that a product states of itself, metres, and why it may lie farther off, in words."""
    properties = metadata.properties
    stated_m = number(properties.get("accuracy_m"), 0.0, 1000.0)
    doubts = [PROJECTED] if PROJECTED in metadata.warnings else []
    ratio = number(properties.get("ground_control_ratio"), 0.0, 1.0)
    if properties.get("ground_control") is False:
        doubts.append("its metadata say that ground control failed")
    elif ratio is not None and ratio < GROUND_CONTROL_MIN:
        doubts.append(f"only {ratio:.0%} of it have ground control")
    return stated_m or None, "; ".join(doubts)


def warn_of_odds(image: Path, metadata: Metadata, frame: Frame, warn: Callable[[str], None]) -> None:
    """Warn of metadata of another image, and of blocks that were never written."""
    alike = metadata.id and (image.stem.startswith(metadata.id) or metadata.id.startswith(image.stem))
    if metadata.id and not alike and match(metadata, image) < NAMED and metadata.source == "metadata":
        warn(f"the metadata is of {metadata.id[:60]!r}, the file is {image.stem[:60]!r}")
    if frame.never_written:
        warn(
            f"{frame.never_written} of its {frame.blocks} blocks were never written (a half-made "
            "copy, or sparse); they count as not imaged"
        )


def provider_of(properties: Properties, tags: Mapping[str, str]) -> str:
    """Return who took it, as stated; a painted file says so itself, whatever lies beside it."""
    if tags.get("NOTICE") == PAINTED_NOTICE:
        return PAINTED
    stated = [properties.get(key) for key in ("provider", "instrument", "satellite_id", "item_type")]
    return next((str(name)[:120] for name in stated if isinstance(name, str | int) and name), UNKNOWN)


def sun_view_and_cloud(properties: Properties) -> dict[str, float | None]:
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


def band_times(properties: Properties, bands: dict[str, int]) -> dict[str, float]:
    """Return when each band was taken, seconds after the first; nothing where one is not stated."""
    stated = properties.get("band_times_s")
    times = {b: number(stated.get(b), -1e6, 1e6) for b in bands} if isinstance(stated, dict) else {}
    known = {band: time for band, time in times.items() if time is not None}
    return {b: t - min(known.values()) for b, t in known.items()} if len(known) == len(bands) else {}
