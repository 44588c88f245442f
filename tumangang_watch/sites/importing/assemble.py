"""From pieces to the FeatureCollection of a site file: ids, properties, coordinates."""

from __future__ import annotations

import json
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from tumangang_watch.sites.collection import DATE_PATTERN, ROLES, collection_faults
from tumangang_watch.sites.importing.roles import ImportOptions
from tumangang_watch.sites.importing.stage import refusal

ATTRIBUTION = "(c) OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)"
ID_CHARACTERS = 60
DECIMALS = 7
"""A centimetre; RFC 7946 asks for no more."""
ORDER = {role: k for k, role in enumerate(ROLES)}
SOURCE_CHARACTERS = 250


@dataclass(frozen=True, kw_only=True)
class SitePiece:
    """One line or polygon with a role."""

    role: str
    geometry: Any
    """shapely LineString or Polygon, longitude and latitude."""
    properties: dict[str, Any]
    places: tuple[str, ...]
    """Where it comes from, for messages."""
    source: Path
    ref: str | None = None
    """A track's number."""
    tagged: bool = False
    """It comes from OpenStreetMap."""


def collection_of(pieces: list[SitePiece], options: ImportOptions) -> dict[str, Any]:
    """Return the pieces as a site file's FeatureCollection.

    Raises
    ------
    InputRefused
        A piece has a fault; the message names where it comes from.
    """
    ordered = sorted(pieces, key=lambda piece: ORDER[piece.role])
    ids = _ids(ordered, options.id_field)
    features = [
        {"type": "Feature", "properties": _properties(piece, id_), "geometry": _geometry(piece.geometry)}
        for piece, id_ in zip(ordered, ids, strict=True)
    ]
    collection: dict[str, Any] = {"type": "FeatureCollection", "name": options.name}
    if any(piece.tagged for piece in ordered):
        collection["attribution"] = ATTRIBUTION
    collection["features"] = features
    faults = collection_faults(collection)
    if faults:
        match = re.match(r"feature (\d+) ", faults[0].where)
        piece = ordered[int(match.group(1))] if match else ordered[0]
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        where = f"{piece.places[0]}: " if match else ""
        raise refusal(piece.source, f"{where}{faults[0].what}{more}", faults[0].todo)
    return collection


def _geometry(shape: Any) -> dict[str, Any]:
    """Return GeoJSON: two coordinates, seven decimals, no repeated vertices, outlines anticlockwise."""
    rounded = shapely.transform(shape, lambda c: c.round(DECIMALS))
    with suppress(shapely.GEOSException):  # A ring of one place: `collection_faults` tells it.
        rounded = shapely.remove_repeated_points(rounded)
    geometry: dict[str, Any] = json.loads(shapely.to_geojson(shapely.orient_polygons(rounded)))
    return geometry


def _ids(pieces: list[SitePiece], id_field: str | None) -> list[str]:
    """Return an id for each piece: safe in file names, unique in any case of letters."""
    used: set[str] = set()
    out = []
    counts: dict[str, int] = {}
    for piece in pieces:
        counts[piece.role] = counts.get(piece.role, 0) + 1
        wanted = _slug(_wanted_id(piece, id_field)) or f"{piece.role}-{counts[piece.role]}"
        id_, number = wanted, 1
        while id_.casefold() in used:
            number += 1
            id_ = f"{wanted}-{number}"
        used.add(id_.casefold())
        out.append(id_)
    return out


def _wanted_id(piece: SitePiece, id_field: str | None) -> Any:
    own = piece.properties
    if id_field is not None and own.get(id_field.lower()) not in (None, ""):
        return own[id_field.lower()]
    if piece.tagged:
        return f"track-{piece.ref}" if piece.ref and piece.role == "track" else own.get("name", "")
    for key in ("id", "name"):
        if own.get(key) not in (None, ""):
            return own[key]
    return f"track-{piece.ref}" if piece.ref else ""


def _slug(value: Any) -> str:
    """Return text as an id: accents dropped, everything unsafe a hyphen; empty when nothing is left."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    plain = unicodedata.normalize("NFKD", str(value)).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.")[:ID_CHARACTERS]


def _properties(piece: SitePiece, id_: str) -> dict[str, Any]:
    own = piece.properties
    out: dict[str, Any] = {"role": piece.role, "id": id_}
    name = own.get("name")
    if name is None and piece.role == "track" and piece.ref:
        name = f"track {piece.ref}"
    if name is not None:
        out["name"] = str(name)[:SOURCE_CHARACTERS]
    out["source"] = _source(piece)
    if (accuracy := own.get("accuracy_m")) is not None:
        out["accuracy_m"] = _number(accuracy)
    if (gauge := own.get("gauge_mm", own.get("gauge"))) is not None and piece.role == "track":
        value = _number(gauge)
        if not isinstance(value, str) or "gauge_mm" in own:  # "1435;1520" is two gauges, and none.
            out["gauge_mm"] = value
    if (since := own.get("occluded_from")) is not None:
        out["occluded_from"] = _day(str(since))
    if (provisional := own.get("provisional")) is not None and piece.role == "track":
        out["provisional"] = _flag(provisional)
    return out


def _source(piece: SitePiece) -> str:
    if (stated := piece.properties.get("source")) and not piece.tagged:
        return str(stated)[:SOURCE_CHARACTERS]
    if piece.tagged:
        ids = piece.properties.get("@ids") or [piece.properties.get("@id")]
        named = ", ".join(str(i) for i in ids if i is not None)
        return f"OpenStreetMap{' ' + named if named else ''}"[:SOURCE_CHARACTERS]
    return f"imported from {piece.source.name}"[:SOURCE_CHARACTERS]


def _number(value: Any) -> Any:
    """Return a number where the value is one, else the value for the check to refuse."""
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return str(value)
    return int(number) if number.is_integer() else number


def _day(text: str) -> str:
    """Return ``2024-12-03`` of a date as databases write it (``2024/12/03``, ``20241203``)."""
    match = re.fullmatch(r"(\d{4})[/-]?(\d{2})[/-]?(\d{2})([T ].*)?", text.strip())
    day = "-".join(match.groups()[:3]) if match else text
    return day if DATE_PATTERN.fullmatch(day) else text


def _flag(value: Any) -> Any:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return words.get(str(value).strip().lower(), value)
