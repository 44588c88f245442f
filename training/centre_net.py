"""Calibrate the network of ``preprocess.site_fit.sections`` on painted yards of two painters (needs torch).

``python -m training.centre_net --yards 500 --pairs 25 --bridges 60`` paints yards of the second painter
(``yard_painter.py``), pairs and bridges of train seeds, cuts straightened windows about displaced and
slightly turned lines, fits the network and writes its weights into the package. Every tenth yard and bridge
is held out.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from shapely import LineString, box

from training.yard_painter import shoot
from tumangang_watch.grid import Grid, grid_over
from tumangang_watch.nets import write_weights
from tumangang_watch.preprocess.site_fit.outlines import band_ratio_of, log_brightness_of
from tumangang_watch.preprocess.site_fit.sections import ALONG_M, DILATIONS, STEP_M, layers_of
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.places.bridges import draw_bridge, draw_day, draw_sensor

ROWS, COLS = 71, 72
GSDS = (0.3, 0.5, 0.5, 0.7, 1.0, 1.0)
FIRST_PAIR, FIRST_BRIDGE = 1000, 2000
"""First train seed of the pairs and of the bridges, counted from the start of the split."""


def windows(
    image: Any, rails: list[LineString], grid: Grid, rng: np.random.Generator, count: int
) -> list[Any]:
    """Cut windows (patch float16, labels uint8: 1 on a centreline, 2 unsure, 0 elsewhere)."""
    raster = image.on_grid(grid)
    tone, hue = log_brightness_of(raster), band_ratio_of(raster)
    on = grid.mask([line.buffer(0.45) for line in rails], all_touched=True).astype(np.float32)
    near = grid.mask([line.buffer(1.0) for line in rails], all_touched=True).astype(np.float32)
    seen = raster.valid.astype(np.float32)
    out = []
    for _ in range(count):
        line = rails[int(rng.integers(len(rails)))]
        if line.length < 30:
            continue
        middle = line.interpolate(float(rng.uniform(0, line.length)))
        ahead = line.interpolate(min(line.project(middle) + 5, line.length))
        behind = line.interpolate(max(line.project(middle) - 5, 0))
        angle = (
            np.arctan2(ahead.y - behind.y, ahead.x - behind.x) + rng.normal(0, 0.02) + np.pi * rng.integers(2)
        )
        u = (np.arange(COLS) - COLS / 2) * ALONG_M
        v = (np.arange(ROWS) - ROWS // 2) * STEP_M + rng.uniform(-16, 16)
        bend = rng.normal(0, 0.0003) * u**2
        x = middle.x + u * np.cos(angle) - (v[:, None] + bend) * np.sin(angle)
        y = middle.y + u * np.sin(angle) + (v[:, None] + bend) * np.cos(angle)
        row, col = grid.to_pixel(x, y)
        maps = col.astype(np.float32), row.astype(np.float32)
        a, b = (cv2.remap(layer, *maps, cv2.INTER_LINEAR) for layer in (tone, hue))
        valid = cv2.remap(seen, *maps, cv2.INTER_LINEAR, borderValue=0.0) > 0.99
        labels = np.where(cv2.remap(on, *maps, cv2.INTER_LINEAR) > 0.5, 1, 0)
        labels = np.where((labels == 0) & (cv2.remap(near, *maps, cv2.INTER_LINEAR) > 0.5), 2, labels)
        labels = np.where(valid, labels, 2).astype(np.uint8)
        out.append((layers_of(a, b, valid).astype(np.float16), labels))
    return out


def yard_windows(seed: int) -> list[Any]:
    """Return windows of one yard of the second painter."""
    rng = np.random.default_rng([seed, 5])
    shot = shoot(100_000 + seed, float(rng.choice(GSDS)))
    lines = [t.line for t in shot.tracks]
    low, high = min(t.bounds[1] for t in lines) - 12, max(t.bounds[3] for t in lines) + 12
    pixel_m = 0.5 if shot.image.gsd_m < 0.95 else 1.0
    grid = grid_over((-5, low - 5, lines[0].length + 5, high + 5), pixel_m, "EPSG:32652")
    return windows(shot.image, lines, grid, rng, 10)


def pair_windows(seed: int) -> list[Any]:
    """Return windows of both dates of one pair."""
    rng = np.random.default_rng([seed, 6])
    pair = make_pair(seed, float(rng.choice(GSDS)), trains=(0, 6), snow=0.5 if seed % 6 == 0 else None)
    west, south, east, north = pair.world.site.bounds
    out = []
    for painted, sensor in zip((pair.earlier, pair.later), pair.sensors, strict=True):
        image = exact_image(painted, ((west + east) / 2, (south + north) / 2))
        grid = grid_over(
            (west - 30, south - 30, east + 30, north + 30), 0.5 if sensor.gsd_m < 0.95 else 1.0, "EPSG:32652"
        )
        inside = box(*grid.bounds)
        rails = [t.line for t in pair.world.rails if inside.contains(t.line.centroid)]
        out += windows(image, rails, grid, rng, 60)
    return out


def bridge_windows(seed: int) -> list[Any]:
    """Return windows of one bridge, empty or with a train on it."""
    rng = np.random.default_rng([seed, 7])
    world, bridge = draw_bridge(seed)
    gsd_m, vehicles = float(rng.choice(GSDS)), int(rng.choice([0, 1, 3, 6]))
    painted = paint(world, draw_day(world, bridge, 0, vehicles), draw_sensor(seed, gsd_m), vehicles)
    west, south, east, north = world.bounds
    grid = grid_over(
        (west + 15, south + 15, east - 15, north - 15), 0.5 if gsd_m < 0.95 else 1.0, world.site.crs
    )
    image = exact_image(painted, ((west + east) / 2, (south + north) / 2))
    return windows(image, [t.line for t in world.site.tracks], grid, rng, 60)


def network() -> Any:
    """Return the layers that ``preprocess.site_fit.sections`` computes with numpy."""
    from torch import nn

    sizes = {"a": (3, 16), "b": (16, 24), "c": (24, 24)}
    layers = {
        name: nn.Conv2d(*sizes[name], 5, padding=(2 * down, 2 * along), dilation=(down, along))
        for name, (down, along) in DILATIONS.items()
    }
    return nn.ModuleDict({**layers, "e": nn.Conv2d(24, 1, 1)})


def run(net: Any, x: Any) -> Any:
    """Return log-odds (batch, rows, cols)."""
    import torch

    for name in DILATIONS:
        x = torch.relu(net[name](x))
    return net["e"](x)[:, 0]


def loss_of(net: Any, items: list[Any], rng: np.random.Generator | None) -> Any:
    """Return the mean loss over sure cells; with ``rng`` the windows are varied."""
    import torch
    from torch.nn import functional

    patches, labels = [], []
    for patch, label in items:
        p, t = patch.astype(np.float32), label
        if rng is not None:
            p[:2] *= np.exp(rng.normal(-0.2, 0.4, 2))[:, None, None].astype(np.float32)
            p[1] *= rng.random() > 0.3
            p[:2] += rng.uniform(0, 0.12) * rng.normal(size=p[:2].shape) * (p[2] > 0)
            if rng.random() < 0.5:
                p, t = p[:, ::-1], t[::-1]
            if rng.random() < 0.5:
                p, t = p[:, :, ::-1], t[:, ::-1]
        patches.append(np.ascontiguousarray(p, np.float32))
        labels.append(np.ascontiguousarray(t))
    t = torch.from_numpy(np.stack(labels).astype(np.int64))
    out = run(net, torch.from_numpy(np.stack(patches)))
    sure = (t < 2).float()
    value = functional.binary_cross_entropy_with_logits(out, (t == 1).float(), reduction="none")
    return (value * sure).sum() / sure.sum()


def fit(learn: list[Any], check: list[Any], target: Path, minutes: float) -> None:
    """Fit by Adam with one rise and fall of the rate; keep a running mean of the weights."""
    import torch

    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    net = network()
    mean = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    start, done, step = time.time(), 0.0, 0
    while done < 1:
        done = (time.time() - start) / 60 / minutes
        for group in optimiser.param_groups:
            group["lr"] = (
                3e-3 * min(step / 60 + 0.01, 1.0) * (0.5 + 0.5 * np.cos(np.pi * min(done, 1.0))) + 1e-5
            )
        loss = loss_of(net, [learn[k] for k in rng.integers(0, len(learn), 12)], rng)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for a, b in zip(mean.parameters(), net.parameters(), strict=True):
                a.lerp_(b, 0.02 if step > 50 else 1.0)
        step += 1
        if step % 100 == 0 or done >= 1:
            with torch.no_grad():
                held = np.mean(
                    [float(loss_of(mean, check[k : k + 16], None)) for k in range(0, len(check), 16)]
                )
            print(step, f"{done:.2f}", f"{loss.item():.4f}", "held out", f"{held:.4f}", flush=True)
            weights = {k: v.numpy() for k, v in mean.state_dict().items()}
            write_weights(target, weights)


def main() -> None:
    """Paint and fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yards", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=25)
    parser.add_argument("--bridges", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=10)
    package = Path(__file__).resolve().parents[1] / "tumangang_watch"
    parser.add_argument("--target", type=Path, default=package / "weights" / "centre_net.npz")
    arguments = parser.parse_args()
    learn: list[Any] = []
    check: list[Any] = []
    for seed in range(arguments.yards):
        (check if seed % 10 == 0 else learn).extend(yard_windows(seed))
    for seed in split_seeds("train")[FIRST_PAIR : FIRST_PAIR + arguments.pairs]:
        learn.extend(pair_windows(seed))
    for k, seed in enumerate(split_seeds("train")[FIRST_BRIDGE : FIRST_BRIDGE + arguments.bridges]):
        (check if k % 10 == 0 else learn).extend(bridge_windows(seed))
    print(len(learn), "windows,", len(check), "held out", flush=True)
    fit(learn, check, arguments.target, arguments.minutes)


if __name__ == "__main__":
    main()
