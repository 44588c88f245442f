"""From observations to detections and findings, put together as one report."""

from __future__ import annotations

from typing import Any

from tumangang_watch.change.cargo import compare_cargo
from tumangang_watch.change.ground import growth_findings
from tumangang_watch.change.record import stood_before
from tumangang_watch.change.trains import compare_trains, unseen_trains
from tumangang_watch.detect.cargo.find import detect_cargo
from tumangang_watch.detect.cargo.history import weigh_cargo
from tumangang_watch.detect.coarse.groups import unlooked_parts
from tumangang_watch.detect.ground.find import measure_handling
from tumangang_watch.detect.history import before, windows_of, windows_of_date
from tumangang_watch.detect.trains.find import detect_trains
from tumangang_watch.detect.trains.history import say_occupied
from tumangang_watch.detect.trains.load import hint_loads
from tumangang_watch.detect.trains.motion import flag_motion
from tumangang_watch.detectability.limits import abilities, of_observation, within_limits
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.finding import Comparison, Finding
from tumangang_watch.model.observation import DatePair, Observation, Registration
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.pipeline.trials import detectability_of
from tumangang_watch.preprocess.areas import roof_caveats, roofs_of


def assemble(
    run: RunContext,
    earlier: Observation | None,
    later: Observation,
    registration: Registration,
    areas: Any,
    caveats: tuple[str, ...],
) -> Comparison:
    """Detect, compare and put one report together."""
    run.progress("looking for trains")
    dates = (later,) if earlier is None else (earlier, later)
    trains = find_trains(run, dates)
    run.progress("looking at the ground")
    ground, changes, fill = find_ground(run, dates, trains)
    findings: tuple[Finding, ...] = ()
    if earlier is not None:
        run.progress("deciding what changed")
        findings = find_changes(run, (earlier, later), trains, ground, changes)
        caveats = (*caveats, *unseen(run, (earlier, later), trains))
    return Comparison(
        site=run.site,
        earlier=earlier,
        later=later,
        registration=registration,
        areas=areas,
        detections=(*trains, *ground),
        findings=findings,
        detectability=detectability_of(run, dates, trains, fill),
        settings_sha256=run.settings.sha256,
        caveats=(
            *site_caveats(run.site),
            *roofed_caveats(run.site, dates),
            *unlooked_caveats(run, dates),
            *caveats,
        ),
        fill=fill,
    )


def find_trains(run: RunContext, dates: tuple[Observation, ...]) -> tuple[Detection, ...]:
    """Return the trains of every date."""
    found: list[Detection] = []
    for date in dates:
        others = [d for d in dates if d is not date]
        trains = detect_trains(
            date,
            run.site,
            run.settings.trains,
            background=others[0] if others else None,
            background_dates=before(run.past, date),
        )
        trains = say_occupied(trains, before(run.past, date), run.settings.history)
        found += after_trains(run, date, trains)
    return tuple(found)


def after_trains(run: RunContext, date: Observation, trains: tuple[Detection, ...]) -> tuple[Detection, ...]:
    """Return a date's trains with what the scene shows besides, and without what it cannot tell."""
    trains = flag_motion(date, trains, run.site, run.settings.motion)
    trains = hint_loads(date, trains, run.site, run.settings.load)
    told = abilities(of_observation(date), run.settings.limits)
    roofs = roofs_of(run.site, date.scene.acquired.date())
    out = []
    for train in trains:
        covered = sum(train.geometry.intersection(roof).area for roof in roofs)
        if covered <= 0.5 * train.geometry.area:
            out.append(within_limits(train, told))
    return tuple(out)


def find_ground(
    run: RunContext, dates: tuple[Observation, ...], trains: tuple[Detection, ...]
) -> tuple[tuple[Detection, ...], tuple[Any, ...], tuple[Fill, ...]]:
    """Return cargo and worked ground of every date, what grew between them, and the aprons' fill."""
    cargo = detect_cargo(
        dates, run.site, trains, run.settings.cargo, trials=run.settings.detectability.enabled
    )
    handling = measure_handling(
        dates, run.site, trains, run.settings.handling, run.past, run.settings.history
    )
    return (*weigh(run, dates, cargo.detections), *handling.detections), handling.growth, cargo.fill


def weigh(
    run: RunContext, dates: tuple[Observation, ...], goods: tuple[Detection, ...]
) -> tuple[Detection, ...]:
    """Return goods of all dates with what earlier dates say of them."""
    if not run.past:
        return goods
    windows = windows_of(run.site, dates[0].raster.grid, run.settings.history)
    out: list[Detection] = []
    for date in dates:
        other = next((windows_of_date(d, windows) for d in dates if d is not date), None)
        here = tuple(d for d in goods if d.date == date.date)
        out += weigh_cargo(date, here, run.past, other, run.settings.history)
    return tuple(out)


def find_changes(
    run: RunContext,
    dates: tuple[Observation, Observation],
    trains: tuple[Detection, ...],
    ground: tuple[Detection, ...],
    changes: tuple[Any, ...],
) -> tuple[Finding, ...]:
    """Return what changed between two dates."""
    pair = DatePair(*dates)
    cargo = tuple(d for d in ground if d.kind == "cargo")
    surfaces = tuple(d for d in ground if d.kind == "handling_area")
    return (
        *compare_trains(pair, run.site, trains, run.settings.change),
        *stood_before(pair, compare_cargo(pair, cargo, run.settings.change, trains), cargo, run.settings),
        *growth_findings(pair, surfaces, changes, run.settings.change),
    )


def unseen(
    run: RunContext, dates: tuple[Observation, Observation], trains: tuple[Detection, ...]
) -> tuple[str, ...]:
    """Return what cannot be said of trains because one date did not see their place."""
    return unseen_trains(DatePair(*dates), run.site, trains, run.settings.change)


def site_caveats(site: Site) -> tuple[str, ...]:
    """Return what limits everything said at this site, in words."""
    caveats = []
    if not site.tracks:
        caveats.append("the site has no tracks: trains were not looked for")
    provisional = [t.id for t in site.tracks if t.provisional]
    if provisional:
        caveats.append(
            f"tracks {', '.join(provisional)} are a model, not a measurement: positions are provisional"
        )
    return tuple(caveats)


def roofed_caveats(site: Site, dates: tuple[Observation, ...]) -> tuple[str, ...]:
    """Return which tracks lie under a roof on which date, in words."""
    said = (roof_caveats(site, d.scene.acquired.date(), d.date) for d in dates)
    return tuple(words for date in said for words in date)


def unlooked_caveats(run: RunContext, dates: tuple[Observation, ...]) -> tuple[str, ...]:
    """Return which stretches of track a coarse date was not searched on, in words."""
    settings, said = run.settings.trains, []
    for date in dates:
        gsd_m = date.image.gsd_m
        if gsd_m > settings.track_gsd_max_m:
            said += [
                f"{date.date}: track {track} was not looked at from {from_m:.0f} to {to_m:.0f} m: at "
                f"{gsd_m:.1f} m it is read along a track that ends before"
                for track, from_m, to_m in unlooked_parts(run.site.tracks, gsd_m, settings.groups)
            ]
    return tuple(said)
