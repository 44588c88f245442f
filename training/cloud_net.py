"""Fit the network of ``preprocess.cloud`` on painted scenes with cloud laid over them.

``python -m training.cloud_net paint --folder DIR`` paints clear pairs of train seeds, ``paint-second --first
7000 --folder DIR`` such of the second painter; ``fit --folder DIR`` lays cloud, haze banks, their shadows,
and bright and dark ground that is none (concrete, roofs, sand, snow, glint, fields) over either date of these
and of invented ground, many times, and fits (needs torch). Every eighth pair is held out and judged.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.yard_pairs import yard_pair
from tumangang_watch.grid import Float32, Grid, Mask, grid_over
from tumangang_watch.model.image import Raster
from tumangang_watch.nets import write_weights
from tumangang_watch.preprocess.cloud_cells import cells_of, features_of
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.pair import SplitName

BANDS = ("blue", "green", "red", "nir")
SKYLIGHT = np.array((0.30, 0.23, 0.18, 0.11), np.float32)[:, None, None]
FIRST_SEED, DRAWS, CELLS_DRAWN = 3000, 12, 500
COARSE = (0.15, 0.2)
"""Shares of draws at 3 m, and at 1 m from optics of 2 m."""
DECOYS = ("concrete", "roof", "sand", "snow", "water", "field")
BUILT, OTHER_COVERED = 0.3, 0.12
"""Shares of draws with new surfaces on one date, and with cloud over the other date as well."""
UNSURE_OPACITY, UNSURE_SHADE = (0.08, 0.3), (0.1, 0.4)
"""Between these neither answer is asked for."""


def paint(folder: Path, split: SplitName, first: int, count: int) -> None:
    """Paint clear pairs at 1 m a pixel."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in split_seeds(split)[first : first + count]:
        target = folder / f"{split}-{seed}.npz"
        if target.exists():
            continue
        rng = np.random.default_rng([seed, 91])
        snow = {"snow": float(rng.uniform(0.2, 1.0))} if rng.random() < 0.2 else {}
        gsd_m = float(rng.choice([0.4, 0.5, 0.5, 0.6, 0.8, 1.0]))
        pair = make_pair(seed, gsd_m, season_change=bool(rng.random() < 0.25), **snow)
        west, south, east, north = pair.world.bounds
        grid = grid_over((west - 10, south - 10, east + 10, north + 10), 1.0, pair.world.site.crs)
        arrays = {}
        for k, painted in enumerate((pair.earlier, pair.later)):
            misfit = float(rng.normal(0, 0.15)), float(rng.normal(0, 0.15))
            raster = exact_image(painted, ((west + east) / 2, (south + north) / 2), misfit).on_grid(grid)
            arrays |= {f"v{k}": raster.values.astype(np.float16), f"ok{k}": raster.valid}
        np.savez(target, **arrays)


def paint_second(folder: Path, first: int, count: int) -> None:
    """Paint clear pairs of the second painter at 1 m a pixel, those of three bands or more."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        rng = np.random.default_rng([seed, 5])
        pair = yard_pair(seed, float(rng.choice([0.4, 0.5, 0.6, 0.8])), margin_m=float(rng.uniform(40, 60)))
        if len(pair.dates[0].image.bands) < 3:
            continue
        grid = grid_over(pair.site.bounds, 1.0, pair.site.crs)
        rasters = [date.image.on_grid(grid) for date in pair.dates]
        arrays = {f"v{k}": r.values.astype(np.float16) for k, r in enumerate(rasters)}
        arrays |= {f"ok{k}": r.valid for k, r in enumerate(rasters)}
        np.savez(folder / f"yard-{seed}.npz", **arrays, bands=np.array(rasters[0].bands))


def noise(shape: tuple[int, int], rng: np.random.Generator, slope: float, low_m: float = 600.0) -> Float32:
    """Return a random field of unit spread whose power falls with the frequency to ``slope``."""
    rows, cols = shape
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None])
    power = np.maximum(frequency, 1 / low_m) ** (-slope / 2)
    spectrum = power * (rng.standard_normal(power.shape) + 1j * rng.standard_normal(power.shape))
    field = np.fft.irfft2(spectrum, shape)
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-9), np.float32)


def cover(shape: tuple[int, int], rng: np.random.Generator) -> Float32:
    """Return the opacity of one layer: torn or hard-edged cloud, puffs, banks, veils."""
    kind = rng.choice(["torn", "cumulus", "puffs", "bank", "veil"])
    row, col = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    if kind == "puffs":
        field = np.zeros(shape, np.float32)
        rough = noise(shape, rng, 3.0, 150.0)
        for _ in range(int(rng.integers(1, 6))):
            at, radius = rng.uniform((0, 0), shape), float(rng.uniform(15, 120))
            puff = 1 - np.hypot(row - at[0], (col - at[1]) * rng.uniform(0.6, 1.6)) / radius
            field = np.maximum(field, puff + float(rng.uniform(0, 0.25)) * rough)
        out = np.clip(field * float(rng.choice([2.0, 4.0, 12.0, 40.0])), 0, 1)
    else:
        slope = float(rng.uniform(2.2, 3.6) if kind != "cumulus" else rng.uniform(3.4, 4.6))
        field = noise(shape, rng, slope, float(rng.choice([150, 300, 800])))
        if kind == "bank":
            angle = rng.uniform(0, 2 * np.pi)
            ramp = np.cos(angle) * row + np.sin(angle) * col
            field = 0.4 * field + (ramp - ramp.mean()) / ramp.std()
        start = float(np.quantile(field, 1 - rng.uniform(0.05, 0.65)))
        soft = {"torn": rng.uniform(0.1, 1.0), "cumulus": rng.uniform(0.01, 0.08)}.get(
            str(kind), rng.uniform(0.2, 1.5)
        )
        out = np.clip((field - start) / float(soft), 0, 1)
    most = float(rng.uniform(0.3, 0.75) if kind == "veil" or rng.random() < 0.3 else rng.uniform(0.8, 1.0))
    return np.asarray(out * most, np.float32)


def decoys(
    values: Float32, white: float, rng: np.random.Generator, kinds: tuple[str, ...] = DECOYS
) -> Float32:
    """Lay bright and dark ground that is no cloud over a scene: (4, rows, cols), ``white`` its white."""
    out, shape = values.copy(), values.shape[1:]
    for _ in range(int(rng.integers(0, 4))):
        kind = str(rng.choice(kinds))
        mask = _block(shape, rng) if kind in ("concrete", "roof", "field") else _blob(shape, rng)
        level, tint = {
            "concrete": (rng.uniform(0.2, 0.5), (0.92, 1.0, 1.04, 1.1)),
            "roof": (rng.uniform(0.35, 0.95), (0.98, 1.0, 1.0, 1.0)),
            "sand": (rng.uniform(0.2, 0.55), (0.6, 0.8, 1.0, 1.2)),
            "snow": (rng.uniform(0.5, 0.95), (1.02, 1.0, 0.98, 0.9)),
            "water": (rng.uniform(0.03, 0.1), (1.2, 1.0, 0.7, 0.4)),
            "field": (rng.uniform(0.05, 0.15), (0.7, 0.85, 1.0, 1.3)),
        }[kind]
        tone = np.asarray(tint, np.float32)[:, None, None] * np.float32(level * white)
        rough = 1 + float(rng.uniform(0.01, 0.12)) * noise(shape, rng, float(rng.uniform(0.5, 3.0)), 80.0)
        if kind == "water" and rng.random() < 0.4:
            rough = rough + np.clip(noise(shape, rng, 2.0, 60.0), 0, 3) * float(rng.uniform(1, 6))
        if kind == "snow":
            mask = mask * np.clip(0.5 + 2 * noise(shape, rng, 2.0, 60.0) + float(rng.uniform(0, 3)), 0, 1)
        out += mask * (tone * rough - out)
    return np.maximum(out, 0.0)


def trains(values: Float32, white: float, rng: np.random.Generator) -> Float32:
    """Lay trains, single vehicles and their shade over a scene: what comes and goes is no cloud."""
    out, shape = values.copy(), values.shape[1:]
    angle = float(rng.uniform(0, np.pi))
    aside = np.array((-np.sin(angle), np.cos(angle)))
    shade_m = float(rng.uniform(0, 18)) * float(rng.choice((-1, 1)))
    centre = rng.uniform((0, 0), shape[::-1])
    for k in range(int(rng.integers(1, 5))):
        at = centre + aside * 4.8 * k
        size = float(rng.choice((14, 40, 120, 250)) * rng.uniform(0.7, 1.3)), 3.0
        for wide, off, level in (
            (abs(shade_m), shade_m / 2, -1.0),
            (3.0, 0.0, float(rng.uniform(0.02, 0.6))),
        ):
            mask = np.zeros(shape, np.uint8)
            corners = cv2.boxPoints(
                ((at + aside * off).tolist(), (size[0], max(wide, 0.5)), np.degrees(angle))
            )
            cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1)
            soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.6)
            tone = SKYLIGHT * out if level < 0 else np.float32(level * white)
            out = out + soft * (tone - out)
    return np.asarray(np.maximum(out, 0.0), np.float32)


def _block(shape: tuple[int, ...], rng: np.random.Generator) -> Float32:
    """Return a turned rectangle with joints or cars upon it now and then."""
    mask = np.zeros(shape, np.uint8)
    size = rng.uniform(10, 130), rng.uniform(8, 60)
    centre = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
    corners = cv2.boxPoints((centre, size, float(rng.uniform(0, 180))))
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1)
    out = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.6)
    if rng.random() < 0.5:
        out = out * (1 - 0.9 * (np.random.default_rng(int(rng.integers(2**31))).random(shape) < 0.01))
    return np.asarray(out, np.float32)


def _blob(shape: tuple[int, ...], rng: np.random.Generator) -> Float32:
    field = noise((shape[0], shape[1]), rng, float(rng.uniform(2.5, 4.0)), float(rng.choice([100, 300])))
    start = float(np.quantile(field, 1 - rng.uniform(0.03, 0.3)))
    return np.clip((field - start) / float(rng.uniform(0.02, 0.3)), 0, 1)


@dataclass(frozen=True)
class Covered:
    """A date under cloud, and what lies over each pixel."""

    values: Float32
    opacity: Float32
    shade: Float32


def covered(values: Float32, white: float, rng: np.random.Generator) -> Covered:
    """Lay cloud and its shadow over a clear scene (4, rows, cols)."""
    shape = values.shape[1], values.shape[2]
    opacity, shade = cover(shape, rng), np.zeros(shape, np.float32)
    if rng.random() < 0.7:
        shade = (
            cover(shape, rng) if rng.random() < 0.5 else np.roll(opacity, rng.integers(-200, 200, 2), (0, 1))
        )
        shade = shade * float(rng.uniform(0.6, 0.97))
    if rng.random() < 0.25:
        opacity = np.zeros(shape, np.float32)
    path = 0.8 * np.quantile(values[:, ::7, ::7], 0.005, axis=(1, 2))[:, None, None].astype(np.float32)
    below = np.maximum(shade, 0.6 * opacity * float(rng.uniform(0, 1)))
    dimmed = path + (values - path) * (SKYLIGHT + (1 - SKYLIGHT) * (1 - below))
    top = (
        white
        * float(rng.uniform(0.45, 1.05))
        * (1 + float(rng.uniform(0, 0.15)) * noise(shape, rng, 3.0, 200.0))
    )
    tint = np.asarray(rng.normal((1.0, 1.0, 1.0, 0.98), 0.03), np.float32)[:, None, None]
    out = dimmed * (1 - opacity) + opacity * top * tint
    return Covered(np.asarray(out, np.float32), opacity, shade * (1 - opacity))


def as_product(values: Float32, ok: Mask, grid: Grid, rng: np.random.Generator, kind: float) -> Raster:
    """Return what a product shows of values: noise, gains, a tone curve, fewer bands."""
    sigma = float(rng.uniform(0.0005, 0.003))
    out = values + sigma * rng.standard_normal(values.shape).astype(np.float32)
    out = out * np.exp(rng.normal(0, 0.06, (4, 1, 1))).astype(np.float32)
    if kind < 0.35:
        out = np.maximum(out, 1e-4) ** float(rng.uniform(0.45, 0.8))
        top = float(np.quantile(out[:, ::9, ::9], rng.uniform(0.97, 1.0)))
        out = np.minimum(out, top)
    bands = slice(0, 3 if kind < 0.45 else 4)
    names = BANDS[bands]
    if kind > 0.94:
        return Raster(out[:3].mean(axis=0, keepdims=True), ok, grid, ("pan",))
    return Raster(np.ascontiguousarray(out[bands]), ok, grid, names)


def bgrn_of(data: Mapping[str, NDArray[Any]]) -> tuple[list[Float32], list[str]]:
    """Return both dates of a painted pair as (4, rows, cols), and the bands that they have.

    What lacks near infrared holds red in its place, and is only to be shown without.
    """
    names = [str(name) for name in data["bands"]] if "bands" in data else list(BANDS)
    order = [names.index(b) if b in names else names.index("red") for b in BANDS]
    return [data[f"v{k}"].astype(np.float32)[order] for k in (0, 1)], names


def invented(rng: np.random.Generator) -> list[Float32]:
    """Return two dates (4, rows, cols) of ground of any kind: no painter's look is to be learnt by heart."""
    shape = int(rng.integers(200, 340)), int(rng.integers(200, 420))
    tints = np.array([(0.6, 0.8, 1.0, 1.4), (0.6, 1.0, 0.8, 3.0), (0.95, 1.0, 1.0, 1.05)], np.float32)
    dates = [np.zeros((4, *shape), np.float32) for _ in range(2)]
    owner = np.zeros(shape, int)
    for kind in range(1, int(rng.integers(2, 5))):
        owner[_blob(shape, rng) > 0.5] = kind
    for kind in range(5, 5 + int(rng.integers(0, 14))):
        owner[_block(shape, rng) * (rng.random() < 0.5 or _blob(shape, rng) > 0.5) > 0.5] = kind
    for kind in np.unique(owner):
        here, level = owner == kind, float(np.exp(rng.normal(-2.2, 0.55)))
        tint = tints[rng.integers(3)] * np.exp(rng.normal(0, 0.08, 4)).astype(np.float32)
        rough = 1 + float(rng.uniform(0.02, 0.3)) * noise(shape, rng, float(rng.uniform(0.0, 2.5)), 60.0)
        for date in dates:
            season = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.06, 4))
            date[:, here] = ((tint * season)[:, None] * level * rough[here]).astype(np.float32)
    things = noise(shape, rng, float(rng.uniform(1.0, 2.5)), 12.0) > rng.uniform(1.5, 3.0)
    for date in dates:
        date[:, things] *= np.float32(rng.uniform(0.2, 2.5))
        moved = np.roll(things, rng.integers(-4, 5, 2), (0, 1)) & ~things
        date[:, moved] *= np.float32(rng.uniform(0.25, 0.6))
        date += np.array((0.03, 0.02, 0.012, 0.006), np.float32)[:, None, None] * np.float32(
            rng.uniform(0, 2.5)
        )
    blur = float(rng.uniform(0.4, 1.0))
    return [np.maximum(_blurred(date, blur), 1e-3) for date in dates]


def drawn(path: Path | None, rng: np.random.Generator, count: int) -> list[tuple[Float32, Float32]]:
    """Return features (features, cells) and answers (2, cells; -1 unsure) of drawn cells, a draw an item.

    Of a painted pair, or, without one, of invented ground.
    """
    if path is None:
        dates, names = invented(rng), list(BANDS)
        ok = np.ones(dates[0].shape[1:], bool)
    else:
        with np.load(path) as data:
            dates, names = bgrn_of(data)
            ok = data["ok0"] & data["ok1"]
    grid = Grid(crs="EPSG:32652", west=0, north=0, pixel_m=1.0, rows=ok.shape[0], cols=ok.shape[1])
    out = []
    for _ in range(count):
        order = [0, 1] if rng.random() < 0.5 else [1, 0]
        white = white_of(dates, ok, rng)
        same = int(rng.integers(2**31))
        seen = [decoys(dates[k], white, np.random.default_rng(same)) for k in order]
        if rng.random() < BUILT:
            # Built between the dates, on either.
            k = int(rng.integers(2))
            seen[k] = decoys(seen[k], white, rng, ("concrete", "roof", "field"))
        if rng.random() < BUILT:
            k = int(rng.integers(2))
            seen[k] = trains(seen[k], white, rng)
        now = covered(seen[0], white, rng)
        then = covered(seen[1], white, rng).values if rng.random() < OTHER_COVERED else seen[1]
        if rng.random() < 0.2:
            now = Covered(seen[0], np.zeros(ok.shape, np.float32), np.zeros(ok.shape, np.float32))
        kind = float(rng.random()) * (1.0 if "nir" in names else 0.45)
        grain = float(rng.random())
        if grain < COARSE[0]:
            now, then, seen_at, own_grid = _thinned(now, then, ok, grid)
        else:
            seen_at, own_grid = ok, grid
        if grain > 1 - COARSE[1]:
            blurred = (_blurred(now.values, 1.0), _blurred(then, 1.0))
            now, then = Covered(blurred[0], now.opacity, now.shade), blurred[1]
        cells = cells_of(as_product(now.values, seen_at, own_grid, rng, kind))
        other = cells_of(as_product(then, seen_at, own_grid, rng, kind)) if rng.random() < 0.6 else None
        out.append(_picked(features_of(cells, other), now, cells.seen, rng))
    return out


def _blurred(values: Float32, sigma: float) -> Float32:
    return np.stack([cv2.GaussianBlur(v, (0, 0), sigma) for v in values]).astype(np.float32)


def _thinned(now: Covered, then: Float32, ok: Mask, grid: Grid) -> tuple[Covered, Float32, Mask, Grid]:
    """Return a draw at 3 m a pixel."""
    rows, cols = ok.shape[0] // 3, ok.shape[1] // 3

    def small(layer: Float32) -> Float32:
        whole = np.ascontiguousarray(layer[: 3 * rows, : 3 * cols], np.float32)
        return np.asarray(cv2.resize(whole, (cols, rows), interpolation=cv2.INTER_AREA), np.float32)

    values, other = (np.stack([small(v) for v in part]) for part in (now.values, then))
    seen = small(ok.astype(np.float32)) > 0.999
    coarse = replace(grid, pixel_m=3.0, rows=rows, cols=cols)
    return Covered(values, small(now.opacity), small(now.shade)), other, seen, coarse


def white_of(dates: list[Float32], ok: Mask, rng: np.random.Generator) -> float:
    """Return the brightness of a white surface: some times the ground's, not below the brightest ground."""
    light = [d[:3].mean(axis=0)[ok] for d in dates]
    ground = min(float(np.quantile(v, 0.3)) for v in light)
    brightest = (1.05 * float(np.quantile(v, 0.995)) for v in light)
    return min(max(ground * float(rng.uniform(4, 9)), *brightest), 1.0)


def answers(now: Covered, shape: tuple[int, int]) -> Float32:
    """Return (2, rows, cols): cloud and shadow of each cell, 0 or 1, -1 where unsure."""
    size = shape[1], shape[0]
    crop = slice(0, 4 * shape[0]), slice(0, 4 * shape[1])
    opacity, shade = (
        cv2.resize(v[crop], size, interpolation=cv2.INTER_AREA) for v in (now.opacity, now.shade)
    )
    out = []
    for value, (low, high) in ((opacity, UNSURE_OPACITY), (shade, UNSURE_SHADE)):
        out.append(np.where(value >= high, 1.0, np.where(value <= low, 0.0, -1.0)))
    out[1] = np.where(opacity > UNSURE_OPACITY[0], -1.0, out[1])
    return np.asarray(out, np.float32)


def _picked(features: Float32, now: Covered, seen: Mask, rng: np.random.Generator) -> tuple[Float32, Float32]:
    truth = answers(now, seen.shape)
    at = rng.choice(np.flatnonzero(seen), min(CELLS_DRAWN, int(seen.sum())), replace=False)
    return features[:, at], truth.reshape(2, -1)[:, at]


def fit(folder: Path, target: Path, draws: int, epochs: int, width: int) -> None:
    """Draw examples, fit by Adam, and print how the held-out pairs are read."""
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(1)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    parts: dict[bool, list[tuple[Float32, Float32]]] = {True: [], False: []}
    for k, path in enumerate(sorted(folder.glob("*.npz"))):
        parts[k % 8 == 7] += drawn(path, rng, draws)
        parts[False] += [one for _ in range(draws) for one in drawn(None, rng, 1)]
    x, y = (np.concatenate(v, axis=1) for v in zip(*parts[False], strict=True))
    hx, hy = (np.concatenate(v, axis=1) for v in zip(*parts[True], strict=True))
    mean, scale = x.mean(axis=1), np.maximum(x.std(axis=1), 1e-3)
    x, hx = (torch.from_numpy(np.clip((v.T - mean) / scale, -5, 5).astype(np.float32)) for v in (x, hx))
    y, hy = torch.from_numpy(y.T.copy()), torch.from_numpy(hy.T.copy())
    layers = torch.nn.ModuleDict(
        {
            "a": torch.nn.Linear(x.shape[1], width),
            "b": torch.nn.Linear(width, width),
            "e": torch.nn.Linear(width, 2),
        }
    )

    def run(values: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(layers["b"](torch.relu(layers["a"](values))))
        return layers["e"](hidden)

    optimiser = torch.optim.AdamW(layers.parameters(), lr=2e-3, weight_decay=3e-3)
    steps = epochs * (len(x) // 4096 + 1)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps + 1)
    for step in range(steps):
        at = torch.randint(0, len(x), (4096,))
        seen = x[at] + 0.1 * torch.randn_like(x[at])
        known = (y[at] >= 0).float()
        loss = functional.binary_cross_entropy_with_logits(run(seen), y[at].clamp(min=0), reduction="none")
        loss = (loss * known).sum() / known.sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rates.step()
        if step % max(steps // 8, 1) == 0 or step == steps - 1:
            with torch.no_grad():
                odds = run(hx)
            print(step, round(float(loss), 4), _scores(odds.numpy(), hy.numpy()), flush=True)
    arrays = {k: v.detach().numpy() for k, v in layers.state_dict().items()}
    write_weights(target, {**arrays, "mean": mean.astype(np.float32), "scale": scale.astype(np.float32)})


def _scores(odds: Float32, truth: Float32) -> str:
    """Return what is found, and what is clear and called cloud or shadow, in words."""
    found = [float((odds[truth[:, k] == 1, k] > 0).mean()) for k in (0, 1)]
    clear = (truth == 0).all(axis=1)
    false = float((odds[clear] > 0).any(axis=1).mean())
    either = float((odds[truth[:, 0] == 1] > 0).any(axis=1).mean())
    words = f"cloud {found[0]:.3f} (or shadow {either:.3f}), shadow {found[1]:.3f}"
    return f"{words}, clear ground called either {false:.4f}"


def main() -> None:
    """Paint, or fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("paint", "paint-second", "fit"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--split", default="train", choices=("train", "validation"))
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--width", type=int, default=24)
    package = Path(__file__).resolve().parents[1] / "tumangang_watch"
    parser.add_argument("--target", type=Path, default=package / "weights" / "cloud_net.npz")
    arguments = parser.parse_args()
    if arguments.what == "paint":
        paint(arguments.folder, arguments.split, arguments.first, arguments.count)
    elif arguments.what == "paint-second":
        paint_second(arguments.folder, arguments.first, arguments.count)
    else:
        fit(arguments.folder, arguments.target, arguments.draws, arguments.epochs, arguments.width)


if __name__ == "__main__":
    main()
