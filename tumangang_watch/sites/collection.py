"""What can be wrong with the features of a site's FeatureCollection, each fault with its place."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import shapely
from shapely import LineString, Polygon

from tumangang_watch.model.site import REPORTED_ROLES
from tumangang_watch.sites.faults import (
    Bounds,
    extent_faults,
    geometry_faults,
    is_number,
    place_of,
    rings_of,
    shown,
)
from tumangang_watch.sites.remarks import Remark, fault

POLYGON_ROLES = ("yard", "bridge", "station", "handling", "apron", "stable", "ignore")
ROLES = (*POLYGON_ROLES, "track")
ID_PATTERN = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,120}")
"""Ids become parts of file names: no separators, and none that hides a file or climbs a folder."""
DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
WGS84 = re.compile(r"(urn:ogc:def:crs:)?(OGC:[0-9.]*:CRS84|EPSG:[0-9.]*:?4326|CRS84|WGS ?84)", re.IGNORECASE)
PLAIN_NAME = re.compile(r"(?!\.)[^/\\]{1,200}")
"""Name of a file in the same folder, and of none that hides."""
SHA256 = re.compile(r"[0-9a-f]{64}")
FIRST_REFERENCE, MORE_REFERENCES = "reference_scene", "reference_scenes"
"""Where a site's file names the scene it was drawn on, and those of other seasons."""
MAX_TRACKS = 1000
"""Three times those of the largest yards of the world."""
REFERENCES_MAX = 24
"""Two a month: each is compared with every scene that comes."""


def collection_faults(data: dict[str, Any]) -> list[Remark]:
    """Return the faults of all features of a FeatureCollection, in file order."""
    faults = _crs_faults(data.get("crs")) + _reference_faults(data)
    seen: dict[str, int] = {}
    roles: set[str] = set()
    boxes: dict[str, Bounds] = {}
    for index, feature in enumerate(data["features"]):
        where = place_of(index, feature)
        own = _property_faults(feature)
        if not own:
            name, role = feature["properties"]["id"], feature["properties"]["role"]
            if name in seen:
                own.append(fault("duplicate_id", f"its id is used already by feature {seen[name]}"))
            seen.setdefault(name, index)
            roles.add(role)
            own += geometry_faults(feature.get("geometry"), role == "track")
        if not own:
            boxes[where] = lonlat_of(feature).bounds
        faults += [replace(remark, where=where) for remark in own]
    if not faults and not roles & {*REPORTED_ROLES, "track"}:
        what = "it has neither a track nor an area to report on: every feature is stable or ignore"
        faults.append(fault("nothing_reported", what))
    tracks = sum(1 for f in data["features"] if _is_track(f))
    if tracks > MAX_TRACKS:
        faults.append(fault("too_many", f"it has {tracks} tracks, more than {MAX_TRACKS}"))
    # Told also beside other faults: a feature drawn elsewhere is a fault of its own.
    return faults + (extent_faults(boxes) if boxes else [])


def _is_track(feature: Any) -> bool:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return isinstance(properties, dict) and properties.get("role") == "track"


def _crs_faults(crs: Any) -> list[Remark]:
    """RFC 7946 knows no ``crs``; older writers add one, and it must say WGS 84 lon/lat."""
    if crs is None:
        return []
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else crs
    if isinstance(name, str) and WGS84.fullmatch(name):
        return []
    what = f"crs: its coordinates are in {shown(name)}, not in WGS 84 longitude, latitude"
    return [fault("crs", what)]


def reference_records(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records of a sound collection's reference scenes, the first one first."""
    first = data.get(FIRST_REFERENCE)
    return [*([] if first is None else [first]), *(data.get(MORE_REFERENCES) or [])]


def _reference_faults(data: dict[str, Any]) -> list[Remark]:
    """Return what is wrong with the records of the scenes a site was drawn on."""
    more = data.get(MORE_REFERENCES) or []
    if not isinstance(more, list) or len(more) > REFERENCES_MAX:
        what = f"{MORE_REFERENCES} is {shown(more)}, not a list of up to {REFERENCES_MAX}"
        return [fault("reference", what)]
    first = data.get(FIRST_REFERENCE)
    named = [] if first is None else [(FIRST_REFERENCE, first)]
    named += [(f"{MORE_REFERENCES}[{k}]", record) for k, record in enumerate(more)]
    return [remark for where, record in named for remark in _record_faults(where, record)]


def _record_faults(where: str, reference: Any) -> list[Remark]:
    """Return what is wrong with the record of one reference scene."""
    if not isinstance(reference, dict):
        return [fault("reference", f"{where} is {shown(reference)}, not an object")]
    image, name = reference.get("image"), reference.get("name")
    wrong = []
    if not isinstance(image, str) or not PLAIN_NAME.fullmatch(image) or not image.isprintable():
        wrong.append(f"image {shown(image)} is not the plain name of a file beside the site file")
    if not isinstance(name, str):
        wrong.append(f"name {shown(name)} is not text")
    for key in ("sha256", "image_sha256"):
        digest = reference.get(key)
        if not isinstance(digest, str) or not SHA256.fullmatch(digest):
            wrong.append(f"{key} {shown(digest)} is not a SHA-256 digest")
    return [fault("reference", f"{where}: {what}") for what in wrong]


def _property_faults(feature: Any) -> list[Remark]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return [fault("no_properties", "it has no properties")]
    faults = []
    role, name = properties.get("role"), properties.get("id")
    if role not in ROLES:
        faults.append(fault("role", f"role {shown(role)} is unknown; use one of {', '.join(ROLES)}"))
    if name is None or name == "":
        faults.append(fault("id", "it has no id"))
    elif not isinstance(name, str) or not ID_PATTERN.fullmatch(name):
        what = f"id {shown(name)} is not text of 1 to 120 letters, digits, '.', '_' and '-' (no '.' first)"
        faults.append(fault("id", what))
    since = properties.get("occluded_from")
    if since is not None and day_of(since) is None:
        faults.append(fault("value", f"occluded_from {shown(since)} is not a date (YYYY-MM-DD)"))
    for key in ("accuracy_m", "gauge_mm"):
        value = properties.get(key)
        if value is not None and not (is_number(value) and 0 <= value < 1e6):
            faults.append(fault("value", f"{key} {shown(value)} is not a number of zero or more"))
    if not isinstance(properties.get("provisional", False), bool):
        what = f"provisional {shown(properties['provisional'])} is not true or false"
        faults.append(fault("value", what))
    return faults


def day_of(text: Any) -> date | None:
    """Return the day that a text of ISO 8601 names; None for anything else."""
    if not isinstance(text, str) or not DATE_PATTERN.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def lonlat_of(feature: dict[str, Any]) -> LineString | Polygon:
    """Return a sound feature's geometry in degrees: heights and repeated vertices of tracks dropped."""
    geometry = feature["geometry"]
    if geometry["type"] == "LineString":
        # Two like vertices in a row have no heading between them.
        return shapely.remove_repeated_points(
            shapely.LineString([position[:2] for position in geometry["coordinates"]])
        )
    outline, *holes = ([position[:2] for position in ring] for ring in rings_of(geometry))
    return shapely.Polygon(outline, holes)
