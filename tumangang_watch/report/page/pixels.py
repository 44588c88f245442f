"""From a number to its pixels: lon/lat, the window in each scene, the settings, the command to run again."""

from __future__ import annotations

import shlex
from functools import lru_cache
from typing import TypedDict

import numpy as np
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.report.geography import lonlat
from tumangang_watch.report.marks.subjects import ChipSubject

BUILT_IN = "tumangang"
"""Id of the site that needs no ``--site``."""
GROUPS = {
    "train": ("trains", "motion", "load", "change"),
    "cargo": ("cargo", "change"),
    "handling_area": ("handling", "change"),
}
"""Groups of settings that decide on each kind."""


class Pixels(TypedDict):
    """Where a finding's pixels are."""

    lon: float
    lat: float
    windows: list[str]
    """A sentence a scene: ``columns 812 to 960, rows 401 to 437 of NAME.tif``."""
    groups: str
    """Names of the groups of settings that decide."""


def pixels_of(comparison: Comparison, subject: ChipSubject, kind: str) -> Pixels | None:
    """Return where a finding's pixels are; None where it has no place."""
    shapes = [g for shapes in subject.objects.values() for g in shapes if not g.is_empty]
    if not shapes:
        return None
    place = unary_union(shapes)
    point = lonlat(place.representative_point(), comparison.site.crs)
    return {
        "lon": round(float(point.x), 6),
        "lat": round(float(point.y), 6),
        "windows": [_window_words(o, place, comparison.site.crs) for o in comparison.dates],
        "groups": ", ".join(GROUPS[kind]),
    }


def window_of(observation: Observation, place: BaseGeometry, crs: str) -> tuple[int, int, int, int]:
    """Return the first and last column and the first and last row of a scene's file that show a place.

    Of tiles and of one file a band the columns and rows are those of the scene as one image, from 0.
    """
    west, south, east, north = place.bounds
    x, y = np.array([west, east, east, west]), np.array([north, north, south, south])
    a, b, c, d, e, f = observation.image.registration
    x0, y0 = observation.image.to_pixel.x0, observation.image.to_pixel.y0
    dx, dy = x - x0, y - y0
    u, v = x0 + a * dx + b * dy + c, y0 + d * dx + e * dy + f
    scene = observation.scene
    u, v = _transformer(crs, scene.crs).transform(u, v)
    p, q, r, s, t, w = scene.affine
    determinant = p * t - q * s
    col = (t * (u - r) - q * (v - w)) / determinant
    row = (p * (v - w) - s * (u - r)) / determinant
    return int(col.min() // 1), int(col.max() // 1), int(row.min() // 1), int(row.max() // 1)


def _window_words(observation: Observation, place: BaseGeometry, crs: str) -> str:
    scene = observation.scene
    first, last, top, bottom = window_of(observation, place, crs)
    if last < 0 or bottom < 0 or first >= scene.width or top >= scene.height:
        return f"outside {scene.image.name}"
    return f"columns {first} to {last}, rows {top} to {bottom} of {scene.image.name}"


@lru_cache(maxsize=8)
def _transformer(crs: str, other: str) -> Transformer:
    return Transformer.from_crs(crs, other, always_xy=True)


def command_of(comparison: Comparison) -> str:
    """Return the command that makes the report again, from the files' own names."""
    scenes = [o.scene for o in comparison.dates]
    words = ["tumangang-watch", "compare" if len(scenes) == 2 else "detect", *(s.image.name for s in scenes)]
    if comparison.site.id != BUILT_IN:
        words += ["--site", f"{comparison.site.id}.geojson"]
    for name, values in (
        ("--acquired", [f"{s.acquired:%Y-%m-%dT%H:%M:%SZ}" for s in scenes if _by_user(s, "acquired")]),
        (
            "--bands",
            [",".join(sorted(s.bands, key=s.bands.__getitem__)) for s in scenes if _by_user(s, "bands")],
        ),
        ("--geolocation-accuracy", [f"{s.geolocation_m:g}" for s in scenes if s.geolocation_m is not None]),
        ("--site-shift", ["{:g},{:g}".format(*s.site_shift_m) for s in scenes if s.site_shift_m]),
    ):
        for value in values[:1] if name == "--bands" else values:
            words += [name, value]
    if comparison.background_use is not None and comparison.background_use.candidates:
        words += ["--history", "EARLIER_SCENES"]
    if not any(entry.get("trials") for entry in comparison.detectability):
        words += ["--no-detectability"]
    return shlex.join([*words, "--out", "again"])


def _by_user(scene: Scene, what: str) -> bool:
    return scene.sources.get(what) == "user"
