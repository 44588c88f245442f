"""The shadow a train throws along its own track is no vehicle, however like a low dark one it looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from tumangang_watch.detect.strip_view import Geometry
    from tumangang_watch.detect.train_runs import Run
    from tumangang_watch.model.detection import Vehicle
    from tumangang_watch.settings.trains import TrainSettings

LOW_TYPES = frozenset({"flat", "open", "unknown"})
"""What a strip of shade is taken for."""


@dataclass(frozen=True)
class Counted:
    """One train's extent, count and vehicles."""

    run: Run
    cars: Interval
    vehicles: tuple[Vehicle, ...]


def without_end_shadow(train: Counted, geometry: Geometry, settings: TrainSettings) -> Counted:
    """Take a black low vehicle off the end that the sun throws the train's shadow from.

    It goes only where it is no longer than that shadow can be, by `end_shadow_reach`. A black low wagon may
    stand there all the same: the upper bounds of count and length keep it.

    Parameters
    ----------
    train : Counted
    geometry : Geometry
        Of the train's strip: how far a body's shadow falls along the track.
    settings : TrainSettings
    """
    along_m = geometry.shadow_along_m
    if abs(along_m) < settings.end_shadow_min_m or len(train.vehicles) < 2:
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
