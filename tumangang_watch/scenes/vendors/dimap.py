"""DIMAP: version 2 (Pleiades, Pleiades Neo, SPOT 6/7, PeruSat) and version 1 (``.dim``: GEOSAT, Vision-1).

Values are taken by ``BAND_ID``: GDAL pins gains to bands by their number (docs/sources.md, vendor formats).
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path, PurePosixPath

from tumangang_watch.scenes.vendors.facts import PROJECTED, Metadata, Properties, known, number, toa_factor
from tumangang_watch.scenes.vendors.text import Node

BAND_IDS = {
    "P": "pan", "PAN": "pan", "B0": "blue", "B1": "green", "B2": "red", "B3": "nir",
    "B": "blue", "G": "green", "R": "red", "N": "nir", "NIR": "nir", "RE": "rededge", "DB": "coastal",
}  # fmt: skip
BAND_WORDS = ("pan", "blue", "green", "red", "nir")
CHANNELS = ("RED_CHANNEL", "GREEN_CHANNEL", "BLUE_CHANNEL", "ALPHA_CHANNEL")
"""The display order is the order in the file (Airbus, Pleiades Imagery User Guide, DIMAP V2)."""
SPLIT = (("_RGB_", ("red", "green", "blue")), ("_NED_", ("nir", "rededge", "coastal")))
"""Pleiades Neo's six bands lie in two files a tile."""
SPACING_IS_GSD = ("S6", "S7", "SPOT", "PER1")
"""Profiles whose products are named and sold by their spacing (SPOT 6 and 7: 1.5 m, PeruSat: 0.7 and 2.8 m),
which is finer than the detectors' sampling that the file gives."""
MASK = re.compile(r"(?:MASKS/)?((?:CLD|ROI)_[A-Za-z0-9._-]+\.GML)", re.IGNORECASE)
STRETCHED = ("DISPLAY", "LINEAR_STRETCH", "SEAMLESS")


def read_dimap(path: Path, root: Node) -> list[Metadata]:
    """Return what a product's DIMAP says, one part a set of files; nothing for other XML or a volume."""
    if root.name not in ("Dimap_Document", "PHR_DIMAP_Document"):
        return []
    if root.find("Raster_Data/Data_Access"):
        return _version_2(path, root)
    return _version_1(path, root) if root.find("Data_Access") else []


def _version_2(path: Path, root: Node) -> list[Metadata]:
    profile = root.get("Metadata_Identification/METADATA_PROFILE") or ""
    settings = "Processing_Information/Product_Settings/"
    places = list(root.all("Geometric_Data/Use_Area/Located_Geometric_Values"))
    centres = [p for p in places if (p.get("LOCATION_TYPE") or "").lower() == "center"]
    place = (centres or places or [Node("")])[0]
    strips = list(root.all("Dataset_Sources/Source_Identification/Strip_Source"))
    times = sorted(
        f"{s.get('IMAGING_DATE')}T{s.get('IMAGING_TIME')}" for s in strips if s.get("IMAGING_DATE")
    )
    gsds = [
        number(place.get(f"Ground_Sample_Distance/GSD_{way}_TRACK"), 0.05, 100) for way in ("ACROSS", "ALONG")
    ]
    found = [g for g in gsds if g]
    spacing = number(root.get(settings + "Sampling_Settings/RESAMPLING_SPACING", "//XDIM"), 0.05, 100)
    percent = number(root.get("Dataset_Content/CLOUD_COVERAGE"), 0, 100)
    mission = (
        " ".join(filter(None, (strips[0].get("MISSION"), strips[0].get("MISSION_INDEX")))) if strips else ""
    )
    facts: Properties = {
        "acquired": times[0] if times else place.get("TIME"),
        "acquired_end": times[-1] if len(times) > 1 else None,
        "gsd": spacing if profile.startswith(SPACING_IS_GSD) or not found else sum(found) / len(found),
        "sun_azimuth": place.get("Solar_Incidences/SUN_AZIMUTH"),
        "sun_elevation": place.get("Solar_Incidences/SUN_ELEVATION"),
        "view_angle": place.get("Acquisition_Angles/VIEWING_ANGLE"),
        "satellite_azimuth": place.get("Acquisition_Angles/AZIMUTH_ANGLE"),
        "cloud_cover": None if percent is None else percent / 100,
        "provider": mission or root.get("//PRODUCER_NAME"),
        "nodata_value": _nodata(root),
        "accuracy_m": root.get("//ACCURACY_CE90"),
    }
    level = root.get(settings + "PROCESSING_LEVEL") or ""
    geometry = root.get("Geoposition/Raster_CRS/RASTER_GEOMETRY") or ""
    if "SENSOR" in f"{level} {geometry} {root.get('Dataset_Identification/DATASET_TYPE')}".upper():
        facts["not_ortho"] = f"processing level {level or geometry}"
    warnings = (PROJECTED,) if level.startswith("PROJ") else ()
    masks = {
        m[1] for n in root.all("//COMPONENT_PATH") if (m := MASK.fullmatch(n.attributes.get("href", "")))
    }
    parts = _file_sets(root)
    return [
        Metadata(
            id=path.stem.removeprefix("DIM_"),
            properties=known(facts | _factors(root, facts, bands)),
            bands=bands,
            file=path,
            source="DIMAP",
            images=files,
            joined=tuple(f for _, files in parts for f in files[:1]) if len(parts) > 1 else (),
            masks=tuple(f"MASKS/{name}" for name in sorted(masks)),
            warnings=warnings,
        )
        for bands, files in parts
    ]


def _file_sets(root: Node) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the bands and the tiles of each set of files: one, or two for Pleiades Neo's six bands."""
    display = root.find("Raster_Data/Raster_Display/Band_Display_Order") or Node("")
    shown = [display.get(channel) or "" for channel in CHANNELS]
    number_of_bands = int(number(root.get("//NBANDS"), 1, 32) or 0)
    bands = tuple(BAND_IDS.get(name.upper(), "") for name in shown[:number_of_bands])
    if number_of_bands == 1:
        bands = bands[:1]
    sets = []
    for group in root.all("Raster_Data/Data_Access/Data_Files"):
        hrefs = [n.attributes.get("href", "") for n in group.all("Data_File/DATA_FILE_PATH")]
        files = tuple(PurePosixPath(h.replace("\\", "/")).name for h in hrefs if h)
        index = {
            int(number(i.get("BAND_INDEX"), 1, 32) or 0): BAND_IDS.get((i.get("BAND_ID") or "").upper(), "")
            for i in group.all("Raster_Index_List/Raster_Index")
        }
        if index and sorted(index) == list(range(1, len(index) + 1)):
            sets.append((tuple(index[k] for k in sorted(index)), files))
        else:
            sets += _split(files) or [(bands if len(bands) == number_of_bands else (), files)]
    return sets


def _split(files: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    sets = [(bands, tuple(f for f in files if mark in f.upper())) for mark, bands in SPLIT]
    return [(bands, names) for bands, names in sets if names]


def _nodata(root: Node) -> str | None:
    for value in root.all("Raster_Data/Raster_Display/Special_Value"):
        if (value.get("SPECIAL_VALUE_TEXT") or "").upper() == "NODATA":
            return value.get("SPECIAL_VALUE_COUNT")
    return None


def _factors(root: Node, facts: Properties, bands: tuple[str, ...]) -> Properties:
    """Return factors and offsets to reflectance by band in file order, from gains by BAND_ID."""
    processing = root.get(
        "Processing_Information/Product_Settings/Radiometric_Settings/RADIOMETRIC_PROCESSING"
    )
    if processing in STRETCHED:
        return {"radiometry": "dn"}
    sun = number(facts["sun_elevation"], 1, 90)
    try:
        day = date.fromisoformat(str(facts["acquired"])[:10]).timetuple().tm_yday
    except ValueError:
        return {}
    factors: dict[str, float] = {}
    offsets: dict[str, float] = {}
    irradiance = {_band(n): number(n.get("VALUE"), 10, 5000) for n in root.all("//Band_Solar_Irradiance")}
    kind = "Band_Reflectance" if processing == "REFLECTANCE" else "Band_Radiance"
    for node in root.all(f"//{kind}"):
        band, gain, bias = (
            _band(node),
            number(node.get("GAIN"), 1e-4, 1e6),
            number(node.get("BIAS"), -1e4, 1e4),
        )
        light = irradiance.get(band)
        if gain is None or bias is None:
            continue
        if kind == "Band_Reflectance":
            factors[band], offsets[band] = 1 / gain, bias
        elif light and sun:
            toa = toa_factor(light, sun, day)
            factors[band], offsets[band] = toa / gain, toa * bias
    if not bands or not set(bands) <= factors.keys():
        return {}
    return {
        "reflectance_coefficients": [factors[b] for b in bands],
        "scale_offsets": [offsets[b] for b in bands],
    }


def _band(node: Node) -> str:
    return BAND_IDS.get((node.get("BAND_ID") or "").upper(), "")


def _version_1(path: Path, root: Node) -> list[Metadata]:
    """Return what a ``.dim`` says: bands by BAND_INDEX and BAND_DESCRIPTION."""
    source = root.find("Dataset_Sources/Source_Information/Scene_Source") or Node("")
    infos = {
        int(number(i.get("BAND_INDEX"), 1, 32) or 0): i
        for i in root.all("Image_Interpretation/Spectral_Band_Info")
    }
    order = [infos.get(k + 1) for k in range(len(infos))]
    names = tuple(_description(i) for i in order) if all(order) else ()
    day, clock = source.get("IMAGING_DATE") or "", source.get("IMAGING_TIME")
    start = source.get("IMAGING_START_TIME", "START_TIME")
    zenith = number(source.get("SUN_ZENITH"), 0, 90)
    facts: Properties = {
        "acquired": start or (f"{day[:10]}T{clock}" if clock else day),
        "acquired_end": source.get("IMAGING_STOP_TIME", "STOP_TIME"),
        "gsd": source.get("THEORETICAL_RESOLUTION") or root.get("//XDIM"),
        "sun_azimuth": source.get("SUN_AZIMUTH"),
        "sun_elevation": source.get("SUN_ELEVATION") or (None if zenith is None else 90 - zenith),
        "view_angle": source.get("VIEWING_ANGLE", "INCIDENCE_ANGLE"),
        "satellite_azimuth": source.get("SATELLITE_AZIMUTH", "AZIMUTH_ANGLE"),
        "provider": " ".join(filter(None, (source.get("MISSION"), source.get("MISSION_INDEX")))) or None,
    }
    percent = number(root.get("//CLOUD_COVERAGE", "//CLOUD_COVER"), 0, 100)
    facts["cloud_cover"] = None if percent is None else percent / 100
    processing = root.get("Data_Processing/GEOMETRIC_PROCESSING", "Data_Processing/PROCESSING_LEVEL") or ""
    kind = root.get("Production/PRODUCT_TYPE") or ""
    if (
        re.search(r"L1B|L1R|\b1[ABR]\b|RAW|SENSOR", f"{processing} {kind}".upper())
        and "ORTHO" not in kind.upper()
    ):
        facts["not_ortho"] = f"product type {kind or processing}"
    hrefs = [n.attributes.get("href", "") for n in root.all("Data_Access/Data_File/DATA_FILE_PATH")]
    return [
        Metadata(
            id=path.stem,
            properties=known(facts | _factors_1(order, facts)),
            bands=names,
            file=path,
            source="DIMAP",
            images=tuple(PurePosixPath(h.replace("\\", "/")).name for h in hrefs if h),
        )
    ]


def _description(info: Node | None) -> str:
    words = (info.get("BAND_DESCRIPTION") or "" if info else "").strip().lower()
    return next((w for w in BAND_WORDS if words.startswith(w)), BAND_IDS.get(words.upper(), words))


def _factors_1(order: list[Node | None], facts: Properties) -> Properties:
    """Return factors to reflectance where gain, bias and the sun's irradiance stand for every band.

    GEOSAT: radiance = gain x DN + bias, with ESUN beside it. Without ESUN counts stay counts.
    """
    sun = number(facts["sun_elevation"], 1, 90)
    try:
        day = date.fromisoformat(str(facts["acquired"])[:10]).timetuple().tm_yday
    except ValueError:
        return {}
    factors, offsets = [], []
    for info in order:
        if info is None or sun is None or (info.get("PHYSICAL_UNIT") or "").upper() == "N/A":
            return {}
        gain, bias = (
            number(info.get("PHYSICAL_GAIN"), 1e-6, 1e3),
            number(info.get("PHYSICAL_BIAS"), -1e3, 1e3),
        )
        light = number(info.get("ESUN"), 10, 5000)
        if gain is None or bias is None or light is None:
            return {}
        toa = toa_factor(light, sun, day)
        factors.append(gain * toa)
        offsets.append(bias * toa)
    return {"reflectance_coefficients": factors, "scale_offsets": offsets} if factors else {}
