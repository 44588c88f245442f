"""From the features of a source to single lines and polygons with a role."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import cos, radians
from typing import Any

import shapely

from tumangang_watch.grid import METRES_PER_DEGREE
from tumangang_watch.settings.scenes import SiteSettings
from tumangang_watch.sites.faults import MIN_TRACK_M
from tumangang_watch.sites.importing.assemble import SitePiece
from tumangang_watch.sites.importing.join import Way, join_ways
from tumangang_watch.sites.importing.layers import SourceFeature
from tumangang_watch.sites.importing.roles import (
    BARE,
    LINES,
    POLYGONS,
    ImportOptions,
    Verdict,
    is_tagged,
    properties_of,
    role_of,
    suits,
)
from tumangang_watch.sites.importing.stage import refusal

YARD_SHARE = 0.5
"""A polygon without a role that holds this much of a track is its yard."""


def pieces_of(
    features: list[SourceFeature],
    options: ImportOptions,
    limits: SiteSettings,
    left_out: Counter[str],
    notes: list[str],
) -> list[SitePiece]:
    """Return the pieces of all sources; count in ``left_out`` what has no place in a site.

    Raises
    ------
    InputRefused
        A feature's role is unknown or does not suit its geometry.
    """
    rows = [properties_of(feature) for feature in features]
    extracts = {feature.source for feature, own in zip(features, rows, strict=True) if is_tagged(own)}
    pieces: list[SitePiece] = []
    undecided: list[SitePiece] = []
    ways: list[SitePiece] = []
    for feature, own in zip(features, rows, strict=True):
        tagged = feature.source in extracts
        for single in _singles(feature):
            verdict = _verdict(single, own, options, tagged)
            if verdict.role is None and verdict.why != BARE:
                left_out[verdict.why] += 1
                continue
            role = verdict.role or "yard"
            piece = SitePiece(
                role=role,
                geometry=_fitted(single, role),
                properties=own,
                places=(single.place,),
                source=single.source,
                ref=_track_number(own),
                tagged=tagged,
            )
            is_way = verdict.by_tags and role == "track"
            (undecided if verdict.role is None else ways if is_way else pieces).append(piece)
            if own.get("bridge") not in (None, "no") and role == "track":
                notes.append(
                    f"{single.place} is on a bridge: draw a polygon with role bridge to report on it"
                )
    joined = _joined(ways, limits, left_out)
    if len(joined) < len(ways):
        notes.append(f"{len(ways)} ways were joined at their nodes to {len(joined)} tracks")
    return pieces + joined + _yards(undecided, pieces + joined, left_out)


def _singles(feature: SourceFeature) -> list[SourceFeature]:
    """Split collections and Multi* geometries; chain the parts of a line that meet end to end."""
    geometry = feature.geometry
    if geometry is None or geometry.is_empty:
        return [replace(feature, geometry=None)]
    if geometry.geom_type == "MultiLineString":
        geometry = shapely.line_merge(geometry)
    parts: list[Any] = []
    for part in shapely.get_parts(geometry):
        if part.geom_type == "GeometryCollection" or part.geom_type.startswith("Multi"):
            parts += [s.geometry for s in _singles(replace(feature, geometry=part))]
        else:
            parts.append(part)
    return [replace(feature, geometry=part) for part in parts]


def _verdict(feature: SourceFeature, own: dict[str, Any], options: ImportOptions, tagged: bool) -> Verdict:
    if feature.geometry is None or feature.geometry.is_empty:
        return Verdict(None, "without a geometry")
    kind = feature.geometry.geom_type
    if kind not in (*LINES, *POLYGONS):
        return Verdict(None, "points" if "Point" in kind else kind)
    if kind in LINES and _is_outline(feature.geometry):
        closed = replace(feature, geometry=shapely.Polygon(feature.geometry))
        verdict = role_of(closed, own, options.roles, tagged)
        if verdict.role not in (None, "track"):
            return verdict
    verdict = role_of(feature, own, options.roles, tagged)
    if verdict.role is None and verdict.why.startswith("role "):
        raise refusal(
            feature.source,
            f"{feature.place}: {verdict.why}",
            "Use one of docs/sites.md's roles, or empty it and give --role",
        )
    return verdict


def _is_outline(line: Any) -> bool:
    """Return whether a line is drawn round something; one without length is closed too."""
    return bool(line.is_ring and line.is_valid)


def _fitted(feature: SourceFeature, role: str) -> Any:
    """Return the geometry a role needs: an outline drawn as a closed line becomes its polygon."""
    shape = feature.geometry
    if role != "track" and shape.geom_type in LINES and _is_outline(shape):
        return shapely.Polygon(shape)
    if not suits(role, shape.geom_type):
        needed = "a line" if role == "track" else "a polygon"
        raise refusal(
            feature.source,
            f"{feature.place} is a {shape.geom_type}, and a {role} is {needed}",
            "Correct its role or geometry",
        )
    return shape


def _track_number(own: dict[str, Any]) -> str | None:
    """Return the number of a track, as OpenStreetMap or a plain field gives it."""
    ref = own.get("railway:track_ref") or own.get("track_ref")
    return None if ref is None else str(ref).strip()[:40] or None


def _joined(ways: list[SitePiece], limits: SiteSettings, left_out: Counter[str]) -> list[SitePiece]:
    """Join OpenStreetMap's ways to tracks; leave out what is shorter than a wagon."""
    lines = [Way(w.geometry, w.ref, (k,)) for k, w in enumerate(ways)]
    out = []
    for track in join_ways(lines, limits.join_gap_m, limits.join_kink_deg):
        members = [ways[k] for k in track.members]
        squeeze = cos(radians(track.line.coords[0][1]))
        scaled = shapely.transform(track.line, lambda c, s=squeeze: c * METRES_PER_DEGREE * (s, 1.0))
        if scaled.length < MIN_TRACK_M:
            left_out["tracks shorter than 10 m"] += 1
            continue
        longest = max(members, key=lambda piece: piece.geometry.length)
        joined = replace(longest, geometry=track.line, properties=_common(members, longest), ref=track.ref)
        out.append(replace(joined, places=tuple(place for piece in members for place in piece.places)))
    return out


def _common(members: list[SitePiece], longest: SitePiece) -> dict[str, Any]:
    """Return the longest way's properties, less what the others contradict; every way's id."""
    own = dict(longest.properties)
    for key in ("gauge", "gauge_mm", "name", "accuracy_m", "occluded_from"):
        values = {str(piece.properties[key]) for piece in members if key in piece.properties}
        if len(values) > 1:
            own.pop(key, None)
    own["@ids"] = [str(i) for piece in members if (i := piece.properties.get("@id")) is not None]
    return own


def _yards(undecided: list[SitePiece], pieces: list[SitePiece], left_out: Counter[str]) -> list[SitePiece]:
    """Keep the polygons without a role that hold most of a track."""
    tracks = [piece.geometry for piece in pieces if piece.role == "track"]
    out = []
    for piece in undecided:
        outline = piece.geometry if piece.geometry.is_valid else piece.geometry.convex_hull
        if any(outline.intersection(t).length >= YARD_SHARE * t.length for t in tracks):
            out.append(piece)
        else:
            left_out["polygons without a role that hold no track"] += 1
    return out
