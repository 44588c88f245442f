"""How like a track's a cross-section is: a small network on its even and odd parts.

Its weights come from strips drawn with tracks of any look and from painted train seeds
(``python benchmarks/trace_net.py``); no real picture is among them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.detect.trace_rails import Sections
    from tumangang_watch.settings.trace import TraceSettings

HALF_M = 3.25
"""Half width of a section that is looked at: to the near rail of a neighbour."""
SPREAD_M = 4.0
"""Half width over which a section's own contrast is taken."""
LEAST_VARIANCE = 1e-5
"""Variance that steadies the contrast of even ground."""
LINE_UNIT = 4.0
"""Standard errors at which a line is as good as sure."""


def features(sections: Sections, chosen: NDArray[np.intp], settings: TraceSettings) -> NDArray[Any]:
    """Return (features, n) of sections about chosen places, flat indices into (y, steps)."""
    half = round(HALF_M / settings.across_m)
    row, step = np.divmod(chosen, sections.tone.shape[1])
    rows = row[:, None] + np.arange(2 * half + 1)
    middle, spread = _own(sections.tone, settings)
    assured = np.log(spread / sections.error)[row, step]
    out: list[Any] = []
    for layer in (sections.tone, sections.red):
        middle, spread = _own(layer, settings)
        even, odd = _parts(layer, rows, step, half)
        scale = spread[row, step]
        even = (even - middle[row, step]) / scale
        out += [even, odd[1:] / scale] if layer is sections.tone else [even]
    even, odd = _parts(np.tanh(sections.line / LINE_UNIT), rows, step, half)
    out += [even, odd[1:], assured[None]]
    return np.concatenate(out).astype(np.float32)


def _own(layer: NDArray[Any], settings: TraceSettings) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the mean and the standard deviation of the section about every place."""
    import cv2

    size = (1, 2 * round(SPREAD_M / settings.across_m) + 1)
    middle = cv2.blur(layer, size, borderType=cv2.BORDER_REFLECT)
    square = cv2.blur(layer * layer, size, borderType=cv2.BORDER_REFLECT)
    return middle, np.sqrt(np.maximum(square - middle * middle, 0) + LEAST_VARIANCE)


def _parts(
    values: NDArray[Any], rows: NDArray[np.intp], step: NDArray[np.intp], half: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the even and the size of the odd part at distances 0 to ``half`` rows, (half + 1, n)."""
    padded = np.pad(values, ((half, half), (0, 0)))
    section = padded[rows, step[:, None]].T
    right, left = section[half:], section[half::-1]
    return (right + left) / 2, np.abs(right - left) / 2


def track_odds(sections: Sections, settings: TraceSettings) -> NDArray[Any]:
    """Return the log-odds (y, steps) that a track's middle runs there.

    Two rails that are seen speak for themselves, whatever else there is; the network speaks beside
    them. Ground without lines, and ground that is not seen, is not looked at: it gets the odds of that.
    """
    _, spread = _own(sections.tone, settings)
    seen = sections.share >= settings.seen_min
    odds = np.where(seen, settings.odds_even, settings.odds_unseen).astype(np.float32)
    chosen = np.flatnonzero(seen & (spread > settings.lines_min * sections.error))
    if len(chosen):
        net = np.clip(
            read_sections(features(sections, chosen, settings)), -settings.net_cap, settings.net_cap
        )
        rails = rail_pairs(sections, settings).ravel()[chosen] - settings.rails_zero
        rails = np.clip(rails, -settings.net_cap, settings.net_cap)
        odds.ravel()[chosen] = settings.net_share * net + (1 - settings.net_share) * rails
    return odds


def rail_pairs(sections: Sections, settings: TraceSettings) -> NDArray[Any]:
    """Return how clearly two like lines lie a gauge apart about each place (y, steps).

    The weaker of the two, in standard errors, less half of what like it lies between them or as far
    outside: of a row of equal lines none is a track. Lines may be brighter or darker than their sides.
    """
    line = np.clip(sections.line, -settings.rail_cap, settings.rail_cap)
    half = round(settings.rail_half_m / settings.across_m)
    wide = np.pad(line, ((3 * half, 3 * half), (0, 0)))
    rows = len(line)

    def at(offset: int) -> NDArray[Any]:
        return wide[3 * half + offset : 3 * half + offset + rows]

    best = np.full(line.shape, -np.inf, dtype=np.float32)
    for sign in (1, -1):
        pair = np.minimum(sign * at(-half), sign * at(half))
        rival = np.maximum(np.maximum(sign * at(-3 * half), sign * at(3 * half)), 0)
        if sign > 0:
            # Dirt, oil and sleepers are darker than clean ballast: a dark ribbon may be a track whose
            # rails merge, but a bright one with nothing darker between its edges is a gap.
            pair = np.minimum(pair, -2 * line)
        best = np.maximum(best, pair - 0.5 * rival - 0.5 * np.maximum(sign * line, 0))
    return best


@cache
def weights() -> dict[str, NDArray[Any]]:
    """Return the network's weights by layer, read once."""
    with files("tumangang_watch.detect").joinpath("trace_net.npz").open("rb") as source:
        stored = np.load(source, allow_pickle=False)
        return {name: stored[name].astype(np.float32) for name in stored.files}


def read_sections(values: NDArray[Any], layers: dict[str, NDArray[Any]] | None = None) -> NDArray[Any]:
    """Return the log-odds (n,) of a track, from features (features, n)."""
    w = weights() if layers is None else layers
    x = (values - w["mean"][:, None]) / w["scale"][:, None]
    x = np.maximum(w["a.weight"] @ x + w["a.bias"][:, None], 0)
    x = np.maximum(w["b.weight"] @ x + w["b.bias"][:, None], 0)
    return np.asarray((w["c.weight"] @ x + w["c.bias"][:, None])[0], np.float32)
