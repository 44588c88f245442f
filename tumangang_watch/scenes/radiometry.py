"""What a scene's numbers mean: reflectance or counts, nodata, saturation; and their values in float32."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from tumangang_watch.model.scene import Radiometry, Scene
from tumangang_watch.scenes.sidecar import Properties, number
from tumangang_watch.settings.scenes import ReadSettings

SURFACE_REFLECTANCE = re.compile(r"_sr(?:_|$)", re.IGNORECASE)
SURFACE_SCALE = 1e-4
"""Planet's ``_SR`` assets hold reflectance times 10 000 (docs/sources.md, vendor formats)."""
MAX_HEADER_JSON = 100_000
Raw = NDArray[np.integer] | NDArray[np.floating]
"""Pixels as delivered."""
FILL = -9999.0
"""The usual fill of signed and float rasters, taken as nodata even where it is not declared."""
ABSURD = 1e30
"""No reflectance or DN is as large; fills such as 3.4e38 are."""


def decide_radiometry(
    dataset: DatasetReader, name: str, properties: Properties, bands: dict[str, int]
) -> tuple[Radiometry, dict[str, float], str]:
    """Return the radiometric class, the factor from DN to reflectance by role, and what decided it."""
    dtype = dataset.dtypes[0]
    if SURFACE_REFLECTANCE.search(name) and dtype in ("uint16", "int16"):
        return "reflectance", dict.fromkeys(bands, SURFACE_SCALE), "product name"
    for coefficients, source in (
        (properties.get("reflectance_coefficients"), "metadata"),
        (_header_coefficients(dataset), "tags"),
    ):
        scale = _by_role(coefficients, bands)
        if scale:
            return "reflectance", scale, source
    if dtype == "uint8":
        return "visual", {}, "pixel type"
    return ("unknown" if dtype.startswith("float") else "dn"), {}, "pixel type"


def _by_role(coefficients: object, bands: dict[str, int]) -> dict[str, float]:
    if not isinstance(coefficients, list) or len(coefficients) < max(bands.values()):
        return {}
    scale = {role: number(coefficients[band - 1], 1e-9, 1.0) for role, band in bands.items()}
    known = {role: factor for role, factor in scale.items() if factor}
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


def valid_pixels(raw: Raw, nodata: float | None) -> NDArray[np.bool_]:
    """Return (rows, cols) True where a pixel is no nodata.

    Declared nodata (in every band for 0 and above, in any band below), NaN, infinities, the fill
    -9999, and pixels that are zero in every band and joined to the window's border are not valid.
    Zeros inside stay valid: water and shadow may be as dark.
    """
    valid = np.ones(raw.shape[1:], dtype=bool)
    if np.issubdtype(raw.dtype, np.floating):
        with np.errstate(invalid="ignore"):
            valid &= (np.abs(raw) < ABSURD).all(axis=0)
    if np.issubdtype(raw.dtype, np.signedinteger) or np.issubdtype(raw.dtype, np.floating):
        valid &= (raw > FILL).all(axis=0)
    if nodata is not None:
        hit = raw == nodata
        valid &= ~(hit.any(axis=0) if nodata < 0 else hit.all(axis=0))
    black = (raw == 0).all(axis=0)
    if black.any():
        _, labels = cv2.connectedComponents(black.astype(np.uint8), connectivity=4)
        edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
        valid &= ~(np.isin(labels, edge[edge > 0]))
    return valid


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


def scaled(
    raw: Raw, valid: NDArray[np.bool_], scene: Scene, roles: tuple[str, ...], settings: ReadSettings
) -> NDArray[np.float32]:
    """Return float32 values: reflectance where the scale is known, else DN over one number."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = raw.astype(np.float32)
    values[:, ~valid] = 0.0
    if scene.scale:
        values *= np.array([scene.scale[r] for r in roles], dtype=np.float32)[:, None, None]
    elif raw.dtype == np.uint8:
        values /= np.float32(255.0)
    else:
        # A quarter of a million pixels give the percentile to a fraction of a percent.
        step = max(1, int((valid.size / 250_000) ** 0.5))
        sample = values[:, ::step, ::step][:, valid[::step, ::step]]
        white = float(np.percentile(sample, settings.white_percentile)) if sample.size else 0.0
        values *= np.float32(settings.white_reflectance / white if white > 0 else 1.0)
    return values
