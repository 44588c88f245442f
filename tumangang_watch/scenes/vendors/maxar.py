"""Maxar and Vantor: ``.IMD`` (PVL), the product's ``.XML`` (``isd``) and ``.TIL``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from tumangang_watch.scenes.vendors.facts import PROJECTED, Metadata, Properties, known, number, toa_factor
from tumangang_watch.scenes.vendors.text import Node

BAND_WORDS = {
    "BAND_C": "coastal", "BAND_B": "blue", "BAND_G": "green", "BAND_Y": "yellow", "BAND_R": "red",
    "BAND_RE": "rededge", "BAND_RE1": "rededge", "BAND_RE2": "rededge2", "BAND_N": "nir", "BAND_N1": "nir",
    "BAND_NIR1": "nir", "BAND_N2": "nir2", "BAND_NIR2": "nir2", "BAND_P": "pan",
}  # fmt: skip
BAND_ID_ORDER = {
    "bgrn": "blue green red nir",
    "rgb": "red green blue",
    "nrg": "nir red green",
    "p": "pan",
    "pan": "pan",
}
"""Order of the bands by ``bandId`` where the groups ``BAND_x`` do not give it."""
IRRADIANCE = {
    "GE01": {"blue": 1993.18, "green": 1828.83, "red": 1491.49, "nir": 1022.58, "pan": 1610.73},
    "WV01": {"pan": 1478.62},
    "WV02": {"blue": 2007.27, "green": 1829.62, "red": 1538.85, "nir": 1053.21, "pan": 1571.36,
             "coastal": 1773.81, "yellow": 1701.85, "rededge": 1346.09, "nir2": 856.599},
    "WV03": {"blue": 2004.61, "green": 1830.18, "red": 1535.33, "nir": 1055.94, "pan": 1574.41,
             "coastal": 1757.89, "yellow": 1712.07, "rededge": 1348.08, "nir2": 858.77},
    "WV04": {"blue": 2009.45, "green": 1831.88, "red": 1492.12, "nir": 937.8, "pan": 1608.01},
    "QB02": {"blue": 1949.59, "green": 1823.64, "red": 1553.78, "nir": 1102.85, "pan": 1370.92},
}  # fmt: skip
"""The sun's, W m-2 um-1 (Thuillier 2003, as Maxar's absolute calibration papers print it)."""
STRETCHED = re.compile(r"DRA|Dynamic", re.IGNORECASE)
BASIC = ("LV1", "1B", "1A", "BASIC")
TILE = re.compile(r"_R\d+C\d+", re.IGNORECASE)


def read_imd(path: Path, root: Node) -> list[Metadata]:
    """Return what an ``.IMD``, an ``.XML`` or a ``.TIL`` of a product says; nothing for other text."""
    tree = _lowered(root)
    imd = tree.find("imd") or (tree if tree.find("bandid") else None)
    if imd is None:
        return []
    image = next((c for c in imd.children if re.fullmatch(r"image(_\d+)?", c.name)), Node("image"))
    mapped = imd.find("map_projected_product") or Node("map")
    tiles = [n.text for n in (*tree.all("//tile/filename"), *tree.all("//filename")) if n.text]
    names = tuple(dict.fromkeys(Path(t.replace("\\", "/")).name for t in tiles))
    facts: Properties = {
        "acquired": mapped.get("earliestacqtime") or image.get("firstlinetime", "tlctime"),
        "acquired_end": mapped.get("latestacqtime"),
        "gsd": image.get("meanproductgsd", "meancollectedgsd") or mapped.get("productgsd"),
        "sun_azimuth": image.get("meansunaz", "sunaz"),
        "sun_elevation": image.get("meansunel", "sunel"),
        "view_angle": image.get("meanoffnadirviewangle", "offnadirviewangle"),
        "satellite_azimuth": image.get("meansataz", "sataz"),
        "cloud_cover": image.get("cloudcover"),
        "provider": image.get("satid"),
        "accuracy_m": imd.get("productaccuracy"),
    }
    level = imd.get("productlevel") or ""
    if level.upper().startswith(BASIC) or "BASIC" in (imd.get("imagedescriptor") or "").upper():
        facts["not_ortho"] = f"product level {level}"
    flat = re.search("2A", f"{level} {imd.get('imagedescriptor')}") is not None
    bands = _bands(imd)
    facts |= _factors(imd, facts, bands)
    return [
        Metadata(
            id=TILE.sub("", path.stem),
            properties=known(facts),
            bands=bands,
            file=path,
            source=f"Maxar {path.suffix[1:].upper() or 'IMD'}",
            images=names,
            warnings=(PROJECTED,) if flat else (),
        )
    ]


def _lowered(node: Node) -> Node:
    return Node(node.name.lower(), node.attributes, node.text, [_lowered(c) for c in node.children])


def _bands(imd: Node) -> tuple[str, ...]:
    """Return the bands in file order: that of the groups BAND_x, which stand in it."""
    groups = [c.name.upper() for c in imd.children if c.name.startswith("band_")]
    if groups and all(g in BAND_WORDS for g in groups):
        return tuple(BAND_WORDS[g] for g in groups)
    return tuple(BAND_ID_ORDER.get((imd.get("bandid") or "").lower(), "").split())


def _factors(imd: Node, facts: Properties, bands: tuple[str, ...]) -> Properties:
    """Return the factors to reflectance at the top of the atmosphere; none for a stretched product.

    Pan-sharpened pixels are mixtures: their counts are no radiances (Maxar's technical note of 2016).
    """
    enhanced = imd.get("radiometricenhancement") or ""
    algorithm = imd.get("pansharpenalgorithm") or "None"
    sun = number(facts["sun_elevation"], 1, 90)
    irradiance = IRRADIANCE.get(str(facts["provider"]).upper(), {})
    groups = [c for c in imd.children if c.name.startswith("band_")]
    if STRETCHED.search(enhanced) or algorithm.lower() != "none":
        return {"radiometry": "dn"}
    if sun is None or len(groups) != len(bands) or not set(bands) <= irradiance.keys() or not bands:
        return {}
    try:
        moment = datetime.fromisoformat(str(facts["acquired"]).replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        return {}
    day, factors = moment.timetuple().tm_yday, []
    for band, group in zip(bands, groups, strict=True):
        gain = number(group.get("abscalfactor"), 1e-9, 1e3)
        width = number(group.get("effectivebandwidth"), 1e-4, 10)
        if gain is None or width is None:
            return {}
        factors.append(gain / width * toa_factor(irradiance[band], sun, day))
    return {"reflectance_coefficients": factors}
