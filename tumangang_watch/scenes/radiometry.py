"""What a scene's numbers mean: reflectance or counts, nodata, saturation; and their values in float32."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from tumangang_watch.model.scene import Radiometry, Scene
from tumangang_watch.scenes.vendors.facts import Metadata, number
from tumangang_watch.settings.scenes import ReadSettings

SURFACE_REFLECTANCE = re.compile(r"_analytic(?:ms)?_sr(?:_|$)", re.IGNORECASE)
"""Planet's names only: ``_SR_`` is super-resolved in Satellogic's."""
SURFACE_SCALE = 1e-4
"""Planet's ``_SR`` assets hold reflectance times 10 000 (docs/sources.md, vendor formats)."""
REFLECTANCE_SCALE = 9e-6, 1.1e-3
"""Scale tags within this are of reflectance in whole numbers (1e-4 as a rule); 0.01 is of radiance."""
MAX_HEADER_JSON = 100_000
Raw = NDArray[np.integer] | NDArray[np.floating]
"""Pixels as delivered."""


@dataclass(frozen=True)
class Units:
    """What pixels are, and the way from them to reflectance."""

    kind: Radiometry
    scale: dict[str, float]
    """Factor to reflectance by role; empty where it is not known."""
    source: str
    offset: dict[str, float] = field(default_factory=dict)


def decide_radiometry(dataset: DatasetReader, name: str, metadata: Metadata, bands: dict[str, int]) -> Units:
    """Return what the numbers of an image are, and what decided it."""
    dtype, properties = dataset.dtypes[0], metadata.properties
    if SURFACE_REFLECTANCE.search(name) and dtype in ("uint16", "int16"):
        return Units("reflectance", dict.fromkeys(bands, SURFACE_SCALE), "product name")
    if properties.get("radiometry") == "dn":
        return Units("visual" if dtype == "uint8" else "dn", {}, metadata.source_of("radiometry"))
    uniform = number(properties.get("uniform_scale"), 1e-9, 1.0)
    for coefficients, offsets, source in (
        (
            properties.get("reflectance_coefficients"),
            properties.get("scale_offsets"),
            metadata.source_of("reflectance_coefficients"),
        ),
        (_header_coefficients(dataset), None, "tags"),
        (_scale_tags(dataset), list(dataset.offsets), "scale tags"),
        ([uniform] * max(bands.values()) if uniform else None, None, metadata.source_of("uniform_scale")),
    ):
        scale = _by_role(coefficients, bands, 1e-9, 1.0) if dtype != "uint8" or source == "tags" else {}
        if scale:
            offset = _by_role(offsets, bands, -10.0, 10.0)
            return Units("reflectance", scale, source, {r: v for r, v in offset.items() if v})
    if dtype == "uint8":
        return Units("visual", {}, "pixel type")
    return Units("unknown" if dtype.startswith("float") else "dn", {}, "pixel type")


def _scale_tags(dataset: DatasetReader) -> list[float] | None:
    """Return the file's own scale of each band where it is that of reflectance in whole numbers."""
    scales = list(dataset.scales)
    return scales if all(REFLECTANCE_SCALE[0] <= s <= REFLECTANCE_SCALE[1] for s in scales) else None


def _by_role(coefficients: object, bands: dict[str, int], low: float, high: float) -> dict[str, float]:
    if not isinstance(coefficients, list) or len(coefficients) < max(bands.values()):
        return {}
    scale = {role: number(coefficients[band - 1], low, high) for role, band in bands.items()}
    known = {role: factor for role, factor in scale.items() if factor is not None}
    return known if len(known) == len(bands) else {}


def _header_coefficients(dataset: DatasetReader) -> object:
    text = dataset.tags().get("TIFFTAG_IMAGEDESCRIPTION", "")
    if not text.lstrip().startswith("{") or len(text) > MAX_HEADER_JSON:
        return None
    try:
        inner = json.loads(text).get("properties")
    except (ValueError, RecursionError, AttributeError):
        return None
    return inner.get("reflectance_coefficients") if isinstance(inner, dict) else None


def saturated_pixels(raw: Raw, valid: NDArray[np.bool_], settings: ReadSettings) -> NDArray[np.bool_]:
    """Return where a band sits at its ceiling: the type's, or a value many pixels share at the top.

    The second is for 11- and 12-bit data in wider types; eight bits are always used in full.
    """
    out = np.zeros(valid.shape, dtype=bool)
    for band in raw:
        top = band[valid].max()
        typed = np.issubdtype(band.dtype, np.integer) and top == np.iinfo(band.dtype).max
        if typed or (band.dtype.itemsize > 1 and _piled_up(band[valid], settings)):
            out |= (band == top) & valid
    return out


def _piled_up(seen: Raw, settings: ReadSettings) -> bool:
    """Whether many pixels share the highest value, and many more than share each value just below."""
    top = seen.max()
    held = int((seen == top).sum())
    if held <= max(settings.saturated_share * seen.size, settings.saturated_pixels):
        return False
    middle = float(np.median(seen))
    near = seen[(seen < top) & (seen > top - settings.saturated_reach * (float(top) - middle))]
    levels = np.unique(near).size
    return levels == 0 or held > settings.saturated_pile * near.size / levels


def gain_of(raw: Raw, valid: NDArray[np.bool_], scene: Scene, settings: ReadSettings) -> float:
    """Return what DN are multiplied by where their scale is not known, by the brightest seen; else 1."""
    if scene.scale or raw.dtype == np.uint8:
        return 1.0
    # A quarter of a million pixels give the percentile to a fraction of a percent.
    step = max(1, int((valid.size / 250_000) ** 0.5))
    with np.errstate(over="ignore", invalid="ignore"):
        sample = raw[:, ::step, ::step][:, valid[::step, ::step]].astype(np.float32)
    white = float(np.percentile(sample, settings.white_percentile)) if sample.size else 0.0
    return settings.white_reflectance / white if white > 0 else 1.0


def scaled(
    raw: Raw, valid: NDArray[np.bool_], scene: Scene, roles: tuple[str, ...], gain: float
) -> NDArray[np.float32]:
    """Return float32 values: reflectance where the scale is known, else DN times `gain_of`."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = raw.astype(np.float32)
    values[:, ~valid] = 0.0
    if scene.scale:
        values *= np.array([scene.scale[r] for r in roles], dtype=np.float32)[:, None, None]
        values += np.array([scene.offset.get(r, 0.0) for r in roles], dtype=np.float32)[:, None, None]
    elif raw.dtype == np.uint8:
        values /= np.float32(255.0)
    else:
        values *= np.float32(gain)
    return values
