"""From step-wise log-odds to stretches of track that hold one train each, and what speaks for them.

How many trains like one a scene's empty track would show by chance is judged a contrario (Desolneux, Moisan
and Morel 2000): a train counts when the expected number of false ones at least as strong, over all track that
the scene shows, is small. The null is empirical: the scores of what was found on empty track fall off
exponentially, with a rate a kilometre and a scale that are calibrated. A scene whose own weak stretches are
more than the null expects is noisier than most, and its null is raised by that. On ground unlike any that
was learnt false stretches can be long: how likely a train stands there is the word of a second reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log

import numpy as np

from tumangang_watch.detect.trains.reading import NetReading, read_again
from tumangang_watch.detect.trains.view import CHANNELS, HALF_ROWS, STEP_M, StripView
from tumangang_watch.grid import Float64, Floats, Mask
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.track_frame import seen_parts, stretches

END_REACH_M = 20.0
"""How far from a stretch's end the true one is looked for: a vehicle and a half."""
LIMIT = 6.0
"""Log-odds beyond which a step says no more."""
WEAK = (1.0, 4.0)
"""Scores between which a stretch tells how noisy a scene is: too weak for nearly every train."""
CUES = ("network", "tone", "hue", "edges", "shadow", "texture", "couplings")
"""Names of the cues, in the order they are reported."""


@dataclass(frozen=True, kw_only=True)
class TrainSegment:
    """One train on one track."""

    from_m: float
    to_m: float
    score: float
    """Summed log-odds, one count per `TrainSettings.memory_m` of track."""
    shorter_m: float = 0.0
    """By how much it may be shorter: lower bound of the 90 % interval of its length."""
    longer_m: float = 0.0
    """By how much it may be longer."""
    second_log_odds: float = inf
    """Mean of the second reader's log-odds over what was seen of it; infinite where it read too little."""
    unseen_m: tuple[float, float] = (0.0, 0.0)
    """Track beyond its start and its end that was not seen: it may go on there. 0 where it was seen."""


def find_runs(log_odds: Float64, seen: Mask, settings: TrainSettings) -> list[TrainSegment]:
    """Return the trains of one track in order along it, uncoupled cuts apart.

    Parameters
    ----------
    log_odds : (n,) float
        That a train stands on each step of `STEP_M` along the track.
    seen : (n,) bool
        Steps whose bed was seen. The others do not count, and no train reaches farther into them than
        `TrainSettings.unseen_join_m` between what is seen of it.
    """
    odds = np.where(seen, np.clip(log_odds + settings.net_bias, -LIMIT, LIMIT), 0.0)
    runs: list[TrainSegment] = []
    join = round(settings.unseen_join_m / STEP_M)
    pieces = [part for piece in _stretches(odds, settings) for part in seen_parts(piece, seen, join)]
    for low, high in _joined(pieces, settings):
        # A sure train ends where its own log-odds do; the bias is for the doubtful ones.
        level = float(np.clip(np.median(odds[low:high]) - settings.net_bias - 3.0, 0.0, settings.net_bias))
        first, last = next(p for p in pieces if p[0] == low), next(p for p in pieces if p[1] == high)
        low, high = _strongest(odds - level, first)[0], _strongest(odds - level, last)[1]
        a, b = (_end(odds - level, at, side) for at, side in ((low, -1), (high, +1)))
        if low and not seen[low - 1]:
            a = max(a, low * STEP_M)
        if high < seen.size and not seen[high]:
            b = min(b, high * STEP_M)
        beyond = _unseen_beyond(seen[:low][::-1], settings), _unseen_beyond(seen[high:], settings)
        if b - a < settings.train_min_m:
            continue
        inside = odds[low:high]
        score = float(inside.sum() * STEP_M / settings.memory_m)
        ends = [_unsure(odds - level, at, side, settings) for at, side in ((low, -1), (high, +1))]
        inward, outward = (float(np.hypot(*pair)) for pair in zip(*ends, strict=True))
        runs.append(
            TrainSegment(from_m=a, to_m=b, score=score, shorter_m=inward, longer_m=outward, unseen_m=beyond)
        )
    return runs


def _unseen_beyond(seen: Mask, settings: TrainSettings) -> float:
    """Return the metres of unseen track that begin nearer than a next train's gap to an end.

    ``seen`` (n,) are the steps from the end on, outwards.
    """
    unseen = stretches(~seen)
    return (
        (unseen[0][1] - unseen[0][0]) * STEP_M
        if unseen and unseen[0][0] * STEP_M < settings.cut_gap_m
        else 0.0
    )


def _stretches(odds: Float64, settings: TrainSettings) -> list[tuple[int, int]]:
    """Return occupied stretches (start, stop) in steps by a two-state hidden Markov model (Viterbi)."""
    empty = occupied = 0.0
    cost = settings.switch_cost
    came_empty, came_occupied = [], []
    for value in (odds * (STEP_M / settings.memory_m)).tolist():
        left, begun = occupied - cost, empty - cost
        came_empty.append(left > empty)
        came_occupied.append(begun > occupied)
        empty, occupied = left if left > empty else empty, (begun if begun > occupied else occupied) + value
    state = np.zeros(odds.size, bool)
    now = occupied > empty
    for k in range(odds.size - 1, -1, -1):
        state[k] = now
        now = not now if (came_occupied[k] if now else came_empty[k]) else now
    return stretches(state)


def _strongest(odds: Float64, piece: tuple[int, int]) -> tuple[int, int]:
    """Return the part (start, stop) of a stretch with the greatest sum of log-odds: without faint tails."""
    total = np.concatenate([[0.0], np.cumsum(odds[slice(*piece)])])
    rise = total - np.minimum.accumulate(total)
    stop = int(rise.argmax())
    start = int(total[: stop + 1].argmin())
    return (piece[0] + start, piece[0] + stop) if stop > start else piece


def _joined(pieces: list[tuple[int, int]], settings: TrainSettings) -> list[tuple[int, int]]:
    """Join pieces nearer than a coupling and 3 m: they are one train."""
    out: list[tuple[int, int]] = []
    for low, high in pieces:
        if out and (low - out[-1][1]) * STEP_M < settings.cut_gap_m - STEP_M:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out


def _unsure(odds: Float64, at: int, side: int, settings: TrainSettings) -> tuple[float, float]:
    """Return how far inside and outside of a stretch's end the true one may lie (5 and 95 %), metres.

    The posterior of one change from train to empty track near the end, every step counted by its log-odds.
    """
    reach = round(END_REACH_M / STEP_M)
    near = np.arange(max(at - reach, 0), min(at + reach, odds.size))
    gain = odds[near] * (STEP_M / settings.end_memory_m)
    gain = gain if side > 0 else gain[::-1]
    weight = np.concatenate([[0.0], np.cumsum(gain)])
    share = np.cumsum(np.exp(weight - weight.max()))
    low, high = np.searchsorted(share / share[-1], (0.05, 0.95))
    middle = at - near[0] if side > 0 else near[-1] + 1 - at
    return max(middle - low, 0) * STEP_M, max(high - middle, 0) * STEP_M


def _end(odds: Float64, at: int, side: int) -> float:
    """Return where the log-odds cross zero nearest a stretch's end, metres, between steps."""
    smooth = np.convolve(np.pad(odds, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    low, high = max(at - 4, 1), min(at + 4, odds.size - 1)
    best, away = at * STEP_M, np.inf
    for k in range(low, high + 1):
        a, b = smooth[k - 1], smooth[k]
        if a * b <= 0 and (b - a) * side < 0:
            where = (k - 0.5 + a / (a - b)) * STEP_M
            if abs(where - at * STEP_M) < away:
                best, away = where, abs(where - at * STEP_M)
    return float(np.clip(best, 0.0, odds.size * STEP_M))


def false_alarms(score: float, track_km: float, noise: float, settings: TrainSettings) -> float:
    """Return the expected number of false trains of at least this score in a scene.

    ``track_km`` is the length of all track that the scene shows, ``noise`` its factor on the null
    (`noise_of`).
    """
    return noise * track_km * settings.null_rate_km * exp(-score / settings.null_scale)


def checked(view: StripView, seen: Mask, runs: Sequence[TrainSegment]) -> list[TrainSegment]:
    """Return stretches with what a second reader says of them; ``seen`` (n,) are the steps that were.

    It says nothing of one that lies on bridges for the most part.
    """
    lows = [int(run.from_m / STEP_M) for run in runs]
    parts = [slice(low, max(int(run.to_m / STEP_M), low + 1)) for low, run in zip(lows, runs, strict=True)]
    out = []
    for run, part, again in zip(runs, parts, read_again(view, parts), strict=True):
        own = again[seen[part]]
        known = np.isfinite(own)
        sure = known.size and known.mean() > 0.5
        out.append(replace(run, second_log_odds=float(own[known].mean())) if sure else run)
    return out


def cues_of(run: TrainSegment) -> tuple[float, float, float]:
    """Return what the probability of a train rests on: one, the score's logarithm, the second reading."""
    return 1.0, log(max(run.score, 1.0)), min(max(run.second_log_odds, -3.0), LIMIT)


def probability_of(run: TrainSegment, settings: TrainSettings) -> float:
    """Return how likely a train stands on a stretch of any ground; on a bridge by its score alone."""
    known = run.second_log_odds < inf
    weights = settings.confidence_weights if known else (*settings.confidence_on_bridges, 0.0)
    odds = sum(w * cue for w, cue in zip(weights, cues_of(run), strict=True))
    return 1 / (1 + exp(-odds))


def on_track(probability: float, certainty: float, settings: TrainSettings) -> float:
    """Return how likely a train stands where a track lies with some certainty.

    By Bayes' rule: what looks like a train either is one, or is empty track, or lies on ground that is no
    track, which looks like one `TrainSettings.off_track_alike` times as often as empty track does.
    """
    train, empty = certainty * probability, certainty * (1 - probability)
    other = (1 - certainty) * settings.off_track_alike * (1 - probability)
    return train / max(train + empty + other, 1e-12)


def noise_of(runs: list[TrainSegment], track_km: float, settings: TrainSettings) -> float:
    """Return by what factor a scene has more weak stretches than empty track mostly shows, at least 1."""
    weak = sum(WEAK[0] <= run.score < WEAK[1] for run in runs)
    expected = false_alarms(WEAK[0], track_km, 1.0, settings) - false_alarms(WEAK[1], track_km, 1.0, settings)
    return max(1.0, (weak + 1) / (expected + 1))


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


def _spreads(profile: Floats, steps: slice, empty: Mask) -> float:
    """Return how far the mean over a train lies from the empty bed, in the bed's own spreads."""
    if empty.sum() < 20:
        return float(profile[steps].mean() - np.median(profile))
    bed = profile[empty]
    spread = max(1.4826 * float(np.median(np.abs(bed - np.median(bed)))), 0.02)
    return float((profile[steps].mean() - np.median(bed)) / spread)
