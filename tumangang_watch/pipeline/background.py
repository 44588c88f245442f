"""Bring earlier dates behind the dates that are measured, one after the other, keeping only what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tumangang_watch.affine import IDENTITY, compose
from tumangang_watch.detect.ground.history import BackgroundGround, keep_ground
from tumangang_watch.detect.ground.surface import path_light
from tumangang_watch.detect.history import BackgroundDate, window_pixels, windows_of
from tumangang_watch.detect.sun import in_shown_sun
from tumangang_watch.detect.trains.find import read_tracks
from tumangang_watch.errors import fault_words
from tumangang_watch.model.comparison import BackgroundScene, BackgroundUse, LeftOut
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.common import with_bands_of
from tumangang_watch.pipeline.prepare import framed, in_light_of, judged, read_image
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.preprocess.areas import area_statuses
from tumangang_watch.preprocess.coregister import register_pair

ONE_TOO_MANY = "dates more like the scene were enough"
SAME_IMAGE = "the same image as another date"


@dataclass(frozen=True)
class GatheredDates:
    """The background dates of a run, and what the report states of them."""

    dates: tuple[BackgroundDate, ...] = ()
    use: BackgroundUse | None = None
    """None where none were asked for."""


class _Unusable(Exception):
    """Why an earlier date says nothing; never leaves this module."""

    def __init__(self, why: str, *, faulty: bool) -> None:
        super().__init__(why)
        self.why, self.faulty = why, faulty


def gather(
    scenes: Sequence[Scene] | None, measured: tuple[Observation, ...], run: RunContext
) -> GatheredDates:
    """Return earlier dates in the frame and light of those that are measured.

    Parameters
    ----------
    scenes : sequence of Scene, or None
        Candidates, the best first; all acquired before the last of the measured dates.
    measured : tuple of Observation
        One date, or (earlier, later) in one frame and radiometry.
    run : RunContext
    """
    if scenes is None:
        return GatheredDates()
    limits = run.settings.history
    wanted, later = run.settings.watch.background_dates, measured[-1].scene
    room = limits.memory_bytes
    known = {o.scene.sha256 for o in measured}
    dates: list[BackgroundDate] = []
    used: list[BackgroundScene] = []
    left_out: list[LeftOut] = []
    for number, scene in enumerate(scenes):
        try:
            if scene.acquired >= later.acquired:
                raise _Unusable("not acquired before the scene it would stand behind", faulty=False)
            if scene.sha256 in known:
                raise _Unusable(SAME_IMAGE, faulty=False)
            if len(dates) >= wanted or number >= limits.tries:
                raise _Unusable(ONE_TOO_MANY, faulty=False)
            run.progress(f"looking at {scene.id} of {scene.acquired:%Y-%m-%d} as background")
            date, residual_m = _behind(scene, measured, run, len(dates) < limits.track_dates)
        except _Unusable as why:
            left_out.append(LeftOut(scene.id, scene.acquired, why.why, why.faulty))
            continue
        date = within_memory(date, room)
        room -= bytes_of(date)
        known.add(scene.sha256)
        dates.append(date)
        used.append(
            BackgroundScene(
                scene=scene,
                tracks=date.tracks is not None or date.coarse is not None,
                aprons=bool(date.patches),
                ground=date.ground is not None,
                residual_m=residual_m,
            )
        )
    return GatheredDates(tuple(dates), BackgroundUse(len(scenes), tuple(used), tuple(left_out)))


def _behind(
    scene: Scene, measured: tuple[Observation, ...], run: RunContext, with_tracks: bool
) -> tuple[BackgroundDate, float | None]:
    """Return one earlier date, reduced; raise `_Unusable` where it says nothing."""
    try:
        seen, residual_m = _laid(scene, measured, run)
        return _reduced(seen, measured, run, with_tracks), residual_m
    except _Unusable:
        raise
    except Exception as error:
        raise _Unusable(fault_words(error), faulty=True) from error


def _laid(
    scene: Scene, measured: tuple[Observation, ...], run: RunContext
) -> tuple[Observation, float | None]:
    """Return an earlier date in the measured dates' frame and light, by whichever of them it fits."""
    settings, site = run.settings, run.site
    grid = measured[-1].raster.grid
    image = with_bands_of(read_image(scene, grid, run), measured[-1].image)
    if image is None:
        raise _Unusable("it has no band in common with the scene", faulty=False)
    why = ""
    for anchor in reversed(measured):
        frame = anchor.image.registration
        fit = register_pair(anchor.image.registered(IDENTITY), image, site, grid, settings.registration)
        if fit.status == "failed":
            why = why or f"it does not register: {fit.reason}"
            continue
        placed = image.registered(compose(fit.affine, frame))
        seen = judged(framed("earlier", scene, placed, grid, fit), run, anchor)
        _check_use(seen, measured[-1], run)
        alike, light = in_light_of(anchor, seen, run)
        if light.status == "failed":
            why = why or f"its light cannot be told against the scene's: {light.reason}"
            continue
        return alike, fit.residual_median_m
    raise _Unusable(why, faulty=True)


def _check_use(seen: Observation, later: Observation, run: RunContext) -> None:
    """Raise where the date has another state of snow, or shows nothing of the areas."""
    states = {seen.quality.snow_state, later.quality.snow_state} - {"unknown"}
    if len(states) == 2:
        raise _Unusable(
            f"snow on the ground: {seen.quality.snow_state}, on the scene {later.quality.snow_state}",
            faulty=False,
        )
    areas = area_statuses(run.site, seen, None, run.settings.quality)
    if areas and all(area.status == "not_observable" for area in areas):
        raise _Unusable("no area can be seen on it", faulty=False)


def _reduced(
    seen: Observation, measured: tuple[Observation, ...], run: RunContext, with_tracks: bool
) -> BackgroundDate:
    """Keep of a date what the detectors ask of it."""
    settings, site, later = run.settings, run.site, measured[-1]
    coarse_gsd = seen.image.gsd_m > settings.trains.track_gsd_max_m
    # Cargo is not told at such a resolution: a date must not be said to speak for them.
    windows = () if coarse_gsd else windows_of(site, seen.raster.grid, settings.history)
    windows = tuple(w for w in windows if (seen.quality.clear & seen.raster.valid)[w.cut].any())
    ground: BackgroundGround | None = None
    if site.having("handling") and ("nir" in seen.raster.bands) == ("nir" in later.raster.bands):
        path = path_light(measured, settings.handling)
        ground = keep_ground(seen, site, settings.handling, path)
    tracks = coarse = None
    if with_tracks and site.tracks and seen.image.bands == later.image.bands:
        if coarse_gsd:
            coarse = seen
        else:
            lines = [t for t in site.tracks if t.line.length >= 2.0]
            sunlit = in_shown_sun(seen, run.site, settings.trains)
            tracks = read_tracks(sunlit, run.site, lines, settings.trains)
            tracks = tracks if tracks.readings else None
    return BackgroundDate(
        scene=seen.scene,
        windows=windows,
        patches=tuple(window_pixels(seen, w) for w in windows),
        ground=ground,
        tracks=tracks,
        coarse=coarse,
    )


def within_memory(date: BackgroundDate, room: int) -> BackgroundDate:
    """Drop what there is no memory for: tracks first, for they have other dates behind them already."""
    if bytes_of(date) > room:
        date = replace(date, tracks=None, coarse=None)
    if bytes_of(date) > room:
        date = replace(date, windows=(), patches=())
    return date if bytes_of(date) <= room else replace(date, ground=None)


def bytes_of(date: BackgroundDate) -> int:
    """Return about how much memory a date keeps."""
    arrays = [p.values for p in date.patches]
    if date.ground is not None:
        arrays += [date.ground.log_brightness] * 4
    if date.tracks is not None:
        arrays += [strip.values for strip in date.tracks.strips]
    if date.coarse is not None:
        arrays += [date.coarse.image.values, date.coarse.raster.values]
    return sum(a.nbytes for a in arrays)


def fault_caveats(left_out: tuple[LeftOut, ...]) -> tuple[str, ...]:
    """Return which earlier scenes something is wrong with, in words."""
    faults = [f"{item.name} ({item.why})" for item in left_out if item.faulty]
    return (f"earlier scenes that could not be used: {'; '.join(faults)}",) if faults else ()
