"""What speaks for a train, cue by cue, for the reader who checks.

How many trains like this one a scene's empty track would show by chance.

A contrario (Desolneux, Moisan and Morel 2000): a train counts when the expected number of false ones at least
as strong, over all track that the scene shows, is small. The null is empirical: the scores of what was found
on empty track fall off exponentially, with a rate a kilometre and a scale that are calibrated. A scene whose
own weak stretches are more than the null expects is noisier than most, and its null is raised by that.
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detect.trains.network import NetReading
from tumangang_watch.detect.trains.segments import TrainSegment
from tumangang_watch.detect.trains.view import CHANNELS, HALF_ROWS, STEP_M, StripView
from tumangang_watch.settings.trains import TrainSettings

CUES = ("network", "tone", "hue", "edges", "shadow", "texture", "couplings")
"""Names of the cues, in the order they are reported."""


def evidence_of(
    view: StripView, reading: NetReading, run: TrainSegment, couplings_m: tuple[float, ...]
) -> tuple[tuple[str, float], ...]:
    """Measure the cues of one train against the same rows of its track elsewhere.

    ``network``: mean log-odds. ``tone``, ``hue``, ``texture``: inside minus empty bed, in spreads of the bed
    along the track. ``edges``: the weaker of the steps over both sides, log light. ``shadow``: share of light
    lost on the side away from the sun (the darker side where the sun is not known). ``couplings``: mean
    log-odds of a coupling where one was placed, ``couplings_m`` along the track.
    """
    n = view.patch.shape[2]
    patch = view.patch[:, :, ::-1] if view.turned else view.patch
    steps = slice(int(run.from_m / STEP_M), max(int(run.to_m / STEP_M), int(run.from_m / STEP_M) + 1))
    empty = reading.occupied < -1
    light, typical = patch[CHANNELS.index("light")], patch[CHANNELS.index("unlike_row")]
    brightness = _spreads(typical[_rows(-1, 1)].mean(axis=0), steps, empty)
    band_ratio = max(
        (
            _spreads(patch[CHANNELS.index(c)][_rows(-1, 1)].mean(axis=0), steps, empty)
            for c in ("red_blue", "green")
        ),
        key=abs,
    )
    fine = patch[CHANNELS.index("fine")][_rows(-1, 1)].mean(axis=0)
    inner = [light[_rows(*r), steps].mean() for r in ((0.4, 1.3), (-1.3, -0.4))]
    outer = [light[_rows(*r), steps].mean() for r in ((1.9, 3.0), (-3.0, -1.9))]
    edges = min(abs(float(a - b)) for a, b in zip(inner, outer, strict=True))
    # Views are mirrored so that shadows fall to the left.
    sides = [float(typical[_rows(*r), steps].mean()) for r in ((1.9, 2.9), (-2.9, -1.9))]
    shaded = sides[0] if view.geometry.shadow_side else min(sides)
    at = [min(int(c / STEP_M), n - 1) for c in couplings_m]
    placed = float(reading.coupling[at].mean()) if at else 0.0
    values = (
        float(reading.occupied[steps].mean()),
        brightness,
        band_ratio,
        edges,
        1 - float(np.exp(min(shaded, 0.0))),
        _spreads(fine, steps, empty),
        placed,
    )
    return tuple((name, round(value, 3)) for name, value in zip(CUES, values, strict=True))


def _rows(low_m: float, high_m: float) -> slice:
    """Return the rows of a view between two offsets; rows run from right to left."""
    return slice(round(low_m / STEP_M) + HALF_ROWS, round(high_m / STEP_M) + HALF_ROWS + 1)


def _spreads(profile: NDArray[np.floating], steps: slice, empty: NDArray[np.bool_]) -> float:
    """Return how far the mean over a train lies from the empty bed, in the bed's own spreads."""
    if empty.sum() < 20:
        return float(profile[steps].mean() - np.median(profile))
    bed = profile[empty]
    spread = max(1.4826 * float(np.median(np.abs(bed - np.median(bed)))), 0.02)
    return float((profile[steps].mean() - np.median(bed)) / spread)


WEAK = (1.0, 4.0)
"""Scores between which a stretch tells how noisy a scene is: too weak for nearly every train."""


def false_alarms(score: float, track_km: float, noise: float, settings: TrainSettings) -> float:
    """Return the expected number of false trains of at least this score in a scene.

    ``track_km`` is the length of all track that the scene shows, ``noise`` its factor on the null
    (`noise_of`).
    """
    return noise * track_km * settings.null_rate_km * exp(-score / settings.null_scale)


def noise_of(runs: list[TrainSegment], track_km: float, settings: TrainSettings) -> float:
    """Return by what factor a scene has more weak stretches than empty track mostly shows, at least 1."""
    weak = sum(WEAK[0] <= run.score < WEAK[1] for run in runs)
    expected = false_alarms(WEAK[0], track_km, 1.0, settings) - false_alarms(WEAK[1], track_km, 1.0, settings)
    return max(1.0, (weak + 1) / (expected + 1))
