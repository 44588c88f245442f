"""Where a site's tracks are looked for, and what is found there when nobody has drawn them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapely import box, get_parts, intersection_all
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.detect.tracks.adopt import adopt
from tumangang_watch.detect.tracks.standing import tracks_under_trains
from tumangang_watch.detect.tracks.trace import TracedTrack, trace_tracks
from tumangang_watch.detect.tracks.view import trace_scene
from tumangang_watch.grid import Grid, grid_about
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site, Track
from tumangang_watch.pipeline.prepare import working_grid
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.scenes import footprint
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.threads import side_by_side
from tumangang_watch.track_frame import lines_of

NO_STATEMENT = "that no train is reported says nothing of the yard"


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
    names = " and ".join(dict.fromkeys(scene.id for scene in scenes))
    if not traced:
        return run, (f"none could be traced reliably in {names}",)
    done = adopt(run.site, traced, names, run.settings.trace)
    caveat = (
        f"the site has no tracks: {len(traced)} were traced in {names}, some are missed, and where no track "
        "was traced no train was looked for; review them with site trace"
    )
    return replace(run, site=done.site), (caveat,)


@dataclass(frozen=True, kw_only=True)
class Searched:
    """Ground to look for tracks in, where a site's own are a model that a scene does not show."""

    run: RunContext
    """With the site less the model's tracks and areas, its yards as wide as they may lie."""
    grid: Grid
    """Over all of it that the scenes show."""
    models: tuple[Track, ...]


@dataclass(frozen=True, kw_only=True)
class TracedInstead:
    """What was found in it."""

    site: Site | None
    """With what was traced in place of the model; None where nothing was, and the site stays."""
    fit: Registration
    """The scene lies where it says; why, in words."""


def beyond_models(
    scenes: tuple[Scene, ...], fit: Registration, grid: Grid, run: RunContext
) -> Searched | None:
    """Return where to look for tracks; None where the site's stand.

    A site that is known to hundreds of metres says where to search: its yards reach as far as they may lie.

    Parameters
    ----------
    fit : Registration
        Of the first scene to the site, on ``grid``.
    """
    settings, models = run.settings.trace, _models(run.site, grid, run.settings.trace)
    unseen = fit.rivals_m or (fit.rails_odds is not None and fit.rails_odds < settings.model_rails_odds)
    if not models or not unseen or scenes[0].site_shift_m is not None:
        return None
    shown = intersection_all([footprint(scene, run.site.crs) for scene in scenes])
    run = replace(run, site=_searched(run.site, models, grid, shown, settings))
    return Searched(run=run, grid=working_grid(scenes, run), models=models)


def instead_of_models(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], fit: Registration, search: Searched
) -> TracedInstead | None:
    """Look for tracks on searched ground; None where what is traced bears the site's own out.

    What was traced takes the place of the model's tracks; areas that rest on the model are left out.

    Parameters
    ----------
    images : tuple of NativeImage
        On the searched ground, registered to each other, where the first's georeferencing has them.
    fit : Registration
        As `beyond_models` was given.
    """
    run, settings = search.run, search.run.settings.trace
    run.progress("looking for tracks: the site's are a model that the scene does not show")
    traced = trace_site_tracks(images, scenes, run.site, settings)
    if not traced:
        doubt = (
            f"rails are not seen where the model of the site's tracks has them, nor elsewhere: {NO_STATEMENT}"
        )
        unsure = replace(
            fit,
            status="degraded",
            reason="; ".join(filter(None, (fit.reason, doubt))),
            unseen_tracks=tuple(t.id for t in search.models),
        )
        return TracedInstead(site=None, fit=unsure)
    model = unary_union([t.line for t in search.models]).buffer(settings.model_on_m)
    lines = [translate(t.line, *fit.shift_m) for t in traced]
    length_m = sum(line.length for line in lines)
    if sum(line.intersection(model).length for line in lines) >= settings.model_on_share * length_m:
        return None
    names = " and ".join(dict.fromkeys(scene.id for scene in scenes))
    site = adopt(run.site, traced, names, settings).site
    known_m = max(t.accuracy_m or 0.0 for t in search.models)
    reason = (
        f"the yard's geometry is not surveyed: its tracks are a model known to {known_m:.0f} m, and rails "
        f"are not seen where it has them; {len(traced)} tracks were traced in {names} instead, some are "
        "missed, and where none was traced no train was looked for; its handling area and aprons, which rest "
        "on the model, are left out. The scene lies where it says. Draw the yard on it with site trace"
    )
    return TracedInstead(site=site, fit=Registration(status="degraded", reason=reason))


def _models(site: Site, grid: Grid, settings: TraceSettings) -> tuple[Track, ...]:
    """Return the provisional tracks that reach into a grid and are known worse than scenes are."""
    window = box(*grid.bounds)
    return tuple(
        t
        for t in site.tracks
        if t.provisional and (t.accuracy_m or 0.0) >= settings.model_accuracy_m and t.line.intersects(window)
    )


def _searched(
    site: Site, models: tuple[Track, ...], grid: Grid, shown: BaseGeometry, settings: TraceSettings
) -> Site:
    """Return the site without a model's tracks and areas, its yards as wide as they may lie and are shown."""
    window, areas = box(*grid.bounds), []
    for area in site.areas:
        known_m = area.accuracy_m or 0.0
        if known_m < settings.model_accuracy_m or not area.polygon.intersects(window):
            areas.append(area)
        elif area.role in ("yard", "station"):
            wide = area.polygon.buffer(known_m).intersection(shown)
            areas += [] if wide.is_empty else [replace(area, polygon=wide)]
    gone = {t.id for t in models}
    return replace(site, areas=tuple(areas), tracks=tuple(t for t in site.tracks if t.id not in gone))


def trace_site_tracks(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], site: Site, settings: TraceSettings
) -> tuple[TracedTrack, ...]:
    """Return the tracks that scenes in the site's frame show in its yards, stations and bridges.

    By their rails, and by the vehicles that stand on them.
    """
    area = ground_of(site, settings)
    if area.is_empty:
        return ()
    grid = grid_about([part.bounds for part in get_parts(area)], 1.0, site.crs)
    dates = list(zip(images, scenes, strict=True))
    shown = tuple(side_by_side(lambda date: trace_scene(*date, area, grid, settings.gsd_max_m), dates))
    traced = trace_tracks(shown, area, grid, settings)
    traced += tracks_under_trains(shown, traced, settings)
    return tuple(piece for track in traced for piece in _outside(track, site.left_out, settings))


def _outside(track: TracedTrack, left_out: BaseGeometry, settings: TraceSettings) -> tuple[TracedTrack, ...]:
    """Return the pieces of a track beyond the ground that is left out, those long enough to be tracks."""
    if not track.line.intersects(left_out):
        return (track,)
    pieces = (p for p in lines_of(track.line.difference(left_out)) if p.length >= settings.length_min_m)
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
