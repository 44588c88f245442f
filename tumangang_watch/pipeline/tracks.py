"""Where a site's tracks are looked for, and what is found there when nobody has drawn them."""

from __future__ import annotations

from dataclasses import replace

from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.detect.tracks.adopt import adopt
from tumangang_watch.detect.tracks.trace import TracedTrack, trace_tracks
from tumangang_watch.detect.tracks.view import TraceScene
from tumangang_watch.grid import grid_over
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.settings.tracks import TraceSettings


def with_tracks(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], run: RunContext
) -> tuple[RunContext, tuple[str, ...]]:
    """Return the run with traced tracks where the site has none at all, and what was done, in words.

    Parameters
    ----------
    images, scenes : tuple of NativeImage, tuple of Scene
        The dates, in the site's frame.
    run : RunContext
    """
    if run.site.tracks:
        return run, ()
    run.progress("tracing the site's tracks")
    traced = trace_site_tracks(images, scenes, run.site, run.settings.trace)
    names = " and ".join(scene.id for scene in scenes)
    if not traced:
        return run, (f"none could be traced reliably in {names}",)
    done = adopt(run.site, traced, names, run.settings.trace)
    caveat = (
        f"the site has no tracks: {len(traced)} were traced in {names}, some are missed, and where no track "
        "was traced no train was looked for; review them with site trace"
    )
    return replace(run, site=done.site), (caveat,)


def trace_site_tracks(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], site: Site, settings: TraceSettings
) -> tuple[TracedTrack, ...]:
    """Return the tracks that scenes in the site's frame show in its yards, stations and bridges."""
    area = ground_of(site, settings)
    shown = tuple(TraceScene(image, scene) for image, scene in zip(images, scenes, strict=True))
    traced = trace_tracks(shown, area, grid_over(area.bounds, 1.0, site.crs), settings)
    return tuple(piece for track in traced for piece in _outside(track, site.left_out, settings))


def _outside(track: TracedTrack, left_out: BaseGeometry, settings: TraceSettings) -> tuple[TracedTrack, ...]:
    """Return the pieces of a track beyond the ground that is left out, those long enough to be tracks."""
    if not track.line.intersects(left_out):
        return (track,)
    rest = track.line.difference(left_out)
    pieces = (p for p in getattr(rest, "geoms", [rest]) if p.length >= settings.length_min_m)
    return tuple(replace(track, line=piece) for piece in pieces)


def ground_of(site: Site, settings: TraceSettings) -> BaseGeometry:
    """Return the ground in which a site's tracks are looked for."""
    areas = site.having("yard", "station", "bridge") or site.having("handling", "apron")
    known = [*((a.polygon, a.accuracy_m) for a in areas), *((t.line, t.accuracy_m) for t in site.tracks)]
    shapes = [
        place.buffer(settings.area_margin_m + min(accuracy_m or 0.0, settings.area_accuracy_max_m))
        for place, accuracy_m in known
    ]
    return unary_union(shapes).difference(site.left_out)
