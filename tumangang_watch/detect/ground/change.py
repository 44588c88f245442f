"""Ground that was turned from natural to worked between two dates, judged on both together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation, binary_erosion, binary_fill_holes, label
from skimage.morphology import remove_small_holes, remove_small_objects

from tumangang_watch.detect.blobs import disk, hysteresis, without_thin
from tumangang_watch.detect.ground.surface import GroundSurface, natural_saturation, worked_share
from tumangang_watch.settings.cargo import HandlingSettings

SAMPLE = 20000


@dataclass(frozen=True)
class Turned:
    """Ground that became worked from one date to the other."""

    mask: NDArray[np.bool_]
    membership: NDArray[np.float32]
    """0 to 1; its half level is the outline."""
    strength: NDArray[np.float32]
    """Robust distance from how the same land cover changed elsewhere."""
    compared: bool
    """False when there was too little of the same land cover elsewhere."""


def turned_to_worked(
    before: GroundSurface,
    after: GroundSurface,
    inside: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    settings: HandlingSettings,
) -> Turned:
    """Find ground inside a polygon that was natural before and is worked after.

    Each land-cover class of the earlier date tells by its pixels elsewhere what season, light and
    haze did to it; only what changed otherwise, and towards worked ground, counts.

    Parameters
    ----------
    inside : (rows, cols) bool
        The handling polygon.
    reference : (rows, cols) bool
        Ground outside every handling polygon that may tell how classes change.
    """
    shared = tuple(b for b in before.bands if b in after.bands)
    one = np.stack([before.log[before.bands.index(b)] for b in shared])
    two = np.stack([after.log[after.bands.index(b)] for b in shared])
    both = before.usable & after.usable & ~before.snow & ~after.snow
    none = np.zeros(both.shape, dtype=bool)
    empty = none.astype(np.float32)
    if after.saturation is None or before.saturation is None or before.green is None or after.green is None:
        return Turned(none, empty, empty, False)
    if not both.any():
        return Turned(none, empty, empty, False)
    labels = _classes(one, both, settings.classes)
    step = np.concatenate(
        [_features(two) - _features(one), [after.saturation - before.saturation, after.green - before.green]]
    )
    own, spread, compared = _own_change(step, labels, both, reference, settings)
    beyond = step - own
    count = len(step) - 2
    distance = np.sqrt(np.mean((beyond[:count] / spread[:count]) ** 2, axis=0))
    distance = np.where(both, distance, 0).astype(np.float32)
    weak = both & _worked_turn(beyond, before, after, reference, settings) & (distance > settings.weak_change)
    strong = weak & (distance > settings.strong_change)
    mask = hysteresis(strong, weak)
    mask = cleaned(mask, inside, before.grid.pixel_m, settings)
    changed = both & inside & ~after.water & (distance > settings.weak_change)
    mask = cleaned(_of_one_piece(mask, two, changed, settings), inside, before.grid.pixel_m, settings)
    # Blur mixes values, not their logs: the half level is taken of the values themselves.
    expected = one + _own_change(two - one, labels, both, reference, settings)[0]
    membership = _half_level(mask, np.exp(two) - np.exp(expected), both)
    return Turned(membership > 0.5, membership, distance, compared)


def _of_one_piece(
    mask: NDArray[np.bool_], log: NDArray[np.float32], changed: NDArray[np.bool_], settings: HandlingSettings
) -> NDArray[np.bool_]:
    """Extend each segment over changed ground that now looks like it.

    New hard standing is laid over grass and bare soil alike; over soil it turns neither greyer nor
    barer, but it is the same surface as the part that did.
    """
    features = _features(log)
    labels, count = label(mask)
    out = mask.copy()
    for k in range(1, count + 1):
        segment = labels == k
        middle, spread = _middle_and_spread(features, segment, settings)
        away = np.sqrt(np.mean(((features - middle[:, None, None]) / spread[:, None, None]) ** 2, axis=0))
        out |= hysteresis(segment, segment | (changed & (away < settings.alike_spreads)))
    return out


def _middle_and_spread(
    values: NDArray[np.float32], pick: NDArray[np.bool_], settings: HandlingSettings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the median and the robust spread of each feature over some pixels; the first is brightness."""
    picked = values[:, pick]
    middle = np.median(picked, axis=1)
    mad = 1.4826 * np.median(np.abs(picked - middle[:, None]), axis=1)
    return middle, np.maximum(mad, _floor(len(values), settings))


def _floor(count: int, settings: HandlingSettings) -> NDArray[np.float32]:
    floor = np.full(count, settings.floor_colour_log, dtype=np.float32)
    floor[0] = settings.floor_log
    return floor


def _half_level(
    mask: NDArray[np.bool_], change: NDArray[np.float32], usable: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return how far each pixel shares a segment's change; its half level is the edge under blur."""
    out = np.zeros(mask.shape, dtype=np.float32)
    labels, count = label(mask)
    for k in range(1, count + 1):
        segment = labels == k
        inner = np.asarray(binary_erosion(segment, iterations=2))
        core = inner & usable
        if core.sum() < 9:
            core = segment & usable
        if not core.any():
            continue
        typical = np.median(change[:, core], axis=1)
        part = np.tensordot(typical, change, axes=1) / max(float((typical**2).sum()), 1e-9)
        part = np.where(binary_dilation(segment, iterations=1), np.where(usable, np.clip(part, 0, 1), 1.0), 0)
        part[inner] = np.maximum(part[inner], 0.75)
        whole = np.asarray(binary_fill_holes(part > 0.5))
        part[whole & (part <= 0.5)] = 0.75
        out = np.maximum(out, part)
    return out


def _worked_turn(
    beyond: NDArray[np.float32],
    before: GroundSurface,
    after: GroundSurface,
    reference: NDArray[np.bool_],
    settings: HandlingSettings,
) -> NDArray[np.bool_]:
    """Return where ground turned greyer or barer than the same cover elsewhere, as work does it.

    Ploughing bares the ground too, but leaves it dark and earthy: such ground is let through only
    when it is about as bright as dry natural ground of the same date.
    """
    if before.saturation is None or after.saturation is None or after.green is None:
        return np.zeros(after.usable.shape, dtype=bool)
    turn_green = settings.turn_ndvi if after.has_nir else settings.turn_exg
    greyer = -beyond[-2] / settings.turn_saturation
    barer = -beyond[-1] / turn_green
    agree = (greyer + barer > 1) & (greyer > -0.7) & (barer > -0.7)
    # Wear, wetness and weeds move worked ground about within its own range: it has to cross over.
    crossed = worked_share(after, settings) - worked_share(before, settings) > settings.crossing
    bared = barer > settings.bared_turns
    log_brightness = after.log.mean(axis=0)
    earthy = after.saturation > settings.earthy_share * natural_saturation(after, settings)
    dry = after.usable & reference & earthy & (after.green < np.median(after.green[after.usable]))
    level = np.median(log_brightness[dry if dry.sum() >= settings.class_min_px else after.usable])
    ploughed = earthy & (log_brightness < level - settings.ploughed_log)
    shaded = beyond[0] < -settings.shade_log
    return np.asarray(agree & (crossed | bared) & ~after.water & ~ploughed & ~shaded)


def _features(log: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return tone and the colour ratios of the logs, which light changes least."""
    log_brightness = log.mean(axis=0, keepdims=True)
    return np.concatenate([log_brightness, np.diff(log, axis=0)])


def _classes(log: NDArray[np.float32], usable: NDArray[np.bool_], count: int) -> NDArray[np.int32]:
    """Group ground by tone and colour with k-means; the start is spread along the tone, not random."""
    features = _features(log)
    points = features[:, usable].T
    if len(points) < 10 * count:
        return np.zeros(usable.shape, dtype=np.int32)
    thin = points[:: max(1, len(points) // SAMPLE)]
    scale = np.maximum(thin.std(axis=0), 0.02)
    scale[1:] *= 0.6
    thin = thin / scale
    along = thin @ np.linalg.eigh(np.cov(thin.T))[1][:, -1]
    order = np.argsort(along)
    centres = np.stack([part.mean(axis=0) for part in np.array_split(thin[order], count)])
    for _ in range(15):
        nearest = ((thin[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        centres = np.stack(
            [thin[nearest == k].mean(axis=0) if (nearest == k).any() else centres[k] for k in range(count)]
        )
    flat = features.reshape(len(features), -1).T / scale
    distance = np.stack([((flat - c) ** 2).sum(axis=1) for c in centres])
    return distance.argmin(axis=0).reshape(usable.shape).astype(np.int32)


def _own_change(
    step: NDArray[np.float32],
    labels: NDArray[np.int32],
    usable: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    settings: HandlingSettings,
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    """Return for every pixel how its class changed elsewhere and how unevenly.

    A class may change in two ways: in winter bare soil and dry grass look alike, and in summer one of them is
    green. The way nearer to a pixel's own change counts.
    """
    own = np.zeros_like(step)
    spread = np.broadcast_to(_floor(len(step), settings)[:, None, None], step.shape).copy()
    compared = True
    for k in range(int(labels.max()) + 1):
        here = labels == k
        pick = here & usable & reference
        if pick.sum() < settings.class_min_px:
            compared &= not bool((here & usable & ~reference).sum() > settings.class_min_px)
            pick = here & usable
        if pick.sum() < 20:
            continue
        middle, scatter = _middle_and_spread(step, pick, settings)
        own[:, here], spread[:, here] = middle[:, None], scatter[:, None]
        if not (others := _other_ways(step[:, pick & reference], middle, scatter, settings)):
            continue
        change = step[:, here]
        ways = np.stack([middle, *others])
        # The first of those that are equally near.
        nearest = np.stack([_apart(change, way, scatter) for way in ways]).argmin(axis=0)
        own[:, here] = ways[nearest].T
    return own, spread, compared


def _apart(
    change: NDArray[np.float32], middle: NDArray[np.float32], scatter: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how far changes (features, pixels) lie from a typical one, in its spreads."""
    middle = middle if middle.ndim == 2 else middle[:, None]
    return np.asarray(np.sqrt(np.mean(((change - middle) / scatter[:, None]) ** 2, axis=0)), np.float32)


def _other_ways(
    change: NDArray[np.float32],
    middle: NDArray[np.float32],
    scatter: NDArray[np.float32],
    settings: HandlingSettings,
) -> list[NDArray[np.float32]]:
    """Return in which other ways the ground of one class changed outside the polygons.

    Parameters
    ----------
    change : (features, pixels) float32
    """
    ways: list[NDArray[np.float32]] = []
    left = change[:, _apart(change, middle, scatter) > settings.strong_change]
    least = max(settings.class_min_px, settings.way_share * change.shape[1])
    while left.shape[1] >= least and len(ways) < settings.ways_max:
        way = np.median(left, axis=1)
        for _ in range(5):
            near = _apart(left, way, scatter) < settings.strong_change
            if not near.any():
                return ways
            way = np.median(left[:, near], axis=1)
        if near.sum() < least:
            return ways
        ways.append(way)
        left = left[:, ~near]
    return ways


def cleaned(
    mask: NDArray[np.bool_], inside: NDArray[np.bool_], pixel_m: float, settings: HandlingSettings
) -> NDArray[np.bool_]:
    """Drop slivers and specks; fill what stands on the new ground."""
    mask = np.asarray(binary_closing(np.pad(mask, 3), disk(1.5 / pixel_m)))[3:-3, 3:-3]
    mask = remove_small_holes(mask, max_size=max(1, int(settings.fill_holes_m2 / pixel_m**2)))
    mask = without_thin(mask & inside, settings.width_min_m / pixel_m)
    limit_px = max(1, int(settings.segment_min_m2 / pixel_m**2))
    return np.asarray(remove_small_objects(mask, max_size=limit_px))
