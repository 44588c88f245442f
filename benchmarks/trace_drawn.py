"""Draw strips of ground with tracks of any look, for the network of ``detect.trace_net``.

Unlike the painter, nothing here is a likely yard: rails are brighter or darker than what lies beside
them or hardly there, sleepers and beds of any tone, gaps hold ditches and paths, trains lean and cast
shadows, roads and fences run along. Only the geometry is a railway's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from tumangang_watch.model.image import NativeImage, SiteToPixel

LENGTH_M, WIDTH_M = 150.0, 70.0
FINE_M, STEP_M = 0.125, 0.5
"""Cells the strip is drawn on, across and along."""


@dataclass
class Strip:
    """Log tone and redness under construction, (y, s), and where tracks run."""

    tone: np.ndarray
    red: np.ndarray
    y: np.ndarray
    rng: np.random.Generator
    tracks_m: list[float] = field(default_factory=list)

    def band(self, low: float, high: float, tone: float, red: float = 0.0, uneven: float = 0.3) -> None:
        """Add to all cells between two offsets, more here and less there."""
        n = self.tone.shape[1]
        knots = self.rng.normal(size=int(n * STEP_M / 15) + 2)
        along = 1 + uneven * np.interp(np.arange(n), np.linspace(0, n, len(knots)), knots)
        edge = FINE_M / 2
        cover = np.clip((self.y - low) / edge + 0.5, 0, 1) * np.clip((high - self.y) / edge + 0.5, 0, 1)
        self.tone += cover[:, None] * (tone * along)[None]
        self.red += cover[:, None] * (red * along)[None]


def drawn(rng: np.random.Generator, gsd_m: float) -> tuple[NativeImage, list[float]]:
    """Return a strip as native pixels, and how far left of its middle its tracks run.

    The strip runs east; its origin is its middle.
    """
    rows, cols = int(WIDTH_M / FINE_M), int(LENGTH_M / STEP_M)
    y = (np.arange(rows) + 0.5) * FINE_M - WIDTH_M / 2
    strip = Strip(np.zeros((rows, cols)), np.zeros((rows, cols)), y, rng)
    _lay_ground(strip)
    style = _style(rng)
    spacing = float(rng.uniform(4.2, 6.0))
    at = float(rng.uniform(-15, 0))
    for _ in range(int(rng.integers(0, 7))):
        strip.tracks_m.append(at)
        _lay_track(strip, at, style if rng.random() < 0.7 else _style(rng))
        gap = spacing + float(rng.normal(0, 0.1)) + (float(rng.uniform(2, 9)) if rng.random() < 0.15 else 0)
        if rng.random() < 0.4:
            half = float(rng.uniform(0.2, 0.9))
            strip.band(at + gap / 2 - half, at + gap / 2 + half, float(rng.normal(0, 0.25)))
        at += gap
    _lay_others(strip)
    for track in strip.tracks_m:
        if rng.random() < 0.3:
            _stand_train(strip, track)
    return _seen(strip, gsd_m), strip.tracks_m


def _style(rng: np.random.Generator) -> dict[str, float]:
    kind = rng.choice(3, p=(0.4, 0.35, 0.25))
    rail = (float(rng.uniform(0.2, 1.6)), -float(rng.uniform(0.15, 1.0)), float(rng.normal(0, 0.08)))[kind]
    return {
        "bed": float(rng.uniform(1.6, 2.8)), "bed_tone": float(rng.normal(0, 0.25)),
        "sleeper": float(rng.uniform(1.2, 1.4)), "sleeper_tone": float(rng.normal(-0.1, 0.2)),
        "sleeper_red": float(rng.normal(0.03, 0.1)), "oil": float(rng.normal(-0.05, 0.12)),
        "rail": rail, "head": float(rng.uniform(0.04, 0.09)), "flank": -float(rng.uniform(0, 0.7)),
        "side": float(rng.choice([-1.0, 1.0])), "half": float(rng.choice([0.753, 0.797])),
    }  # fmt: skip


def _lay_ground(strip: Strip) -> None:
    rng = strip.rng
    edges = np.sort(rng.uniform(-WIDTH_M / 2, WIDTH_M / 2, int(rng.integers(0, 5))))
    for low, high in pairwise(edges):
        strip.band(float(low), float(high), float(rng.normal(0, 0.3)), float(rng.normal(0, 0.15)))


def _lay_track(strip: Strip, at: float, style: dict[str, float]) -> None:
    strip.band(at - style["bed"], at + style["bed"], style["bed_tone"])
    strip.band(at - style["sleeper"], at + style["sleeper"], style["sleeper_tone"], style["sleeper_red"])
    strip.band(at - 0.65, at + 0.65, style["oil"])
    for rail in (at - style["half"], at + style["half"]):
        strip.band(rail - style["head"], rail + style["head"], style["rail"])
        flank = rail + style["side"] * 0.14
        strip.band(flank - 0.06, flank + 0.06, style["flank"])


def _lay_others(strip: Strip) -> None:
    """Lay what runs along and is no track, clear of the tracks."""
    rng = strip.rng
    for _ in range(int(rng.integers(1, 6))):
        at = float(rng.uniform(-WIDTH_M / 2, WIDTH_M / 2))
        kind = rng.integers(0, 4)
        half = float((rng.uniform(1.2, 5), 0.08, rng.uniform(0.3, 0.55), rng.uniform(1.1, 2.5))[kind])
        if any(abs(at - track) < half + 2.6 for track in strip.tracks_m):
            continue
        if kind == 0:
            strip.band(at - half, at + half, float(rng.normal(0, 0.5)), float(rng.normal(0, 0.1)), 0.1)
            if rng.random() < 0.3:
                strip.band(at - 0.1, at + 0.1, float(rng.uniform(0.2, 0.8)))
        elif kind == 1:
            strip.band(at - half, at + half, float(rng.normal(0, 0.8)))
        else:
            tone = float(rng.normal(0, 0.8))
            for line in (at - half, at + half):
                strip.band(line - 0.12, line + 0.12, tone)


def _stand_train(strip: Strip, at: float) -> None:
    rng = strip.rng
    n = strip.tone.shape[1]
    start, stop = np.sort(rng.integers(0, n, 2))
    lean, half = float(rng.uniform(-1.0, 1.0)), float(rng.uniform(1.4, 1.65))
    side, reach = float(rng.choice([-1.0, 1.0])), float(rng.uniform(0, 6))
    shade = np.sort((at + side * half, at + side * (half + reach)))
    rows = (strip.y > shade[0]) & (strip.y < shade[1])
    strip.tone[rows, start:stop] -= 1.2
    body = np.abs(strip.y - at - lean) < half
    strip.red[body, start:stop] = 0.0
    for first in range(start, stop, 28):
        last = min(first + 26, stop)
        strip.tone[body, first:last] = float(rng.normal(0, 0.8))


def _seen(strip: Strip, gsd_m: float) -> NativeImage:
    """Add grain, blur and noise, and sample to pixels."""
    import cv2

    rng = strip.rng
    size = (int(LENGTH_M / FINE_M), strip.tone.shape[0])
    tone = cv2.resize(strip.tone.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    red = cv2.resize(strip.red.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    for scale_m in (0.4, 1.2, 4.0, 12.0):
        sigma = scale_m / FINE_M / 2
        small = rng.normal(size=(int(size[1] / sigma) + 3, int(size[0] / sigma) + 3)).astype(np.float32)
        amplitude = float(rng.uniform(0, 0.16))
        tone += amplitude * cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    blur = float(np.hypot(rng.uniform(0.4, 0.7), 0.29)) * gsd_m / FINE_M
    light, ratio = (
        np.exp(cv2.GaussianBlur(tone, (0, 0), blur)),
        np.exp(cv2.GaussianBlur(red, (0, 0), blur) / 2),
    )
    rows, cols = int(WIDTH_M / gsd_m) - 1, int(LENGTH_M / gsd_m) - 1
    phase = rng.uniform(0, 1, 2)
    grid_col, grid_row = np.meshgrid(np.arange(cols) + phase[0], np.arange(rows) + phase[1])
    step = gsd_m / FINE_M
    # Row 0 is the north edge, and the strip's offsets count to the north.
    maps = (grid_col * step).astype(np.float32), (size[1] - 1 - grid_row * step).astype(np.float32)
    bands = [cv2.remap(v, *maps, cv2.INTER_LINEAR) for v in (light / ratio, light, light * ratio)]
    values = 0.2 * np.stack(bands)
    values += rng.normal(0, rng.uniform(0.001, 0.01), values.shape)
    values = np.maximum(values, 1e-3).astype(np.float32)
    east = phase[0] * gsd_m + FINE_M / 2 - LENGTH_M / 2
    north = WIDTH_M / 2 - phase[1] * gsd_m - FINE_M / 2
    rest: tuple[Any, ...] = (0.0,) * 7
    place = SiteToPixel(
        0.0, 0.0, 1.0, (-east / gsd_m, 1 / gsd_m, 0.0, *rest), (north / gsd_m, 0.0, -1 / gsd_m, *rest)
    )
    valid = np.ones((rows, cols), dtype=bool)
    return NativeImage(values, valid, ~valid, ("blue", "green", "red"), gsd_m, gsd_m, place)
