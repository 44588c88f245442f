"""Trains on known tracks: found, measured, counted, from one date alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tumangang_watch.detect.coarse.find import detect_group_trains, train_at
from tumangang_watch.detect.history import BackgroundDate
from tumangang_watch.detect.trains.colour import ColourScale, ground_of
from tumangang_watch.detect.trains.ends import beyond_m, hidden_by, length_of
from tumangang_watch.detect.trains.reading import NetReading, OtherView, TrackReading, against, read_strip
from tumangang_watch.detect.trains.segments import (
    TrainSegment,
    checked,
    evidence_of,
    false_alarms,
    find_runs,
    noise_of,
    on_track,
    probability_of,
)
from tumangang_watch.detect.trains.strips import Strip, strips_of
from tumangang_watch.detect.trains.structure import view_on_bridge
from tumangang_watch.detect.trains.vehicles import (
    Counted,
    count_of,
    divide_run,
    may_end_in_shadow,
    vehicles_of,
    without_end_shadow,
)
from tumangang_watch.detect.trains.view import (
    BACKGROUND_CHANNELS,
    CHANNELS,
    HALF_ROWS,
    RadiometricScale,
    StripView,
    scale_of,
    view_of,
)
from tumangang_watch.grid import Mask
from tumangang_watch.model.detection import UNSEEN_BEYOND, Detection, Vehicle
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site, Track, is_roofed
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
    tracks = tracks_seen(observation, site)
    if observation.image.gsd_m > settings.track_gsd_max_m:
        coarse = tuple(date.coarse for date in background_dates if date.coarse is not None)
        groups = detect_group_trains(observation, site, tracks, settings.groups, background, coarse)
        return groups, TrackReading(observation.scene, (), ())
    strips = strips_of(observation, site, tracks, settings)
    others = [] if background is None else [read_tracks(background, site, tracks, settings)]
    others += [
        date.tracks.of_tracks([t.id for t in tracks]) for date in background_dates if date.tracks is not None
    ]
    found, reading = find_in_strips(strips, observation.sunlit_scene, settings, others)
    return described(found, observation, site, settings), reading


def tracks_seen(observation: Observation, site: Site) -> list[Track]:
    """Return the tracks that are looked at on a date: those under no roof."""
    on = observation.scene.acquired.date()
    return [t for t in site.tracks if not is_roofed(t, on) and t.line.length >= 2.0]


def described(
    found: list[list[FoundTrain]], observation: Observation, site: Site, settings: TrainSettings
) -> tuple[Detection, ...]:
    """Return the trains of each strip as detections in the site's frame."""
    return tuple(
        _detection(f"{observation.date}-train-{train.track.id}-{number}", observation, site, train, settings)
        for trains in found
        for number, train in enumerate(trains, start=1)
    )


def read_tracks(
    observation: Observation, site: Site, tracks: list[Track], settings: TrainSettings
) -> TrackReading:
    """Read the tracks of a date in its own light, to stand behind another date."""
    strips, scene = strips_of(observation, site, tracks, settings), observation.sunlit_scene
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
    couplings_m: tuple[float, ...] = ()
    """Middles of couplings along the track."""
    evidence: tuple[tuple[str, float], ...] = ()

    def detected(self, settings: TrainSettings) -> bool:
        """Return whether it is graded so, as far as its strip decides."""
        rare = self.false_alarms <= settings.false_alarms_detected
        return rare and self.confidence >= settings.confidence_detected


def read_trains(
    strips: list[Strip], scene: Scene, settings: TrainSettings, others: list[TrackReading] | None = None
) -> list[list[FoundTrain]]:
    """Find the trains on straightened strips of one scene: one list a strip, in order along its track.

    Where ``others``, the same tracks on other dates, were empty they are the background.
    """
    return find_in_strips(strips, scene, settings, others)[0]


def find_in_strips(
    strips: list[Strip], scene: Scene, settings: TrainSettings, others: list[TrackReading] | None = None
) -> tuple[list[list[FoundTrain]], TrackReading]:
    """Return what `read_trains` does, and how the strips were read against the other dates."""
    read = read_strips(strips, scene, settings, others)
    if read is None:
        return [], TrackReading(scene, (), ())
    return trains_in(read, settings), TrackReading(scene, tuple(strips), read.readings)


@dataclass(frozen=True, kw_only=True)
class StripsRead:
    """The strips of one scene as they were read; every tuple has one item a strip."""

    scene: Scene
    scale: ColourScale
    """The scene's light, by all its strips."""
    views: tuple[StripView, ...]
    compared: tuple[StripView, ...]
    """The same against the other dates, as the networks read them."""
    readings: tuple[NetReading, ...]
    runs: tuple[tuple[TrainSegment, ...], ...]


def read_strips(
    strips: list[Strip], scene: Scene, settings: TrainSettings, others: list[TrackReading] | None = None
) -> StripsRead | None:
    """Read straightened strips of one scene as `read_trains` does; None where it shows nothing."""
    light, views = _views(strips, scene, settings)
    if light is None:
        return None
    # Read in its own light, compared in this one's: the dates share one radiometry.
    elsewhere = [
        [
            OtherView(_background_view(strip, other.scene, light, settings), reading)
            for strip, reading in zip(other.strips, other.readings, strict=True)
        ]
        for other in others or []
        if other.readings
    ]
    behind = [[own[k] for own in elsewhere] for k in range(len(views))]
    compared = [against(view, b, settings) if b else view for view, b in zip(views, behind, strict=True)]
    readings, seen = [read_strip(view) for view in compared], [seen_steps(view) for view in compared]
    return StripsRead(
        scene=scene,
        scale=ColourScale(light, ground_of(strips, light)),
        views=tuple(views),
        compared=tuple(compared),
        readings=tuple(readings),
        runs=tuple(tuple(find_runs(r.occupied, s, settings)) for r, s in zip(readings, seen, strict=True)),
    )


def _background_view(
    strip: Strip, scene: Scene, light: RadiometricScale, settings: TrainSettings
) -> StripView:
    """Return what of another date's strip can stand behind this one's."""
    if strip.bridges_m:
        return view_on_bridge(strip, scene, light, settings)
    return view_of(strip, scene, light, settings, BACKGROUND_CHANNELS)


def trains_in(
    read: StripsRead, settings: TrainSettings, asked: Callable[[Track, TrainSegment], bool] | None = None
) -> list[list[FoundTrain]]:
    """Return the trains of each strip, described; or where those asked for stand, and how surely."""
    track_km = sum(view.strip.track.line.length for view in read.views) / 1000
    noise = noise_of([r for own in read.runs for r in own], track_km, settings)
    found = []
    for k, (view, reading) in enumerate(zip(read.views, read.readings, strict=True)):
        alarms = {run: false_alarms(run.score, track_km, noise, settings) for run in read.runs[k]}
        runs = [run for run in read.runs[k] if alarms[run] <= settings.false_alarms_possible]
        if asked is not None:
            runs = [run for run in runs if asked(view.strip.track, run)]
        # The second reader is asked of these alone: what becomes of the others rests on the first.
        trains = []
        for first, run in zip(
            runs, checked(read.compared[k], seen_steps(read.compared[k]), runs), strict=True
        ):
            train = replace(_train(read, k, run, settings, asked is None), false_alarms=alarms[first])
            if asked is None:
                train = replace(train, evidence=_evidence(view, reading, train))
            trains.append(train)
        found.append(trains)
    return found


def _views(
    strips: list[Strip], scene: Scene, settings: TrainSettings
) -> tuple[RadiometricScale | None, list[StripView]]:
    light = scale_of(strips) if strips else None
    return light, [] if light is None else [view_on_bridge(s, scene, light, settings) for s in strips]


def seen_steps(view: StripView) -> Mask:
    """Return the steps (n,) whose bed was seen, in the strip's own direction."""
    bed = view.patch[CHANNELS.index("seen"), HALF_ROWS - 2 : HALF_ROWS + 3].min(axis=0) > 0
    return np.asarray(bed[::-1] if view.turned else bed)


def _train(read: StripsRead, k: int, run: TrainSegment, settings: TrainSettings, whole: bool) -> FoundTrain:
    """Count and describe the vehicles of one run of a strip, where the scene's resolution allows it.

    Unless the ``whole`` is asked for, only as far as its extent depends on them.
    """
    view, reading = read.views[k], read.readings[k]
    cars: Interval | None = None
    vehicles: tuple[Vehicle, ...] = ()
    couplings: tuple[float, ...] = ()
    if read.scene.gsd_m <= settings.count_gsd_max_m and (whole or may_end_in_shadow(view.geometry, settings)):
        consist = divide_run(reading, run, settings)
        if whole or consist.couplings_m:
            vehicles = vehicles_of(view, reading, run, consist, read.scale, settings)
            couplings = tuple(run.from_m + c for c in consist.couplings_m)
            counted = Counted(run, count_of(consist, run, settings), vehicles)
            counted = without_end_shadow(counted, view.geometry, settings)
            run, cars, vehicles = counted.run, counted.cars, counted.vehicles
            couplings = tuple(c for c in couplings if run.from_m < c < run.to_m)
    return FoundTrain(
        track=view.strip.track,
        run=run,
        confidence=on_track(probability_of(run, settings), view.strip.track.certainty, settings),
        cars=cars,
        vehicles=vehicles,
        couplings_m=couplings,
    )


def _evidence(view: StripView, reading: NetReading, train: FoundTrain) -> tuple[tuple[str, float], ...]:
    """Return what speaks for a train, cue by cue, and how much of it lies under beams."""
    run = train.run
    evidence = evidence_of(view, reading, run, train.couplings_m)
    if view.hidden is not None and view.hidden.any():
        under = view.hidden[slice(*np.searchsorted(view.strip.s_m, (run.from_m, run.to_m)))]
        evidence = (*evidence, ("under_beams", round(float(under.mean()), 3)))
    return evidence


def _detection(
    name: str, observation: Observation, site: Site, train: FoundTrain, settings: TrainSettings
) -> Detection:
    """Describe one train in the site's frame, with what limits its measures."""
    run, scene, quality = train.run, observation.scene, observation.quality
    place = train_at(name, observation, site, train.track, (run.from_m, run.to_m))
    sure = train.detected(settings)
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
