"""What each date could have shown: the facts of its scene, and trials with the detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detect.trains.structure import stretches_under_beams
from tumangang_watch.detectability.insert import Overwritten, insert, restore, span_of
from tumangang_watch.detectability.insert_frame import reach_m
from tumangang_watch.detectability.limits import can_show, of_observation
from tumangang_watch.detectability.model import Placement
from tumangang_watch.detectability.plan import Footing, plan_trials
from tumangang_watch.detectability.run import Detectability, try_detector
from tumangang_watch.detectability.scene_light import scene_light
from tumangang_watch.detectability.search import TrialSearch
from tumangang_watch.detectability.words import cargo_rows, cargo_statement, statements
from tumangang_watch.model.detection import Detection, OccupiedStretch
from tumangang_watch.model.document_trials import DetectabilityDocument
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.observation import Observation
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.threads import side_by_side

NOT_TRIED = "vehicles were not inserted on trial (--no-detectability)"


def detectability_of(
    run: RunContext,
    dates: tuple[Observation, ...],
    trains: tuple[Detection, ...],
    fill: tuple[Fill, ...] = (),
) -> tuple[DetectabilityDocument, ...]:
    """Return for each date what its kind of scene can show, and how often things would be found in it."""
    if run.site.tracks and run.settings.detectability.enabled:
        run.progress("trying what could have been missed")

    def tried_on(date: Observation) -> DetectabilityDocument:
        return _trials(run, date, trains, next((d for d in dates if d is not date), None))

    out: list[DetectabilityDocument] = []
    for date, tried in zip(dates, side_by_side(tried_on, dates), strict=True):
        cargo = cargo_rows(fill, date.date)
        statement = cargo_statement(cargo)
        document: DetectabilityDocument = {
            "date": date.date,
            **can_show(of_observation(date), run.settings.limits),
            **tried,
            "statements": [*tried["statements"], *([statement] if statement else [])],
            "goods": cargo,
        }
        out.append(document)
    return tuple(out)


def _trials(
    run: RunContext, date: Observation, trains: tuple[Detection, ...], other: Observation | None
) -> DetectabilityDocument:
    """Return the trials of one date as plain values, or why there are none."""
    none: DetectabilityDocument = {"tracks": [], "trials": [], "statements": []}
    if not run.site.tracks:
        return {**none, "trials_note": "the site has no tracks"}
    if not run.settings.detectability.enabled:
        return {**none, "trials_note": NOT_TRIED}
    return as_rows(try_date(run, date, trains, other))


def try_date(
    run: RunContext, date: Observation, trains: tuple[Detection, ...], other: Observation | None = None
) -> Detectability:
    """Insert vehicles into one date and run the detector on them."""
    settings = run.settings.detectability
    here = tuple(d for d in trains if d.kind == "train" and d.date == date.date)
    stretches = [
        OccupiedStretch(d.track, d.from_m, d.to_m)
        for d in here
        if d.track and d.from_m is not None and d.to_m is not None
    ]
    light = scene_light(date, run.site, stretches, settings)
    if light is None:
        footing = Footing(span_of, (), 0.0)
        states = plan_trials(date, run.site, here, footing, settings).tracks
        return Detectability(
            tracks=states, rates=(), outcomes=(), note="no empty track bed was seen: nothing could be tried"
        )
    shadow, lean, blur = reach_m(light)
    plan = plan_trials(date, run.site, here, Footing(span_of, (shadow, lean), blur), settings)
    plan = replace(plan, coarse=date.image.gsd_m > run.settings.trains.track_gsd_max_m)
    lines = {t.id: t for t in run.site.tracks}
    under = {} if plan.coarse else stretches_under_beams(date, run.site, run.settings.trains)

    search = TrialSearch(date, run.site, run.settings.trains, other)
    patches: list[Overwritten] = []
    placed: list[Placement] = []

    def paint(values: NDArray[np.float32], placements: Sequence[Placement]) -> Callable[[], None]:
        placed[:] = [replace(p, hidden_m=under.get(p.track, ())) for p in placements]
        patches[:] = [insert(values, date.image, light, lines[p.track], p, settings) for p in placed]
        return lambda: restore(values, patches)

    def detector(observation: Observation) -> tuple[Detection, ...]:
        return search.trains(observation, placed, [patch.window for patch in patches])

    return try_detector(date, run.site, plan, paint, detector, settings)


def as_rows(result: Detectability) -> DetectabilityDocument:
    """Return plain values for the report."""
    return {
        "tracks": [
            {
                "track": t.track,
                "status": t.status,
                "observed_fraction": round(t.observed_fraction, 3),
                "empty_m": round(t.empty_m, 1),
                "trials": sum(o.placement.track == t.track for o in result.outcomes),
                "found": sum(o.placement.track == t.track and o.found for o in result.outcomes),
                "reasons": list(t.reasons),
            }
            for t in result.tracks
        ],
        "trials": [
            {
                "track": r.track,
                "type": r.specimen.kind,
                "load": r.specimen.load,
                "tone": r.specimen.brightness,
                "cars": r.specimen.cars,
                "what": r.specimen.words,
                "found": r.found,
                "trials": r.trials,
                "rate": {
                    "estimate": round(r.rate.estimate, 3),
                    "low": round(r.rate.low, 3),
                    "high": round(r.rate.high, 3),
                },
            }
            for r in result.rates
        ],
        "trials_note": result.note,
        "statements": list(statements(result)),
    }
