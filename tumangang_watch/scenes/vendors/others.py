"""BlackSky (JSON and text), KOMPSAT (``_Aux.xml``), Kanopus (passport), Chinese ``ProductMetaData``."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from tumangang_watch.scenes.vendors.facts import PROJECTED, Metadata, Properties, known, number, toa_factor
from tumangang_watch.scenes.vendors.text import Node

BLACKSKY_BANDS = {3: ("red", "green", "blue"), 1: ("pan",)}
KEY = re.compile(r"^\s*(\w+)\s*=\s*(.*?)\s*$", re.MULTILINE)
SPECTRUM_UM = (("blue", 0.44, 0.52), ("green", 0.52, 0.60), ("red", 0.60, 0.71), ("nir", 0.74, 0.92))
KOMPSAT_BANDS = {"MS1": "blue", "MS2": "green", "MS3": "red", "MS4": "nir"}
KOMPSAT_BANDS |= {"PS1": "blue", "PS2": "green", "PS3": "red", "PS4": "nir", "PAN": "pan"}


def read_blacksky(path: Path, data: Properties) -> Metadata | None:
    """Return what ``BSG-..._metadata.json`` says; None for other JSON."""
    if not {"sensorName", "acquisitionDate"} <= data.keys():
        return None
    percent = number(data.get("cloudCoverPercent"), 0, 100)
    facts: Properties = {
        "acquired": data.get("acquisitionDate"),
        "gsd": data.get("gsd"),
        "provider": data.get("sensorName"),
        "view_angle": data.get("offNadirAngle"),
        "satellite_azimuth": data.get("satelliteAzimuth"),
        "sun_azimuth": data.get("sunAzimuth"),
        "sun_elevation": data.get("sunElevation"),
        "cloud_cover": None if percent is None else percent / 100,
        "accuracy_m": data.get("estimatedCE90"),
        "item_type": "BlackSky",
    }
    if data.get("orthorectified") is False:
        facts["not_ortho"] = "orthorectified: false"
    stated = data.get("id")
    named = stated if isinstance(stated, str) and stated else path.stem.removesuffix("_metadata")
    return Metadata(id=named[:200], properties=known(facts), file=path, source="BlackSky JSON")


def read_kompsat(path: Path, root: Node) -> list[Metadata]:
    """Return what KOMPSAT's ``_Aux.xml`` says, one part an image file; nothing for other XML."""
    if root.name != "Auxiliary" or not root.find("General/Satellite") or not root.find("Image"):
        return []
    blocks = list(root.all("Metadata/MetadataBlock"))
    block = blocks[0] if blocks else Node("")
    level = root.get("General/ProductLevel") or ""
    parts = []
    for image in root.find("Image").children if root.find("Image") else ():  # type: ignore[union-attr]
        band = KOMPSAT_BANDS.get(image.name, "")
        percent = number(image.get("CloudCover/Average", "CloudCover/Image"), 0, 100)
        facts: Properties = {
            "acquired": _compact(
                image.get("ImagingTime/ImagingStartTime/UTC", "ImagingTime/ImagingCenterTime/UTC")
            ),
            "gsd": image.get("ImageGSD/Column", "ImagePixelGSD/Column", "ImageGSD"),
            "provider": root.get("General/Satellite"),
            "view_angle": image.get("Angle/OffNadir", "Angle/Offnadir"),
            "satellite_azimuth": image.get("Angle/Azimuth"),
            "sun_azimuth": block.get("SunAngle/Azimuth"),
            "sun_elevation": block.get("SunAngle/Elevation"),
            "cloud_cover": None if percent is None else percent / 100,
        }
        if re.search(r"1(O|R)\b|Level1[OR]", level):
            facts["not_ortho"] = f"product level {level}"
        name = image.get("ImageFileName") or ""
        if band and name:
            parts.append((image.name, band, name, facts))
    sets = {kind: [p for p in parts if p[0].startswith(kind)] for kind in ("MS", "PS")}
    return [
        Metadata(
            id=path.stem.removesuffix("_Aux"),
            properties=known(facts),
            bands=(band,),
            file=path,
            source="KOMPSAT Aux",
            images=(name,),
            joined=tuple(p[2] for p in sets.get(key[:2], ())) if len(sets.get(key[:2], ())) > 1 else (),
        )
        for key, band, name, facts in parts
    ]


def _compact(stamp: str | None) -> str | None:
    """Return ``20150301042637.123`` as a time that is understood elsewhere."""
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?", stamp or "")
    if match is None:
        return stamp
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}:{match[6]}{match[7] or ''}Z"


def read_kanopus(path: Path, root: Node) -> list[Metadata]:
    """Return what a passport (``PASP_ROOT``, lines of ``key = value``) says; nothing for other XML."""
    if root.name != "PASP_ROOT":
        return []
    words = dict(KEY.findall(root.text))
    device = root.find("Device") or Node("")
    zones = [_band_of(dict(KEY.findall(c.text)).get("bSpectralZone", "")) for c in device.children]
    day, clock = words.get("dSessionDateUTC", ""), words.get("tSessionTimeUTC", "")
    parts = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", day.strip())
    time = [number(t, 0, 60) for t in clock.split(":")]
    acquired = None
    if parts:
        acquired = f"{parts[3]}-{int(parts[2]):02d}-{int(parts[1]):02d}"
        if len(time) == 3 and all(t is not None for t in time):
            acquired += "T" + ":".join(f"{int(t or 0):02d}" for t in time) + "Z"
    sun = [number(v, -360, 360) for v in words.get("bSunAngle", "").split(",")]
    named = words.get("cDataFileName", "").strip('"')
    facts: Properties = {"acquired": acquired, "provider": "Kanopus-V"}
    if len(sun) == 2:
        facts |= {"sun_elevation": sun[0], "sun_azimuth": sun[1]}
    common = {"file": path, "source": "Kanopus passport", "properties": known(facts)}
    return [
        Metadata(id="KV", images=(named,), bands=tuple(zones) if all(zones) else (), **common)  # type: ignore[arg-type]
    ]


def _band_of(zone: str) -> str:
    limits = [number(v, 0.3, 1.2) for v in zone.split(",")]
    if len(limits) != 2 or None in limits:
        return ""
    middle = sum(v or 0.0 for v in limits) / 2
    return next((name for name, low, high in SPECTRUM_UM if low <= middle < high), "")


CHINESE_BGRN = re.compile(r"SV|GF[1267]|JL1|ZY|BJ|TRIPLESAT|CB0|GJ", re.IGNORECASE)
"""Satellites whose four colours lie blue, green, red, nir in the file (docs/sources.md, vendor formats)."""


def read_chinese(path: Path, root: Node) -> list[Metadata]:
    """Return what a Gaofen, SuperView or Jilin ``ProductMetaData`` says; nothing for other XML.

    Their times are Beijing's where no zone stands (docs/sources.md, vendor formats).
    """
    if root.name.lower() != "productmetadata" or not root.find("SatelliteID"):
        return []
    zenith = number(root.get("SolarZenith"), 0, 90)
    percent = number(root.get("CloudPercent"), 0, 100)
    start = root.get("StartTime", "CenterTime")
    facts: Properties = {
        "acquired": f"{start}+08:00" if start and not re.search(r"Z$|[+-]\d\d:?\d\d$", start) else start,
        "gsd": root.get("ImageGSD"),
        "provider": root.get("SatelliteID"),
        "view_angle": root.get("ViewAngle", "SatelliteOffNadir"),
        "satellite_azimuth": root.get("SatelliteAzimuth"),
        "sun_azimuth": root.get("SolarAzimuth"),
        "sun_elevation": None if zenith is None else 90 - zenith,
        "cloud_cover": None if percent is None else percent / 100,
    }
    level = root.get("ProductLevel") or ""
    if re.fullmatch(r"L?(LEVEL)?1[ABC]?", level, re.IGNORECASE):
        facts["not_ortho"] = f"product level {level}"
    colours = len((root.get("Gain", "Bands") or "").split(","))
    pan = "PAN" in f"{root.get('SensorID')} {path.stem}".upper().split("_")[-1] or colours == 1
    bands: tuple[str, ...] = ("pan",) if pan else ()
    if not pan and CHINESE_BGRN.match(str(facts["provider"])):
        bands = ("blue", "green", "red", "nir")
    return [
        Metadata(
            id=path.stem,
            properties=known(facts | _chinese_factors(root, facts, bands)),
            bands=bands,
            file=path,
            source="ProductMetaData",
            warnings=(PROJECTED,) if re.search("2A?$", level) else (),
        )
    ]


def _chinese_factors(root: Node, facts: Properties, bands: tuple[str, ...]) -> Properties:
    """Return factors to reflectance where gain, offset and the sun's irradiance stand for every band."""
    sun = number(facts["sun_elevation"], 1, 90)
    try:
        day = date.fromisoformat(str(facts["acquired"])[:10]).timetuple().tm_yday
    except ValueError:
        return {}
    words = (("Gain", 1e-6, 1e3), ("Offset", -1e3, 1e3), ("ESUN", 10.0, 5000.0))
    gains, offsets, lights = (
        [number(v.strip(), low, high) for v in (root.get(key) or "").split(",")] for key, low, high in words
    )
    same = len(gains) == len(offsets) == len(lights) == len(bands)
    if not same or sun is None or None in (*gains, *offsets, *lights):
        return {}
    toa = [toa_factor(light or 0.0, sun, day) for light in lights]
    return {
        "reflectance_coefficients": [t * (g or 0.0) for t, g in zip(toa, gains, strict=True)],
        "scale_offsets": [t * (o or 0.0) for t, o in zip(toa, offsets, strict=True)],
    }
