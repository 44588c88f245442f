"""Read and check a site file (GeoJSON FeatureCollection of the contract).

Everything that can be said against a site file: its faults, and the doubts about a sound one.

Where the built-in site and the fixtures lie: in a wheel, or beside the package in a checkout.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely import LineString, Polygon

from tumangang_watch.errors import InputRefused
from tumangang_watch.grid import utm_crs
from tumangang_watch.model.site import REPORTED_ROLES, Area, ReferenceScene, Site, Track
from tumangang_watch.sites.doubts import repeated_vertices, site_doubts
from tumangang_watch.sites.faults import extent_faults, geometry_faults, is_number, place_of, rings_of, shown
from tumangang_watch.sites.remarks import Remark

MAX_BYTES = 16 * 1024 * 1024
"""A site is a few dozen features; JSON is read up to 16 MiB (docs/sources.md, hostile files)."""
POLYGON_ROLES = ("yard", "bridge", "station", "handling", "apron", "stable", "ignore")
ROLES = (*POLYGON_ROLES, "track")
ID_PATTERN = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,120}")
"""Ids become parts of file names: no separators, and none that hides a file or climbs a folder."""
DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
WGS84 = re.compile(r"(urn:ogc:def:crs:)?(OGC:[0-9.]*:CRS84|EPSG:[0-9.]*:?4326|CRS84|WGS ?84)", re.IGNORECASE)
PLAIN_NAME = re.compile(r"(?!\.)[^/\\]{1,200}")
"""Name of a file in the same folder, and of none that hides."""
SHA256 = re.compile(r"[0-9a-f]{64}")
TEXT_CHARACTERS = 300
"""Names and sources are cut here: they stand in a report's tables."""


def load_site(path: Path | None = None) -> Site:
    """Read a site file; the built-in site when no path is given.

    Raises
    ------
    InputRefused
        At the first fault, with its place.
    """
    file = built_in_site_path() if path is None else Path(path)
    data, sha256 = read_collection(file)
    faults = collection_faults(data)
    if faults:
        raise _refusal(file, str(faults[0]))
    return build_site(file, data, sha256)


def read_collection(file: Path) -> tuple[dict[str, Any], str]:
    """Return a file's FeatureCollection, its features unchecked, and the digest of its bytes.

    Raises
    ------
    InputRefused
        It is no regular file of GeoJSON with features.
    """
    content = _content(file)
    return _parse(file, content), hashlib.sha256(content).hexdigest()


def check_site(path: Path) -> list[str]:
    """Return every fault of a site file in words, each with its place; empty when it is sound."""
    return [str(fault) for fault in faults_of(path)]


def faults_of(path: Path) -> list[Remark]:
    """Return every fault of a site file, in file order; empty when it is sound."""
    file = Path(path)
    try:
        return collection_faults(read_collection(file)[0])
    except InputRefused as error:
        return [Remark(kind="unreadable", what=f"{error.what}: {error.file}: {error.why}")]


def _refusal(file: Path, why: str) -> InputRefused:
    return InputRefused(
        "site refused", file, why, "Correct it; 'tumangang-watch site check' names all faults at once"
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
        why = getattr(error, "strerror", None) or str(error)
        raise InputRefused("site refused", file, why, "Give an existing GeoJSON file") from error


def _parse(file: Path, content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise _refusal(file, "it is nested too deeply to be a site") from error
    except ValueError as error:
        raise _refusal(file, f"it is not JSON in UTF-8 ({error})") from error
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise _refusal(file, "it is not a GeoJSON FeatureCollection")
    features = data.get("features")
    if not isinstance(features, list) or not features:
        raise _refusal(file, "it has no features")
    return data


def collection_faults(data: dict[str, Any]) -> list[Remark]:
    """Return the faults of all features of a FeatureCollection, in file order."""
    faults = _crs_faults(data.get("crs")) + _reference_faults(data.get("reference_scene"))
    seen: dict[str, int] = {}
    roles, boxes = set(), []
    for index, feature in enumerate(data["features"]):
        where = place_of(index, feature)
        own = _property_faults(feature)
        if not own:
            name, role = feature["properties"]["id"], feature["properties"]["role"]
            if name in seen:
                own.append(
                    Remark(kind="duplicate_id", what=f"its id is used already by feature {seen[name]}")
                )
            seen.setdefault(name, index)
            roles.add(role)
            own += geometry_faults(feature.get("geometry"), role == "track")
        if not own:
            boxes.append((where, _lonlat(feature).bounds))
        faults += [replace(fault, where=where) for fault in own]
    if not faults and not roles & {*REPORTED_ROLES, "track"}:
        told = "it has neither a track nor an area to report on: every feature is stable or ignore"
        faults.append(Remark(kind="nothing_reported", what=told))
    # Told also beside other faults: a feature drawn elsewhere is a fault of its own.
    return faults + (extent_faults(boxes) if boxes else [])


def _crs_faults(crs: Any) -> list[Remark]:
    """RFC 7946 knows no ``crs``; older writers add one, and it must say WGS 84 lon/lat."""
    if crs is None:
        return []
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else crs
    if isinstance(name, str) and WGS84.fullmatch(name):
        return []
    told = f"crs: its coordinates are in {shown(name)}, not in WGS 84 longitude, latitude"
    return [Remark(kind="crs", what=told)]


def _reference_faults(reference: Any) -> list[Remark]:
    """Return what is wrong with the record of the scene a site was traced from."""
    if reference is None:
        return []
    if not isinstance(reference, dict):
        return [Remark(kind="reference", what=f"reference_scene is {shown(reference)}, not an object")]
    faults = []
    name = reference.get("image")
    if not isinstance(name, str) or not PLAIN_NAME.fullmatch(name) or not name.isprintable():
        told = f"reference_scene: image {shown(name)} is not the plain name of a file beside the site file"
        faults.append(Remark(kind="reference", what=told))
    if not isinstance(reference.get("name"), str):
        told = f"reference_scene: name {shown(reference.get('name'))} is not text"
        faults.append(Remark(kind="reference", what=told))
    for key in ("sha256", "image_sha256"):
        digest = reference.get(key)
        if not isinstance(digest, str) or not SHA256.fullmatch(digest):
            faults.append(
                Remark(
                    kind="reference", what=f"reference_scene: {key} {shown(digest)} is not a SHA-256 digest"
                )
            )
    return faults


def _property_faults(feature: Any) -> list[Remark]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return [Remark(kind="no_properties", what="it has no properties")]
    faults = []
    role, name = properties.get("role"), properties.get("id")
    if role not in ROLES:
        faults.append(
            Remark(kind="role", what=f"role {shown(role)} is unknown; use one of {', '.join(ROLES)}")
        )
    if name is None or name == "":
        faults.append(Remark(kind="id", what="it has no id"))
    elif not isinstance(name, str) or not ID_PATTERN.fullmatch(name):
        told = f"id {shown(name)} is not text of 1 to 120 letters, digits, '.', '_' and '-' (no '.' first)"
        faults.append(Remark(kind="id", what=told))
    since = properties.get("occluded_from")
    if since is not None and _date(since) is None:
        faults.append(Remark(kind="value", what=f"occluded_from {shown(since)} is not a date (YYYY-MM-DD)"))
    for key in ("accuracy_m", "gauge_mm"):
        value = properties.get(key)
        if value is not None and not (is_number(value) and 0 <= value < 1e6):
            faults.append(Remark(kind="value", what=f"{key} {shown(value)} is not a number of zero or more"))
    if not isinstance(properties.get("provisional", False), bool):
        told = f"provisional {shown(properties['provisional'])} is not true or false"
        faults.append(Remark(kind="value", what=told))
    return faults


def _date(text: Any) -> date | None:
    if not isinstance(text, str) or not DATE_PATTERN.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _text(value: Any, otherwise: str) -> str:
    """Return text of the file on one line, without control characters: terminals obey those."""
    if not isinstance(value, str):
        return otherwise
    printable = "".join(c if c.isprintable() else " " for c in value[:TEXT_CHARACTERS])
    return " ".join(printable.split()) or otherwise


def build_site(file: Path, data: dict[str, Any], sha256: str) -> Site:
    """Return the site of a collection that has no faults, in metres."""
    shapes = [_lonlat(feature) for feature in data["features"]]
    west, south, east, north = (
        pick(s.bounds[k] for s in shapes) for k, pick in enumerate((min, min, max, max))
    )
    crs = utm_crs((west + east) / 2, (south + north) / 2)
    areas, tracks = [], []
    for feature, placed in zip(data["features"], _in_metres(shapes, crs), strict=True):
        properties = feature["properties"]
        if properties["role"] == "track":
            tracks.append(_track(properties, placed))
        else:
            areas.append(_area(properties, placed))
    return Site(
        id=file.stem,
        name=_text(data.get("name"), file.stem),
        sha256=sha256,
        crs=crs,
        areas=tuple(areas),
        tracks=tuple(tracks),
        reference=_reference(file, data.get("reference_scene")),
    )


def _reference(file: Path, reference: Any) -> ReferenceScene | None:
    if reference is None:
        return None
    return ReferenceScene(
        _text(reference["name"], "a scene"),
        reference["sha256"],
        file.parent / reference["image"],
        reference["image_sha256"],
    )


def _lonlat(feature: dict[str, Any]) -> LineString | Polygon:
    """Return a sound feature's geometry in degrees: heights and repeated vertices of tracks dropped."""
    geometry = feature["geometry"]
    if geometry["type"] == "LineString":
        # Two like vertices in a row have no heading between them.
        return shapely.remove_repeated_points(
            shapely.LineString([position[:2] for position in geometry["coordinates"]])
        )
    outline, *holes = ([position[:2] for position in ring] for ring in rings_of(geometry))
    return shapely.Polygon(outline, holes)


def _in_metres(shapes: list[LineString | Polygon], crs: str) -> list[Any]:
    transform = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    return [shapely.transform(s, lambda c: np.column_stack(transform(c[:, 0], c[:, 1]))) for s in shapes]


def _common(properties: dict[str, Any]) -> dict[str, Any]:
    accuracy = properties.get("accuracy_m")
    return {
        "id": properties["id"],
        "name": _text(properties.get("name"), properties["id"]),
        "accuracy_m": None if accuracy is None else float(accuracy),
        "occluded_from": _date(properties.get("occluded_from")),
        "source": _text(properties.get("source"), "") or None,
    }


def _area(properties: dict[str, Any], polygon: Any) -> Area:
    return Area(role=properties["role"], polygon=polygon, **_common(properties))


def _track(properties: dict[str, Any], line: Any) -> Track:
    gauge: Any = properties.get("gauge_mm")
    sure: Any = properties.get("confidence")
    return Track(
        line=line,
        gauge_mm=None if gauge is None else round(gauge),
        provisional=properties.get("provisional", False),
        confidence=float(sure) if is_number(sure) and 0 <= sure <= 1 else None,
        **_common(properties),
    )


def examine_site(path: Path) -> list[Remark]:
    """Return the faults of a site file in file order; of a sound file its doubts."""
    file = Path(path)
    faults = faults_of(file)
    if faults:
        return faults

    data, sha256 = read_collection(file)
    return [*repeated_vertices(data["features"]), *site_doubts(build_site(file, data, sha256))]


BUILT_IN = "tumangang.geojson"


def _data(name: str) -> Path:
    package = Path(__file__).resolve().parents[1]
    in_wheel = package / "data" / name
    return in_wheel if in_wheel.is_dir() else package.parent / name


def built_in_site_path() -> Path:
    """Return the path of the built-in Tumangang site file."""
    return _data("aois") / BUILT_IN


def fixtures_dir() -> Path:
    """Return the folder of the painted fixture scenes."""
    return _data("fixtures")
