"""Trains on known tracks: found, measured, counted, from one date alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tumangang_watch.detect.coarse.find import detect_group_trains, train_at
from tumangang_watch.detect.history import BackgroundDate
from tumangang_watch.detect.trains.colour import ColourScale, ground_of
from tumangang_watch.detect.trains.ends import beyond_m, hidden_by, length_of
from tumangang_watch.detect.trains.reading import NetReading, OtherView, TrackReading, against, read_strip
from tumangang_watch.detect.trains.segments import (
    TrainSegment,
    evidence_of,
    false_alarms,
    find_runs,
    noise_of,
)
from tumangang_watch.detect.trains.strips import Strip, strips_of
from tumangang_watch.detect.trains.structure import view_on_bridge
from tumangang_watch.detect.trains.vehicles import (
    Counted,
    count_of,
    divide_run,
    vehicles_of,
    without_end_shadow,
)
from tumangang_watch.detect.trains.view import (
    CHANNELS,
    HALF_ROWS,
    STEP_M,
    RadiometricScale,
    StripView,
    scale_of,
)
from tumangang_watch.grid import Float64, Mask
from tumangang_watch.model.detection import UNSEEN_BEYOND, Detection, Vehicle
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site, Track, is_roofed
from tumangang_watch.settings.change import HistorySettings
from tumangang_watch.settings.trains import TrainSettings


def detect_trains(
    observation: Observation,
    site: Site,
    settings: TrainSettings,
    background: Observation | None = None,
    background_dates: Sequence[BackgroundDate] = (),
) -> tuple[Detection, ...]:
    """Find the trains that stand on the site's tracks on one date, in the order of the tracks and along each.

    Parameters
    ----------
    observation : Observation
        In the site's frame; strips are sampled from its native pixels. Tracks under a roof are left out.
    background : Observation, optional
        Another date in the same frame and radiometry; not needed.
    background_dates : sequence of BackgroundDate
        Earlier dates of the record, likewise.
    """
    return detect_and_read(observation, site, settings, background, background_dates)[0]


def detect_and_read(
    observation: Observation,
    site: Site,
    settings: TrainSettings,
    background: Observation | None = None,
    background_dates: Sequence[BackgroundDate] = (),
) -> tuple[tuple[Detection, ...], TrackReading]:
    """Return what `detect_trains` does, and how the tracks were read; a coarse date's are not."""
    on = observation.scene.acquired.date()
    tracks = [t for t in site.tracks if not is_roofed(t, on) and t.line.length >= 2.0]
    if observation.image.gsd_m > settings.track_gsd_max_m:
        coarse = tuple(date.coarse for date in background_dates if date.coarse is not None)
        groups = detect_group_trains(observation, site, tracks, settings.groups, background, coarse)
        return groups, TrackReading(observation.scene, (), ())
    strips = strips_of(observation, site, tracks, settings)
    others = [] if background is None else [read_tracks(background, site, tracks, settings)]
    others += [
        date.tracks.of_tracks([t.id for t in tracks]) for date in background_dates if date.tracks is not None
    ]
    detections: list[Detection] = []
    found, reading = find_in_strips(strips, observation.scene, settings, others)
    for track, trains in zip(tracks, found, strict=False):
        for number, train in enumerate(trains, start=1):
            name = f"{observation.date}-train-{track.id}-{number}"
            detections.append(_detection(name, observation, site, train, settings))
    return tuple(detections), reading


def read_tracks(
    observation: Observation, site: Site, tracks: list[Track], settings: TrainSettings
) -> TrackReading:
    """Read the tracks of a date in its own light, to stand behind another date."""
    strips, scene = strips_of(observation, site, tracks, settings), observation.scene
    views = _views(strips, scene, settings)[1]
    return TrackReading(scene, tuple(strips), tuple(read_strip(view) for view in views))


@dataclass(frozen=True, kw_only=True)
class FoundTrain:
    """One train as its strip shows it."""

    track: Track
    run: TrainSegment
    confidence: float
    """Probability that a train stands there."""
    false_alarms: float = np.inf
    """How many such trains the scene's empty track would show by chance."""
    cars: Interval | None
    vehicles: tuple[Vehicle, ...]
    evidence: tuple[tuple[str, float], ...]


def read_trains(
    strips: list[Strip], scene: Scene, settings: TrainSettings, others: list[TrackReading] | None = None
) -> list[list[FoundTrain]]:
    """Find the trains on straightened strips of one scene: one list a strip, in order along its track.

    Where ``others``, the same tracks on other dates, were empty they are the background. Empty where the
    scene shows nothing.
    """
    return find_in_strips(strips, scene, settings, others)[0]


def find_in_strips(
    strips: list[Strip], scene: Scene, settings: TrainSettings, others: list[TrackReading] | None = None
) -> tuple[list[list[FoundTrain]], TrackReading]:
    """Return what `read_trains` does, and how the strips were read against the other dates."""
    light, views = _views(strips, scene, settings)
    if light is None:
        return [], TrackReading(scene, (), ())
    scene_light = ColourScale(light, ground_of(strips, light))
    elsewhere = [
        (other.readings, [view_on_bridge(one, other.scene, light, settings) for one in other.strips])
        for other in others or []
        if other.readings
    ]
    readings, runs = [], []
    for number, view in enumerate(views):
        # Read in its own light, compared in this one's: the dates share one radiometry.
        behind = [OtherView(same[number], own[number]) for own, same in elsewhere]
        readings.append(read_strip(against(view, behind, settings) if behind else view))
        runs.append(find_runs(readings[-1].occupied, seen_steps(view), settings))
    track_km = sum(s.track.line.length for s in strips) / 1000
    noise = noise_of([r for own in runs for r in own], track_km, settings)
    found = []
    for view, reading, own in zip(views, readings, runs, strict=True):
        alarms = [false_alarms(r.score, track_km, noise, settings) for r in own]
        found.append(
            [
                replace(_train(view, reading, run, scene_light, scene.gsd_m, settings), false_alarms=a)
                for run, a in zip(own, alarms, strict=True)
                if a <= settings.false_alarms_possible
            ]
        )
    return found, TrackReading(scene, tuple(strips), tuple(readings))


def _views(
    strips: list[Strip], scene: Scene, settings: TrainSettings
) -> tuple[RadiometricScale | None, list[StripView]]:
    light = scale_of(strips) if strips else None
    return light, [] if light is None else [view_on_bridge(s, scene, light, settings) for s in strips]


def seen_steps(view: StripView) -> Mask:
    """Return the steps (n,) whose bed was seen, in the strip's own direction."""
    bed = view.patch[CHANNELS.index("seen"), HALF_ROWS - 2 : HALF_ROWS + 3].min(axis=0) > 0
    return np.asarray(bed[::-1] if view.turned else bed)


def _train(
    view: StripView,
    reading: NetReading,
    run: TrainSegment,
    light: ColourScale,
    gsd_m: float,
    settings: TrainSettings,
) -> FoundTrain:
    """Count and describe the vehicles of one run, where the scene's resolution allows it."""
    cars: Interval | None = None
    vehicles: tuple[Vehicle, ...] = ()
    couplings: tuple[float, ...] = ()
    if gsd_m <= settings.count_gsd_max_m:
        consist = divide_run(reading, run, settings)
        vehicles = vehicles_of(view, reading, run, consist, light, settings)
        couplings = tuple(run.from_m + c for c in consist.couplings_m)
        counted = Counted(run, count_of(consist, run, settings), vehicles)
        counted = without_end_shadow(counted, view.geometry, settings)
        run, cars, vehicles = counted.run, counted.cars, counted.vehicles
        couplings = tuple(c for c in couplings if run.from_m < c < run.to_m)
    slope, middle = settings.confidence_slope, settings.confidence_middle
    confidence = float(1 / (1 + np.exp(-slope * (np.log(max(run.score, 1e-3)) - np.log(middle)))))
    evidence = evidence_of(view, reading, run, couplings)
    if view.hidden is not None and view.hidden.any():
        under = view.hidden[slice(*np.searchsorted(view.strip.s_m, (run.from_m, run.to_m)))]
        evidence = (*evidence, ("under_beams", round(float(under.mean()), 3)))
    return FoundTrain(
        track=view.strip.track,
        run=run,
        confidence=confidence,
        cars=cars,
        vehicles=vehicles,
        evidence=evidence,
    )


def _detection(
    name: str, observation: Observation, site: Site, train: FoundTrain, settings: TrainSettings
) -> Detection:
    """Describe one train in the site's frame, with what limits its measures."""
    run, scene, quality = train.run, observation.scene, observation.quality
    place = train_at(name, observation, site, train.track, (run.from_m, run.to_m))
    sure = train.false_alarms <= settings.false_alarms_detected
    goes_on = ((UNSEEN_BEYOND, round(beyond_m(run, settings), 1)),) if any(run.unseen_m) else ()
    notes = []
    if scene.sun_elevation_deg is not None and scene.sun_elevation_deg < settings.low_sun_deg:
        notes.append(f"low sun ({scene.sun_elevation_deg:.0f} degrees): long shadows")
    if quality.snowy:
        notes.append(f"snow on the ground ({quality.snow_state})")
    if quality.haze > settings.haze_max:
        notes.append("haze")
    under = dict(train.evidence).get("under_beams", 0.0)
    if under > 0:
        notes.append(f"beams of the bridge or their shadow lie over {under:.0%} of it")
    return replace(
        place,
        confidence=train.confidence,
        grade="detected" if sure and place.observed_fraction >= settings.observed_min else "possible",
        length_m=length_of(run, observation.image.gsd_m, settings),
        cars=train.cars,
        rolling_stock=train.vehicles,
        evidence=(*train.evidence, ("false_alarms_expected", round(train.false_alarms, 6)), *goes_on),
        caveats=(*notes, *hidden_by(observation, train.track, run), *place.caveats),
    )


def add_occupancy(
    trains: tuple[Detection, ...], background_dates: Sequence[BackgroundDate], settings: HistorySettings
) -> tuple[Detection, ...]:
    """Return one date's trains with the number of dates before it on which their place was occupied."""
    out = []
    for train in trains:
        shares = [_occupied_share(train, date, settings) for date in background_dates]
        known = [share for share in shares if share is not None]
        seen, occupied = len(known), sum(share >= settings.track_occupied for share in known)
        if seen:
            extra = (("earlier_dates", float(seen)), ("earlier_occupied", float(occupied)))
            notes = f"its place was occupied on {occupied} of {seen} earlier date{'' if seen == 1 else 's'}"
            train = replace(
                train,
                evidence=(*train.evidence, *extra),
                caveats=(*train.caveats, notes) if occupied else train.caveats,
            )
        out.append(train)
    return tuple(out)


def add_other_date(
    trains: tuple[Detection, ...], other: TrackReading, settings: HistorySettings
) -> tuple[Detection, ...]:
    """Return one date's trains with how likely the other date of a pair shows their place as occupied.

    Evidence ``other_occupied``: the mean probability over the train's metres, as the other date was read in
    its own light against the empty track of all dates. Not added where the other date does not show it.
    """
    out = []
    for train in trains:
        odds = _odds_along(train, other, settings)
        if odds is not None:
            occupied = float((1 / (1 + np.exp(-odds))).mean())
            train = replace(train, evidence=(*train.evidence, ("other_occupied", round(occupied, 3))))
        out.append(train)
    return tuple(out)


def _occupied_share(train: Detection, date: BackgroundDate, settings: HistorySettings) -> float | None:
    """Return the part of a train's place that another date's reading shows as occupied; None if unseen."""
    odds = None if date.tracks is None else _odds_along(train, date.tracks, settings)
    return None if odds is None else float((odds > 0).mean())


def _odds_along(train: Detection, tracks: TrackReading, settings: HistorySettings) -> Float64 | None:
    """Return the log-odds (n,) of another date's reading along a train's place; None if unseen."""
    if train.from_m is None or train.to_m is None:
        return None
    for strip, reading in zip(tracks.strips, tracks.readings, strict=False):
        if strip.track.id != train.track:
            continue
        low, high = round(train.from_m / STEP_M), max(round(train.to_m / STEP_M), 1)
        per = round(STEP_M / strip.step_m)
        middle = strip.valid[strip.y_m.size // 2, low * per : high * per]
        if middle.size == 0 or middle.mean() < settings.seen_min:
            return None
        return reading.occupied[low:high]
    return None
