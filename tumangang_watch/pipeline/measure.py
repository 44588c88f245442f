"""From observations to detections and findings, put together as one report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial

from tumangang_watch.change.beside import in_doubtful_light, light_of
from tumangang_watch.change.cargo import compare_cargo
from tumangang_watch.change.crossings import as_crossings, crossings_of
from tumangang_watch.change.ground import growth_findings
from tumangang_watch.change.record import stood_before
from tumangang_watch.change.trains import compare_trains, unseen_trains
from tumangang_watch.change.words import when
from tumangang_watch.detect.cargo.fill import filled
from tumangang_watch.detect.cargo.find import detect_cargo
from tumangang_watch.detect.cargo.history import weigh_cargo
from tumangang_watch.detect.cargo.loose import likelier_of
from tumangang_watch.detect.coarse.groups import unlooked_parts
from tumangang_watch.detect.ground.find import HandlingChange, measure_handling
from tumangang_watch.detect.history import BackgroundDate, before, windows_of, windows_of_date
from tumangang_watch.detect.occupancy import add_occupancy, add_other_date
from tumangang_watch.detect.sun import in_shown_sun
from tumangang_watch.detect.trains.candidates import name_candidates
from tumangang_watch.detect.trains.find import detect_and_read
from tumangang_watch.detect.trains.load import hint_loads
from tumangang_watch.detect.trains.motion import flag_motion
from tumangang_watch.detect.trains.reading import TrackReading
from tumangang_watch.detect.undecided import undecided_share, with_doubt
from tumangang_watch.detectability.limits import abilities, of_observation, within_limits
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.finding import AreaStatus, Finding
from tumangang_watch.model.observation import DatePair, Observation, Registration
from tumangang_watch.model.site import Site
from tumangang_watch.model.words import Grade
from tumangang_watch.pipeline.background import GatheredDates, fault_caveats
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.pipeline.trials import detectability_of
from tumangang_watch.preprocess.areas import roof_caveats, roofs_of
from tumangang_watch.threads import side_by_side

MOST_NAMED = 6
"""Tracks that a caveat names one by one: more are counted."""


def assemble(
    run: RunContext,
    dates: tuple[Observation, ...],
    registration: Registration,
    areas: tuple[AreaStatus, ...],
    gathered: GatheredDates,
    caveats: tuple[str, ...],
) -> Comparison:
    """Detect, compare and put one report together; of two dates the earlier stands first."""
    run.progress("looking for trains")
    dates = tuple(in_shown_sun(date, run.site, run.settings.trains) for date in dates)
    trains = find_trains(run, dates, gathered.dates)
    dates = tuple(borne_out(date, trains) for date in dates)
    unborne = unborne_grounds(run.site, dates)
    run.progress("looking at the ground")
    ground = find_ground(run, dates, trains, gathered.dates)
    trains, cargo = likelier_of(trains, ground.cargo, run.site, run.settings.cargo)
    ground = replace(ground, cargo=cargo)
    crossings = crossings_of(dates, run.site, trains)
    findings: tuple[Finding, ...] = ()
    if len(dates) == 2:
        run.progress("deciding what changed")
        pair = DatePair(*dates, names=names_of(run.site))
        findings = as_crossings(pair, find_changes(run, pair, trains, ground), crossings)
        findings = tuple(f for f in findings if f.change != "unchanged" or f.area not in unborne)
        # What changed there is told, with the surfaces that it names.
        unborne -= {f.area for f in findings}
        if registration.by_itself:
            findings = compared_as_objects(pair, findings, run.settings.registration.by_itself_m)
        unseen = unseen_trains(pair, run.site, trains, run.settings.change)
        caveats = (*caveats, *coarse_caveats(run, pair), *unseen)
    return Comparison(
        site=run.site,
        earlier=dates[0] if len(dates) == 2 else None,
        later=dates[-1],
        registration=registration,
        areas=areas,
        detections=(*trains, *ground.cargo, *(s for s in ground.surfaces if s.area not in unborne)),
        findings=findings,
        detectability=detectability_of(run, dates, trains, ground.fill),
        settings_sha256=run.settings.sha256,
        settings_text=run.settings.text(),
        caveats=(
            *caveats,
            *site_caveats(run.site),
            *roofed_caveats(run.site, dates),
            *unsearched_caveats(run, dates),
            *(fault_caveats(gathered.use.left_out) if gathered.use else ()),
        ),
        fill=ground.fill,
        crossings=crossings,
        background_use=gathered.use,
    )


def find_trains(
    run: RunContext, dates: tuple[Observation, ...], background_dates: tuple[BackgroundDate, ...]
) -> tuple[Detection, ...]:
    """Return the trains of every date, with what the other date shows in their place."""

    def one(date: Observation) -> tuple[tuple[Detection, ...], TrackReading]:
        others = [d for d in dates if d is not date and same_grain(d, date, run)]
        earlier = before(background_dates, date)
        trains, reading = detect_and_read(
            date,
            run.site,
            run.settings.trains,
            background=others[0] if others else None,
            background_dates=earlier,
        )
        trains = with_doubt(trains, undecided_share(reading, run.settings.trains), run.settings.trains)
        return after_trains(run, date, add_occupancy(trains, earlier, run.settings.history)), reading

    both = side_by_side(one, dates)
    found, read = [trains for trains, _ in both], [reading for _, reading in both]
    if len(dates) == 2:
        found = [add_other_date(f, r, run.settings.history) for f, r in zip(found, read[::-1], strict=True)]
    return tuple(train for trains in found for train in trains)


def same_grain(one: Observation, other: Observation, run: RunContext) -> bool:
    """Return whether two dates are read in one way, so that one can stand behind the other."""
    limit = run.settings.trains.track_gsd_max_m
    fine = one.image.gsd_m <= limit, other.image.gsd_m <= limit
    ratio = one.image.gsd_m / other.image.gsd_m
    same = 1 / run.settings.watch.same_class_ratio <= ratio <= run.settings.watch.same_class_ratio
    return fine == (True, True) or (fine == (False, False) and same)


def after_trains(run: RunContext, date: Observation, trains: tuple[Detection, ...]) -> tuple[Detection, ...]:
    """Return a date's trains with what the scene shows besides, and without what it cannot tell."""
    trains = flag_motion(date, trains, run.site, run.settings.motion, run.settings.trains)
    trains = hint_loads(date, trains, run.site, run.settings.load)
    able = abilities(of_observation(date), run.settings.limits)
    roofs = roofs_of(run.site, date.scene.acquired.date())
    out = []
    for train in trains:
        covered = sum(train.geometry.intersection(roof).area for roof in roofs)
        if covered <= 0.5 * train.geometry.area:
            out.append(within_limits(train, able))
    return name_candidates(date, tuple(out), run.site)


@dataclass(frozen=True)
class GroundResult:
    """What stands on the ground of all dates, and what of it is worked."""

    cargo: tuple[Detection, ...]
    surfaces: tuple[Detection, ...]
    growth: tuple[HandlingChange, ...]
    fill: tuple[Fill, ...]


def find_ground(
    run: RunContext,
    dates: tuple[Observation, ...],
    trains: tuple[Detection, ...],
    background_dates: tuple[BackgroundDate, ...],
) -> GroundResult:
    """Return cargo and worked ground of every date, what grew between them, and the aprons' fill."""
    settings = run.settings
    found = detect_cargo(dates, run.site, trains, settings.cargo, trials=settings.detectability.enabled)
    handling = measure_handling(
        dates, run.site, trains, settings.handling, background_dates, settings.history
    )
    cargo, fill = found.detections, found.fill
    if background_dates:
        cargo = weigh(run, dates, cargo, background_dates)
        fill = tuple(filled(f, cargo, run.site, settings.cargo) for f in fill)
    return GroundResult(cargo, handling.detections, handling.growth, fill)


def weigh(
    run: RunContext,
    dates: tuple[Observation, ...],
    cargo: tuple[Detection, ...],
    background_dates: tuple[BackgroundDate, ...],
) -> tuple[Detection, ...]:
    """Return the cargo of all dates with what background dates show in its place."""
    windows = windows_of(run.site, dates[0].raster.grid, run.settings.history)
    out: list[Detection] = []
    for date in dates:
        other = next((windows_of_date(d, windows) for d in dates if d is not date), None)
        here = tuple(d for d in cargo if d.date == date.date)
        out += weigh_cargo(date, here, background_dates, other, run.settings.history)
    return tuple(out)


def find_changes(
    run: RunContext, pair: DatePair, trains: tuple[Detection, ...], ground: GroundResult
) -> tuple[Finding, ...]:
    """Return what changed between two dates."""
    limits = run.settings.change
    light = cache(partial(light_of, pair, limits))
    cargo = () if too_coarse_for_cargo(run, pair) else compare_cargo(pair, ground.cargo, limits, trains)
    findings = (
        *compare_trains(pair, run.site, trains, limits, light),
        *stood_before(pair, cargo, ground.cargo, run.settings),
        *growth_findings(pair, ground.surfaces, ground.growth, limits),
    )
    return in_doubtful_light(pair, findings, (*trains, *ground.cargo), limits, light)


def borne_out(date: Observation, trains: tuple[Detection, ...]) -> Observation:
    """Return a date whose model of tracks stands after all where a train was surely found on one of them."""
    unseen = date.site_fit.unseen_tracks
    if not any(t.grade == "detected" and t.track in unseen for t in trains):
        return date
    return replace(date, site_fit=replace(date.site_fit, unseen_tracks=()))


def unborne_grounds(site: Site, dates: tuple[Observation, ...]) -> frozenset[str]:
    """Return ids of the handling areas that rest on a model of which nothing is seen.

    What does not change there is none of theirs; what does is told.
    """
    unseen = {name for date in dates for name in date.site_fit.unseen_tracks}
    if not unseen:
        return frozenset()
    known_m = min(t.accuracy_m or 0.0 for t in site.tracks if t.id in unseen)
    return frozenset(a.id for a in site.having("handling") if (a.accuracy_m or 0.0) >= known_m)


def compared_as_objects(pair: DatePair, findings: tuple[Finding, ...], apart_m: float) -> tuple[Finding, ...]:
    """Return what can be said where each date lies on the site by itself: no ground, and no small moves.

    Where a date may lie a track off, nothing that is one date's alone is sure to have come or gone.
    """
    open_tracks = bool(pair.earlier.site_fit.rivals_m or pair.later.site_fit.rivals_m)
    caveat = f"each date was laid on the site by itself: their places differ by {apart_m:g} m and more"
    out = []
    for found in findings:
        if found.kind == "handling_area":
            continue
        unsure = open_tracks or found.kind == "cargo" or found.change == "moved"
        grade: Grade = "possible" if unsure else found.grade
        statement = f"{found.statement.rstrip('.')} ({caveat})."
        out.append(replace(found, grade=grade, statement=statement, caveats=(*found.caveats, caveat)))
    return tuple(out)


def too_coarse_for_cargo(run: RunContext, pair: DatePair) -> tuple[Observation, ...]:
    """Return the date that shows no single objects beside one that does: what it lacks did not come or go."""
    limit_m = run.settings.cargo.objects_gsd_max_m
    coarse = tuple(d for d in (pair.earlier, pair.later) if d.image.gsd_m > limit_m)
    return coarse if len(coarse) == 1 else ()


def coarse_caveats(run: RunContext, pair: DatePair) -> tuple[str, ...]:
    """Return what could not be compared because one date or both are too coarse for it, in words."""
    limit_m = run.settings.cargo.objects_gsd_max_m
    finest_m = min(pair.earlier.image.gsd_m, pair.later.image.gsd_m)
    if finest_m > limit_m:
        return (
            f"goods were not looked for: single objects are not told from {limit_m:g} m on, and the finer "
            f"date has {finest_m:.1f} m; of aprons only how full they are is told, roughly",
        )
    return tuple(
        f"goods were not compared: at {d.image.gsd_m:.1f} m {when(d, pair)} shows no single objects"
        for d in too_coarse_for_cargo(run, pair)
    )


def names_of(site: Site) -> dict[str, str]:
    """Return the names of a site's areas and tracks by their ids."""
    return {a.id: a.name for a in site.areas} | {t.id: t.name for t in site.tracks}


def site_caveats(site: Site) -> tuple[str, ...]:
    """Return what limits everything said at this site, in words."""
    caveats = []
    if not site.tracks:
        caveats.append("the site has no tracks: trains were not looked for")
    traced = [t.id for t in site.tracks if t.traced]
    models = [t.name for t in site.tracks if t.provisional and not t.traced]
    if models:
        caveats.append(
            f"of the tracks {', '.join(models)} the site holds a model, not a measurement: positions are "
            "provisional"
        )
    if traced:
        named = f"tracks {', '.join(traced)}" if len(traced) <= MOST_NAMED else f"{len(traced)} tracks"
        caveats.append(f"{named} were traced in a scene, not surveyed: some are missed")
    return tuple(caveats)


def roofed_caveats(site: Site, dates: tuple[Observation, ...]) -> tuple[str, ...]:
    """Return which tracks lie under a roof on which date, in words."""
    return tuple(words for d in dates for words in roof_caveats(site, d.scene.acquired.date(), d.date))


def unsearched_caveats(run: RunContext, dates: tuple[Observation, ...]) -> tuple[str, ...]:
    """Return which stretches of track a coarse date was not searched on, in words."""
    settings, caveats = run.settings.trains, []
    for date in dates:
        gsd_m = date.image.gsd_m
        if gsd_m > settings.track_gsd_max_m:
            caveats += [
                f"{date.date}: track {track} was not looked at from {from_m:.0f} to {to_m:.0f} m: at "
                f"{gsd_m:.1f} m it is read along a track that ends before"
                for track, from_m, to_m in unlooked_parts(run.site.tracks, gsd_m, settings.groups)
            ]
    return tuple(caveats)
