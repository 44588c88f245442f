"""The vehicles of one train: ends, type and colour, each with its probabilities.

The shadow a train throws along its own track is no vehicle, however like a low dark one it looks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tumangang_watch.detect.trains.colour import (
    COLOURS,
    ColourScale,
    bed_of,
    body_features,
    colour_probabilities,
    name_colour,
)
from tumangang_watch.detect.trains.couplings import Consist, divide
from tumangang_watch.detect.trains.reading import TYPES, NetReading
from tumangang_watch.detect.trains.segments import TrainSegment
from tumangang_watch.detect.trains.view import STEP_M, Geometry, StripView
from tumangang_watch.grid import Float64
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.interval import Interval
from tumangang_watch.settings.trains import TrainSettings

AT_THE_END_M = 1.0
"""A train so near to the end of its track as it is drawn may go on beyond it."""


def divide_run(reading: NetReading, run: TrainSegment, settings: TrainSettings) -> Consist:
    """Divide one train into vehicles by what the network says of couplings."""
    step = STEP_M
    at = run.from_m + (np.arange(max(int((run.to_m - run.from_m) / step), 1)) + 0.5) * step
    middles = (np.arange(reading.coupling.size) + 0.5) * STEP_M
    gain = np.interp(at, middles, reading.coupling) - settings.net_coupling_prior
    gain = settings.gap_scale * np.clip(gain, -settings.gap_limit, settings.gap_limit)
    whole_m = reading.coupling.size * step
    ends = run.from_m < AT_THE_END_M, whole_m - run.to_m < AT_THE_END_M
    cut = run.unseen_m[0] > 0 or ends[0], run.unseen_m[1] > 0 or ends[1]
    return divide(gain, run.to_m - run.from_m, step, settings, cut)


def count_of(consist: Consist, run: TrainSegment, settings: TrainSettings) -> Interval:
    """Return how many vehicles a train has: as divided between its ends, and by how far these are from sure.

    A vehicle that the end may leave out, or that may stand beyond it, by half of an average one or more
    widens the interval; where an end was not seen, so do the vehicles that unseen track may hold, and the
    last one seen may be part of another.
    """
    average_m = (run.to_m - run.from_m + settings.coupling_mean_m) / consist.count
    fewer, more = (int(metres / average_m + 0.5) for metres in (run.shorter_m, run.longer_m))
    unseen_m = [min(m, settings.unseen_train_max_m) for m in run.unseen_m]
    more += sum(int(m / settings.vehicle_min_m + 1) for m in unseen_m if m > 0)
    fewer += sum(m > 0 for m in unseen_m)
    return Interval(consist.count, max(consist.low - fewer, 1), consist.high + more)


def vehicles_of(
    view: StripView,
    reading: NetReading,
    run: TrainSegment,
    consist: Consist,
    scene_light: ColourScale,
    settings: TrainSettings,
) -> tuple[Vehicle, ...]:
    """Describe the vehicles of one train by the readings of its track."""
    half = settings.coupling_mean_m / 2
    starts = [run.from_m, *(run.from_m + c + half for c in consist.couplings_m)]
    stops = [*(run.from_m + c - half for c in consist.couplings_m), run.to_m]
    per = round(STEP_M / view.strip.step_m)
    empty = np.repeat(reading.occupied < -1, per)[: view.strip.s_m.size]
    empty = np.pad(empty, (0, view.strip.s_m.size - empty.size))
    bed = bed_of(view.strip, scene_light.scale, empty)
    out = []
    for start, stop, sure in zip(starts, stops, consist.certainty, strict=True):
        types = type_probabilities(reading, (start, stop), settings)
        colours = _colours(view, (start, stop), bed, scene_light, settings)
        kind, likely = types[0]
        out.append(
            Vehicle(
                from_m=float(start),
                to_m=float(max(stop, start + 0.5)),
                type=kind if likely >= settings.type_sure else "unknown",
                colour=name_colour(colours, settings) if colours is not None else "unknown",
                confidence=sure,
                types=types,
                colours=() if colours is None else _ranked(COLOURS, colours),
            )
        )
    return tuple(out)


def type_probabilities(
    reading: NetReading, ends: tuple[float, float], settings: TrainSettings
) -> tuple[tuple[str, float], ...]:
    """Return each type's probability for a vehicle between its ends, likeliest first.

    Steps of one vehicle repeat each other: their mean counts, sharpened by the calibrated factor.
    """
    inset = 0.12 * (ends[1] - ends[0])
    low = min(int((ends[0] + inset) / STEP_M), reading.types.shape[1] - 1)
    high = max(int(np.ceil((ends[1] - inset) / STEP_M)), low + 1)
    mean = np.maximum(reading.types[:, low:high], -12).mean(axis=1) * settings.type_sharpness
    p = np.exp(mean - mean.max())
    return _ranked(TYPES, p / p.sum())


def _colours(
    view: StripView,
    ends: tuple[float, float],
    bed: Float64,
    scene_light: ColourScale,
    settings: TrainSettings,
) -> Float64 | None:
    strip = view.strip
    middle, half = (ends[0] + ends[1]) / 2, max((ends[1] - ends[0]) * 0.36, 0.5)
    columns = slice(*np.searchsorted(strip.s_m, (middle - half, middle + half)))
    aside = settings.roof_lean * view.geometry.lean_m
    rows = strip.rows(aside - settings.roof_half_m, aside + settings.roof_half_m)
    features = body_features(strip, scene_light.scale, bed, (rows, columns), scene_light.ground)
    return None if features is None else colour_probabilities(features)


def _ranked(names: tuple[str, ...], p: Float64) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-p, kind="stable")
    return tuple((names[k], float(p[k])) for k in order)


LOW_TYPES = frozenset({"flat", "open", "unknown"})
"""What a strip of shade is taken for."""


@dataclass(frozen=True)
class Counted:
    """One train's extent, count and vehicles."""

    run: TrainSegment
    cars: Interval
    vehicles: tuple[Vehicle, ...]


def may_end_in_shadow(geometry: Geometry, settings: TrainSettings) -> bool:
    """Return whether a train throws a shadow along its own track that can be taken for a vehicle."""
    return abs(geometry.shadow_along_m) >= settings.end_shadow_min_m


def without_end_shadow(train: Counted, geometry: Geometry, settings: TrainSettings) -> Counted:
    """Take a black low vehicle off the end that the sun throws the train's shadow from.

    It goes only where it is no longer than that shadow can be, by `end_shadow_reach`. A black low vehicle may
    stand there all the same: the upper bounds of count and length keep it.
    """
    along_m = geometry.shadow_along_m
    if not may_end_in_shadow(geometry, settings) or len(train.vehicles) < 2:
        return train
    last = along_m > 0
    end, rest = (train.vehicles[-1], train.vehicles[:-1]) if last else (train.vehicles[0], train.vehicles[1:])
    black = dict(end.colours).get("black", 0.0)
    short = end.to_m - end.from_m <= settings.end_shadow_reach * abs(along_m)
    if end.type not in LOW_TYPES or black < settings.end_shadow_black or not short:
        return train
    ends = (train.run.from_m, rest[-1].to_m) if last else (rest[0].from_m, train.run.to_m)
    longer_m = train.run.longer_m + (train.run.to_m - train.run.from_m) - (ends[1] - ends[0])
    run = replace(train.run, from_m=ends[0], to_m=ends[1], longer_m=longer_m)
    count = train.cars.estimate - 1
    return Counted(run, Interval(count, min(train.cars.low, count), train.cars.high), rest)
