"""A bridge is its own background: what repeats along it is taken off a strip before the strip is read.

Deck, beams, posts and their shadow are the same over the whole length, or come again with every panel of
the trusses; a train breaks this. Where a place looks as the bridge does everywhere its typical look is taken
off, what differs stays as it is, and what lies under a beam is filled from beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation, uniform_filter, uniform_filter1d

from tumangang_watch.detect.history import MAD_TO_SIGMA
from tumangang_watch.detect.trains.reading import read_strip
from tumangang_watch.detect.trains.strips import Strip, strips_of
from tumangang_watch.detect.trains.view import (
    FLOOR,
    STEP_M,
    RadiometricScale,
    StripView,
    log_share,
    median_known,
    scale_of,
    shares,
    view_of,
    visible,
)
from tumangang_watch.grid import Float64, Floats, Mask
from tumangang_watch.model.image import frozen
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.settings.trains import StructureSettings, TrainSettings

HARMONICS = 6
"""Of a panel that lay it on another: enough to place a beam to a tenth of its panel."""


@dataclass(frozen=True)
class Structure:
    """What a stretch of bridge looks like where nothing stands on it."""

    period_m: float | None
    """Length of a panel; None where nothing comes again."""
    typical: Floats
    """(bands, rows, n) log shares."""
    hidden: Mask
    """(n,) True under a beam or in the shadow of one."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a strip that lies on a bridge."""

    part: slice
    """Its columns."""
    seen: Float64
    """(bands, rows, n) log shares."""
    look: Structure


def view_on_bridge(strip: Strip, scene: Scene, light: RadiometricScale, settings: TrainSettings) -> StripView:
    """Return what the network sees of a strip: freed of what a bridge always looks like, and with it."""
    as_seen, freed = view_of(strip, scene, light, settings), strip
    if not strip.bridges_m:
        return as_seen
    with_bridge = read_strip(as_seen).occupied
    at = np.arange(strip.s_m.size) * strip.step_m / STEP_M
    empty = np.interp(at, np.arange(with_bridge.size), with_bridge) <= 0
    looks = _looks(strip, empty, light, settings.structure)
    for on in looks:
        freed = _freed(freed, on, light, settings.structure)
    hidden = _hidden(strip, looks)
    patch = view_of(freed, scene, light, settings).patch
    return replace(as_seen, patch=np.concatenate([patch, as_seen.patch]), hidden=hidden)


def hidden_on_bridges(strip: Strip, settings: TrainSettings) -> Mask:
    """Return the columns (n,) of a strip that lie under a bridge's beams or in their shadow."""
    light, everywhere = scale_of([strip]), np.ones(strip.s_m.size, bool)
    return _hidden(strip, [] if light is None else _looks(strip, everywhere, light, settings.structure))


def _looks(strip: Strip, empty: Mask, light: RadiometricScale, settings: StructureSettings) -> list[Stretch]:
    """Return the look of each of a strip's bridges that is long enough to have one."""
    looks = (look_along(strip, stretch, empty, light, settings) for stretch in strip.bridges_m)
    return [on for on in looks if on is not None]


def _hidden(strip: Strip, looks: list[Stretch]) -> Mask:
    """Return the columns (n,) of a strip that its bridges hide."""
    hidden = np.zeros(strip.s_m.size, bool)
    for on in looks:
        hidden[on.part] |= on.look.hidden
    return hidden


def stretches_under_beams(
    observation: Observation, site: Site, settings: TrainSettings
) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return from where to where each track on a bridge lies under beams or in their shadow, metres along."""
    tracks = [t for t in site.tracks if site.track_on_bridges(t)]
    out = {}
    for strip in strips_of(observation, site, tracks, settings):
        hidden = np.pad(hidden_on_bridges(strip, settings).astype(np.int8), 1)
        edges = np.flatnonzero(np.diff(hidden)) * strip.step_m
        out[strip.track.id] = tuple(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    return out


def free_of_structure(
    strip: Strip,
    stretch_m: tuple[float, float],
    empty: Mask,
    light: RadiometricScale,
    settings: StructureSettings,
) -> Strip:
    """Return a strip whose bridge is plain ground wherever it looks as it does elsewhere on its length.

    A stretch too short to have a typical look is left as it is; the parameters are those of `look_along`.
    """
    on = look_along(strip, stretch_m, empty, light, settings)
    return strip if on is None else _freed(strip, on, light, settings)


def look_along(
    strip: Strip,
    stretch_m: tuple[float, float],
    empty: Mask,
    light: RadiometricScale,
    settings: StructureSettings,
) -> Stretch | None:
    """Return what a strip's bridge looks like where nothing stands on it; None if it is too short for that.

    Parameters
    ----------
    stretch_m : (float, float)
        From where to where the track runs on the bridge.
    empty : (n,) bool
        Columns on which nothing is seen to stand: they tell the typical look where the deck looks otherwise
        there than everywhere, so that a train over most of a bridge is not taken for the bridge.
    """
    step = strip.step_m
    first, last = (round(end / step) for end in stretch_m)
    core = np.abs(strip.y_m) <= settings.core_half_m
    seen_at = max(first, 0) + np.flatnonzero(strip.valid[core, max(first, 0) : last].all(axis=0))
    if seen_at.size * step < settings.length_min_m:
        return None
    part = slice(int(seen_at[0]), int(seen_at[-1]) + 1)
    seen = log_share(shares(strip.values[:, :, part], light, limit=np.inf)).astype(np.float64)
    return Stretch(part, seen, structure_of(strip, seen, strip.valid[:, part], empty[part], settings))


def _freed(strip: Strip, on: Stretch, light: RadiometricScale, settings: StructureSettings) -> Strip:
    """Return a strip whose stretch is plain ground wherever it looks as it does elsewhere."""
    part, seen, found, valid = on.part, on.seen, on.look, strip.valid[:, on.part]
    core = np.abs(strip.y_m) <= settings.core_half_m
    plain = np.nanmedian(np.where(valid[core], found.typical[:, core], np.nan), axis=(1, 2), keepdims=True)
    if not np.isfinite(plain).all():
        return strip
    alike = 1 - _unlike(seen, found.typical, valid, settings)
    freed = seen + alike * (plain - found.typical)
    if found.hidden.any():
        under = np.abs(strip.y_m) <= settings.clearance_half_m
        freed[:, under] = _bridged(freed[:, under], found.hidden)
    dark, bright = light.dark[:, None, None], light.typical[:, None, None]
    values = strip.values.copy()
    values[:, :, part] = np.where(valid, dark + (np.exp(freed) - FLOOR) * (bright - dark), 0)
    return replace(strip, values=frozen(values.astype(np.float32)))


def structure_of(
    strip: Strip, seen: Float64, valid: Mask, empty: Mask, settings: StructureSettings
) -> Structure:
    """Return the typical look of a stretch of bridge from log shares (bands, rows, n).

    Where a train covers most of it, that of the columns seen ``empty`` (n,): there the deck differs from
    where it is seen empty, and what lies beside it does not; beyond the bridge's ends both do.
    """
    panel = _panel_of(strip, seen, valid, settings)
    found = _look(strip, np.where(valid, seen, np.nan), panel, settings)
    beside = np.abs(strip.y_m) > settings.clearance_half_m
    unlike = np.median(_unlike(seen, found.typical, valid, settings)[beside], axis=0)
    bare = empty & (unlike < 0.5)
    if bare.sum() * strip.step_m < settings.bare_min_m:
        return found
    core = np.abs(strip.y_m) <= settings.core_half_m
    other = _look(strip, np.where(valid & bare, seen, np.nan), panel, settings)
    apart = np.abs(np.median((other.typical - found.typical)[:, core], axis=(1, 2)))
    return other if np.sort(apart)[-min(2, apart.size)] > settings.covered_min else found


def _look(strip: Strip, known: Float64, panel: _Panel | None, settings: StructureSettings) -> Structure:
    """Return the typical look from log shares (bands, rows, n), NaN where they are not to count."""
    everywhere = median_known(known)
    if panel is None:
        typical = np.broadcast_to(np.nan_to_num(everywhere)[..., None], known.shape)
        return Structure(None, np.asarray(typical), np.zeros(known.shape[2], bool))
    inner = np.abs(strip.y_m) <= settings.core_half_m
    period, phase = panel.period_m, _phase(panel, strip.step_m, settings)
    bins = max(round(period / strip.step_m), 4)
    place = np.floor(phase * bins).astype(int) % bins
    folded = np.stack([median_known(known[:, :, place == k]) for k in range(bins)], axis=2)
    folded = np.nan_to_num(np.where(np.isfinite(folded), folded, everywhere[..., None]))
    profile = np.nanmedian(visible(folded, strip.bands).mean(axis=0)[inner], axis=0)
    apart = np.abs(profile - np.median(profile))
    spread = MAD_TO_SIGMA * float(np.median(apart))
    beams = binary_dilation(np.pad(apart > max(3 * spread, settings.beam_min), 1, mode="wrap"))[1:-1]
    hidden = beams[place] if beams.mean() <= settings.hidden_max else np.zeros(place.size, bool)
    return Structure(period, folded[:, :, place], hidden)


@dataclass(frozen=True)
class _Panel:
    """What comes again along the rows of one layer."""

    again: float
    """How much the rows resemble themselves one to three panels on."""
    period_m: float
    rows: Floats
    """(rows, n) without what changes slowly."""


def _panel_of(strip: Strip, seen: Float64, valid: Mask, settings: StructureSettings) -> _Panel | None:
    """Return what comes again along a stretch; None where nothing does.

    What a deck and its beams share in brightness one band alone may tell apart.
    """
    inner = np.abs(strip.y_m) <= settings.core_half_m
    shown = np.where(valid, seen, 0.0)[:, inner]
    panel = _panel(visible(shown, strip.bands).mean(axis=0), strip.step_m, settings)
    if panel is not None and panel.again >= settings.again_min:
        return panel
    panels = (_panel(band, strip.step_m, settings) for band in shown)
    found = [p for p in panels if p is not None and p.again >= settings.again_min]
    return max(found, key=lambda p: p.again, default=None)


def _panel(bright: Floats, step_m: float, settings: StructureSettings) -> _Panel | None:
    """Return the lag at which rows resemble themselves best; None where they hold nothing."""
    n = bright.shape[1]
    slow = uniform_filter1d(bright, round(settings.slow_m / step_m), axis=1, mode="nearest")
    rows = bright - slow
    low, high = np.percentile(rows, (2, 98))
    rows = np.clip(rows, low, high)
    rows = rows - rows.mean(axis=1, keepdims=True)
    power = (np.abs(np.fft.rfft(rows, 2 * n, axis=1)) ** 2).sum(axis=0)
    alike = np.fft.irfft(power)[:n]
    lags = np.arange(round(settings.panel_m[0] / step_m), round(settings.panel_m[1] / step_m))
    lags = lags[3 * lags < n - 3]
    if alike[0] <= 0 or lags.size == 0:
        return None
    alike = alike / alike[0] * n / (n - np.arange(n))
    again = np.array(
        [np.mean([alike[k * lag - k : k * lag + k + 1].max() for k in (1, 2, 3)]) for lag in lags]
    )
    return _Panel(float(again.max()), _finest(alike, float(lags[again.argmax()])) * step_m, rows)


def _phase(panel: _Panel, step_m: float, settings: StructureSettings) -> Float64:
    """Return where in its panel each column (n,) lies, 0 to 1.

    It is told by the phase of the panel's frequency about it, so that spans need not lie a whole number of
    panels apart.
    """
    turns = np.arange(panel.rows.shape[1]) * step_m / panel.period_m
    window = round(settings.panels_together * panel.period_m / step_m)
    bins = round(panel.period_m / step_m)
    return np.asarray((turns + _shift(panel.rows, turns, window, bins)) % 1.0)


def _shift(rows: Floats, turns: Floats, window: int, bins: int) -> Float64:
    """Return by what share of a panel each column (n,) lies further in its panel than ``turns`` says.

    A window of panels is laid on the mean of all by its harmonics, several times.
    """
    harmonics = np.arange(1, HARMONICS + 1)[:, None, None]
    carried = rows * np.exp(-2j * np.pi * harmonics * turns)
    local = uniform_filter1d(carried, max(window, 1), axis=2, mode="nearest")
    tried = np.arange(bins) / bins
    turned = np.exp(-2j * np.pi * harmonics[:, 0] * tried)
    shift = np.zeros(turns.size)
    for _ in range(3):
        mean = (local * np.exp(-2j * np.pi * harmonics * shift)).mean(axis=2, keepdims=True)
        alike = np.real(turned.T @ (local * mean.conj()).sum(axis=1))
        shift = tried[alike.argmax(axis=0)]
    return np.asarray(shift)


def _finest(alike: Float64, lag: float) -> float:
    """Return a lag (columns) to a fraction of one: its multiples lie where the likeness peaks."""
    times = np.arange(1, max(min(8, int(alike.size / 2 / lag)), 1) + 1)
    tried = lag + np.arange(-1.0, 1.001, 0.04)
    at = np.arange(alike.size)
    return float(max(tried, key=lambda one: np.interp(one * times, at, alike).mean()))


def _unlike(seen: Float64, typical: Floats, valid: Mask, settings: StructureSettings) -> Float64:
    """Return (rows, n): 0 where the bridge looks as usual, 1 where it plainly does not, in two bands."""
    apart = np.where(valid, np.nan_to_num(seen - typical), 0.0)
    calm = np.stack([uniform_filter(band, 3, mode="nearest") for band in apart])
    spread = MAD_TO_SIGMA * np.median(np.abs(calm - np.median(calm, axis=2, keepdims=True)), axis=2)
    sigmas = np.abs(calm) / np.maximum(spread, settings.spread_min)[:, :, None]
    second = np.sort(sigmas, axis=0)[-min(2, len(sigmas))]
    low, high = settings.unlike_sigmas
    return np.asarray(np.clip((second - low) / (high - low), 0.0, 1.0))


def _bridged(values: Float64, hidden: Mask) -> Float64:
    """Return values (bands, rows, n) with hidden columns filled along the track from those beside them."""
    at = np.arange(hidden.size)
    after = np.minimum(np.searchsorted(at[~hidden], at), (~hidden).sum() - 1)
    before = np.maximum(after - 1, 0)
    left, right = at[~hidden][before], at[~hidden][after]
    share = np.where(right > left, (at - left) / np.maximum(right - left, 1), 0.0)
    filled = values[..., left] * (1 - share) + values[..., right] * share
    return np.asarray(np.where(hidden, filled, values))
