"""Whether a scene's numbers are reflectance, and by which factors."""

from __future__ import annotations

import json
import re

from rasterio.io import DatasetReader

from tumangang_watch.model.scene import Radiometry
from tumangang_watch.scenes.sidecar import Properties, number

SURFACE_REFLECTANCE = re.compile(r"_sr(?:_|$)", re.IGNORECASE)
SURFACE_SCALE = 1e-4
"""Planet's ``_SR`` assets hold reflectance times 10 000 (docs/sources.md, vendor formats)."""
MAX_HEADER_JSON = 100_000


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
