"""What a scene could have missed: the detector is run on vehicles inserted into its own empty track."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from shapely.ops import substring

from tumangang_watch.detectability.model import Placement
from tumangang_watch.detectability.plan import TrackState, TrialPlan
from tumangang_watch.detectability.rates import FoundRate, TrialOutcome, found_rates
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.detectability import DetectabilitySettings

Detector = Callable[["Observation"], tuple["Detection", ...]]
Inserter = Callable[["NDArray[np.float32]", tuple["Placement", ...]], Callable[[], None]]
"""Paints placements into a writable copy of the native values and returns what undoes it."""

MISFIT = (
    "The scene's fit to the site is degraded: where tracks do not lie as drawn, more is missed than these "
    "rates say."
)


@dataclass(frozen=True, kw_only=True)
class Detectability:
    """What one date could have shown."""

    tracks: tuple[TrackState, ...]
    rates: tuple[FoundRate, ...]
    outcomes: tuple[TrialOutcome, ...]
    note: str = ""
    """Why there are no rates; empty where there are."""
    caveats: tuple[str, ...] = ()
    """What the rates do not hold for, in sentences."""


def try_detector(
    observation: Observation,
    site: Site,
    plan: TrialPlan,
    insert: Inserter,
    detector: Detector,
    settings: DetectabilitySettings,
) -> Detectability:
    """Run the detector on copies of a date with vehicles inserted; return how often they were found.

    Parameters
    ----------
    insert : callable
        Paints one round into a copy of the native values.
    detector : callable
        Finds trains in an observation.
    """
    outcomes: list[TrialOutcome] = []
    values = observation.image.copied() if plan.rounds else observation.image.values
    for one in plan.rounds:
        undo = insert(values, one)
        shown = values.view()
        shown.flags.writeable = False
        found = detector(replace(observation, image=observation.image.showing(shown)))
        undo()
        trains = [d for d in found if d.kind == "train" and d.grade == "detected"]
        outcomes += [TrialOutcome(p, _is_found(p, site, trains, settings, plan.coarse)) for p in one]
    weights = {
        t.track: t.empty_m
        for t in plan.tracks
        if t.status != "not_observable" and t.empty_m >= settings.empty_min_m
    }
    rates = found_rates(tuple(outcomes), weights, settings)
    note = "" if rates else "no track was seen empty over the length of a vehicle: nothing could be tried"
    caveats = () if observation.site_fit.status == "ok" or not rates else (MISFIT,)
    return Detectability(
        tracks=plan.tracks, rates=rates, outcomes=tuple(outcomes), note=note, caveats=caveats
    )


def _is_found(
    placement: Placement, site: Site, trains: list[Detection], settings: DetectabilitySettings, coarse: bool
) -> bool:
    """Return True when a detected train covers enough of an inserted vehicle.

    In ``coarse`` scenes, which do not part neighbouring tracks, a train on the next one counts as found.
    """
    min_m = settings.overlap * (placement.to_m - placement.from_m)
    covered = 0.0
    for train in trains:
        if train.track == placement.track and train.from_m is not None and train.to_m is not None:
            covered += max(min(train.to_m, placement.to_m) - max(train.from_m, placement.from_m), 0.0)
    if covered >= min_m or not coarse:
        return covered >= min_m
    line = next(t.line for t in site.tracks if t.id == placement.track)
    body = substring(line, placement.from_m, placement.to_m)
    return any(body.intersection(t.geometry.buffer(settings.group_reach_m)).length >= min_m for t in trains)
