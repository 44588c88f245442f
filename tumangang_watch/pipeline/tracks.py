"""Find a site's tracks in its scenes when nobody has drawn them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tumangang_watch.pipeline.run import Run

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.detect.trace import TracedTrack
    from tumangang_watch.model.image import NativeImage
    from tumangang_watch.model.scene import Scene
    from tumangang_watch.model.site import Site
    from tumangang_watch.settings.trace import TraceSettings


def with_tracks(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], run: Run
) -> tuple[Run, tuple[str, ...]]:
    """Return the run with traced tracks where the site has none or only models, and what was done.

    Tracks that were traced before, in the clear scene chosen for it, are taken as they are.
    """
    from tumangang_watch.detect.trace_adopt import adopt

    site, settings = run.site, run.settings.trace
    if any(not t.provisional for t in site.tracks):
        return run, ()
    if site.tracks and all(t.traced for t in site.tracks):
        where = site.reference.name if site.reference else "an earlier scene"
        return run, (f"the site's tracks were traced from {where} and not reviewed",)
    run.progress("tracing the site's tracks")
    traced = trace_site_tracks(images, site, settings)
    had = "the site's tracks are a model" if site.tracks else "the site has no tracks"
    names = " and ".join(scene.id for scene in scenes)
    if not traced:
        return run, (f"{had}, and none could be traced reliably in {names}",)
    done = adopt(site, traced, names, settings)
    told = f"{had}: {len(traced)} were traced in {names}"
    if done.moved:
        told += f"; {', '.join(done.moved)} moved onto what was traced"
    if done.kept:
        told += f"; {', '.join(done.kept)} not found and left as the model has them"
    if done.dropped:
        told += f"; {', '.join(done.dropped)} left out: the model does not fit what was traced"
    return replace(run, site=done.site), (told,)


def trace_site_tracks(
    images: tuple[NativeImage, ...], site: Site, settings: TraceSettings
) -> tuple[TracedTrack, ...]:
    """Return the tracks that scenes in the site's frame show in its yards, stations and bridges."""
    from tumangang_watch.detect.trace import trace_tracks
    from tumangang_watch.grid import grid_over

    area = ground_of(site, settings)
    return trace_tracks(images, area, grid_over(area.bounds, 1.0, site.crs), settings)


def ground_of(site: Site, settings: TraceSettings) -> BaseGeometry:
    """Return the ground in which a site's tracks are looked for."""
    from shapely.ops import unary_union

    areas = site.having("yard", "station", "bridge") or site.having("handling", "apron")
    shapes = [
        a.polygon.buffer(settings.area_margin_m + min(a.accuracy_m or 0.0, settings.area_accuracy_max_m))
        for a in areas
    ]
    shapes += [
        t.line.buffer(settings.area_margin_m + min(t.accuracy_m or 0.0, settings.area_accuracy_max_m))
        for t in site.tracks
    ]
    ignored = unary_union([a.polygon for a in site.having("ignore")])
    return unary_union(shapes).difference(ignored)
