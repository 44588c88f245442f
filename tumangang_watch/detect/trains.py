"""Trains on known tracks: found, measured, counted, from one date alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.colour import name_colour
from tumangang_watch.detect.consist import coupling_score, divide
from tumangang_watch.detect.occupancy import Occupancy, measure_occupancy
from tumangang_watch.detect.strip_net import STEP_M, TYPES, NetReading, net_input, read_strip
from tumangang_watch.detect.strips import sample_strip
from tumangang_watch.detect.train_cues import CUES, to_metres
from tumangang_watch.detect.train_runs import Run, find_runs
from tumangang_watch.model.detection import Detection, Grade, Vehicle
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site, Track
    from tumangang_watch.settings.trains import TrainSettings


def detect_trains(
    observation: Observation,
    site: Site,
    settings: TrainSettings,
    background: Observation | None = None,
) -> tuple[Detection, ...]:
    """Find the trains that stand on the site's tracks on one date.

    Parameters
    ----------
    observation : Observation
        In the site's frame; strips are sampled from its native pixels.
    site : Site
        Its tracks; those under a roof on this date are left out.
    settings : TrainSettings
    background : Observation, optional
        Another date in the same frame and radiometry; not needed.

    Returns
    -------
    tuple of Detection
        Of kind ``train``, in the order of the site's tracks and along each.
    """
    tracks = [t for t in site.tracks if not _roofed(t, observation) and t.line.length >= 2.0]
    strips = [sample_strip(observation.image, t, settings) for t in tracks]
    if not strips:
        return ()
    metres, dark = to_metres(strips, observation.scene, settings)
    if not metres:
        return ()
    judged = measure_occupancy(metres, dark, observation.scene, settings)
    gsd_m = observation.image.gsd_m
    readings = [read_strip(net_input(o, gsd_m)) for o in judged]
    judged = [_with_net(o, r, settings) for o, r in zip(judged, readings, strict=True)]
    found = [find_runs(o, dark, settings) for o in judged]
    detections: list[Detection] = []
    for track, occupancy, reading, runs in zip(tracks, judged, readings, found, strict=True):
        number = 0
        for run in runs:
            if run.score < settings.score_possible:
                continue
            number += 1
            name = f"{observation.date}-train-{track.id}-{number}"
            detections.append(_detection(name, observation, site, occupancy, reading, run, settings))
    return tuple(detections)


def _with_net(occupancy: Occupancy, reading: NetReading, settings: TrainSettings) -> Occupancy:
    """Let the network speak beside the cues, metre by metre."""
    net = reading.occupied.reshape(occupancy.metres.count, -1).mean(axis=1)
    odds = (1 - settings.net_share) * occupancy.log_odds + settings.net_share * net
    return replace(occupancy, log_odds=np.where(occupancy.metres.seen, odds, 0.0))


def _roofed(track: Track, observation: Observation) -> bool:
    """Return True when a roof hides the track on this date."""
    return track.occluded_from is not None and track.occluded_from <= observation.scene.acquired.date()


def _detection(
    name: str,
    observation: Observation,
    site: Site,
    occupancy: Occupancy,
    reading: NetReading,
    run: Run,
    settings: TrainSettings,
) -> Detection:
    """Describe one train."""
    from shapely.ops import substring

    track = occupancy.metres.strip.track
    gsd = observation.image.gsd_m
    place = substring(track.line, run.from_m, run.to_m).buffer(1.6, cap_style="flat")
    seen = observation.observed_fraction(place)
    stock: tuple[Vehicle, ...] = ()
    cars: Interval | None = None
    if gsd <= settings.count_gsd_max_m:
        stock, cars = _vehicles(occupancy, reading, run, settings)
    length = max(run.to_m - run.from_m - settings.length_bias_m, 1.0)
    error = settings.end_error_m * max(gsd / 0.5, 0.8)
    confidence = float(1 / (1 + np.exp(-(run.score - settings.score_possible) / 2)))
    grade: Grade = (
        "detected" if run.score >= settings.score_detected and seen >= settings.observed_min else "possible"
    )
    area = site.area_of(track)
    inside = slice(int(run.from_m), max(int(run.to_m), int(run.from_m) + 1))
    cues = occupancy.cues[:, inside].mean(axis=1)
    return Detection(
        id=name, date=observation.date, kind="train", area=area.id if area else None, geometry=place,
        confidence=confidence, grade=grade, observed_fraction=seen, track=track.id,
        from_m=run.from_m, to_m=run.to_m, length_m=Interval.around(length, error), cars=cars,
        rolling_stock=stock,
        evidence=tuple((c, round(float(v), 3)) for c, v in zip(CUES, cues, strict=True)),
        caveats=_caveats(observation, track, seen, settings),
    )  # fmt: skip


def _vehicles(
    occupancy: Occupancy, reading: NetReading, run: Run, settings: TrainSettings
) -> tuple[tuple[Vehicle, ...], Interval]:
    """Divide a train into vehicles and name their colours."""
    metres = occupancy.metres
    strip = metres.strip
    step = strip.step_m
    a, b = round(run.from_m / step), round(run.to_m / step)
    b = min(max(b, a + 2), metres.fine.shape[2])
    stripes = [
        occupancy.whiten @ metres.fine[:, strip.rows(run.offset_m + lo, run.offset_m + hi), a:b].mean(axis=1)
        for lo, hi in ((-1.3, -0.4), (-0.45, 0.45), (0.4, 1.3))
    ]
    side = metres.shadow_side or 1
    beside = metres.fine[:, strip.rows(*sorted((side * 1.9 + run.offset_m, side * 2.9 + run.offset_m))), a:b]
    score = coupling_score(np.stack(stripes), beside.mean(axis=(0, 1)), step, settings)
    consist = divide(_coupling_gain(score, reading, a, step, settings), run.to_m - run.from_m, step, settings)
    half = settings.coupling_mean_m / 2
    starts = [run.from_m, *(run.from_m + c + half for c in consist.couplings_m)]
    stops = [*(run.from_m + c - half for c in consist.couplings_m), run.to_m]
    stock = []
    for k, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        sure = [consist.certainty[i] for i in (k - 1, k) if 0 <= i < len(consist.certainty)]
        stock.append(_vehicle(occupancy, reading, run, (start, stop), float(np.prod(sure)), settings))
    return tuple(stock), Interval(consist.count, consist.low, consist.high)


def _coupling_gain(
    score: NDArray[np.float64], reading: NetReading, first: int, step_m: float, settings: TrainSettings
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio (n,) of a coupling along a train, from the strip and the network."""
    own = settings.gap_scale * (score - settings.gap_cost)
    net = np.repeat(reading.coupling, round(STEP_M / step_m))
    net = net[np.clip(first + np.arange(score.size), 0, net.size - 1)] - settings.net_coupling_prior
    return (1 - settings.net_share) * own + settings.net_share * np.clip(net, -6, 6)


def _vehicle(
    occupancy: Occupancy,
    reading: NetReading,
    run: Run,
    ends: tuple[float, float],
    sure: float,
    settings: TrainSettings,
) -> Vehicle:
    """Describe one vehicle between its ends."""
    strip = occupancy.metres.strip
    middle, half = (ends[0] + ends[1]) / 2, max((ends[1] - ends[0]) * 0.35, 0.5)
    columns = slice(*np.searchsorted(strip.s_m, (middle - half, middle + half)))
    rows = strip.rows(run.offset_m - 0.9, run.offset_m + 0.9)
    colour = "unknown"
    if {"red", "green", "blue"} <= set(strip.bands):
        order = [strip.bands.index(b) for b in ("red", "green", "blue")]
        body = np.median(strip.values[order][:, rows, columns], axis=(1, 2))
        ground = _ground(occupancy, order)
        colour, _ = name_colour(body, ground, settings)
    kinds = reading.types[:, int((middle - half) / STEP_M) : int((middle + half) / STEP_M) + 1].mean(axis=1)
    kind = TYPES[int(kinds.argmax())] if kinds.max() >= settings.type_sure else "unknown"
    return Vehicle(float(ends[0]), float(max(ends[1], ends[0] + 0.5)), kind, colour, sure)


def _ground(occupancy: Occupancy, order: list[int]) -> NDArray[np.float64]:
    """Return the colour of the track's own empty bed, or of all that the strip shows beside it."""
    strip = occupancy.metres.strip
    per = round(1 / strip.step_m)
    empty = np.repeat(occupancy.empty, per)[: strip.s_m.size]
    inner = strip.values[order][:, strip.rows(-1.0, 1.0), : empty.size]
    if occupancy.empty.sum() >= 15:
        return np.asarray(np.median(inner[:, :, empty].reshape(3, -1), axis=1))
    return np.asarray(np.median(strip.values[order][:, strip.valid], axis=1))


def _caveats(observation: Observation, track: Track, seen: float, settings: TrainSettings) -> tuple[str, ...]:
    """Return what limits a train's measures, in words."""
    scene, said = observation.scene, []
    if scene.sun_elevation_deg is not None and scene.sun_elevation_deg < settings.low_sun_deg:
        said.append(f"low sun ({scene.sun_elevation_deg:.0f} degrees): long shadows")
    if observation.quality.snow_state in ("partial", "full"):
        said.append(f"snow on the ground ({observation.quality.snow_state})")
    if observation.quality.haze > settings.haze_max:
        said.append("haze")
    if seen < 0.95:
        said.append(f"only {seen:.0%} of its place was seen")
    if track.provisional:
        said.append("the track's geometry is provisional")
    return tuple(said)
