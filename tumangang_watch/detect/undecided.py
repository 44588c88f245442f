"""How much of a scene's track the reader of strips cannot decide, and what that takes from its trains.

A reader is sure of itself on what it learned from. Where much of the track that a scene shows is neither
empty nor occupied to it, the scene is unlike that, and what it is sure of elsewhere is worth less too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit, logit

from tumangang_watch.detect.trains.reading import TrackReading
from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.detect.trains.view import STEP_M
from tumangang_watch.grid import Mask
from tumangang_watch.model.detection import Detection
from tumangang_watch.settings.trains import TrainSettings

BED_M = 1.0
"""Half of the track bed that has to be seen."""


def undecided_share(reading: TrackReading, settings: TrainSettings) -> float | None:
    """Return the share of the seen track that is not decided; None where too little was read."""
    odds = [
        r.occupied[seen_bed(strip, r.occupied.size)]
        for strip, r in zip(reading.strips, reading.readings, strict=False)
    ]
    every = np.concatenate(odds) if odds else np.zeros(0)
    if every.size < settings.undecided.steps_min:
        return None
    return float((np.abs(every + settings.net_bias) < settings.undecided.odds).mean())


def seen_bed(strip: Strip, steps: int) -> Mask:
    """Return the steps (n,) of a reading whose whole bed was seen."""
    per = round(STEP_M / strip.step_m)
    seen = np.zeros(steps * per, bool)
    whole = np.asarray(strip.valid[strip.rows(-BED_M, BED_M)].all(axis=0))[: seen.size]
    seen[: whole.size] = whole
    return np.asarray(seen.reshape(steps, per).all(axis=1))


def with_doubt(
    trains: tuple[Detection, ...], share: float | None, settings: TrainSettings
) -> tuple[Detection, ...]:
    """Return a date's trains, less sure where more of its track than usual is not decided.

    The log-odds of a train's confidence are divided by how many times the usual share it is.
    """
    times = 1.0 if share is None else share / settings.undecided.share_max
    if share is None or times <= 1:
        return trains
    # The share itself is evidence: with it in the words a change would carry two like caveats.
    note = (
        f"on more of the track than usual ({settings.undecided.share_max:.0%}) it cannot be decided whether "
        "a train stands there: the scene is unlike those the reader learned from, so confidence is lowered"
    )
    return tuple(
        replace(
            train,
            confidence=float(expit(logit(np.clip(train.confidence, 1e-6, 1 - 1e-6)) / times)),
            evidence=(*train.evidence, ("undecided_share", round(share, 3))),
            caveats=(*train.caveats, note),
        )
        for train in trains
    )
