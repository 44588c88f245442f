"""Where a site's tracks are looked for, and what is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.detect.trace import TracedTrack
    from tumangang_watch.model.image import NativeImage
    from tumangang_watch.model.scene import Scene
    from tumangang_watch.model.site import Site
    from tumangang_watch.settings.trace import TraceSettings


def trace_site_tracks(
    looks: tuple[tuple[NativeImage, Scene | None], ...], site: Site, settings: TraceSettings
) -> tuple[TracedTrack, ...]:
    """Return the tracks that scenes in the site's frame show in its yards, stations and bridges."""
    from tumangang_watch.detect.trace import trace_tracks
    from tumangang_watch.grid import grid_over

    area = ground_of(site, settings)
    return trace_tracks(looks, area, grid_over(area.bounds, 1.0, site.crs), settings)


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
