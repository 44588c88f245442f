"""What a scene can show, and of a site, before anything is measured: shares of areas, and a picture."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from shapely.errors import GEOSException

from tumangang_watch.detectability.limits import can_show, of_scene
from tumangang_watch.errors import NotComparable
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.preprocess.site_fit.georeferencing import geolocation_of
from tumangang_watch.scenes import describe, footprint, read_native
from tumangang_watch.settings import Settings

QUICKLOOK_PX = 1600
"""Longest side of a quicklook: it is looked at on one screen."""
DARK, LIGHT = 1.0, 99.0
"""Percentiles of the valid pixels shown as black and as white."""


def describe_scene(scene: Scene, settings: Settings) -> dict[str, object]:
    """Return what is understood of a scene, and what it can and cannot show."""
    facts, known = describe(scene), geolocation_of(scene, settings.registration)
    sources = facts["sources"] if isinstance(facts["sources"], dict) else {}
    return {
        **facts,
        "geolocation_ce90_m": round(known.ce90_m, 2),
        "sources": {**sources, "geolocation_ce90_m": known.source},
        "can_show": can_show(of_scene(scene), settings.limits),
    }


def areas_inside(scene: Scene, site: Site) -> dict[str, float]:
    """Return the share of each area that lies inside a scene's raster; nothing where it cannot be told."""
    try:
        outline = footprint(scene, site.crs)
        areas = [area for area in site.areas if area.role != "ignore" and area.polygon.area > 0]
        return {a.id: float(outline.intersection(a.polygon).area / a.polygon.area) for a in areas}
    except (NotComparable, GEOSException):
        return {}


def quicklook(scene: Scene, site: Site, settings: Settings) -> bytes:
    """Return a PNG of what a scene shows of the site, or of its middle where it shows none of it.

    Raises
    ------
    NotComparable
        Everything there is nodata.
    InputRefused
        The pixels cannot be read.
    """
    inside = any(share > 0 for share in areas_inside(scene, site).values())
    bounds = site.bounds if inside else _middle(scene, site)
    image = read_native(scene, bounds, site.crs, settings.read)
    colours = ("red", "green", "blue")
    roles = colours if set(colours) <= set(image.bands) else image.bands[:1]
    shown = np.stack([_stretched(image.values[image.bands.index(r)], image.valid) for r in roles], axis=-1)
    shown = np.repeat(shown, 3, axis=-1) if shown.shape[-1] == 1 else shown
    scale = QUICKLOOK_PX / max(shown.shape[:2])
    if scale < 1:
        resized = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shown = np.asarray(resized, dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(shown).save(data, "PNG")
    return data.getvalue()


def _middle(scene: Scene, site: Site) -> tuple[float, float, float, float]:
    centre, half = footprint(scene, site.crs).centroid, QUICKLOOK_PX / 2 * scene.pixel_m
    return centre.x - half, centre.y - half, centre.x + half, centre.y + half


def _stretched(band: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    dark, light = np.percentile(band[valid], (DARK, LIGHT))
    scaled = np.clip((band - dark) / max(float(light - dark), 1e-6), 0, 1) * 255
    return np.asarray(np.where(valid, scaled, 128), dtype=np.uint8)
