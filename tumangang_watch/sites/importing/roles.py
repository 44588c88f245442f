"""What a feature of another file is for: its own word, the user's, its tags, its layer, its geometry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tumangang_watch.sites.collection import ROLES
from tumangang_watch.sites.importing.layers import SourceFeature

LINES = ("LineString", "MultiLineString", "LinearRing")
POLYGONS = ("Polygon", "MultiPolygon")
RAILS = ("rail", "narrow_gauge", "light_rail", "preserved")
"""Values of OpenStreetMap's ``railway`` that are tracks wagons may stand on."""
TAG_KEYS = ("railway", "landuse", "building", "highway", "man_made", "public_transport", "waterway", "power")
"""A source with one of these is an extract of OpenStreetMap: bare geometry then says nothing."""
HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"')
ALIASES = {
    "railway:tr": "railway:track_ref",
    "railway_tr": "railway:track_ref",
    "railway_track_ref": "railway:track_ref",
    "occluded_f": "occluded_from",
    "provisiona": "provisional",
}
"""A Shapefile's field names end after ten characters."""

BARE = "a polygon without a role"
"""Undecided until it is known whether it holds tracks."""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """What the user says of the sources."""

    roles: dict[str, str] = field(default_factory=dict)
    """Role by layer; "" stands for every other layer."""
    layers: tuple[str, ...] = ()
    id_field: str | None = None
    crs: str | None = None
    name: str = "site"
    """The site's name."""


@dataclass(frozen=True)
class Verdict:
    """The role of a feature, or why it has none."""

    role: str | None
    why: str
    by_tags: bool = False


def properties_of(feature: SourceFeature) -> dict[str, Any]:
    """Return a feature's properties with OpenStreetMap's ``other_tags`` and cut names spelt out."""
    own = dict(feature.properties)
    other = own.pop("other_tags", None)
    if isinstance(other, str):
        for key, value in HSTORE.findall(other[:10_000]):
            own.setdefault(key.lower(), value.replace('\\"', '"'))
    for short, name in ALIASES.items():
        if short in own:
            own.setdefault(name, own.pop(short))
    return own


def is_tagged(properties: dict[str, Any]) -> bool:
    """Tell whether a feature carries a tag of OpenStreetMap."""
    return any(key in properties for key in TAG_KEYS)


def word_as_role(word: Any) -> str | None:
    """Return the role that a word names, in any case and number, or None."""
    text = str(word).strip().lower()
    for candidate in (text, text.removesuffix("s")):
        if candidate in ROLES:
            return candidate
    return None


def suits(role: str, kind: str) -> bool:
    """Tell whether a role can have a geometry of this kind."""
    return kind in LINES if role == "track" else kind in POLYGONS


def role_of(
    feature: SourceFeature, properties: dict[str, Any], roles: dict[str, str], tagged: bool
) -> Verdict:
    """Return what a feature is for, by the first rule that answers.

    Parameters
    ----------
    feature : SourceFeature
        With a line or polygon.
    properties : dict
        From `properties_of`.
    roles : dict
        Role by layer name that the user gave; "" stands for every other layer.
    tagged : bool
        The source is an extract of OpenStreetMap.
    """
    kind = feature.geometry.geom_type
    if properties.get("role") not in (None, ""):
        role = word_as_role(properties["role"])
        return Verdict(role, "" if role else f"role {str(properties['role'])[:30]!r} is unknown")
    given = roles.get(feature.layer, roles.get(""))
    if given is not None and suits(given, kind):
        return Verdict(given, "")
    if is_tagged(properties):
        return _by_tags(properties, kind)
    named = word_as_role(feature.layer)
    if named is not None and suits(named, kind):
        return Verdict(named, "")
    if tagged:
        return Verdict(None, "no tag of the railway")
    if kind in LINES:
        return Verdict("track", "")
    return Verdict(None, BARE)


def _by_tags(tags: dict[str, Any], kind: str) -> Verdict:
    railway, line = str(tags.get("railway", "")), kind in LINES
    if tags.get("tunnel") not in (None, "", "no"):
        return Verdict(None, "in a tunnel", True)
    if line:
        if railway in RAILS:
            return Verdict("track", "", True)
        return Verdict(None, f"railway={railway}" if railway else "no tag of the railway", True)
    rules = (
        ("station", railway == "station" or tags.get("public_transport") == "station"),
        ("yard", tags.get("landuse") == "railway" or railway == "yard"),
        ("bridge", tags.get("man_made") == "bridge"),
        ("apron", railway == "platform" or tags.get("public_transport") == "platform"),
        ("stable", str(tags.get("building", "no")) not in ("no", "construction", "roof")),
    )
    role = next((name for name, holds in rules if holds), None)
    return Verdict(role, "" if role else "no tag of the railway", True)
