"""Make a site file of the tracks that a clear scene shows, for review."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
from pyproj import Transformer
from shapely import set_precision, transform, unary_union
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.tracks.adopt import Adopted, adopt
from tumangang_watch.detect.tracks.trace import TracedTrack
from tumangang_watch.errors import NotComparable
from tumangang_watch.grid import Grid, utm_crs
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Area, Site
from tumangang_watch.pipeline.fit import place_on_site
from tumangang_watch.pipeline.prepare import read_image, working_grid
from tumangang_watch.pipeline.references import (
    CarriedReference,
    KeptScene,
    carried_references,
    check_references,
    keep,
    write_with_references,
)
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.pipeline.tracks import trace_site_tracks
from tumangang_watch.scenes import footprint, unchanged
from tumangang_watch.sites.collection import FIRST_REFERENCE, MORE_REFERENCES
from tumangang_watch.sites.file import check_room

Document = dict[str, object]
"""An object of a site file."""


class SiteFeature(TypedDict):
    """A feature of a site file."""

    type: str
    properties: Document
    geometry: Document


YARD_MARGIN_M = 12.0
"""A yard drawn about traced tracks reaches this far beyond the outer ones."""


@dataclass(frozen=True, kw_only=True)
class TracedSite:
    """What was traced, not yet written."""

    collection: Document
    kept: KeptScene
    carried: tuple[CarriedReference, ...]
    adopted: Adopted


@dataclass(frozen=True, kw_only=True)
class TraceResult:
    """What ``site trace`` made."""

    site: Site
    """As the written file reads back."""
    moved: tuple[str, ...]
    kept: tuple[str, ...]
    new: tuple[str, ...]
    dropped: tuple[str, ...]
    fit: str
    """How the scene was brought onto the site, in words."""


def references_to_carry(
    scene: Scene, run: RunContext, collection: Document | None, out: Path, *, overwrite: bool
) -> tuple[CarriedReference, ...]:
    """Return a site's references of other scenes; refuse before any work where they could not be written.

    Raises
    ------
    OutputFailed
        Something is there and is not to be replaced.
    """
    check_room(out, overwrite)
    carried = carried_references(run.site, collection, scene)
    check_references(out, 1 + len(carried), overwrite=overwrite)
    return carried


def trace_scene(
    scene: Scene, run: RunContext, collection: Document | None, carried: tuple[CarriedReference, ...] = ()
) -> TracedSite:
    """Trace a scene.

    Parameters
    ----------
    run : RunContext
        With the site to add tracks to; `site_of_scene` where there is none.
    collection : dict or None
        The site's own FeatureCollection, kept but for its provisional tracks; None draws a yard
        about what was traced.
    carried : tuple of CarriedReference
        References of that site, by which other scenes are laid on it.

    Raises
    ------
    NotComparable
        No track was found that can be relied on.
    Busy
        The scene was replaced meanwhile.
    """
    with unchanged([scene]):
        return _traced(scene, run, collection, carried)


def write_traced(traced: TracedSite, out: Path, *, overwrite: bool) -> TraceResult:
    """Write what was traced as a site file with its reference images.

    Raises
    ------
    OutputFailed
        It could not be written.
    """
    site = write_with_references(traced.collection, traced.kept, traced.carried, out, overwrite=overwrite)
    done = traced.adopted
    return TraceResult(
        site=site,
        moved=done.moved,
        kept=done.kept,
        new=done.new,
        dropped=done.dropped,
        fit=traced.kept.placed,
    )


def _traced(
    scene: Scene, run: RunContext, collection: Document | None, carried: tuple[CarriedReference, ...]
) -> TracedSite:
    settings = run.settings.trace
    if scene.gsd_m > settings.gsd_max_m:
        raise NotComparable(
            "cannot trace",
            scene.image.name,
            f"its resolution is {scene.gsd_m:g} m: tracks are followed up to {settings.gsd_max_m:g} m",
            "Use a finer scene",
        )
    grid = working_grid((scene,), run)
    run.progress("reading the scene")
    placed = _placed(scene, read_image(scene, grid, run), grid, run, fitted=collection is not None)
    run.progress("tracing tracks")
    traced = trace_site_tracks((placed.image,), (scene,), run.site, settings)
    if not traced:
        raise NotComparable(
            "no track was traced",
            scene.image.name,
            "no track can be followed reliably in it",
            "Use a clearer or finer scene without snow, or draw the tracks (docs/sites.md)",
        )
    done = adopt(run.site, traced, scene.id, settings)
    made = _collection(collection, done.site, (*done.moved, *done.new), done.dropped, traced)
    kept = keep(scene, placed.image, grid, placed.words, settings)
    return TracedSite(collection=made, kept=kept, carried=carried, adopted=done)


@dataclass(frozen=True)
class _FittedImage:
    """A scene's pixels where they lie on the site, and how they came there."""

    image: NativeImage
    words: str


def _placed(scene: Scene, image: NativeImage, grid: Grid, run: RunContext, *, fitted: bool) -> _FittedImage:
    """Fit a scene to what the site has; where that cannot be, its own georeferencing stands."""
    own = "the scene's own georeferencing"
    if not (fitted and (run.site.tracks or run.site.having("apron", "stable"))):
        return _FittedImage(image, own)
    run.progress("fitting it to the site")
    try:
        fit, caveats = place_on_site((image,), (scene,), grid, run)
    except NotComparable as error:
        return _FittedImage(image, f"{own}, for it cannot be fitted to what the site has ({error.why})")
    shift = f"moved by ({fit.shift_m[0]:.1f}, {fit.shift_m[1]:.1f}) m onto the site"
    words = "; ".join((shift, *caveats, *([fit.reason] if fit.reason else [])))
    return _FittedImage(image.registered(fit.affine), words)


def site_of_scene(scene: Scene) -> Site:
    """Return a site that is one yard as large as the scene, in which tracks are looked for."""
    outline = footprint(scene, "EPSG:4326")
    crs = utm_crs(outline.centroid.x, outline.centroid.y)
    change = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    yard = transform(outline, lambda c: np.column_stack(change(c[:, 0], c[:, 1])))
    return Site(
        id="scene",
        name=scene.id,
        sha256="0" * 64,
        crs=crs,
        areas=(Area(id="yard", role="yard", polygon=yard, name="the scene"),),
        tracks=(),
    )


def _collection(
    collection: Document | None,
    site: Site,
    changed: tuple[str, ...],
    dropped: tuple[str, ...],
    traced: tuple[TracedTrack, ...],
) -> Document:
    """Return the site's features with the traced tracks in place of those they replace."""
    gone = {*changed, *dropped}
    sure = {track.id: track for track in site.tracks if track.id in changed}
    features: list[SiteFeature] = []
    if collection is None:
        features += _yards(site, traced)
        rest: Document = {}
    else:
        there = cast(list[SiteFeature], collection["features"])
        features += [f for f in there if f["properties"]["id"] not in gone]
        rest = {
            k: v
            for k, v in collection.items()
            if k not in ("type", "features", FIRST_REFERENCE, MORE_REFERENCES, "bbox")
        }
    for track in sure.values():
        properties: Document = {"role": "track", "id": track.id, "name": track.name, "provisional": True}
        properties |= {"accuracy_m": track.accuracy_m, "source": track.source}
        if track.confidence is not None:
            properties["confidence"] = track.confidence
        if track.gauge_mm is not None:
            properties["gauge_mm"] = track.gauge_mm
        if track.occluded_from is not None:
            properties["occluded_from"] = track.occluded_from.isoformat()
        features.append(
            {"type": "Feature", "properties": properties, "geometry": _lonlat(track.line, site.crs)}
        )
    return {"type": "FeatureCollection", **rest, "features": features}


def _yards(site: Site, traced: tuple[TracedTrack, ...]) -> list[SiteFeature]:
    around = unary_union([t.line.buffer(YARD_MARGIN_M * 2) for t in traced]).buffer(-YARD_MARGIN_M)
    parts = sorted(getattr(around, "geoms", [around]), key=lambda p: -p.area)
    out: list[SiteFeature] = []
    for number, part in enumerate(parts, start=1):
        name = "yard" if number == 1 else f"yard-{number}"
        properties: Document = {
            "role": "yard",
            "id": name,
            "provisional": True,
            "source": "drawn about traced tracks",
        }
        outline = type(part)(part.exterior).simplify(1.0)
        out.append({"type": "Feature", "properties": properties, "geometry": _lonlat(outline, site.crs)})
    return out


def _lonlat(shape: BaseGeometry, crs: str) -> Document:
    change = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    turned = transform(shape, lambda c: np.column_stack(change(c[:, 0], c[:, 1])))
    if turned.geom_type == "LineString":
        return {"type": "LineString", "coordinates": [[round(x, 8), round(y, 8)] for x, y in turned.coords]}
    exact: Document = json.loads(json.dumps(mapping(set_precision(turned, 1e-8))))
    return exact
