"""Read and check a site file (GeoJSON FeatureCollection of the contract)."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from tumangang_watch.errors import InputRefused
from tumangang_watch.grid import utm_crs
from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.sites.faults import geometry_faults, place_of
from tumangang_watch.sites.places import built_in_site_path

MAX_BYTES = 16 * 1024 * 1024
"""A site is a few dozen features; reliability.md section 2.6 caps JSON at 16 MiB."""
MAX_EXTENT_M = 50_000.0
"""Wider than this it is not one site, and one UTM zone no longer measures it well."""
POLYGON_ROLES = ("yard", "bridge", "station", "handling", "apron", "stable", "ignore")
ROLES = (*POLYGON_ROLES, "track")
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
WGS84_NAMES = ("CRS84", "EPSG::4326", "EPSG:4326")


def load_site(path: Path | None = None) -> Site:
    """Read a site file; the built-in site when no path is given.

    Raises
    ------
    InputRefused
        At the first fault, with its place.
    """
    file = built_in_site_path() if path is None else Path(path)
    content = _content(file)
    data = _parse(file, content)
    faults = _faults(data)
    if faults:
        raise _refusal(file, faults[0])
    return _build(file, data, hashlib.sha256(content).hexdigest())


def check_site(path: Path) -> list[str]:
    """Return every fault of a site file in words, each with its place; empty when it is sound."""
    try:
        data = _parse(path, _content(path))
    except InputRefused as error:
        return [str(error)]
    faults = _faults(data)
    if not faults:
        try:
            _build(path, data, "")
        except InputRefused as error:
            faults.append(error.why)
    return faults


def _refusal(file: Path, why: str) -> InputRefused:
    return InputRefused(
        "site refused", file, why, "Correct it, and see all faults with 'tumangang-watch site check'"
    )


def _content(file: Path) -> bytes:
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(file, "it is not a regular file")
        if status.st_size > MAX_BYTES:
            raise _refusal(file, f"it has {status.st_size} bytes, more than {MAX_BYTES}")
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputRefused("site refused", file, str(error), "Give an existing GeoJSON file") from error


def _parse(file: Path, content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _refusal(file, f"it is not JSON ({error})") from error
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise _refusal(file, "it is not a GeoJSON FeatureCollection")
    features = data.get("features")
    if not isinstance(features, list) or not features:
        raise _refusal(file, "it has no features")
    return data


def _faults(data: dict[str, Any]) -> list[str]:
    """Return the faults of all features in file order."""
    faults = []
    crs = json.dumps(data.get("crs")) if data.get("crs") else ""
    if crs and not any(name in crs for name in WGS84_NAMES):
        faults.append(f"its coordinates are not WGS 84 lon/lat (crs {crs[:80]})")
    seen: dict[str, int] = {}
    for index, feature in enumerate(data["features"]):
        where = place_of(index, feature)
        own = _property_faults(feature)
        if not own:
            properties = feature["properties"]
            if properties["id"] in seen:
                own.append(f"its id is used already by feature {seen[properties['id']]}")
            seen.setdefault(properties["id"], index)
            own += geometry_faults(feature.get("geometry"), properties["role"] == "track")
        faults += [f"{where}: {fault}" for fault in own]
    roles = {f["properties"].get("role") for f in data["features"] if _has_properties(f)}
    if not faults and not roles & {"yard", "bridge", "station", "handling", "apron", "track"}:
        faults.append("it has neither a track nor an area to report on")
    return faults


def _has_properties(feature: Any) -> bool:
    return isinstance(feature, dict) and isinstance(feature.get("properties"), dict)


def _property_faults(feature: Any) -> list[str]:
    if not _has_properties(feature):
        return ["it has no properties"]
    properties, faults = feature["properties"], []
    role, name = properties.get("role"), properties.get("id")
    if role not in ROLES:
        faults.append(f"role {role!r} is unknown; use one of {', '.join(ROLES)}")
    if not isinstance(name, str) or not ID_PATTERN.fullmatch(name):
        faults.append(f"id {name!r} is missing or not made of letters, digits, '.', '_' and '-'")
    since = properties.get("occluded_from")
    if since is not None and _date(since) is None:
        faults.append(f"occluded_from {since!r} is not a date (YYYY-MM-DD)")
    for key in ("accuracy_m", "gauge_mm"):
        value = properties.get(key)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and 0 <= value < 1e6):
            faults.append(f"{key} {value!r} is not a number of zero or more")
    return faults


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except (TypeError, ValueError):
        return None


def _build(file: Path, data: dict[str, Any], sha256: str) -> Site:
    from shapely.geometry import shape

    shapes = [shape(feature["geometry"]) for feature in data["features"]]
    west, south, east, north = (
        pick(s.bounds[k] for s in shapes) for k, pick in enumerate((min, min, max, max))
    )
    crs = utm_crs((west + east) / 2, (south + north) / 2)
    areas, tracks = [], []
    for feature, lonlat in zip(data["features"], shapes, strict=True):
        properties = feature["properties"]
        placed = _in_metres(lonlat, crs)
        if properties["role"] == "track":
            tracks.append(_track(properties, placed))
        else:
            areas.append(_area(properties, placed))
    name = str(data.get("name") or file.stem)
    site = Site(file.stem, name, sha256, crs, tuple(areas), tuple(tracks))
    box = replace(site, areas=tuple(a for a in areas if a.role != "ignore") or tuple(areas)).bounds
    if max(box[2] - box[0], box[3] - box[1]) > MAX_EXTENT_M:
        raise _refusal(
            file, f"its features lie up to {max(box[2] - box[0], box[3] - box[1]) / 1000:.0f} km apart"
        )
    return site


def _in_metres(lonlat: Any, crs: str) -> Any:
    import numpy as np
    import shapely
    from pyproj import Transformer

    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    flat = shapely.force_2d(lonlat)
    if flat.geom_type == "MultiPolygon":
        flat = flat.geoms[0]
    return shapely.transform(flat, lambda c: np.column_stack(transformer.transform(c[:, 0], c[:, 1])))


def _common(properties: dict[str, Any]) -> dict[str, Any]:
    accuracy, source = properties.get("accuracy_m"), properties.get("source")
    return {
        "id": properties["id"],
        "name": str(properties.get("name") or properties["id"]),
        "accuracy_m": None if accuracy is None else float(accuracy),
        "occluded_from": _date(properties.get("occluded_from")),
        "source": None if source is None else str(source),
    }


def _area(properties: dict[str, Any], polygon: Any) -> Area:
    return Area(role=properties["role"], polygon=polygon, **_common(properties))


def _track(properties: dict[str, Any], line: Any) -> Track:
    gauge = properties.get("gauge_mm")
    return Track(
        line=line,
        gauge_mm=None if gauge is None else round(gauge),
        provisional=bool(properties.get("provisional", False)),
        **_common(properties),
    )
