"""What no pixel of can be used: refused from the header, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import cos, hypot, isfinite, radians
from shlex import quote
from typing import NoReturn

from pyproj import Transformer
from rasterio.io import DatasetReader

from tumangang_watch.errors import InputRefused, scene_refused
from tumangang_watch.grid import METRES_PER_DEGREE
from tumangang_watch.scenes.tiff import Layout
from tumangang_watch.scenes.vendors.facts import Properties
from tumangang_watch.settings.scenes import ReadSettings

RADAR = re.compile(
    r"CAPELLA_|ICEYE|\bUMBRA\b|UMBRA-|SICD|_GEC\b|_GEC_|SENTINEL-?1|\bS1[ABC]_|_GRD_|_SLC|\"SAR:|\bSAR\b"
)
DTYPES = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
UNUSABLE_COLOURS = {"palette": "palette", "cyan": "CMYK", "magenta": "CMYK", "hue": "HSL"}
ODD_PIXEL = 1.1
"""Ratio of a pixel's edges from which it is mentioned that it is not square."""


def refuse_unusable(
    dataset: DatasetReader, layout: Layout, name: str, properties: Properties, settings: ReadSettings
) -> None:
    """Refuse radar, colours that are no measurements, missing georeferencing and monstrous blocks.

    Raises
    ------
    InputRefused
        With the reason.
    """

    def refuse(why: str, todo: str) -> NoReturn:
        raise scene_refused(name, why, todo)

    quoted = quote(name)
    stated = " ".join(map(str, (properties.get("item_type"), properties.get("instrument"), *properties)))
    text = f"{name} {json.dumps(dataset.tags())[:4000]} {stated[:4000]}".upper()
    if any(d.startswith("complex") for d in dataset.dtypes) or RADAR.search(text) or "SAR:" in stated.upper():
        refuse("it is a radar image", "Only optical images are compared")
    _refuse_off_the_map(dataset, name)
    if dataset.driver == "NITF" and dataset.rpcs:
        raise not_ortho(name, "an RPC model beside its corners")
    if dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS") == "1" or dataset.dtypes[0] == "bool":
        refuse("it is a one-bit image", "Use an RGB or multispectral image")
    # GDAL turns CMYK into RGB by itself and tells only here.
    space = dataset.tags(ns="IMAGE_STRUCTURE").get("SOURCE_COLOR_SPACE", "")
    colours = ["cyan"] if space == "CMYK" else [c.name for c in dataset.colorinterp]
    for colour in colours:
        if colour in UNUSABLE_COLOURS:
            todo = "Use an RGB or multispectral image"
            if colour == "palette":
                todo = f"Order it unclassified, or unfold it: gdal_translate -expand rgb {quoted} rgb.tif"
            refuse(f"its pixels are {UNUSABLE_COLOURS[colour]} colours, not measurements", todo)
    if dataset.dtypes[0] not in DTYPES:
        refuse(f"its pixel type {dataset.dtypes[0]} is not an image's", f"Use one of {', '.join(DTYPES)}")
    rows, cols = dataset.block_shapes[0]
    values = max(rows * cols * (layout.bands if layout.empty.shape[0] == 1 else 1), layout.decoded_values)
    block = values * int(re.sub(r"\D", "", dataset.dtypes[0])) // 8
    if block > settings.max_block_bytes:
        refuse(
            f"one block of it needs {block // 2**20} MiB",
            f"Rewrite it in tiles: gdal_translate -of COG {quoted} tiled.tif",
        )


def _refuse_off_the_map(dataset: DatasetReader, name: str) -> None:
    """Refuse an image whose pixels lie on no map: no reference system, a local or the sensor's own grid."""
    command = f"gdal_translate -a_srs EPSG:32652 {quote(name)} placed.tif"
    if dataset.crs is None:
        if dataset.rpcs or dataset.gcps[0]:
            model = "an RPC model" if dataset.rpcs else "ground control points"
            raise not_ortho(name, f"only {model}")
        todo = f"If its pixels lie on a map, say on which: {command}"
        raise scene_refused(name, "it has no reference system", todo)
    if not (dataset.crs.is_projected or dataset.crs.is_geographic):
        if dataset.rpcs or ("LOCAL_CS" in dataset.crs.to_wkt() and dataset.driver == "JP2OpenJPEG"):
            raise not_ortho(name, "a grid of its own")
        why = "its reference system is a local grid, not tied to the Earth"
        todo = "Use a projected or longitude/latitude GeoTIFF, or, where its coordinates are those of a "
        raise scene_refused(name, why, f"{todo}projection after all, say so: {command}")


def not_ortho(name: str, what: str) -> InputRefused:
    """Return the refusal of an image in the sensor's geometry, with the command that lays it on the map."""
    todo = "Order it orthorectified, or lay it on the map with a height model: gdalwarp -rpc "
    todo += f"-to RPC_DEM=dem.tif -t_srs EPSG:32652 {quote(name)} ortho.tif"
    return scene_refused(name, f"it has {what}: it is not orthorectified", todo)


def pixel_edge_m(
    dataset: DatasetReader, name: str, settings: ReadSettings, warn: Callable[[str], None]
) -> float:
    """Return the pixel's edge in metres (the mean of both edges), refusing what is no pixel."""
    a, b, c, d, e, f = tuple(dataset.transform)[:6]
    finite = all(map(isfinite, (a, b, c, d, e, f)))
    x_unit = y_unit = 1.0
    if finite and dataset.crs.is_geographic:
        lat = f + d * dataset.width / 2 + e * dataset.height / 2
        x_unit, y_unit = METRES_PER_DEGREE * cos(radians(max(-89.0, min(89.0, lat)))), METRES_PER_DEGREE
    elif finite:
        x_unit = y_unit = float(dataset.crs.linear_units_factor[1]) * _on_the_ground(dataset)
    across, down = hypot(a * x_unit, d * y_unit), hypot(b * x_unit, e * y_unit)
    flat = abs(a * e - b * d) * x_unit * y_unit < 0.1 * across * down
    sane = finite and max(abs(c), abs(f)) < 1e9 and not flat and not dataset.transform.is_identity
    if not sane or not all(settings.min_pixel_m <= edge <= 1e6 for edge in (across, down)):
        why = f"its georeferencing makes no sense (pixel {across:g} x {down:g} m)"
        raise scene_refused(name, why, "Use an orthorectified GeoTIFF")
    if max(across, down) > settings.max_gsd_m:
        refuse_coarse(name, max(across, down), settings)
    if not dataset.crs.is_geographic and max(across, down) > ODD_PIXEL * min(across, down):
        warn(f"its pixels are not square: {across:.2f} x {down:.2f} m")
    return (across + down) / 2


def _on_the_ground(dataset: DatasetReader) -> float:
    """Return metres on the ground a metre of the map: Mercator's stretch away from the equator is undone."""
    text = dataset.crs.to_wkt()
    if "Mercator" not in text or "Transverse" in text or "Oblique" in text:
        return 1.0
    a, b, c, d, e, f = tuple(dataset.transform)[:6]
    col, row = dataset.width / 2, dataset.height / 2
    way = Transformer.from_crs(dataset.crs, "EPSG:4326", always_xy=True)
    _, lat = way.transform(a * col + b * row + c, d * col + e * row + f)
    return cos(radians(lat)) if isfinite(lat) else 1.0


def refuse_coarse(name: str, gsd_m: float, settings: ReadSettings) -> NoReturn:
    """Refuse a scene whose pixels or sensor are too coarse to show a yard."""
    why = f"its GSD is {gsd_m:.1f} m, coarser than {settings.max_gsd_m:g} m"
    raise scene_refused(name, why, "Use imagery of 3 m or finer")
