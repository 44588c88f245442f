"""Trains in motion: their bands, taken at different moments, show them in different places.

A train's couplings and ends are edges in every band, whatever their sign. Where the edges of two bands
agree at an offset along the track that the ground around does not have, the train moves. All pairs of
bands must tell one story.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, product

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from tumangang_watch.detect.trains.body import TrainBody, body_on_bridge, bridge_under, sample_body
from tumangang_watch.detect.trains.speed import Speed, speed_of
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.grid import Float32, Float64, Mask
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site
from tumangang_watch.settings.trains import MotionSettings, TrainSettings
from tumangang_watch.track_frame import TrackFrame

STATIC_EDGE_PX = 512
"""Largest edge of the window in which the scene's own band offsets are measured."""
PEAKS = 5
"""Offsets of each band against the first that are tried together."""
BRIGHTNESS = 0.5
"""Weight of the likeness of two bands' brightness against that of their edges in telling one vehicle from the
next."""
NEARER = 0.004
"""Likeness that a metre of spread must be worth."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """What a train's bands say."""

    offset_m: Float64
    """(bands,) place of each band's train along the track against the mean of all."""
    likeness: float
    """Median correlation of two bands' edges at their offset."""
    gain: float
    """How much better that is than at the scene's own band offsets, on average."""
    misfit_m: float
    """Largest disagreement between the offsets of different pairs of bands."""
    moving: bool = False

    @property
    def spread_m(self) -> float:
        """Distance between the first and the last band's place."""
        return float(np.ptp(self.offset_m))


def flag_motion(
    observation: Observation,
    trains: tuple[Detection, ...],
    site: Site,
    settings: MotionSettings,
    strips: TrainSettings,
) -> tuple[Detection, ...]:
    """Flag the trains of a date that move; their colours are not read."""
    image = observation.image
    if not trains or len(image.bands) < 2:
        return trains
    static = band_offsets(image)
    tracks = {t.id: t for t in site.tracks}
    out = []
    for train in trains:
        track = tracks.get(train.track or "")
        bridge = None if track is None else bridge_under(train, track, site)
        body = None
        if track is not None and bridge is not None and image.gsd_m <= strips.track_gsd_max_m:
            strip = sample_strip(image, track, strips)
            body = body_on_bridge(image, train, strip, bridge, settings, strips)
        elif track is not None:
            body = sample_body(image, train, track, settings)
        motion = None if body is None else measure_motion(image, body, static, settings)
        if body is not None and motion is not None and motion.moving:
            speed = speed_of(motion.offset_m, observation.scene, image, settings)
            train = flagged(train, motion, speed, body.frame)
        out.append(train)
    return tuple(out)


def flagged(train: Detection, motion: Motion, speed: Speed, frame: TrackFrame) -> Detection:
    """Return a train marked as moving: a shorter one may have drawn this length, its colours are mixed."""
    spread = motion.spread_m
    length = train.length_m
    if length is not None:
        low = max(min(length.low, length.estimate - spread), min(length.low, 8.0))
        length = replace(length, low=low)
    return replace(
        train,
        length_m=length,
        rolling_stock=tuple(replace(v, colour="unknown", colours=()) for v in train.rolling_stock),
        evidence=(*train.evidence, ("band_offset_m", round(spread, 2)), *speed.evidence(frame)),
        caveats=(
            *train.caveats,
            f"in motion: its bands lie up to {spread:.1f} m apart along the track, so colours are not read",
            speed.caveat(),
        ),
    )


def band_offsets(image: NativeImage) -> Float64:
    """Return the scene's own band offsets, (bands, 2) pixels (col, row), against their mean.

    Phase correlation of gradient pictures over the middle of the largest window that was read.
    """
    cut = image.middle(STATIC_EDGE_PX)
    pictures = [_gradient(v[cut], image.valid[cut]) for v in image.values]
    window = cv2.createHanningWindow(pictures[0].shape[::-1], cv2.CV_32F)
    pairs = list(combinations(range(len(pictures)), 2))
    found = np.array([cv2.phaseCorrelate(pictures[i], pictures[j], window)[0] for i, j in pairs])
    found = np.where(np.abs(found).max(axis=1, keepdims=True) <= 3.0, found, 0.0)
    return np.asarray(_from_pairs(pairs, found, len(pictures))[0])


def _gradient(values: Float32, valid: Mask) -> Float32:
    """Return the size of the relative gradient, bounded."""
    typical = float(np.median(values[valid])) if valid.any() else 1.0
    down, right = np.gradient(np.where(valid, values, typical) / max(typical, 1e-6))
    size = np.hypot(down, right)
    bound = float(np.quantile(size, 0.98)) + 1e-6
    return np.minimum(size, bound).astype(np.float32)


def _from_pairs(pairs: list[tuple[int, int]], found: Float64, count: int) -> tuple[Float64, float]:
    """Return each band's offset (bands, ...) from those of all pairs, and the largest misfit."""
    design = np.zeros((len(pairs) + 1, count))
    for k, (i, j) in enumerate(pairs):
        design[k, i], design[k, j] = -1.0, 1.0
    design[-1] = 1.0
    wanted = np.concatenate([found, np.zeros((1, *found.shape[1:]))])
    solved = np.linalg.lstsq(design, wanted, rcond=None)[0]
    return solved, float(np.abs(design[:-1] @ solved - found).max())


def measure_motion(
    image: NativeImage, body: TrainBody, static_px: Float64, settings: MotionSettings
) -> Motion:
    """Measure where each band shows a train.

    ``static_px`` (bands, 2) are the scene's own offsets (`band_offsets`).
    """
    step, frame = body.step_m, body.frame
    level, edges = _edges(body.values, step, image.gsd_m)
    pairs = list(combinations(range(len(image.bands)), 2))
    reach = min(settings.reach_m, 0.4 * body.values.shape[2] * step)
    own = static_along(image, frame, static_px)
    scores = {pair: _likeness(edges[pair[0]], edges[pair[1]], reach, step) for pair in pairs}
    brightnesses = {pair: _likeness(level[pair[0]], level[pair[1]], reach, step) for pair in pairs}
    both = {pair: scores[pair] + BRIGHTNESS * brightnesses[pair] for pair in pairs}
    place = _joint(both, len(image.bands), step)
    lags, best, still = [], [], []
    for i, j in pairs:
        lag, likeness = _peak_near(scores[i, j], place[j] - place[i], image.gsd_m, step)
        lags.append(lag)
        best.append(likeness)
        still.append(float(_at(scores[i, j], own[j] - own[i], step)))
    offset, misfit = _from_pairs(pairs, np.array(lags), len(image.bands))
    offset = offset - own
    offset -= offset.mean()
    seen = Motion(
        offset_m=offset,
        likeness=float(np.median(best)),
        gain=float(np.mean(best) - np.mean(still)),
        misfit_m=misfit,
    )
    return replace(seen, moving=_moves(seen, image.gsd_m, settings))


def _moves(seen: Motion, gsd_m: float, settings: MotionSettings) -> bool:
    """Return True where all pairs of bands tell of one motion that the scene itself does not have."""
    return (
        seen.spread_m > settings.offset_min_px * gsd_m
        and seen.misfit_m <= settings.closure_px * gsd_m
        and seen.likeness >= settings.likeness_min
        and seen.gain >= settings.likeness_gain
    )


def static_along(image: NativeImage, frame: TrackFrame, static_px: Float64) -> Float64:
    """Return the scene's own band offsets along a track, (bands,) metres."""
    x, y = frame.points.mean(axis=1)
    row, col = image.pixel_of(np.array([x, x + 1.0, x]), np.array([y, y, y + 1.0]))
    # Pixels per metre east and north, inverted: metres that one pixel of shift stands for.
    per_m = np.array([[col[1] - col[0], col[2] - col[0]], [row[1] - row[0], row[2] - row[0]]])
    metres = np.linalg.solve(per_m, static_px.T)
    mean = frame.ahead.mean(axis=1)
    return np.asarray((mean / max(float(np.hypot(*mean)), 1e-9)) @ metres)


def _edges(values: Float32, step_m: float, gsd_m: float) -> tuple[Float64, Float64]:
    """Return (bands, n) the log brightness along the track, and how steep it is, without sign, bounded."""
    floor = np.maximum(0.05 * np.median(values, axis=(1, 2), keepdims=True), 1e-6)
    line = np.log(np.maximum(values, floor)).mean(axis=1)
    steep = np.abs(gaussian_filter1d(line.astype(float), 0.6 * gsd_m / step_m, axis=1, order=1))
    return line.astype(float), np.minimum(steep, np.quantile(steep, 0.99, axis=1, keepdims=True))


def _likeness(one: Float64, other: Float64, reach_m: float, step_m: float) -> Float64:
    """Return the correlation of two bands' edges for every offset of the other, middle = none."""
    n, most = one.size, int(reach_m / step_m)
    lags = np.arange(-most, most + 1)
    low, high = np.maximum(-lags, 0), n - np.maximum(lags, 0)
    # Sums over what the two have in common at each offset; off the mean they lose nothing to rounding.
    one, other = one - one.mean(), other - other.mean()
    both = np.correlate(other, one, mode="full")[lags + n - 1]
    sums = [np.concatenate([[0.0], np.cumsum(v)]) for v in (one, one**2, other, other**2)]
    a, aa = (total[high] - total[low] for total in sums[:2])
    b, bb = (total[high + lags] - total[low + lags] for total in sums[2:])
    count = high - low
    spread = np.maximum(aa - a**2 / count, 0.0) * np.maximum(bb - b**2 / count, 0.0)
    return np.asarray((both - a * b / count) / np.maximum(np.sqrt(spread), 1e-12))


def _at(score: Float64, lag_m: Float64, step_m: float) -> Float64:
    """Return the likeness at offsets; none beyond what was tried."""
    middle = score.size // 2
    at = lag_m / step_m + middle
    return np.asarray(np.interp(at, np.arange(score.size), score, left=-1.0, right=-1.0))


def _peak_near(score: Float64, lag_m: float, within_m: float, step_m: float) -> tuple[float, float]:
    """Return the best offset near one, to a part of a step, and the likeness there."""
    middle, most = score.size // 2, max(round(within_m / step_m), 1)
    near = round(lag_m / step_m) + middle
    low, high = max(near - most, 0), min(near + most + 1, score.size)
    k = low + int(score[low:high].argmax())
    place = float(k - middle)
    if 0 < k < score.size - 1:
        bend = float(score[k - 1] - 2 * score[k] + score[k + 1])
        if bend < 0:
            place += 0.5 * float(score[k - 1] - score[k + 1]) / bend
    return place * step_m, float(score[k])


def _joint(scores: dict[tuple[int, int], Float64], bands: int, step_m: float) -> Float64:
    """Return each band's place (the first at 0) that all pairs of bands agree on best.

    Like vehicles look alike a vehicle further on: one pair alone may settle there, all pairs do not. Of
    places as good the nearer ones are taken.
    """
    candidates = [_peaks(scores[0, band]) for band in range(1, bands)]
    places = np.array([(0.0, *lags) for lags in product(*candidates)]).T * step_m
    total = sum(_at(score, places[j] - places[i], step_m) for (i, j), score in scores.items())
    total = total - NEARER * np.ptp(places, axis=0) * len(scores)
    return np.asarray(places[:, int(total.argmax())])


def _peaks(score: Float64) -> list[float]:
    """Return the offsets, in steps, of the highest peaks and of none."""
    inner = score[1:-1]
    tops = np.flatnonzero((inner >= score[:-2]) & (inner >= score[2:])) + 1
    chosen = tops[np.argsort(-score[tops])[:PEAKS]]
    return [float(k - score.size // 2) for k in chosen] + [0.0]
