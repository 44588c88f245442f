"""What is doubtful about a sound site: noted, and, the site is used all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import LineString, Point

from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.plain_files import sha256_of
from tumangang_watch.settings.scenes import SiteSettings
from tumangang_watch.sites.faults import place_of, rings_of
from tumangang_watch.sites.remarks import Remark
from tumangang_watch.track_frame import stretches

IMAGE_BYTES_MAX = 256 * 1024 * 1024
"""A reference image is a few megabytes."""
STEP_M = 2.0
"""Tracks are compared at points this far apart."""


def site_doubts(site: Site) -> list[Remark]:
    """Return the doubts about a site without faults, each with its place in lon/lat where it has one."""
    limits = SiteSettings()
    found = [
        *_references(site),
        *_accuracy(site, limits),
        *_lacks(site),
        *_close_tracks(site.tracks, limits),
        *_aprons_on_tracks(site, limits),
        *_outside(site, limits),
        *(doubt for track in site.tracks for doubt in _kinks(track, limits)),
    ]
    to_lonlat = Transformer.from_crs(site.crs, "EPSG:4326", always_xy=True).transform
    remarks = []
    for doubt in found:
        lonlat = None if doubt.at is None else tuple(round(v, 7) for v in to_lonlat(doubt.at.x, doubt.at.y))
        remark = Remark(kind=doubt.kind, what=doubt.what, where=doubt.where, level="doubt", lonlat=lonlat)
        remarks.append(remark)
    return remarks


def repeated_vertices(features: Iterable[dict[str, Any]]) -> list[Remark]:
    """Return a doubt for each feature of a sound file with two like positions in a row."""
    found = []
    for index, feature in enumerate(features):
        geometry = feature["geometry"]
        rings = [geometry["coordinates"]] if geometry["type"] == "LineString" else rings_of(geometry)
        for ring in rings:
            same = [k for k in range(1, len(ring)) if ring[k][:2] == ring[k - 1][:2]]
            if same:
                more = f" and {len(same) - 1} more" if len(same) > 1 else ""
                found.append(
                    Remark(
                        kind="repeated_vertex",
                        what=f"vertex {same[0]} repeats the one before{more}",
                        where=place_of(index, feature),
                        level="doubt",
                        lonlat=tuple(ring[same[0]][:2]),
                    )
                )
                break
    return found


@dataclass(frozen=True)
class _Doubt:
    """A doubt whose place is still in metres."""

    kind: str
    what: str
    where: str = ""
    at: Point | None = None


def _name(feature: Area | Track) -> str:
    return f"{getattr(feature, 'role', 'track')} {feature.id!r}"


def _ids(features: Iterable[Area | Track]) -> str:
    ids = [feature.id for feature in features]
    return ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")


def _references(site: Site) -> list[_Doubt]:
    """Return which of the site's reference images cannot be registered to."""
    found = []
    for known in site.references:
        path = known.image
        if not path.is_file():
            found.append(_Doubt("reference_image", f"{path.name}, kept of {known.name}, is missing"))
        elif path.stat().st_size > IMAGE_BYTES_MAX or sha256_of(path) != known.image_sha256:
            found.append(_Doubt("reference_image", f"{path.name} is not what was kept of {known.name}"))
    return found


def _accuracy(site: Site, limits: SiteSettings) -> list[_Doubt]:
    features: list[Area | Track] = [*site.tracks, *site.having("yard", "bridge", "station", "handling")]
    poor = [f for f in features if f.accuracy_m is not None and f.accuracy_m > limits.accuracy_needed_m]
    unsaid = [f for f in features if f.accuracy_m is None]
    found = []
    if poor:
        worst = max(f.accuracy_m or 0.0 for f in poor)
        what = (
            f"known to {worst:g} m at worst, and a scene needs {limits.accuracy_needed_m:g} m: {_ids(poor)}"
        )
        found.append(_Doubt("accuracy_poor", what))
    if unsaid:
        found.append(_Doubt("accuracy_unknown", f"accuracy_m is not stated: {_ids(unsaid)}"))
    return found


def _lacks(site: Site) -> list[_Doubt]:
    """Return what a site lacks: tracks that are no models, ground to fit on, ground that may grow."""
    models = [track for track in site.tracks if track.provisional]
    found = [_Doubt("provisional", f"tracks are marked provisional: {_ids(models)}")] if models else []
    if site.tracks and not site.having("apron", "stable"):
        what = "there is neither an apron nor stable ground beside the tracks"
        found.append(_Doubt("no_fit_ground", what))
    handling = shapely.union_all([area.polygon for area in site.having("handling")])
    for yard in site.having("yard"):
        if not handling.intersects(yard.polygon):
            found.append(_Doubt("no_handling", "no handling polygon touches it", _name(yard)))
    return found


def _close_tracks(tracks: tuple[Track, ...], limits: SiteSettings) -> list[_Doubt]:
    """Return tracks that run side by side too close, switches and crossings excepted."""
    found = []
    tree = shapely.STRtree([track.line for track in tracks])
    for k, track in enumerate(tracks):
        near = tree.query(track.line.buffer(limits.tracks_apart_m), predicate="intersects")
        for j in sorted(int(n) for n in near if n > k):
            run = _run_together(track.line, tracks[j].line, limits)
            if run is None:
                continue
            start, end, nearest = run
            what = (
                f"{nearest:.1f} m from track {tracks[j].id!r} at the nearest, and closer than "
                f"{limits.tracks_apart_m:g} m from {start:.0f} to {end:.0f} m along"
            )
            place = track.line.interpolate((start + end) / 2)
            found.append(_Doubt("tracks_close", what, _name(track), place))
    return found


def _run_together(
    line: LineString, other: LineString, limits: SiteSettings
) -> tuple[float, float, float] | None:
    """Return ``(from_m, to_m, smallest distance)`` of the longest run that no switch explains, or None."""
    along = np.arange(0.0, line.length + STEP_M / 2, STEP_M)
    points = shapely.line_interpolate_point(line, along)
    distance = shapely.distance(points, other)
    where = shapely.line_locate_point(other, points)
    close = distance < limits.tracks_apart_m
    best = None
    for first, end in stretches(close):
        last = end - 1
        span = float(along[last] - along[first])
        on_other = where[first : last + 1]
        at_end = first == 0 or last == len(along) - 1
        at_end = at_end or on_other.min() <= STEP_M or on_other.max() >= other.length - STEP_M
        allowed = limits.switch_m if at_end else limits.side_by_side_m
        if span > allowed and (best is None or span > best[1] - best[0]):
            best = float(along[first]), float(along[last]), float(distance[first : last + 1].min())
    return best


def _aprons_on_tracks(site: Site, limits: SiteSettings) -> list[_Doubt]:
    found = []
    for apron in site.having("apron"):
        for track in site.tracks:
            under_cars = track.line.buffer(limits.clear_of_track_m, cap_style="flat")
            overlap = apron.polygon.intersection(under_cars)
            if overlap.area > limits.apron_overlap_m2:
                what = f"{overlap.area:.0f} m2 of it lie under cars on track {track.id!r}"
                found.append(_Doubt("apron_on_track", what, _name(apron), overlap.representative_point()))
    return found


def _outside(site: Site, limits: SiteSettings) -> list[_Doubt]:
    places = shapely.union_all([a.polygon for a in site.having("yard", "bridge", "station")])
    found = []
    for track in site.tracks:
        beyond = track.line.difference(places)
        if beyond.length > limits.outside_share * track.line.length:
            what = f"{beyond.length:.0f} of its {track.line.length:.0f} m lie in no yard, station or bridge"
            found.append(_Doubt("outside_areas", what, _name(track), beyond.representative_point()))
    return found


def _kinks(track: Track, limits: SiteSettings) -> list[_Doubt]:
    """Return the sharpest bend of a track where it is sharper than wagons can follow."""
    line, reach = track.line, 4 * limits.curve_arm_m / 3
    vertices = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(line)[1:-1]))
    vertices = vertices[(vertices >= reach) & (vertices <= line.length - reach)]
    if not len(vertices):
        return []
    turn = _turns(line, vertices, limits.curve_arm_m)
    radius = 2 * limits.curve_arm_m / np.maximum(turn, 1e-9)
    sharp = radius < limits.curve_radius_m
    if not sharp.any():
        return []
    k = int(radius.argmin())
    more = f"; {int(sharp.sum()) - 1} more such vertices" if sharp.sum() > 1 else ""
    what = (
        f"turns by {np.degrees(turn[k]):.0f} degrees within {2 * limits.curve_arm_m:g} m at "
        f"{vertices[k]:.0f} m, a curve of {radius[k]:.0f} m radius (least for wagons "
        f"{limits.curve_radius_m:g} m){more}"
    )
    return [_Doubt("kink", what, _name(track), line.interpolate(vertices[k]))]


def _turns(line: LineString, along_m: NDArray[np.float64], arm_m: float) -> NDArray[np.float64]:
    """Return how far (radians) the line turns from ``arm_m`` before to ``arm_m`` after each place.

    Headings are those of chords two thirds of an arm long, so that the jitter of a drawn line does
    not count, and a switch drawn as one vertex turns by no more than its angle.
    """
    near, far = 2 * arm_m / 3, 4 * arm_m / 3
    start, before, after, end = (
        shapely.get_coordinates(shapely.line_interpolate_point(line, along_m + step))
        for step in (-far, -near, near, far)
    )
    first, second = before - start, end - after
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return np.asarray(np.abs(np.arctan2(cross, (first * second).sum(axis=1))))
